"""The unit of each item of any part of a split, by the rule that gave the test items theirs."""

from __future__ import annotations

import numpy as np

from automl.records import Dataset, Split
from automl.split.draw import blocks_of, codes_of

__all__ = ["ids_of_windows", "shared_times", "time_ids_of", "unit_ids_of"]


def unit_ids_of(dataset: Dataset, split: Split, items: np.ndarray) -> np.ndarray:
    """``(n_items,)`` int64: items with the same code are redrawn together.

    Args:
        dataset: that is split.
        split: its kind of units.
        items: row numbers ``(n,)``, sorted, or forecast windows ``(n, horizon)``.
    """
    if split.units == "group" and dataset.groups is not None:
        return codes_of(dataset.groups[items])
    if split.units == "block" and dataset.times is not None:
        return blocks_of(dataset, items)
    if split.units in ("series", "window"):
        return ids_of_windows(dataset, split.units, items)
    return np.arange(len(items), dtype=np.int64)


def ids_of_windows(dataset: Dataset, units: str, items: np.ndarray) -> np.ndarray:
    """``(n_windows,)`` int64: the series of each window; or windows in the order of time, equal start times together.

    The verdict reads from the order how much neighbours are alike, so it must not be the order of the series.

    Args:
        dataset: of a forecast, sorted by series and time.
        units: "series" or "window".
        items: ``(n_windows, horizon)`` row numbers.
    """
    starts = items[:, 0]
    if units == "series" and dataset.series is not None:
        return codes_of(dataset.series[starts])
    by = starts if dataset.series is None or dataset.times is None else dataset.times[starts]
    return np.asarray(np.unique(by, return_inverse=True)[1], np.int64).reshape(-1)


def time_ids_of(dataset: Dataset, split: Split, items: np.ndarray) -> np.ndarray | None:
    """``(n_items,)`` int64: windows of a panel at the same time have the same number; None where units are no series.

    Args:
        dataset: that is split.
        split: its kind of units.
        items: forecast windows ``(n, horizon)``, or row numbers.
    """
    return shared_times(dataset, items) if split.units == "series" and items.ndim == 2 else None


def shared_times(dataset: Dataset, tested: np.ndarray) -> np.ndarray | None:
    """Numbers of the times of windows, increasing: a window that starts less than half a window later shares one.

    None without times.
    """
    if dataset.times is None:
        return None
    starts = dataset.times[tested[:, 0]].astype(np.int64)
    step = int(np.median(np.diff(dataset.times[tested], axis=1).astype(np.int64))) if tested.shape[1] > 1 else 0
    half = (step * tested.shape[1]) // 2
    numbers, number, first = {}, -1, None
    for start in np.unique(starts).tolist():
        if first is None or start > first + half:
            number, first = number + 1, start
        numbers[start] = number
    return np.array([numbers[start] for start in starts.tolist()], np.int64)
