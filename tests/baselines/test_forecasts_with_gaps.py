"""Shallow forecasts learn from the known cells of their windows, and predict whatever step was never known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from problems import Problem, parts_of
from sklearn.linear_model import Ridge

from automl import catalog, metrics
from automl.baselines.forecast import LaggedBoosting
from automl.baselines.forecaster import residual_quantiles
from automl.baselines.learners.ridge import ridge_path
from automl.goals import scoring_context, truth
from automl.records import Baseline, Facts

BASELINES = {n: b for n, b in catalog.members(Baseline, "automl.baselines").items() if "forecast" in b.goals}


def with_gaps(made: Problem, seed: int = 0) -> Problem:
    """A fifth of the cells, and every twelfth step, carry the value before them and were not observed."""
    dataset, task, split = made
    assert dataset.target is not None
    rng = np.random.default_rng(seed)
    observed = rng.random(dataset.target.shape) > 0.2
    observed[5::12] = False
    observed[::120] = True
    return replace(dataset, target=dataset.target.where(observed).ffill(), observed=observed), task, split


def score_of(name: str, made: Problem, fit) -> float:
    dataset, task, split = made
    train, _, test = parts_of(split)
    settings = dict(next(BASELINES[name].settings(task, Facts(len(train)), 0)))
    settings |= {"max_iter": 60} if "max_iter" in settings else {}
    output = fit(BASELINES[name].make(task, settings, 0), made).predict(dataset, test)
    assert all(np.isfinite(array).all() for array in output.arrays.values())
    assert set(output.arrays) == {"values", "quantiles"}
    return metrics.score(
        task.metric, truth(dataset, task, test), output, None, scoring_context(dataset, task, split, test)
    )


@pytest.mark.parametrize("n_targets", [1, 2])
@pytest.mark.parametrize("name", list(BASELINES))
def test_every_baseline_forecasts_series_with_gaps(name: str, n_targets: int, problem, fit) -> None:
    whole = problem("sequence", "forecast", n_series=2, n_targets=n_targets)
    holed = with_gaps(whole)

    score, floor = (score_of(one, holed, fit) for one in (name, "naive"))

    assert np.isfinite(score)
    if BASELINES[name].tier != "floor":
        assert score < floor


def test_values_that_were_not_observed_teach_nothing_where_they_are_targets(problem, fit) -> None:
    dataset, task, split = with_gaps(problem("sequence", "forecast"))
    train, _, _ = parts_of(split)
    known = truth(dataset, task, train)

    X, y = LaggedBoosting(task, {}, 0)._cells(dataset, train, known)

    assert len(X) == len(y) == int(np.isfinite(known).sum())
    assert np.isfinite(y).all()


def test_ridge_solves_each_column_from_the_rows_that_know_it() -> None:
    rng = np.random.default_rng(0)
    X, Y, w = rng.normal(size=(80, 5)), rng.normal(size=(80, 4)), rng.uniform(0.5, 2.0, 80)
    Y[:30, 1] = np.nan
    Y[50:, 2] = np.nan
    Y[:, 3] = np.nan

    coef, intercept, _ = ridge_path(X, Y, w, [0.3], None)

    for column in range(3):
        rows = ~np.isnan(Y[:, column])
        v = w[rows] * rows.sum() / w[rows].sum()
        Z = (X[rows] - (v @ X[rows]) / rows.sum()) * np.sqrt(v)[:, None]
        alpha = 0.3 * np.linalg.eigvalsh(Z.T @ Z).mean()
        expected = Ridge(alpha=alpha).fit(X[rows], Y[rows, column], sample_weight=v)
        np.testing.assert_allclose(coef[:, column], expected.coef_, atol=1e-7)
        assert intercept[column] == pytest.approx(expected.intercept_)
    assert not coef[:, 3].any() and intercept[3] == 0.0


@pytest.mark.parametrize("judged", [False, True])
def test_one_penalty_serves_all_columns_with_gaps(judged: bool) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 20))
    noise = rng.normal(size=(60, 3))
    noise[rng.random(noise.shape) < 0.2] = np.nan
    signal = np.where(np.isnan(noise), np.nan, X[:, :3])

    def judge(of: np.ndarray):
        return (lambda coef, b: float(np.nanmean((X @ coef + b - of) ** 2))) if judged else None

    assert ridge_path(X, signal, None, [1e-3, 100.0], judge(signal))[2] == 1e-3
    assert judged or ridge_path(X, noise, None, [1e-3, 100.0], None)[2] == 100.0


def testresidual_quantiles_of_a_step_that_was_never_known_are_those_of_its_target() -> None:
    residuals = np.random.default_rng(0).normal(size=(200, 3, 2)) * [1.0, 100.0]
    whole = residual_quantiles(residuals, [0.1, 0.9])
    residuals[:, 1, 0] = np.nan
    residuals[:50, 2, 1] = np.nan

    found = residual_quantiles(residuals, [0.1, 0.9])

    np.testing.assert_array_equal(found[0], whole[0])
    pooled = residuals[:, [0, 2], 0]
    np.testing.assert_allclose(found[1, 0], np.quantile(pooled, [0.1, 0.9]))
    np.testing.assert_allclose(found[2, 1], np.quantile(residuals[50:, 2, 1], [0.1, 0.9]))
