"""Calendars on which times may lie, by the steps between them."""

from __future__ import annotations

import calendar as _calendar
from collections.abc import Iterator

import numpy as np
import pandas as pd

from automl.detect.series.calendars import DAY, LAST, constant_step, named_days

__all__ = ["candidates"]

LEAST_WEEKS = 4
RARE = 0.1
USUAL_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 14400, 21600, 43200)
"""Seconds of the steps that people choose."""


def candidates(block: np.ndarray) -> Iterator[str]:
    """Aliases of calendars on which these times may lie; where two fit alike, the first one is taken."""
    times = pd.DatetimeIndex(block)
    steps = np.diff(block.astype(np.int64))
    usual = float(np.median(steps)) / DAY
    if usual >= 6:
        yield from _of_months(times)
    if usual >= 4:
        yield from _of_weeks(times, usual)
    if 0.4 <= usual <= 5:
        yield from _of_days(times)
    yield from _of_steps(steps)
    if usual < 0.4:
        yield from _of_hours(times, steps)


def _of_months(times: pd.DatetimeIndex) -> Iterator[str]:
    months = np.asarray(times.year * 12 + times.month)
    levels, counts = np.unique(np.diff(months), return_counts=True)
    step = int(levels[counts.argmax()])
    if step <= 0 or counts[levels == 0].sum() > 0.2 * len(months):
        yield from _several_a_month(times)
        return
    many, month = str(step) if step > 1 else "", int(_usual(times.month))
    named = {1: ("M", ""), 3: ("Q", f"-{_calendar.month_abbr[month].upper()}"),
             12: ("Y", f"-{_calendar.month_abbr[month].upper()}")}.get(step)  # fmt: skip
    day = int(_usual(times.day))
    for end, days in (("S", day == 1), ("E", (times.day == times.days_in_month).mean() > 0.5)):
        if days:
            yield f"{named[0]}{end}{named[1]}" if named else f"{many}M{end}"
    if day not in (1, LAST):
        yield f"{many}M-{day}"
    if named is not None:
        yield f"B{named[0]}E{named[1]}"
        yield f"B{named[0]}S{named[1]}"
    if step == 1:
        weekday = _calendar.day_abbr[int(_usual(times.day_of_week))].upper()
        yield from (f"WOM-{week}{weekday}" for week in (1, 2, 3, 4))
        yield f"LWOM-{weekday}"
    yield f"{many}M-15"


def _several_a_month(times: pd.DatetimeIndex) -> Iterator[str]:
    """The same two to four days of each month."""
    days = pd.Series(np.where(times.day == times.days_in_month, LAST, times.day)).value_counts(normalize=True)
    usual = sorted(int(day) for day in days.index[days.to_numpy() > 0.15])
    if 2 <= len(usual) <= 4:
        yield "M-" + "-".join(map(str, usual))


def _of_weeks(times: pd.DatetimeIndex, usual: float) -> Iterator[str]:
    many = round(usual / 7)
    if many == 1:
        yield f"W-{_calendar.day_abbr[int(_usual(times.day_of_week))].upper()}"
    if many >= 1:
        yield f"{7 * many}D"


def _of_days(times: pd.DatetimeIndex) -> Iterator[str]:
    """Days without those of the week that never, or hardly ever, come; then all days."""
    week = _open_days(times)
    if week == [0, 1, 2, 3, 4] and len(times) >= 10:
        yield "B"
    elif 2 <= len(week) < 7 and (times[-1] - times[0]).days >= 7 * LEAST_WEEKS:
        yield f"C-{named_days(week)}"
    yield "D"


def _open_days(times: pd.DatetimeIndex) -> list[int]:
    """The days of the week that come more than now and then, Monday being 0."""
    counts = np.bincount(times.day_of_week, minlength=7)
    return [int(day) for day in np.flatnonzero(counts > RARE * counts.max())]


def _of_steps(steps: np.ndarray) -> Iterator[str]:
    """Constant steps: the one that comes most, then the one near the middle that people choose."""
    levels, counts = np.unique(steps, return_counts=True)
    step = int(levels[counts.argmax()])
    if counts.max() >= 0.5 * len(steps) and step > 0:
        yield _alias_of(step)
    middle = float(np.median(steps)) / 1e9
    near = [seconds for seconds in USUAL_STEPS if abs(seconds - middle) <= 0.1 * seconds]
    yield from (_alias_of(seconds * 1_000_000_000) for seconds in near)


def _alias_of(step: int) -> str:
    """``900_000_000_000`` → "15min"."""
    if step % DAY == 0:
        return "D" if step == DAY else f"{step // DAY}D"
    return str(pd.tseries.frequencies.to_offset(pd.Timedelta(step, "ns")).freqstr)


def _of_hours(times: pd.DatetimeIndex, steps: np.ndarray) -> Iterator[str]:
    """Steps within the same hours of each day, where nights or days of the week are missing."""
    week = _open_days(times)
    clock = times.astype("datetime64[ns]").astype(np.int64).to_numpy() % DAY
    levels, n_each = np.unique(clock, return_counts=True)
    often = levels[n_each > RARE * n_each.max()]
    for alias in dict.fromkeys(_of_steps(steps)):
        step = constant_step(alias) or 0
        minute = DAY // 1440
        whole = step % minute == 0 or minute % max(step, 1) == 0
        if not step or step > DAY // 4 or not whole or (often[[0, -1]] % minute).any():
            continue
        begin, end = (f"{at // minute // 60:02d}{at // minute % 60:02d}" for at in (int(often[0]), int(often[-1])))
        yield f"{alias if alias[0].isdigit() else '1' + alias}-{begin}-{end}-{named_days(week)}"


def _usual(values: pd.Index) -> float:
    """The value that comes most."""
    levels, counts = np.unique(np.asarray(values), return_counts=True)
    return float(levels[counts.argmax()])
