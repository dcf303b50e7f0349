"""Every family and the encoder survive columns without a value: in training alone, in test alone, throughout."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from automl import catalog, goals, modalities
from automl.records import Baseline, Column, Facts, FitContext

BASELINES = catalog.members(Baseline, "automl.baselines")
TABLES = [
    name
    for name, one in BASELINES.items()
    if one.modality == "tabular" and not any(goals.named(goal).makes_rows for goal in one.goals)
]  # generators refuse such columns: test_generating_models.py
EMPTY = {"datetime": pd.NaT, "text": ""}
QUICK = {"max_iter": 4, "n_estimators": 6}


def emptied(made, rows, constant=False):
    """The problem whose columns but the first two hold nothing in these rows (or the same in all)."""
    dataset, task, split = made
    frame = dataset.inputs.copy()
    for column in task.columns[2:]:
        empty = EMPTY.get(column.kind, None if frame[column.name].dtype == object else np.nan)
        frame.loc[rows, column.name] = frame[column.name].iloc[0] if constant else empty
    numbers = np.where(np.isin(np.arange(len(frame)), rows), np.nan, np.arange(len(frame)) % 7)
    frame["more"] = np.ones(len(frame)) if constant else numbers
    task = dataclasses.replace(task, columns=(*task.columns, Column("more", "numeric", 1.0, "")))
    return dataclasses.replace(dataset, inputs=frame), task, split


@pytest.fixture(scope="module", params=["in training", "in test", "throughout", "constant"])
def made(request, problem):
    whole = problem("tabular", "binary", n=100)
    split = whole[2]
    every = np.arange(100)
    rows = {"in training": split.train, "in test": split.test}.get(request.param, every)
    return emptied(whole, rows, request.param == "constant")


@pytest.mark.parametrize("name", TABLES)
def test_tables(name, made):
    dataset, task, split = made
    family, facts = BASELINES[name], Facts(len(split.train), len(task.classes))
    if family.unfit(task, facts) is not None:
        pytest.skip("not for this task, or its library is not installed")
    settings = dict(next(iter(family.settings(task, facts, 0))))
    settings |= {name: value for name, value in QUICK.items() if name in settings}
    truths = [goals.truth(dataset, task, rows) for rows in (split.train, split.valid)]
    for weight in (None, np.where(np.arange(len(split.train)) < 10, 0.0, 1.0)):
        model = family.make(task, settings, 0)
        model.fit(dataset, split.train, truths[0], weight, FitContext(None, None, split.valid, truths[1]))
        output = model.predict(dataset, split.test)
        assert np.isfinite(output.arrays[output.kind]).all()


def test_the_encoder_of_tables(made):
    dataset, task, split = made
    encoder, _ = modalities.fit(dataset, task, split)
    assert all(np.isfinite(array).all() for array in encoder.transform(dataset, split.test).values())


@pytest.mark.parametrize("where", ["train", "test", "constant"])
def test_boosted_trees_of_forecasts(problem, where):
    dataset, task, split = problem("sequence", "forecast", n_series=1)
    covariate = np.arange(dataset.n_rows) % 5.0
    gaps = {"train": np.union1d(split.train, split.train_windows), "test": split.test}.get(where)
    covariate[slice(None) if gaps is None else gaps] = 1.0 if gaps is None else np.nan
    dataset = dataclasses.replace(dataset, inputs=pd.DataFrame({"promotion": covariate}))
    task = dataclasses.replace(
        task, columns=(Column("promotion", "numeric", 1.0, ""),), covariates_known=("promotion",)
    )
    family = BASELINES["lagged_boosting"]
    settings = dict(next(iter(family.settings(task, Facts(len(split.train_windows), 0), 0)))) | {"max_iter": 4}
    model = family.make(task, settings, 0)
    windows = (split.train_windows, split.valid_windows)
    truths = [goals.truth(dataset, task, rows) for rows in windows]
    model.fit(dataset, windows[0], truths[0], None, FitContext(None, None, windows[1], truths[1]))
    assert np.isfinite(model.predict(dataset, split.test_windows).arrays["values"]).all()
