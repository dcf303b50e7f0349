"""What all detectors share: they learn which rows are usual, and score how unusual others are.

A detector takes a matrix and no truth. It holds plain numbers and NumPy arrays only, so that skops can store it and a
stored one can be checked.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

__all__ = ["LARGEST", "Detector", "chunks", "dense", "finite"]

LARGEST = 1e30
"""Numbers beyond it count as it: their squares are finite."""
CHUNK_CELLS = 4_000_000


class Detector(ABC):
    """Learns from rows, and scores rows: the larger a score, the more unusual a row.

    Shape: X ``(n, n_columns)`` float64, finite.
    """

    time_power: float = 1.0
    """The time of a fit grows with this power of the rows; 0 where it does not depend on them."""

    @abstractmethod
    def most_rows(self, n_columns: int) -> int:
        """How many rows it learns from at most, so that time and memory of fits and of predictions stay bounded."""

    @abstractmethod
    def fit(self, X: np.ndarray) -> None:
        """Learn from these rows; what was learnt before is forgotten."""

    @abstractmethod
    def scores(self, X: np.ndarray) -> np.ndarray:
        """Scores ``(n,)`` float64 of other rows."""

    def own_scores(self, X: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Scores of rows that it learnt from, as far as possible as if it had not.

        Args:
            X: the rows that it learnt from.
            places: ``(n,)`` which of them.
        """
        return self.scores(X[places])


def finite(X: np.ndarray) -> np.ndarray:
    """The matrix as float64, numbers without end or of no value as large ones."""
    return np.clip(
        np.nan_to_num(np.asarray(X, np.float64), nan=0.0, posinf=LARGEST, neginf=-LARGEST), -LARGEST, LARGEST
    )


def dense(X: Any) -> np.ndarray:
    """A matrix that may be sparse as float64 numbers that are finite."""
    return finite(X.toarray() if hasattr(X, "toarray") else X)


def chunks(n_rows: int, cells_a_row: int) -> list[slice]:
    """Parts of many rows of which each takes a bounded number of cells."""
    size = max(1, CHUNK_CELLS // max(cells_a_row, 1))
    return [slice(begin, begin + size) for begin in range(0, n_rows, size)]
