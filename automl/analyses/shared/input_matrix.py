"""Inputs of rows as standardised numbers, the same for both sides: what representations are held against."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pandas as pd

from automl.records import Dataset, Task

__all__ = ["input_matrices"]

MOST_LEVELS = 20
MOST_EDGE = 16
"""Pixels along an edge of a picture, each the mean of those it stands for."""
MOST_STEPS = 128
HASHED_WORDS = 128


def input_matrices(
    dataset: Dataset, task: Task, known: np.ndarray, new: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Inputs of two sets of rows; each number has mean 0 and variance 1 in the first, where all vary.

    Numbers, dates and yes or no as they are (the median where one is missing), the 20 most frequent levels as 0 and 1,
    texts as logarithms of counts of hashed words, pictures as means of pixels, series as means of steps.

    Args:
        dataset: typed.
        task: its columns.
        known: training row numbers.
        new: other row numbers.

    Returns:
        ``(n_known, n_features)`` and ``(n_new, n_features)`` float64.
    """
    made = [_raw(dataset, task, known, rows) for rows in (known, new)]
    middle, spread = made[0].mean(axis=0), made[0].std(axis=0)
    varies = spread > 1e-9 * np.maximum(np.abs(middle), 1e-300)
    first, second = (((one - middle) / np.where(varies, spread, 1.0))[:, varies] for one in made)
    return first, second


def _raw(dataset: Dataset, task: Task, known: np.ndarray, rows: np.ndarray) -> np.ndarray:
    if not hasattr(dataset.inputs, "columns"):
        return _of_array(np.asarray(dataset.inputs[rows]))
    blocks = []
    for column in task.columns:
        if column.name in dataset.pictures:
            blocks.append(_of_array(np.asarray(dataset.pictures[column.name][rows])))
        elif column.name in dataset.inputs.columns:
            cells = dataset.inputs[column.name]
            blocks.append(_of_cells(cells.iloc[known], cells.iloc[rows], column.kind))
    return np.concatenate(blocks, axis=1) if blocks else np.zeros((len(rows), 0))


def _of_array(part: np.ndarray) -> np.ndarray:
    """Pictures ``(n, h, w[, c])`` or series ``(n, channels, length)``, made smaller, as ``(n, n_features)``."""
    values = np.nan_to_num(part.astype(np.float64))
    if part.dtype == np.uint8:
        values = _means(_means(values, 1, MOST_EDGE), 2, MOST_EDGE)
    else:
        values = _means(values, values.ndim - 1, MOST_STEPS)
    return values.reshape(len(values), -1)


def _means(values: np.ndarray, axis: int, most: int) -> np.ndarray:
    """Means over neighbours along an axis, so that at most so many are left."""
    size = values.shape[axis]
    if size <= most:
        return values
    starts = np.linspace(0, size, most + 1).astype(int)[:-1]
    counts = np.diff(np.r_[starts, size]).reshape([-1 if k == axis else 1 for k in range(values.ndim)])
    return np.asarray(np.add.reduceat(values, starts, axis=axis) / counts)


def _of_cells(known: pd.Series, cells: pd.Series, kind: str) -> np.ndarray:
    if cells.dtype.kind in "fiub":
        values, usual = cells.to_numpy(np.float64), known.to_numpy(np.float64)
        middle = float(np.nanmedian(usual)) if np.isfinite(usual).any() else 0.0
        return np.where(np.isfinite(values), values, middle)[:, None]
    if cells.dtype.kind == "M":
        return _of_cells(_days(known), _days(cells), "numeric")
    if kind in ("text", "list", "url"):
        return _counts(cells.tolist())
    levels = known.value_counts().index[:MOST_LEVELS]
    return np.stack([(cells == level).to_numpy(np.float64) for level in levels], axis=1) if len(levels) else (
        np.zeros((len(cells), 0))
    )  # fmt: skip


def _days(cells: pd.Series) -> pd.Series:
    days = cells.to_numpy("datetime64[s]").astype(np.float64) / 86_400.0
    return pd.Series(np.where(cells.isna().to_numpy(), np.nan, days))


def _counts(texts: list[Any]) -> np.ndarray:
    made = np.zeros((len(texts), HASHED_WORDS))
    for row, text in enumerate(texts):
        for word in text.lower().split() if isinstance(text, str) else ():
            made[row, zlib.crc32(word.encode("utf-8", "surrogatepass")) % HASHED_WORDS] += 1.0
    return np.asarray(np.log1p(made))
