"""Vectors of new rows that are computed once something reads them: a model on pixels or words never does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Deferred"]


class Deferred:
    """Stands for an array ``(n, dim)`` float32; `numpy.asarray` computes it, all rows at once and only the first time.

    Args:
        compute: returns the array of all rows.
        n_rows: of that array.
        dim: its columns.
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, compute: Callable[[], np.ndarray], n_rows: int, dim: int) -> None:
        self._compute = compute
        self._root, self._rows = self, np.arange(n_rows)
        self.shape = (n_rows, dim)
        self._array: np.ndarray | None = None

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Deferred:
        """These rows, not yet computed."""
        part = object.__new__(Deferred)
        part._root, part._rows = self._root, self._rows[rows]
        part.shape = (len(part._rows), self.shape[1])
        return part

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        root = self._root
        if root._array is None:
            root._array = root._compute()
        found = root._array[self._rows]
        return found if dtype is None else found.astype(dtype, copy=False)
