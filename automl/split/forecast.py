"""Splits forecasts in time within each series, in windows of the horizon."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from automl.errors import DataError, RecipeError
from automl.records import Dataset, Split, Task
from automl.split.draw import TEST_SHARE, codes_of
from automl.split.units import ids_of_windows, shared_times
from automl.system.counts import counted

__all__ = ["in_time", "windows"]

VALID_SHARE = 0.15
LEAST_VALID, MOST_VALID_SHARE = 3, 1 / 3
"""A single validation window tells little of which model is better: three, where that leaves two thirds to train on."""

MOST_TRAIN_WINDOWS = 200_000
PANEL = 10


def windows(rows: np.ndarray, horizon: int, stride: int) -> np.ndarray:
    """Windows of consecutive rows of one series.

    Args:
        rows: consecutive row numbers of one series.
        horizon: length of a window.
        stride: rows between the starts of two windows.

    Returns:
        Row numbers ``(n_windows, horizon)`` int64, from the first row on; an incomplete last window is left out.
    """
    if len(rows) < horizon:
        return np.empty((0, horizon), np.int64)
    view = np.lib.stride_tricks.sliding_window_view(np.asarray(rows, np.int64), horizon)
    return view[::stride].copy()


def in_time(dataset: Dataset, task: Task, seed: int) -> Split:
    """Within each series: history and training windows, then validation, then test windows.

    A window without any observed value is in no part: there is nothing to learn from it, to score or to resample.
    """
    horizon = task.horizon or 1
    train, valid, test, added = [], [], [], []
    bounds = _bounds(dataset.series, dataset.n_rows)
    for first, end in bounds:
        start = _test_start(dataset, first, end, horizon)
        tested = windows(np.arange(start, end), horizon, horizon)
        room = start - first
        most_valid = max(0, min((room - 2) // horizon, max(1, (room - 2 - horizon) // horizon)))
        least = LEAST_VALID if len(bounds) < LEAST_VALID and LEAST_VALID * horizon <= MOST_VALID_SHARE * room else 1
        n_valid = min(max(least, int(VALID_SHARE * (end - first)) // horizon), most_valid)
        while n_valid < most_valid and not _any_observed(dataset, start - n_valid * horizon, start):
            n_valid += 1
        begin = start - n_valid * horizon
        valid.append(windows(np.arange(begin, start), horizon, horizon))
        test.append(tested)
        context = horizon if begin - first >= 3 * horizon else 2
        train.append(windows(np.arange(first + context, begin), horizon, 1))
        added.append(windows(np.arange(max(first + context, begin - horizon + 1), start), horizon, 1))
    parts = {
        name: _observed(dataset, np.concatenate(found))
        for name, found in (("training", train), ("validation", valid), ("test", test))
    }
    for name, part in parts.items():
        if not len(part):
            longest = max(b - a for a, b in _bounds(dataset.series, dataset.n_rows))
            given = " besides the given test rows" if dataset.given is not None and dataset.given.any() else ""
            raise RecipeError(
                f"horizon {horizon} leaves no {name} window{given}; the longest series has {counted(longest, 'row')} "
                f"and needs {3 * horizon + 2}: ask for a shorter horizon"
            )
    kept, more = parts["training"], _observed(dataset, np.concatenate(added))
    if len(kept) > MOST_TRAIN_WINDOWS:
        rng = np.random.default_rng(seed)
        n_more = round(len(more) * MOST_TRAIN_WINDOWS / len(kept))
        kept, more = _some(kept, MOST_TRAIN_WINDOWS, rng), _some(more, n_more, rng)
    units, ids = _window_units(dataset, parts["test"])
    from_given = dataset.given is not None and bool(dataset.given.any())
    rule = (
        f"in time within each series: {_counted(len(parts['test']))} of {counted(horizon, 'step')} "
        f"{'from the first given test row on' if from_given else 'at the end'} test, "
        f"{len(parts['validation']):,} before them validate, the rest trains"
    )
    return Split(
        np.unique(kept), np.unique(parts["validation"]), np.unique(parts["test"]), units, ids, rule, seed,
        train_windows=kept, valid_windows=parts["validation"], test_windows=parts["test"],
        refit_windows=np.concatenate([kept, more]),
        time_ids=shared_times(dataset, parts["test"]) if units == "series" else None,
    )  # fmt: skip


def _some(found: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` of these windows, drawn at random, in their order."""
    return found[np.sort(rng.choice(len(found), n, replace=False))]


def _any_observed(dataset: Dataset, begin: int, end: int) -> bool:
    return dataset.observed is None or bool(dataset.observed[begin:end].any())


def _observed(dataset: Dataset, found: np.ndarray) -> np.ndarray:
    """The windows in which at least one value of a target was observed."""
    return found if dataset.observed is None else found[dataset.observed[found].any(axis=(1, 2))]


def _counted(n_windows: int) -> str:
    return "one window" if n_windows == 1 else f"{n_windows:,} windows"


def _bounds(series: np.ndarray | None, n_rows: int) -> list[tuple[int, int]]:
    """(first row, end) of each series."""
    cuts = [] if series is None else (np.flatnonzero(series[1:] != series[:-1]) + 1).tolist()
    edges = [0, *cuts, n_rows]
    return list(pairwise(edges))


def _test_start(dataset: Dataset, first: int, end: int, horizon: int) -> int:
    """First test row of a series: the first one given, or the start of the whole windows in its last fifth."""
    if dataset.given is not None and dataset.given.any():
        given = np.flatnonzero(dataset.given[first:end])
        if len(given) and int(given[0]) + len(given) < end - first:
            label = f" of series {dataset.series[first]!r}" if dataset.series is not None else ""
            raise DataError(
                f"given test rows{label} lie before training rows in time; give test rows that follow all training rows"
            )
        return first + int(given[0]) if len(given) else end
    n_windows = max(1, int(TEST_SHARE * (end - first)) // horizon)
    start = end - n_windows * horizon
    return start if start - first >= 2 else end


def _window_units(dataset: Dataset, tested: np.ndarray) -> tuple[str, np.ndarray]:
    """The units of the test: series if there are ten or more, else windows (those with equal start times together)."""
    n_series = 1 if dataset.series is None else len(np.unique(codes_of(dataset.series[tested[:, 0]])))
    units = "series" if n_series >= PANEL else "window"
    return units, ids_of_windows(dataset, units, tested)
