"""New rows, pictures, series or texts that are like those of the data.

A classifier that tells them from held-out ones scores them, or the distance of their features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from automl.goals.shared.generated import cells_of, no_codec, row_truth, rows_for_users
from automl.goals.shared.rows import no_rarest, usual
from automl.goals.shared.samples import samples_of
from automl.metrics.given import shares_of
from automl.records import Column, Example, Goal, Head, Output

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Dataset, Split, Task

__all__ = ["GENERATE"]

MOST_HELD_OUT = 2_000
"""Rows: sampling and telling apart take time after each epoch, and more rows say little more."""
REFERENCE_ROWS = 1_000
EXAMPLE_COLUMNS = (Column("x", "numeric", 1.0, ""), Column("c", "categorical", 1.0, ""))


def _context(dataset: Dataset, task: Task, split: Split, items: np.ndarray) -> dict[str, Any]:
    """Some training items, on which features of items are fitted; and the shares of values that are given."""
    rows = split.train
    some = rows if len(rows) <= REFERENCE_ROWS else rows[np.linspace(0, len(rows) - 1, REFERENCE_ROWS).astype(np.int64)]
    context: dict[str, Any] = {"reference": (row_truth(dataset, task, some),)}  # in a tuple: other rows than the items
    if task.condition is not None:
        context["given"] = shares_of(task.condition, cells_of(dataset, task, task.condition, rows))
    return context


def _no_strata(target: pd.DataFrame) -> np.ndarray:
    return np.zeros(len(target), np.int64)


def _example_target(signal: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"y": np.where(signal > 0, "yes", "no").astype(object)})


def _rows(signal: np.ndarray) -> np.ndarray:
    import pandas as pd

    frame = pd.DataFrame({"x": signal, "c": np.where(signal > 0, "up", "down").astype(object)})
    return samples_of(frame, EXAMPLE_COLUMNS)


def _example_output(truth: np.ndarray, rng: np.random.Generator, noise: float) -> Output:
    """The rows themselves; with noise, numbers by so many standard deviations off, and other cells of other rows."""
    made = truth.copy()
    for name in made.dtype.names or ():
        cells = made[name]
        if cells.dtype.kind == "f":
            made[name] += noise * np.nan_to_num(np.nanstd(cells)) * rng.normal(size=cells.shape)
        else:
            is_other = (rng.random(len(made)) < noise).reshape(-1, *[1] * (cells.ndim - 1))
            made[name] = np.where(is_other, cells[rng.permutation(len(made))], cells)
    return Output("samples", {"samples": made})


GENERATE = Goal(
    name="generate",
    words="Generation",
    answers="rows",
    default_metric=usual("indistinct"),
    fit_codec=no_codec,
    truth=row_truth,
    context=_context,
    strata=_no_strata,
    strata_words="nothing",
    rarest=no_rarest,
    to_frame=rows_for_users,
    needs_target=False,
    drawn="generated rows",
    most_held_out=MOST_HELD_OUT,
    example=Example(
        metric="indistinct",
        head=Head("generate", (2,), "linear", "own"),
        encoded=lambda n, rng: np.zeros((n, 1), np.float32),
        target=_example_target,
        truth=_rows,
        output=_example_output,
    ),
)
