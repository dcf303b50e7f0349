"""Numbers: one or several targets, each in the user's units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from automl.goals.shared.codecs import fit_values
from automl.goals.shared.examples import value_target
from automl.goals.shared.intervals import Intervals
from automl.goals.shared.rows import no_rarest, usual
from automl.goals.shared.scoring import class_context
from automl.goals.shared.truth import value_truth
from automl.records import Example, Goal, Head, Output

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Task

__all__ = ["REGRESSION"]

STRATA = 10
LEAST_OF_A_STRATUM = 5


def _strata(target: pd.DataFrame) -> np.ndarray:
    """Tenths of the first target, fewer of few rows."""
    values = target.iloc[:, 0].to_numpy(np.float64)
    order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    n_strata = min(STRATA, max(1, len(values) // LEAST_OF_A_STRATUM))
    return np.asarray(order * n_strata // max(len(values), 1), np.int64)


def _frame(arrays: Mapping[str, np.ndarray], task: Task) -> pd.DataFrame | pd.Series:
    import pandas as pd

    if len(task.target) == 1:
        return pd.Series(arrays["values"][:, 0], name=task.target[0])
    return pd.DataFrame(arrays["values"], columns=list(task.target))


def _example_output(truth: np.ndarray, rng: np.random.Generator, noise: float) -> Output:
    return Output("values", {"values": truth + noise * rng.normal(size=truth.shape)})


REGRESSION = Goal(
    name="regression",
    words="Regression",
    answers="values",
    default_metric=usual("r2"),
    fit_codec=fit_values,
    truth=value_truth,
    context=class_context,
    strata=_strata,
    strata_words="the target's size",
    rarest=no_rarest,
    to_frame=_frame,
    regions=Intervals(),
    example=Example(
        metric="r2",
        head=Head("regression", (2,), "linear", "mse"),
        encoded=lambda n, rng: rng.normal(0.0, 1.0, (n, 2)).astype("float32"),
        target=value_target,
        truth=lambda signal: signal[:, None],
        output=_example_output,
    ),
)
