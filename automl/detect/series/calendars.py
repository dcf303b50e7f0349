"""Calendars on which times lie: frequencies by the aliases of pandas, and those that pandas has no alias for.

Aliases beside those of pandas ("h", "15min", "W-FRI", "MS", "BME", "WOM-1MON"):

- ``"M-15"``, ``"3M-15"``: that day of each month, or of each third one; ``"M-1-11-21"``: several days of each month.
  Where a month is shorter, its last day.
- ``"C-Mon Tue Wed Thu Fri Sat"``: some days of the week.
- ``"30min-0930-1600-Mon Tue Wed Thu Fri"``: steps within the same hours of some days of the week.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import pandas as pd

__all__ = [
    "DAY", "LAST", "UNITS", "WEEK", "constant_step", "day_hours", "following", "grid", "horizon", "is_alias",
    "month_days", "named_days", "said", "season", "unit", "week_days",
]  # fmt: skip

DAY = 86_400_000_000_000
"""Nanoseconds of a day."""

UNITS = {"D": DAY, "h": DAY // 24, "min": DAY // 1440, "s": DAY // 86_400, "ms": 1_000_000, "us": 1_000, "ns": 1}
SEASONS = {"Y": 1, "Q": 4, "M": 12, "W": 52, "D": 7, "B": 5, "h": 24, "min": 60, "s": 60}
SPELLED = {"Y": "year", "Q": "quarter", "M": "month", "W": "week", "D": "day", "B": "working day", "h": "hour",
           "min": "minute", "s": "second"}  # fmt: skip
HORIZONS = {"Y": 6, "Q": 8, "M": 12, "W": 13, "D": 14, "B": 10, "h": 24, "min": 60, "s": 60}
PLAIN = {"MS": "M", "ME": "M", "BMS": "M", "BME": "M", "WOM": "M", "LWOM": "M", "QS": "Q", "QE": "Q", "BQS": "Q",
         "BQE": "Q", "YS": "Y", "YE": "Y", "BYS": "Y", "BYE": "Y"}  # fmt: skip
LAST = 31
"""The day that stands for the last one of each month."""

_PARTS = re.compile(r"(?P<many>\d*)(?P<base>[A-Za-z]+)(?P<rest>(?:-[\w ]+)*)", re.ASCII)
WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = re.compile(r"(\d{0,3})M(?:(S|E)|((?:-(?:3[01]|[12]\d|[1-9]))+))", re.ASCII)
_DAYS = r"((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?: (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)){0,6})"
_LAST_WEEKDAY = re.compile("LWOM-(MON|TUE|WED|THU|FRI|SAT|SUN)")
_DAYS_ALIAS = re.compile("C-" + _DAYS)
_HOURS = re.compile(r"(\d{1,5})(h|min|s)-([01]\d|2[0-3])([0-5]\d)-([01]\d|2[0-3])([0-5]\d)-" + _DAYS, re.ASCII)


def unit(alias: str) -> tuple[int, str]:
    """``"15min"`` → (15, "min"); ``"QS-OCT"`` → (1, "Q"); ``"2M-15"`` → (2, "M"); ``"12M-15"`` → (1, "Y")."""
    found = _PARTS.fullmatch(alias)
    if found is None:
        return 1, alias
    many, base = int(found["many"] or 1), PLAIN.get(found["base"], found["base"])
    longer = {"Y": 12, "Q": 3} if base == "M" else {}
    return next(((many // n, name) for name, n in longer.items() if many % n == 0), (many, base))


def constant_step(alias: str) -> int | None:
    """Nanoseconds of a step that is always the same ("D", "15min"); None for those of a calendar."""
    found = _PARTS.fullmatch(alias)
    if found is None or found["rest"] or found["base"] not in UNITS:
        return None
    return int(found["many"] or 1) * UNITS[found["base"]] or None


def month_days(alias: str) -> tuple[int, tuple[int, ...]] | None:
    """Months of a step, and the days of the month ("MS" → 1, (1,)); None for other aliases."""
    found = _MONTHS.fullmatch(alias)
    if found is None or found[1].startswith("0"):
        return None
    days = {"S": (1,), "E": (LAST,)}.get(found[2]) or tuple(int(day) for day in found[3][1:].split("-"))
    return int(found[1] or 1), days


def week_days(alias: str) -> tuple[int, ...] | None:
    """Days of the week, Monday being 0: five for "B"; None for other aliases."""
    if alias == "B":
        return 0, 1, 2, 3, 4
    found = _DAYS_ALIAS.fullmatch(alias)
    return None if found is None else _numbered(found[1])


def named_days(days: Iterable[int]) -> str:
    """(0, 2) → "Mon Wed", as aliases write it."""
    return " ".join(WEEK[day] for day in days)


def _numbered(names: str) -> tuple[int, ...]:
    return tuple(sorted({WEEK.index(name) for name in names.split()}))


def day_hours(alias: str) -> tuple[int, int, int, tuple[int, ...]] | None:
    """Step, first and last time of day in nanoseconds, and the days of the week; None for other aliases."""
    found = _HOURS.fullmatch(alias)
    if found is None:
        return None
    step = int(found[1]) * UNITS[found[2]]
    first, last = (60 * int(found[i]) + int(found[i + 1]) for i in (3, 5))
    if not 0 < step <= DAY or last < first:
        return None
    return step, first * UNITS["min"], last * UNITS["min"], _numbered(found[7])


def is_alias(text: str) -> bool:
    """Whether a text is an alias that `grid` knows."""
    try:
        return len(following(np.datetime64("2000-01-01", "ns"), 2, text)) == 2
    except (ValueError, OverflowError):
        return False


def grid(first: np.datetime64, last: np.datetime64, alias: str) -> np.ndarray:
    """All places of a calendar from one time to another, both included.

    Args:
        first: a place of the calendar, or a time before one. Steps of several days or months are counted from it.
        last: any time.
        alias: see the module.

    Returns:
        datetime64[ns], sorted. They have the time of day of `first` where a calendar of days says none.
    """
    first, last = first.astype("datetime64[ns]"), last.astype("datetime64[ns]")
    if (step := constant_step(alias)) is not None:
        n_steps = int((last - first).astype(np.int64)) // step
        return np.asarray(first + np.arange(n_steps + 1) * np.timedelta64(step, "ns"))
    hours = day_hours(alias)
    if hours is not None:
        return _within_days(first, last, hours)
    days, clock = _days(first), _clock(first)
    places = _places(days, _days(last), alias).astype("datetime64[ns]") + clock
    return np.asarray(places[(places >= first) & (places <= last)])


def following(last: np.datetime64, n: int, alias: str) -> np.ndarray:
    """The `n` places of a calendar after a time, as datetime64[ns]."""
    last = last.astype("datetime64[ns]")
    if (step := constant_step(alias)) is not None:
        return np.asarray(last + np.arange(1, n + 1) * np.timedelta64(step, "ns"))
    later = grid(last, last + np.timedelta64(_span(alias, n) * DAY, "ns"), alias)
    return later[later > last][:n]


def _span(alias: str, n: int) -> int:
    """Days after which `n` steps are surely over."""
    if (hours := day_hours(alias)) is not None:
        return 7 * (n // season(alias) // len(hours[3]) + 3)
    if (week := week_days(alias)) is not None:
        return 7 * (n // len(week) + 2)
    many, base = unit(alias)
    return (max(many, 1) * {"W": 7, "M": 31, "Q": 92, "Y": 366}.get(base, 366) + 7) * (n + 1)


def _days(time: np.datetime64) -> np.datetime64:
    day: np.datetime64 = time.astype("datetime64[D]")
    return day


def _clock(time: np.datetime64) -> np.timedelta64:
    """The time of day."""
    clock: np.timedelta64 = time - _days(time).astype("datetime64[ns]")
    return clock


def _places(first: np.datetime64, last: np.datetime64, alias: str) -> np.ndarray:
    """Days of a calendar, datetime64[D]."""
    months, week = month_days(alias), week_days(alias)
    if months is not None:
        return _of_months(first, last, *months)
    if week is not None:
        days = np.arange(first, last + np.timedelta64(1, "D"))
        return np.asarray(days[_is_open(days, week)])
    if (last_of_month := _LAST_WEEKDAY.fullmatch(alias)) is not None:
        return _last_of_months(first, last, WEEK.index(last_of_month[1].title()))
    return pd.date_range(first, last, freq=alias).to_numpy().astype("datetime64[D]")


def _last_of_months(first: np.datetime64, last: np.datetime64, weekday: int) -> np.ndarray:
    """The last such day of the week of each month; pandas reads its own alias for it from version 3 on."""
    days = np.arange(first, last + np.timedelta64(1, "D"))
    a_week_later = (days + np.timedelta64(7, "D")).astype("datetime64[M]")
    return np.asarray(days[_is_open(days, (weekday,)) & (a_week_later > days.astype("datetime64[M]"))])


def _of_months(first: np.datetime64, last: np.datetime64, step: int, days: tuple[int, ...]) -> np.ndarray:
    months = np.arange(first.astype("datetime64[M]"), last.astype("datetime64[M]") + np.timedelta64(1, "M"), step)
    begins = months.astype("datetime64[D]")
    length = ((months + np.timedelta64(1, "M")).astype("datetime64[D]") - begins).astype(np.int64)
    places = np.stack([begins + np.minimum(day, length) - 1 for day in days], axis=1).ravel()
    return np.unique(places)


def _is_open(days: np.ndarray, week: tuple[int, ...]) -> np.ndarray:
    """Which days are of these days of the week."""
    return np.isin((days.astype("datetime64[D]").astype(np.int64) + 3) % 7, week)  # 1 January 1970 was a Thursday


def _within_days(first: np.datetime64, last: np.datetime64, hours: tuple[int, int, int, tuple[int, ...]]) -> np.ndarray:
    step, begin, end, week = hours
    days = np.arange(_days(first), _days(last) + np.timedelta64(1, "D"))
    days = days[_is_open(days, week)].astype("datetime64[ns]")
    clock = np.arange(begin, end + 1, step).astype("timedelta64[ns]")
    places = (days[:, None] + clock).ravel()
    return np.asarray(places[(places >= first) & (places <= last)])


# --------------------------------------------------------------------------- in words, season, horizon


@lru_cache(maxsize=64)
def said(alias: str) -> str:
    """A frequency as people say it: "MS" is "month", "15min" is "15 minutes"."""
    if (hours := day_hours(alias)) is not None:
        begin, end = (f"{clock // UNITS['h']:02d}:{clock // UNITS['min'] % 60:02d}" for clock in hours[1:3])
        return f"{said(alias.split('-')[0])} from {begin} to {end} of {_week(hours[3])}"
    if alias != "B" and (week := week_days(alias)) is not None:
        return f"day of {_week(week)}"
    many, base = unit(alias)
    spelled = SPELLED.get(base)
    if spelled is None:
        return alias
    return (spelled if many == 1 else f"{many} {spelled}s") + _when(alias)


def _when(alias: str) -> str:
    """Which day of the month it is, where it is neither the first nor the last."""
    months = month_days(alias)
    if months is not None:
        days = [day for day in months[1] if day not in (1, LAST) or len(months[1]) > 1]
        return f" (day {' and '.join(map(str, days))})" if days else ""
    nth = re.fullmatch(r"(?:WOM-(\d)|LWOM-)(\w{3})", alias)
    if nth is not None:
        which = {"1": "first", "2": "second", "3": "third", "4": "fourth"}.get(nth[1] or "", "last")
        return f" ({which} {nth[2].title()})"
    if alias.startswith("B") and alias != "B":
        return f" ({'first' if 'S' in alias.split('-')[0] else 'last'} working day)"
    return ""


def _week(days: tuple[int, ...]) -> str:
    """Days of the week: "Mon to Sat", "Mon, Wed, Fri"."""
    names = [WEEK[day] for day in days]
    in_a_row = len(days) > 2 and days[-1] - days[0] == len(days) - 1
    return f"{names[0]} to {names[-1]}" if in_a_row else ", ".join(names)


def season(alias: str | None) -> int:
    """Steps after which the calendar repeats: 12 for months, 24 for hours, 7 for days, 1 for years."""
    if alias is None:
        return 1
    if (hours := day_hours(alias)) is not None:
        return (hours[2] - hours[1]) // hours[0] + 1
    if (week := week_days(alias)) is not None:
        return len(week)
    many, base = unit(alias)
    if base in ("min", "s") and many > 1:
        whole = 1440 if base == "min" else 60
        return whole // many if whole % many == 0 else 1
    months = month_days(alias)
    steps = SEASONS.get(base, 1) * (len(months[1]) if months else 1)
    return steps // many if steps % many == 0 else 1


def horizon(alias: str | None, usual: int) -> int:
    """About a season ahead, at most a fifth of a usual series.

    Args:
        alias: of the calendar, or None.
        usual: rows of a series of usual length.
    """
    return max(1, min(_wanted(alias), usual // 5))


def _wanted(alias: str | None) -> int:
    if alias is None:
        return 10
    if day_hours(alias) is not None:
        return season(alias)
    if alias != "B" and week_days(alias) is not None:
        return 2 * season(alias)
    many, base = unit(alias)
    steps = season(alias) if base in ("min", "h") and many > 1 else HORIZONS.get(base, 10)
    months = month_days(alias)
    if months is not None and len(months[1]) > 1:
        steps = season(alias) // 2
    return steps if steps > 1 else HORIZONS.get(base, 10)
