"""A column's quantile function: from values to ranks between 0 and 1 and back, with each tie in an interval of its own.

A value that many rows hold has an interval of ranks as wide as its share. A rank is drawn uniformly within it, so that
ranks are uniform however the values are tied, and every rank of the interval gives exactly the value again. Between
such values ranks are interpolated, and the result is rounded as the values are.

No value is stored that fewer than `MIN_LEVEL_ROWS` rows hold: between the ties stand means of at least so many
neighbours (`automl.target_encoding.microaggregation`), and fewer rows than that count for the tie nearest to them.

Source: the distributional transform of Rüschendorf, "On the distributional transform, Sklar's theorem, and the
empirical copula process", Journal of Statistical Planning and Inference 2009.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from automl.records import MIN_LEVEL_ROWS

__all__ = ["QuantileFunction", "decimals_of", "fit_quantile_function", "restore_quantile_function"]

MOST_TIES, MOST_GROUPS = 200, 500
"""Values with intervals of their own (two knots each), and groups of neighbours (one knot each)."""
GROWTH = 1.3
"""Groups are smallest at the ends, where a tail has few rows, and grow by this factor inwards."""
MARGIN = 1e-3
"""Share of an interval, at both of its ends, in which no rank is drawn: float32 then never leaves the interval."""
DECIMALS = range(-6, 9)
HUGE = 1e300


@dataclass(eq=False)
class QuantileFunction:
    """Values at ascending ranks, linear between them.

    Attributes:
        ranks: ``(n_knots,)`` float64 from 0 to 1, ascending; two knots of one rank are a jump.
        values: ``(n_knots,)`` float64, ascending; two knots of one value are the interval of a tie.
        decimals: digits to which values between knots are rounded (negative: tens, hundreds, ...); None for none.
    """

    ranks: np.ndarray
    values: np.ndarray
    decimals: int | None

    def value(self, rank: np.ndarray) -> np.ndarray:
        """Values ``(n,)`` float64 at ranks ``(n,)`` between 0 and 1."""
        at = np.searchsorted(self.ranks, rank, side="right") - 1
        at = np.clip(at, 0, len(self.ranks) - 2)
        low, high = self.values[at], self.values[at + 1]
        share = np.clip((rank - self.ranks[at]) / np.maximum(self.ranks[at + 1] - self.ranks[at], 1e-300), 0.0, 1.0)
        between = np.clip(rounded(low * (1.0 - share) + high * share, self.decimals), self.values[0], self.values[-1])
        return np.where(low == high, low, between)

    def rank(self, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Ranks ``(n,)`` float64 of finite values ``(n,)``, drawn within the interval of each.

        Values beyond the ends have the ranks of the ends.
        """
        values = np.clip(values, self.values[0], self.values[-1])
        half = half_step(self.decimals)
        first, last = self._place(values - half), self._place(values + half)
        tied, begin, end = self._ties
        at = np.clip(np.searchsorted(tied, values), 0, max(len(tied) - 1, 0))
        if len(tied):
            same = tied[at] == values
            first, last = np.where(same, begin[at], first), np.where(same, end[at], last)
        drawn = MARGIN + (1.0 - 2.0 * MARGIN) * rng.random(len(values))
        return np.asarray(first + (last - first) * drawn)

    @property
    def intervals(self) -> list[tuple[float, float]]:
        """The first and the last rank of each tie, ascending."""
        _, begin, end = self._ties
        return list(zip(begin.tolist(), end.tolist(), strict=True))

    @cached_property
    def _ties(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values of ties, and the first and the last rank of each."""
        at = np.flatnonzero(self.values[1:] == self.values[:-1])
        tied, first = np.unique(self.values[at], return_index=True)
        last = np.searchsorted(self.values[at], tied, side="right") - 1
        return tied, self.ranks[at[first]], self.ranks[at[last] + 1]

    def _place(self, values: np.ndarray) -> np.ndarray:
        """The rank of each value, by linear interpolation."""
        knots = self.values
        at = np.clip(np.searchsorted(knots, values, side="right") - 1, 0, len(knots) - 2)
        scale = 0.25 if np.abs(knots[[0, -1]]).max() > HUGE else 1.0
        low, high = knots[at] * scale, knots[at + 1] * scale
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            share = np.nan_to_num((values * scale - low) / (high - low), nan=0.5, posinf=1.0, neginf=0.0)
        return np.asarray(self.ranks[at] + (self.ranks[at + 1] - self.ranks[at]) * np.clip(share, 0.0, 1.0))

    def state(self) -> dict[str, Any]:
        """Plain arrays and numbers."""
        return {"ranks": self.ranks, "values": self.values, "decimals": self.decimals}


def restore_quantile_function(state: Mapping[str, Any]) -> QuantileFunction:
    """The function that `QuantileFunction.state` described.

    Raises:
        ValueError: its arrays are no such function.
    """
    ranks, values = (np.asarray(state[name], np.float64) for name in ("ranks", "values"))
    decimals = None if state["decimals"] is None else int(state["decimals"])
    ascending = all(np.isfinite(a).all() and (a[1:] >= a[:-1]).all() for a in (ranks, values) if a.ndim == 1)
    if ranks.ndim != 1 or ranks.shape != values.shape or len(ranks) < 2 or not ascending:
        raise ValueError("expected two ascending rows of at least two finite numbers as a quantile function")
    return QuantileFunction(ranks, values, decimals)


def fit_quantile_function(values: np.ndarray) -> QuantileFunction:
    """Fit to finite values ``(n,)`` of training rows, at least `MIN_LEVEL_ROWS` of them."""
    ordered = np.sort(np.asarray(values, np.float64))
    decimals = decimals_of(ordered)
    knots = list(_knots(ordered, decimals))
    ranks = np.array([rank for rank, _ in knots]) / len(ordered)
    found = np.maximum.accumulate(np.array([value for _, value in knots]))
    return QuantileFunction(ranks, found, decimals)


def decimals_of(values: np.ndarray) -> int | None:
    """The fewest decimals with which all values are written, but for fewer rows than may be told of; None for none."""
    step = max(len(values) // 100, 1)
    for some in (values[::step], values):  # a look at a part spares most of the rounding
        for decimals in DECIMALS:
            if np.count_nonzero(rounded(some, decimals) != some) < MIN_LEVEL_ROWS:
                break
        else:
            return None
    return decimals


def rounded(values: np.ndarray, decimals: int | None) -> np.ndarray:
    """Values ``(n,)`` to so many decimals; as they are where float64 has no such digits."""
    if decimals is None:
        return values
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.round(values, decimals)
    return np.where(np.isfinite(found), found, values)


def half_step(decimals: int | None) -> float:
    """Half the distance of neighbouring values of so many decimals."""
    return 0.0 if decimals is None else 0.5 * 10.0**-decimals


def _knots(ordered: np.ndarray, decimals: int | None) -> Iterator[tuple[int, float]]:
    """Numbers of rows below each knot, and its value."""
    tied, begin, end = _ties(ordered)
    n, half = len(ordered), half_step(decimals)
    size = max(MIN_LEVEL_ROWS, math.ceil((n - int((end - begin).sum())) / MOST_GROUPS))
    firsts = [*begin.tolist(), n]
    done = 0
    for place in range(len(tied) + 1):
        before = float(tied[place - 1]) if place else None
        after = float(tied[place]) if place < len(tied) else None
        gap = ordered[done : firsts[place]]
        nearer = _nearer(gap, before, after)
        if place:
            if nearer is not None:
                done += nearer
            yield done, float(tied[place - 1])  # where the interval of the tie before ends
        if nearer is None:
            yield from _gap(gap, done, size, (before, after), half, decimals)
            done += len(gap)
        if after is not None:
            yield done, after  # where the interval of the tie after begins
            done = int(end[place])


def _ties(ordered: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values that enough rows hold, the most frequent if they are many, with their first place and the one after."""
    values, first, counts = np.unique(ordered, return_index=True, return_counts=True)
    kept = np.flatnonzero(counts >= MIN_LEVEL_ROWS)
    if len(kept) > MOST_TIES:
        kept = np.sort(kept[np.argsort(-counts[kept], kind="stable")[:MOST_TIES]])
    return values[kept], first[kept], first[kept] + counts[kept]


def _nearer(gap: np.ndarray, before: float | None, after: float | None) -> int | None:
    """How many of a few rows between two ties count for the one before; None where the rows are groups of their own."""
    if len(gap) >= MIN_LEVEL_ROWS or (before is None and after is None):
        return None
    if before is None or after is None:
        return 0 if before is None else len(gap)
    return int(np.count_nonzero(gap / 2 < before / 4 + after / 4))


def _gap(
    gap: np.ndarray, done: int, size: int, ties: tuple[float | None, float | None], half: float, decimals: int | None
) -> Iterator[tuple[int, float]]:
    """Knots of the rows between two ties: an edge at each end, and the mean of each group in the middle of its rows."""
    before, after = ties
    cuts = _cuts(len(gap), size, before is None, after is None)
    widths = np.diff(cuts)
    means = rounded(np.add.reduceat(gap / np.repeat(widths, widths), cuts[:-1]), decimals)
    means = np.clip(means, before, after) if before is not None or after is not None else means
    low = float(means[0]) if before is None else min(before + half, float(means[0]))
    high = float(means[-1]) if after is None else max(after - half, float(means[-1]))
    yield done, low
    yield from zip((done + (cuts[:-1] + cuts[1:]) / 2).tolist(), means.tolist(), strict=True)
    yield done + len(gap), high


def _cuts(n: int, size: int, low_end: bool, high_end: bool) -> np.ndarray:
    """Where groups of about `size` of `n` rows begin, and `n`; smaller ones at the ends of the column."""
    below, above = (_tail(n, size) if is_end else [0] for is_end in (low_end, high_end))
    inner = n - below[-1] - above[-1]
    middle = below[-1] + np.linspace(0, inner, max(inner // size, 1) + 1).astype(np.int64)
    cuts = np.unique(np.array([*below, *middle.tolist(), *(n - place for place in above)], np.int64))
    keep = np.ones(len(cuts), bool)
    last = 0
    for place in range(1, len(cuts) - 1):
        enough = cuts[place] - cuts[last] >= MIN_LEVEL_ROWS and n - cuts[place] >= MIN_LEVEL_ROWS
        keep[place], last = enough, place if enough else last
    return cuts[keep]


def _tail(n: int, size: int) -> list[int]:
    """Ends of ever larger groups from an end on, up to a third of the rows."""
    cuts, step = [0], float(MIN_LEVEL_ROWS)
    while step < size and cuts[-1] + step <= n / 3:
        cuts.append(cuts[-1] + int(step))
        step *= GROWTH
    return cuts
