"""Ridge on long windows, smoothing and Theta: what they find, and that they keep to a scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from problems import parts_of

from automl import catalog, metrics
from automl.baselines.facts import facts_of
from automl.baselines.forecaster import contexts_for
from automl.goals import scoring_context, truth
from automl.records import Baseline, Column, Dataset, Facts, FitContext, Split, Task

BASELINES = {n: b for n, b in catalog.members(Baseline, "automl.baselines").items() if "forecast" in b.goals}
MODELS = ("window_ridge", "ets", "theta", "lagged_ridge", "lagged_boosting")


def long_cycle(length: int = 1200, period: int = 100, horizon: int = 6) -> tuple[Dataset, Task, Split]:
    """A level that follows where it was 100 steps ago, which two seasons of twelve do not show."""
    rng = np.random.default_rng(0)
    shape = rng.normal(size=period).cumsum()
    values = np.tile(shape - np.linspace(0, shape[-1], period), length // period) + 0.3 * rng.normal(size=length)
    times = np.datetime64("2001-01-01", "ns") + np.arange(length).astype("timedelta64[D]")
    dataset = Dataset("cycle", pd.DataFrame(index=range(length)), pd.DataFrame({"y": values}), times=times)
    task = Task("sequence", "forecast", ("y",), "mase", horizon=horizon, season=1, quantiles=(0.1, 0.9))
    ahead = np.arange(horizon)
    parts = [np.arange(6, 900, 1), np.arange(906, 1050, horizon), np.arange(1050, length - horizon, horizon)]
    train, valid, test = (part[:, None] + ahead for part in parts)
    split = Split(
        np.unique(train), np.unique(valid), np.unique(test), "window", np.arange(len(test)), "in time", 0,
        train_windows=train, valid_windows=valid, test_windows=test,
    )  # fmt: skip
    return dataset, task, split


def score_of(model, made) -> float:
    dataset, task, split = made
    windows = parts_of(split)[2]
    context = scoring_context(dataset, task, split, windows)
    return metrics.score(task.metric, truth(dataset, task, windows), model.predict(dataset, windows), None, context)


@pytest.mark.parametrize("name", ["window_ridge", "lagged_boosting"])
def test_a_long_context_finds_what_a_short_one_cannot(name, fit):
    made = long_cycle()
    dataset, task, split = made
    facts = facts_of(dataset, task, split.train_windows)
    assert contexts_for(task, facts)[0] in range(95, 106)
    first = dict(next(BASELINES[name].settings(task, facts, 0)))
    scores = [score_of(fit(BASELINES[name].make(task, {**first, "context": c}, 0), made), made)
              for c in (16, first["context"])]  # fmt: skip
    assert scores[1] < 0.9 * scores[0]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("transform", ["none", "sqrt", "log"])
def test_forecasts_stretch_with_the_series(name, transform, problem, fit):
    made = problem("sequence", "forecast")
    dataset, task, split = made
    facts = Facts(120, transforms=("none", "sqrt", "log"))
    settings = {**next(BASELINES[name].settings(task, facts, 0)), "transform": transform}
    settings |= {"max_iter": 10} if "max_iter" in settings else {}
    stretched = (replace(dataset, target=dataset.target * 100), task, split)
    one, other = (
        fit(BASELINES[name].make(task, settings, 0), this).predict(this[0], split.test_windows).arrays["values"]
        for this in (made, stretched)
    )
    np.testing.assert_allclose(100 * one, other, rtol=0.02)


def test_a_transform_that_values_do_not_admit_is_not_taken(problem, fit):
    dataset, task, split = problem("sequence", "forecast")
    sunk = (replace(dataset, target=dataset.target - 60.0), task, split)
    for name in MODELS:
        settings = {**next(BASELINES[name].settings(task, Facts(120), 0)), "transform": "log"}
        settings |= {"max_iter": 5} if "max_iter" in settings else {}
        model = fit(BASELINES[name].make(task, settings, 0), sunk)
        assert (
            model.transform == "none" and np.isfinite(model.predict(sunk[0], split.test_windows).arrays["values"]).all()
        )


@pytest.mark.parametrize("name", ["ets", "theta"])
def test_smoothing_carries_a_trend_and_a_season_on(name, problem, fit):
    made = problem("sequence", "forecast", length=160)
    _, task, _ = made
    tried = list(BASELINES[name].settings(task, Facts(200), 0))
    models = {"naive": BASELINES["seasonal_naive"].make(task, {"base": "season"}, 0)}
    models |= {"first": BASELINES[name].make(task, tried[0], 0)}
    scores = {key: score_of(fit(model, made), made) for key, model in models.items()}
    assert scores["first"] < scores["naive"]


def test_the_size_of_a_window_does_not_depend_on_the_context(problem):
    dataset, task, split = problem("sequence", "forecast")
    sizes = [
        BASELINES["window_ridge"].make(task, {"context": steps}, 0)._context(dataset, split.test_windows)[3]
        for steps in (30, 60)
    ]
    np.testing.assert_array_equal(*sizes)


def test_absolute_errors_give_single_extreme_steps_less_weight(fit):
    dataset, task, split = long_cycle()
    wild = dataset.target["y"].to_numpy().copy()
    wild[np.random.default_rng(1).choice(np.arange(100, 900), 20, replace=False)] += 60.0
    made = (replace(dataset, target=pd.DataFrame({"y": wild})), task, split)
    first = {"context": 100, "transform": "none", "calendar": False}
    scores = {
        weigh: score_of(fit(BASELINES["window_ridge"].make(task, {**first, "weigh": weigh}, 0), made), made)
        for weigh in ("size", "absolute")
    }
    assert scores["absolute"] < scores["size"]


def promoted(n: int = 360, horizon: int = 5) -> tuple[Dataset, Task, Split]:
    """A daily series with a weekly season that 20 is added to on promoted days, which nothing else foretells."""
    rng = np.random.default_rng(0)
    promo = (rng.random(n) < 0.25).astype(float)
    values = 100 + 5 * np.sin(2 * np.pi * np.arange(n) / 7) + 20 * promo + rng.normal(size=n)
    times = np.datetime64("2021-03-01", "ns") + np.arange(n).astype("timedelta64[D]")
    dataset = Dataset("sales", pd.DataFrame({"promo": promo}), pd.DataFrame({"y": values}), times=times)
    columns = (Column("promo", "boolean", 1.0, ""),)
    task = Task(
        "sequence", "forecast", ("y",), "mase", horizon=horizon, season=7, frequency="D", columns=columns,
        covariates_known=("promo",), quantiles=(0.1, 0.9),
    )  # fmt: skip
    ahead = np.arange(horizon)
    train, valid, test = (
        np.arange(a, b, step)[:, None] + ahead for a, b, step in ((5, 250, 1), (255, 300, 5), (300, 355, 5))
    )
    split = Split(
        np.unique(train), np.unique(valid), np.unique(test), "window", np.arange(len(test)), "in time", 0,
        train_windows=train, valid_windows=valid, test_windows=test,
    )  # fmt: skip
    return dataset, task, split


@pytest.mark.parametrize("name", ["window_ridge", "lagged_ridge", "lagged_boosting"])
def test_a_promotion_that_is_known_beforehand_helps(name, fit):
    dataset, task, split = promoted()
    facts = facts_of(dataset, task, split.train_windows)
    settings = dict(next(BASELINES[name].settings(task, facts, 0)))
    settings |= {"max_iter": 60} if "max_iter" in settings else {}
    scores = [
        score_of(fit(BASELINES[name].make(one, settings, 0), (dataset, one, split)), (dataset, one, split))
        for one in (task, replace(task, covariates_known=()))
    ]
    assert scores[0] < 0.5 * scores[1]


def test_boosting_that_a_deadline_cuts_has_quantiles_as_well(problem):
    dataset, task, split = problem("sequence", "forecast")
    settings = {**next(BASELINES["lagged_boosting"].settings(task, Facts(120), 0)), "max_iter": 20}
    model, found = BASELINES["lagged_boosting"].make(task, settings, 0), []

    def checkpoint(one):
        found.append(one.predict(dataset, split.test_windows).arrays["quantiles"])

    known = truth(dataset, task, split.train_windows)
    context = FitContext(checkpoint=checkpoint)
    model.fit(dataset, split.train_windows, known, None, context)
    assert len(found) > 2 and all(np.isfinite(quantiles).all() for quantiles in found)
