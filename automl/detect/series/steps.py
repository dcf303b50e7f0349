"""The calendar that series step by: stamps between two, and after one, on the clock that the input was written in.

A frequency is a text, so that a stored task can hold it: an alias of pandas ("MS", "W-MON", "15min"), or "C-" and the
days of a working week ("C-Mon Tue Wed Thu Fri Sat").
"""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["between", "following", "offset", "on_clock"]

WEEK = "C-"


def offset(frequency: str) -> pd.offsets.BaseOffset:
    """The step of pandas that a frequency stands for.

    Raises:
        ValueError: it stands for none.
    """
    if frequency.startswith(WEEK):
        return pd.offsets.CustomBusinessDay(weekmask=frequency[len(WEEK) :])
    return pd.tseries.frequencies.to_offset(frequency)


def between(first: np.datetime64, last: np.datetime64, frequency: str, zone: str | None = None) -> np.ndarray:
    """All stamps from the first to the last of a series, datetime64[ns].

    Args:
        first: in UTC where there is a zone; a stamp of the calendar.
        last: likewise.
        frequency: see `offset`.
        zone: clock on which days and months begin, see `automl.records.Dataset.zone`.
    """
    step = offset(frequency)
    clock = zone if _goes_by_days(step) else None
    ends = _wall(np.array([first, last]), clock)
    return _utc(pd.date_range(ends[0], ends[1], freq=step), clock)


def following(last: np.datetime64, n: int, frequency: str, zone: str | None = None) -> np.ndarray:
    """The `n` stamps after the last one of a series, datetime64[ns]; arguments as in `between`."""
    step = offset(frequency)
    clock = zone if _goes_by_days(step) else None
    start = _wall(np.array([last]), clock)[0]
    ahead = pd.date_range(start, periods=n + 1, freq=step)
    return _utc(ahead[ahead > start][:n], clock)


def on_clock(times: np.ndarray, zone: str | None) -> np.ndarray:
    """Times in UTC as the clock of a zone shows them, without a zone, datetime64[ns] of the same shape."""
    if zone is None:
        return times
    return np.asarray(_wall(times.ravel(), zone).to_numpy().astype("datetime64[ns]").reshape(times.shape))


def _goes_by_days(step: pd.offsets.BaseOffset) -> bool:
    """Whether steps follow the days of a clock, some of which have 23 or 25 hours."""
    return isinstance(step, pd.offsets.Day) or not isinstance(step, pd.offsets.Tick)


def _wall(times: np.ndarray, zone: str | None) -> pd.DatetimeIndex:
    stamps = pd.DatetimeIndex(times.astype("datetime64[ns]"))
    return stamps if zone is None else stamps.tz_localize("UTC").tz_convert(zone).tz_localize(None)


def _utc(wall: pd.DatetimeIndex, zone: str | None) -> np.ndarray:
    if zone is not None:
        first_of_two = np.ones(len(wall), bool)  # of the hour that comes twice
        local = wall.tz_localize(zone, ambiguous=first_of_two, nonexistent="shift_forward")
        wall = local.tz_convert("UTC").tz_localize(None)
    return wall.to_numpy().astype("datetime64[ns]")
