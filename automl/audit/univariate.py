"""How well one column predicts a target by itself: each row is predicted from the other rows of its level or bin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from automl.audit.view import Target, View, remembered
from automl.records import FILE_KINDS, ORDERED_KINDS, UNUSED_KINDS

__all__ = ["ColumnSkill", "chance_skill", "codes_of", "column_skills", "follows", "order_of", "skill", "tamed"]

FEW_LEVELS, LEAST_FEW_LEVELS = 64, 8
MOST_BINS = 128
MANY_ROWS = 1_000
"""Rows from which no column predicts much by chance."""
LEAST_BINS = 8
ROWS_A_BIN, LEAST_ROWS_A_BIN, ROWS_A_LEVEL = 20, 6, 4
SHRINK = 1.0
CUT = 0.01
_DIGITS = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class ColumnSkill:
    """How well a column predicts one target by itself.

    Attributes:
        column: its name.
        kind: of the column.
        target: name of the target.
        is_used: whether models learn from the column.
        skill: share of the target's variance (numbers) or of its Brier score (classes) that is explained; 1 is perfect,
            0 is nothing, negative is worse than the target's distribution alone.
    """

    column: str
    kind: str
    target: str
    is_used: bool
    skill: float


@remembered
def column_skills(view: View) -> tuple[ColumnSkill, ...]:
    """For each column the target that it predicts best; best columns first."""
    skills: list[ColumnSkill] = []
    for column in view.columns:
        if column.kind in FILE_KINDS:
            continue
        series = view.known_frame[column.name]
        codes = codes_of(series, column.kind)
        best = max(((_skill_of(series, codes, column.kind, t, view.known), t.name) for t in view.targets), default=None)
        if best is not None:
            skills.append(ColumnSkill(column.name, column.kind, best[1], column.kind not in UNUSED_KINDS, best[0]))
    return tuple(sorted(skills, key=lambda one: -one.skill))


@remembered
def chance_skill(view: View) -> float:
    """The best skill that any column has for a target whose rows are shuffled; 0 where rows are too many for chance."""
    if len(view.known) >= MANY_ROWS:
        return view.screening.chance
    order = np.random.default_rng(0).permutation(len(view.known))
    best = view.screening.chance
    for column in view.used:
        if column.kind not in FILE_KINDS:
            codes = codes_of(view.known_frame[column.name], column.kind)
            for target in view.targets:
                best = max(best, skill(codes, target.values[view.known][order], target.n_classes))
    return best


def _skill_of(series: pd.Series, codes: np.ndarray, kind: str, target: Target, rows: np.ndarray) -> float:
    values = target.values[rows]
    best = skill(codes, values, target.n_classes)
    if target.n_classes == 0 and kind in ORDERED_KINDS:
        best = max(best, *(r**2 for r in correlations(numbers_of(series), values)))
    return best


def numbers_of(series: pd.Series) -> np.ndarray:
    """A typed column of numbers or dates as float64, NaN where missing."""
    values = series.to_numpy()
    if values.dtype.kind == "M":
        return np.where(np.isnat(values), np.nan, values.astype("datetime64[s]").astype(np.float64))
    return values.astype(np.float64)


def correlations(a: np.ndarray, b: np.ndarray) -> Iterator[float]:
    """Pearson's and Spearman's correlation over the rows where both are finite; zeros where either never varies."""
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 10 or both.mean() < 0.5:
        yield 0.0
        yield 0.0
        return
    a, b = a / max(np.abs(a[both]).max(), 1e-300), b / max(np.abs(b[both]).max(), 1e-300)
    for x, y in ((a[both], b[both]), (pd.Series(a[both]).rank().to_numpy(), pd.Series(b[both]).rank().to_numpy())):
        x, y = x - x.mean(), y - y.mean()
        scale = np.sqrt((x * x).sum() * (y * y).sum())
        yield float((x * y).sum() / scale) if scale > 0 and np.isfinite(scale) else 0.0


def codes_of(series: pd.Series, kind: str) -> np.ndarray:
    """Levels, or equally filled bins of numbers, as codes from 0; missing cells are a level of their own."""
    if kind not in ORDERED_KINDS:
        codes = np.asarray(pd.factorize(series)[0], np.int64)
        return np.where(codes < 0, codes.max(initial=-1) + 1, codes)
    return binned(numbers_of(series))


def binned(values: np.ndarray) -> np.ndarray:
    """Numbers as codes: one for each value where there are few for so many rows, else equally filled bins; NaN last."""
    known = np.isfinite(values)
    seen = values[known]
    distinct = np.unique(seen)
    if len(distinct) > np.clip(len(seen) // ROWS_A_LEVEL, LEAST_FEW_LEVELS, FEW_LEVELS):
        least = min(LEAST_BINS, max(2, len(seen) // LEAST_ROWS_A_BIN))
        n_bins = int(np.clip(len(seen) // ROWS_A_BIN, least, MOST_BINS))
        distinct = np.unique(np.quantile(seen, np.linspace(0, 1, n_bins + 1)[1:-1]))
    codes = np.full(len(values), len(distinct) + 1, np.int64)
    codes[known] = np.searchsorted(distinct, seen, side="right")
    return codes


def skill(codes: np.ndarray, values: np.ndarray, n_classes: int) -> float:
    """Share of a target that levels explain, where each row is predicted from the other rows of its level.

    Args:
        codes: ``(n,)`` levels from 0.
        values: ``(n,)`` class codes, or numbers.
        n_classes: 0 for numbers.

    Returns:
        1 minus the Brier score (classes) or mean squared error (numbers, tails cut at 1 %), divided by that of
        predicting the target's own distribution. Predictions of levels are shrunk towards it by one row.

    Source: leave-one-out target means, Micci-Barreca 2001 (see `automl.target_encoding.ridge`); Brier 1950.
    """
    n, n_levels = len(codes), int(codes.max(initial=0)) + 1
    if n < 4:
        return 0.0
    size = np.bincount(codes, minlength=n_levels).astype(np.float64)
    if n_classes == 0:
        values = tamed(values)
        mean, total = values.mean(), np.bincount(codes, values, minlength=n_levels)
        predicted = (total[codes] - values + SHRINK * mean) / (size[codes] - 1 + SHRINK)
        variance = values.var()
        return float(1 - ((values - predicted) ** 2).mean() / variance) if variance > 0 else 0.0
    prior = np.bincount(values, minlength=n_classes) / n
    base = 1 - (prior**2).sum()
    if base <= 0:
        return 0.0
    pairs, at = np.unique(codes * n_classes + values, return_inverse=True)
    count = np.bincount(at).astype(np.float64)
    level, label = pairs // n_classes, pairs % n_classes
    # sum over classes of (count + shrink * prior)^2, of the whole level
    squares = np.bincount(level, count**2 + 2 * SHRINK * count * prior[label], minlength=n_levels)
    squares += SHRINK**2 * (prior**2).sum()
    own = count[at] + SHRINK * prior[values]
    rest = size[codes] - 1 + SHRINK
    predicted = (own - 1) / rest
    of_all = (squares[codes] - 2 * own + 1) / rest**2
    return float(1 - (of_all - 2 * predicted + 1).mean() / base)


def tamed(values: np.ndarray) -> np.ndarray:
    """Numbers with both tails cut, so that single outliers do not make up all variance."""
    return np.asarray(np.clip(values, *np.quantile(values, [CUT, 1 - CUT])), np.float64)


def follows(place: np.ndarray, values: np.ndarray, n_classes: int) -> float:
    """Share of a target that follows from places in an order: by bins, or by rank (classes by their codes)."""
    by_rank = list(correlations(place, values.astype(np.float64)))[1]
    return max(0.0, skill(binned(place), values, n_classes), by_rank**2)


def order_of(series: pd.Series) -> np.ndarray:
    """The place of each value in an order: by the first number in it, else by spelling; NaN where missing."""
    values = series.to_numpy()
    if values.dtype.kind in "fiubM":
        return numbers_of(series)
    digits = [_DIGITS.search(v) if isinstance(v, str) else None for v in values.tolist()]
    if sum(d is not None for d in digits) > 0.9 * len(digits):
        return np.array([np.nan if d is None else float(d.group()) for d in digits])
    text = pd.Series([v if isinstance(v, str) else None for v in values.tolist()], dtype=object)
    return text.rank(method="dense").to_numpy(np.float64)
