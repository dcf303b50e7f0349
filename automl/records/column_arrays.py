"""A table of a few rows as plain arrays: a frame of pandas would take longer to make and to read than a prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, Union

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["ColumnArrays", "Table"]


@dataclass(frozen=True, slots=True, eq=False)
class ColumnArrays:
    """Typed columns, of which encoders read those that they were fitted on, as they read them of a frame.

    Attributes:
        arrays: by name, ``(n,)`` each: float64, datetime64[ns], or objects that are str or None.
        n_rows: how many rows there are.
    """

    arrays: Mapping[str, np.ndarray]
    n_rows: int

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
        return ColumnArrays({name: array[rows] for name, array in self.arrays.items()}, len(rows))


Table: TypeAlias = Union["pd.DataFrame", ColumnArrays]
"""What encoders of tables transform."""
