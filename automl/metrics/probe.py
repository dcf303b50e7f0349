"""A linear probe on representations, cross-fitted: how well classes can be told from the vectors of some labelled rows.

Closed-form ridge regression on one-hot classes, so that it can be asked after every epoch. It reads NumPy alone.
"""

from __future__ import annotations

import numpy as np

__all__ = ["cross_fitted"]

N_FOLDS = 4
MOST_LEARNT = 1_000
STRENGTHS = (1e-4, 1e-2, 1.0)
"""Of the penalty, as multiples of the mean variance of a number times the rows."""


def cross_fitted(vectors: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Scores ``(n, n_classes)`` of each row's classes by a probe that was fitted on other rows.

    The vectors are probed as they are and standardised, each with several strengths of the penalty, and the best of
    these is taken: scaling alone may decide how well a linear model reads them.

    Args:
        vectors: ``(n, dims)`` finite.
        codes: ``(n,)`` class codes.
        n_classes: number of classes.

    Source: Hastie, Tibshirani & Friedman, "The Elements of Statistical Learning", 2nd ed., section 4.2 (regression on
        an indicator matrix) and equation 3.44 (ridge).
    """
    wanted = np.eye(n_classes)[codes]
    folds = np.random.default_rng(0).permutation(len(codes)) % min(N_FOLDS, max(len(codes), 2))
    best: tuple[float, np.ndarray] | None = None
    for form in _forms(np.asarray(vectors, np.float64)):
        for strength in STRENGTHS:
            scores = _over_folds(form, wanted, folds, strength)
            share = float((scores.argmax(axis=1) == codes).mean())
            if best is None or share > best[0]:
                best = share, scores
    assert best is not None
    return best[1]


def _forms(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As they are but for one factor, and each number with variance one."""
    centred = vectors - vectors.mean(axis=0)
    spread = centred.std(axis=0)
    total = max(float(np.sqrt((spread**2).mean())), 1e-12)
    return centred / total, centred / np.maximum(spread, 1e-9 * total)


def _over_folds(vectors: np.ndarray, wanted: np.ndarray, folds: np.ndarray, strength: float) -> np.ndarray:
    scores = np.zeros_like(wanted)
    for fold in np.unique(folds):
        learnt, held = np.flatnonzero(folds != fold)[:MOST_LEARNT], folds == fold
        X, Y = vectors[learnt], wanted[learnt]
        middle, prior = X.mean(axis=0), Y.mean(axis=0)
        X = X - middle
        penalty = strength * max(float((X**2).mean()), 1e-12) * len(X)
        weights = np.linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T @ (Y - prior))
        scores[held] = prior + (vectors[held] - middle) @ weights
    return scores
