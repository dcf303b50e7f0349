"""Checks of prediction errors: bias, spread that grows with the prediction, errors that follow each other in time."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["autocorrelation", "bias", "rank_correlation"]

Z = 1.96
LEAST = 8
"""Fewer values say nothing of a mean or of a correlation."""


def bias(errors: Any, units: Any = None) -> tuple[float, float, float] | None:
    """Mean error and its 95 % interval; None of fewer than `LEAST` values.

    Args:
        errors: ``(n,)`` predicted minus true; NaN where the truth is not known.
        units: ``(n,)`` errors of the same unit (series, window) depend on each other; None where each is its own.
    """
    values = np.asarray(errors, dtype=float).ravel()
    known = np.isfinite(values)
    if known.sum() < LEAST:
        return None
    mean = float(values[known].mean())
    if units is None:
        error = float(values[known].std(ddof=1) / np.sqrt(known.sum()))
    else:
        place = np.unique(np.asarray(units).ravel()[known], return_inverse=True)[1].reshape(-1)
        sums = np.bincount(place, values[known] - mean)
        if len(sums) < 2:
            return None
        error = float(np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum()) / known.sum())
    return mean, mean - Z * error, mean + Z * error


def rank_correlation(one: Any, other: Any) -> tuple[float, bool] | None:
    """Spearman's correlation, and whether it is beyond chance at 5 %; None of few values or of a constant."""
    from scipy.stats import spearmanr

    a, b = np.asarray(one, dtype=float).ravel(), np.asarray(other, dtype=float).ravel()
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    if len(a) < LEAST or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    found = spearmanr(a, b)
    return float(found.statistic), bool(found.pvalue < 0.05)


def autocorrelation(lines: list[Any]) -> tuple[float, bool] | None:
    """Correlation of neighbouring values within lines, pooled over them, and whether it is beyond ``1.96 / sqrt(n)``.

    Args:
        lines: arrays of values in order, one a series; each is taken about its own mean.
    """
    products, squares, n = 0.0, 0.0, 0
    for line in lines:
        values = np.asarray(line, dtype=float)
        values = values - np.nanmean(values) if np.isfinite(values).any() else values
        pairs = values[1:] * values[:-1]
        known = np.isfinite(pairs)
        products += float(pairs[known].sum())
        squares += float(np.nansum(values**2)) * (known.sum() / max(len(values), 1))
        n += int(known.sum())
    if n < LEAST or squares <= 0:
        return None
    found = products / squares
    return found, abs(found) > Z / np.sqrt(n)
