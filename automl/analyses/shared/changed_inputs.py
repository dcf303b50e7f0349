"""Datasets with other inputs in some rows, as corruptions make them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from automl.records import CorruptionInputs, Dataset

__all__ = ["in_parts", "noised_columns", "with_columns"]

PART = 256
"""Items that are changed at a time."""


def with_columns(
    inputs: CorruptionInputs, names: Iterable[str], dtype: Any, change: Callable[[str, np.ndarray], None]
) -> Dataset:
    """The dataset with other values in columns of its frame.

    Args:
        inputs: what is changed.
        names: of the columns.
        dtype: of the arrays that `change` is given.
        change: called with a column's name and a copy of its values, which it changes in place.
    """
    frame = inputs.dataset.inputs.copy()
    for name in names:
        values = frame[name].to_numpy(dtype, copy=True)
        change(name, values)
        frame[name] = values
    return dataclasses.replace(inputs.dataset, inputs=frame)


def noised_columns(
    inputs: CorruptionInputs, names: Iterable[str], strength: float, rng: np.random.Generator
) -> Dataset:
    """The dataset with Gaussian noise on columns of numbers, in units of their spread in training rows."""

    def change(name: str, values: np.ndarray) -> None:
        values[inputs.rows] += strength * inputs.spread[name] * rng.normal(size=len(inputs.rows))

    return with_columns(inputs, names, np.float64, change)


def in_parts(items: np.ndarray, rows: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """A copy of items ``(n, ...)`` with others in these rows; `change` is given some of them at a time."""
    out = items.copy()
    for some in np.array_split(rows, max(1, len(rows) // PART)):
        out[some] = change(out[some])
    return out
