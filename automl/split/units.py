"""The unit of each item of any part of a split, by the rule that gave the test items theirs."""

from __future__ import annotations

import numpy as np

from automl.records import Dataset, Split
from automl.split.draw import blocks_of, codes_of
from automl.split.forecast import shared_times

__all__ = ["time_ids_of", "unit_ids_of"]


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
    if split.units == "series" and dataset.series is not None:
        return codes_of(dataset.series[items[:, 0]])
    if split.units == "window" and dataset.series is not None and dataset.times is not None:
        return codes_of(dataset.times[items[:, 0]])
    return np.arange(len(items), dtype=np.int64)


def time_ids_of(dataset: Dataset, split: Split, items: np.ndarray) -> np.ndarray | None:
    """``(n_items,)`` int64: windows of a panel at the same time have the same number; None where units are no series.

    Args:
        dataset: that is split.
        split: its kind of units.
        items: forecast windows ``(n, horizon)``, or row numbers.
    """
    return shared_times(dataset, items) if split.units == "series" and items.ndim == 2 else None
