from __future__ import annotations

import numpy as np
import pytest

from automl.baselines.learners.neighbours import Neighbours
from automl.records import FitContext


def fitted(learner, X, truth, weight=None, valid=None, valid_truth=None):
    learner.fit(X, truth, weight, valid, valid_truth, FitContext(), lambda: None)
    return learner


def test_means_and_votes_are_those_of_the_nearest_rows():
    X, y = np.array([[0.0], [1.0], [10.0]]), np.array([[1.0], [3.0], [100.0]])
    learner = fitted(Neighbours("regression", 0, near=0.0), X, y)
    learner.count = 2
    assert learner.predict(np.array([[0.4]]))[0, 0] == 2.0
    votes = fitted(Neighbours("binary", 2, near=0.0), X, np.array([0, 0, 1]))
    votes.count = 2
    expected = [(2 + 2 / 3) / 3, (1 / 3) / 3]
    np.testing.assert_allclose(votes.predict(np.array([[0.4]]))[0], expected)


def test_nearer_rows_count_more_where_asked_for():
    X, y = np.array([[0.0], [3.0]]), np.array([[0.0], [4.0]])
    learner = fitted(Neighbours("regression", 0, near=1.0), X, y)
    np.testing.assert_allclose(learner.predict(np.array([[1.0]]))[0, 0], 4 / 3)


def test_the_number_of_neighbours_is_chosen_on_validation_rows():
    rng = np.random.default_rng(0)
    X, noise = rng.normal(size=(600, 2)), rng.normal(size=(600, 1))
    smooth = fitted(Neighbours("regression", 0), X[:400], noise[:400], None, X[400:], noise[400:])
    exact = fitted(Neighbours("regression", 0), X[:400], X[:400, :1] ** 2, None, X[400:], X[400:, :1] ** 2)
    assert smooth.count == 60
    assert exact.count <= 7


@pytest.mark.parametrize("distance", ["euclidean", "cityblock"])
def test_a_row_is_predicted_alike_alone_and_among_others(distance):
    rng = np.random.default_rng(0)
    X, truth = rng.normal(size=(300, 5)), rng.integers(0, 3, 300)
    learner = fitted(Neighbours("multiclass", 3, distance), X, truth)
    np.testing.assert_array_equal(learner.predict(X[5:6])[0], learner.predict(X)[5])


def test_more_neighbours_than_rows_are_not_asked_for():
    X, truth = np.zeros((3, 2)), np.array([0, 1, 1])
    found = fitted(Neighbours("binary", 2), X, truth, None, X, truth).predict(X)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
