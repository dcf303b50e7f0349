"""A column of dates and times, read by the way in which it writes them."""

from __future__ import annotations

import datetime as _datetime
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.parse.amounts import numbers
from automl.detect.parse.date_forms import (
    CHINESE,
    CLOCK,
    LONGEST_DATE,
    MONTH_YEAR,
    OFFSET,
    PACKED,
    PLAIN_ISO,
    QUARTER,
    TIME,
    WEEK,
    YEAR_FIRST,
    YEAR_LAST,
    ZONE,
    ahead_minutes,
    clock_seconds,
    ends_in_year,
    full_year,
    named,
)
from automl.detect.parse.spelling import FEW, word

__all__ = ["dates", "plain_stamps"]

PLAIN_STAMP = re.compile(PLAIN_ISO)
LONGEST_STAMP = len("2020-01-31 23:59:59.123456789")
FIRST_YEAR, LAST_YEAR = 1677, 2262
DAY = "0000-00-00"
IS_DIGIT = np.array([mark == "0" for mark in DAY])
EXCEL_EPOCH = np.datetime64("1899-12-30", "ns")


def dates(series: pd.Series, reading: Mapping[str, Any] | None = None) -> np.ndarray:
    """A column as datetime64[ns] in UTC without a zone; NaT where a cell is no date.

    Args:
        series: timestamps, texts, or numbers (years, yyyymmdd, seconds: see ``reading["numbers"]``).
        reading: ``day_first`` for dates such as 03/04/2020; ``clock``: times of day, on 1 January 1970; ``numbers``:
            "year", "yyyymmdd", "yyyymm", "s", "ms", "us", "ns", "excel" (days since 1899) or "steps"; ``wall``: as
            the clock shows them, without the offset to UTC.
    """
    reading = reading or {}
    if reading.get("wall"):
        series = _without_zone(series)
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return _nanoseconds(pd.Series(series))
    if isinstance(series.dtype, pd.PeriodDtype):
        return _nanoseconds(pd.Series(series.dt.to_timestamp()))
    if "numbers" in reading:
        return _numbered(numbers(series), str(reading["numbers"]))
    if pd.api.types.is_numeric_dtype(series.dtype):
        values = numbers(series)
        return _numbered(values, "year" if _years(values) else "yyyymmdd")
    if len(series) <= FEW and (stamps := _few(series.tolist())) is not None:
        return stamps
    if series.dtype == object:
        series = series.map(_dateable)
    codes, uniques = pd.factorize(series)
    stamps = _plain(uniques)
    if stamps is not None:
        return np.asarray(np.append(stamps, np.datetime64("NaT"))[codes], dtype="datetime64[ns]")
    texts = [str(u).strip() for u in uniques]
    if reading.get("clock"):
        parsed = np.array([_time_of_day(t) for t in texts], dtype="datetime64[ns]")
    else:
        parsed = _written(texts, bool(reading.get("day_first")))
    return np.asarray(np.append(parsed, np.datetime64("NaT"))[codes], dtype="datetime64[ns]")


def _without_zone(series: pd.Series) -> pd.Series:
    """Times as their clock shows them."""
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        return pd.Series(series.dt.tz_localize(None))
    if series.dtype != object and not isinstance(series.dtype, pd.StringDtype):
        return series
    different = {
        value: OFFSET.sub(r"\g<time>", value.strip())
        for value in series.unique()
        if isinstance(value, str) and len(value) <= LONGEST_DATE
    }
    return pd.Series(series.astype(object).map(lambda value: different.get(value, value)), dtype=object)


def plain_stamps(cells: Sequence[str | None]) -> np.ndarray | None:
    """Texts of the form 2020-01-31 or 2020-01-31 23:59:59 as `dates` reads them; None where any has another form.

    Args:
        cells: ``(n,)``, None for a gap.
    """
    known = [cell for cell in cells if cell is not None]
    stamps = _stamps(known) if len(known) > FEW and _are_days(known) else _few(known)
    if stamps is None or len(stamps) == len(cells):
        return stamps
    out = np.full(len(cells), np.datetime64("NaT"), dtype="datetime64[ns]")
    out[[cell is not None for cell in cells]] = stamps
    return out


def _few(cells: Sequence[Any]) -> np.ndarray | None:
    """A few cells of the form that `_plain` reads, without setting up a table of them; None where any is not."""
    if not all(isinstance(cell, str) and len(cell) <= LONGEST_STAMP and PLAIN_STAMP.fullmatch(cell) for cell in cells):
        return None
    if not all(FIRST_YEAR < int(cell[:4]) < LAST_YEAR for cell in cells):
        return None
    return _stamps(cells)


