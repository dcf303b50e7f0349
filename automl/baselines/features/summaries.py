"""A sequence in numbers: moments, quantiles, slopes, autocorrelations, spectrum, and random convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.baselines.features.convolutions import ConvolutionFeatures
from automl.baselines.features.description import Description, matrix
from automl.baselines.features.intervals import SERIES
from automl.baselines.features.plain.summaries import sequence_numbers, summary
from automl.baselines.features.series_form import SeriesForm
from automl.baselines.model import remembered, rows_key
from automl.records import Dataset

__all__ = ["SequenceFeatures", "summary"]


class SequenceFeatures(SeriesForm):
    """Summaries of each channel, random convolutions, or both; standardised on training rows.

    Args:
        summaries: whether summaries count.
        convolutions: about how many random convolutions; 0 for none.
        differences: see `ConvolutionFeatures`.
        normalise: see `ConvolutionFeatures`.
        seed: of the convolutions.
        pools: see `ConvolutionFeatures`.
    """

    def __init__(self, summaries: bool, convolutions: int, differences: bool = True, normalise: bool = True,
                 seed: int = 0, pools: str = "share") -> None:  # fmt: skip
        self.categories: list[bool] = []
        self.summaries = summaries
        self.convolutions = convolutions
        self.kernels = ConvolutionFeatures(convolutions, differences, normalise, seed, pools) if convolutions else None
        self.seed = seed
        self.center: np.ndarray | None = None
        self.scale: np.ndarray | None = None

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        """Draw kernels and learn the scale of each feature."""
        self.learn_form(dataset)
        if self.kernels is not None:
            self.kernels.fit(dataset.inputs[rows])
        kernels = self.kernels
        options = () if kernels is None else (kernels.differences, kernels.normalise, self.seed, kernels.pools)
        key = ("sequences", self.summaries, self.convolutions, options, *rows_key(dataset, rows))
        raw = remembered(key, lambda: self._raw(dataset.inputs[rows]))
        self.center = raw.mean(axis=0)
        spread = raw.std(axis=0)
        self.scale = np.where(spread > 1e-9, spread, 1.0)
        return self._scaled(raw)

    def _raw(self, sequences: np.ndarray) -> np.ndarray:
        return sequence_numbers(sequences, self._settings())

    def _settings(self) -> dict[str, Any]:
        """What `automl.baselines.features.plain.summaries.sequence_features` needs."""
        kernels = None if self.kernels is None else self.kernels.settings()
        return {"summaries": self.summaries, "kernels": kernels, "center": self.center, "scale": self.scale}

    def describe(self) -> Description:
        """What an exported reader makes them of."""
        n_columns = None if self.center is None else len(self.center)
        maker = "automl.baselines.features.plain.summaries:sequence_features"
        return Description(maker, self._settings(), SERIES, parts=matrix(n_columns))

    def sources(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The series of these rows."""
        return {"series": self.in_form(dataset, rows)}

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The features of other rows."""
        return self._scaled(self._raw(self.in_form(dataset, rows)))

    def _scaled(self, raw: np.ndarray) -> np.ndarray:
        return np.asarray(np.clip((raw - self.center) / self.scale, -10.0, 10.0))
