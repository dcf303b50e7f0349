"""The nearest of some rows: by a tree of the rows where columns are few, by all distances otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["NeighbourSearch", "most_searched"]

TREE_COLUMNS = 12
TREE_ROWS = 60_000
"""Most rows of a tree."""
ALL_ROWS = 10_000
ALL_CELLS = 2_000_000
"""Rows, and numbers in them, beyond which not all distances are taken: 10,000 new rows then take a second or two."""


def most_searched(n_columns: int) -> int:
    """How many rows are searched at most."""
    return TREE_ROWS if n_columns <= TREE_COLUMNS else max(min(ALL_ROWS, ALL_CELLS // n_columns), 1_000)


class NeighbourSearch:
    """Rows, and what finds the nearest of them, which is made again of the rows where it is missing.

    Args:
        rows: ``(n, n_columns)``; float32 is what is kept.
    """

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = np.ascontiguousarray(rows, np.float32)
        self.finder: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """The rows alone."""
        return {"rows": self.rows, "finder": None}

    def nearest(self, X: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Distances of the k nearest rows, nearest first, and which these are: each ``(n, k)``.

        Args:
            X: ``(n, n_columns)``.
            k: at most as many as there are rows.
        """
        X = np.asarray(X, np.float32)
        if self.rows.shape[1] <= TREE_COLUMNS:
            if self.finder is None:
                from scipy.spatial import KDTree

                self.finder = KDTree(self.rows, leafsize=16, balanced_tree=False)
            far, places = self.finder.query(X, k)
            return np.asarray(far).reshape(len(X), k), np.asarray(places).reshape(len(X), k)
        if self.finder is None:
            from sklearn.neighbors import NearestNeighbors

            self.finder = NearestNeighbors(algorithm="brute").fit(self.rows)
        far, places = self.finder.kneighbors(X, k)
        return np.asarray(far, np.float64), np.asarray(places)
