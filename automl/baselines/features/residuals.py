"""How badly an autoregression that all training series share forecasts each next step of a series."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from automl.baselines.features.convolutions import filled
from automl.records import Dataset

__all__ = ["ForecastErrors"]

FIT_SERIES = 2_000
FIT_CELLS = 4_000_000
BATCH_CELLS = 4_000_000
RIDGE = 1e-3
LEVELS = (0.5, 0.9, 0.99, 1.0)


class ForecastErrors:
    """Logarithms of the mean squared error of one-step forecasts, and of quantiles of its size, for each channel.

    Args:
        lags: steps that a forecast sees.
        seed: of the series that the autoregression is learnt from where these are many.

    Source: Box & Jenkins, "Time series analysis", 1970 (autoregression by least squares).
    """

    def __init__(self, lags: int, seed: int = 0) -> None:
        self.categories: list[bool] = []
        self.lags = lags
        self.seed = seed
        self.weights = np.zeros((0, 0))  # (channels, lags + 1), the last one added
        self.moments = np.zeros((2, 0))  # mean and standard deviation of each channel
        self.center = np.zeros(0)
        self.scale = np.ones(0)

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        """Learn the autoregression of each channel and the scales of the errors."""
        random, (_, channels, length) = np.random.default_rng(self.seed), dataset.inputs.shape
        most = max(1, min(FIT_SERIES, FIT_CELLS // (length * max(self.lags, 1))))
        some = rows if len(rows) <= most else np.sort(random.choice(rows, most, replace=False))
        X = filled(dataset.inputs[some]).astype(np.float64)
        spread = X.std(axis=(0, 2))
        self.moments = np.stack([X.mean(axis=(0, 2)), np.where(spread > 1e-9, spread, 1.0)])
        self.lags = max(1, min(self.lags, length - 2))
        self.weights = np.stack([self._learnt(X, channel) for channel in range(channels)])
        raw = self._raw(dataset, rows)
        spread = raw.std(axis=0)
        self.center, self.scale = raw.mean(axis=0), np.where(spread > 1e-9, spread, 1.0)
        return np.asarray((raw - self.center) / self.scale)

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The errors of other rows, ``(n, channels * 5)``."""
        return np.asarray((self._raw(dataset, rows) - self.center) / self.scale)

    def _standardised(self, X: np.ndarray, channel: int) -> np.ndarray:
        return np.asarray((X[:, channel] - self.moments[0, channel]) / self.moments[1, channel])

    def _learnt(self, X: np.ndarray, channel: int) -> np.ndarray:
        """Weights ``(lags + 1,)`` of the least squared error."""
        past, following = self._pairs(self._standardised(X, channel))
        seen = np.column_stack([past.reshape(-1, self.lags), np.ones(following.size)])
        penalty = RIDGE * len(seen) * np.eye(self.lags + 1)
        return np.asarray(np.linalg.solve(seen.T @ seen + penalty, seen.T @ following.ravel()))

    def _pairs(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Past ``(n, n_steps, lags)`` and following value of each step that has one; zeros where a series is short."""
        if values.shape[1] <= self.lags:
            values = np.pad(values, ((0, 0), (self.lags + 1 - values.shape[1], 0)))
        return sliding_window_view(values, self.lags, axis=1)[:, :-1], values[:, self.lags :]

    def _raw(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Logarithms of errors, not scaled."""
        size = max(1, BATCH_CELLS // (dataset.inputs.shape[2] * self.lags))
        return np.concatenate(
            [self._errors(dataset.inputs[rows[i : i + size]]) for i in range(0, len(rows) or 1, size)]
        )

    def _errors(self, sequences: np.ndarray) -> np.ndarray:
        X, blocks = filled(sequences).astype(np.float64), []
        for channel, weights in enumerate(self.weights):
            past, following = self._pairs(self._standardised(X, channel))
            errors = np.abs(following - past @ weights[:-1] - weights[-1])
            levels = np.quantile(errors, LEVELS, axis=1).T
            blocks.append(np.log(np.column_stack([np.sqrt((errors**2).mean(axis=1)), levels]) + 1e-6))
        return np.concatenate(blocks, axis=1)
