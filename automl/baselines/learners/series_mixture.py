"""Mixtures of normal distributions of whole series, and an autoregression of what these leave out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from automl.baselines.learners.item_mixture import ItemMixture
from automl.baselines.learners.item_sampler import ItemSampler
from automl.baselines.learners.series_samplers import Autoregression

__all__ = ["SeriesMixture"]


class SeriesMixture(ItemSampler):
    """The course of a series by a mixture on principal components, and its detail by an autoregression.

    Principal components of whole series are few and smooth. What they leave out is simulated step by step, and what of
    that lies on them is taken away again.

    Args:
        mixture: see `ItemMixture`.
        detail: see `Autoregression`; no detail if it has no lags.

    Source: Tipping & Bishop, "Mixtures of probabilistic principal component analyzers", 1999, with an autoregressive
        process in place of independent noise.
    """

    def __init__(self, mixture: ItemMixture, detail: Autoregression) -> None:
        self.mixture = mixture
        self.detail = detail

    def fit(self, items: np.ndarray, classes: np.ndarray, shape: Sequence[int], seed: int) -> None:
        """Fit the mixture, then the autoregression on what is left of each item."""
        self.mixture.fit(items, classes, shape, seed)
        if self.detail.lags:
            left = items - self.mixture.mean
            self.detail.fit(left - self._on_axes(left), classes, shape, seed)

    def draw(self, classes: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """New series; the mixture reads the first noise numbers, and the detail the others."""
        made = self.mixture.draw(classes, noise)
        if not self.detail.lags:
            return made
        left = self.detail.draw(classes, noise[:, 1 + len(self.mixture.axes) :])
        return np.asarray(made + left - self._on_axes(left))

    def _on_axes(self, left: np.ndarray) -> np.ndarray:
        """The part of some rows that lies on the principal components."""
        return np.asarray((left @ self.mixture.axes.T) @ self.mixture.axes)
