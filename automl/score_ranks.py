"""Ranks among reference scores: what makes scores of different models comparable."""

from __future__ import annotations

import numpy as np

__all__ = ["N_REFERENCE", "levels", "ranks", "reference"]

N_REFERENCE = 512
"""Reference scores that a model holds."""


def reference(scores: np.ndarray, n: int = N_REFERENCE) -> np.ndarray:
    """Scores ``(n,)`` float32, ascending, that stand for those of many rows.

    Half of their places go to the most unusual eighth of the rows, since it matters there which row is more unusual.
    The largest score is the third largest of the rows: no row's own score is kept where only fewer rows have it.

    Args:
        scores: ``(n_rows,)`` of training rows, finite.
        n: how many to keep.
    """
    ordered = np.sort(np.asarray(scores, np.float64))
    if len(ordered) > 2:
        ordered = ordered[:-2]
    return np.asarray(np.quantile(ordered, levels(n)), np.float32)


def levels(n: int = N_REFERENCE) -> np.ndarray:
    """The rank ``(n,)`` float32 that belongs to each reference score."""
    low, high = np.linspace(0.0, 0.875, n // 2, endpoint=False), np.linspace(0.875, 1.0, n - n // 2)
    return np.concatenate([low, high]).astype(np.float32)


def ranks(scores: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Scores as ranks among reference scores, ``(n,)`` float64 from above -1 to below 2.

    Between two reference scores a rank is interpolated. Beyond them it moves on by ``z / (1 + z)``, z the distance in
    units of the spread of the reference, so that an order remains.

    Args:
        scores: ``(n,)``.
        known: from `reference`.
    """
    scores, known = np.asarray(scores, np.float64), np.asarray(known, np.float64)
    inner = np.interp(scores, known, levels(len(known)).astype(np.float64))
    spread = max(float(known[-1] - known[0]), 1e-12)
    above, below = np.maximum(scores - known[-1], 0.0) / spread, np.maximum(known[0] - scores, 0.0) / spread
    return np.asarray(inner + above / (1.0 + above) - below / (1.0 + below))
