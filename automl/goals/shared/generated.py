"""Generated rows: the codec between a generator's output and rows, and how they are returned to users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.goals.shared.rowcodec import RowCodec, fit_rowcodec, restore_rowcodec
from automl.goals.shared.samples import frame_of, samples_of
from automl.goals.shared.vectors import head_state
from automl.records import Column, Dataset, Head, Output, Split, Task, encoded_columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SampleCodec", "fit_samples", "restore_samples", "row_truth", "rows_for_users"]


def columns_of(task: Task) -> tuple[Column, ...]:
    """The columns of the typed frame whose rows are generated."""
    return encoded_columns(task.columns)


@dataclass(eq=False)
class SampleCodec:
    """Between normal scores and codes of a generator, and rows.

    Attributes:
        head: one number a column of `rows`: first normal scores, then codes.
        rows: between arrays and the user's columns.
        columns: names and kinds of the columns of the typed frame.
    """

    head: Head
    rows: RowCodec
    columns: tuple[Column, ...]

    def encode(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Zeros ``(n, 1)`` float32: the network's layers add their own losses."""
        return np.zeros((len(rows), 1), np.float32)

    def truth(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The rows themselves, see `automl.goals.shared.samples.samples_of`."""
        return samples_of(dataset.inputs.take(rows), self.columns)

    def decode(self, raw: np.ndarray) -> Output:
        """Normal scores and codes ``(n, n_numbers + n_categories)`` as "samples" ``(n,)``."""
        n_numbers = self.rows.n_numbers
        raw = np.asarray(raw, np.float64).reshape(len(raw), -1)
        return self.made(raw[:, :n_numbers], np.rint(raw[:, n_numbers:]).astype(np.int64))

    def made(self, numbers: np.ndarray, categories: np.ndarray) -> Output:
        """Rows from normal scores ``(n, n_numbers)`` and codes ``(n, n_categories)``."""
        return Output("samples", {"samples": samples_of(self.rows.decode(numbers, categories), self.columns)})

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays."""
        columns = [[column.name, column.kind] for column in self.columns]
        return {"codec": "samples", "head": head_state(self.head), "rows": self.rows.state(), "columns": columns}


def restore_samples(state: Mapping[str, Any], head: Head) -> SampleCodec:
    """The codec that `SampleCodec.state` described."""
    columns = tuple(Column(str(name), kind, 1.0, "") for name, kind in state["columns"])
    return SampleCodec(head, restore_rowcodec(state["rows"]), columns)


def fit_samples(dataset: Dataset, task: Task, split: Split) -> SampleCodec:
    """Fit on the training rows.

    Raises:
        DataError: a column cannot be generated, or too little varies.
    """
    columns = columns_of(task)
    rows = fit_rowcodec(dataset.inputs.take(split.train), columns, split.seed)
    size = rows.n_numbers + rows.n_categories
    return SampleCodec(Head("generate", (size,), "linear", "own"), rows, columns)


def row_truth(dataset: Dataset, task: Task, items: np.ndarray) -> np.ndarray:
    """The rows themselves, as a structured array ``(n,)``."""
    return samples_of(dataset.inputs.take(items), columns_of(task))


def rows_for_users(arrays: Mapping[str, np.ndarray], task: Task) -> pd.DataFrame:
    """Generated rows with the user's columns: whole numbers as such, and booleans in the user's words.

    Columns whose cells say nothing are made anew: identifiers count from 1, constants have the kept value, if any.
    """
    import pandas as pd

    frame = frame_of(arrays["samples"], columns_of(task))
    made: dict[str, Any] = {}
    for column in task.columns:
        if column.name in frame:
            made[column.name] = _as_written(frame, column)
        elif column.kind == "identifier":
            made[column.name] = np.arange(1, len(frame) + 1)
        else:
            made[column.name] = pd.Series([column.reading.get("constant")] * len(frame), dtype=object)
    return pd.DataFrame(made, index=frame.index)


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
