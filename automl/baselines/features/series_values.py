"""Series as they are: their values, standardised by channel and at most so many steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.baselines.features.intervals import stretched
from automl.baselines.features.projection import Projected
from automl.baselines.features.series_form import SeriesForm
from automl.baselines.model import remembered, rows_key
from automl.records import Dataset

__all__ = ["SeriesValues"]

MOST_CELLS = 40_000_000


class SeriesValues(Projected, SeriesForm):
    """The values of each channel as one row, on principal components if asked for.

    Args:
        steps: longer series are made as short by means over as many stretches.
        components: principal components kept; 0 for the values themselves.
        seed: of the decomposition.
    """

    def __init__(self, steps: int, components: int = 0, seed: int = 0) -> None:
        self.categories: list[bool] = []
        self.steps = steps
        self.components = components
        self.seed = seed
        self.center: np.ndarray | None = None
        self.scale: np.ndarray | None = None
        self.projection: Any = None

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        """Learn the mean of each step, the scale of each channel and the projection."""
        self.learn_form(dataset)
        key = ("series values", self.steps, *rows_key(dataset, rows))
        raw = remembered(key, lambda: self._raw(dataset, rows))
        channels = dataset.inputs.shape[1]
        self.center = raw.mean(axis=0)
        spread = (raw - self.center).reshape(len(raw), channels, -1).std(axis=(0, 2))
        self.scale = np.repeat(np.where(spread > 1e-9, spread, 1.0), raw.shape[1] // channels)
        return self._fit_projection(raw)

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The values of other rows."""
        return self._projected(self._raw(dataset, rows))

    def _raw(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Values ``(n, channels * steps)`` float32."""
        channels, length = self.form or dataset.inputs.shape[1:]
        size = max(1, MOST_CELLS // (channels * length))
        begins = np.unique(np.arange(self.steps) * length // self.steps)
        counts = np.diff(np.append(begins, length))
        parts = [
            np.add.reduceat(stretched(self.in_form(dataset, rows[i : i + size])), begins, axis=2) / counts
            for i in range(0, max(len(rows), 1), size)
        ]
        return np.concatenate(parts).reshape(len(rows), -1).astype(np.float32)
