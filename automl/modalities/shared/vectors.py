"""Vectors that a backbone made of texts or pictures, as an input of networks."""

from __future__ import annotations

import numpy as np

from automl.errors import DataError
from automl.modalities.shared.specs import channel_stats
from automl.records import Dataset, InputSpec

__all__ = ["vectors_of", "vectors_specs"]


def vectors_specs(dataset: Dataset, rows: np.ndarray) -> tuple[InputSpec, ...]:
    """The input "vectors", with the moments of training rows; none for a dataset without them."""
    if dataset.vectors is None:
        return ()
    found = dataset.vectors[rows]
    return (InputSpec("vectors", "vectors", found.shape[1:], "float32", stats=channel_stats(found)),)


def vectors_of(dataset: Dataset, rows: np.ndarray, dim: int, items: str = "texts") -> np.ndarray:
    """The vectors ``(n, dim)`` of these rows.

    Raises:
        DataError: the rows have none, or of another size.
    """
    if dataset.vectors is None or dataset.vectors.shape[1] != dim:
        found = "none" if dataset.vectors is None else f"vectors of {dataset.vectors.shape[1]:,} numbers"
        raise DataError(
            f"expected vectors of {dim:,} numbers, which a backbone made of the {items}; these rows have {found}"
        )
    vectors: np.ndarray = dataset.vectors[rows]
    return vectors
