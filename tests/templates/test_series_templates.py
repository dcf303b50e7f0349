"""Templates for whole series: short ones, unequal lengths and gaps, and what their starts read from the data."""

import dataclasses

import keras
import keras_tuner
import numpy as np
import pytest

from automl import catalog, testing
from automl.modalities import sequence
from automl.records import Dataset, Facts, InputSpec, Split, Template
from automl.templates.shared.series import (
    batch_size_for,
    epochs_for,
    is_closed,
    strides,
    strong_augmentation,
    weak_augmentation,
)
from automl.templates.tcn import n_blocks

TEMPLATES = catalog.members(Template, "automl.templates")
NAMES = ("resnet1d", "lite", "tcn", "series_transformer", "series_rnn")
(SPEC,) = testing.example_specs(("series",), "binary")


def built(name, spec, start=0, **settings):
    template = TEMPLATES[name]
    hp = keras_tuner.HyperParameters()
    template.space(hp, [spec], Facts(100))
    point = {**hp.values, **template.starts([spec], Facts(100))[start], **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in template.knobs}
    keras.utils.set_random_seed(0)
    return template.build(point, knobs, [spec], testing.example_head("binary"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_very_short_series_build(name, steps):
    spec = dataclasses.replace(SPEC, shape=(steps, 2))
    output = built(name, spec)({"series": np.zeros((2, steps, 2), "float32")}, training=True)
    assert output.shape == (2, 1) and np.isfinite(np.asarray(output)).all()


@pytest.mark.parametrize("name", NAMES)
def test_series_of_unequal_length_with_gaps_are_accepted(name):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(12, 3, 30)).astype("float32")
    for row, length in enumerate(rng.integers(1, 31, 12)):
        X[row, :, length:] = np.nan
    X[rng.random(X.shape) < 0.1] = np.nan
    X[3, 1] = np.nan
    rows = np.arange(12)
    encoder = sequence.fit(Dataset("d", X), None, Split(rows, rows, rows, "row", rows, "", 0))
    arrays = encoder.transform(Dataset("d", X[..., :20]), rows)  # shorter than in training
    output = built(name, encoder.specs[0])(arrays, training=True)
    assert np.isfinite(np.asarray(output)).all()


def spec_with(end_gap, steps=100):
    stats = {"mean": [0.0], "std": [1.0], "end_gap": end_gap}
    return [InputSpec("series", "series", (steps, 1), "float32", stats=stats)]


def test_closed_curves_are_shifted_by_any_share_and_others_are_not():
    closed, other = spec_with(0.2), spec_with(0.9)
    assert is_closed(closed) and not is_closed(other) and not is_closed([SPEC])
    assert weak_augmentation(closed)["shift"] == 1.0 and weak_augmentation(other)["shift"] == 0.0
    assert strong_augmentation(closed)["shift"] == 1.0 and 0 < strong_augmentation(other)["shift"] < 0.2


def test_the_encoder_tells_closed_curves_from_noise_and_from_trends():
    rng = np.random.default_rng(0)
    turn, rows = 2 * np.pi * np.arange(60) / 60, np.arange(40)
    circle = np.sin(turn + rng.uniform(0, 6, (40, 1, 1)))
    noise, trend = rng.normal(size=(40, 1, 60)), rng.normal(size=(40, 1, 60)).cumsum(axis=2)
    flat = np.ones((40, 1, 60))
    split = Split(rows, rows, rows, "row", rows, "", 0)
    made = [sequence.fit(Dataset("d", X.astype("float32")), None, split).specs for X in (circle, noise, trend, flat)]
    assert [is_closed(specs) for specs in made] == [True, False, False, False]


def test_few_series_get_small_batches_and_many_epochs():
    assert batch_size_for(40) < batch_size_for(300) < batch_size_for(5_000)
    steps = {n: epochs_for(n) * max(n // batch_size_for(n), 1) for n in (40, 100, 300, 699)}
    assert all(600 <= n_steps <= 1_800 for n_steps in steps.values())
    assert epochs_for(20_000) < epochs_for(2_000)


def test_strides_leave_steps_to_convolve():
    assert strides(spec_with(1.0, 7)) == [1] and strides(spec_with(1.0, 20)) == [1, 2]
    assert strides(spec_with(1.0, 500)) == [1, 2, 4, 8]


@pytest.mark.parametrize("n_steps", [1, 10, 100])
@pytest.mark.parametrize("size", [3, 5, 7])
def test_the_last_step_of_a_tcn_has_seen_the_whole_series(n_steps, size):
    blocks = n_blocks(n_steps, size)
    assert 1 <= blocks <= 6 and 1 + sum(2 * (size - 1) * 2**block for block in range(blocks)) >= n_steps
