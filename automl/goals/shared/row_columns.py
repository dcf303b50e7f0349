"""One column of a table as normal scores or codes, and back (see `automl.goals.shared.rowcodec`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr, ndtri

from automl.goals.shared.new_identifiers import NewIdentifiers, fit_new_identifiers, restore_new_identifiers
from automl.goals.shared.quantile_function import (
    QuantileFunction,
    fit_quantile_function,
    restore_quantile_function,
)
from automl.records import MIN_LEVEL_ROWS, Column
from automl.target_encoding.microaggregation import median

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "MISSING",
    "DerivedColumn",
    "IdentifierColumn",
    "LevelColumn",
    "RowColumn",
    "ScoreColumn",
    "fit_column",
    "fit_derived",
    "restore_column",
]

MISSING = 0
FEW_VALUES = 20
"""Numbers of no more different values than that are generated as levels."""
RARE_SHARE = 0.01
"""Most rows whose value fewer than `MIN_LEVEL_ROWS` rows hold, where numbers are generated as levels."""
MAX_LEVELS = 5_000
NEAREST_ONE = 1e-12
UNITS: Mapping[str, int] = {"D": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000}
"""Resolutions of dates in microseconds, coarsest first; what is finer is read in microseconds."""


@dataclass(eq=False)
class ScoreColumn:
    """Numbers or dates as normal scores, and whether they are missing as codes: 0 missing, 1 known.

    Attributes:
        name: of the column.
        dtype: of the frame's column.
        unit: dates only: a key of `UNITS` or "us"; else "".
        quantiles: of the known values; of dates in their unit since 1970.
        shares: ``(2,)`` of the codes; empty where no value was missing.
    """

    name: str
    dtype: str
    unit: str
    quantiles: QuantileFunction
    shares: np.ndarray

    def scores(self, cells: pd.Series, rng: np.random.Generator) -> np.ndarray:
        """Normal scores ``(n,)``; drawn at random where the cell is missing."""
        values = as_values(cells, self.unit)
        rank = rng.random(len(values))
        known = np.isfinite(values)
        rank[known] = self.quantiles.rank(values[known], rng)
        return np.asarray(ndtri(np.clip(rank, NEAREST_ONE, 1.0 - NEAREST_ONE)))

    def codes(self, cells: pd.Series, rng: np.random.Generator) -> np.ndarray:
        """Codes ``(n,)``."""
        return np.asarray(np.isfinite(as_values(cells, self.unit)), np.int32)

    def decode(self, scores: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
        """Values ``(n,)``, missing where the code says so."""
        values = self.quantiles.value(ndtr(np.nan_to_num(np.asarray(scores, np.float64))))
        if codes is not None:
            values[codes <= MISSING] = np.nan
        return as_cells(values, self.unit)

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and arrays."""
        return {"kind": "scores", "name": self.name, "dtype": self.dtype, "unit": self.unit,
                "quantiles": self.quantiles.state(), "shares": self.shares}  # fmt: skip


