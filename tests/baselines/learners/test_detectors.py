"""Detectors against other implementations, and against what is known without one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.ensemble import IsolationForest as Peer
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture as PeerMixture
from sklearn.svm import OneClassSVM

from automl.baselines.learners.histograms import Histograms
from automl.baselines.learners.isolation_forest import IsolationForest
from automl.baselines.learners.local_outlier_factor import LocalOutlierFactor
from automl.baselines.learners.mixture import GaussianMixture
from automl.baselines.learners.neighbour_distance import NeighbourDistance
from automl.baselines.learners.neighbour_search import ALL_ROWS, TREE_ROWS, NeighbourSearch, most_searched
from automl.baselines.learners.one_class_vectors import OneClassVectors
from automl.baselines.learners.principal import PrincipalComponents
from automl.baselines.learners.row_steps import row_steps
from automl.baselines.learners.tail_probabilities import TailProbabilities

RNG = np.random.default_rng(5)
X = np.column_stack([RNG.normal(size=300), RNG.exponential(size=300), RNG.normal(size=300) * 2 + 1]).round(3)
X[:6] += [4, 6, -9]
ALL = np.arange(300)
# decision_scores_[::12] after fit(X) of pyod 3.6.7: ECOD(), KNN(n_neighbors=5), the same with method="mean",
# LOF(n_neighbors=20), HBOS(n_bins=10, alpha=0.001)
PYOD = {
    "ecod": [13.7102, 6.4409, 4.653, 7.0042, 4.5016, 3.8077, 3.2258, 4.4179, 4.1814, 5.2276, 5.3673, 4.6715, 5.7811,
             4.4166, 6.1894, 2.8078, 4.2161, 4.1136, 2.5446, 4.7594, 4.7729, 3.2848, 4.6007, 3.8857, 3.4257],
    "knn": [4.6794, 0.9707, 0.8339, 1.7721, 0.691, 0.4532, 0.4787, 0.77, 0.4437, 1.1473, 0.9156, 1.1769, 0.428, 0.3475,
            0.9302, 0.4437, 0.4938, 0.5463, 0.4889, 0.7033, 0.4289, 0.4705, 1.1332, 0.3145, 0.4089],
    "knn_mean": [2.2638, 0.6733, 0.539, 1.4524, 0.5124, 0.3502, 0.4257, 0.6915, 0.3213, 0.9094, 0.7691, 0.8853, 0.2965,
                 0.2323, 0.6774, 0.3151, 0.4498, 0.4838, 0.3185, 0.5683, 0.3995, 0.4017, 0.7427, 0.2281, 0.3397],
    "lof": [3.7185, 1.206, 1.1153, 1.4237, 1.0304, 0.9844, 0.9716, 1.0935, 1.0025, 1.1729, 1.1676, 1.1448, 0.9782,
            0.9634, 1.272, 0.9851, 1.0085, 1.0261, 0.9862, 1.0303, 0.9762, 0.9933, 1.1076, 0.9683, 0.9824],
    "hbos": [20.3236, 7.4419, 7.5997, 10.3309, 6.7844, 4.9978, 5.0492, 6.4622, 4.9936, 7.8332, 7.8332, 8.4889, 4.5329,
             4.3858, 9.017, 4.4415, 6.7963, 4.9978, 5.8604, 5.5142, 4.4415, 4.9936, 7.9682, 4.3858, 4.4772],
}  # fmt: skip


def own(detector):
    detector.fit(X)
    return detector.own_scores(X, ALL)


@pytest.mark.parametrize(
    ("name", "detector"),
    [("knn", NeighbourDistance(5)), ("knn_mean", NeighbourDistance(5, True)), ("lof", LocalOutlierFactor(20))],
)
def test_scores_are_those_of_pyod(name, detector):
    np.testing.assert_allclose(own(detector)[::12], PYOD[name], atol=1e-4)


def test_tails_and_histograms_rank_as_pyod_does_though_they_keep_no_value_of_a_row():
    assert spearmanr(own(TailProbabilities(by_column=True))[::12], PYOD["ecod"])[0] > 0.99
    assert spearmanr(own(Histograms(10))[::12], PYOD["hbos"])[0] > 0.85  # bins begin at means of five values
    assert np.isin(X, [*TailProbabilities().places.ravel()]).sum() == 0


def test_no_quantile_or_edge_is_the_value_of_fewer_rows_than_five():
    column = np.random.default_rng(0).normal(size=(400, 1))
    tails, bins = TailProbabilities(), Histograms(20, dynamic=True)
    tails.fit(column)
    bins.fit(column)
    assert not np.isin(tails.places, column).any() and not np.isin(bins.edges[0], column).any()


def test_an_isolation_forest_ranks_as_one_of_scikit_learn_does():
    rng = np.random.default_rng(1)
    usual = rng.normal(size=(2_000, 4))
    new = np.concatenate([rng.normal(size=(400, 4)), 3.0 * rng.normal(size=(200, 4))])
    forest = IsolationForest(200)
    forest.fit(usual)
    scores = forest.scores(new)
    peer = -Peer(n_estimators=200, random_state=0).fit(usual).score_samples(new)
    assert spearmanr(scores, peer)[0] > 0.97 and abs(scores - peer).mean() < 0.01
    np.testing.assert_allclose(forest.scores(new[:5]), scores[:5], rtol=1e-12)  # few rows go another way


def test_an_isolation_forest_takes_columns_and_rows_that_are_alike():
    rng = np.random.default_rng(1)
    alike = IsolationForest(10)
    alike.fit(np.ones((50, 3)))
    assert len(np.unique(alike.scores(rng.normal(size=(9, 3))))) == 1
    for share in (1.0, 0.5):
        rare = np.zeros((500, 30))
        rare[:, 7] = rng.normal(size=500)
        rare[:20, 3] = 1.0
        forest = IsolationForest(100, share=share)
        forest.fit(rare)
        assert set(np.unique(forest.features[np.isfinite(forest.thresholds)])) == {3, 7}
        assert roc_auc_score(rare[:, 3], forest.scores(rare)) > 0.9
    one = IsolationForest(5)
    one.fit(np.zeros((1, 2)))
    assert np.isfinite(one.scores(np.ones((3, 2)))).all()


def test_one_class_vectors_and_mixtures_score_as_the_estimators_that_they_come_from():
    vectors = OneClassVectors(0.2)
    vectors.fit(X)
    machine = OneClassSVM(nu=0.2, gamma=vectors.width).fit(X)
    np.testing.assert_allclose(vectors.scores(X), -machine.score_samples(X) + machine.offset_[0], atol=1e-9)
    for full in (True, False):
        mixture = GaussianMixture(2, full, 0.01)
        mixture.fit(X)
        ridge = 0.01 * X.var(axis=0).mean()
        peer = PeerMixture(2, covariance_type="full" if full else "diag", reg_covar=ridge, max_iter=60, random_state=0)
        np.testing.assert_allclose(mixture.scores(X), -peer.fit(X).score_samples(X), atol=1e-9)


def test_a_component_of_fewer_rows_than_five_is_left_out():
    apart = np.concatenate([np.random.default_rng(0).normal(size=(200, 2)), [[50.0, 60.0]]])
    mixture = GaussianMixture(5, ridge=1e-4)
    mixture.fit(apart)
    assert np.abs(mixture.means).max() < 10 and mixture.scores(apart).argmax() == 200


def test_all_components_give_the_mahalanobis_distance_and_fewer_what_is_left():
    detector = PrincipalComponents(1.0, within=True)
    detector.fit(X)
    centred = X - X.mean(axis=0)
    expected = np.einsum("ij,jk,ik->i", centred, np.linalg.inv(np.cov(X.T, bias=True)), centred)
    np.testing.assert_allclose(detector.scores(X), expected, rtol=1e-6)
    line = np.outer(np.arange(40.0), [1.0, 2.0, 2.0])
    residual = PrincipalComponents(0.9)
    residual.fit(line)
    off = np.array([[2.0, -1.0, 0.0]])  # the first row is the origin
    np.testing.assert_allclose(residual.scores(np.concatenate([line[:2], off])), [0.0, 0.0, 5.0], atol=1e-8)


def test_neighbours_are_the_same_by_a_tree_and_by_all_distances():
    rng = np.random.default_rng(2)
    few, wide = rng.normal(size=(200, 4)), rng.normal(size=(200, 40))
    for rows in (few, wide):
        far, places = NeighbourSearch(rows).nearest(rows[:9] + 0.01, 3)
        expected = np.sort(np.linalg.norm(rows[:9, None] + 0.01 - rows[None], axis=2), axis=1)[:, :3]
        np.testing.assert_allclose(far, expected, atol=1e-4)
        assert (places[:, 0] == np.arange(9)).all()
    assert most_searched(9) == TREE_ROWS and most_searched(64) == ALL_ROWS and most_searched(10_000) == 1_000


def test_rows_are_taken_at_random_and_all_of_them_where_there_is_time():
    assert [rows for rows, _ in row_steps(100, 1_000, 1.0, None, 0)] == [None]
    ((some, stopped),) = row_steps(100, 30, 1.0, None, 0)
    assert len(some) == 30 == len(np.unique(some)) and (np.diff(some) > 0).all() and stopped == ""
    assert [rows for rows, _ in row_steps(50_000, 50_000, 0.0, 0.0, 0)] == [None]  # its time depends on no rows
