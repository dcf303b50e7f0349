"""What shallow forecasts read of other columns up to now: lags of a leading indicator, and nothing later."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import skops.io
from problems import parts_of

from automl import catalog, metrics
from automl.baselines.facts import facts_of
from automl.baselines.features.windows import past_covariates, past_names
from automl.goals import scoring_context, truth
from automl.records import Baseline, Column, Dataset, Facts, Split, Task
from automl.shallow import ShallowSide
from automl.storage.trusted import Untrusted
from automl.storage.trusted.loading import loads

BASELINES = {n: b for n, b in catalog.members(Baseline, "automl.baselines").items() if "forecast" in b.goals}
READERS = ("window_ridge", "lagged_ridge", "lagged_boosting")
LEAD = 6


def led(n: int = 700, horizon: int = 4, n_targets: int = 1, n_series: int = 1) -> tuple[Dataset, Task, Split]:
    """Daily series that follow what `orders` were six days before; their own past says little."""
    rng = np.random.default_rng(0)
    orders = rng.normal(size=(n_series, n))
    values = np.stack([
        50 + (1 + k) * np.concatenate([rng.normal(size=(n_series, LEAD)), orders[:, :-LEAD]], axis=1)
        + 0.3 * rng.normal(size=(n_series, n)) for k in range(n_targets)
    ], axis=-1)  # fmt: skip
    names = tuple(f"y{k}" for k in range(n_targets))
    dataset = Dataset(
        "sales",
        pd.DataFrame({"orders": orders.ravel(), "staff": np.tile(np.arange(n) % 7.0, n_series)}),
        pd.DataFrame(values.reshape(-1, n_targets), columns=list(names)),
        times=np.tile(np.datetime64("2021-03-01", "ns") + np.arange(n).astype("timedelta64[D]"), n_series),
        series=None if n_series == 1 else np.repeat([f"s{k}" for k in range(n_series)], n).astype(object),
    )
    columns = (Column("orders", "numeric", 1.0, ""), Column("staff", "numeric", 1.0, ""))
    task = Task("sequence", "forecast", names, "mase", horizon=horizon, season=1, columns=columns, quantiles=(0.1, 0.9))
    ahead, starts = np.arange(horizon), np.arange(n_series)[:, None] * n
    train, valid, test = (
        (starts + np.arange(a, b, step)).reshape(-1, 1) + ahead
        for a, b, step in ((10, n - 200, 1), (n - 196, n - 100, horizon), (n - 96, n - horizon, horizon))
    )
    split = Split(
        np.unique(train), np.unique(valid), np.unique(test), "window", np.arange(len(test)), "in time", 0,
        train_windows=train, valid_windows=valid, test_windows=test,
    )  # fmt: skip
    return dataset, task, split


def settings_of(name: str, task: Task, facts: Facts, others: bool) -> dict[str, object]:
    """The first settings that read covariates, or that do not."""
    found = next(s for s in BASELINES[name].settings(task, facts, 0) if bool(s.get("others")) == others)
    return {**found, **({"max_iter": 60} if "max_iter" in found else {})}


def score_of(model, made) -> float:
    dataset, task, split = made
    windows = parts_of(split)[2]
    context = scoring_context(dataset, task, split, windows)
    return metrics.score(task.metric, truth(dataset, task, windows), model.predict(dataset, windows), None, context)


@pytest.mark.parametrize("shape", [{}, {"n_targets": 2}, {"n_series": 3}])
@pytest.mark.parametrize("name", READERS)
def test_lags_of_a_leading_indicator_lower_the_error(name, shape, fit):
    made = led(**shape)
    dataset, task, split = made
    facts = facts_of(dataset, task, split.train_windows)
    without, reading = (
        score_of(fit(BASELINES[name].make(task, settings_of(name, task, facts, others), 0), made), made)
        for others in (False, True)
    )
    assert reading < 0.7 * without


@pytest.mark.parametrize("name", READERS)
def test_a_stored_model_reads_them_as_before_and_one_without_measure_is_refused(name, fit):
    made = led()
    dataset, task, split = made
    facts = facts_of(dataset, task, split.train_windows)
    model = fit(BASELINES[name].make(task, settings_of(name, task, facts, True), 0), made)
    windows = parts_of(split)[2]
    again = loads(skops.io.dumps(model)).predict(dataset, windows).arrays
    for key, array in model.predict(dataset, windows).arrays.items():
        np.testing.assert_array_equal(again[key], array)
    model.steps_of_others = 10**9
    with pytest.raises(Untrusted, match="steps without measure"):
        loads(skops.io.dumps(model))


@pytest.mark.parametrize("name", READERS)
def test_no_value_of_a_covariate_in_the_window_or_later_is_read(name, fit):
    made = led()
    dataset, task, split = made
    facts = facts_of(dataset, task, split.train_windows)
    model = fit(BASELINES[name].make(task, settings_of(name, task, facts, True), 0), made)
    windows = split.test_windows[:1]
    changed = dataset.inputs.copy()
    changed.loc[windows[0, 0] :, "orders"] = 1e6
    later = replace(dataset, inputs=changed)
    expected, found = (model.predict(this, windows).arrays["values"] for this in (dataset, later))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", READERS)
def test_settings_read_covariates_only_where_there_are_some_that_are_not_known_ahead(name):
    _, task, _ = led()
    known = replace(task, covariates_known=("orders", "staff"))
    with_them, without = ([*zip(range(6), BASELINES[name].settings(one, Facts(200), 0), strict=False)]
                          for one in (task, known))  # fmt: skip
    assert "others" not in with_them[0][1] and with_them[1][1]["others"] is True
    assert not any("others" in settings for _, settings in without)
    assert past_names(replace(task, covariates_known=("staff",))) == ["orders"]


def test_gaps_of_covariates_are_held_from_before_and_series_do_not_mix():
    dataset, _, _ = led(n=20, n_series=2)
    inputs = dataset.inputs.copy()
    inputs["orders"] = np.arange(40.0)
    inputs.loc[[17, 18], "orders"] = np.nan
    inputs.loc[[20, 21], "orders"] = np.nan
    found = past_covariates(
        replace(dataset, inputs=inputs), ["orders"], np.array([[19], [20], [22], [24]]), 3, np.zeros(1), np.full(1, 2.0)
    )
    np.testing.assert_array_equal(found[:, :, 0], [[8, 8, 8], [0, 0, 0], [0, 0, 0], [11, 11, 11.5]])


def test_validation_chooses_whether_covariates_are_read():
    made = led()
    dataset, task, split = made
    names = ("naive", "window_ridge")
    facts = facts_of(dataset, task, split.train_windows)
    side = ShallowSide(dataset, task, split, facts, {n: BASELINES[n] for n in names}, task.metric, max_trials=2)
    while side.step(math.inf) is not None:
        pass
    best = side.choose(None)
    assert best is not None and best.choices["others"] is True
    side.close()
