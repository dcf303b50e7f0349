"""Quantiles of intervals of a sequence (Quant), in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.baselines.features.plain.series import stretched

__all__ = ["interval_features", "intervals"]


def interval_features(given: Mapping[str, np.ndarray], spec: Mapping[str, Any]) -> np.ndarray:
    """Quantiles of dyadic intervals of each channel and its views: shape ``(n, features)``, float32.

    Args:
        given: "series" ``(n, channels, length)``, NaN for gaps.
        spec: "depth" and "divisor", see `automl.baselines.features.intervals`.
    """
    X = stretched(given["series"])
    blocks = [interval_quantiles(view, spec["depth"], spec["divisor"]) for view in interval_views(X) if view.shape[2]]
    return np.asarray(np.nan_to_num(np.concatenate(blocks, axis=1)))


def interval_quantiles(X: np.ndarray, depth: int, divisor: int) -> np.ndarray:
    """Quantiles of each interval of ``(n, channels, length)``, every other one less the interval's mean."""
    parts = []
    for begin, end in intervals(X.shape[2], depth):
        part = X[..., begin:end]
        n_quantiles = 1 + (end - begin - 1) // divisor
        levels = np.linspace(0, 1, n_quantiles) if n_quantiles > 1 else np.array([0.5])
        found = sorted_quantiles(part, levels)  # (n, channels, quantiles)
        if n_quantiles > 1:
            found[..., 1::2] -= part.mean(axis=2, keepdims=True)
        parts.append(found.reshape(len(X), -1))
    return np.concatenate(parts, axis=1)


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


def interval_views(X: np.ndarray) -> list[np.ndarray]:
    """A sequence, its smoothed first differences, its second differences and its spectrum's amplitudes."""
    steps = np.diff(X, axis=2)
    padded = np.pad(steps, ((0, 0), (0, 0), (2, 2)), mode="edge") if steps.shape[2] else steps
    smooth = sum(padded[..., k : k + steps.shape[2]] for k in range(5)) / np.float32(5)
    spectrum = np.abs(np.fft.rfft(X, axis=2)).astype(np.float32)
    return [X, np.asarray(smooth, np.float32), np.diff(X, n=2, axis=2), spectrum]


def sorted_quantiles(part: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles along the last axis by one sort, with linear interpolation."""
    ordered = np.sort(part, axis=2)
    places = levels * (part.shape[2] - 1)
    lower = np.floor(places).astype(np.int64)
    upper = np.minimum(lower + 1, part.shape[2] - 1)
    share = (places - lower).astype(np.float32)
    return np.asarray(ordered[..., lower] + share * (ordered[..., upper] - ordered[..., lower]))
