"""Rules that hold in all rows of a table and would not by chance: orders, sums, and levels that follow from others."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Rule", "broken", "rules_of"]

LEAST_ROWS = 50
BY_CHANCE = 0.05
"""A rule is one if shuffled columns break it in at least this share of the rows."""
MOST_NUMBERS = 30
MOST_SUMMED = 12
MOST_DETERMINING = 200
MOST_RULES = 12


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A rule in words, and which rows break it.

    Attributes:
        words: such as "start ≤ end".
        breaks: ``(n,)`` bool of rows, a structured array.
    """

    words: str
    breaks: Callable[[np.ndarray], np.ndarray]


def broken(rule: Rule, rows: np.ndarray) -> float:
    """The share of rows that break a rule."""
    return float(rule.breaks(rows).mean()) if len(rows) else 0.0


def rules_of(rows: np.ndarray) -> list[Rule]:
    """Rules that hold in all of these rows, those that chance would break most often first.

    Args:
        rows: training rows, a structured array.
    """
    if len(rows) < LEAST_ROWS:
        return []
    rng = np.random.default_rng(len(rows))
    shuffled = rows.copy()
    for name in rows.dtype.names or ():
        shuffled[name] = rows[name][rng.permutation(len(rows))]
    found = []
    for rule in (*_ascending(rows), *_sums(rows), *_dependencies(rows)):
        chance = broken(rule, shuffled)
        if chance >= BY_CHANCE and not rule.breaks(rows).any():
            found.append((chance, rule))
    found.sort(key=lambda pair: -pair[0])
    return [rule for _, rule in found[:MOST_RULES]]


def _numbers(rows: np.ndarray, most: int) -> list[str]:
    names = [name for name in rows.dtype.names or () if rows[name].dtype.kind == "f"]
    return [name for name in names if len(np.unique(rows[name][~np.isnan(rows[name])])) > 2][:most]


def _ascending(rows: np.ndarray) -> list[Rule]:
    """a ≤ b, where both are often known."""
    made = []
    for a, b in itertools.permutations(_numbers(rows, MOST_NUMBERS), 2):
        known = ~(np.isnan(rows[a]) | np.isnan(rows[b]))
        if known.sum() >= LEAST_ROWS and bool((rows[a][known] <= rows[b][known]).all()):
            made.append(Rule(f"{a} ≤ {b}", lambda some, a=a, b=b: some[a] > some[b]))  # type: ignore[misc]
    return made


def _sums(rows: np.ndarray) -> list[Rule]:
    """a + b = c."""
    made = []
    names = _numbers(rows, MOST_SUMMED)
    for a, b in itertools.combinations(names, 2):
        for c in names:
            if c in (a, b):
                continue
            known = ~(np.isnan(rows[a]) | np.isnan(rows[b]) | np.isnan(rows[c]))
            if known.sum() >= LEAST_ROWS and not _off(rows[known], a, b, c).any():
                made.append(Rule(f"{a} + {b} = {c}", lambda some, a=a, b=b, c=c: _off(some, a, b, c)))  # type: ignore[misc]
    return made


def _off(rows: np.ndarray, a: str, b: str, c: str) -> np.ndarray:
    size = np.abs(rows[a]) + np.abs(rows[b]) + np.abs(rows[c])
    return np.asarray(np.abs(rows[a] + rows[b] - rows[c]) > 1e-6 * size)


def _dependencies(rows: np.ndarray) -> list[Rule]:
    """Each level of a has one value of b, where levels of a come back."""
    made = []
    codes = {name: np.unique(_texts(rows[name]), return_inverse=True) for name in rows.dtype.names or ()}
    few = {name: one for name, one in codes.items() if 1 < len(one[0]) <= min(MOST_DETERMINING, len(rows) // 10)}
    for a, (levels, own) in few.items():
        for b, (values, other) in codes.items():
            if a == b or not 1 < len(values) <= len(levels):
                continue
            pairs = np.unique(own.astype(np.int64) * len(values) + other)
            if len(pairs) == len(levels):
                of = dict(zip(levels[pairs // len(values)].tolist(), values[pairs % len(values)].tolist(), strict=True))
                made.append(Rule(f"{a} determines {b}", lambda some, a=a, b=b, of=of: _differs(some, a, b, of)))  # type: ignore[misc]
    return made


def _texts(values: np.ndarray) -> np.ndarray:
    return values if values.dtype.kind == "U" else values.astype(str)


def _differs(rows: np.ndarray, a: str, b: str, of: dict[str, str]) -> np.ndarray:
    pairs = zip(_texts(rows[a]).tolist(), _texts(rows[b]).tolist(), strict=True)
    return np.array([of.get(level, value) != value for level, value in pairs], bool)
