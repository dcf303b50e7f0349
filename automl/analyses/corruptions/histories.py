"""Corruptions of what a forecast reads: the history before each window, and covariates that are known ahead.

The dataset that is returned holds other targets. Predictors read those before a window only; truths and scales are
always those of the original data.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from automl.analyses.shared.changed_inputs import noised_columns
from automl.detect.series.grid import filled
from automl.records import NUMERIC_KINDS, Corruption, CorruptionInputs, Dataset

__all__ = ["COVARIATES_NOISED", "HISTORY_MISSING", "HISTORY_NOISED"]


def _is_forecast(inputs: CorruptionInputs) -> bool:
    return inputs.row_spread is not None


def _known(inputs: CorruptionInputs) -> list[str]:
    numbers = inputs.columns(*NUMERIC_KINDS)
    return [name for name in inputs.task.covariates_known if name in numbers and inputs.spread.get(name, 0.0) > 0]


def _noised(inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> Dataset:
    assert inputs.row_spread is not None and inputs.lowest is not None
    values = _values(inputs)
    changed = values + strength * inputs.row_spread * rng.normal(size=values.shape)
    return _with_targets(inputs, np.maximum(changed, np.minimum(inputs.lowest, values)))


def _missing(inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> Dataset:
    """Steps of all targets are gone, and filled from their past as those of a new history are."""
    values = _values(inputs)
    values[rng.random(len(values)) < strength] = np.nan
    season = max(int(inputs.task.season or 1), 1)
    return dataclasses.replace(filled(_with_targets(inputs, values), season), observed=inputs.dataset.observed)


def _values(inputs: CorruptionInputs) -> np.ndarray:
    """Fresh values ``(n_rows, n_targets)``."""
    assert inputs.dataset.target is not None
    return inputs.dataset.target.to_numpy(np.float64, copy=True)


def _with_targets(inputs: CorruptionInputs, values: np.ndarray) -> Dataset:
    assert inputs.dataset.target is not None
    target = pd.DataFrame(values, columns=inputs.dataset.target.columns)
    return dataclasses.replace(inputs.dataset, target=target)


def _covariates(inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> Dataset:
    return noised_columns(inputs, _known(inputs), strength, rng)


HISTORY_NOISED = Corruption(
    name="history_noised",
    order=90,
    words="a history with noise",
    unit="noise, in mean seasonal changes",
    severities=(0.1, 0.25, 0.5, 1.0, 2.0),
    applies=_is_forecast,
    apply=_noised,
    source="Gaussian noise in the unit of MASE: the mean absolute seasonal change of each series before the test",
)
HISTORY_MISSING = Corruption(
    name="history_missing",
    order=92,
    words="gaps in the history",
    unit="share of the steps",
    severities=(0.05, 0.1, 0.2, 0.4, 0.6),
    applies=_is_forecast,
    apply=_missing,
    percent=True,
    source="steps are missing at random, and filled from the past as gaps of any history are (decision 23)",
)
COVARIATES_NOISED = Corruption(
    name="covariates_noised",
    order=94,
    words="known covariates with noise",
    unit="noise, in spreads of training rows",
    severities=(0.1, 0.25, 0.5, 1.0, 2.0),
    applies=lambda inputs: _is_forecast(inputs) and bool(_known(inputs)),
    apply=_covariates,
    source="Gaussian noise on covariates known ahead: errors of a weather forecast, say",
)
