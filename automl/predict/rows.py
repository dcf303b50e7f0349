"""Turns new raw rows into a dataset that a fitted encoder can read."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from automl import goals, modalities
from automl.detect import read
from automl.detect.series import calendars
from automl.errors import DataError

if TYPE_CHECKING:
    from automl.records import Dataset, Task

__all__ = ["future", "ready"]


def ready(dataset: Dataset, task: Task) -> Dataset:
    """Convert the columns of new rows to the types of training, decode images, and sort a forecast's history.

    Raises:
        DataError: columns that the task needs are missing.
    """
    if goals.named(task).in_windows:
        return _history(dataset, task)
    return modalities.named(task).ready(dataset, task, read)


def _history(dataset: Dataset, task: Task) -> Dataset:
    """Past rows with their times and targets, sorted by (series, time)."""
    from automl.detect import history

    if dataset.target is None:
        raise DataError(
            f"a forecast needs the past values of {', '.join(task.target)}; pass the history up to now with that column"
        )
    return history(dataset, task)


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


def _next_times(times: np.ndarray, horizon: int, frequency: str | None) -> np.ndarray:
    if frequency is not None:
        return calendars.following(times[-1], horizon, frequency)
    step = np.median(np.diff(times.astype("int64"))) if len(times) > 1 else 1
    ahead = times[-1].astype("int64") + step * np.arange(1, horizon + 1)
    return np.asarray(ahead.astype("int64").astype("datetime64[ns]"))
