"""The columns of a frame as arrays, many at a time: pandas takes longer to make a series than a few rows of it to read.

A table of 20,000 columns and a hundred rows is read, checked and encoded some twenty times. One series a column and
pass is seconds each time; blocks of the columns of one type are milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["number_blocks", "numpy_kinds", "values_of"]

BLOCK_CELLS = 2_000_000
FEW_COLUMNS = 8


def numpy_kinds(frame: pd.DataFrame) -> list[str]:
    """Of each column, the kind of its NumPy type ("f", "i", "u", "b", "M", "O"); empty for a type of pandas' own."""
    return [dtype.kind if isinstance(dtype, np.dtype) else "" for dtype in frame.dtypes.tolist()]


def number_blocks(
    frame: pd.DataFrame, names: Sequence[str], rows: np.ndarray | None = None
) -> Iterator[tuple[Sequence[str], np.ndarray]]:
    """Columns of numbers as fresh tables of float64, each of at most `BLOCK_CELLS` cells or one column.

    Args:
        frame: holds these columns once each, of types of NumPy.
        names: of columns of numbers or truths.
        rows: positions of the rows to take, ``(n,)``; None for all.

    Yields:
        Names of some of the columns, and their values ``(n, n_names)``.
    """
    n_rows = len(frame) if rows is None else len(rows)
    step = max(1, BLOCK_CELLS // max(n_rows, 1))
    for start in range(0, len(names), step):
        own = list(names[start : start + step])
        part = frame[own] if rows is None else frame[own].iloc[rows]
        yield own, part.to_numpy(np.float64, copy=True)


def values_of(frame: pd.DataFrame, kinds: str = "biuf") -> Iterator[tuple[object, np.ndarray | pd.Series]]:
    """Each column with its name: an array of its own type if its NumPy kind is one of these, else a series.

    Args:
        frame: any; names may come twice.
        kinds: of the columns that are wanted as arrays.

    Yields:
        Columns in their order.
    """
    step = max(1, BLOCK_CELLS // max(len(frame), 1))
    for start in range(0, frame.shape[1], step):
        part = frame.iloc[:, start : start + step]
        arrays = _arrays(part, kinds) if part.shape[1] > FEW_COLUMNS else {}
        for place, name in enumerate(part.columns):
            if place in arrays:
                yield name, arrays[place]
            else:
                series = part.iloc[:, place]
                is_array = isinstance(series.dtype, np.dtype) and series.dtype.kind in kinds
                yield name, series.to_numpy() if is_array else series


def _arrays(frame: pd.DataFrame, kinds: str) -> dict[int, np.ndarray]:
    """By place, the columns of these kinds."""
    places: dict[np.dtype, list[int]] = {}
    for place, dtype in enumerate(frame.dtypes.tolist()):
        if isinstance(dtype, np.dtype) and dtype.kind in kinds:
            places.setdefault(dtype, []).append(place)
    found: dict[int, np.ndarray] = {}
    for own in places.values():
        table = frame.iloc[:, own].to_numpy()
        found |= zip(own, table.T, strict=True)
    return found
