"""Random convolutions of sequences (MiniRocket), in NumPy."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

__all__ = ["ConvolutionFeatures", "filled"]

TRIPLES = np.array(list(combinations(range(9), 3)))  # (84, 3): where a kernel's weight is 2, else -1


def filled(sequences: np.ndarray) -> np.ndarray:
    """Gaps in ``(n, channels, length)`` bridged by straight lines, ends by the nearest value, empty channels by 0."""
    X = np.array(sequences, dtype=np.float32)
    X[~np.isfinite(X)] = np.nan
    for i, channel in np.argwhere(np.isnan(X).any(axis=2)):
        known = np.flatnonzero(~np.isnan(X[i, channel]))
        if len(known):
            X[i, channel] = np.interp(np.arange(X.shape[2]), known, X[i, channel, known])
        else:
            X[i, channel] = 0.0
    return X


class ConvolutionFeatures:
    """Share of positive values of 84 two-valued kernels of length 9, over dilations and biases.

    Args:
        n_features: about how many.
        differences: whether first differences count as well.
        normalise: whether each channel is first standardised.
        seed: of channels and biases.

    Source: Dempster, Schmidt & Webb 2021, "MiniRocket"; first differences as in Tan et al. 2022 (MultiRocket).
    """

    def __init__(self, n_features: int = 5000, differences: bool = True, normalise: bool = True, seed: int = 0) -> None:
        self.n_features = n_features
        self.differences = differences
        self.normalise = normalise
        self.seed = seed
        self.plans: list[dict[str, Any]] = []

    def _views(self, sequences: np.ndarray) -> list[np.ndarray]:
        X = filled(sequences)
        if self.normalise:
            X = (X - X.mean(axis=2, keepdims=True)) / (X.std(axis=2, keepdims=True) + 1e-6)
        if X.shape[2] < 10:
            X = np.pad(X, ((0, 0), (0, 0), (0, 10 - X.shape[2])), mode="edge")
        return [X, np.diff(X, axis=2)] if self.differences else [X]

    def fit(self, sequences: np.ndarray) -> ConvolutionFeatures:
        """Draw dilations, channels and biases; biases are quantiles of outputs on training sequences."""
        random = np.random.default_rng(self.seed)
        self.plans = []
        views = self._views(sequences)
        for X in views:
            n, channels, length = X.shape
            per_kernel = max(1, self.n_features // len(views) // len(TRIPLES))
            n_dilations = min(32, per_kernel)
            largest = max(np.log2((length - 1) / 8), 0.0)
            dilations, counts = np.unique(
                np.floor(2 ** np.linspace(0, largest, n_dilations)).astype(np.int64), return_counts=True
            )
            n_biases = np.maximum(1, np.floor(counts * per_kernel / n_dilations)).astype(np.int64)
            biases, chosen = [], []
            for dilation, amount in zip(dilations, n_biases, strict=True):
                size = min(channels, 9)
                picks = np.zeros((len(TRIPLES), channels), dtype=np.float32)
                for k in range(len(TRIPLES)):
                    width = int(2 ** random.uniform(0, np.log2(size + 1)))
                    picks[k, random.choice(channels, max(1, min(width, channels)), replace=False)] = 1.0
                some = X[random.integers(0, n, min(n, 16))]
                outputs = _convolved(some, int(dilation), picks)  # (some, 84, length)
                levels = (np.arange(1, 84 * amount + 1) * ((np.sqrt(5) + 1) / 2) % 1).reshape(84, amount)
                flat = np.sort(outputs.transpose(1, 0, 2).reshape(84, -1), axis=1)
                biases.append(np.take_along_axis(flat, (levels * (flat.shape[1] - 1)).astype(np.int64), axis=1))
                chosen.append(picks)
            self.plans.append({"dilations": dilations, "biases": biases, "channels": chosen})
        return self

    def transform(self, sequences: np.ndarray) -> np.ndarray:
        """Shape (n, features), float32, each between 0 and 1."""
        length = max(sequences.shape[2], 10)
        batch = max(1, int(3e6 / (84 * length)))
        parts = []
        for i in range(0, max(len(sequences), 1), batch):
            blocks = []
            for X, plan in zip(self._views(sequences[i : i + batch]), self.plans, strict=True):
                for dilation, biases, picks in zip(plan["dilations"], plan["biases"], plan["channels"], strict=True):
                    outputs = _convolved(X, int(dilation), picks)
                    for j in range(biases.shape[1]):
                        blocks.append((outputs > biases[None, :, j, None]).mean(axis=2, dtype=np.float32))
            parts.append(np.concatenate(blocks, axis=1))
        return np.concatenate(parts)


def _convolved(X: np.ndarray, dilation: int, picks: np.ndarray) -> np.ndarray:
    """Outputs ``(n, 84, length)`` of all kernels at one dilation, zero padding, summed over each kernel's channels."""
    n, channels, length = X.shape
    reach = 4 * dilation
    padded = np.pad(X, ((0, 0), (0, 0), (reach, reach)))
    taps = np.stack([padded[:, :, k * dilation : k * dilation + length] for k in range(9)], axis=1)  # (n, 9, c, length)
    kernel = -np.ones((84, 9), dtype=np.float32)
    np.put_along_axis(kernel, TRIPLES, 2.0, axis=1)
    weights = (kernel[:, :, None] * picks[:, None, :]).reshape(84, 9 * channels)
    return np.asarray(np.matmul(weights, taps.reshape(n, 9 * channels, length)))
