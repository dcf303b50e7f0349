"""Sounds for networks: spectrograms by goal, vectors of a backbone beside them; and how they are shown and named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from automl import modalities, pretrained
from automl.errors import DataError
from automl.modalities import AUDIO
from automl.modalities.audio import fit, restore
from automl.records import Dataset
from automl.testing.examples import decoded_problem


@pytest.mark.parametrize(
    ("goal", "kind"), [("binary", "spectrogram"), ("regression", "spectrogram"), ("anomaly", "image")]
)
def test_networks_for_labels_read_spectrograms_and_others_read_pictures(goal, kind):
    dataset, task, split, _ = decoded_problem(goal, "audio")
    encoder = fit(dataset, task, split)
    (spec,) = encoder.specs
    assert (spec.name, spec.kind, spec.shape) == (kind, kind, task.image_shape)
    made = encoder.transform(dataset, split.test)[kind]
    assert made.dtype == np.uint8 and np.array_equal(made, dataset.inputs[split.test])
    assert spec.stats["mean"] == pytest.approx([dataset.inputs[split.train].mean()])
    again = restore(encoder.state())
    assert again.specs[0].kind == kind


def test_vectors_of_a_backbone_stand_beside_spectrograms():
    dataset, task, split, _ = decoded_problem("binary", "audio")
    assert pretrained.reads_pictures(task)
    vectors = np.random.default_rng(0).normal(size=(dataset.n_rows, 6)).astype("float32")
    encoder = fit(replace(dataset, vectors=vectors), task, split)
    assert [spec.kind for spec in encoder.specs] == ["spectrogram", "vectors"]
    arrays = restore(encoder.state()).transform(replace(dataset, vectors=vectors), split.test)
    assert np.array_equal(arrays["vectors"], vectors[split.test])


def test_what_is_no_spectrogram_is_refused():
    dataset, task, split, _ = decoded_problem("binary", "audio")
    encoder = fit(dataset, task, split)
    with pytest.raises(DataError, match=r"expected spectrograms .* an array .* with its rate"):
        encoder.transform(Dataset("x", np.zeros((3, 5, 5, 1), np.uint8)), np.arange(3))


def test_a_sound_is_drawn_in_its_own_contrast_and_its_patches_are_named():
    dataset, task, _, _ = decoded_problem("binary", "audio")
    shown = AUDIO.show(dataset.inputs[0])
    assert shown.shape == task.image_shape[:2] and (shown.min(), shown.max()) == (0, 255)
    bands, frames, _ = task.image_shape
    assert AUDIO.place(task, 0, bands, 0, frames).startswith("0.00 to 0.30 s, ")
    assert AUDIO.matrix(dataset.inputs[:3]).shape == (3, 2 * bands + 8)
    assert modalities.named("audio").play("/nowhere.wav", task) is None


def test_an_array_is_sounds_by_its_rate_alone():
    raw, _ = AUDIO.example(np.linspace(-1, 1, 5), np.random.default_rng(0))
    assert AUDIO.recognises(raw.inputs, ()) is None and raw.rate == 4_000
