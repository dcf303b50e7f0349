"""The next steps of one or several series, with quantiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.goals.shared.codecs import fit_windows
from automl.goals.shared.examples import value_target
from automl.goals.shared.intervals import Intervals
from automl.goals.shared.rows import no_rarest, unused, usual
from automl.goals.shared.scoring import window_context
from automl.goals.shared.truth import value_truth
from automl.records import Example, Goal, Head, Output

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Task

__all__ = ["FORECAST"]

STEPS = 4
QUANTILES = (0.1, 0.9)


def _strata(target: pd.DataFrame) -> np.ndarray:
    """None: series are parted in time."""
    return np.zeros(len(target), np.int64)


def _frame(arrays: Mapping[str, np.ndarray], task: Task) -> pd.DataFrame:
    """Values of each target and its quantiles, a row a step, window after window."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for t, name in enumerate(task.target):
        columns[name] = arrays["values"][:, :, t].ravel()
        if "quantiles" in arrays:
            for q, level in enumerate(task.quantiles):
                made = unused(f"{name}_q{round(100 * level):02d}", {*columns, *task.target})
                columns[made] = arrays["quantiles"][:, :, t, q].ravel()
    return pd.DataFrame(columns)


def _fault(task: Task) -> str:
    return "is a forecast without a horizon" if task.horizon is None else ""


def _example_truth(signal: np.ndarray) -> np.ndarray:
    return np.stack([np.roll(signal, -step) for step in range(STEPS)], axis=1)[..., None]


def _example_output(truth: np.ndarray, rng: np.random.Generator, noise: float) -> Output:
    values = truth + noise * rng.normal(size=truth.shape)
    return Output("windows", {"values": values, "quantiles": np.stack([values - noise, values + noise], axis=-1)})


FORECAST = Goal(
    name="forecast",
    words="Forecast",
    answers="windows",
    default_metric=usual("mase"),
    fit_codec=fit_windows,
    truth=value_truth,
    context=window_context,
    strata=_strata,
    strata_words="nothing",
    rarest=no_rarest,
    to_frame=_frame,
    fault=_fault,
    regions=Intervals(),
    example=Example(
        metric="mase",
        head=Head("forecast", (STEPS, 2, 1 + len(QUANTILES)), "linear", "forecast", quantiles=QUANTILES),
        encoded=lambda n, rng: rng.normal(5.0, 1.0, (n, STEPS, 2)).astype("float32"),
        target=value_target,
        truth=_example_truth,
        output=_example_output,
        context=lambda n_items: {
            "scale": np.ones((n_items, 1)), "series": np.arange(n_items) % 3, "quantiles": QUANTILES
        },
        fields={"horizon": STEPS, "season": 2, "frequency": "D", "quantiles": QUANTILES},
    ),
)  # fmt: skip
