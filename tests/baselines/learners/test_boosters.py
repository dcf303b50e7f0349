from __future__ import annotations

import pickle

import numpy as np
import pytest
from hand_clock import HandClock
from sklearn.ensemble import HistGradientBoostingRegressor

from automl import catalog
from automl.baselines.learners import boosters, trees
from automl.baselines.learners.boosters import Boosters
from automl.errors import MissingExtra, OutOfTime
from automl.records import Baseline, Facts, FitContext, Task

BASELINES = catalog.members(Baseline, "automl.baselines")
LIBRARIES = ("lightgbm", "catboost")
QUICK = {"max_iter": 40, "patience": 5, "learning_rate": 0.3}


@pytest.fixture(params=LIBRARIES)
def library(request):
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture
def ticking(monkeypatch):
    """Each look at the clock takes a hundredth of a second, so that as many rounds fit in on any machine."""
    clock = HandClock(tick=0.01)
    for name in ("boosters", "lightgbm_trees", "catboost_trees"):
        monkeypatch.setattr(f"automl.baselines.learners.{name}.time", clock)
    return clock


def wave(n=400, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    X[::11, 0] = np.nan
    return X, (np.sin(2 * X[:, 1]) + X[:, 2] + noise * rng.normal(size=n))[:, None]


def grown(learner, X, y, valid=None, valid_y=None, deadline=None, complete=lambda: None, **options):
    context = FitContext(deadline, None, None, valid_y)
    learner.fit(X, y, None, valid, valid_y, context, complete, **options)
    return learner


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_that_is_not_installed_is_not_offered(name, monkeypatch):
    monkeypatch.setattr(boosters, "find_spec", lambda module: None)
    reason = BASELINES[name].unfit(Task("tabular", "binary", ("y",), "roc_auc"), Facts(100, 2))
    assert reason == f"{name} is not installed (extra: boosting)"


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_missing_library_that_is_asked_for_by_name_tells_the_extra(name, monkeypatch):
    monkeypatch.setattr(boosters, "find_spec", lambda module: None)
    task = Task("tabular", "binary", ("y",), "roc_auc", classes=("a", "b"))
    settings = next(iter(BASELINES[name].settings(task, Facts(100, 2), 0)))
    with pytest.raises(MissingExtra, match=rf"{name}.*pip install 'automl-keras\[boosting\]'"):
        BASELINES[name].make(task, settings, 0)


def test_a_stored_model_whose_library_is_missing_tells_the_extra(library, monkeypatch):
    X, y = wave()
    stored = pickle.dumps(grown(Boosters(library, "regression", 0, QUICK), X, y))
    monkeypatch.setattr(boosters, "find_spec", lambda module: None)
    with pytest.raises(MissingExtra, match="boosting"):
        pickle.loads(stored).predict(X)


ENDLESS = {"max_iter": 1_000_000, "patience": 1_000_000, "learning_rate": 0.01}


def test_a_deadline_leaves_a_complete_model_in_time(library, ticking):
    X, y = wave(3000)
    deadline = ticking.now + 2
    learner = grown(Boosters(library, "regression", 0, ENDLESS), X, y, X[:100], y[:100], deadline)
    assert deadline - 0.1 < ticking.now <= deadline + 0.05
    assert "time ran out" in learner.stopped
    assert np.corrcoef(learner.predict(X)[:, 0], y[:, 0])[0, 1] > 0.5


def test_each_target_gets_its_share_of_the_time(library, ticking):
    X, y = wave(1000)
    deadline = ticking.now + 3
    learner = grown(Boosters(library, "regression", 0, ENDLESS), X, np.hstack([y, -y]), deadline=deadline)
    assert deadline - 0.1 < ticking.now <= deadline + 0.05
    found = learner.predict(X)
    assert np.corrcoef(found[:, 1], -y[:, 0])[0, 1] > 0.5


def test_a_deadline_that_is_over_leaves_no_model_and_says_so():
    pytest.importorskip("lightgbm")
    X, y = wave(200)
    with pytest.raises(OutOfTime, match="lightgbm"):
        grown(Boosters("lightgbm", "regression", 0, QUICK), X, y, deadline=0.0)


def test_lightgbm_leaves_models_on_the_way_that_predict(ticking):
    pytest.importorskip("lightgbm")
    X, y = wave(1000)
    learner = Boosters("lightgbm", "regression", 0, ENDLESS)
    seen = []
    grown(learner, X, y, deadline=ticking.now + 3, complete=lambda: seen.append(pickle.dumps(learner)))
    assert len(seen) >= 3
    assert np.isfinite(pickle.loads(seen[0]).predict(X)).all()


def test_catboost_chooses_its_rate_for_the_rounds_that_fit_in(ticking):
    pytest.importorskip("catboost")
    X, y = wave(2000)
    settings = {"max_iter": 100_000, "patience": 100_000, "learning_rate": None}
    learner = grown(Boosters("catboost", "regression", 0, settings), X, y, X[:500], y[:500], ticking.now + 2)
    assert "time ran out" in learner.stopped
    assert np.mean((learner.predict(X) - y) ** 2) < 0.1 * np.var(y)


def test_boosting_of_scikit_learn_stops_before_the_deadline_with_a_whole_model(monkeypatch):
    clock = HandClock()

    class Timed(HistGradientBoostingRegressor):
        """A round takes a tenth of a second."""

        def fit(self, X, y, sample_weight=None):
            clock.sleep(0.1 * (self.max_iter - getattr(self, "n_iter_", 0)))
            return super().fit(X, y, sample_weight)

    monkeypatch.setattr(trees, "time", clock)
    monkeypatch.setattr(trees, "HistGradientBoostingRegressor", Timed)
    X, y = wave(200)
    learner, deadline = trees.Boosting("regression", 0, ENDLESS), clock.now + 6
    grown(learner, X, y, X[:50], y[:50], deadline)
    assert deadline - 1.5 < clock.now <= deadline
    assert learner.stopped.startswith("time ran out after") and learner.models[0].max_iter > 40
    assert np.isfinite(learner.predict(X)).all()


def test_growth_is_cut_back_to_the_best_round_on_validation_rows(library):
    rng = np.random.default_rng(0)
    X, noise = rng.normal(size=(400, 3)), rng.normal(size=(400, 1))
    settings = {"max_iter": 300, "patience": 10, "learning_rate": 0.3}
    stopped = grown(Boosters(library, "regression", 0, settings), X[:200], noise[:200], X[200:], noise[200:])
    whole = grown(Boosters(library, "regression", 0, settings), X[:200], noise[:200])
    assert stopped.predict(X[:200]).std() < 0.5 * whole.predict(X[:200]).std()


def test_absolute_errors_count_where_they_are_asked_for(library):
    X = (np.arange(300) % 2)[:, None].astype(np.float64)
    y = np.where(np.arange(300) % 10 == 0, 1000.0, 1.0)[:, None]
    settings = {**QUICK, "loss": "absolute_error", "max_iter": 200}
    assert np.median(grown(Boosters(library, "regression", 0, settings), X, y).predict(X)) < 50


def test_categories_are_the_librarys_own(library):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 60, 3000)
    y = rng.permutation(60)[codes] % 2
    X = codes[:, None].astype(np.float64)
    X[0, 0] = np.nan
    learner = Boosters(library, "binary", 2, {"max_iter": 30, "learning_rate": 0.3, "min_data_in_leaf": 5})
    grown(learner, X, y, categories=[True])
    if library == "lightgbm":
        assert b"cat_threshold" in learner.stored[0].tobytes()
    found = learner.predict(np.append(X, [[np.nan], [99.0]], axis=0))
    assert np.isfinite(found).all()
    assert (found[1:3000].argmax(axis=1) == y[1:]).mean() > 0.95


def test_what_is_stored_is_the_librarys_own_format_and_no_pickle(library):
    X, y = wave()
    learner = grown(Boosters(library, "regression", 0, QUICK), X, y)
    assert learner.stored[0].tobytes().startswith({"lightgbm": b"tree\n", "catboost": b"CBM1"}[library])
    assert "_opened" not in learner.__getstate__()


def test_the_same_seed_gives_the_same_trees(library):
    X, y = wave()
    settings = {**QUICK, "feature_fraction": 0.6, "bagging_fraction": 0.6, "rsm": 0.6}
    first, second, other = (grown(Boosters(library, "regression", 0, settings, s), X, y).predict(X) for s in (1, 1, 2))
    np.testing.assert_array_equal(second, first)
    assert not np.array_equal(other, first)


def test_a_row_is_predicted_alike_alone_and_among_others(library):
    X, y = wave(1000)
    codes = (y[:, 0] > 0).astype(np.int64)
    learner = grown(Boosters(library, "binary", 2, QUICK), X, codes)
    np.testing.assert_array_equal(learner.predict(X[7:8])[0], learner.predict(X)[7])


def test_threads_are_those_of_the_workers_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert boosters.threads() == 3