@dataclass(eq=False)
class LevelColumn:
    """Levels as codes: 0 missing, then the levels; numbers and dates of few values in their order.

    Attributes:
        name: of the column.
        dtype: of the frame's column.
        unit: as of `ScoreColumn`.
        levels: strings, most frequent first, or a float64 array of ascending values.
        shares: ``(1 + n_levels,)`` of the codes; empty where all rows are alike.
        is_rare: whether no level was shared by enough rows though cells were known.
    """

    name: str
    dtype: str
    unit: str
    levels: list[str] | np.ndarray
    shares: np.ndarray
    is_rare: bool = False

    def codes(self, cells: pd.Series, rng: np.random.Generator) -> np.ndarray:
        """Codes ``(n,)``: numbers of another value count as the nearest, other levels as one drawn by the shares."""
        if isinstance(self.levels, np.ndarray):
            values = as_values(cells, self.unit)
            known = np.isfinite(values)
            return np.where(known, 1 + nearest(self.levels, np.where(known, values, self.levels[0])), MISSING)
        at, different = _distinct(cells)
        code_of = {level: code for code, level in enumerate(self.levels, 1)}
        codes = np.array([MISSING if cell is None else code_of.get(cell, -1) for cell in different])[at]
        rare = np.flatnonzero(codes < 0)
        shares = self.shares[1:] / self.shares[1:].sum()
        codes[rare] = 1 + rng.choice(len(shares), len(rare), p=shares)
        return np.asarray(codes)

    def decode(self, codes: np.ndarray | None, n: int) -> np.ndarray:
        """Cells ``(n,)``; of a column whose rows are all alike, without codes."""
        if codes is None:
            codes = np.full(n, min(len(self.levels), 1))
        codes = np.clip(codes, MISSING, len(self.levels))
        if isinstance(self.levels, np.ndarray):
            return as_cells(np.concatenate([[np.nan], self.levels])[codes], self.unit)
        return np.asarray(np.array([None, *self.levels], dtype=object)[codes])

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays."""
        return {"kind": "levels", "name": self.name, "dtype": self.dtype, "unit": self.unit, "levels": self.levels,
                "shares": self.shares}  # fmt: skip


@dataclass(eq=False)
class IdentifierColumn:
    """Names of rows, drawn anew."""

    name: str
    dtype: str
    names: NewIdentifiers

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        return {"kind": "names", "name": self.name, "dtype": self.dtype, "names": self.names.state()}


@dataclass(eq=False)
class DerivedColumn:
    """Numbers that follow from the level beside them, such as the middle of a bin.

    Attributes:
        name: of the column.
        dtype: of the frame's column.
        source: name of the column of levels.
        levels: of that column.
        values: ``(n_levels,)`` float64, the number of each level.
    """

    name: str
    dtype: str
    source: str
    levels: list[str]
    values: np.ndarray

    def decode(self, levels: np.ndarray) -> np.ndarray:
        """Numbers ``(n,)``, NaN beside no level."""
        value_of: dict[Any, float] = dict(zip(self.levels, self.values.tolist(), strict=True))
        return np.array([value_of.get(level, np.nan) for level in levels.tolist()], np.float64)

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays."""
        return {"kind": "derived", "name": self.name, "dtype": self.dtype, "source": self.source,
                "levels": self.levels, "values": self.values}  # fmt: skip


RowColumn = ScoreColumn | LevelColumn | IdentifierColumn | DerivedColumn


def restore_column(state: Mapping[str, Any]) -> RowColumn:
    """The column that its `state` described.

    Raises:
        ValueError: it is malformed.
    """
    kind, name, dtype = state["kind"], str(state["name"]), str(state["dtype"])
    if kind == "names":
        return IdentifierColumn(name, dtype, restore_new_identifiers(state["names"]))
    if kind == "derived":
        values = np.asarray(state["values"], np.float64)
        return DerivedColumn(name, dtype, str(state["source"]), [str(level) for level in state["levels"]], values)
    shares, unit = np.asarray(state["shares"], np.float64), str(state["unit"])
    if unit not in (*UNITS, "us", ""):
        raise ValueError(f"{unit!r:.20} is no resolution of dates")
    if kind == "scores":
        return ScoreColumn(name, dtype, unit, restore_quantile_function(state["quantiles"]), shares)
    levels = state["levels"]
    levels = np.asarray(levels, np.float64) if isinstance(levels, np.ndarray) else [str(level) for level in levels]
    if kind != "levels" or shares.ndim != 1 or len(shares) not in (0, 1 + len(levels)):
        raise ValueError(f"a column of kind {kind!r:.20} with {len(shares)} shares of {len(levels)} levels is none")
    return LevelColumn(name, dtype, unit, levels, shares)


def fit_column(column: Column, cells: pd.Series) -> RowColumn:
    """One column of training rows, by its kind."""
    dtype = str(cells.dtype)
    if column.kind == "identifier":
        return IdentifierColumn(column.name, dtype, fit_new_identifiers(_strings(cells)))
    if cells.dtype.kind not in "fiubM":
        return _levels(column.name, dtype, cells)
    unit = _unit(cells) if cells.dtype.kind == "M" else ""
    values = as_values(cells, unit)
    known = values[np.isfinite(values)]
    different, counts = np.unique(known, return_counts=True)
    kept = counts >= MIN_LEVEL_ROWS
    n_rare = int(counts[~kept].sum())
    few = kept.sum() <= FEW_VALUES and n_rare < max(MIN_LEVEL_ROWS, RARE_SHARE * len(known))
    if few or len(known) < MIN_LEVEL_ROWS:
        levels = different[kept]
        counted = np.bincount(nearest(levels, known), minlength=len(levels)) if len(levels) else np.zeros(0)
        n_missing = len(values) - int(counted.sum())
        return LevelColumn(column.name, dtype, unit, levels, _shares(n_missing, counted))
    shares = _shares(len(values) - len(known), np.array([len(known)]))
    return ScoreColumn(column.name, dtype, unit, fit_quantile_function(known), shares)


