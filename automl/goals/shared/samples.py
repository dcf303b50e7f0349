"""Items as structured arrays: real ones and generated ones in the same form, as metrics read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.records import NUMERIC_KINDS, Column, Dataset

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LEFT_OUT_KINDS", "MOST_TEXT_CHARACTERS", "PICTURE", "SERIES", "compared", "frame_of", "items_of", "labels_of",
    "samples_of", "samples_of_items",
]  # fmt: skip

LEFT_OUT_KINDS = ("identifier", "constant")
"""Kinds whose cells are made anew, or repeated: nothing in them can be compared."""
MOST_CHARACTERS = 200
MOST_TEXT_CHARACTERS = 400
"""Of a text; its field has just this size, by which texts are told from levels."""
PICTURE, SERIES = "picture", "series"
"""Names of the fields of pictures ``(h, w, c)`` uint8 and series ``(channels, steps)`` float32."""
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
        most 200 characters, empty for a missing one; texts strings of at most 400.
    """
    fields = [(column.name, _cells(frame[column.name], column)) for column in columns]
    made = np.empty(len(frame), [(name, cells.dtype) for name, cells in fields])
    for name, cells in fields:
        made[name] = cells
    return made


def samples_of_items(dataset: Dataset, label: str, rows: np.ndarray) -> np.ndarray:
    """Pictures or series ``(n,)`` as a structured array: the item, and its class if there is a label.

    Args:
        dataset: whose inputs are an array, as the modality's `decode` leaves it.
        label: name of the column of classes, the dataset's target; empty without one.
        rows: row numbers ``(n,)``.
    """
    form, items = items_of(dataset, rows)
    fields: list[tuple[Any, ...]] = [(form, items.dtype, items.shape[1:])]
    classes = labels_of(dataset, rows) if label else None
    if classes is not None:
        fields.append((label, classes.dtype))
    made = np.empty(len(rows), fields)
    made[form] = items
    if classes is not None:
        made[label] = classes
    return made


def items_of(dataset: Dataset, rows: np.ndarray) -> tuple[str, np.ndarray]:
    """Name of the field, and the items: pictures ``(n, h, w, c)`` uint8, or series ``(n, channels, steps)`` float32."""
    items: np.ndarray = np.asarray(dataset.inputs)[rows]
    if items.dtype == np.uint8:
        return PICTURE, items[..., None] if items.ndim == 3 else items
    return SERIES, items.astype(np.float32)


def labels_of(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Classes ``(n,)`` as strings of at most 200 characters, empty for a missing one."""
    assert dataset.target is not None
    column = dataset.target.iloc[:, 0].take(rows)
    gone = column.isna().to_numpy()
    texts = ["" if lacks else str(cell)[:MOST_CHARACTERS] for cell, lacks in zip(column.tolist(), gone, strict=True)]
    made = np.array(texts, np.str_) if texts else np.empty(0, "U1")
    return made if made.dtype.itemsize else made.astype("U1")


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
    most = MOST_TEXT_CHARACTERS if column.kind == "text" else MOST_CHARACTERS
    texts = ["" if lacks else str(cell)[:most] for cell, lacks in zip(cells, gone, strict=True)]
    if column.kind == "text":
        return np.array(texts, f"U{most}")
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
