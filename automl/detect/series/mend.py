"""Times of series that do not fit their calendar: moved to it, or averaged where the clock was set back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from automl.detect.rows import take
from automl.detect.series.calendars import DAY, UNITS, constant_step, said
from automl.detect.series.frequency import NEAR, snapped
from automl.detect.series.grid import block_bounds
from automl.records import Dataset, Finding

__all__ = ["averaged_hours", "on_calendar"]

LAST_HOUR = 4
"""Hour of the day before which clocks are set back."""

YEAR_DAYS = 365.25
MOST_FAR = 0.2


def averaged_hours(dataset: Dataset, time_name: str) -> tuple[Dataset, tuple[Finding, ...]]:
    """One row of each hour that comes twice, where the clock is set back at the end of summer time.

    Such times come twice in one night a year, before four o'clock. Targets are averaged; other columns are those of the
    first row. Times that repeat otherwise are left as they are.

    Args:
        dataset: sorted by series and time.
        time_name: of the column, for the finding.
    """
    assert dataset.times is not None and dataset.target is not None
    again = np.zeros(dataset.n_rows, bool)
    for first, end in block_bounds(dataset.series, dataset.n_rows):
        again[first:end] = _set_back(dataset.times[first:end])
    values = dataset.target.to_numpy(np.float64, copy=True)
    at = np.flatnonzero(again)
    at = at[~np.isclose(values[at], values[at - 1], equal_nan=True).all(axis=1)]  # the others only repeat the row
    if not len(at):
        return dataset, ()
    pairs = np.stack([values[at - 1], values[at]])
    known = np.isfinite(pairs)
    values[at - 1] = np.where(known, pairs, 0.0).sum(axis=0) / np.where(known.any(axis=0), known.sum(axis=0), np.nan)
    target = pd.DataFrame(values, columns=dataset.target.columns)
    numbers = dataset.row_numbers if dataset.row_numbers is not None else np.arange(dataset.n_rows)
    message = (
        f"{_counted(len(at), 'time')} in {time_name!r} {_come(len(at))} twice, as where the clock is set back at the "
        "end of summer time; the values of such a pair were averaged."
    )
    step = "Write the times in UTC, or with their offset to it, to keep both rows."
    finding = Finding(
        "repeated_hours", "low", message, step, (time_name,), tuple(int(numbers[row]) for row in at[:20]), len(at)
    )
    return take(replace(dataset, target=target), np.setdiff1d(np.arange(dataset.n_rows), at)), (finding,)


def _set_back(times: np.ndarray) -> np.ndarray:
    """Which sorted times of one series repeat the one before, as where clocks are set back."""
    again = np.zeros(len(times), bool)
    again[1:] = times[1:] == times[:-1]
    if not again.any():
        return again
    days = times.astype("datetime64[D]")
    hours = (times - days).astype("timedelta64[h]").astype(np.int64)
    nights = len(np.unique(days[again]))
    years = (days[-1] - days[0]).astype(np.int64) / YEAR_DAYS
    steps = np.diff(np.unique(times))
    once = len(np.unique(times[again])) == int(again.sum())
    is_clock = once and nights <= years + 1 and bool((hours[again] < LAST_HOUR).all())
    is_short = len(steps) > 0 and np.median(steps.astype(np.int64)) <= DAY // 24
    return again & (is_clock and is_short)


def on_calendar(dataset: Dataset, alias: str | None, time_name: str) -> tuple[Dataset, tuple[Finding, ...]]:
    """Times off a calendar moved to its nearest free places, or left where they are if there are none.

    Args:
        dataset: sorted by series and time, without repetitions.
        alias: of the calendar; None leaves all times as they are.
        time_name: of the column, for the finding.
    """
    assert dataset.times is not None
    if alias is None or dataset.n_rows == 0:
        return dataset, ()
    times, order = dataset.times.copy(), np.arange(dataset.n_rows)
    moved, off = np.zeros(dataset.n_rows, bool), np.zeros(dataset.n_rows, bool)
    for first, end in block_bounds(dataset.series, dataset.n_rows):
        if end - first < 2:
            continue
        part = snapped(dataset.times[first:end], alias)
        if (part.distance > NEAR).mean() > MOST_FAR:
            continue  # another calendar: to move its times would make them up
        times[first:end], moved[first:end], off[first:end] = part.times, part.is_moved, part.is_off
        order[first:end] = first + part.order
    if not (moved | off).any():
        return dataset, ()
    before = dataset.times[order]
    made = replace(take(dataset, order), times=times)
    return made, _findings(made, alias, time_name, before, moved, off)


def _findings(
    dataset: Dataset, alias: str, time_name: str, before: np.ndarray, moved: np.ndarray, off: np.ndarray
) -> tuple[Finding, ...]:
    """Findings on times that were moved, and on those that stay off the calendar."""
    assert dataset.times is not None
    numbers = dataset.row_numbers if dataset.row_numbers is not None else np.arange(dataset.n_rows)
    findings = []
    n_rows = dataset.n_rows
    by = np.abs((dataset.times - before).astype(np.int64))
    for check, which, what in (
        ("moved_times", moved, f"moved to the nearest free one, by at most {_lasting(int(by.max(initial=0)))}"),
        ("times_off_calendar", off, "kept as steps of their own, since the nearest ones are taken"),
    ):
        at = np.flatnonzero(which)
        if not len(at):
            continue
        message = (
            f"{len(at):,} of {n_rows:,} times in {time_name!r} {'lies' if len(at) == 1 else 'lie'} off the calendar of "
            f"one value every {said(alias)}; {'it was' if len(at) == 1 else 'they were'} {what}."
        )
        step = "Correct these times if they are wrong; pass goal regression to keep all times as they are."
        rows = tuple(int(numbers[row]) for row in at[:20])
        far = 0.05 * n_rows < len(at) and bool((by[at] > 0.05 * (constant_step(alias) or 7 * DAY)).any())
        findings.append(Finding(check, "medium" if far else "low", message, step, (time_name,), rows, len(at)))
    return tuple(findings)


def _lasting(nanoseconds: int) -> str:
    """A length of time in its largest unit: "1 day", "25 minutes"."""
    for name, unit in (("day", DAY), ("hour", UNITS["h"]), ("minute", UNITS["min"]), ("second", UNITS["s"])):
        if nanoseconds >= unit:
            return _counted(round(nanoseconds / unit), name)
    return "less than a second"


def _counted(n: int, word: str) -> str:
    return f"{n:,} {word}{'s' * (n != 1)}"


def _come(n: int) -> str:
    return "comes" if n == 1 else "come"
