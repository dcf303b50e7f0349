"""The cross-fitted probe of the search, and probes on draws of labelled rows."""

from __future__ import annotations

import numpy as np
import pytest

from automl import metrics
from automl.metrics.probe import cross_fitted
from automl.records import Output
from automl.sides.probing import fit_probe


def _vectors(n: int, n_classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, n_classes, n)
    return rng.normal(size=(n_classes, 6))[codes] * 3 + rng.normal(size=(n, 6)), codes


def test_many_classes_are_told_without_masking() -> None:
    vectors, codes = _vectors(1_500, 12)
    assert (cross_fitted(vectors, codes, 12).argmax(axis=1) == codes).mean() > 0.9


def test_noise_scores_no_better_than_chance() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 2, 2_000)
    output = Output("vectors", {"vectors": rng.normal(size=(2_000, 8))})
    assert metrics.score("probe_roc_auc", codes, output, None, {"classes": 2}) == pytest.approx(0.5, abs=0.05)


def test_scaling_of_a_number_does_not_decide() -> None:
    vectors, codes = _vectors(800, 4)
    stretched = vectors * np.array([1e4, 1, 1, 1, 1, 1e-4])
    plain, other = (
        metrics.score("probe_accuracy", codes, Output("vectors", {"vectors": v}), None, {"classes": 4})
        for v in (vectors, stretched)
    )
    assert other == pytest.approx(plain, abs=0.03)


@pytest.mark.parametrize("n", [6, 12, 100])
def test_a_probe_of_few_rows_has_a_chance_for_each_class(n: int) -> None:
    vectors, codes = _vectors(n, 3)
    codes[codes == 2] = 1  # class 2 has no labelled row
    found = fit_probe(vectors, codes, 3).predict(vectors)
    assert found.arrays["probabilities"].shape == (n, 3)
    np.testing.assert_allclose(found.arrays["probabilities"].sum(axis=1), 1.0)
    assert 2 not in found.arrays["labels"]


def test_a_probe_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    from automl.sides.probing import _logistic

    vectors, codes = _vectors(200, 4)
    weights, bias = _logistic(vectors, codes, 4, 0.3)
    known = LogisticRegression(C=0.3, max_iter=2_000, tol=1e-8).fit(vectors, codes)
    mine, theirs = vectors @ weights + bias, known.decision_function(vectors)
    middle = mine.mean(axis=1, keepdims=True) - theirs.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(mine - middle, theirs, atol=0.15)  # the search for the minimum ends earlier
    assert (mine.argmax(axis=1) == theirs.argmax(axis=1)).mean() > 0.98
