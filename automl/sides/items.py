"""Rows or windows of a split's parts, and their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from automl.records import Split

__all__ = ["HoldOut", "first_rows", "item_weight", "items_of", "part_items"]


@dataclass(frozen=True, slots=True, eq=False)
class HoldOut:
    """Another parting of the same rows.

    Attributes:
        train: positions among the first hold-out's training rows followed by its validation rows.
        valid: see `train`.
        truth: of `valid`, as the metric reads them.
        weight: of `valid`, as the metric reads them.
    """

    train: np.ndarray
    valid: np.ndarray
    truth: np.ndarray
    weight: np.ndarray | None


def items_of(split: Split, part: Literal["train", "valid", "test"]) -> np.ndarray:
    """Rows of a part, or its windows when the task is a forecast."""
    windows = {"train": split.train_windows, "valid": split.valid_windows, "test": split.test_windows}[part]
    rows = {"train": split.train, "valid": split.valid, "test": split.test}[part]
    return rows if windows is None else windows


def first_rows(items: np.ndarray) -> np.ndarray:
    """Rows; of windows each one's first row."""
    return items if items.ndim == 1 else np.asarray(items[:, 0])


def part_items(split: Split, part: str) -> np.ndarray:
    """Windows of a forecast, else rows."""
    windows = getattr(split, f"{part}_windows")
    return np.asarray(getattr(split, part) if windows is None else windows)


def item_weight(weight: np.ndarray | None, items: np.ndarray) -> np.ndarray | None:
    """The weight of each item: a row's own, or the mean over a window."""
    if weight is None:
        return None
    own = np.asarray(weight, dtype=np.float64)[items]
    return own if own.ndim == 1 else np.asarray(own.mean(axis=1))