def _stamps(cells: Sequence[str]) -> np.ndarray | None:
    try:
        return np.array(cells, dtype="datetime64[ns]")
    except ValueError:  # a day that no calendar has
        return None


def _are_days(cells: Sequence[str]) -> bool:
    """Whether texts all have the form 2020-01-31 and a year that nanoseconds reach, looked at together."""
    joined = "".join(cells)
    if not joined.isascii() or set(map(len, cells)) != {len(DAY)}:
        return False
    marks = np.frombuffer(joined.encode(), np.uint8).reshape(-1, len(DAY))
    digits = marks[:, IS_DIGIT] - ord("0")  # of any other mark at least 10, as bytes have no sign
    if (digits > 9).any() or (marks[:, ~IS_DIGIT] != ord("-")).any():
        return False
    years = digits[:, :4] @ np.array([1000, 100, 10, 1])
    return bool(years.min() > FIRST_YEAR and years.max() < LAST_YEAR)


def _plain(uniques: Any) -> np.ndarray | None:
    """All of them at once where each is written as 2020-01-31 or 2020-01-31 23:59:59; None where any is not."""
    texts = pd.Series(uniques, dtype="str")
    if not len(texts) or not texts.str.fullmatch(PLAIN_ISO).all():
        return None
    stamps = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    return None if stamps.isna().any() else _nanoseconds(stamps)


def _dateable(value: Any) -> str | None:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else word(value)


def _years(values: np.ndarray) -> bool:
    seen = values[~np.isnan(values)]
    return bool(len(seen)) and bool(((seen >= 1000) & (seen <= 2262) & (seen == np.round(seen))).all())


