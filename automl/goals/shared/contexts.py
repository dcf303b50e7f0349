"""How far back a forecast may look, and on what scale: a few contexts and transforms, of which both sides choose.

The windows to learn from, to judge by and to test on are the same whatever the context. Where a series has fewer rows
before a window, both sides repeat its first one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.ndimage import maximum_filter1d

from automl.goals.shared.scoring import series_codes
from automl.goals.shared.truth import values_of

if TYPE_CHECKING:
    from automl.records import Dataset, Task

__all__ = ["Reach", "reach", "transforms", "usual_context"]

MOST_STEPS = 512
MOST_NUMBERS = 2**25
"""Numbers in all windows of the longest context together: 128 MiB."""

LEAST_STEPS = 16
SHARE_OF_SERIES = 8
"""A long context is this part of a usual series, so that most windows have one."""

MOST_SERIES = 20
LEAST_CORRELATION = 0.2
LEAST_RISE = 0.1
"""What a long lag's correlation must have over the least one between it and the usual context."""

LONG_CYCLE = {"h": 168, "D": 364, "B": 260, "W": 52}
"""Steps of the calendar's longest cycle in reach. A year has whole weeks, so that days of the week coincide."""


class Reach(NamedTuple):
    """Numbers of steps before a window that a model may read.

    Attributes:
        contexts: to choose among, ascending.
        start: the one to try first: the strongest long lag where there is one, else two seasons or horizons.
    """

    contexts: tuple[int, ...]
    start: int


def reach(dataset: Dataset, task: Task, windows: np.ndarray) -> Reach:
    """The contexts of a forecast.

    These are: one season or horizon; two of them; the strongest long lag, by the autocorrelation of the rows that
    training windows know; a week of hours or a year of days or weeks; and an eighth of a series.

    Args:
        dataset: sorted by series and time.
        task: a forecast.
        windows: training windows ``(n, horizon)``.
    """
    starts, ends = _known_rows(dataset, windows)
    horizon, season = int(task.horizon or 1), max(int(task.season or 1), 1)
    length = int(np.median(ends - starts))
    room = max(1, min(length - horizon, MOST_STEPS))
    usual = usual_context(horizon, season)
    wanted = {min(max(season, horizon, LEAST_STEPS // 2), room), min(usual, room)}
    n_channels = len(task.target) + len(dataset.inputs.columns)
    most = min(room, length // 3, MOST_NUMBERS // max(len(windows) * n_channels, 1))
    lag = _whole(_strongest_lag(dataset, task, starts, ends, usual, most), season)
    cycle = LONG_CYCLE.get((task.frequency or "").split("-")[0], 0)
    long = min(most, length // SHARE_OF_SERIES)
    for steps in (lag, cycle, long - long % season):
        if usual < steps <= most and all(abs(steps - other) > 0.2 * other for other in wanted):
            wanted.add(steps)
    return Reach(tuple(sorted(wanted)), lag if lag in wanted else min(usual, room))


def usual_context(horizon: int, season: int) -> int:
    """Two seasons or two horizons, whichever is longer."""
    return min(max(2 * season, 2 * horizon, LEAST_STEPS), MOST_STEPS)


def transforms(truth: np.ndarray) -> tuple[str, ...]:
    """Transforms that all known values of training windows admit: "none", "sqrt" and "log".

    Args:
        truth: ``(n, horizon, n_targets)``, NaN where a value is not known.
    """
    least = float(np.nanmin(truth)) if np.isfinite(truth).any() else -1.0
    return ("none", *(("sqrt",) if least >= 0 else ()), *(("log",) if least > 0 else ()))


def _whole(lag: int, season: int) -> int:
    """A lag, lengthened to whole seasons."""
    return -(-lag // season) * season


def _known_rows(dataset: Dataset, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First row and end of what training windows know of each series that has any."""
    codes = series_codes(dataset)
    first = np.full(int(codes.max()) + 1, len(codes))
    np.minimum.at(first, codes, np.arange(len(codes)))
    last = np.full(len(first), -1)
    np.maximum.at(last, codes[windows[:, 0]], windows[:, -1])
    seen = last >= 0
    return first[seen], last[seen] + 1


def _strongest_lag(
    dataset: Dataset, task: Task, starts: np.ndarray, ends: np.ndarray, least: int, most: int
) -> int:  # fmt: skip
    """The highest peak of the mean autocorrelation at lags above `least`, at most `most`; 0 if there is none.

    A linear trend is taken out. What counts is the highest correlation within a season of a lag, so that a repetition
    of a shorter cycle is no peak: it must rise again after it has fallen.
    """
    if most <= least:
        return 0
    order = np.argsort(starts - ends, kind="stable")[:MOST_SERIES]
    rows = [np.arange(starts[k], ends[k]) for k in order if ends[k] - starts[k] > 2 * most]
    season = max(int(task.season or 1), 1)
    parts = [column for own in rows for column in values_of(dataset, task.target, own).T]
    farthest = most + season
    found = [r for r in (_autocorrelation(part, farthest) for part in parts) if r is not None]
    if not found:
        return 0
    mean = np.mean(found, axis=0)
    around = maximum_filter1d(mean, 2 * max(season // 2, 1) + 1)
    lows = np.minimum.accumulate(around[least + 1 :])
    risen = around[least + 1 : most + 1] - lows[: most - least]
    lag = least + 1 + int(np.argmax(np.where(risen >= LEAST_RISE, around[least + 1 : most + 1], -1.0)))
    near = slice(max(lag - season // 2, least + 1), min(lag + max(season // 2, 1), most) + 1)
    lag = near.start + int(np.argmax(mean[near]))
    is_peak = risen.max() >= LEAST_RISE and mean[lag] >= LEAST_CORRELATION and lag < most
    return lag if is_peak else 0


def _autocorrelation(values: np.ndarray, most: int) -> np.ndarray | None:
    """Autocorrelation ``(most + 1,)`` without the trend; gaps are left out; None for a series that never changes."""
    seen = np.isfinite(values)
    if seen.sum() < 3:
        return None
    t = np.arange(len(values)) / len(values)
    away = np.where(seen, values - np.polyval(np.polyfit(t[seen], values[seen], 1), t), 0.0)
    size = 2 ** int(np.ceil(np.log2(2 * len(values))))
    power = np.fft.irfft(np.abs(np.fft.rfft(away, size)) ** 2)[: most + 1]
    pairs = np.fft.irfft(np.abs(np.fft.rfft(seen.astype(float), size)) ** 2)[: most + 1]
    if power[0] <= 1e-12 * max(1.0, float(np.abs(values[seen]).max()) ** 2):
        return None
    mean = power / np.maximum(pairs, 1.0)
    return np.asarray(mean / mean[0])
