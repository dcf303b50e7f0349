"""A further hold-out: another split of the training and validation rows, for small data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["HoldOut"]


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
