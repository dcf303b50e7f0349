"""Words among numbers and bins reach both sides as numbers and as levels, and a saved task reads new rows alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl import split
from automl.baselines.features.columns import TableFeatures
from automl.bundle.tasks import task_from_dict, task_to_dict
from automl.detect import detect, read, with_training_facts
from automl.errors import BundleError
from automl.modalities.tabular import fit, restore
from automl.records import Dataset, Recipe

N = 400


@pytest.fixture
def weather():
    """A table with a calm wind among numbers and bands of age, detected and split."""
    rng = np.random.default_rng(0)
    wind = np.where(rng.random(N) < 0.3, "Calm", rng.gamma(2, 5, N).round(1).astype(str)).astype(object)
    age = rng.choice(["under 18", "18-24", "25-34", "35 and over"], N)
    frame = pd.DataFrame({"wind": wind, "age": age})
    target = pd.DataFrame({"y": np.where(rng.random(N) < 0.5, "a", "b")})
    dataset, task = detect(Dataset("d", frame, target), Recipe(data=None, target=("y",)))
    return frame, dataset, task, split.split(dataset, task, 0)


def test_the_deep_encoder_has_numbers_and_codes_of_both_columns(weather):
    frame, dataset, task, parts = weather
    encoder = fit(dataset, task, parts)
    rows = np.arange(N)
    made = encoder.transform(dataset, rows)

    codes = dict(zip(encoder.parts["categories"].columns, made["categories"].T, strict=True))
    assert list(codes) == ["wind (word)", "age (range)"]
    np.testing.assert_array_equal(codes["wind (word)"] == 1, frame["wind"] == "Calm")
    assert {"wind", "age"} <= set(encoder.parts["numbers"].numeric)
    again = restore(encoder.state()).transform(dataset, rows)
    assert all(np.array_equal(made[name], again[name]) for name in made)


@pytest.mark.parametrize("style", ["linear", "trees"])
def test_shallow_features_hold_an_indicator_of_the_word_and_the_order_of_bins(weather, style):
    frame, dataset, task, parts = weather
    features = TableFeatures(task, style=style)
    truth = (dataset.target["y"] == "b").to_numpy(np.int64)
    features.fit(dataset, parts.train, truth[parts.train], None)
    matrix = np.nan_to_num(features.transform(dataset, np.arange(N)), nan=-9.0)

    calm = (frame["wind"] == "Calm").to_numpy()
    assert any(len(set(c[calm])) == 1 and not set(c[calm]) & set(c[~calm]) for c in matrix.T)
    order = frame["age"].map({"under 18": 0, "18-24": 1, "25-34": 2, "35 and over": 3}).to_numpy()
    assert any(np.all(np.diff([c[order == k].mean() for k in range(4)]) > 0) for c in matrix.T)


def test_a_stored_task_reads_new_rows_alike(weather):
    _, dataset, task, parts = weather
    task = with_training_facts(task, dataset, parts.train)
    stored = task_from_dict(task_to_dict(task))
    new = pd.DataFrame({"wind": ["calm", "3.5", "storm"], "age": ["18-24", "45-54", "old"]})

    pd.testing.assert_frame_equal(read(new, task.columns), read(new, stored.columns))
    assert stored.columns[0].seen["missing"] == 0.0


@pytest.mark.parametrize("reading", [{"words": [1]}, {"bins": [0.0]}, {"bins": [0.0, float("nan")]}, {"beside": 3}])
def test_a_stored_reading_that_is_no_such_reading_is_refused(weather, reading):
    stored = task_to_dict(weather[2])
    stored["columns"][0]["reading"] |= reading
    with pytest.raises(BundleError):
        task_from_dict(stored)
