"""Shallow models that learn from rows without a label."""

from __future__ import annotations

import dataclasses
from itertools import islice

import numpy as np
import pandas as pd
import pytest

from automl.baselines.facts import facts_of
from automl.baselines.image import PIXELS
from automl.baselines.self_training import joined, sample_of
from automl.baselines.tabular import FLOOR
from automl.baselines.unlabelled import made, plain_settings, settings_with
from automl.records import Dataset, FitContext, Split
from automl.testing.examples import example_problem


def problem(modality: str = "image"):
    """Rows of which some lost their target, and the truth of the others."""
    dataset, task, split, truth = example_problem("multiclass", modality)
    lost = split.train[40:]
    inputs = dataset.inputs[lost] if isinstance(dataset.inputs, np.ndarray) else dataset.inputs.iloc[lost]
    if isinstance(inputs, pd.DataFrame):
        inputs = inputs.reset_index(drop=True)
    pictures = {name: images[lost] for name, images in dataset.pictures.items()}
    rows = Dataset("rows", inputs, pictures=pictures)
    split = Split(split.train[:40], split.valid, split.test, "row", split.unit_ids, "made up", 0)
    return dataclasses.replace(dataset, unlabelled=rows), task, split, truth


def fitted(baseline, settings, is_used: bool = True):
    dataset, task, split, truth = problem()
    model = made(baseline, task, settings, 0, is_used)
    model.fit(dataset, split.train, truth[split.train], None, FitContext(None, None, split.valid, truth[split.valid]))
    return model, model.predict(dataset, split.test).arrays["probabilities"]


def test_every_value_of_the_setting_comes_with_the_first_settings() -> None:
    dataset, task, split, _ = problem()
    facts = facts_of(dataset, task, split.train, 0)
    first = list(islice(settings_with(PIXELS, task, facts, 0), 3))
    assert [one["unlabelled"] for one in first] == ["components", "no", "both"]
    assert all(plain_settings(one) == plain_settings(first[0]) for one in first)
    floors = list(islice(settings_with(FLOOR, *[problem("tabular")[1], facts], 0), 1))
    assert [one["unlabelled"] for one in floors] == ["no"]


def test_models_that_use_these_rows_differ_and_those_that_must_not_do_not() -> None:
    dataset, task, split, _ = problem()
    settings = next(PIXELS.settings(task, facts_of(dataset, task, split.train, 0), 0)) | {"components": 10}
    plain = fitted(PIXELS, settings)[1]
    for value in ("components", "both"):
        assert not np.allclose(fitted(PIXELS, {**settings, "unlabelled": value})[1], plain)
        np.testing.assert_array_equal(fitted(PIXELS, {**settings, "unlabelled": value}, is_used=False)[1], plain)
    np.testing.assert_array_equal(fitted(PIXELS, {**settings, "unlabelled": "no"})[1], plain)


def test_a_fitted_model_keeps_nothing_of_how_it_used_them() -> None:
    dataset, task, split, _ = problem()
    settings = next(PIXELS.settings(task, facts_of(dataset, task, split.train, 0), 0)) | {"components": 10}
    model, _ = fitted(PIXELS, {**settings, "unlabelled": "both"})
    same, _ = fitted(PIXELS, settings)
    assert vars(model).keys() == vars(same).keys()
    assert vars(model.features).keys() == vars(same.features).keys()


@pytest.mark.parametrize("modality", ["image", "tabular", "text", "sequence"])
def test_rows_are_joined_behind_those_of_a_dataset(modality: str) -> None:
    dataset, _, _, _ = problem(modality)
    assert dataset.unlabelled is not None
    both = joined(dataset, dataset.unlabelled, np.array([1, 3]))
    assert both.n_rows == dataset.n_rows + 2 and both.unlabelled is None and both.target is None
    assert both.fingerprint != joined(dataset, dataset.unlabelled, np.array([1, 4])).fingerprint
    last = both.inputs[-1:] if isinstance(both.inputs, np.ndarray) else both.inputs.iloc[-1:].reset_index(drop=True)
    own = dataset.unlabelled.inputs
    own = own[3:4] if isinstance(own, np.ndarray) else own.iloc[3:4].reset_index(drop=True)
    assert np.array_equal(np.asarray(last), np.asarray(own)) or pd.DataFrame(last).equals(pd.DataFrame(own))


def test_a_sample_is_sorted_and_no_larger_than_asked() -> None:
    assert sample_of(5, 8, 0).tolist() == [0, 1, 2, 3, 4]
    some = sample_of(100, 10, 0)
    assert len(some) == 10 and (np.diff(some) > 0).all()
