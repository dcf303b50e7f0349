"""The target of some rows, or of forecast windows, as metrics read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import DataError

if TYPE_CHECKING:
    from automl.records import Dataset, Task

__all__ = ["class_codes", "class_truth", "columns_of", "value_truth", "values_of"]


def class_truth(dataset: Dataset, task: Task, items: np.ndarray) -> np.ndarray:
    """Codes ``(n,)`` int64 into the task's classes."""
    return class_codes(dataset, task.target[0], task.classes, items)


def value_truth(dataset: Dataset, task: Task, items: np.ndarray) -> np.ndarray:
    """Numbers in the user's units: ``(n, n_targets)`` of rows, ``(n, horizon, n_targets)`` of windows, float64.

    NaN where a value is not known; see `values_of`.
    """
    return values_of(dataset, task.target, items)


def values_of(dataset: Dataset, names: Sequence[str], items: np.ndarray) -> np.ndarray:
    """Target columns of numbers side by side, float64; NaN where the column has none, or was filled in (`observed`).

    Raises:
        DataError: a column is not there.
    """
    values = columns_of(dataset, names, items, np.float64)
    if dataset.observed is None or dataset.target is None:
        return values
    places = [list(dataset.target.columns).index(name) for name in names]
    return np.where(dataset.observed[items][..., places], values, np.nan)


def class_codes(dataset: Dataset, name: str, classes: Sequence[str], rows: np.ndarray) -> np.ndarray:
    """Codes ``(n,)`` int64 of a column of labels.

    Raises:
        DataError: the column is not there, or a label is none of the classes.
    """
    codes = {label: code for code, label in enumerate(classes)}
    labels = _column(dataset, name, rows).tolist()
    try:
        return np.array([codes[label] for label in labels], np.int64)
    except KeyError as error:
        row = int(rows[next(i for i, label in enumerate(labels) if label not in codes)])
        shown = ", ".join(map(repr, classes[:8])) + (", ..." if len(classes) > 8 else "")
        raise DataError(
            f"expected one of the classes {shown} in target {name!r}; row {row} holds {error.args[0]!r}. "
            "Remove such rows, or train on data that has this class"
        ) from None


def columns_of(dataset: Dataset, names: Sequence[str], items: np.ndarray, dtype: Any) -> np.ndarray:
    """Target columns side by side: ``(n, n_columns)`` of rows, ``(n, horizon, n_columns)`` of windows.

    Raises:
        DataError: a column is not there.
    """
    return np.stack([_column(dataset, name, items).astype(dtype) for name in names], axis=-1)


def _column(dataset: Dataset, name: str, rows: np.ndarray) -> np.ndarray:
    if dataset.target is None or name not in dataset.target.columns:
        raise DataError(f"expected the target column {name!r} in {dataset.name}; it is not there. Give labelled rows")
    return np.asarray(dataset.target[name].to_numpy()[rows])
