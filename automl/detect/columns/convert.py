"""Type a frame by its columns' recorded kinds and readings: at detection and for new rows alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.parse import booleans, dates, numbers, word, words
from automl.errors import DataError
from automl.records import QUANTITY_KINDS, Column

__all__ = ["as_frame", "levels_beside", "read", "typed", "words_among"]


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
    out = {}
    for column in columns:
        if column.name in frame.columns:
            series = frame[column.name]
            series = series.iloc[:, 0] if isinstance(series, pd.DataFrame) else series
        else:
            series = pd.Series([None] * len(frame), dtype=object)
            column = replace(
                column, reading=_of_absent(column)
            )  # where a gap means no, a column that is not there does not
        series = series.reset_index(drop=True)
        out[column.name] = typed(series, column)
        if column.level_column is not None:
            out[column.level_column.name] = levels_beside(series, column)
    return pd.DataFrame(out, index=pd.RangeIndex(len(frame)))


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
    if column.kind in QUANTITY_KINDS:
        return pd.Series(numbers(series, column.reading))
    if column.kind == "boolean":
        return pd.Series(booleans(series, column.reading))
    if column.kind == "datetime":
        return pd.Series(dates(series, column.reading))
    if column.kind == "text":
        return pd.Series([_clean(v) for v in series.astype(object).tolist()], dtype=object)
    return pd.Series(words(series), dtype=object)


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
