"""A sequence in numbers: moments, quantiles, slopes, autocorrelations, spectrum, and random convolutions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from automl.baselines.features.convolutions import ConvolutionFeatures, filled
from automl.baselines.model import remembered, rows_key
from automl.records import Dataset

__all__ = ["SequenceFeatures", "summary"]

LAGS = (1, 2, 3, 5, 8, 13, 21, 34)
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
BANDS = 12
PIECES = 8


class SequenceFeatures:
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
        blocks = [summary(sequences)] if self.summaries else []
        if self.kernels is not None:
            blocks.append(self.kernels.transform(sequences))
        return np.concatenate(blocks, axis=1).astype(np.float64)

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The features of other rows."""
        return self._scaled(self._raw(dataset.inputs[rows]))

    def _scaled(self, raw: np.ndarray) -> np.ndarray:
        return np.asarray(np.clip((raw - self.center) / self.scale, -10.0, 10.0))


def summary(sequences: np.ndarray) -> np.ndarray:
    """Summary features of ``(n, channels, length)``: shape (n, features), float64, finite."""
    gaps = np.isnan(sequences).mean(axis=2)
    X = filled(sequences).astype(np.float64)
    n, channels, length = X.shape
    mean, std = X.mean(axis=2), X.std(axis=2)
    Z = (X - mean[..., None]) / (std[..., None] + 1e-9)
    steps = np.diff(X, axis=2) if length > 1 else np.zeros((n, channels, 1))
    time = np.linspace(-1, 1, length)
    features = [mean, np.log1p(std), gaps, X.min(axis=2), X.max(axis=2), X[..., 0], X[..., -1]]
    features += list(np.quantile(X, LEVELS, axis=2))
    features += [(Z**3).mean(axis=2), (Z**4).mean(axis=2), (Z * time).mean(axis=2)]
    crossings = (np.diff(np.sign(Z), axis=2) != 0).mean(axis=2) if length > 1 else np.zeros((n, channels))
    features += [np.abs(steps).mean(axis=2), steps.std(axis=2), crossings]
    features += [Z.argmax(axis=2) / length, Z.argmin(axis=2) / length]
    features += [(Z[..., lag:] * Z[..., :-lag]).mean(axis=2) for lag in LAGS if lag < length // 2]
    power = np.log(np.abs(np.fft.rfft(Z, axis=2)[..., 1:]) ** 2 / length + 1e-6)
    if power.shape[2]:
        edges = np.unique(np.floor(np.geomspace(1, power.shape[2] + 1, BANDS + 1)).astype(int) - 1)
        features += [power[..., a:b].mean(axis=2) for a, b in pairwise(edges)]
        features.append(power.argmax(axis=2) / power.shape[2])
    for piece in np.array_split(np.arange(length), min(PIECES, length)):
        features += [Z[..., piece].mean(axis=2), np.log1p(Z[..., piece].std(axis=2))]
    if channels > 1:
        pairs = np.triu_indices(min(channels, 10), 1)
        together = np.einsum("nct,ndt->ncd", Z[:, :10], Z[:, :10]) / length
        features.append(together[:, pairs[0], pairs[1]])
    return np.asarray(np.nan_to_num(np.concatenate(features, axis=1)))
