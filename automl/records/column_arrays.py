"""A table of a few rows as plain arrays: a frame of pandas would take longer to make and to read than a prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, Union

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["ColumnArrays", "DistinctCells", "Table"]


@dataclass(frozen=True, slots=True, eq=False)
class DistinctCells:
    """A column of words by its distinct cells: what is made of a cell on its own is then made once for each.

    Attributes:
        at: the place ``(n,)`` of each row's cell in `cells`.
        cells: what occurs, None for a gap; a cell may stand there twice or not occur.
    """

    at: np.ndarray
    cells: list[str | None]


@dataclass(frozen=True, slots=True, eq=False)
class ColumnArrays:
    """Typed columns, of which encoders read those that they were fitted on, as they read them of a frame.

    Attributes:
        arrays: by name, ``(n,)`` each: float64, datetime64[ns], or objects that are str or None.
        n_rows: how many rows there are.
        distinct: the same cells by the distinct ones, of columns of objects of which these are known.
    """

    arrays: Mapping[str, np.ndarray]
    n_rows: int
    distinct: Mapping[str, DistinctCells] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of rows."""
        return self.n_rows

    def __getitem__(self, name: str) -> np.ndarray:
        """One column ``(n,)``."""
        return self.arrays[name]

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self.arrays)

    def take(self, rows: np.ndarray) -> ColumnArrays:
        """Some of the rows, by their positions."""
        arrays = {name: array[rows] for name, array in self.arrays.items()}
        distinct = {name: DistinctCells(known.at[rows], known.cells) for name, known in self.distinct.items()}
        return ColumnArrays(arrays, len(rows), distinct)


Table: TypeAlias = Union["pd.DataFrame", ColumnArrays]
"""What encoders of tables transform."""
