"""Dates as numbers: days since the first year, and parts that vary."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pandas as pd

from automl.target_encoding.microaggregation import ends

__all__ = ["PARTS", "date_parts", "first_second", "varying_parts"]

NANOSECONDS = 1_000_000_000
PARTS = ("year", "month", "day", "day_of_week", "hour")

Cells: TypeAlias = pd.Series | np.ndarray


def first_second(stamps: pd.Series) -> float:
    """The first second of the year in which dates begin, since 1970."""
    if not len(stamps):
        return 0.0
    first = pd.Timestamp(ends(stamps.to_numpy("datetime64[s]").astype(np.int64))[0], unit="s")
    return float(pd.Timestamp(first.year, 1, 1).timestamp())


def varying_parts(stamps: pd.Series) -> list[str]:
    """Those of `PARTS` that differ among these dates."""
    return [part for part in PARTS if getattr(stamps.dt, part).nunique() > 1] if len(stamps) else []


def date_parts(column: Cells, names: list[str], origin: float, cyclic: bool) -> np.ndarray:
    """Days since the origin and parts of the date, NaN for a missing time; as pandas computes them, to the last bit."""
    is_typed = column.dtype.kind == "M"
    stamps = np.asarray(column if is_typed else pd.to_datetime(column), dtype="datetime64[ns]")
    gone = np.isnat(stamps)
    blocks = [_seconds_since(stamps, origin, gone) / 86400]
    period = {"month": 12.0, "day": 31.0, "day_of_week": 7.0, "hour": 24.0}
    for name in names:
        value = _part(stamps, name).astype(np.float64)
        value[gone] = np.nan
        if cyclic and name in period:
            angle = 2 * np.pi * value / period[name]
            blocks += [np.sin(angle), np.cos(angle)]
        else:
            blocks.append(value)
    return np.stack(blocks, axis=1)


def _seconds_since(stamps: np.ndarray, origin: float, gone: np.ndarray) -> np.ndarray:
    """Seconds from the origin ``(n,)``; fractions are rounded by pandas, whose rule differs between its versions."""
    start = pd.Timestamp(origin, unit="s")
    whole, rest = np.divmod((stamps - start.to_datetime64().astype("datetime64[ns]")).astype(np.int64), NANOSECONDS)
    if (rest[~gone] != 0).any():
        return np.asarray((pd.Series(stamps) - start).dt.total_seconds(), np.float64)
    return np.asarray(np.where(gone, np.nan, whole.astype(np.float64)))


def _part(stamps: np.ndarray, name: str) -> np.ndarray:
    """One of `PARTS` of each time ``(n,)``, as pandas counts it: Monday is 0."""
    if name == "year":
        return np.asarray(stamps.astype("datetime64[Y]").astype(np.int64) + 1970)
    if name == "month":
        return np.asarray(stamps.astype("datetime64[M]").astype(np.int64) % 12 + 1)
    days = stamps.astype("datetime64[D]")
    if name == "day":
        return np.asarray((days - stamps.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1)
    if name == "day_of_week":
        return np.asarray((days.astype(np.int64) + 3) % 7)  # 1970-01-01 was a Thursday
    return np.asarray(stamps.astype("datetime64[h]").astype(np.int64) % 24)
