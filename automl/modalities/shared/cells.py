"""Rows of cells as they are: typed by their columns, nothing decoded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from automl.records import Column, Dataset, Task

__all__ = ["as_they_are", "names_of", "typed"]

SHOWN_NAMES = 3


def as_they_are(dataset: Dataset, task: Task, memory_mib: float | None) -> tuple[Dataset, Task]:
    """Nothing to decode."""
    return dataset, task


def typed(dataset: Dataset, task: Task, read: Callable[[pd.DataFrame, Sequence[Column]], pd.DataFrame]) -> Dataset:
    """New rows of a table with each column read as in training; arrays pass unchanged."""
    if not isinstance(dataset.inputs, pd.DataFrame):
        return dataset
    return replace(dataset, inputs=read(dataset.inputs, task.columns))


def names_of(columns: Sequence[Any]) -> str:
    """Names of the first few columns in quotes."""
    return ", ".join(repr(c.name) for c in columns[:SHOWN_NAMES]) + (" and more" if len(columns) > SHOWN_NAMES else "")
