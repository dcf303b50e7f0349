"""Times of a series as the input wrote its own: on its clock, or as the numbers that it counts by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from automl.records import Column, Task

__all__ = ["as_input", "local"]

DAY_NS = 86_400 * 10**9


def local(times: np.ndarray, task: Task, zone: str | None) -> np.ndarray:
    """Times as the clock of the input shows them, datetime64[ns] without a zone.

    Args:
        times: of a dataset, of any shape.
        task: a forecast.
        zone: the clock of the input, see `automl.records.Dataset.zone`.
    """
    if zone is None or _is_local(task):
        return times
    wall = _utc(times.ravel()).tz_convert(zone).tz_localize(None)
    return np.asarray(wall.to_numpy().astype("datetime64[ns]").reshape(times.shape))


def as_input(times: np.ndarray, task: Task, zone: str | None) -> Any:
    """Times of forecasts in the form of the input's time column.

    Args:
        times: ``(n,)``, of a dataset.
        task: a forecast.
        zone: the clock of the input, see `automl.records.Dataset.zone`.

    Returns:
        Years or steps as integers where the input counts them (without a time column, row numbers); else timestamps,
        with their zone where the input names one.
    """
    counted = _counted(task)
    if counted == "steps":
        steps = times.astype("datetime64[ns]").astype(np.int64) / DAY_NS
        return steps.astype(np.int64) if (steps == np.round(steps)).all() else steps
    years = times.astype("datetime64[Y]")
    if counted == "year" and (years == times).all():
        return years.astype(np.int64) + 1970
    if zone is None:
        return times
    if not _is_local(task):
        return _utc(times).tz_convert(zone)
    first_of_two = np.ones(len(times), bool)  # of the hour that comes twice
    return pd.DatetimeIndex(times).tz_localize(zone, ambiguous=first_of_two, nonexistent="shift_forward")


def _utc(times: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(times.astype("datetime64[ns]")).tz_localize("UTC")


def _column(task: Task) -> Column | None:
    return next((column for column in task.columns if column.name == task.time_column), None)


def _counted(task: Task) -> str | None:
    """How numbers tell the time, alone; "steps" without a time column."""
    column = _column(task)
    if column is None:
        return "steps"
    return None if column.reading.get("parts") else column.reading.get("numbers")


def _is_local(task: Task) -> bool:
    """Whether times were read on the local clock, without their offset to UTC."""
    column = _column(task)
    return column is not None and bool(column.reading.get("wall"))
