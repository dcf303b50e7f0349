"""A linear probe on representations, cross-fitted: how well classes can be told from the vectors of few labelled rows.

Linear discriminants in closed form, so that they can be asked after every epoch. They read NumPy alone. They learn from
as few labels as the probes that decide at the end: with more, another representation may be the best.
"""

from __future__ import annotations

import numpy as np

__all__ = ["LABELS_A_CLASS", "N_LABELS", "cross_fitted", "reads_standardised"]

N_LABELS, LABELS_A_CLASS = 100, 10
"""Labelled rows of a probe: this many, or so many a class if that is more."""
N_FOLDS = 4
STRENGTHS = (1e-2, 0.1, 1.0)
"""What is added to the variance of each number within classes, as multiples of its mean."""


def cross_fitted(vectors: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Scores ``(n, n_classes)`` of each row's classes by a probe that was fitted on few other rows.

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
    parts = _parts(codes, n_classes)
    best: tuple[float, int, np.ndarray] | None = None
    for number, form in enumerate(_forms(np.asarray(vectors, np.float64))):
        for strength in STRENGTHS:
            scores = _over_parts(form, codes, n_classes, parts, strength)
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


def _parts(codes: np.ndarray, n_classes: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Row numbers to learn from and to score, each row being scored once.

    Blocks of as many rows as a probe learns from, with their share of every class: each is scored by the one before.
    With fewer than two of them there are four folds, each scored by the others.
    """
    n_blocks = len(codes) // max(N_LABELS, LABELS_A_CLASS * n_classes)
    has_blocks = n_blocks >= 2
    n_parts = n_blocks if has_blocks else min(N_FOLDS, max(len(codes), 2))
    order = np.lexsort((np.random.default_rng(0).random(len(codes)), codes))
    part = np.empty(len(codes), np.int64)
    part[order] = np.arange(len(codes)) % n_parts
    held = [np.flatnonzero(part == number) for number in range(n_parts)]
    if has_blocks:
        return [(held[number - 1], held[number]) for number in range(n_parts)]
    return [(np.flatnonzero(part != number), held[number]) for number in range(n_parts)]


def _over_parts(
    vectors: np.ndarray, codes: np.ndarray, n_classes: int, parts: list[tuple[np.ndarray, np.ndarray]], strength: float
) -> np.ndarray:
    """Linear discriminants ``μ_kᵀ Σ⁻¹ x - ½ μ_kᵀ Σ⁻¹ μ_k + log π_k`` of each row, from other rows."""
    scores = np.full((len(codes), n_classes), -1e6)
    for learnt, held in parts:
        if not len(learnt):
            continue
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
