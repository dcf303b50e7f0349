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
from automl.detect.series.keys import key_columns, keys_of
from automl.detect.series.timing import columns_of
from automl.errors import DataError
from automl.intake import UNREAD_ROWS, new_rows
from automl.predict import on_odd as odd
from automl.predict.odd_rows import odd_findings, other_brightness
from automl.records import ORDERED_KINDS

if TYPE_CHECKING:
    from automl.detect import NewColumn
    from automl.records import Dataset, Finding, OnOdd, Task

__all__ = ["future", "placed", "read_compared", "read_rows", "times_of"]

LEFT_OUT, EMPTY = "were left out", "have an empty prediction"


def read_rows(
    rows: Any, task: Task, root: str | None = None, on_odd: OnOdd | None = None, beforehand: Any = None,
    weight: str | None = None,
) -> Dataset:  # fmt: skip
    """Read new rows as a model of this task reads them: columns of the types of training, images decoded.

    Args:
        rows: in any form that `automl.intake.new_rows` takes.
        task: what the model was trained for.
        root: folder of relative image paths.
        on_odd: what is done where they differ from the training rows.
        beforehand: of a forecast, the covariates known beforehand of the steps to predict, or None.
        weight: a column of weights; None or a name that is not there for none.

    Returns:
        A dataset whose findings say what is odd; rows that cannot be read are in its `index` only. The history of a
        forecast is sorted; with `beforehand` it is followed by the rows to predict, which are `given`.

    Raises:
        DataError: none can be read, columns that the task needs are missing, or they are odd and to be refused.
        RecipeError: `on_odd` is none of the words.
    """
    return read_compared(rows, task, root, on_odd, beforehand, weight)[0]


def read_compared(
    rows: Any, task: Task, root: str | None = None, on_odd: OnOdd | None = None, beforehand: Any = None,
    weight: str | None = None,
) -> tuple[Dataset, tuple[NewColumn, ...]]:  # fmt: skip
    """Read new rows, and how each of their used columns compares with training; see `read_rows`."""
    odd.check_word(on_odd)
    raw = new_rows(rows, task, modalities.named(task), root, weight)
    if beforehand is not None and not task.covariates_known:
        raise DataError("future: this model reads no covariates that are known beforehand; leave it out")
    if goals.named(task).in_windows:
        made, compared = _history(raw, task)
        made = made if beforehand is None else _with_future(made, raw, beforehand, task)
    else:
        made, compared = _typed(raw, task)
    assert raw.row_numbers is not None
    findings = (
        *_told_of_rows(made),
        *odd_findings(compared, raw.row_numbers),
        *other_brightness(raw.inputs, task.pixel_range),
    )
    odd.refuse(findings, compared, raw.n_rows, on_odd)
    return dataclasses.replace(made, findings=findings), compared


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


def _with_future(dataset: Dataset, raw: Dataset, beforehand: Any, task: Task) -> Dataset:
    """A history, and the rows to predict with the covariates that are known of them.

    Args:
        dataset: the history, read.
        raw: the history as it was given.
        beforehand: a table with the times (and series) of the steps ahead and the covariates, in any form that rows
            have.
        task: a forecast.

    Raises:
        DataError: a covariate or a step is missing.
    """
    index = {*columns_of_key(task, task.time_column), *columns_of_key(task, task.series_column)}
    columns = tuple(c for c in task.columns if c.name in index or c.name in task.covariates_known)
    ahead = new_rows(beforehand, dataclasses.replace(task, columns=columns, target=()), modalities.named(task))
    lacking = [name for name in task.covariates_known if name not in ahead.inputs.columns]
    if lacking:
        raise DataError(f"future: no column {lacking[0]!r}; it has {', '.join(map(repr, ahead.inputs.columns))}")
    assert raw.target is not None
    stand_in = raw.target.dropna(how="all").iloc[-1:]  # rows at the end without a target would be left out
    both = dataclasses.replace(
        raw,
        inputs=pd.concat([raw.inputs, ahead.inputs], ignore_index=True),
        target=pd.concat([raw.target, *[stand_in] * ahead.n_rows], ignore_index=True),
        row_numbers=None,
        index=None,
    )
    together = history(both, task)
    extended, windows = _extended(dataset, task)
    inputs = extended.inputs.copy()
    for window in windows:
        rows = _rows_of(together, extended, window, task)
        for name in task.covariates_known:
            inputs.loc[window, name] = together.inputs[name].to_numpy()[rows]
    given = np.zeros(extended.n_rows, bool)
    given[windows] = True
    return dataclasses.replace(extended, inputs=inputs, given=given)


def columns_of_key(task: Task, name: str | None) -> tuple[str, ...]:
    """The columns that tell the time or the series: the one of this name, or those that its reading names."""
    column = next((c for c in task.columns if c.name == name), None)
    return (*columns_of(column), *keys_of(column)) if column is not None else (name,) if name is not None else ()


def _rows_of(together: Dataset, extended: Dataset, window: np.ndarray, task: Task) -> np.ndarray:
    """Where the steps of a window lie in a history that was read with them: by time, or by order without times."""
    assert together.times is not None and extended.times is not None
    own = np.ones(together.n_rows, bool)
    label = None
    if together.series is not None and extended.series is not None:
        label = extended.series[window[0]]
        own = together.series == label
    rows = np.flatnonzero(own)
    wanted = extended.times[window]
    if task.time_column is None:
        n_past = int((extended.series == label).sum() if label is not None else extended.n_rows) - len(window)
        found = rows[n_past : n_past + len(window)]
    else:
        places = np.minimum(np.searchsorted(together.times[rows], wanted), len(rows) - 1)
        found = rows[places][together.times[rows][places] == wanted]
    if len(found) < len(window):
        first = wanted[len(found)] if task.time_column is None else np.setdiff1d(wanted, together.times[rows])[0]
        of = "" if label is None else f" of series {label!r}"
        raise DataError(
            f"future: no row for {pd.Timestamp(first)}{of}; give {', '.join(task.covariates_known)} for each of the "
            f"{len(window)} steps after the history"
        )
    return found


def future(dataset: Dataset, task: Task) -> tuple[Dataset, np.ndarray]:
    """The rows to predict after a history, with unknown targets; returns the dataset and their windows.

    Raises:
        DataError: the model reads covariates known beforehand, and the history does not go on with them.
    """
    horizon = task.horizon or 1
    if dataset.given is not None and dataset.given.any():  # read with the covariates of the steps ahead
        return dataclasses.replace(dataset, given=None), np.flatnonzero(dataset.given).reshape(-1, horizon)
    if task.covariates_known:
        names = ", ".join(task.covariates_known)
        index = ", ".join(name for name in (task.time_column, task.series_column) if name is not None)
        raise DataError(
            f"this model reads {names} of the {horizon} steps ahead, which are known beforehand: pass future= "
            f"(--future FILE on the command line), a table of {index + ', ' if index else ''}{names} for these steps"
        )
    return _extended(dataset, task)


def _extended(dataset: Dataset, task: Task) -> tuple[Dataset, np.ndarray]:
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