def _numbered(values: np.ndarray, how: str) -> np.ndarray:
    out = np.full(len(values), np.datetime64("NaT"), dtype="datetime64[ns]")
    seen = ~np.isnan(values)
    if how == "year":
        seen &= (values >= 1678) & (values <= 2261)
        out[seen] = (values[seen].astype(np.int64) - 1970).astype("datetime64[Y]").astype("datetime64[ns]")
    elif how == "yyyymmdd":
        seen &= np.abs(values) < 1e9
        texts = pd.Series(values[seen].astype(np.int64).astype(str), dtype=object)
        out[seen] = _nanoseconds(pd.to_datetime(texts, format="%Y%m%d", errors="coerce"))
    elif how == "yyyymm":
        seen &= (values >= 167801) & (values < 226200)
        whole = values[seen].astype(np.int64)
        out[seen] = ((whole // 100 - 1970) * 12 + whole % 100 - 1).astype("datetime64[M]").astype("datetime64[ns]")
    elif how in ("s", "ms", "us", "ns"):
        scale = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}[how]
        seen &= np.abs(values) * scale < 9.2e18
        out[seen] = (values[seen] * scale).astype(np.int64).astype("datetime64[ns]")
    elif how == "excel":
        seen &= (values >= 0) & (values < 100_000)
        out[seen] = EXCEL_EPOCH + np.round(values[seen] * 86_400e3).astype("timedelta64[ms]").astype("timedelta64[ns]")
    else:  # steps: counted in days, so that order and spacing are kept
        seen &= np.abs(values) < 1e5
        out[seen] = (values[seen] * 86_400e9).astype(np.int64).astype("datetime64[ns]")
    return out


def _nanoseconds(stamps: pd.Series) -> np.ndarray:
    if getattr(stamps.dt, "tz", None) is not None:
        stamps = stamps.dt.tz_convert("UTC").dt.tz_localize(None)
    low, high = pd.Timestamp("1677-09-22"), pd.Timestamp("2262-04-10")
    return np.asarray(stamps.where((stamps >= low) & (stamps <= high)).to_numpy(dtype="datetime64[ns]"))


def _written(texts: Sequence[str], day_first: bool) -> np.ndarray:
    """Parse distinct texts, each by the shape it has."""
    out = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[ns]")
    iso, last = [], []
    for i, text in enumerate(texts):
        if len(text) > LONGEST_DATE:
            continue
        if ends_in_year(text) is not None:
            last.append(i)
        elif text[:4].isdigit() and YEAR_FIRST.fullmatch(text):
            iso.append(i)
        else:
            out[i] = _single(text)
    if iso:
        out[iso] = _year_first(pd.Series([texts[i] for i in iso], dtype=object))
    if last:
        out[last] = _year_last(pd.Series([texts[i] for i in last], dtype=object), day_first)
    return out


def _single(text: str) -> np.datetime64:
    """A text that neither begins nor ends with a year in digits among marks."""
    if (found := QUARTER.fullmatch(text)) is not None:
        year, quarter = found["year"] or found["year2"], int(found["quarter"] or found["quarter2"])
        return _stamp(int(year), quarter * 3 - 2)
    if (found := WEEK.fullmatch(text)) is not None:
        year, week = int(found["year"] or found["year2"]), int(found["week"] or found["week2"])
        try:
            day = _datetime.date.fromisocalendar(year, week, int(found["day"] or 1))
        except ValueError:
            return np.datetime64("NaT")
        return _stamp(day.year, day.month, day.day)
    if (found := MONTH_YEAR.fullmatch(text)) is not None:
        return _stamp(int(found["year"]), int(found["month"]))
    if (found := CHINESE.fullmatch(text)) is not None:
        return _stamp(int(found[1]), int(found[2]), int(found[3] or 1))
    if PACKED.fullmatch(text):
        return np.datetime64(_numbered(np.array([float(text)]), "yyyymmdd")[0])
    parts = named(text)
    return np.datetime64("NaT") if parts is None else _stamp(*parts)


def _stamp(year: int, month: int, day: int = 1, seconds: float = 0.0) -> np.datetime64:
    if not 1678 <= year <= 2261:
        return np.datetime64("NaT")
    try:
        at = np.datetime64(_datetime.date(year, month, day), "ns")
    except ValueError:
        return np.datetime64("NaT")
    return np.datetime64(at + np.timedelta64(round(seconds * 1e6), "us"))


def _time_of_day(text: str) -> np.datetime64:
    found = TIME.fullmatch(text) if len(text) <= LONGEST_DATE else None
    if found is None:
        return np.datetime64("NaT")
    half, minute = found["half"] or found["half2"], found["minute"] or found["minute2"]
    return _stamp(1970, 1, 1, clock_seconds(found["hour"], minute, found["second"], half))


def _year_first(texts: pd.Series) -> np.ndarray:
    texts = texts.str.replace(r"^(\d{4})[/.-](\d{1,2})(?:[/.-](\d{1,2}))?(?!\d)", _dashed, regex=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stamps = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
        rest = stamps.isna()
        if not rest.any():
            return _nanoseconds(stamps)
        parts = texts[rest].str.extract(r"^(?P<date>[\d-]+)" + CLOCK + ZONE + "$")
        day = parts["date"].where(parts["date"].str.len() > 7, parts["date"] + "-01")
        days = pd.to_datetime(day, format="%Y-%m-%d", errors="coerce", utc=True)
    out = np.array(_nanoseconds(stamps))  # pandas' own array is read-only
    out[rest.to_numpy()] = _nanoseconds(days) + _clocks(parts)
    return out


def _dashed(found: re.Match[str]) -> str:
    return "-".join(f"{int(part):02d}" if len(part) < 3 else part for part in found.groups() if part)


def _clocks(parts: pd.DataFrame) -> np.ndarray:
    """The time of day and the offset of the zone, as timedelta64[ns]."""
    second = parts["second"].str.replace(",", ".")
    clock = [pd.to_numeric(c).fillna(0).to_numpy(np.float64) for c in (parts["hour"], parts["minute"], second)]
    late = parts["half"].fillna("").astype(str).str.lower().str[:1].to_numpy(dtype=object)
    hour = np.where(late != "", clock[0] % 12 + 12 * (late == "p"), clock[0])
    codes, zones = pd.factorize(parts["zone"])
    ahead = np.append([ahead_minutes(zone) for zone in zones], 0.0)[codes]
    seconds = hour * 3600 + clock[1] * 60 + clock[2] - 60 * ahead
    return np.asarray(np.round(seconds * 1e6).astype("timedelta64[us]").astype("timedelta64[ns]"))


def _year_last(texts: pd.Series, day_first: bool) -> np.ndarray:
    parts = texts.str.extract(YEAR_LAST)
    first, second = (pd.to_numeric(parts[c]).to_numpy() for c in ("first", "second_part"))
    year = np.array([full_year(digits) for digits in parts["year"]])
    day, month = (first, second) if day_first else (second, first)
    swap = (month > 12) & (day <= 12)
    day, month = np.where(swap, month, day), np.where(swap, day, month)
    stamps = pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": day}), errors="coerce")
    days = _nanoseconds(stamps)
    return np.asarray(days + _clocks(parts), dtype="datetime64[ns]") if parts["hour"].notna().any() else days
