"""Turns new raw rows into a dataset that a fitted encoder can read."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl import goals, modalities
from automl.detect import history, read_new
from automl.detect.series import calendars
from automl.detect.series.clock import as_input
from automl.detect.series.keys import key_columns
from automl.errors import DataError
from automl.intake import UNREAD_ROWS, new_rows
from automl.predict import on_odd as odd
from automl.predict.odd_rows import odd_findings, other_brightness
from automl.records import ORDERED_KINDS

if TYPE_CHECKING:
    from automl.detect import NewColumn
    from automl.records import Dataset, Finding, OnOdd, Task

__all__ = ["future", "placed", "read_rows", "times_of"]

LEFT_OUT, EMPTY = "were left out", "have an empty prediction"


def read_rows(rows: Any, task: Task, root: str | None = None, on_odd: OnOdd | None = None) -> Dataset:
    """Read new rows as a model of this task reads them: columns of the types of training, images decoded.

    Args:
        rows: in any form that `automl.intake.new_rows` takes.
        task: what the model was trained for.
        root: folder of relative image paths.
        on_odd: what is done where they differ from the training rows.

    Returns:
        A dataset whose findings say what is odd; rows that cannot be read are in its `index` only. The history of a
        forecast is sorted.

    Raises:
        DataError: none can be read, columns that the task needs are missing, or they are odd and to be refused.
        RecipeError: `on_odd` is none of the words.
    """
    odd.check_word(on_odd)
    raw = new_rows(rows, task, modalities.named(task), root)
    if goals.named(task).in_windows:
        made, compared = _history(raw, task)
    else:
        made, compared = _typed(raw, task)
    assert raw.row_numbers is not None
    findings = (
        *_told_of_rows(made),
        *odd_findings(compared, raw.row_numbers),
        *other_brightness(raw.inputs, task.pixel_range),
    )
    odd.refuse(findings, compared, raw.n_rows, on_odd)
    return dataclasses.replace(made, findings=findings)


def _typed(raw: Dataset, task: Task) -> tuple[Dataset, tuple[NewColumn, ...]]:
    """Rows that are items, typed, and how their columns compare with training."""
    compared: list[NewColumn] = []

    def read(frame: pd.DataFrame, columns: Any) -> pd.DataFrame:
        made, found = read_new(frame, columns)
        compared.extend(found)
        return made

    return modalities.named(task).ready(raw, task, read), tuple(compared)


def _history(raw: Dataset, task: Task) -> tuple[Dataset, tuple[NewColumn, ...]]:
    """Past rows with their times and targets, sorted by (series, time)."""
    if raw.target is None:
        raise DataError(
            f"a forecast needs the past values of {', '.join(task.target)}; pass the history up to now with that column"
        )
    columns = [c for c in (*task.columns, *task.target_columns) if c.kind in ORDERED_KINDS and "parts" not in c.reading]
    made, compared = read_new(pd.concat([raw.inputs, raw.target], axis=1), columns)
    anew = {c.column.name: made[c.column.name] for c in compared if c.otherwise}
    raw = dataclasses.replace(
        raw,
        inputs=raw.inputs.assign(**{name: cells for name, cells in anew.items() if name in raw.inputs}),
        target=raw.target.assign(**{name: cells for name, cells in anew.items() if name in raw.target}),
    )
    return history(raw, task), compared


def _told_of_rows(dataset: Dataset) -> tuple[Finding, ...]:
    """The readers' findings; rows that training would leave out have an empty prediction here."""
    return tuple(
        dataclasses.replace(one, message=one.message.replace(LEFT_OUT, EMPTY)) if one.check in UNREAD_ROWS else one
        for one in dataset.findings
    )


def placed(frame: Any, dataset: Dataset) -> Any:
    """Predictions with the index of the rows that were passed; those of rows that could not be read are empty.

    Args:
        frame: a frame or series of the rows that were read, in their order.
        dataset: these rows.
    """
    if dataset.index is None or dataset.row_numbers is None:
        return frame
    if len(frame) == len(dataset.index):
        return frame.set_axis(dataset.index, axis=0)
    found = _with_gaps(frame).set_axis(pd.Index(dataset.row_numbers), axis=0)
    return found.reindex(range(len(dataset.index))).set_axis(dataset.index, axis=0)


def _with_gaps(frame: Any) -> Any:
    """Whole numbers and truths as types that hold gaps."""
    if isinstance(frame, pd.DataFrame):
        return frame.apply(_with_gaps)
    kind = frame.dtype.kind if isinstance(frame.dtype, np.dtype) else ""
    return frame.astype({"i": "Int64", "u": "Int64", "b": "boolean"}[kind]) if kind in {"i", "u", "b"} else frame


def future(dataset: Dataset, task: Task) -> tuple[Dataset, np.ndarray]:
    """Append `horizon` rows to each series, with unknown targets; returns the dataset and their windows."""
    horizon = task.horizon or 1
    assert dataset.times is not None and dataset.target is not None
    series = np.zeros(dataset.n_rows, dtype=object) if dataset.series is None else dataset.series
    inputs, targets, times, names, windows = [], [], [], [], []
    at = 0
    for name in pd.unique(series):
        rows = np.flatnonzero(series == name)
        steps = _next_times(dataset.times[rows], horizon, task.frequency)
        blank = pd.DataFrame(np.nan, index=range(horizon), columns=dataset.target.columns)
        last = dataset.inputs.iloc[rows[-1:]]
        inputs += [dataset.inputs.iloc[rows], last.loc[last.index.repeat(horizon)]]
        targets += [dataset.target.iloc[rows], blank]
        times += [dataset.times[rows], steps]
        names += [np.full(len(rows) + horizon, name, dtype=object)]
        windows.append(np.arange(at + len(rows), at + len(rows) + horizon))
        at += len(rows) + horizon
    return (
        dataclasses.replace(
            dataset,
            inputs=pd.concat(inputs, ignore_index=True),
            target=pd.concat(targets, ignore_index=True),
            times=np.concatenate(times),
            series=None if dataset.series is None else np.concatenate(names),
            row_numbers=None,
            observed=None,
            weight=None,
            groups=None,
            given=None,
        ),
        np.stack(windows),
    )


def times_of(dataset: Dataset, windows: np.ndarray, task: Task) -> pd.DataFrame:
    """The series and the time, on the clock of the history, of each step of these windows."""
    assert dataset.times is not None
    columns: dict[str, Any] = {}
    if dataset.series is not None:
        columns |= key_columns(dataset.series[windows].ravel(), task)
    columns[task.time_column or "time"] = as_input(dataset.times[windows].ravel(), task, dataset.zone)
    return pd.DataFrame(columns)


def _next_times(times: np.ndarray, horizon: int, frequency: str | None) -> np.ndarray:
    if frequency is not None:
        return calendars.following(times[-1], horizon, frequency)
    step = np.median(np.diff(times.astype("int64"))) if len(times) > 1 else 1
    ahead = times[-1].astype("int64") + step * np.arange(1, horizon + 1)
    return np.asarray(ahead.astype("int64").astype("datetime64[ns]"))
