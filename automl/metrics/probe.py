"""A linear probe on representations, cross-fitted: how well classes can be told from the vectors of some labelled rows.

Linear discriminants in closed form, so that they can be asked after every epoch. They read NumPy alone.
"""

from __future__ import annotations

import numpy as np

__all__ = ["cross_fitted", "reads_standardised"]

N_FOLDS = 4
MOST_LEARNT = 1_000
STRENGTHS = (1e-2, 0.1, 1.0)
"""What is added to the variance of each number within classes, as multiples of its mean."""


def cross_fitted(vectors: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Scores ``(n, n_classes)`` of each row's classes by a probe that was fitted on other rows.

    The vectors are probed as they are and standardised, each with several strengths of the penalty, and the best of
    these is taken: scaling alone may decide how well a linear model reads them.

    Args:
        vectors: ``(n, dims)`` finite.
        codes: ``(n,)`` class codes.
        n_classes: number of classes.

    Source: Hastie, Tibshirani & Friedman, "The Elements of Statistical Learning", 2nd ed., equation 4.10 (linear
        discriminants) and section 4.3.1 (regularised covariance).
    """
    return _best(vectors, codes, n_classes)[1]


def reads_standardised(vectors: np.ndarray, codes: np.ndarray, n_classes: int) -> bool:
    """Whether linear discriminants tell the classes better from standardised vectors than from vectors as they are.

    Args:
        vectors: as of `cross_fitted`.
        codes: as of `cross_fitted`.
        n_classes: as of `cross_fitted`.
    """
    return _best(vectors, codes, n_classes)[0] == 1


def _best(vectors: np.ndarray, codes: np.ndarray, n_classes: int) -> tuple[int, np.ndarray]:
    """Which form of the vectors is told best, 0 or 1, and the scores."""
    folds = np.random.default_rng(0).permutation(len(codes)) % min(N_FOLDS, max(len(codes), 2))
    best: tuple[float, int, np.ndarray] | None = None
    for number, form in enumerate(_forms(np.asarray(vectors, np.float64))):
        for strength in STRENGTHS:
            scores = _over_folds(form, codes, n_classes, folds, strength)
            share = float((scores.argmax(axis=1) == codes).mean())
            if best is None or share > best[0]:
                best = share, number, scores
    assert best is not None
    return best[1], best[2]


def _forms(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As they are but for one factor, and each number with variance one."""
    centred = vectors - vectors.mean(axis=0)
    spread = centred.std(axis=0)
    total = max(float(np.sqrt((spread**2).mean())), 1e-12)
    return centred / total, centred / np.maximum(spread, 1e-9 * total)


def _over_folds(
    vectors: np.ndarray, codes: np.ndarray, n_classes: int, folds: np.ndarray, strength: float
) -> np.ndarray:
    """Linear discriminants ``μ_kᵀ Σ⁻¹ x - ½ μ_kᵀ Σ⁻¹ μ_k + log π_k`` of each row, from the other folds."""
    scores = np.full((len(codes), n_classes), -1e6)
    for fold in np.unique(folds):
        learnt, held = np.flatnonzero(folds != fold)[:MOST_LEARNT], folds == fold
        X, own = vectors[learnt], codes[learnt]
        present = np.unique(own)
        means = np.stack([X[own == code].mean(axis=0) for code in present])
        within = X - means[np.searchsorted(present, own)]
        spread = within.T @ within / len(X)
        penalty = strength * max(float(np.trace(spread)) / X.shape[1], 1e-12)
        directions = np.linalg.solve(spread + penalty * np.eye(X.shape[1]), means.T)
        offsets = np.log(np.array([(own == code).mean() for code in present])) - 0.5 * (means.T * directions).sum(
            axis=0
        )
        scores[np.ix_(held, present)] = vectors[held] @ directions + offsets
    return scores
