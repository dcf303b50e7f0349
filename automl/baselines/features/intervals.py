"""Quantiles of intervals of a sequence (Quant), in NumPy."""

from __future__ import annotations

import numpy as np

from automl.baselines.features.convolutions import filled, lengths_of
from automl.baselines.model import remembered, rows_key
from automl.records import Dataset

__all__ = ["IntervalFeatures", "intervals"]


class IntervalFeatures:
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
        key = ("intervals", self.depth, self.divisor, *rows_key(dataset, rows))
        return np.asarray(remembered(key, lambda: self.transform(dataset, rows)))

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Shape (n, features), float32."""
        X = stretched(dataset.inputs[rows])
        blocks = [self._quantiles(view) for view in _views(X) if view.shape[2]]
        return np.asarray(np.nan_to_num(np.concatenate(blocks, axis=1)))

    def _quantiles(self, X: np.ndarray) -> np.ndarray:
        """Quantiles of each interval of ``(n, channels, length)``, every other one less the interval's mean."""
        parts = []
        for begin, end in intervals(X.shape[2], self.depth):
            part = X[..., begin:end]
            n_quantiles = 1 + (end - begin - 1) // self.divisor
            levels = np.linspace(0, 1, n_quantiles) if n_quantiles > 1 else np.array([0.5])
            found = _sorted_quantiles(part, levels)  # (n, channels, quantiles)
            if n_quantiles > 1:
                found[..., 1::2] -= part.mean(axis=2, keepdims=True)
            parts.append(found.reshape(len(X), -1))
        return np.concatenate(parts, axis=1)


def stretched(sequences: np.ndarray) -> np.ndarray:
    """Sequences without gaps, those that end early stretched to the whole length."""
    X = filled(sequences)
    steps = np.arange(X.shape[2])
    for row, length in enumerate(lengths_of(sequences)):
        if length < X.shape[2]:
            places = np.linspace(0, length - 1, X.shape[2])
            X[row] = [np.interp(places, steps[:length], channel[:length]) for channel in X[row]]
    return X


def intervals(length: int, depth: int) -> list[tuple[int, int]]:
    """The whole, its halves, quarters and so on, and for each size but the first the same shifted by half of one."""
    found: list[tuple[int, int]] = []
    for level in range(min(depth, int(np.log2(length)) + 1)):
        edges = np.linspace(0, length, 2**level + 1).astype(np.int64)
        pairs = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
        found += pairs
        if level > 0 and np.median(np.diff(edges)) > 1:
            shift = int(np.ceil(length / 2**level / 2))
            found += [(begin + shift, min(end + shift, length)) for begin, end in pairs[:-1]]
    return found


def _views(X: np.ndarray) -> list[np.ndarray]:
    """A sequence, its smoothed first differences, its second differences and its spectrum's amplitudes."""
    steps = np.diff(X, axis=2)
    padded = np.pad(steps, ((0, 0), (0, 0), (2, 2)), mode="edge") if steps.shape[2] else steps
    smooth = sum(padded[..., k : k + steps.shape[2]] for k in range(5)) / np.float32(5)
    spectrum = np.abs(np.fft.rfft(X, axis=2)).astype(np.float32)
    return [X, np.asarray(smooth, np.float32), np.diff(X, n=2, axis=2), spectrum]


def _sorted_quantiles(part: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles along the last axis by one sort, with linear interpolation."""
    ordered = np.sort(part, axis=2)
    places = levels * (part.shape[2] - 1)
    lower = np.floor(places).astype(np.int64)
    upper = np.minimum(lower + 1, part.shape[2] - 1)
    share = (places - lower).astype(np.float32)
    return np.asarray(ordered[..., lower] + share * (ordered[..., upper] - ordered[..., lower]))
