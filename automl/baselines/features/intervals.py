"""Quantiles of intervals of a sequence (Quant), in NumPy."""

from __future__ import annotations

import numpy as np

from automl.baselines.features.description import Description
from automl.baselines.features.plain.intervals import interval_features, intervals
from automl.baselines.features.plain.series import stretched
from automl.baselines.features.series_form import SeriesForm
from automl.baselines.model import remembered, rows_key
from automl.records import Dataset

__all__ = ["SERIES", "IntervalFeatures", "intervals", "stretched"]

SERIES = {"series": "series of these channels and steps, NaN for gaps"}


class IntervalFeatures(SeriesForm):
    """Quantiles of dyadic intervals of each channel, of its smoothed first differences, its second differences and the
    amplitudes of its spectrum. Trees read them as they are.

    Args:
        depth: halvings of the length; also the intervals shifted by half of one count.
        divisor: one quantile for so many steps of an interval.

    Source: Dempster, Schmidt & Webb, "Quant: a minimalist interval method for time series classification", Data Mining
        and Knowledge Discovery 38 (2024).
    """

    def __init__(self, depth: int = 6, divisor: int = 4) -> None:
        self.categories: list[bool] = []
        self.depth = depth
        self.divisor = divisor

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        """The features of training rows; there is nothing to learn."""
        self.learn_form(dataset)
        key = ("intervals", self.depth, self.divisor, *rows_key(dataset, rows))
        return np.asarray(remembered(key, lambda: self.transform(dataset, rows)))

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Shape (n, features), float32."""
        return interval_features(self.sources(dataset, rows), {"depth": self.depth, "divisor": self.divisor})

    def describe(self) -> Description:
        """What an exported reader makes them of."""
        settings = {"depth": self.depth, "divisor": self.divisor}
        return Description("automl.baselines.features.plain.intervals:interval_features", settings, SERIES)

    def sources(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The series of these rows."""
        return {"series": self.in_form(dataset, rows)}
