"""Other rows from the same generator, so that the interval covers which rows happened to be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from automl.records import Output

if TYPE_CHECKING:
    from automl.records import Dataset

__all__ = ["FURTHER_DRAWS", "redrawn"]

FURTHER_DRAWS = 2
DRAW_ROWS = 2**30
"""Row numbers that lie between draws: the noise of a row depends on its number alone."""


def redrawn(
    predictor: Any, dataset: Dataset, items: np.ndarray, first: Output, n_draws: int = FURTHER_DRAWS
) -> tuple[Output, tuple[Output, ...]]:
    """Further draws of as many rows, each as it would be for row numbers of its own.

    Args:
        predictor: a generator.
        dataset: with fewer than 2³⁰ rows.
        items: ``(n,)`` row numbers of the first draw.
        first: the first draw.
        n_draws: further ones.

    Returns:
        All draws side by side, "samples" ``(n, 1 + n_draws)``; and each draw.
    """
    draws = [first, *(predictor.output(dataset, items + draw * DRAW_ROWS) for draw in range(1, n_draws + 1))]
    columns = [np.asarray(draw.arrays["samples"]) for draw in draws]
    made = np.empty((len(items), len(draws)), np.result_type(*(column.dtype for column in columns)))
    for place, column in enumerate(columns):
        made[:, place] = column
    return Output(first.kind, {**first.arrays, "samples": made}), tuple(draws)
