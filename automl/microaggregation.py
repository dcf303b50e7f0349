"""Order statistics that hold no single row's value: each is one that five rows share, or the mean of five neighbours.

The smallest, the largest and the quantiles of a column of which all values differ are cells of it: a salary, a day of
birth. What a fitted model stores is therefore taken from the ordered values after microaggregation: a value that at
least `MIN_LEVEL_ROWS` rows hold stays as it is, any other is the mean of so many neighbours in order. Where a column
has few different values nothing changes; where it has many, an edge moves by two places among all rows.

Source: Defays & Nanopoulos, "Panels of enterprises and confidentiality: the small aggregates method", 1993;
Domingo-Ferrer & Mateo-Sanz, "Practical data-oriented microaggregation for statistical disclosure control", IEEE
Transactions on Knowledge and Data Engineering 2002 (here a moving window rather than groups).
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
        values: ``(n, ...)`` without NaN. levels: ``(n_levels,)`` from 0 to 1.

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
    share = (place - below).reshape(-1, *[1] * (ordered.ndim - 1))
    low, high = _at(ordered, below), _at(ordered, np.minimum(below + 1, n - 1))
    return np.asarray(low + (high - low) * share)


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
        inner: finite; what is not to be told. outer: finite, above or below it; equal, it is what comes back.
    """
    low, high = (inner, outer) if inner <= outer else (-inner, -outer)
    step = float(magnitude(max(abs(low), abs(high))))
    while low < high and step > 0:
        if low < (found := (math.floor(low / step) + 1) * step) <= high:
            return found if inner <= outer else -found
        step /= 2
    return outer


def _at(ordered: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The microaggregated order statistics at these places, float64."""
    n, half = len(ordered), MIN_LEVEL_ROWS // 2
    middle = np.clip(places, half, n - 1 - half)
    window = [ordered[middle + step].astype(np.float64) for step in range(-half, half + 1)]
    mean = np.mean(window, axis=0)
    own = ordered[places].astype(np.float64)
    shared = np.zeros(own.shape, bool)
    for first in range(MIN_LEVEL_ROWS):  # a run of equal values that begins so many places before, or here
        begin = np.clip(places - first, 0, n - MIN_LEVEL_ROWS)
        shared |= (ordered[begin] == ordered[places]) & (ordered[begin + MIN_LEVEL_ROWS - 1] == ordered[places])
    return np.asarray(np.where(shared, own, mean))
