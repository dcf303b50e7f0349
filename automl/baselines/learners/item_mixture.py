"""Normal distributions, or mixtures of them, on principal components of whole items."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag, solve_triangular
from scipy.special import logsumexp

from automl.baselines.learners.item_sampler import ItemSampler, class_rows, continued, placed, uniform
from automl.baselines.learners.principal import directions
from automl.baselines.learners.sampler import cumulated, drawn_codes
from automl.records import MIN_LEVEL_ROWS

__all__ = ["ItemMixture"]

ROWS_AN_AXIS = 5
"""Rows for each principal component, at least, so that none is a row."""
ROWS_A_COMPONENT = 30
"""Rows for each normal distribution, at least: between fewer there is little but these rows."""
LEAST_VARIANCE = 1e-7
"""Of the largest variance: components of less are left out."""
RIDGE = 1e-3
"""Added to each variance, in units of their mean."""
ROUNDS = 40
TINY = 1e-12
MOST_WORK = 20_000_000_000
"""Products of rows, components and the square of the axes, for each round of the fit."""
LEAST_BOUND = 5_000


class ItemMixture(ItemSampler):
    """A mixture of normal distributions on principal components.

    A component that fewer than `MIN_LEVEL_ROWS` rows share is left out: its mean would be a row's. Covariances are
    drawn towards that within all components, as if it had been seen in `smoothing` further rows.

    Args:
        n_axes: principal components.
        n_components: normal distributions, of all classes together, as far as there are rows for them; at least one for
            each class.
        full: whether each has a covariance of its own, else only variances.
        by_class: whether each class has a mixture of its own; else classes share components in shares of their own.
        smoothing: rows' worth of the common covariance, in units of the number of axes.

    Source: Tipping & Bishop, "Mixtures of probabilistic principal component analyzers", 1999; Richardson & Weiss,
        "On GANs and GMMs", 2018 (mixtures of normal distributions as generators of pictures); Friedman, "Regularized
        discriminant analysis", 1989 (covariances drawn towards a common one).
    """

    def __init__(
        self, n_axes: int = 100, n_components: int = 50, full: bool = True, by_class: bool = True,
        smoothing: float = 0.0,
    ) -> None:  # fmt: skip
        self.n_axes = n_axes
        self.n_components = n_components
        self.full = full
        self.by_class = by_class
        self.smoothing = smoothing
        self.mean = np.zeros(0, np.float32)
        self.axes = np.zeros((0, 0), np.float32)  # (n_axes, n_numbers)
        self.places = np.zeros(1, np.int64)  # of each code among the classes
        self.weights = np.zeros((0, 0))  # (n_classes, n_components), cumulated
        self.means = np.zeros((0, 0), np.float32)  # (n_components, n_axes)
        self.roots = np.zeros((0, 0, 0), np.float32)  # lower triangles of covariances, or deviations of one row

    def most_rows(self, n_numbers: int) -> int:
        """The time of a round grows with rows, components and, with covariances, the square of the axes."""
        width = self.n_axes**2 if self.full else self.n_axes
        bounded = max(MOST_WORK // max(self.n_components * width, 1), LEAST_BOUND)
        return min(super().most_rows(n_numbers), bounded)

    def fit(self, items: np.ndarray, classes: np.ndarray, shape: Sequence[int], seed: int) -> None:
        """Principal components, then expectation and maximisation from means by k-means."""
        codes = self._projected(items)
        rows, self.places = class_rows(classes)
        if self.by_class and len(rows) > 1:
            total = sum(len(own) for own in rows)
            found = [_mixture(codes[own], round(self.n_components * len(own) / total), self.full, seed) for own in rows]
            mixture = _Mixture(*(np.concatenate(parts) for parts in zip(*(m.parts() for m in found), strict=True)))
            weights = block_diag(*(m.counts for m in found))
        else:
            mixture = _mixture(codes, self.n_components, self.full, seed)
            weights = np.stack([mixture.owned(codes[own]) for own in rows])
        self.weights, self.means = cumulated(weights), mixture.means.astype(np.float32)
        self.roots = mixture.roots(self.smoothing * codes.shape[1]).astype(np.float32)

    def draw(self, classes: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """New items."""
        n_axes = len(self.axes)
        at = drawn_codes(self.weights, placed(classes, self.places), uniform(noise[:, 0]))[0]
        numbers = continued(noise, 1 + n_axes)[:, 1:]
        codes = np.empty((len(noise), n_axes))
        for component in np.unique(at).tolist():
            own, root = at == component, self.roots[component].astype(np.float64)
            normal = numbers[own]
            codes[own] = self.means[component] + (normal * root if root.ndim == 1 else normal @ root.T)
        return np.asarray(self.mean + codes @ self.axes.astype(np.float64))

    def _projected(self, items: np.ndarray) -> np.ndarray:
        """Find the axes, and return the items' places on them ``(n, n_axes)``."""
        self.mean = items.mean(axis=0, dtype=np.float64).astype(np.float32)
        centred = items - self.mean
        most = max(min(self.n_axes, len(items) // ROWS_AN_AXIS, items.shape[1]), 1)
        variances, axes = directions(centred, most)
        kept = max(int((variances[:most] > LEAST_VARIANCE * variances[0]).sum()), 1)
        self.axes = axes[:kept].astype(np.float32)
        return np.asarray(centred @ self.axes.T)


@dataclass(frozen=True)
class _Mixture:
    """Rows ``(k,)`` of components, means ``(k, d)``, covariances ``(k, d, d)`` or variances ``(k, d)``."""

    counts: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The parameters."""
        return self.counts, self.means, self.covariances

    def roots(self, smoothing: float) -> np.ndarray:
        """Lower triangles of covariances, or standard deviations.

        Args:
            smoothing: rows' worth of the covariance within all components, towards which they are drawn.
        """
        share = self.counts / (self.counts + smoothing)
        share = share.reshape(-1, *([1] * (self.covariances.ndim - 1)))
        common = np.tensordot(self.counts / self.counts.sum(), self.covariances, 1)
        drawn = share * self.covariances + (1.0 - share) * common
        return np.asarray(np.linalg.cholesky(drawn) if drawn.ndim == 3 else np.sqrt(drawn))

    def owned(self, codes: np.ndarray) -> np.ndarray:
        """The mean share ``(k,)`` of each component in these rows ``(n, d)``."""
        logs = np.empty((len(codes), len(self.counts)))
        for place, (mean, root) in enumerate(zip(self.means, self.roots(0.0), strict=True)):
            if root.ndim == 1:
                white, scale = (codes - mean) / root, root
            else:
                white, scale = solve_triangular(root, (codes - mean).T, lower=True).T, np.diagonal(root)
            logs[:, place] = np.log(self.counts[place]) - np.log(scale).sum() - 0.5 * (white**2).sum(axis=1)
        return np.asarray(np.exp(logs - logsumexp(logs, axis=1, keepdims=True)).mean(axis=0))


def _mixture(codes: np.ndarray, n_components: int, full: bool, seed: int) -> _Mixture:
    """The mixture of so many components, as far as each has enough rows."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    n = max(min(n_components, len(codes) // ROWS_A_COMPONENT), 1)
    ridge = RIDGE * max(float(codes.var(axis=0).mean()), TINY)
    kind = "full" if full else "diag"
    fitter = GaussianMixture(n, covariance_type=kind, reg_covar=ridge, max_iter=ROUNDS, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = fitter.fit(codes)
    counts = found.weights_.astype(np.float64) * len(codes)
    shared = counts >= MIN_LEVEL_ROWS
    shared = shared if shared.any() else counts == counts.max()
    means, covariances = (part[shared].astype(np.float64) for part in (found.means_, found.covariances_))
    return _Mixture(counts[shared], means, covariances)
