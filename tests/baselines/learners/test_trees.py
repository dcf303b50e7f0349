"""Boosted trees on columns without a value, on which scikit-learn's binning fails."""

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier

from automl.baselines.learners import trees
from automl.baselines.learners.trees import Boosting, unseen_columns
from automl.records import FitContext

SETTINGS = {"max_iter": 4, "min_samples_leaf": 5}


def fitted(X, goal, truth, weight=None, valid=None, valid_truth=None):
    model = Boosting(goal, 2 if goal == "binary" else 0, SETTINGS)
    model.fit(X, truth, weight, valid, valid_truth, FitContext(None, None, None, None), lambda: None)
    return model


@pytest.fixture
def table():
    X = np.random.default_rng(0).normal(size=(80, 3))
    return X, {"binary": (X[:, 0] > 0).astype(np.int64), "regression": X[:, :1].copy()}


@pytest.mark.parametrize("goal", ["binary", "regression"])
def test_a_column_that_training_did_not_see_tells_nothing_of_new_rows(table, goal):
    X, truths = table
    seen, new = X.copy(), X[:5].copy()
    seen[:, 1] = np.nan
    model = fitted(seen, goal, truths[goal], valid=X, valid_truth=truths[goal])
    assert model.unseen.tolist() == [False, True, False]
    new[:, 1] = [1e9, -1e9, 0.0, np.nan, 3.0]
    without = fitted(
        np.delete(X, 1, axis=1), goal, truths[goal], valid=np.delete(X, 1, axis=1), valid_truth=truths[goal]
    )
    np.testing.assert_array_equal(model.predict(new), without.predict(np.delete(new, 1, axis=1)))


def test_values_in_rows_of_weight_zero_count_as_none(table):
    X, truths = table
    X[10:, 2] = np.nan
    weight = np.where(np.arange(80) < 10, 0.0, 1.0)
    assert unseen_columns(X, weight).tolist() == [False, False, True]
    assert np.isfinite(fitted(X, "regression", truths["regression"], weight).predict(X)).all()


def test_no_column_with_values_is_the_mean(table):
    X, truths = table
    model = fitted(np.full_like(X, np.nan), "regression", truths["regression"])
    np.testing.assert_allclose(model.predict(X), truths["regression"].mean(), rtol=1e-6)


def test_values_too_rare_to_be_among_the_rows_that_bins_come_from_count_as_none(monkeypatch):
    monkeypatch.setattr(trees, "BINNED_ROWS", 1000)
    X = np.ones((2000, 2))
    X[70:, 1] = np.nan
    assert unseen_columns(X, None).tolist() == [False, True]
    assert unseen_columns(X[:900], None).tolist() == [False, False]


def test_a_model_of_before_predicts(table):
    X, truths = table
    model = fitted(X, "regression", truths["regression"])
    expected = model.predict(X)
    del model.unseen
    np.testing.assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize("kind", [ExtraTreesClassifier, RandomForestClassifier, ExtraTreesRegressor])
def test_the_mean_over_trees_is_that_of_the_forest(kind):
    drawn = np.random.default_rng(0)
    X = drawn.normal(size=(90, 4))
    y = drawn.integers(0, 3, 90) if kind is not ExtraTreesRegressor else X[:, 0] * 3
    forest = kind(12, random_state=0, n_jobs=1).fit(X, y)
    for n in (1, 90):
        own = forest.predict(X[:n])[:, None] if kind is ExtraTreesRegressor else forest.predict_proba(X[:n])
        np.testing.assert_array_equal(trees.tree_means(forest, X[:n]), own)
    assert trees.tree_means(forest, np.full((1, 4), np.inf)) is None
    assert trees.tree_means(forest, X[:1, :3]) is None
    assert trees.tree_means(kind(2).fit(X, np.stack([y, y], axis=1)), X) is None
