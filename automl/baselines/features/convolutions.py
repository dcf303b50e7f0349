"""Random convolutions of sequences (MiniRocket, MultiRocket), in NumPy."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

__all__ = ["POOLS", "ConvolutionFeatures", "filled", "lengths_of"]

TRIPLES = np.array(list(combinations(range(9), 3)))  # (84, 3): where a kernel's weight is 2, else -1
POOLS = ("share", "four")
"""What is kept of a convolution's output: the share of positive values, or mean, place and longest run of them too."""
BATCH_CELLS = 1_500_000
BIAS_SEQUENCES = 16
SHORTEST = 10


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


def lengths_of(sequences: np.ndarray) -> np.ndarray:
    """Steps up to the last one that any channel knows, ``(n,)``: sequences of unequal length end in gaps."""
    known = np.isfinite(sequences).any(axis=1)  # (n, length)
    steps = np.arange(1, sequences.shape[2] + 1)
    return np.asarray(np.where(known, steps, 0).max(axis=1, initial=1))


class ConvolutionFeatures:
    """What 84 two-valued kernels of length 9 find in a sequence, over dilations and biases.

    Of each kernel, dilation and bias the share of positive values is kept (MiniRocket). With "four" pools, also the
    mean of the positive values, the mean of their places and the longest run of them (MultiRocket).

    Args:
        n_features: about how many.
        differences: whether first differences count as well.
        normalise: whether each channel of each sequence is first standardised by itself; otherwise each channel is
            standardised by moments of the training sequences.
        seed: of channels and biases.
        pools: a member of `POOLS`.

    Source: Dempster, Schmidt & Webb, "MiniRocket", KDD 2021; Tan, Dempster, Bergmeir & Webb, "MultiRocket", Data Mining
        and Knowledge Discovery 36 (2022).
    """

    def __init__(
        self, n_features: int = 5000, differences: bool = True, normalise: bool = True, seed: int = 0,
        pools: str = "share",
    ) -> None:  # fmt: skip
        self.n_features = n_features
        self.differences = differences
        self.normalise = normalise
        self.seed = seed
        self.pools = pools
        self.alternates = True  # every other convolution is not padded; all were in versions before this one
        self.moments: np.ndarray | None = None
        self.plans: list[dict[str, Any]] = []

    def _views(self, sequences: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Sequences and their first differences, each with the lengths: beyond its end a sequence is 0."""
        X = filled(sequences)
        long = np.full(len(X), X.shape[2])
        lengths = lengths_of(sequences) if getattr(self, "alternates", False) else long
        there = (np.arange(X.shape[2]) < lengths[:, None])[:, None, :].astype(np.float32)
        if self.normalise:
            counts = there.sum(axis=2, keepdims=True)
            X = X - (X * there).sum(axis=2, keepdims=True) / counts
            X = X / (np.sqrt((X**2 * there).sum(axis=2, keepdims=True) / counts) + 1e-6)
        elif (moments := getattr(self, "moments", None)) is not None:
            X = (X - moments[0][:, None]) / moments[1][:, None]
        X *= there
        if X.shape[2] < SHORTEST:
            X = np.pad(X, ((0, 0), (0, 0), (0, SHORTEST - X.shape[2])), mode="edge")
            lengths = np.full(len(X), SHORTEST)
        if not self.differences:
            return [(X, lengths)]
        steps = np.diff(X, axis=2)
        steps *= np.arange(steps.shape[2]) < lengths[:, None, None] - 1  # none from the last step to the 0 beyond
        return [(X, lengths), (steps, np.maximum(lengths - 1, 1))]

    def fit(self, sequences: np.ndarray) -> ConvolutionFeatures:
        """Draw dilations, channels and biases; biases are quantiles of outputs on training sequences."""
        random = np.random.default_rng(self.seed)
        self.plans, self.moments = [], None
        if not self.normalise:
            X = filled(sequences)
            spread = X.std(axis=(0, 2))
            self.moments = np.stack([X.mean(axis=(0, 2)), np.where(spread > 1e-6, spread, 1.0)]).astype(np.float32)
        views = self._views(sequences)
        for X, lengths in views:
            n, channels, length = X.shape
            per_kernel = max(1, self.n_features // len(views) // len(TRIPLES) // (4 if self.pools == "four" else 1))
            n_dilations = min(32, per_kernel)
            largest = max(np.log2((length - 1) / 8), 0.0)
            dilations, counts = np.unique(
                np.floor(2 ** np.linspace(0, largest, n_dilations)).astype(np.int64), return_counts=True
            )
            n_biases = np.maximum(1, np.floor(counts * per_kernel / n_dilations)).astype(np.int64)
            n_biases[: max(per_kernel - int(n_biases.sum()), 0)] += 1
            biases, chosen = [], []
            for number, (dilation, amount) in enumerate(zip(dilations, n_biases, strict=True)):
                size = min(channels, 9)
                picks = np.zeros((len(TRIPLES), channels), dtype=np.float32)
                for k in range(len(TRIPLES)):
                    width = int(2 ** random.uniform(0, np.log2(size + 1)))
                    picks[k, random.choice(channels, max(1, min(width, channels)), replace=False)] = 1.0
                some = random.integers(0, n, min(n, BIAS_SEQUENCES))
                outputs = _convolved(X[some], int(dilation), picks)  # (some, 84, length)
                levels = (np.arange(1, 84 * amount + 1) * ((np.sqrt(5) + 1) / 2) % 1).reshape(84, amount)
                own = np.empty((84, amount), dtype=np.float32)
                for kernels, part, own_lengths in self._parts(outputs, number, int(dilation), lengths[some]):
                    there = np.arange(part.shape[2]) < own_lengths[:, None]  # (some, length)
                    flat = np.sort(part.transpose(1, 0, 2)[:, there], axis=1)
                    places = (levels[kernels] * (flat.shape[1] - 1)).astype(np.int64)
                    own[kernels] = np.take_along_axis(flat, places, axis=1)
                biases.append(own)
                chosen.append(picks)
            self.plans.append({"dilations": dilations, "biases": biases, "channels": chosen})
        return self

    def transform(self, sequences: np.ndarray) -> np.ndarray:
        """Shape (n, features), float32."""
        length = max(sequences.shape[2], SHORTEST)
        batch = max(1, BATCH_CELLS // (84 * length))
        parts = []
        for i in range(0, max(len(sequences), 1), batch):
            blocks = []
            for (X, lengths), plan in zip(self._views(sequences[i : i + batch]), self.plans, strict=True):
                triples = zip(plan["dilations"], plan["biases"], plan["channels"], strict=True)
                for number, (dilation, biases, picks) in enumerate(triples):
                    outputs = _convolved(X, int(dilation), picks)
                    for kernels, part, own_lengths in self._parts(outputs, number, int(dilation), lengths):
                        if own_lengths.min() < part.shape[2]:  # nothing beyond the end is positive
                            part = np.where((np.arange(part.shape[2]) < own_lengths[:, None])[:, None], part, -np.inf)
                        for bias in biases[kernels].T:
                            blocks += self._pooled(part, np.asarray(bias, np.float32), own_lengths[:, None])
            parts.append(np.concatenate(blocks, axis=1))
        return np.concatenate(parts)

    def _parts(
        self, outputs: np.ndarray, number: int, dilation: int, lengths: np.ndarray
    ) -> list[tuple[slice, np.ndarray, np.ndarray]]:
        """Kernels, their outputs and how many of them count: of every other kernel without the ends, which read
        padding.
        """
        if not getattr(self, "alternates", False):
            return [(slice(None), outputs, lengths)]
        whole, inner = slice(number % 2, None, 2), slice(1 - number % 2, None, 2)
        reach = min(4 * dilation, (outputs.shape[2] - 1) // 2)
        within = np.maximum(lengths - 2 * reach, 1)
        return [
            (whole, outputs[:, whole], lengths),
            (inner, outputs[:, inner, reach : outputs.shape[2] - reach], within),
        ]

    def _pooled(self, outputs: np.ndarray, bias: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
        """Features ``(n, kernels)`` of outputs ``(n, kernels, length)``, a bias for each kernel, lengths ``(n, 1)``."""
        length = np.asarray(lengths, np.float32)
        positive = outputs > bias[None, :, None]
        count = np.bitwise_count(np.packbits(positive, axis=2)).sum(axis=2, dtype=np.int32)
        share = count / length
        if getattr(self, "pools", "share") == "share":
            return [share.astype(np.float32)]
        some = np.maximum(count, 1).astype(np.float32)
        excess = np.maximum(outputs - bias[None, :, None], 0).sum(axis=2) / some
        places = positive.astype(np.float32) @ np.arange(1, outputs.shape[2] + 1, dtype=np.float32) / length / some
        run = _longest_run(positive) / length
        return [pooled.astype(np.float32) for pooled in (share, excess, places, run)]


def _longest_run(positive: np.ndarray) -> np.ndarray:
    """The longest run of True along the last axis."""
    length = positive.shape[-1]
    places = np.arange(1, length + 1, dtype=np.int16 if length < 2**15 else np.int32)
    before = np.maximum.accumulate(np.where(positive, places.dtype.type(0), places), axis=-1)
    return np.asarray((places - before).max(axis=-1))


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
