"""Whether rows are in the order of time, and whether a target depends on it."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["depends_on_time", "is_in_order"]

IN_ORDER = 0.98
MOST_ROWS = 20_000
LEAST_ROWS = 20
LEAST_SHARE = 0.05
"""Share of the target that neighbours in time must tell of each other."""

SURE = 3.0
"""Standard errors by which neighbours must be more alike than chance."""

MOST_CLASSES = 20
WIDTHS = (1, 8)
"""Neighbours on either side whose mean is compared with a value."""


def is_in_order(times: np.ndarray, labels: np.ndarray | None = None) -> bool:
    """Whether nearly all rows are in the order of time, forwards or backwards; as a whole, or within each series.

    Args:
        times: ``(n,)`` datetime64, NaT where unknown.
        labels: of the series, or None.
    """
    if _sorted_share(times) >= IN_ORDER:
        return True
    if labels is None:
        return False
    codes = pd.factorize(labels)[0]
    order = np.argsort(codes, kind="stable")
    return _sorted_share(times[order], np.diff(codes[order]) == 0) >= IN_ORDER


def _sorted_share(times: np.ndarray, counts: np.ndarray | None = None) -> float:
    """Share of the steps between rows that go one way; steps without a difference tell nothing."""
    steps = np.diff(times.astype("datetime64[ns]").astype(np.int64))
    steps = steps[~(np.isnat(times[1:]) | np.isnat(times[:-1])) & (True if counts is None else counts)]
    steps = steps[steps != 0]
    return max(float((steps > 0).mean()), float((steps < 0).mean())) if len(steps) else 0.0


def depends_on_time(times: np.ndarray, target: pd.DataFrame, labels: np.ndarray | None = None) -> bool:
    """Whether rows near in time have targets that are alike, so that shuffled test rows lie among what tells them.

    Args:
        times: ``(n,)`` datetime64, NaT where unknown.
        target: numbers or classes, a row each.
        labels: of the series, whose levels are left out; or None.
    """
    known = np.flatnonzero(~np.isnat(times))
    if len(known) < LEAST_ROWS:
        return False
    codes = np.zeros(len(times), np.int64) if labels is None else pd.factorize(labels)[0].astype(np.int64)
    order = known[np.lexsort((times[known].astype(np.int64), codes[known]))]
    order = order[:MOST_ROWS] if len(order) > MOST_ROWS else order
    return any(_neighbours_alike(values[order], codes[order]) for values in _numbers(target))


def _numbers(target: pd.DataFrame) -> list[np.ndarray]:
    """Each target as numbers: classes as one column for each of the commonest."""
    out = []
    for name in target.columns[:MOST_CLASSES]:
        column = target[name]
        if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
            values = column.to_numpy(np.float64, na_value=np.nan)
            ranks = pd.Series(values).rank().to_numpy(np.float64)
            out.append(np.where(np.isfinite(values), ranks, np.nan))
        else:
            levels = column.value_counts().index[:MOST_CLASSES]
            out += [(column == level).to_numpy(np.float64) for level in levels]
    return out


def _neighbours_alike(values: np.ndarray, codes: np.ndarray) -> bool:
    """Whether values tell their neighbours' in the same series."""
    known = np.isfinite(values)
    values, codes = values[known], codes[known]
    if len(values) < LEAST_ROWS or len(values) < 3 * (len(np.unique(codes))):
        return False
    mean = np.bincount(pd.factorize(codes)[0], values) / np.bincount(pd.factorize(codes)[0])
    rest = values - mean[pd.factorize(codes)[0]]
    n = len(rest)
    for width in WIDTHS:
        around = _around(rest, codes, width)
        usable = np.isfinite(around)
        if usable.sum() < LEAST_ROWS or rest[usable].std() == 0 or around[usable].std() == 0:
            continue
        r = float(np.corrcoef(rest[usable], around[usable])[0, 1])
        n_own = n / (1 if width == 1 else width)
        if r > 0 and r * r >= LEAST_SHARE and r * np.sqrt(n_own) >= SURE:
            return True
    return False


def _around(values: np.ndarray, codes: np.ndarray, width: int) -> np.ndarray:
    """The mean of the neighbours of each value on both sides within its series; NaN where there are none."""
    total, count = np.zeros(len(values)), np.zeros(len(values))
    for shift in range(1, width + 1):
        same = codes[shift:] == codes[:-shift]
        total[shift:] += np.where(same, values[:-shift], 0.0)
        count[shift:] += same
        total[:-shift] += np.where(same, values[shift:], 0.0)
        count[:-shift] += same
    return np.asarray(np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0))
