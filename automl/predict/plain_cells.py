"""Cells of a single column as they come, and the readers of those in which nothing is odd."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from automl.detect.parse import FALSE_WORDS, MISSING_WORDS, TRUE_WORDS, booleans, is_percent, plain_stamps
from automl.predict.odd_rows import SCALES, most_expected
from automl.records import FILE_KINDS, QUANTITY_KINDS, Column, DistinctCells

__all__ = ["Cells", "Reader", "is_clean", "listed_cells", "objects", "reader_of", "series_cells"]

Cells: TypeAlias = np.ndarray | DistinctCells
"""A column as the reader of files leaves it: numbers, truths or times without a zone, or texts."""
Values: TypeAlias = np.ndarray | DistinctCells
"""The values of a column ``(n,)``, as `automl.detect.read_new` has them."""
Reader: TypeAlias = Callable[[Cells], Values | None]
"""None where it is not sure of a cell."""
FEW_ROWS = 64
"""Up to so many rows it takes longer to find the distinct cells than to read each one."""

CERTAIN = re.compile(r"[+-]?[0-9]{1,15}(?:\.(?:[0-9]{1,2}|[0-9]{4,12}))?")
"""A point before three digits may part thousands."""
EXACT = 2**53
"""Whole numbers beyond are not all floats."""
PLAIN_TYPES = frozenset(map(np.dtype, ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"]))
FIRST, LAST = np.datetime64("1677-09-22", "ns"), np.datetime64("2262-04-10", "ns")
"""Times that dates are read within."""
TIME_UNITS = frozenset({"datetime64[s]", "datetime64[ms]", "datetime64[us]", "datetime64[ns]"})


def is_clean(text: str) -> bool:
    """Whether a text can be written as UTF-8, and holds no NUL."""
    if text.isascii():
        return "\0" not in text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text


# --------------------------------------------------------------------------- as they come


def series_cells(series: pd.Series) -> Cells | None:
    """The cells of a column of a frame; None of a type that the reader of frames has to look at."""
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        if dtype in PLAIN_TYPES or str(dtype) in TIME_UNITS:
            return series.to_numpy()
        return listed_cells(series.tolist()) if dtype.kind == "O" else None
    if isinstance(dtype, pd.StringDtype) and dtype.na_value is not pd.NA:
        if len(series) > FEW_ROWS:
            at, known = series.array.factorize()
            known = [*known.to_numpy(dtype=object).tolist(), None]
            return DistinctCells(np.where(at < 0, len(known) - 1, at), known)
        return _each(series.array.to_numpy(dtype=object, na_value=None).tolist())
    return None


def listed_cells(values: list[Any]) -> Cells | None:
    """Python's own values as a frame of them would be typed; None of other values, and of several kinds."""
    kinds = set(map(type, values))
    if float in kinds and kinds - {float, int, type(None)}:
        values = [None if type(value) is float and value != value else value for value in values]
        kinds = set(map(type, values))
    has_gaps = type(None) in kinds
    kinds.discard(type(None))
    if kinds == {str}:
        return _distinct(values) if len(values) > FEW_ROWS else _each(values)
    if not kinds:
        return np.full(len(values), np.nan)
    if kinds == {bool} and not has_gaps:
        return np.array(values, bool)
    if kinds <= {int, float} and all(type(value) is not int or abs(value) <= EXACT for value in values):
        if kinds == {int} and not has_gaps:
            return np.array(values, np.int64)
        return np.array([np.nan if value is None else value for value in values], np.float64)
    return None


def _each(values: list[str | None]) -> DistinctCells:
    return DistinctCells(np.arange(len(values)), values)


def _distinct(values: list[str | None]) -> DistinctCells:
    places = {value: place for place, value in enumerate(dict.fromkeys(values))}
    return DistinctCells(np.array([places[value] for value in values], np.int64), list(places))


# --------------------------------------------------------------------------- readers


def reader_of(column: Column) -> Reader | None:
    """The reader of a used column; None of kinds that other files or columns belong to."""
    if column.level_column is not None or column.kind in (*FILE_KINDS, "list"):
        return None
    if column.kind in QUANTITY_KINDS:
        return _numbers(column)
    if column.kind == "boolean":
        return _truths(column)
    if column.kind == "datetime":
        return _times(column)
    if column.kind == "text":
        return _texts(column)
    return _levels(column) if "levels" in column.seen else _words(column)


def _is_gappy(n_gaps: int, n: int, column: Column) -> bool:
    """Whether more cells are missing than training would lead to expect."""
    return n_gaps > 0 and n_gaps > most_expected(n, column.seen.get("missing", 1.0))


def _is_inside(values: np.ndarray, column: Column) -> bool:
    """Whether all numbers ``(n,)`` are within training's range, and no sign of another scale."""
    seen = column.seen
    if "low" not in seen or not len(values):
        return True
    if values.min() < seen["low"] or values.max() > seen["high"]:
        return False
    if "usual" not in seen:
        return True
    sizes = np.abs(values[values != 0])
    factor = min(factor for _, factor in SCALES)
    small, large = seen["usual"]
    return not len(sizes) or bool(sizes.max() >= small / factor and sizes.min() <= large * factor)


