"""Pictures and series as a generator reads and makes them: scaling, classes, noise, components, saved states."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from automl import goals, modalities
from automl.bundle.packing import pack, unpack
from automl.errors import DataError
from automl.goals.shared.samples import PICTURE, SERIES
from automl.modalities.shared.generated_items import (
    NOISE_NUMBERS,
    fit_generator,
    fit_items,
    restore_item_codec,
    restore_items,
)
from automl.records import Dataset, Split, Task

N = 120
CLASSES = np.array(["cat", "dog"], object)


def problem(inputs, classes=None):
    target = None if classes is None else pd.DataFrame({"kind": pd.Series(classes, dtype=object)})
    form = "image" if inputs.dtype == np.uint8 else "sequence"
    label = None if classes is None else "kind"
    task = Task(form, "generate", (), "indistinct", (), label=label)
    rows = np.arange(len(inputs))
    split = Split(rows[:80], rows[80:100], rows[100:], "row", rows[:20], "made up", 0)
    return Dataset("made up", inputs, target), task, split


def pictures(channels=0):
    shape = (N, 12, 9) + ((channels,) if channels else ())
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def series():
    rng = np.random.default_rng(1)
    return (rng.normal(size=(N, 2, 30)).cumsum(axis=2) * [[[1.0], [50.0]]] + [[[0.0], [1000.0]]]).astype(np.float32)


@pytest.mark.parametrize("inputs", [pictures(), pictures(3), series()], ids=["grey", "colour", "series"])
@pytest.mark.parametrize("with_classes", [False, True])
def test_what_is_encoded_comes_back(inputs, with_classes):
    dataset, task, split = problem(inputs, CLASSES[np.arange(N) % 2] if with_classes else None)
    encoder, codec = fit_generator(dataset, task, split)
    rows = split.test
    arrays = encoder.transform(dataset, rows)
    items, classes = codec.arrays(dataset, rows)
    made = codec.made(items, classes).arrays["samples"]
    truth = goals.truth(dataset, task, rows)
    assert made.dtype.names == truth.dtype.names
    form = PICTURE if inputs.dtype == np.uint8 else SERIES
    np.testing.assert_allclose(made[form].astype(float), truth[form].astype(float), rtol=1e-5, atol=1e-3)
    assert set(arrays) == {spec.name for spec in encoder.specs}
    if with_classes:
        assert (made["kind"] == truth["kind"]).all()
        assert set(arrays["categories"].ravel()) == {1, 2}
    raw = np.concatenate([items, classes[:, None]], axis=1) if with_classes else items
    assert raw.shape == (len(rows), *codec.head.shape)
    assert codec.decode(raw).arrays["samples"].tobytes() == made.tobytes()


def test_items_beyond_the_data_have_noise_of_their_own():
    dataset, task, split = problem(pictures())
    encoder, _ = fit_generator(dataset, task, split)
    rows = np.array([5, 10**9, 10**9 + 1])
    arrays = encoder.transform(dataset, rows)
    assert arrays["noise"].shape == (3, NOISE_NUMBERS)
    assert not arrays["image"][1:].any()
    assert len(np.unique(arrays["noise"][:, 0])) == 3
    again = encoder.transform(dataset, rows[::-1])["noise"][::-1]
    np.testing.assert_array_equal(arrays["noise"], again)


def test_saved_states_make_the_same_encoder_and_codec():
    dataset, task, split = problem(series(), CLASSES[np.arange(N) % 2])
    encoder, codec = fit_generator(dataset, task, split)
    arrays = {}
    state = unpack(pack({"e": encoder.state(), "c": codec.state()}, arrays), arrays)
    restored, other = modalities.restore(state["e"]), modalities.restore_codec(state["c"])
    for name, array in encoder.transform(dataset, split.test).items():
        np.testing.assert_array_equal(restored.transform(dataset, split.test)[name], array)
    raw = np.random.default_rng(0).normal(size=(4, *codec.head.shape))
    assert other.decode(raw).arrays["samples"].tobytes() == codec.decode(raw).arrays["samples"].tobytes()


@pytest.mark.parametrize(
    "change", [{"shape": [2**20, 2**20]}, {"shift": [0.0]}, {"levels": []}], ids=["size", "channels", "classes"]
)
def test_a_state_that_contradicts_itself_is_refused(change):
    dataset, task, split = problem(series(), CLASSES[np.arange(N) % 2])
    encoder, codec = fit_generator(dataset, task, split)
    with pytest.raises(ValueError, match="is"):
        restore_item_codec({**codec.state(), **change})
    if "shape" in change:
        with pytest.raises(ValueError, match="is"):
            restore_items({**encoder.state(), "codec": {**codec.state(), **change}})


def test_components_are_means_of_several_rows():
    dataset, task, split = problem(pictures())
    stats = fit_generator(dataset, task, split)[0].specs[0].stats
    assert len(stats["components"]) <= len(split.train) // 5
    items = fit_items(dataset, task, split.train).arrays(dataset, split.train)[0]
    centred = items - stats["center"]
    length = np.linalg.norm(centred, axis=1)
    assert (np.abs(centred @ stats["components"].T).max(axis=1) < 0.95 * length).all()


def test_a_rare_class_is_not_generated():
    classes = CLASSES[np.arange(N) % 2]
    classes[3] = "unicorn"
    dataset, task, split = problem(pictures(), classes)
    codec = fit_items(dataset, task, split.train)
    assert codec.levels == ("cat", "dog")
    assert sum(codec.priors) == pytest.approx(1.0)
    assert codec.codes(dataset, np.array([3]))[0] == 0


@pytest.mark.parametrize(
    ("inputs", "classes", "rows", "said"),
    [
        (pictures(), None, 20, "at least 50 training items"),
        (np.full((N, 8, 8), 7, np.uint8), None, 80, "all training items of made up are alike"),
        (pictures(), np.full(N, "one", object), 80, "1 class of at least 5"),
    ],
)
def test_what_cannot_be_generated_is_refused(inputs, classes, rows, said):
    dataset, task, split = problem(inputs, classes)
    with pytest.raises(DataError, match=said):
        fit_items(dataset, task, split.train[:rows])


def test_series_lose_gaps_each_by_itself_and_long_ones_are_averaged():
    inputs = np.random.default_rng(0).normal(size=(60, 1, 1100)).astype(np.float32)
    inputs[0, 0, 10:20] = np.nan
    dataset, task, _ = problem(inputs)
    made, _ = modalities.named(task).decode(dataset, task, None)
    assert made.inputs.shape == (60, 1, 367)
    assert np.isfinite(made.inputs).all()
    assert [finding.check for finding in made.findings] == ["gaps_bridged", "series_averaged"]
    alone, _ = modalities.named(task).decode(replace(dataset, inputs=inputs[:1]), task, None)
    np.testing.assert_array_equal(alone.inputs[0], made.inputs[0])


def test_normalised_series_stay_normalised():
    inputs = series()
    inputs[:, 0] = (inputs[:, 0] - inputs[:, 0].mean(1, keepdims=True)) / inputs[:, 0].std(1, keepdims=True)
    dataset, task, split = problem(inputs)
    codec = fit_items(dataset, task, split.train)
    made = codec.made(np.random.default_rng(0).normal(size=(5, 60)), np.zeros(5, int)).arrays["samples"][SERIES]
    np.testing.assert_allclose(made[:, 0].mean(1), 0.0, atol=1e-5)
    np.testing.assert_allclose(made[:, 0].std(1), 1.0, atol=1e-5)
    assert made[:, 1].std(1).std() > 0.1
    again = restore_item_codec(codec.state())
    raw = np.random.default_rng(1).normal(size=(4, *codec.head.shape))
    assert again.decode(raw).arrays["samples"].tobytes() == codec.decode(raw).arrays["samples"].tobytes()
