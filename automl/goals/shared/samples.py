"""Rows of a table as structured arrays: real ones and generated ones in the same form, as metrics read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.records import NUMERIC_KINDS, Column

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEFT_OUT_KINDS", "compared", "frame_of", "samples_of"]

LEFT_OUT_KINDS = ("identifier", "constant")
"""Kinds whose cells are made anew, or repeated: nothing in them can be compared."""
MOST_CHARACTERS = 200
SECONDS = "datetime64[s]"


def compared(columns: Sequence[Column]) -> list[Column]:
    """The columns in which real and generated rows are compared."""
    return [column for column in columns if column.kind not in LEFT_OUT_KINDS]


def samples_of(frame: pd.DataFrame, columns: Sequence[Column]) -> np.ndarray:
    """Rows ``(n,)`` as a structured array with one field a column.

    Args:
        frame: rows typed by the kinds of their columns.
        columns: that get a field (`compared`).

    Returns:
        Numbers and dates (seconds since 1970) are float64 with NaN for a missing one; other cells are strings of at
        most 200 characters, empty for a missing one.
    """
    fields = [(column.name, _cells(frame[column.name], column)) for column in columns]
    made = np.empty(len(frame), [(name, cells.dtype) for name, cells in fields])
    for name, cells in fields:
        made[name] = cells
    return made


def frame_of(samples: np.ndarray, columns: Sequence[Column]) -> pd.DataFrame:
    """The frame of which `samples_of` made rows of these columns."""
    import pandas as pd

    return pd.DataFrame({c.name: _values(samples[c.name], c) for c in columns}, index=range(len(samples)))


def _cells(values: pd.Series, column: Column) -> np.ndarray:
    if column.kind in NUMERIC_KINDS:
        return np.asarray(values.to_numpy(np.float64, na_value=np.nan))
    if column.kind == "datetime":
        times = values.to_numpy(SECONDS)
        return np.where(np.isnat(times), np.nan, times.astype(np.int64).astype(np.float64))
    cells = values.to_numpy(object)
    gone = values.isna().to_numpy()
    texts = ["" if lacks else str(cell)[:MOST_CHARACTERS] for cell, lacks in zip(cells, gone, strict=True)]
    made = np.array(texts, np.str_) if texts else np.empty(0, "U1")
    return made if made.dtype.itemsize else made.astype("U1")


def _values(cells: np.ndarray, column: Column) -> Any:
    if column.kind in NUMERIC_KINDS:
        return cells.astype(np.float64)
    if column.kind == "datetime":
        gone = np.isnan(cells)
        times = np.where(gone, 0, np.nan_to_num(cells)).astype(np.int64).astype(SECONDS)
        times[gone] = np.datetime64("NaT")
        return times
    values = cells.astype(object)
    values[cells == ""] = None
    return values
