"""Numeric-like and dated columns of a table as clean float32 numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl.modalities.shared.specs import MAX_STAT_ROWS, evenly, numbers_spec
from automl.records import InputSpec, Table
from automl.target_encoding.microaggregation import MIN_LEVEL_ROWS, ends, magnitude, quantiles

__all__ = ["Numbers", "fit_numbers", "restore_numbers"]

DATE_PARTS = (
    "elapsed_days", "year", "month_sin", "month_cos", "yearday_sin", "yearday_cos", "weekday_sin", "weekday_cos", "day",
    "hour_sin", "hour_cos",
)  # fmt: skip
MAX_FIT_ROWS = 200_000
BLOCK_CELLS = 2_000_000
LEVELS = (0.001, 0.25, 0.5, 0.75, 0.999)
LARGEST = 1e30  # far from float32's own limit, so that sums and squares of scaled values stay finite


@dataclass(eq=False)
class Numbers:
    """Columns → numbers: missing filled with the median, wild values clipped, indicators for missing values.

    No number kept is one that fewer than `MIN_LEVEL_ROWS` training rows hold
    (`automl.target_encoding.microaggregation`).

    A date becomes elapsed days and calendar parts. All arrays have one entry for each *raw* number: numeric columns
    first, then the parts of each date.

    Attributes:
        numeric: column names.
        dates: column names.
        origins: the first day of the year in which a date's training days begin, in days since 1970.
        fill: median of training rows.
        low: bounds.
        high: bounds.
        offset: subtracted before the cast to float32 where a column lies so far from zero that float32 would lose its
            digits.
        kept: raw numbers that vary in training.
        flagged: raw numbers whose absence has an indicator.
    """

    numeric: list[str]
    dates: list[str]
    origins: np.ndarray
    fill: np.ndarray
    low: np.ndarray
    high: np.ndarray
    offset: np.ndarray
    kept: np.ndarray
    flagged: np.ndarray

    def transform(self, frame: Table) -> np.ndarray:
        """Encoded rows ``(n, n_kept + n_flagged)`` float32."""
        raw = _raw(frame, self.numeric, self.dates, self.origins)  # (n, n_raw), fresh
        table = raw.T  # a number a row, as it lies in memory
        gone = np.isnan(table)
        np.copyto(table, self.fill[:, None], where=gone)
        np.clip(table, self.low[:, None], self.high[:, None], out=table)
        table -= self.offset[:, None]
        out = np.empty((len(raw), len(self.kept) + len(self.flagged)), np.float32)
        out[:, : len(self.kept)] = table[self.kept].T
        out[:, len(self.kept) :] = gone[self.flagged].T
        return out

    def state(self) -> dict[str, Any]:
        """Plain lists and arrays."""
        return dict(vars(self))


def restore_numbers(state: Mapping[str, Any]) -> Numbers:
    """The part that `Numbers.state` described."""
    return Numbers(**{**state, "numeric": list(state["numeric"]), "dates": list(state["dates"])})


def fit_numbers(frame: pd.DataFrame, numeric: Sequence[str], dates: Sequence[str]) -> tuple[Numbers, InputSpec] | None:
    """Fit on a frame of training rows; None when no column varies.

    Args:
        frame: training rows, of which at most `MAX_FIT_ROWS`, evenly taken, are looked at.
        numeric: columns of float64.
        dates: columns of datetime64.
    """
    frame = frame.iloc[evenly(np.arange(len(frame)), MAX_FIT_ROWS)]
    origins = np.array([_first_day(frame[name]) for name in dates], np.float64)
    raw = _raw(frame, numeric, dates, origins)
    names = [*numeric, *(f"{name}.{part}" for name in dates for part in DATE_PARTS)]
    bounds = _bounds_of(raw)
    gone = np.isnan(raw)
    missing = gone.mean(axis=0)
    own_flag = np.array([part in ("", DATE_PARTS[0]) for part in _parts(numeric, dates)], bool)
    part = Numbers(
        numeric=list(numeric),
        dates=list(dates),
        origins=origins,
        fill=bounds[:, 0].copy(),
        low=bounds[:, 1].copy(),
        high=bounds[:, 2].copy(),
        offset=bounds[:, 3].copy(),
        kept=np.arange(len(names)),
        flagged=np.flatnonzero(own_flag & (missing > 0) & (missing < 1)),
    )
    values = part.transform(frame)[:, : len(names)]  # all raw numbers, varying or not
    part.kept = np.flatnonzero(np.ptp(values, axis=0) > 0) if len(values) else part.kept[:0]
    if len(part.kept) + len(part.flagged) == 0:
        return None
    columns = [names[i] for i in part.kept] + [f"{_column(names[i], dates)} is missing" for i in part.flagged]
    shares = [*missing[part.kept], *np.zeros(len(part.flagged))]
    encoded = part.transform(frame)
    encoded[:, : len(part.kept)][gone[:, part.kept]] = np.nan
    return part, numbers_spec("numbers", columns, encoded, shares)


def _parts(numeric: Sequence[str], dates: Sequence[str]) -> list[str]:
    return [""] * len(numeric) + list(DATE_PARTS) * len(dates)


def _column(name: str, dates: Sequence[str]) -> str:
    whole = name.removesuffix("." + DATE_PARTS[0])
    return whole if whole in dates else name


def _raw(frame: Table, numeric: Sequence[str], dates: Sequence[str], origins: np.ndarray) -> np.ndarray:
    """A fresh ``(n, n_raw)`` float64 table, column by column in memory, with NaN where something is missing."""
    table = np.empty((len(numeric) + len(DATE_PARTS) * len(dates), len(frame)), np.float64).T
    if isinstance(frame, pd.DataFrame) and (len(numeric) > 40 or len(frame) > 1_000):
        table[:, : len(numeric)] = frame[list(numeric)].to_numpy(np.float64)
    else:  # column by column costs pandas a third of the time for one row of a usual table
        for place, name in enumerate(numeric):
            table[:, place] = np.asarray(frame[name])
    for place, (name, origin) in enumerate(zip(dates, origins, strict=True)):
        begin = len(numeric) + place * len(DATE_PARTS)
        table[:, begin : begin + len(DATE_PARTS)] = _date_parts(np.asarray(frame[name], "datetime64[s]"), origin)
    return table


def _first_day(column: pd.Series) -> float:
    times = column.to_numpy("datetime64[s]")
    seconds = times[~np.isnat(times)].astype(np.int64)
    if len(seconds) < MIN_LEVEL_ROWS:
        return 0.0
    first = np.datetime64(int(ends(seconds)[0]), "s").astype("datetime64[Y]")
    return float(first.astype("datetime64[D]").astype(np.int64))


def _date_parts(times: np.ndarray, origin: float) -> np.ndarray:
    """``(n, n_parts)``: the numbers named in `DATE_PARTS`, NaN for a missing time."""
    days = times.astype("datetime64[D]")
    months = times.astype("datetime64[M]")
    year = times.astype("datetime64[Y]")
    elapsed = times.astype(np.int64) / 86400.0 - origin
    month = 2 * np.pi * (months - year.astype("datetime64[M]")).astype(np.int64) / 12.0
    yearday = 2 * np.pi * (days - year.astype("datetime64[D]")).astype(np.int64) / 365.25
    weekday = 2 * np.pi * ((days.astype(np.int64) + 3) % 7) / 7.0  # 1970-01-01 was a Thursday
    day = (days - months.astype("datetime64[D]")).astype(np.int64) + 1.0
    hour = 2 * np.pi * (times.astype(np.int64) % 86400) / 86400.0
    parts = np.array(
        [elapsed, year.astype(np.int64) + 1970.0, np.sin(month), np.cos(month), np.sin(yearday), np.cos(yearday),
         np.sin(weekday), np.cos(weekday), day, np.sin(hour), np.cos(hour)]
    ).T  # fmt: skip
    parts[np.isnat(times)] = np.nan
    return parts


def _bounds_of(raw: np.ndarray) -> np.ndarray:
    """`_bounds` of each column of ``(n, n_raw)``, ``(n_raw, 4)``: of those without gaps all at once."""
    found = np.empty((raw.shape[1], 4))
    whole = np.isfinite(raw).all(axis=0) if len(raw) else np.zeros(raw.shape[1], bool)
    step = max(1, BLOCK_CELLS // max(len(raw), 1))
    places = np.flatnonzero(whole)
    for start in range(0, len(places), step):
        found[places[start : start + step]] = _bounds_at_once(raw[:, places[start : start + step]])
    for place in np.flatnonzero(~whole).tolist():
        found[place] = _bounds(raw[:, place])
    return found


def _bounds_at_once(values: np.ndarray) -> np.ndarray:
    """`_bounds` of each column of finite numbers ``(n, n_columns)``."""
    sample = np.clip(evenly(values, MAX_STAT_ROWS), -LARGEST, LARGEST)
    low, q25, median, q75, high = quantiles(sample, LEVELS)
    width = 3.0 * (high - low)
    room = np.where(width != 0, width, 3.0 * magnitude(np.ptp(sample, axis=0)))
    near = np.maximum(q75 - q25, (high - low) / 8.0)
    far = (np.abs(median) > 1e4 * near) & (1e4 * near > 0)
    ends = np.maximum(low - room, -LARGEST), np.minimum(high + room, LARGEST)
    return np.stack([median, *ends, np.where(far, median, 0.0)], axis=1)


def _bounds(values: np.ndarray) -> tuple[float, float, float, float]:
    """Median, lower bound, upper bound and offset of one raw column of training rows."""
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return 0.0, 0.0, 0.0, 0.0
    sample = np.clip(evenly(finite, MAX_STAT_ROWS), -LARGEST, LARGEST)
    low, q25, median, q75, high = quantiles(sample, LEVELS).tolist()
    room = 3.0 * (high - low) or 3.0 * float(magnitude(np.ptp(sample)))
    bounds = max(low - room, -LARGEST), min(high + room, LARGEST)
    far = abs(median) > 1e4 * max(q75 - q25, (high - low) / 8.0) > 0
    return float(median), float(bounds[0]), float(bounds[1]), float(median) if far else 0.0
