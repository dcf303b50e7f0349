"""On which clock a column of times is written: a zone's name, an offset from UTC, or none."""

from __future__ import annotations

import datetime as _datetime
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.parse.date_forms import LONGEST_DATE, ZONES, ahead_minutes
from automl.detect.parse.stamps import dates
from automl.intake.zones import offset_name, zone_name

__all__ = ["zone_of"]

MOST_CELLS = 2_000
_WRITTEN = re.compile(
    r"\d:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*"
    r"(?P<zone>Z|[+-]\d{2}(?::?\d{2})?|\(?(?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d{2})?)?\)?|[A-Z]{2,4}T)(?![A-Za-z\d])"
)
_EPOCHS = ("s", "ms", "us", "ns")
WITH_SUMMER_TIME = (
    "Europe/Berlin", "Europe/London", "Europe/Athens", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "America/Halifax", "America/St_Johns", "America/Anchorage", "America/Sao_Paulo",
    "America/Santiago", "Asia/Jerusalem", "Asia/Beirut", "Africa/Cairo", "Africa/Casablanca", "Australia/Sydney",
    "Australia/Adelaide", "Australia/Lord_Howe", "Pacific/Auckland", "Atlantic/Azores", "Asia/Tehran",
)  # fmt: skip
"""Zones that stand for all with the same summer time: which of them it is cannot be told from offsets."""


def zone_of(series: pd.Series, reading: Mapping[str, Any] | None = None) -> str | None:
    """The clock of a column of times, as pandas takes it: "Europe/Berlin", "+02:00", "UTC"; None where none is written.

    Offsets that change are those of a zone with summer time that has just these (`WITH_SUMMER_TIME`), else "UTC", in
    which `dates` reads them.

    Args:
        series: timestamps, texts or numbers.
        reading: how numbers are read, see `dates`; seconds since 1970 are in UTC.
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return _named(getattr(series.dt, "tz", None))
    how = (reading or {}).get("numbers")
    if how is not None or pd.api.types.is_numeric_dtype(series.dtype):
        return "UTC" if how in _EPOCHS else None
    cells = series.dropna()
    if not len(cells):
        return None
    some = cells.iloc[np.unique(np.linspace(0, len(cells) - 1, min(len(cells), MOST_CELLS)).astype(np.int64))]
    zones = {_named(value.tzinfo) for value in some if isinstance(value, _datetime.datetime)}
    if zones:
        return zones.pop() if len(zones) == 1 else _common(some)
    return _of_texts(some, reading)


def _named(tz: Any) -> str | None:
    return None if tz is None else zone_name(tz)


def _of_texts(texts: pd.Series, reading: Mapping[str, Any] | None) -> str | None:
    cells = [str(text) for text in texts]
    found = [_WRITTEN.search(cell) if len(cell) <= LONGEST_DATE else None for cell in cells]
    minutes = np.array([ahead_minutes(m["zone"]) if m is not None and _is_zone(m["zone"]) else np.nan for m in found])
    if np.isnan(minutes).all():
        return None
    if np.isnan(minutes).any():
        return "UTC"
    return offset_name(minutes[0]) if np.ptp(minutes) == 0 else _with_offsets(dates(texts, reading), minutes)


def _is_zone(zone: str) -> bool:
    """Whether letters name a zone that `dates` knows; other letters are read as UTC."""
    return not zone.isalpha() or zone in ("Z", "UTC", "GMT") or zone in ZONES


def _common(values: pd.Series) -> str:
    """The clock of time stamps in several zones."""
    ahead = [value.utcoffset() if isinstance(value, _datetime.datetime) else None for value in values]
    minutes = [one.total_seconds() / 60 for one in ahead if one is not None]
    return _with_offsets(dates(values), np.array(minutes)) if len(minutes) == len(ahead) else "UTC"


def _with_offsets(moments: np.ndarray, minutes: np.ndarray) -> str:
    """The zone with summer time that has these offsets at these moments in UTC."""
    known = ~np.isnat(moments)
    stamps = pd.DatetimeIndex(moments[known])
    for name in WITH_SUMMER_TIME:
        try:
            wall = stamps.tz_localize("UTC").tz_convert(name).tz_localize(None)
        except Exception:  # no database of zones on this machine
            return "UTC"
        if np.array_equal((wall - stamps) / pd.Timedelta(minutes=1), minutes[known]):
            return name
    return "UTC"