def _numbers(column: Column) -> Reader:
    """Numbers that came as such, or as digits that can be read in one way alone."""
    reading = column.reading
    is_written = reading.get("decimal", ".") == "." and not reading.keys() & {"unit", "units", "brackets"}
    is_other = bool(reading.keys() & {"bins", "form"}) or is_percent(str(reading.get("unit") or ""))
    stand_ins = np.asarray(reading.get("missing") or [], np.float64)

    def read(cells: Cells) -> np.ndarray | None:
        if is_other:
            return None
        if isinstance(cells, DistinctCells):
            if not is_written or not all(cell is None or CERTAIN.fullmatch(cell) for cell in cells.cells):
                return None
            values = np.array([np.nan if cell is None else float(cell) for cell in cells.cells], np.float64)[cells.at]
        elif cells.dtype.kind in "iuf":
            values = cells.astype(np.float64)
        else:
            return None
        there = np.isfinite(values)
        n_gaps = len(values) - int(there.sum())
        known = values
        if n_gaps:
            values[~there] = np.nan
            known = values[there]
        if _is_gappy(n_gaps, len(values), column) or not _is_inside(known, column):
            return None
        return None if len(stand_ins) and np.isin(known, stand_ins).any() else values

    return read


def _truths(column: Column) -> Reader:
    """Yes and no in the words of training and in usual ones, and truths and whole numbers that came as such."""
    spelled = [str(column.reading.get(name, name)) for name in ("true", "false")]
    usual = [*TRUE_WORDS, *FALSE_WORDS, *spelled]
    words = dict.fromkeys([*usual, *(word.title() for word in usual), *(word.upper() for word in usual), *spelled])
    texts: list[Any] = [word for word in words if word == word.strip() and word.lower() not in MISSING_WORDS]
    of_text = _table([*texts, None], column)
    of_truth, of_number = _table([False, True], column), _table([0, 1], column)

    def read(cells: Cells) -> np.ndarray | None:
        if isinstance(cells, np.ndarray):
            table = {"b": of_truth, "i": of_number, "u": of_number}.get(cells.dtype.kind)
            found, at = (None if table is None else _looked_up(cells.tolist(), table)), None
        else:
            found, at = _looked_up(cells.cells, of_text), cells.at
        if found is None:
            return None
        values = np.array(found, np.float64) if at is None else np.array(found, np.float64)[at]
        return None if _is_gappy(int(np.isnan(values).sum()), len(values), column) else values

    return read


def _table(cells: Sequence[Any], column: Column) -> dict[Any, float]:
    """What cells of a column of truths are read as; those that are read as nothing are left out, but for None."""
    values = booleans(pd.Series(list(cells), dtype=object), column.reading).tolist()
    pairs = zip(cells, values, strict=True)
    return {cell: value for cell, value in pairs if cell is None or not np.isnan(value)}


def _looked_up(cells: Sequence[Any], table: Mapping[Any, Any]) -> list[Any] | None:
    try:
        return [table[cell] for cell in cells]
    except KeyError:
        return None


def _times(column: Column) -> Reader:
    """Times that came as such, and texts in the form of the standard."""
    is_other = bool(column.reading.keys() & {"numbers", "wall"})

    def read(cells: Cells) -> np.ndarray | None:
        if isinstance(cells, np.ndarray):
            values = _nanoseconds(cells) if cells.dtype.kind == "M" else None
        else:
            values = None if is_other else plain_stamps(cells.cells)
            values = None if values is None else values[cells.at]
        if values is None:
            return None
        gone = np.isnat(values)
        seconds = values[~gone].astype("datetime64[s]").astype(np.int64).astype(np.float64)
        if _is_gappy(int(gone.sum()), len(values), column) or not _is_inside(seconds, column):
            return None
        return values

    return read


def _nanoseconds(stamps: np.ndarray) -> np.ndarray | None:
    """Times as datetime64[ns]; None where one is beyond what these can tell."""
    known = stamps[~np.isnat(stamps)]
    unit = known.dtype
    if len(known) and (known.min() < FIRST.astype(unit) + 1 or known.max() > LAST.astype(unit) - 1):
        return None
    return stamps.astype("datetime64[ns]")


def _texts(column: Column) -> Reader:
    """Free texts, freed of blanks around them."""

    def read(cells: Cells) -> DistinctCells | None:
        if isinstance(cells, np.ndarray) or "levels" in column.seen:
            return None
        if not all(cell is None or is_clean(cell) for cell in cells.cells):
            return None
        return _distinct_words(cells.at, [cell.strip() if cell is not None else "" for cell in cells.cells], "", column)

    return read


def _levels(column: Column) -> Reader:
    """Levels in the spelling of training."""
    known: dict[Any, Any] = {level: level for level in column.seen["levels"]}
    known[None] = None

    def read(cells: Cells) -> DistinctCells | None:
        if isinstance(cells, np.ndarray):
            if cells.dtype.kind not in "iu":
                return None
            cells = _each([str(number) for number in cells.tolist()])
        found = _looked_up(cells.cells, known)
        return None if found is None else _distinct_words(cells.at, found, None, column)

    return read


def _words(column: Column) -> Reader:
    """Levels of a column that has too many to be known."""

    def read(cells: Cells) -> DistinctCells | None:
        if isinstance(cells, np.ndarray) or not all(cell is None or is_clean(cell) for cell in cells.cells):
            return None
        stripped = ["" if cell is None else cell.strip() for cell in cells.cells]
        found = [None if text.lower() in MISSING_WORDS else text for text in stripped]
        return _distinct_words(cells.at, found, None, column)

    return read


def _distinct_words(at: np.ndarray, found: list[Any], gap: str | None, column: Column) -> DistinctCells | None:
    """Words by what was read of each distinct cell; None where more are missing than training would lead to expect."""
    gaps = [place for place, cell in enumerate(found) if cell == gap]
    n_gaps = int(np.bincount(at, minlength=len(found))[gaps].sum()) if gaps else 0
    return None if _is_gappy(n_gaps, len(at), column) else DistinctCells(at, found)


def objects(values: Sequence[Any]) -> np.ndarray:
    """Python's values as an array ``(n,)`` of objects."""
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made
