"""Items that fits learn from beside the training rows alone: those of a refit, and of a further hold-out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from automl.records import Split

__all__ = ["HoldOut", "length_growth", "refit_items"]

FEWER_POWER = 0.5
"""On fewer rows than the search had, a fit is shortened by this power of their share (decision 45)."""


def refit_items(split: Split) -> np.ndarray:
    """What a refit learns from: the training items, followed by what the validation rows add. No test row is in it."""
    if split.refit_windows is not None:
        return split.refit_windows
    if split.refit_rows is not None:
        return split.refit_rows
    return np.concatenate([split.items("train"), split.items("valid")])


def length_growth(growth: float) -> float:
    """Steps or rounds of a refit, as a multiple of those that validation chose in the search.

    In proportion to the rows where there are more of them. On fewer rows as many epochs would be too few steps to learn
    much, and as many steps would be too many epochs.

    Args:
        growth: items that it learns from, as a multiple of the training items of the search.
    """
    return growth if growth >= 1.0 else growth**FEWER_POWER


@dataclass(frozen=True, slots=True, eq=False)
class HoldOut:
    """Another split of the first hold-out's training and validation rows.

    Positions count through the training rows of the first hold-out, followed by its validation rows.

    Attributes:
        train: positions of the training rows.
        valid: positions of the validation rows.
        truth: truth of the validation rows, as the metric reads it.
        weight: weights of the validation rows, or None.
    """

    train: np.ndarray
    valid: np.ndarray
    truth: np.ndarray
    weight: np.ndarray | None
