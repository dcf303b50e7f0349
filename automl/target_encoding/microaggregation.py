"""Order statistics that hold no single row's value: each is one that five rows share, or the mean of five neighbours.

The smallest, the largest and the quantiles of a column of which all values differ are cells of it: a salary, a day of
birth. What a fitted model stores is therefore taken from the ordered values after microaggregation: a value that at
least `MIN_LEVEL_ROWS` rows hold stays as it is; the others, in order, make groups of so many rows, and each becomes the
mean of its group. Where a column has few different values nothing changes; where it has many, an edge moves by a few
places among all rows. Fewer others than one group needs become the shared value beside them.

Source: Defays & Nanopoulos, "Panels of enterprises and confidentiality: the small aggregates method", 1993;
Domingo-Ferrer & Mateo-Sanz, "Practical data-oriented microaggregation for statistical disclosure control", IEEE
Transactions on Knowledge and Data Engineering 2002.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from automl.records import MIN_LEVEL_ROWS

__all__ = ["MIN_LEVEL_ROWS", "ends", "magnitude", "median", "quantiles", "roundest"]


def quantiles(values: np.ndarray, levels: Sequence[float] | np.ndarray) -> np.ndarray:
    """Quantiles along the first axis, by linear interpolation between microaggregated order statistics.

    Args:
        values: ``(n, ...)`` without NaN.
        levels: ``(n_levels,)`` from 0 to 1.

    Returns:
        ``(n_levels, ...)`` float64. Of fewer than `MIN_LEVEL_ROWS` rows only the magnitude of the largest is told: a
        straight line from its negative to it.
    """
    ordered = np.sort(values, axis=0)
    n = len(ordered)
    if n < MIN_LEVEL_ROWS:
        reach = magnitude(np.abs(ordered.astype(np.float64)).max(axis=0, initial=0.0))
        return np.asarray(np.multiply.outer(2.0 * np.asarray(levels, np.float64) - 1.0, reach))
    place = np.asarray(levels, np.float64) * (n - 1)
    below = np.floor(place).astype(np.int64)
    above, share = np.minimum(below + 1, n - 1), place - below
    table = ordered.reshape(n, -1)
    found = np.empty((len(place), table.shape[1]))
    alone = np.zeros(table.shape[1], bool) if table.shape[1] == 1 else _are_all_rare(table)
    if alone.any():
        ends = _of_rare(table[:, alone], below), _of_rare(table[:, alone], above)
        found[:, alone] = ends[0] + (ends[1] - ends[0]) * share[:, None]
    for column in np.flatnonzero(~alone).tolist():
        grouped = _grouped(np.ascontiguousarray(table[:, column]))
        found[:, column] = grouped[below] + (grouped[above] - grouped[below]) * share
    return found.reshape(len(place), *ordered.shape[1:])


def median(values: np.ndarray) -> float:
    """The microaggregated median of ``(n,)`` values without NaN."""
    return float(quantiles(values, [0.5])[0])


def ends(values: np.ndarray) -> tuple[float, float]:
    """The lowest and the highest of ``(n,)`` values without NaN: means of the outermost ones that five rows make."""
    low, high = quantiles(values, [0.0, 1.0]).tolist()
    return float(low), float(high)


def magnitude(size: np.ndarray | float) -> np.ndarray:
    """The next power of two from a size on, 0 for 0: how large it is, and no more."""
    sizes = np.asarray(size, np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(sizes > 0, np.exp2(np.ceil(np.log2(sizes))), 0.0))


def roundest(inner: float, outer: float) -> float:
    """Of the numbers beyond `inner` up to `outer`, the one with the fewest binary digits.

    A bound so chosen holds the value that it bounds, and tells of it no more than that it lies in that room.

    Args:
        inner: finite; what is not to be told.
        outer: finite, above or below it; equal, it is what comes back.
    """
    low, high = (inner, outer) if inner <= outer else (-inner, -outer)
    step = float(magnitude(max(abs(low), abs(high))))
    while low < high and step > 0:
        if low < (found := (math.floor(low / step) + 1) * step) <= high:
            return found if inner <= outer else -found
        step /= 2
    return outer


def _are_all_rare(ordered: np.ndarray) -> np.ndarray:
    """Which columns of ``(n, n_columns)`` ascending values have none that `MIN_LEVEL_ROWS` rows hold."""
    k = MIN_LEVEL_ROWS
    return np.asarray((ordered[k - 1 :] != ordered[: len(ordered) - k + 1]).all(axis=0))


def _of_rare(ordered: np.ndarray, places: np.ndarray) -> np.ndarray:
    """`_grouped` at some places ``(n_places,)`` of many columns at once, all of whose values are rare."""
    n, k = len(ordered), MIN_LEVEL_ROWS
    n_groups = n // k
    found = np.empty((len(places), ordered.shape[1]))
    for at, group in enumerate(np.minimum(places // k, n_groups - 1).tolist()):
        rows = ordered[group * k : n if group == n_groups - 1 else (group + 1) * k].astype(np.float64)
        total = np.zeros(ordered.shape[1])
        for row in rows:  # one after another, as a sum by groups adds them
            total += row
        found[at] = total / len(rows)
    return found


def _grouped(ordered: np.ndarray) -> np.ndarray:
    """What stands for each of at least `MIN_LEVEL_ROWS` ascending values: float64, ascending."""
    n, k = len(ordered), MIN_LEVEL_ROWS
    out = ordered.astype(np.float64)
    runs = ordered[k - 1 :] == ordered[: n - k + 1]
    shared = np.zeros(n, bool)
    for step in range(k):
        shared[step : n - k + 1 + step] |= runs
    rare = np.flatnonzero(~shared)
    if not len(rare):
        return out
    before = np.maximum.accumulate(np.where(shared, out, -np.inf))[rare]
    after = np.minimum.accumulate(np.where(shared, out, np.inf)[::-1])[::-1][rare]
    if len(rare) < k:
        out[rare] = np.where(np.isfinite(before), before, after)
        return out
    group = np.minimum(np.arange(len(rare)) // k, len(rare) // k - 1)
    means = np.bincount(group, out[rare]) / np.bincount(group)
    out[rare] = np.clip(means[group], before, after)  # a group may lie on both sides of a shared value
    return out
