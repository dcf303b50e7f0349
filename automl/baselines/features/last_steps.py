"""The end of a window of rows: what its last row is like beside the rows before it and the other channels."""

from __future__ import annotations

import numpy as np

from automl.baselines.features.convolutions import filled
from automl.records import Dataset

__all__ = ["LastSteps"]

FIT_WINDOWS = 4_000
RIDGE = 1e-2
CHUNK_ROWS = 8_192


class LastSteps:
    """Of each channel the last value, its change, its spread of late, and how badly it is forecast.

    A forecast of a value is linear in the rows before it (all channels) and in the other channels of the same row.

    Args:
        steps: rows that "of late" means, and that a forecast sees.
        seed: of the windows that forecasts are learnt from where these are many.

    Source: Box & Jenkins, "Time series analysis", 1970 (autoregression by least squares); Hoerl & Kennard 1970 (ridge).
    """

    def __init__(self, steps: int, seed: int = 0) -> None:
        self.categories: list[bool] = []
        self.steps = steps
        self.seed = seed
        self.moments = np.zeros((2, 0))  # mean and standard deviation of each channel
        self.weights = np.zeros((0, 0))  # (channels, steps * channels + channels), of a row's own value zero
        self.center = np.zeros(0)
        self.scale = np.ones(0)

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        """Learn the forecasts and the scales of the features."""
        random, length = np.random.default_rng(self.seed), dataset.inputs.shape[2]
        some = rows if len(rows) <= FIT_WINDOWS else np.sort(random.choice(rows, FIT_WINDOWS, replace=False))
        X = filled(dataset.inputs[some]).astype(np.float64)
        spread = X.std(axis=(0, 2))
        self.moments = np.stack([X.mean(axis=(0, 2)), np.where(spread > 1e-9, spread, 1.0)])
        self.steps = max(1, min(self.steps, length // 3))
        seen, now = self._pair(self._standardised(X), length - 1)
        weights = np.zeros((now.shape[1], seen.shape[1] + now.shape[1]))
        for channel in range(now.shape[1]):
            others = np.delete(now, channel, axis=1)
            inputs = np.concatenate([seen, others], axis=1)
            penalty = RIDGE * len(inputs) * np.eye(inputs.shape[1])
            learnt = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ now[:, channel])
            weights[channel] = np.insert(learnt, seen.shape[1] + channel, 0.0)
        self.weights = weights
        raw = self._raw(dataset, rows)
        spread = raw.std(axis=0)
        self.center, self.scale = raw.mean(axis=0), np.where(spread > 1e-9, spread, 1.0)
        return np.asarray((raw - self.center) / self.scale)

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The features of other windows, ``(n, 6 * channels)``."""
        return np.asarray((self._raw(dataset, rows) - self.center) / self.scale)

    def _standardised(self, X: np.ndarray) -> np.ndarray:
        return np.asarray((X - self.moments[0][:, None]) / self.moments[1][:, None])

    def _pair(self, X: np.ndarray, at: int) -> tuple[np.ndarray, np.ndarray]:
        """The rows before a step, ``(n, channels * steps)``, and the step's own values ``(n, channels)``."""
        return X[:, :, at - self.steps : at].reshape(len(X), self.steps * X.shape[1]), X[:, :, at]

    def _raw(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        parts = [
            self._features(dataset.inputs[rows[begin : begin + CHUNK_ROWS]])
            for begin in range(0, max(len(rows), 1), CHUNK_ROWS)
        ]
        return np.concatenate(parts)

    def _features(self, windows: np.ndarray) -> np.ndarray:
        X = self._standardised(filled(windows).astype(np.float64))
        length, last = X.shape[2], X[:, :, -1]
        late = X[:, :, -self.steps - 1 :]
        errors = np.stack([self._errors(X, at) for at in range(length - min(self.steps, 4), length)], axis=2)
        return np.concatenate(
            [
                last,
                last - X.mean(axis=2),
                last - X[:, :, -2],
                np.log(np.abs(np.diff(late, axis=2)).mean(axis=2) + 1e-3),
                errors[:, :, -1],
                np.log(np.abs(errors).mean(axis=2) + 1e-3),
            ],
            axis=1,
        )

    def _errors(self, X: np.ndarray, at: int) -> np.ndarray:
        """What forecasts of a step are off by, ``(n, channels)``."""
        seen, now = self._pair(X, at)
        return np.asarray(now - np.concatenate([seen, now], axis=1) @ self.weights.T)
