"""Whether a target's numbers are amounts or classes, how sure that is, and what would tell otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from automl.detect.columns.names import AMOUNTS
from automl.detect.columns.sample import is_named
from automl.detect.parse import numbers
from automl.records import Column

__all__ = ["Taken", "taken"]

FEW_LEVELS = 20
NOMINAL = r"class|classes|label|labels|category|categories|cat|type|species|group|cluster|code|kind|bin|bucket|segment"
LABELS = rf"{NOMINAL}|target|digit|letter|grade|y"
RATINGS = r"rating|ratings|rated|star|stars|score|quality|satisfaction|likert|overall|opinion|agreement|importance"
STEPS = r"grade|level|stage|severity|rank|decile|quintile|quartile|degree|risk|band|tier|mark|priority"
STAR_UNITS = frozenset({"star", "stars", "/5", "/10", "out of 5", "out of 10", "out of 5 stars"})


@dataclass(frozen=True, slots=True)
class Taken:
    """What numbers are taken as.

    Attributes:
        amounts: amounts to estimate, rather than codes of classes.
        why: in words.
        sure: 0 to 1.
        instead: what the user may say, where it is the other ("pass --goal regression if ...").
        ordered: classes whose order means something.
    """

    amounts: bool
    why: str
    sure: float
    instead: str = ""
    ordered: bool = False


def taken(name: str, series: pd.Series, kind: Column, is_code: bool = False) -> Taken:
    """Take a target's numbers as amounts or as classes.

    Args:
        name: of the target.
        series: rows that hold a number.
        kind: how it is read.
        is_code: the column's name says that its numbers name something, as postcodes do.
    """
    values = numbers(series, kind.reading)
    levels, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    n = len(levels)
    if kind.evidence == "set by you":
        return Taken(True, "you set the target's kind to numeric", 1.0)
    if n == 2:
        plain = set(levels) in ({0.0, 1.0}, {-1.0, 1.0}, {1.0, 2.0})
        return Taken(False, "", 0.95 if plain else 0.75, "pass --goal regression if the two numbers are amounts")
    if not (levels == np.round(levels)).all():
        return _decimals(levels, len(values))
    return _whole(name, kind, levels, counts, is_code)


def _decimals(levels: np.ndarray, n_rows: int) -> Taken:
    n = len(levels)
    instead = "pass --goal multiclass if each of them is a class of its own"
    if n <= 12 and n_rows >= 10 * n:
        halves = bool((levels * 2 == np.round(levels * 2)).all())
        steps = "in steps of a half, as ratings with halves are" if halves else "some with decimals"
        return Taken(True, f"the target holds {n:,} different numbers, {steps}", 0.7, instead)
    return Taken(
        True, f"the target holds {n:,} different numbers, some with decimals", 0.99 if n > 20 else 0.85, instead
    )


def _whole(name: str, kind: Column, levels: np.ndarray, counts: np.ndarray, is_code: bool) -> Taken:
    n, n_rows = len(levels), int(counts.sum())
    classes, amounts = "pass --goal multiclass if they are classes", "pass --goal regression if they are amounts"
    first_last = levels[-1] - levels[0] == n - 1
    contiguous = first_last and levels[0] in (0, 1)
    nominal, label = is_named(name, NOMINAL), is_named(name, LABELS)
    steps = n <= FEW_LEVELS and is_named(name, STEPS)  # a decile of incomes is no income
    stars = str(kind.reading.get("unit", "")).lower() in STAR_UNITS
    if stars and n <= 10:
        return Taken(False, "", 0.6, "pass --goal regression if the distance between them counts", ordered=True)
    if kind.kind == "embedded_number" or (is_named(name, AMOUNTS) and not nominal and not steps):
        why = f"the target holds {n:,} different whole numbers and its name or unit says an amount"
        return Taken(True, why, 0.95 if kind.kind == "embedded_number" or n > 10 else 0.8, classes)
    if is_code:
        return Taken(False, "", 0.8, amounts)
    if levels[0] >= 1800 and levels[-1] <= 2100 and n >= 5 and levels[-1] - levels[0] >= 4 and not nominal:
        return Taken(True, f"the target holds {n:,} different years", 0.75, classes)
    small = contiguous and n <= 10 and counts.min() >= 2
    if n > n_rows / 5 and not small and not (label and n <= n_rows / 2):
        why = f"the target holds {n:,} different whole numbers in {n_rows:,} rows"
        return Taken(True, why, 0.95 if n > FEW_LEVELS else 0.65, classes)
    if n <= FEW_LEVELS:
        return _few(name, levels, counts, contiguous, first_last)
    even = counts.min() >= 0.2 * counts.max() and n <= 50
    if (contiguous and even) or (nominal and counts.mean() >= 5 and levels[0] >= 0):
        return Taken(False, "", 0.85 if nominal else 0.75, amounts)
    if label and n <= 1000 and counts.mean() >= 10 and contiguous:
        return Taken(False, "", 0.75, amounts)
    return Taken(True, f"the target holds {n:,} different whole numbers", 0.9 if n > 100 else 0.75, classes)


def _few(name: str, levels: np.ndarray, counts: np.ndarray, contiguous: bool, first_last: bool) -> Taken:
    """At most twenty whole numbers."""
    n = len(levels)
    label = is_named(name, LABELS)
    if not is_named(name, NOMINAL) and first_last and levels[0] >= -10 and levels[-1] <= 20:
        if is_named(name, RATINGS):
            return Taken(False, "", 0.6, "pass --goal regression if the distance between them counts", ordered=True)
        if is_named(name, STEPS):
            return Taken(False, "", 0.8, "pass --goal regression if the distance between them counts", ordered=True)
    classes, amounts = "pass --goal multiclass if they are classes", "pass --goal regression if they are amounts"
    if n > 10 and (counts < 2).sum() >= 2 and not label:
        why = f"the target holds {n:,} different whole numbers, some of them once only, as counts do"
        return Taken(True, why, 0.75, classes)
    if contiguous and n >= 6 and not is_named(name, NOMINAL) and _is_counted(counts):
        why = f"the target holds {n:,} whole numbers from {levels[0]:g}, rarer and rarer beyond a peak, as counts are"
        return Taken(True, why, 0.65, classes)
    sure = 0.95 if is_named(name, NOMINAL) else 0.85 if contiguous else 0.75
    return Taken(False, "", sure if counts.sum() >= 30 else min(sure, 0.7), amounts)


def _is_counted(counts: np.ndarray) -> bool:
    """Frequencies that rise to one peak within and fall to next to nothing, as those of counted things do."""
    peak = int(counts.argmax())
    slack = 3.0 * np.sqrt(counts.max())
    steps = np.diff(counts.astype(np.float64))
    one_peak = bool((steps[:peak] >= -slack).all() and (steps[peak:] <= slack).all())
    return one_peak and 0 < peak < len(counts) - 2 and counts[-1] <= 0.05 * counts.max()
