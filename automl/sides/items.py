"""Another parting of the rows that train and validate, where rows are few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["HoldOut"]


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
