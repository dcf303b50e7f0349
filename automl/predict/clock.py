"""The times of a forecast as the input wrote its own: on its clock, or as the numbers that it counts by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from automl.records import Task

__all__ = ["as_input"]

DAY_NS = 86_400 * 10**9


def as_input(times: np.ndarray, task: Task, zone: str | None) -> Any:
    """Times of forecasts in the form of the input's time column.

    Args:
        times: ``(n,)`` datetime64[ns], in UTC where there is a zone.
        task: a forecast.
        zone: the clock of the input, see `automl.records.Dataset.zone`.

    Returns:
        Years or steps as integers where the input counts them (without a time column, row numbers); else timestamps,
        with their zone where the input names one.
    """
    column = next((c for c in task.columns if c.name == task.time_column), None)
    counted = "steps" if column is None else column.reading.get("numbers")
    if counted == "steps":
        steps = times.astype("datetime64[ns]").astype(np.int64) / DAY_NS
        return steps.astype(np.int64) if (steps == np.round(steps)).all() else steps
    if counted == "year":
        return times.astype("datetime64[Y]").astype(np.int64) + 1970
    return times if zone is None else pd.DatetimeIndex(times).tz_localize("UTC").tz_convert(zone)
