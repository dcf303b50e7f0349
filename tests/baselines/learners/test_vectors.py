from __future__ import annotations

import numpy as np
import pytest
from hand_clock import HandClock

from automl.baselines.learners import vectors
from automl.baselines.learners.vectors import Vectors
from automl.records import FitContext


def problem(n=120):
    X = np.random.default_rng(0).normal(size=(n, 3))
    return X, (X[:, 0] + X[:, 1] ** 2 > 0.7).astype(int)


@pytest.fixture
def clock(monkeypatch):
    """Each look at it takes a second, and twenty rows are the first step."""
    clock = HandClock(tick=1.0)
    monkeypatch.setattr(vectors, "time", clock)
    monkeypatch.setattr(vectors, "FIRST_ROWS", 20)
    return clock


def fitted(seconds, clock):
    """Rows that each step was fitted on, and the learner."""
    X, y = problem()
    learner, sizes = Vectors("binary", 2), []
    whole = learner._fit_rows
    learner._fit_rows = lambda X, *rest: (sizes.append(len(X)), whole(X, *rest))
    deadline = None if seconds is None else clock.now + seconds
    usable = []
    learner.fit(X, y, None, X[:40], y[:40], FitContext(deadline), lambda: usable.append(learner.predict(X[:5])))
    assert len(usable) == len(sizes)  # each step leaves a model
    return sizes, learner


def test_without_a_deadline_all_rows_are_fitted_at_once(clock):
    sizes, learner = fitted(None, clock)
    assert sizes == [120] and learner.stopped == ""


def test_with_time_for_all_rows_a_few_come_first(clock):
    sizes, learner = fitted(1000.0, clock)
    assert sizes == [20, 120] and learner.stopped == ""


def test_as_many_rows_are_fitted_as_the_time_is_enough_for(clock):
    sizes, learner = fitted(12.0, clock)  # 20 rows took 1 s and 9 s are left: sqrt(9 / 1.5) times as many
    assert sizes == [20, 48]
    assert learner.stopped == "time was enough for 48 of 120 rows"


def test_with_no_time_left_the_first_rows_are_all(clock):
    sizes, learner = fitted(2.0, clock)
    assert sizes == [20] and learner.stopped == "time was enough for 20 of 120 rows"


def test_what_is_said_is_what_it_learnt_from(clock):
    sizes, learner = fitted(6.0, clock)  # enough for 28 rows, too few more than 20 to begin again
    assert sizes == [20] and (learner.n_learnt, learner.stopped) == (20, "time was enough for 20 of 120 rows")


def test_each_model_that_is_left_knows_its_rows(clock):
    X, y = problem()
    learner, known = Vectors("binary", 2), []
    learner.fit(X, y, None, X[:40], y[:40], FitContext(clock.now + 1000.0), lambda: known.append(learner.n_learnt))
    assert known == [20, 120]


@pytest.mark.parametrize("seconds", [None, 1000.0])
def test_wide_columns_mean_fewer_rows(monkeypatch, clock, seconds):
    monkeypatch.setattr(vectors, "MOST_WORK", 3 * 60**2)
    sizes, learner = fitted(seconds, clock)
    assert (sizes[-1], learner.n_learnt, learner.stopped) == (60, 60, "")
