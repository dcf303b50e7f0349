"""Reliability of probabilities: claimed against observed frequency."""

from __future__ import annotations

import numpy as np

__all__ = ["calibration_error", "table"]


def _claims(truth: np.ndarray, probabilities: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs (claimed probability, came true): the positive class, each label, or the predicted class."""
    truth, p = np.asarray(truth), np.asarray(probabilities, dtype=np.float64)
    if truth.ndim == 2:
        return [(p[:, k], (truth[:, k] == 1).astype(np.float64)) for k in range(p.shape[1])]
    if p.shape[1] == 2:
        return [(p[:, 1], (truth == 1).astype(np.float64))]
    top = p.argmax(axis=1)
    return [(p[np.arange(len(p)), top], (top == truth).astype(np.float64))]


def calibration_error(
    truth: np.ndarray, probabilities: np.ndarray, n_bins: int = 15, weight: np.ndarray | None = None
) -> float:
    """Expected calibration error: mean distance between claimed and observed frequency over equally wide bins.

    Of the positive class (binary), the predicted class (multiclass) or the mean over labels (multilabel).

    Args:
        truth: codes ``(n,)`` or ``(n, n_labels)``.
        probabilities: ``(n, n_classes)``.
        n_bins: equally wide bins.
        weight: ``(n,)`` or None.

    Returns:
        Between 0 (perfect) and 1; NaN without rows.

    Source: Naeini et al. 2015; Guo et al. 2017, equation 3.
    """
    weights = np.ones(len(truth)) if weight is None else np.asarray(weight, dtype=np.float64)
    if weights.sum() <= 0:
        return float("nan")
    errors = []
    for claimed, came_true in _claims(truth, probabilities):
        bins = np.minimum((claimed * n_bins).astype(np.int64), n_bins - 1)
        distance = np.abs(np.bincount(bins, weights * (claimed - came_true), n_bins))
        errors.append(distance.sum() / weights.sum())
    return float(np.mean(errors))


def table(
    truth: np.ndarray, probabilities: np.ndarray, bins: int = 10, weight: np.ndarray | None = None
) -> list[dict[str, float]]:
    """Claimed and observed frequencies in bins of about equally many rows; labels of a multilabel task are pooled.

    Args:
        truth: as in `calibration_error`.
        probabilities: as in `calibration_error`.
        weight: as in `calibration_error`.
        bins: at most this many; equal probabilities share a bin.

    Returns:
        One dict a bin, ascending: "low", "high" (of the claimed probabilities), "predicted" (mean claim),
        "observed" (frequency), "error" (standard error of it), "rows".
    """
    weights = np.ones(len(truth)) if weight is None else np.asarray(weight, dtype=np.float64)
    pairs = _claims(truth, probabilities)
    claimed, came_true = (np.concatenate([pair[k] for pair in pairs]) for k in (0, 1))
    weights = np.tile(weights, len(pairs))
    claimed, came_true, weights = claimed[weights > 0], came_true[weights > 0], weights[weights > 0]
    if len(claimed) == 0:
        return []
    edges = np.unique(np.quantile(claimed, np.linspace(0, 1, bins + 1), method="lower"))
    place = np.clip(np.searchsorted(edges, claimed, side="right") - 1, 0, max(len(edges) - 2, 0))
    rows = []
    for k in np.unique(place):
        inside = place == k
        w = weights[inside]
        observed = float(np.average(came_true[inside], weights=w))
        effective = float(w.sum() ** 2 / (w**2).sum())
        rows.append(
            {
                "low": float(claimed[inside].min()),
                "high": float(claimed[inside].max()),
                "predicted": float(np.average(claimed[inside], weights=w)),
                "observed": observed,
                "error": float(np.sqrt(observed * (1 - observed) / effective)),
                "rows": int(inside.sum()),
            }
        )
    return rows
