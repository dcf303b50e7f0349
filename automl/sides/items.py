"""Items that fits learn from beside the training rows alone: those of a refit, and of a further hold-out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from automl.records import Split

__all__ = ["HoldOut", "refit_items"]


def refit_items(split: Split) -> np.ndarray:
    """What a refit learns from: the training items, followed by what the validation rows add. No test row is in it."""
    if split.refit_windows is not None:
        return split.refit_windows
    return np.concatenate([split.items("train"), split.items("valid")])


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
