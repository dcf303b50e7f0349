"""Split-conformal thresholds: how wrong held-out predictions were, as a quantile for each level.

A held-out item has a *score*, the larger the worse its prediction. Of n exchangeable items, a new one scores at most
the ``ceil((n + 1) level)``-th smallest with a chance of at least ``level``; fewer than ``level / (1 - level)`` items
bound nothing. So the i-th smallest score reaches the level ``i / (n + 1)``. With weights, it reaches the share of the
weight up to it, where the new item weighs as much as the mean. If items come in groups and new ones are of new groups,
a group counts as one unit, whose items share its weight.

Scores are stored rounded up to three digits and in bounded number, so intervals become a little wider, never narrower.

Sources: Vovk, Gammerman & Shafer 2005, "Algorithmic Learning in a Random World"; Angelopoulos & Bates 2023, "Conformal
Prediction: A Gentle Introduction", section 1; Tibshirani et al. 2019, "Conformal Prediction Under Covariate Shift",
section 2 (weights); Lee, Barber & Willett 2023, "Distribution-free inference with hierarchical data", section 3
(groups).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from automl.errors import DataError, RecipeError

__all__ = ["Thresholds", "check_level", "fit_thresholds", "items_needed", "restore_thresholds"]

MOST_SCORES = 65_536
"""Stored for a model in all."""
MOST_OF_A_PART, LEAST_OF_A_PART = 2_000, 64
DIGITS = 3
EPSILON = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Thresholds:
    """Scores of held-out items by part; a part is whatever has a quantile of its own, such as a target or a class.

    Attributes:
        scores: ``(n_stored,)`` float64, ascending within each part, parts one after another.
        levels: ``(n_stored,)`` float64, the level that each score reaches.
        ends: ``(n_parts,)`` int64, where each part ends.
        counts: ``(n_parts,)`` int64, held-out units that each part was made of.
        unit: what is counted: "row", "group" or "window".
        names: ``(n_parts,)`` what each part is, to complete "held-out rows"; "" for all.
    """

    scores: np.ndarray
    levels: np.ndarray
    ends: np.ndarray
    counts: np.ndarray
    unit: str
    names: tuple[str, ...]

    def at(self, level: float) -> np.ndarray:
        """The score ``(n_parts,)`` that a new item exceeds with a chance of at most ``1 - level``.

        Args:
            level: between 0 and 1.

        Raises:
            RecipeError: it is not.
            DataError: a part has too few held-out items for it; says how many are needed, and what level is possible.
        """
        check_level(level)
        found = np.empty(len(self.ends))
        for part, (start, end) in enumerate(pairwise([0, *self.ends.tolist()])):
            place = start + int(np.searchsorted(self.levels[start:end], level - EPSILON))
            if place == end:
                self._refuse(level, part)
            found[part] = self.scores[place]
        return found

    @property
    def most(self) -> float:
        """The highest level that is possible, rounded down to four digits."""
        tops = [self.levels[e - 1] if e > s else 0.0 for s, e in pairwise([0, *self.ends.tolist()])]
        return math.floor((min(tops, default=0.0) + EPSILON) * 10_000) / 10_000

    def _refuse(self, level: float, part: int) -> None:
        of, n = self.names[part] and f" {self.names[part]}", int(self.counts[part])
        raise DataError(
            f"level {level:g} needs {items_needed(level):,} held-out {self.unit}s{of}, and there are {n:,}: ask for a "
            f"level of at most {self.most:g}, or fit on more data"
        )

    def state(self) -> dict[str, Any]:
        """Plain values and arrays from which `restore_thresholds` makes it again."""
        arrays = {"scores": self.scores, "levels": self.levels, "ends": self.ends, "counts": self.counts}
        return {**arrays, "unit": self.unit, "names": list(self.names)}


def restore_thresholds(state: Mapping[str, Any]) -> Thresholds:
    """The thresholds whose `Thresholds.state` this is.

    Raises:
        ValueError: it is none.
    """
    scores, levels = (np.asarray(state[name], np.float64) for name in ("scores", "levels"))
    ends, counts = (np.asarray(state[name], np.int64) for name in ("ends", "counts"))
    names, unit = tuple(state["names"]), state["unit"]
    edges = np.concatenate([[0], ends]) if ends.ndim == 1 else ends
    sound = (
        scores.ndim == levels.ndim == ends.ndim == 1
        and scores.shape == levels.shape
        and ends.shape == counts.shape == (len(names),)
        and bool((np.diff(edges) >= 0).all() and edges[-1] == len(scores))
        and not np.isnan(scores).any()
        and bool(((levels > 0) & (levels < 1)).all())
        and all(_ascends(a[s:e]) for a in (scores, levels) for s, e in pairwise(edges))
        and isinstance(unit, str)
        and all(isinstance(name, str) for name in names)
    )
    if not sound:
        raise ValueError("they are no sorted scores of held-out items")
    return Thresholds(scores, levels, ends, counts, unit, names)


def _ascends(values: np.ndarray) -> bool:
    return bool((values[1:] >= values[:-1]).all())


def check_level(level: Any) -> None:
    """Refuse what is no level.

    Raises:
        RecipeError: it is no number between 0 and 1.
    """
    number = isinstance(level, int | float | np.number) and not isinstance(level, bool)
    if not number or not 0 < level < 1:
        raise RecipeError(f"level: expected a number between 0 and 1, such as 0.9, got {level!r:.40}")


def items_needed(level: float) -> int:
    """The least number of held-out items that bound a new one at this level."""
    return max(1, math.ceil(level / (1 - level) - 1e-6))


def fit_thresholds(
    parts: Sequence[np.ndarray],
    weights: Sequence[np.ndarray | None],
    groups: Sequence[np.ndarray | None],
    names: Sequence[str],
    unit: str,
) -> Thresholds:
    """Sort the scores of each part.

    Args:
        parts: scores ``(n,)`` of each part; NaN where an item has none.
        weights: of each part's items, or None; items without weight have no part in it.
        groups: codes of each part's items if groups are the units, or None.
        names: of the parts.
        unit: name of a unit.
    """
    most = min(MOST_OF_A_PART, max(LEAST_OF_A_PART, MOST_SCORES // max(len(parts), 1)))
    made = [_sorted(*part, most) for part in zip(parts, weights, groups, strict=True)]
    return Thresholds(
        np.concatenate([scores for scores, _, _ in made]),
        np.concatenate([levels for _, levels, _ in made]),
        np.cumsum([len(scores) for scores, _, _ in made], dtype=np.int64),
        np.array([n for _, _, n in made], np.int64),
        unit,
        tuple(names),
    )


def _sorted(
    scores: np.ndarray, weight: np.ndarray | None, groups: np.ndarray | None, most: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Ascending scores rounded up, the level of each, and the number of units."""
    own = np.ones(len(scores)) if weight is None else np.asarray(weight, np.float64)
    used = ~np.isnan(scores) & (own > 0)
    scores, own = scores[used], own[used]
    n_units = len(scores)
    if groups is not None:
        codes = np.unique(groups[used], return_inverse=True)[1]
        sizes = np.bincount(codes) if len(codes) else np.zeros(0, np.int64)
        own, n_units = own / sizes[codes], len(sizes)
    order = np.argsort(scores, kind="stable")
    total = own.sum()
    levels = np.cumsum(own[order]) / (total + total / max(n_units, 1))
    at = _stored(len(order), most)
    return _rounded_up(scores[order][at]), levels[at], n_units


def _stored(n: int, most: int) -> np.ndarray:
    """Places that are stored: all of few; else half of them evenly spaced, and the largest."""
    if n <= most:
        return np.arange(n)
    evenly = np.linspace(0, n - 1, most // 2).astype(np.int64)
    return np.union1d(evenly, np.arange(n - most // 2, n))


def _rounded_up(scores: np.ndarray) -> np.ndarray:
    """The next number of three digits, which is no cell of the data."""
    usable = np.isfinite(scores) & (scores > 0)
    digit = 10.0 ** (np.floor(np.log10(np.where(usable, scores, 1.0))) - (DIGITS - 1))
    up = np.ceil(scores / digit - EPSILON) * digit
    return np.where(usable, np.maximum(up, scores), scores)
