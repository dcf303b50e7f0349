"""The frequency of a time column: the calendar on which its times lie, all but a few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from automl.detect.series.calendars import (
    DAY,
    UNITS,
    constant_step,
    day_hours,
    grid,
    month_days,
    week_days,
)
from automl.detect.series.candidates import candidates

__all__ = ["Snapped", "autocorrelation", "frequency", "snapped"]

NEAR = 0.15
"""Share of a step up to which a time is thought to be meant for the nearest place of a calendar."""

MOST_FAR = 0.05
LEAST_FULL = 0.5
LEAST_TOLERANT = 12
"""Times from which a few may lie off the calendar; fewer of them would fit too many calendars."""

MOST_SERIES = 20


@dataclass(frozen=True, slots=True, eq=False)
class Snapped:
    """The times of one series on a calendar.

    Attributes:
        times: sorted, those off the calendar moved to the nearest free place.
        order: ``(n,)`` places that the times had before.
        is_moved: ``(n,)`` bool: which of them were moved.
        is_off: ``(n,)`` bool: which stay off the calendar, since the nearest places are taken.
        distance: ``(n,)`` steps from the time as it was to the nearest place.
        n_places: of the calendar, from the first of `times` to the last.
    """

    times: np.ndarray
    order: np.ndarray
    is_moved: np.ndarray
    is_off: np.ndarray
    distance: np.ndarray
    n_places: int


def frequency(blocks: Sequence[np.ndarray], least_full: float = LEAST_FULL) -> tuple[str | None, float]:
    """The alias of the calendar on which the times of all series lie, and how full it is.

    At most one time in twenty may lie far from all places of the calendar. A time near a place counts as meant for it.

    Args:
        blocks: for each series its times, sorted, without repetition.
        least_full: share of the places that must be there.

    Returns:
        (alias of `automl.detect.series.calendars`, share of its places that are there); (None, 0.0) for no calendar.
    """
    chosen = sorted((b for b in blocks if len(b) >= 3), key=len, reverse=True)[:MOST_SERIES]
    if not chosen:
        return None, 0.0
    best: tuple[float, str | None, float] = (0.0, None, 0.0)
    for alias in dict.fromkeys(candidates(chosen[0])):
        worth, full = _worth(chosen, alias)
        if full >= least_full and worth > best[0] + 1e-9:
            best = worth, alias, full
    return best[1], best[2]


def _worth(blocks: Sequence[np.ndarray], alias: str) -> tuple[float, float]:
    """(How well a calendar fits, how full it is); a worth of 0 where it does not fit."""
    parts = [snapped(block, alias) for block in blocks]
    n_times, n_places = sum(len(p.times) for p in parts), max(sum(p.n_places for p in parts), 1)
    n_off = sum(int(p.is_off.sum()) for p in parts)
    n_far = sum(int((p.is_off | (p.distance > NEAR)).sum()) for p in parts)
    n_moved = sum(int(p.is_moved.sum()) for p in parts)
    full = (n_times - n_off) / n_places
    most = MOST_FAR * n_times if n_times >= 1 / MOST_FAR else float(n_times >= LEAST_TOLERANT)
    if n_far > most or ((n_moved or n_off) and len(blocks[0]) < LEAST_TOLERANT):
        return 0.0, 0.0
    return full * (1 - 0.5 * n_moved / n_times - n_off / n_times), full


# --------------------------------------------------------------------------- moving times to a calendar


def snapped(block: np.ndarray, alias: str) -> Snapped:
    """Move the times of one series to the nearest places of a calendar, each to one of its own.

    Args:
        block: sorted, without repetition.
        alias: of a calendar.
    """
    places = _places(block, alias)
    if len(places) < 2:
        nowhere = np.ones(len(block), bool)
        return Snapped(block, np.arange(len(block)), ~nowhere, nowhere, np.full(len(block), 0.5), 0)
    after = np.clip(np.searchsorted(places, block), 1, len(places) - 1)
    gap = places[after] - places[after - 1]
    share = (block - places[after - 1]) / gap
    nearest = after - 1 + (share > 0.5)
    nearest, is_off = _one_each(nearest, share > 0.5, np.minimum(share, 1 - share), len(places))
    times = np.where(is_off, block, places[nearest])
    order = np.argsort(times, kind="stable")
    on = nearest[~is_off]
    n_places = int(on.max() - on.min()) + 1 if len(on) else 0
    distance = np.minimum(share, 1 - share)
    return Snapped(times[order], order, (times != block)[order], is_off[order], distance[order], n_places)


def _one_each(
    nearest: np.ndarray, is_before: np.ndarray, distance: np.ndarray, n_places: int
) -> tuple[np.ndarray, np.ndarray]:
    """(Places, which times have none): of several times at one place the nearest stays, others move to a free one."""
    nearest, is_off = nearest.copy(), np.zeros(len(nearest), bool)
    taken, counts = np.unique(nearest, return_counts=True)
    if (counts == 1).all():
        return nearest, is_off
    free = np.ones(n_places, bool)
    free[taken] = False
    for place in taken[counts > 1]:
        same = np.flatnonzero(nearest == place)
        for i in same[np.argsort(distance[same], kind="stable")][1:]:
            other = place - 1 if is_before[i] else place + 1
            if 0 <= other < n_places and free[other]:
                nearest[i], free[other] = other, False
            else:
                is_off[i] = True
    return nearest, is_off


def _places(block: np.ndarray, alias: str) -> np.ndarray:
    """The places of a calendar around the times of a series, one more at each end."""
    step = constant_step(alias)
    if step is not None:
        return grid(_moved(_anchor(block, step), -step), _moved(block[-1], step), alias)
    days = block.astype("datetime64[D]").astype("datetime64[ns]")
    clock = np.timedelta64(0, "ns") if day_hours(alias) else _anchor(block, DAY) - _anchor(block, DAY).astype("M8[D]")
    months = month_days(alias)
    margin = DAY * (8 if week_days(alias) or day_hours(alias) else 400)
    begin = _moved(days[0], -margin)
    if months is not None:
        begin = _anchor_month(block, months[0]).astype("datetime64[ns]") if months[0] > 1 else begin
    elif day_hours(alias) is None and week_days(alias) is None and alias[:1].isdigit():
        begin = days[0]  # several weeks or years are counted from the first
    return grid(begin + clock, _moved(block[-1], margin), alias)


def _moved(time: np.datetime64, by: int) -> np.datetime64:
    """A time some nanoseconds later, within what fits."""
    most = 2**63 - 2 * DAY
    return np.datetime64(max(-most, min(most, int(time.astype("datetime64[ns]").astype(np.int64)) + by)), "ns")


def _anchor(block: np.ndarray, step: int) -> np.datetime64:
    """A place near the first time: times are counted from where most of them lie within a step."""
    places = block.astype(np.int64)
    phase = places % step
    levels, counts = np.unique(phase, return_counts=True)
    usual = int(levels[counts.argmax()])
    if counts.max() < 0.3 * len(block):
        angle = np.angle(np.exp(2j * np.pi * phase / step).mean()) / (2 * np.pi)
        unit = next((unit for unit in UNITS.values() if unit <= step / 20), 1)
        usual = 0 if abs(angle) < NEAR else round(angle * step / unit) * unit
    n_steps = (int(places[0]) - usual + step // 2) // step
    return np.datetime64(usual + n_steps * step, "ns")


def _anchor_month(block: np.ndarray, step: int) -> np.datetime64:
    """The month, some steps before the first time, from which steps of several months are counted."""
    months = block.astype("datetime64[M]").astype(np.int64)
    phase = int(np.bincount(months % step).argmax())
    first = int(months[0]) - (int(months[0]) - phase) % step
    return np.datetime64(first - 2 * step, "M")


def autocorrelation(values: np.ndarray, lag: int) -> float:
    """Correlation of a series, its straight trend removed, with itself `lag` steps before; NaN when too short."""
    values = values[np.isfinite(values)]
    if len(values) < 3 * lag or len(values) < 10:
        return float("nan")
    steps = np.arange(len(values), dtype=np.float64)
    rest = values - np.polyval(np.polyfit(steps, values, 1), steps)
    below = float(rest @ rest)
    return float(rest[lag:] @ rest[:-lag]) / below if below > 0 else float("nan")
