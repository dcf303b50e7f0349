"""Random convolutions of sequences (MiniRocket, MultiRocket), in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.baselines.features.plain.convolutions import (
    TRIPLES,
    convolution_features,
    convolved,
    kernel_parts,
    series_views,
)
from automl.baselines.features.plain.series import filled, lengths_of

__all__ = ["POOLS", "TRIPLES", "ConvolutionFeatures", "filled", "lengths_of"]

POOLS = ("share", "four")
"""What is kept of a convolution's output: the share of positive values, or mean, place and longest run of them too."""
BIAS_SEQUENCES = 16


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

    def fit(self, sequences: np.ndarray) -> ConvolutionFeatures:
        """Draw dilations, channels and biases; biases are quantiles of outputs on training sequences."""
        random = np.random.default_rng(self.seed)
        self.plans, self.moments = [], None
        if not self.normalise:
            X = filled(sequences)
            spread = X.std(axis=(0, 2))
            self.moments = np.stack([X.mean(axis=(0, 2)), np.where(spread > 1e-6, spread, 1.0)]).astype(np.float32)
        settings = self.settings()
        views = series_views(sequences, settings)
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
                outputs = convolved(X[some], int(dilation), picks)  # (some, 84, length)
                levels = (np.arange(1, 84 * amount + 1) * ((np.sqrt(5) + 1) / 2) % 1).reshape(84, amount)
                own = np.empty((84, amount), dtype=np.float32)
                for kernels, part, own_lengths in kernel_parts(
                    outputs, number, int(dilation), lengths[some], settings["alternates"]
                ):
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
        return convolution_features(sequences, self.settings())

    def settings(self) -> dict[str, Any]:
        """What `automl.baselines.features.plain.convolutions.convolution_features` needs."""
        return {
            "differences": self.differences, "normalise": self.normalise, "pools": getattr(self, "pools", "share"),
            "alternates": getattr(self, "alternates", False), "moments": getattr(self, "moments", None),
            "plans": self.plans,
        }  # fmt: skip
