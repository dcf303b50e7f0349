"""A sequence in numbers: moments, quantiles, slopes, autocorrelations and spectrum, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from automl.baselines.features.plain.convolutions import convolution_features
from automl.baselines.features.plain.series import filled

__all__ = ["sequence_features", "sequence_numbers", "summary"]

LAGS = (1, 2, 3, 5, 8, 13, 21, 34)
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
BANDS = 12
PIECES = 8


def sequence_features(given: Mapping[str, np.ndarray], spec: Mapping[str, Any]) -> np.ndarray:
    """Summaries of each channel, convolutions, or both, scaled: ``(n, n_features)`` float64.

    Args:
        given: "series" ``(n, channels, length)``, NaN for gaps.
        spec: "center" and "scale" of the features; and as for `sequence_numbers`.
    """
    raw = sequence_numbers(given["series"], spec)
    return np.asarray(np.clip((raw - spec["center"]) / spec["scale"], -10.0, 10.0))


def sequence_numbers(sequences: np.ndarray, spec: Mapping[str, Any]) -> np.ndarray:
    """The same, unscaled.

    Args:
        sequences: ``(n, channels, length)``.
        spec: "summaries", whether they count; "kernels", see `convolution_features`, or None.
    """
    blocks = [summary(sequences)] if spec["summaries"] else []
    if spec["kernels"] is not None:
        blocks.append(convolution_features(sequences, spec["kernels"]))
    return np.concatenate(blocks, axis=1).astype(np.float64)


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
