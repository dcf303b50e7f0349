"""The unit of each item of any part of a split, by the rule that gave the test items theirs."""

from __future__ import annotations

import numpy as np

from automl.records import Dataset, Split
from automl.split.draw import blocks_of, codes_of

__all__ = ["ids_of_windows", "unit_ids_of"]


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
