"""The frequency of a time column, its season, and a usual horizon."""

from __future__ import annotations

import calendar as _calendar
from collections.abc import Sequence

import numpy as np
import pandas as pd

__all__ = ["autocorrelation", "frequency", "horizon", "said", "season"]

SEASONS = {"Y": 1, "Q": 4, "M": 12, "W": 52, "D": 7, "B": 5, "h": 24, "min": 60, "s": 60}
SPELLED = {"Y": "year", "Q": "quarter", "M": "month", "W": "week", "D": "day", "B": "working day", "h": "hour",
           "min": "minute", "s": "second"}  # fmt: skip
HORIZONS = {"Y": 6, "Q": 8, "M": 12, "W": 13, "D": 14, "B": 10, "h": 24, "min": 60, "s": 60}


def frequency(blocks: Sequence[np.ndarray]) -> tuple[str | None, float]:
    """The pandas alias of the grid on which the times of all series lie, and how full that grid is.

    Args:
        blocks: for each series its times, sorted, without repetition.

    Returns:
        (alias, share of the grid's points that are there); (None, 0.0) when the times lie on no grid.
    """
    chosen = sorted((b for b in blocks if len(b) >= 3), key=len, reverse=True)[:20]
    if not chosen:
        return None, 0.0
    longest = pd.DatetimeIndex(chosen[0])
    alias = _by_months(longest) or _by_days(longest)
    if alias is None:
        return None, 0.0
    there = points = off = 0
    for block in chosen:
        grid = pd.date_range(block[0], block[-1], freq=alias)
        on = int(np.isin(block, grid.to_numpy().astype("datetime64[ns]")).sum())
        there, points, off = there + on, points + len(grid), off + len(block) - on
    full = there / max(points, 1)
    return (alias, full) if off == 0 and full >= 0.5 else (None, 0.0)


def _by_months(times: pd.DatetimeIndex) -> str | None:
    """Monthly, quarterly and yearly grids with gaps."""
    if (times != times.normalize()).any():
        return None
    first, last = bool((times.day == 1).all()), bool((times.day == times.days_in_month).all())
    if not first and not last:
        return None
    months = np.diff((times.year * 12 + times.month).to_numpy())
    step = int(np.gcd.reduce(months)) if len(months) else 0
    name = _calendar.month_abbr[int(times[0].month)].upper()
    end = "S" if first else "E"
    return {1: f"M{end}", 3: f"Q{end}-{name}", 12: f"Y{end}-{name}"}.get(step, f"{step}M{end}" if step > 0 else None)


def _by_days(times: pd.DatetimeIndex) -> str | None:
    """Grids of a constant step with gaps; days without weekends."""
    steps = np.diff(times.to_numpy().astype("datetime64[ns]").astype(np.int64))
    levels, counts = np.unique(steps, return_counts=True)
    step = int(levels[counts.argmax()])
    if counts.max() < 0.5 * len(steps) or step <= 0:
        return None
    day = 86_400_000_000_000
    if step == day and len(times) >= 10 and not (times.day_of_week >= 5).any():
        return "B"
    if step == 7 * day:
        return f"W-{_calendar.day_abbr[int(times[0].day_of_week)].upper()}"
    if step % day == 0:
        return "D" if step == day else f"{step // day}D"
    return str(pd.tseries.frequencies.to_offset(pd.Timedelta(step, "ns")).freqstr)


def _unit(alias: str) -> tuple[int, str]:
    """``"15min"`` → (15, "min"); ``"QS-OCT"`` → (1, "Q")."""
    digits = "".join(c for c in alias if c.isdigit())
    base = alias[len(digits) :].split("-")[0]
    return int(digits or 1), {"MS": "M", "ME": "M", "QS": "Q", "QE": "Q", "YS": "Y", "YE": "Y"}.get(base, base)


def said(alias: str) -> str:
    """A pandas frequency as people say it: "MS" is "month", "15min" is "15 minutes"."""
    many, unit = _unit(alias)
    spelled = SPELLED.get(unit)
    if spelled is None:
        return alias
    return spelled if many == 1 else f"{many} {spelled}s"


def season(alias: str | None) -> int:
    """Steps after which the calendar repeats: 12 for months, 24 for hours, 7 for days, 1 for years."""
    if alias is None:
        return 1
    many, unit = _unit(alias)
    if unit in ("min", "s") and many > 1:
        whole = 1440 if unit == "min" else 60
        return whole // many if whole % many == 0 else 1
    steps = SEASONS.get(unit, 1)
    return steps // many if steps % many == 0 else 1


def horizon(alias: str | None, shortest: int) -> int:
    """About a season ahead, at most a fifth of the shortest series.

    Args:
        alias: a pandas frequency or None.
        shortest: rows of the shortest series that counts.
    """
    wanted = 10
    if alias is not None:
        many, unit = _unit(alias)
        wanted = season(alias) if unit in ("min", "h") and many > 1 else HORIZONS.get(unit, 10)
        wanted = wanted if wanted > 1 else HORIZONS.get(unit, 10)
    return max(1, min(wanted, shortest // 5))


def autocorrelation(values: np.ndarray, lag: int) -> float:
    """Correlation of a series, its straight trend removed, with itself `lag` steps before; NaN when too short."""
    values = values[np.isfinite(values)]
    if len(values) < 3 * lag or len(values) < 10:
        return float("nan")
    steps = np.arange(len(values), dtype=np.float64)
    rest = values - np.polyval(np.polyfit(steps, values, 1), steps)
    below = float(rest @ rest)
    return float(rest[lag:] @ rest[:-lag]) / below if below > 0 else float("nan")
