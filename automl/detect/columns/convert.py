"""Type a frame by its columns' recorded kinds and readings: at detection and for new rows alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.parse import booleans, dates, numbers, word, words
from automl.errors import DataError
from automl.frame_columns import number_blocks, numpy_kinds
from automl.records import QUANTITY_KINDS, Column

__all__ = [
    "Cells",
    "as_frame",
    "cells_of",
    "framed",
    "levels_beside",
    "read",
    "read_values",
    "stored_numbers",
    "typed",
    "typed_values",
    "words_among",
]

MANY_COLUMNS = 64
NUMBERS = frozenset("biuf")
"""Kinds of NumPy types that are read as numbers as they stand."""


def read(frame: Any, columns: Sequence[Column]) -> pd.DataFrame:
    """Convert raw columns by their kinds.

    Args:
        frame: rows as they came, any column types; a 2-D array has columns x0, x1, ...
        columns: what the columns hold. A column the frame lacks is filled as missing, one it has beyond these is
            dropped, and the order is that of `columns`.

    Returns:
        A new frame with a RangeIndex: float64 for numeric, embedded_number and boolean (NaN missing);
        datetime64[ns] for datetime (NaT missing); texts for text ("" missing); Python strings or None for others.
        A value that cannot be read is missing. Levels that stand beside numbers (`automl.records.Column.level_column`)
        follow their column as one of their own.
    """
    frame = as_frame(frame)
    return framed(read_values(cells_of(frame), columns, len(frame), stored_numbers(frame, columns)), len(frame))


class Cells(Mapping[str, pd.Series]):
    """The columns of a frame by name, the first of each name; a series is made when it is asked for.

    Args:
        frame: any.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.places: dict[str, int] = {}
        for place, name in enumerate(map(str, frame.columns)):
            self.places.setdefault(name, place)

    def __getitem__(self, name: str) -> pd.Series:
        return self.frame.iloc[:, self.places[name]]

    def __contains__(self, name: object) -> bool:
        return name in self.places

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


def cells_of(frame: pd.DataFrame) -> Cells:
    """The columns of a frame by name, the first of each name."""
    return Cells(frame)


def stored_numbers(frame: pd.DataFrame, columns: Sequence[Column]) -> dict[str, np.ndarray]:
    """The columns of numbers that a frame stores as such and that nothing is to be read of: many at a time.

    Args:
        frame: as it came.
        columns: as in `read`.

    Returns:
        By name, ``(n,)`` as `typed_values` reads each.
    """
    if not frame.columns.is_unique:
        return {}
    stored = {str(name) for name, kind in zip(frame.columns, numpy_kinds(frame), strict=True) if kind in NUMBERS}
    names = [c.name for c in columns if c.kind in QUANTITY_KINDS and not c.reading.get("missing") and c.name in stored]
    found: dict[str, np.ndarray] = {}
    for own, block in number_blocks(frame, names):
        block[~np.isfinite(block)] = np.nan
        found |= zip(own, block.T, strict=True)
    return found


def read_values(
    cells: Mapping[str, pd.Series],
    columns: Sequence[Column],
    n_rows: int,
    known: Mapping[str, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """The values of each column as `read` has them, by name.

    Args:
        cells: columns as they came, each with a RangeIndex.
        columns: as in `read`.
        n_rows: of the frame.
        known: values of some of the columns, see `stored_numbers`.
    """
    out = {}
    for column in columns:
        if known and column.level_column is None and column.name in known:
            out[column.name] = known[column.name]
            continue
        series = cells.get(column.name)
        if series is None:
            series = pd.Series([None] * n_rows, dtype=object)
            # where a gap means no, a column that is not there does not
            column = replace(column, reading=_of_absent(column))
        out[column.name] = typed_values(series, column)
        if column.level_column is not None:
            out[column.level_column.name] = np.asarray(levels_beside(series, column), dtype=object)
    return out


def framed(values: Mapping[str, np.ndarray], n_rows: int) -> pd.DataFrame:
    """A frame with a RangeIndex; columns of words stay of Python objects."""
    index = pd.RangeIndex(n_rows)
    if len(values) >= MANY_COLUMNS and all(array.dtype == np.float64 for array in values.values()):
        table = np.stack(list(values.values()))
        return pd.DataFrame(table.T, index=index, columns=pd.Index(list(values)))
    columns = {
        name: pd.Series(array, index=index, dtype=object) if array.dtype.hasobject else array
        for name, array in values.items()
    }
    return pd.DataFrame(columns, index=index)


def as_frame(rows: Any) -> pd.DataFrame:
    """Rows as a frame with a RangeIndex: a 2-D array becomes columns x0, x1, ...; a list one column "text"."""
    if isinstance(rows, pd.DataFrame):
        frame = rows.reset_index(drop=True) if not isinstance(rows.index, pd.RangeIndex) or rows.index.start else rows
        if not all(isinstance(c, str) for c in frame.columns):
            frame = frame.set_axis([str(c) for c in frame.columns], axis=1)
        return frame
    if isinstance(rows, pd.Series):
        return pd.DataFrame({str(rows.name or "text"): rows.reset_index(drop=True)})
    array = np.asarray(rows)
    if array.ndim == 1:
        return pd.DataFrame({"text": array})
    if array.ndim != 2:
        raise DataError(
            f"expected a table (2 dimensions), got an array of shape {array.shape}; pass a frame or a 2-D array"
        )
    return pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])])


def typed(series: pd.Series, column: Column) -> pd.Series:
    """One column, read by its kind."""
    values = typed_values(series, column)
    return pd.Series(values, dtype=object if values.dtype.hasobject else None)


def typed_values(series: pd.Series, column: Column) -> np.ndarray:
    """The values of one column, read by its kind, ``(n,)``."""
    if column.kind in QUANTITY_KINDS:
        return numbers(series, column.reading)
    if column.kind == "boolean":
        return booleans(series, column.reading)
    if column.kind == "datetime":
        return dates(series, column.reading)
    if column.kind == "text":
        texts = np.empty(len(series), dtype=object)
        texts[:] = [_clean(v) for v in series.tolist()]
        return texts
    return np.asarray(words(series), dtype=object)


def _of_absent(column: Column) -> dict[str, Any]:
    """What is left of a column's reading where the column is not there."""
    return {name: value for name, value in column.reading.items() if name == "beside"}


def levels_beside(series: pd.Series, column: Column) -> pd.Series:
    """The levels beside a column's numbers: its words, in the spelling of training, or all cells where these are bins.

    Args:
        series: as it came, ``(n,)``.
        column: that has levels beside it.

    Returns:
        Texts, None where a cell is a number alone, or nothing.
    """
    return pd.Series(words(series), dtype=object) if "bins" in column.reading else words_among(series, column)


def words_among(series: pd.Series, column: Column) -> pd.Series:
    """The words among a column's numbers, in the spelling of training; None for other cells."""
    cells = words(series)
    known = {word.casefold(): word for word in column.reading.get("words", ())}
    codes, different = pd.factorize(cells)
    spelled = np.array([*(known.get(str(cell).casefold()) for cell in different), None], dtype=object)
    return pd.Series(spelled[codes], dtype=object)


def _clean(value: object) -> str:
    text = word(value)
    return "" if text is None else text.replace("\x00", " ")
