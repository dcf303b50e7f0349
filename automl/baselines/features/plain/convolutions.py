"""Random convolutions of sequences (MiniRocket, MultiRocket) whose kernels are drawn, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from automl.baselines.features.plain.series import filled, lengths_of

__all__ = ["SHORTEST", "TRIPLES", "convolution_features", "convolved", "kernel_parts", "series_views"]

TRIPLES = np.array(list(combinations(range(9), 3)))  # (84, 3): where a kernel's weight is 2, else -1
BATCH_CELLS = 1_500_000
SHORTEST = 10


def convolution_features(sequences: np.ndarray, spec: Mapping[str, Any]) -> np.ndarray:
    """What kernels find in sequences ``(n, channels, length)``: shape ``(n, features)``, float32.

    Args:
        sequences: with NaN for gaps.
        spec: "plans", for each view its dilations, and biases ``(84, n)`` and channels ``(84, n_channels)`` of each;
            "alternates", "differences", "normalise", "pools" and "moments", see
            `automl.baselines.features.convolutions`.
    """
    length = max(sequences.shape[2], SHORTEST)
    batch = max(1, BATCH_CELLS // (84 * length))
    parts = []
    for i in range(0, max(len(sequences), 1), batch):
        blocks = []
        for (X, lengths), plan in zip(series_views(sequences[i : i + batch], spec), spec["plans"], strict=True):
            triples = zip(plan["dilations"], plan["biases"], plan["channels"], strict=True)
            for number, (dilation, biases, picks) in enumerate(triples):
                outputs = convolved(X, int(dilation), picks)
                for kernels, part, own_lengths in kernel_parts(
                    outputs, number, int(dilation), lengths, spec["alternates"]
                ):
                    if own_lengths.min() < part.shape[2]:  # nothing beyond the end is positive
                        part = np.where((np.arange(part.shape[2]) < own_lengths[:, None])[:, None], part, -np.inf)
                    for bias in biases[kernels].T:
                        blocks += pooled_outputs(
                            part, np.asarray(bias, np.float32), own_lengths[:, None], spec["pools"] == "four"
                        )
        parts.append(np.concatenate(blocks, axis=1))
    return np.concatenate(parts)


def series_views(sequences: np.ndarray, spec: Mapping[str, Any]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Sequences and their first differences, each with the lengths: beyond its end a sequence is 0."""
    X = filled(sequences)
    long = np.full(len(X), X.shape[2])
    lengths = lengths_of(sequences) if spec["alternates"] else long
    there = (np.arange(X.shape[2]) < lengths[:, None])[:, None, :].astype(np.float32)
    if spec["normalise"]:
        counts = there.sum(axis=2, keepdims=True)
        X = X - (X * there).sum(axis=2, keepdims=True) / counts
        X = X / (np.sqrt((X**2 * there).sum(axis=2, keepdims=True) / counts) + 1e-6)
    elif (moments := spec["moments"]) is not None:
        X = (X - moments[0][:, None]) / moments[1][:, None]
    X *= there
    if X.shape[2] < SHORTEST:
        X = np.pad(X, ((0, 0), (0, 0), (0, SHORTEST - X.shape[2])), mode="edge")
        lengths = np.full(len(X), SHORTEST)
    if not spec["differences"]:
        return [(X, lengths)]
    steps = np.diff(X, axis=2)
    steps *= np.arange(steps.shape[2]) < lengths[:, None, None] - 1  # none from the last step to the 0 beyond
    return [(X, lengths), (steps, np.maximum(lengths - 1, 1))]


def kernel_parts(
    outputs: np.ndarray, number: int, dilation: int, lengths: np.ndarray, alternates: bool
) -> list[tuple[slice, np.ndarray, np.ndarray]]:
    """Kernels, their outputs and how many of them count: of every other kernel without the ends, which read padding."""
    if not alternates:
        return [(slice(None), outputs, lengths)]
    whole, inner = slice(number % 2, None, 2), slice(1 - number % 2, None, 2)
    reach = min(4 * dilation, (outputs.shape[2] - 1) // 2)
    within = np.maximum(lengths - 2 * reach, 1)
    return [
        (whole, outputs[:, whole], lengths),
        (inner, outputs[:, inner, reach : outputs.shape[2] - reach], within),
    ]


def pooled_outputs(outputs: np.ndarray, bias: np.ndarray, lengths: np.ndarray, four: bool) -> list[np.ndarray]:
    """Features ``(n, kernels)`` of outputs ``(n, kernels, length)``, a bias for each kernel, lengths ``(n, 1)``."""
    length = np.asarray(lengths, np.float32)
    positive = outputs > bias[None, :, None]
    count = np.bitwise_count(np.packbits(positive, axis=2)).sum(axis=2, dtype=np.int32)
    share = count / length
    if not four:
        return [share.astype(np.float32)]
    some = np.maximum(count, 1).astype(np.float32)
    excess = np.maximum(outputs - bias[None, :, None], 0).sum(axis=2) / some
    places = positive.astype(np.float32) @ np.arange(1, outputs.shape[2] + 1, dtype=np.float32) / length / some
    run = longest_run(positive) / length
    return [pooled.astype(np.float32) for pooled in (share, excess, places, run)]


def longest_run(positive: np.ndarray) -> np.ndarray:
    """The longest run of True along the last axis."""
    length = positive.shape[-1]
    places = np.arange(1, length + 1, dtype=np.int16 if length < 2**15 else np.int32)
    before = np.maximum.accumulate(np.where(positive, places.dtype.type(0), places), axis=-1)
    return np.asarray((places - before).max(axis=-1))


def convolved(X: np.ndarray, dilation: int, picks: np.ndarray) -> np.ndarray:
    """Outputs ``(n, 84, length)`` of all kernels at one dilation, zero padding, summed over each kernel's channels."""
    n, channels, length = X.shape
    reach = 4 * dilation
    padded = np.pad(X, ((0, 0), (0, 0), (reach, reach)))
    taps = np.stack([padded[:, :, k * dilation : k * dilation + length] for k in range(9)], axis=1)  # (n, 9, c, length)
    kernel = -np.ones((84, 9), dtype=np.float32)
    np.put_along_axis(kernel, TRIPLES, 2.0, axis=1)
    weights = (kernel[:, :, None] * picks[:, None, :]).reshape(84, 9 * channels)
    return np.asarray(np.matmul(weights, taps.reshape(n, 9 * channels, length)))
