"""Categorical and url columns of a table as integer codes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from automl.modalities.shared.specs import categories_spec
from automl.records import MIN_LEVEL_ROWS, ColumnArrays, InputSpec, Table
from automl.target_encoding.ridge import spelled

__all__ = ["Categories", "distinct", "distinct_of", "fit_categories", "restore_categories", "strings"]

MAX_LEVELS = 5_000
FEW_ROWS = 64
_HOST = re.compile(r"\s*(?:[a-z][a-z0-9+.\-]*:)?(?://)?(?:[^/?#@\s]*@)?(?:www\.)?([^/?#:\s]+)", re.IGNORECASE)


@dataclass(eq=False)
class Categories:
    """Levels → codes: 0 missing (and unseen, where training had no rare level), then levels by frequency.

    A level too rare in training for a code of its own (`MIN_LEVEL_ROWS`) shares the column's last code, and so does a
    level that training never showed: the network has learnt that code from levels of the same sort. Levels that
    spelling alone tells apart are one (`automl.target_encoding.ridge.spelled`).

    Attributes:
        columns: names.
        hosts: whether a column holds urls, of which only the host is kept.
        levels: each column's levels, most frequent first; level i has code i + 1.
        rare: code of rare levels, a column; 0 where there were none.
    """

    columns: list[str]
    hosts: list[bool]
    levels: list[list[str]]
    rare: list[int]

    @cached_property
    def codes(self) -> list[dict[str, int]]:
        """Level → code, a column."""
        return [{level: code for code, level in enumerate(levels, 1)} for levels in self.levels]

    def transform(self, frame: Table) -> np.ndarray:
        """Codes ``(n, n_columns)`` int32."""
        out = np.empty((len(frame), len(self.columns)), np.int32)
        for place, (name, is_url) in enumerate(zip(self.columns, self.hosts, strict=True)):
            codes, rare = self.codes[place], self.rare[place]
            read = _host if is_url else spelled
            at, cells = distinct_of(frame, name)
            levels = [None if cell is None else read(cell) for cell in cells]
            out[:, place] = np.array([0 if v is None else codes.get(v, rare) for v in levels], np.int32)[at]
        return out

    def state(self) -> dict[str, Any]:
        """Plain lists."""
        return {"columns": self.columns, "hosts": self.hosts, "levels": self.levels, "rare": self.rare}


def restore_categories(state: Mapping[str, Any]) -> Categories:
    """The part that `Categories.state` described."""
    return Categories(
        columns=list(state["columns"]),
        hosts=[bool(value) for value in state["hosts"]],
        levels=[list(levels) for levels in state["levels"]],
        rare=[int(code) for code in state["rare"]],
    )


def fit_categories(
    frame: pd.DataFrame, columns: Sequence[str], urls: Sequence[str] = ()
) -> tuple[Categories, InputSpec] | None:
    """Fit on a frame of training rows; None when no column varies."""
    part = Categories([], [], [], [])
    for name in columns:
        read = _host if name in urls else spelled
        at, cells = distinct(frame[name])
        counts: Counter[str] = Counter()
        for cell, n in zip(cells, np.bincount(at, minlength=len(cells)).tolist(), strict=True):
            level = None if cell is None else read(cell)
            if level is not None:
                counts[level] += n
        n_missing = len(frame) - counts.total()
        levels, n_rare = _frequent(counts)
        if len(levels) + (n_rare > 0) + (n_missing > 0) < 2:
            continue
        part.columns.append(name)
        part.hosts.append(name in urls)
        part.levels.append(levels)
        part.rare.append(len(levels) + 1 if n_rare else 0)
    if not part.columns:
        return None
    sizes = [1 + len(levels) + (rare > 0) for levels, rare in zip(part.levels, part.rare, strict=True)]
    return part, categories_spec(part.columns, sizes)


def _frequent(counts: Mapping[str, int]) -> tuple[list[str], int]:
    """Levels with a code of their own, most frequent first, and how many levels are left for the rare code."""
    ranked = sorted(
        (level for level, n in counts.items() if n >= MIN_LEVEL_ROWS), key=lambda level: (-counts[level], level)
    )
    levels = ranked[:MAX_LEVELS]
    return levels, len(counts) - len(levels)


def strings(column: pd.Series | np.ndarray) -> list[str | None]:
    """A column as Python strings, None where missing."""
    values: list[Any] = np.asarray(column, dtype=object).tolist()
    return [v if isinstance(v, str) else None if v is None or v is pd.NA or v != v else str(v) for v in values]


def distinct(column: pd.Series | np.ndarray) -> tuple[np.ndarray, list[str | None]]:
    """The place ``(n,)`` of each cell among the distinct ones, and those as Python strings, None where missing.

    What is made of a cell on its own is then made once for each, and taken by place.
    """
    cells = strings(column) if len(column) <= FEW_ROWS else None
    if cells is not None:  # for a few rows pandas would take longer to begin
        places = {cell: place for place, cell in enumerate(dict.fromkeys(cells))}
        return np.array([places[cell] for cell in cells], np.int64), list(places)
    codes, values = pd.factorize(np.asarray(column, dtype=object))
    return np.where(codes < 0, len(values), codes), [*strings(pd.Series(values, dtype=object)), None]


def distinct_of(frame: Table, name: str) -> tuple[np.ndarray, list[str | None]]:
    """`distinct` of a column; as the reader of the rows found it, if it did."""
    known = frame.distinct.get(name) if isinstance(frame, ColumnArrays) else None
    return distinct(frame[name]) if known is None else (known.at, known.cells)


def _host(url: str) -> str | None:
    found = _HOST.match(url)
    return found.group(1).lower() if found else None
