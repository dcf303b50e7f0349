"""Corruptions of whole series (classification and regression of sequences)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from automl.records import Corruption, CorruptionInputs, Dataset

__all__ = ["SAMPLES_DROPPED", "SERIES_NOISE", "SERIES_SCALED", "SERIES_SHIFT"]

UM = "Um et al., Data augmentation of wearable sensor data, ICMI 2017"
Change = Callable[[np.ndarray, CorruptionInputs, float, np.random.Generator], np.ndarray]


def _applies(inputs: CorruptionInputs) -> bool:
    array = inputs.dataset.inputs
    return isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.ndim == 3


def _changing(change: Change) -> Callable[[CorruptionInputs, float, np.random.Generator], Dataset]:
    def apply(inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> Dataset:
        array = inputs.dataset.inputs.copy()
        array[inputs.rows] = change(array[inputs.rows], inputs, strength, rng)
        return dataclasses.replace(inputs.dataset, inputs=array)

    return apply


def _spread(inputs: CorruptionInputs) -> np.ndarray:
    n_channels = inputs.dataset.inputs.shape[1]
    return np.array([inputs.spread[str(channel)] for channel in range(n_channels)])[:, None]


def _noise(values: np.ndarray, inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> np.ndarray:
    return np.asarray(values + strength * _spread(inputs) * rng.normal(size=values.shape))


def _dropped(values: np.ndarray, inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> np.ndarray:
    gone = rng.random((len(values), 1, values.shape[2])) < strength
    return np.where(gone, np.nan, values)


def _shifted(values: np.ndarray, inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Moved earlier or later; the first or last value is held."""
    n, _, length = values.shape
    by = np.rint(strength * length * rng.choice([-1.0, 1.0], n)).astype(int)
    places = np.clip(np.arange(length) - by[:, None], 0, length - 1)
    return np.take_along_axis(values, places[:, None, :], axis=2)


def _scaled(values: np.ndarray, inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> np.ndarray:
    factor = np.exp(strength * rng.choice([-1.0, 1.0], (len(values), 1, 1)))
    return np.asarray(values * factor)


SERIES_NOISE = Corruption(
    name="series_noise",
    order=80,
    words="series with noise",
    unit="noise, in spreads of training rows",
    severities=(0.1, 0.25, 0.5, 1.0, 2.0),
    applies=_applies,
    apply=_changing(_noise),
    source=f"{UM} (jittering)",
)
SAMPLES_DROPPED = Corruption(
    name="samples_dropped",
    order=82,
    words="missing samples",
    unit="share of the samples",
    severities=(0.1, 0.2, 0.4, 0.6, 0.8),
    applies=_applies,
    apply=_changing(_dropped),
    percent=True,
    source="samples of all channels are missing at random",
)
SERIES_SHIFT = Corruption(
    name="series_shift",
    order=84,
    words="series shifted in time",
    unit="shift, in shares of the length",
    severities=(0.02, 0.05, 0.1, 0.2, 0.4),
    applies=_applies,
    apply=_changing(_shifted),
    percent=True,
    source="moved earlier or later, the end held",
)
SERIES_SCALED = Corruption(
    name="series_scaled",
    order=86,
    words="series scaled up or down",
    unit="logarithm of the factor",
    severities=(0.1, 0.2, 0.4, 0.7, 1.0),
    applies=_applies,
    apply=_changing(_scaled),
    source=f"{UM} (scaling)",
)
