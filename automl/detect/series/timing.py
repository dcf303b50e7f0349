"""The times of a table's rows: in one column, or in several that make one time together (a date and an hour)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from automl.detect.columns.kinds import column
from automl.detect.columns.sample import ColumnSample, column_sample, is_named
from automl.detect.parse import dates, numbers, words
from automl.detect.parse.date_forms import MONTHS
from automl.detect.series.calendars import UNITS, WEEK
from automl.records import Column

__all__ = ["PART_NAMES", "columns_of", "stray", "time_column", "times_of", "with_parts"]

TIMES = r"date|time|timestamp|datetime|day|week|month|quarter|year|yr|period|ds|step|t|jahr|annee|année|año|ano|anno"
STEPS = r"step|t|time|period|day|week|month"
RATES = r"per|hours|minutes|n|num|number|count|no|age|old"  # hours per week, number of days: amounts, not times
YEARS = r"year|yr|jahr|annee|année|año|ano|anno|jaar|rok"
PARTS: Mapping[str, tuple[str, int, int]] = {
    "month": (r"month|mon|mnth|mo|mm|monat|mois|mes|mese|maand", 1, 12),
    "quarter": (r"quarter|qtr|q|quartal|trimestre|kwartaal", 1, 4),
    "week": (r"week|wk|weekno|weeknum|kw|woche|semaine|semana|settimana", 1, 53),
    "year_day": (r"doy|yday|dayofyear|day_of_year|yearday|julian", 1, 366),
    "day": (r"day|dd|dom|tag|jour|dia|día|giorno|dag", 1, 31),
    "weekday": (r"weekday|wday|dow|dayofweek|day_of_week|day|wochentag|tag", 0, 7),
}
"""Parts of a date beside a year: names, least and greatest value."""

FINER = {"day": "month", "weekday": "week"}
"""Parts that tell something only beside another."""

CLOCKS: Mapping[str, tuple[str, int, int]] = {
    "hour": (r"hour|hours|hr|hrs|hh|h|he|stunde|heure|hora|ora|uur|time|tod", 0, 25),
    "clock": (r"hour|hr|time|hhmm|hrmn|tod|hora|uhrzeit|heure", 0, 2400),
    "half_hour": (r"period|interval|slot|settlement|sp|half|hh|time", 1, 50),
    "quarter_hour": (r"period|interval|slot|quarter|qh|time", 1, 100),
    "minute": (r"minute|minutes|min|mm|mi", 0, 59),
}
"""Parts of a day beside a date: names, least and greatest value; the first that fits is taken."""

PART_NAMES = frozenset({*PARTS, *CLOCKS, "time", "span", "dotted"})
"""All that `parts` of a reading may name."""

LEAST_GREATEST = {"hour": 12, "clock": 60, "half_hour": 46, "quarter_hour": 92, "minute": 30}
"""What the greatest value of a column must reach: steps of a day come up to its end."""

LEAST_LEVELS = 4
MOST_STRAY = 0.01
MORE_TIMES = 2
_DOTTED = re.compile(r"([01]?\d|2[0-3])\.([0-5]\d)(?:\.[0-5]\d)?")  # 18.00.00
_SPAN = re.compile(r"(\d{1,2})(?::?([0-5]\d))?\s*(?:[-–]|to)\s*\d{1,2}(?::?[0-5]\d)?")  # 07:00-08:00


def time_column(frame: pd.DataFrame, columns: Sequence[Column], named: str | None) -> Column | None:
    """The column that tells the time: the one the user named, else dates, else years or steps as whole numbers."""
    if named is not None:
        known = next((c for c in columns if c.name == named), None)
        if known is not None and known.kind == "datetime":
            return known
        dated = column(named, frame[named], "datetime")
        return Column(named, "datetime", 1.0, "named as the time column", dated.reading)
    dated_columns = (c for c in columns if c.kind == "datetime" and not c.reading.get("clock"))
    return next(dated_columns, None) or _counted(frame, columns)


def _counted(frame: pd.DataFrame, columns: Sequence[Column]) -> Column | None:
    """Whole numbers named like times: years first, else steps."""
    named = [c for c in columns if is_named(c.name, TIMES) and not is_named(c.name, RATES)]
    parts = "|".join(names for part, (names, _, _) in PARTS.items() if part not in FINER)
    has_parts = bool(named) and any(is_named(c.name, parts) for c in columns)
    steps = None
    for c in named:
        seen = column_sample(c.name, frame[c.name])
        one_year = c.kind == "constant" and has_parts and is_named(c.name, YEARS)
        if not (c.kind in ("numeric", "identifier") or one_year) or not seen.is_numeric or not seen.is_integer:
            continue
        values = seen.values[~np.isnan(seen.values)]
        if len(values) < len(frame):
            continue
        if values.min() >= 1000 and values.max() <= 2261:
            return Column(c.name, "datetime", 0.9, "whole numbers between 1000 and 2261: years", {"numbers": "year"})
        if steps is None and abs(values).max() < 1e5 and seen.is_named(STEPS):
            steps = Column(c.name, "datetime", 0.7, "whole numbers that count steps", {"numbers": "steps"})
    return steps


# --------------------------------------------------------------------------- several columns


def columns_of(time: Column | None) -> tuple[str, ...]:
    """Names of the columns that tell the time, the main one first."""
    if time is None:
        return ()
    return tuple(dict.fromkeys((time.name, *time.reading.get("parts", {}).values())))


def with_parts(frame: pd.DataFrame, time: Column, others: Sequence[Column]) -> Column:
    """The time column, with others that make one time with it: an hour beside a date, a month beside a year.

    Args:
        frame: with all of these columns.
        time: tells dates, or years.
        others: columns that may tell the rest.

    Returns:
        The time column; its reading names the other columns as `parts`, by what they tell. Unchanged where times do not
        repeat, or no other column makes far more different times of them.
    """
    parts: dict[str, str] = {}
    if time.reading.get("numbers") == "year":
        if _repeats(frame, time):
            parts = _beside_year(frame, others)
            with_date = _as_parts(time, parts)
            if not parts or not _repeats(frame, with_date):
                return with_date
            time = with_date
    elif "numbers" in time.reading and time.reading["numbers"] in ("steps", "s", "ms", "us", "ns"):
        return time
    if not _repeats(frame, time) or not _is_daily(frame, time):
        return time
    rest = [c for c in others if c.name not in parts.values()]
    day = {} if parts else _day_of_month(frame, time, rest)
    clocks = {**day, **_beside_date(frame, [c for c in rest if c.name not in day.values()])}
    made = _as_parts(time, {**time.reading.get("parts", {}), **clocks})
    return made if clocks and _n_different(frame, made) >= MORE_TIMES * _n_different(frame, time) else time


def _as_parts(time: Column, parts: Mapping[str, str]) -> Column:
    if not parts:
        return time
    names = ", ".join(map(repr, parts.values()))
    return replace(time, reading={**time.reading, "parts": dict(parts)}, evidence=f"{time.evidence}; with {names}")


def _n_different(frame: pd.DataFrame, time: Column) -> int:
    return len(np.unique(times_of(frame, time)))


def _repeats(frame: pd.DataFrame, time: Column) -> bool:
    return _n_different(frame, time) < 0.9 * len(frame)


def _is_daily(frame: pd.DataFrame, time: Column) -> bool:
    """Whether the times are whole days."""
    times = times_of(frame, time)
    times = times[~np.isnat(times)]
    return bool(len(times)) and bool((times == times.astype("datetime64[D]")).all())


def _day_of_month(frame: pd.DataFrame, time: Column, others: Sequence[Column]) -> dict[str, str]:
    """The column that tells the day beside a month such as 2021-03."""
    times = times_of(frame, time)
    times = times[~np.isnat(times)]
    if not (times.astype("datetime64[D]") == times.astype("datetime64[M]")).all():
        return {}
    names, low, high = PARTS["day"]
    match = next((c.name for c in others if is_named(c.name, names) and _fits(frame, c, "day", low, high)), None)
    return {} if match is None else {"day": match}


def _beside_year(frame: pd.DataFrame, others: Sequence[Column]) -> dict[str, str]:
    """The columns that tell month (and day), quarter or week beside a year, by what they tell."""
    found: dict[str, str] = {}
    for part, (names, low, high) in PARTS.items():
        if FINER[part] not in found if part in FINER else found:
            continue
        match = next((c.name for c in others if is_named(c.name, names) and _fits(frame, c, part, low, high)), None)
        if match is not None:
            found[part] = match
    return found


def _fits(frame: pd.DataFrame, c: Column, part: str, low: int, high: int) -> bool:
    """Whether a column holds the whole numbers (or names) of a part of a date."""
    values = _part(frame[c.name], part)
    if np.isnan(values).mean() > 0.02:
        return False
    values = values[~np.isnan(values)]
    is_whole = bool(len(values)) and bool((values == np.round(values)).all())
    return is_whole and low <= values.min() <= values.max() <= high


def _beside_date(frame: pd.DataFrame, others: Sequence[Column]) -> dict[str, str]:
    """The columns that tell the time of day beside a date, by what they tell."""
    for c in others:
        if c.kind == "datetime" and c.reading.get("clock"):
            return {"time": c.name}
        if c.kind == "numeric" or not is_named(c.name, CLOCKS["hour"][0]):
            continue
        for part, form in (("span", _SPAN), ("dotted", _DOTTED)):
            if _are_written(frame[c.name], form):
                return {part: c.name}
    for part, (names, low, high) in CLOCKS.items():
        for c in others:
            if part == "minute" or not is_named(c.name, names) or not _is_clock(frame, c, part, low, high):
                continue
            minute = _minute(frame, others) if part == "hour" else None
            return {part: c.name} | ({"minute": minute} if minute else {})
    return {}


def _minute(frame: pd.DataFrame, others: Sequence[Column]) -> str | None:
    names, low, high = CLOCKS["minute"]
    return next((c.name for c in others if is_named(c.name, names) and _is_clock(frame, c, "minute", low, high)), None)


def _is_clock(frame: pd.DataFrame, c: Column, part: str, low: int, high: int) -> bool:
    """Whether whole numbers may be hours, minutes or steps of a day."""
    seen: ColumnSample = column_sample(c.name, frame[c.name])
    if c.kind in ("datetime", "list"):
        return False
    values = numbers(seen.series)
    values = values[~np.isnan(values)]
    if len(values) < 0.98 * len(frame) or not (values == np.round(values)).all():
        return False
    n_levels = len(np.unique(values))
    if not low <= values.min() or not values.max() <= high or n_levels < (2 if part == "minute" else LEAST_LEVELS):
        return False
    return bool(values.max() >= LEAST_GREATEST[part]) and (part != "clock" or bool((values % 100 < 60).all()))


def _are_written(series: pd.Series, form: re.Pattern[str]) -> bool:
    texts = [t for t in words(series.iloc[:300]) if t is not None]
    return len(texts) >= LEAST_LEVELS and all(form.fullmatch(t) for t in texts)


# --------------------------------------------------------------------------- reading


def times_of(frame: pd.DataFrame, time: Column) -> np.ndarray:
    """The time of each row as datetime64[ns]; NaT where it cannot be read.

    Args:
        frame: with the columns of `columns_of`.
        time: the time column, whose reading may name others as `parts`.
    """
    parts = time.reading.get("parts") or {}
    reading = {key: value for key, value in time.reading.items() if key != "parts"}
    made = dates(frame[time.name], reading)
    if set(parts) & set(PARTS):
        made = _date(made, {part: _part(frame[name], part) for part, name in parts.items() if part in PARTS})
    for part, name in parts.items():
        if part not in PARTS:
            made = made + _clock(frame[name], part)
    return np.asarray(made, dtype="datetime64[ns]")


def stray(times: np.ndarray) -> np.ndarray:
    """Which times lie far from all others, as a slip of the pen (2109 for 2019) or the date of a gap (1 January 1970).

    These are at most one in a hundred, and are further from the others than these are from each other.

    Args:
        times: ``(n,)`` datetime64[ns], NaT where unknown.
    """
    nowhere = np.zeros(len(times), bool)
    known = np.flatnonzero(~np.isnat(times))
    most = int(MOST_STRAY * len(known))
    if not most:
        return nowhere
    order = known[np.argsort(times[known], kind="stable")]
    seconds = times[order].astype("datetime64[s]").astype(np.int64)
    gaps = np.diff(seconds)
    first = max((i + 1 for i in range(most) if gaps[i] > seconds[-1 - most] - seconds[i + 1]), default=0)
    last = max((i + 1 for i in range(most) if gaps[-1 - i] > seconds[-2 - i] - seconds[first]), default=0)
    nowhere[order[:first]] = True
    nowhere[order[len(order) - last :]] = True
    return nowhere if first + last <= most else np.zeros(len(times), bool)


def _part(series: pd.Series, part: str) -> np.ndarray:
    """A part of a date as numbers, NaN where it cannot be read; months may be named, quarters written "Q1"."""
    if pd.api.types.is_numeric_dtype(series.dtype):
        return np.asarray(numbers(series))
    codes, levels = pd.factorize(pd.Series(words(series), dtype=object))
    read = [_number(str(level), part) for level in levels]
    return np.append(np.array(read, np.float64), np.nan)[codes]


def _number(text: str, part: str) -> float:
    if part == "month" and text.lower().strip(".") in MONTHS:
        return float(MONTHS[text.lower().strip(".")])
    if part == "weekday" and text[:3].title() in WEEK:
        return float(WEEK.index(text[:3].title()) + 1)
    found = re.fullmatch(r"(?:[QqTt]|[Ww]|KW|kw)?\s?(\d{1,2})(?:\.0)?", text)
    return float(found[1]) if found is not None else float("nan")


def _date(years: np.ndarray, parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Dates of years (or of months, where there is but a day beside them) and the parts of dates beside them."""
    known = ~np.isnat(years) & np.logical_and.reduce([~np.isnan(values) for values in parts.values()])
    made = np.full(len(years), np.datetime64("NaT"), dtype="datetime64[ns]")
    year = years[known].astype("datetime64[Y]")
    whole = {part: values[known].astype(np.int64) for part, values in parts.items()}
    if "week" in whole:  # the week of 4 January is the first one
        fourth = year.astype("datetime64[D]") + 3
        monday = fourth - (fourth.astype(np.int64) + 3) % 7
        weekday = whole.get("weekday", np.zeros(1, np.int64))
        made[known] = (monday + 7 * (whole["week"] - 1) + weekday - weekday.min()).astype("datetime64[ns]")
        return made
    if "year_day" in whole:
        made[known] = (year.astype("datetime64[D]") + whole["year_day"] - 1).astype("datetime64[ns]")
        return made
    months = years[known].astype("datetime64[M]")
    if "month" in whole or "quarter" in whole:
        months = year.astype("datetime64[M]") + (whole["month"] - 1 if "month" in whole else 3 * (whole["quarter"] - 1))
    days = months.astype("datetime64[D]") + (whole["day"] - 1 if "day" in whole else 0)
    made[known] = np.where(days.astype("datetime64[M]") == months, days, np.datetime64("NaT")).astype("datetime64[ns]")
    return made


def _clock(series: pd.Series, part: str) -> np.ndarray:
    """Time since midnight as timedelta64[ns], NaT where it cannot be read."""
    if part == "time":
        return np.asarray(dates(series, {"clock": True}) - np.datetime64("1970-01-01", "ns"))
    if part in ("span", "dotted"):
        minutes = np.array([_begin(text, _SPAN if part == "span" else _DOTTED) for text in words(series)])
    else:
        values = np.asarray(numbers(series))
        minutes = {
            "hour": 60 * values, "clock": 60 * (values // 100) + values % 100, "minute": values,
            "half_hour": 30 * (values - 1), "quarter_hour": 15 * (values - 1),
        }[part]  # fmt: skip
    known = np.isfinite(minutes)
    made = np.full(len(minutes), np.timedelta64("NaT"), dtype="timedelta64[ns]")
    made[known] = (minutes[known] * UNITS["min"]).astype(np.int64).astype("timedelta64[ns]")
    return made


def _begin(text: object, form: re.Pattern[str]) -> float:
    """Minutes from midnight to a time such as 18.00.00, or to the begin of a span such as 07:00-08:00."""
    found = form.fullmatch(str(text))
    return float("nan") if found is None else 60.0 * int(found[1]) + int(found[2] or 0)
