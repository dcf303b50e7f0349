"""Cells of words as levels, members of lists and plain strings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from automl.target_encoding.ridge import spelled

__all__ = ["FEW_ROWS", "by_cell", "cells_of", "counted", "evenly", "find", "levels_of", "tokens_of"]

MISSING = "\x00missing"
FEW_ROWS = 64
"""Up to so many rows a loop is quicker than a table of all levels."""


def level(value: Any) -> str:
    """A category as `automl.target_encoding.ridge.spelled`; missing values are a level of their own."""
    return MISSING if value is None or value != value else spelled(str(value))


def parts(value: Any) -> list[str]:
    """The distinct items of a list cell: separated by ``;``, ``|`` or ``,``, brackets and quotes dropped."""
    if value is None or value != value:
        return []
    text = str(value).strip().strip("[](){}")
    for mark in (";", "|", ","):
        if mark in text:
            return list(dict.fromkeys(spelled(p.strip().strip("'\"")) for p in text.split(mark) if p.strip()))
    return [spelled(text)] if text else []


def tokens_of(column: pd.Series | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All members of a column of lists one after the other, and the row that each belongs to."""
    bags = [parts(v) for v in column]
    owner = np.repeat(np.arange(len(bags)), [len(bag) for bag in bags])
    return np.array([token for bag in bags for token in bag], dtype=np.str_), owner.astype(np.int64)


def levels_of(column: pd.Series | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct levels of a column in order (perhaps one more), and the place of each row's among them."""
    if len(column) <= FEW_ROWS:
        return np.unique(np.array([level(v) for v in column], dtype=np.str_), return_inverse=True)
    codes, values = pd.factorize(column)  # spells each value once, not each row's
    names, at = np.unique(np.array([*map(level, values), MISSING], dtype=np.str_), return_inverse=True)
    return names, at[codes]  # a missing value has the code -1


def counted(column: pd.Series, is_list: bool) -> tuple[np.ndarray, np.ndarray]:
    """The distinct tokens of a column in order, and how often each occurs."""
    if is_list:
        return np.unique(tokens_of(column)[0], return_counts=True)
    names, at = levels_of(column)
    counts = np.bincount(at, minlength=len(names))
    return names[counts > 0], counts[counts > 0]


def find(names: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Positions of tokens in sorted names, -1 where absent."""
    if not len(names):
        return np.full(len(tokens), -1)
    at = np.minimum(np.searchsorted(names, tokens), len(names) - 1)
    return np.where(names[at] == tokens, at, -1)


def cells_of(column: pd.Series | np.ndarray) -> list[str]:
    """Cells as strings, empty where missing."""
    return [str(v) if v is not None and v == v else "" for v in column]


def by_cell(cells: list[str], compute: Callable[[list[str]], np.ndarray]) -> np.ndarray:
    """What is computed of each cell on its own, once for each distinct cell where they mostly come back."""
    if len(cells) <= FEW_ROWS:
        return compute(cells)
    codes, values = pd.factorize(np.array([*cells, None], dtype=object)[:-1])
    return compute(cells) if len(values) > len(cells) / 2 else compute(list(values))[codes]


def evenly(n_rows: int, at_most: int) -> np.ndarray:
    """All rows, or so many of them, evenly spread."""
    return np.arange(n_rows) if n_rows <= at_most else np.linspace(0, n_rows - 1, at_most).astype(np.int64)
