"""Take rows out of a dataset, all its parts alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from automl.records import Dataset

__all__ = ["take"]


def take(dataset: Dataset, rows: np.ndarray) -> Dataset:
    """The dataset with these rows only, in this order.

    Args:
        dataset: any. rows: row numbers.
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
        given=pick(dataset.given), row_numbers=pick(numbers),
        pictures={name: pick(images) for name, images in dataset.pictures.items()},
    )  # fmt: skip