def fit_derived(name: str, source: str, frame: pd.DataFrame) -> DerivedColumn:
    """The numbers of a column by the levels beside it, of training rows."""
    at, different = _distinct(frame[source])
    values = as_values(frame[name], "")
    levels, found = [], []
    for place, level in enumerate(different):
        own = values[(at == place) & np.isfinite(values)]
        if level is not None and len(own) >= MIN_LEVEL_ROWS:
            levels.append(level)
            found.append(median(own))
    return DerivedColumn(name, str(frame[name].dtype), source, levels, np.array(found, np.float64))


def nearest(levels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The place of the nearest of ascending levels for each value ``(n,)``."""
    above = np.clip(np.searchsorted(levels, values), 0, len(levels) - 1)
    below = np.maximum(above - 1, 0)
    return np.where(np.abs(values / 2 - levels[below] / 2) < np.abs(levels[above] / 2 - values / 2), below, above)


def as_values(cells: pd.Series, unit: str) -> np.ndarray:
    """Cells as float64: numbers as they are, dates in their unit since 1970; NaN or infinite where missing."""
    if not unit:
        return cells.to_numpy(np.float64)
    times = cells.to_numpy("datetime64[us]")
    return np.where(np.isnat(times), np.nan, times.astype(f"datetime64[{unit}]").astype(np.int64))


def as_cells(values: np.ndarray, unit: str) -> np.ndarray:
    """What `as_values` was made of."""
    if not unit:
        return values
    whole = np.nan_to_num(np.round(values)).astype(np.int64).astype(f"datetime64[{unit}]").astype("datetime64[us]")
    return np.where(np.isnan(values), np.datetime64("NaT", "us"), whole)


def _distinct(cells: pd.Series) -> tuple[np.ndarray, list[str | None]]:
    """The place ``(n,)`` of each cell among the different ones, and those as strings; the last is None for missing."""
    import pandas as pd

    codes, values = pd.factorize(np.asarray(cells, dtype=object))
    return np.where(codes < 0, len(values), codes), [*(str(value) for value in values), None]


def _strings(cells: pd.Series) -> list[str | None]:
    at, different = _distinct(cells)
    return [different[place] for place in at.tolist()]


def _unit(cells: pd.Series) -> str:
    """The resolution in which dates are written, but for fewer rows than may be told of."""
    times = cells.to_numpy("datetime64[us]")
    ticks = times[~np.isnat(times)].astype(np.int64)
    finer = (unit for unit, size in UNITS.items() if np.count_nonzero(ticks % size) < MIN_LEVEL_ROWS)
    return next(finer, "us")


def _levels(name: str, dtype: str, cells: pd.Series) -> LevelColumn:
    at, different = _distinct(cells)
    counts = Counter({
        cell: n for cell, n in zip(different, np.bincount(at, minlength=len(different)).tolist(), strict=True)
        if cell is not None
    })  # fmt: skip
    n_known = counts.total()
    levels = [
        level for level, n in sorted(counts.items(), key=lambda one: (-one[1], one[0])) if n >= MIN_LEVEL_ROWS
    ][:MAX_LEVELS]  # fmt: skip
    shown = np.array([counts[level] for level in levels], np.float64)
    known = shown * (n_known / shown.sum()) if len(levels) else shown
    n_missing = len(at) - (n_known if len(levels) else 0)
    return LevelColumn(name, dtype, "", levels, _shares(n_missing, known), not levels and n_known >= MIN_LEVEL_ROWS)


def _shares(n_missing: int, counts: np.ndarray) -> np.ndarray:
    """The share of each code, missing first; empty where one code is all there is."""
    found = np.array([n_missing, *counts.tolist()], np.float64)
    return found / found.sum() if np.count_nonzero(found) > 1 else np.zeros(0)
