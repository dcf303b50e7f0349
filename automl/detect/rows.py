"""Select rows in all parts of a dataset, and number rows as the user's file does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from automl.records import Dataset, Finding

__all__ = ["flag_test_rows", "in_file", "take"]


def take(dataset: Dataset, rows: np.ndarray) -> Dataset:
    """The dataset with these rows only, in this order.

    Args:
        dataset: any.
        rows: row numbers.
    """

    def pick(part: Any) -> Any:
        if part is None:
            return None
        if isinstance(part, pd.DataFrame):
            return part.iloc[rows].reset_index(drop=True)
        return np.asarray(part)[rows]

    numbers = dataset.row_numbers if dataset.row_numbers is not None else np.arange(dataset.n_rows)
    return replace(
        dataset, inputs=pick(dataset.inputs), target=pick(dataset.target), groups=pick(dataset.groups),
        times=pick(dataset.times), series=pick(dataset.series), weight=pick(dataset.weight),
        given=pick(dataset.given), observed=pick(dataset.observed), row_numbers=pick(numbers),
        pictures={name: pick(images) for name, images in dataset.pictures.items()}, vectors=pick(dataset.vectors),
        sources=pick(dataset.sources), extents=pick(dataset.extents),
    )  # fmt: skip


def in_file(findings: Iterable[Finding], dataset: Dataset) -> tuple[Finding, ...]:
    """Findings whose rows are positions in a dataset, with their positions in the user's file.

    Args:
        findings: as a check made them that saw this dataset.
        dataset: of which rows may have gone before.
    """
    numbers = dataset.row_numbers
    if numbers is None:
        return tuple(findings)
    return tuple(replace(f, rows=tuple(int(numbers[row]) for row in f.rows)) for f in findings)


def flag_test_rows(findings: Iterable[Finding], dataset: Dataset) -> tuple[Finding, ...]:
    """The findings, with the number from which their rows are those of the user's own test data.

    Args:
        findings: whose rows are positions in the user's files.
        dataset: that they are about.
    """
    first = dataset.test_from
    if first is None:
        return tuple(findings)
    return tuple(replace(f, test_from=first) if any(row >= first for row in f.rows) else f for f in findings)
