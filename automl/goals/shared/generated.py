"""Generated items: their truth, and how they are returned to users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import RecipeError
from automl.goals.shared.samples import (
    PICTURE,
    SERIES,
    compared,
    frame_of,
    labels_of,
    samples_of,
    samples_of_items,
)
from automl.records import Column, TargetCodec, encoded_columns

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Dataset, Split, Task

__all__ = ["BESIDE", "cells_of", "columns_of", "no_codec", "row_truth", "rows_for_users"]

BESIDE = "beside"
"""Name of the array of columns that are made but not compared: identifiers and constants."""


def columns_of(task: Task) -> tuple[Column, ...]:
    """The columns of the typed frame whose rows are generated."""
    return encoded_columns(task.columns)


def no_codec(dataset: Dataset, task: Task, split: Split) -> TargetCodec:
    """A generator's codec depends on what its rows are: `Modality.generator` makes it.

    Raises:
        RecipeError: always.
    """
    raise RecipeError(
        f"goal {task.goal!r} makes no items of modality {task.modality}; pass a table, pictures, series or texts"
    )


def row_truth(dataset: Dataset, task: Task, items: np.ndarray) -> np.ndarray:
    """The rows, pictures or series themselves, as a structured array ``(n,)``."""
    if isinstance(dataset.inputs, np.ndarray):
        return samples_of_items(dataset, task.label or "", items)
    return samples_of(dataset.inputs.take(items), compared(columns_of(task)))


def cells_of(dataset: Dataset, task: Task, name: str, rows: np.ndarray) -> np.ndarray:
    """The cells ``(n,)`` of one field of `row_truth`, without the others: a column's, or the classes of items."""
    if isinstance(dataset.inputs, np.ndarray):
        return labels_of(dataset, rows)
    own = [column for column in columns_of(task) if column.name == name]
    return np.asarray(samples_of(dataset.inputs.take(rows), own)[name])


def rows_for_users(arrays: Mapping[str, np.ndarray], task: Task) -> pd.DataFrame:
    """Generated rows with the user's columns: whole numbers as such, and booleans in the user's words.

    Pictures and series are cells of the column "picture" or "series", their class in a column of the label's name.
    """
    import pandas as pd

    columns = columns_of(task)
    samples = arrays["samples"]
    samples = samples if samples.ndim == 1 else samples[:, 0]  # of several draws the first
    form = next((name for name in (PICTURE, SERIES) if name in (samples.dtype.names or ())), None)
    if form is not None and samples.dtype[form].shape:
        return _items_for_users(samples, form)
    frame = frame_of(samples, compared(columns))
    if BESIDE in arrays:
        own = arrays[BESIDE]
        made = frame_of(own, [column for column in columns if column.name in (own.dtype.names or ())])
        frame = pd.concat([frame, made], axis=1)
    return pd.DataFrame({c.name: _as_written(frame, c) for c in task.columns if c.name in frame}, index=frame.index)


def _items_for_users(samples: np.ndarray, form: str) -> pd.DataFrame:
    import pandas as pd

    cells = pd.Series(list(samples[form]), dtype=object)
    others = [name for name in samples.dtype.names or () if name != form]
    return pd.DataFrame({form: cells, **{n: pd.Series(samples[n].tolist(), dtype=object) for n in others}})


def _as_written(frame: pd.DataFrame, column: Column) -> pd.Series:
    values = frame[column.name]
    level = column.level_column
    if column.kind == "boolean":
        return _booleans(values, column.reading)
    if column.kind in ("numeric", "embedded_number"):
        values = _whole(values, column.reading)
    if level is not None and level.name in frame:
        words = frame[level.name]
        return values.astype(object).where(words.isna(), words)
    return values


def _whole(values: pd.Series, reading: Mapping[str, Any]) -> pd.Series:
    """Integers where the training values are; with a type that knows gaps where some of these were missing."""
    if not reading.get("whole"):
        return values
    rounded = values.round().clip(-(2.0**53), 2.0**53)
    return rounded.astype("Int64" if reading.get("gaps") or bool(values.isna().any()) else "int64")


def _booleans(values: pd.Series, reading: Mapping[str, Any]) -> pd.Series:
    import pandas as pd

    words: Sequence[Any] = (reading.get("false", False), reading.get("true", True))
    cells = [None if value != value else words[int(value > 0.5)] for value in values.tolist()]
    return pd.Series(cells, index=values.index, dtype=object)
