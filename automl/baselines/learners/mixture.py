"""A mixture of normal distributions: how unlikely a row is under it."""

from __future__ import annotations

import math
import warnings

import numpy as np
from scipy.special import logsumexp

from automl.baselines.learners.detector import Detector
from automl.records import MIN_LEVEL_ROWS

__all__ = ["GaussianMixture"]

MOST_ROWS = 20_000
MOST_WORK = 400_000_000
"""Products of rows, components and the square of the columns, for each round of the fit."""
ROUNDS = 60


class GaussianMixture(Detector):
    """Minus the log density of a mixture.

    A component that fewer than `MIN_LEVEL_ROWS` rows share is left out: its mean would be a row's.

    Args:
        n_components: normal distributions.
        full: whether each has a covariance of its own, else only variances.
        ridge: added to each variance, in units of the mean variance of the columns.
        seed: of the first means.

    Source: Dempster, Laird & Rubin 1977 (EM); McLachlan & Peel, "Finite mixture models", 2000.
    """

    def __init__(self, n_components: int = 5, full: bool = True, ridge: float = 1e-2, seed: int = 0) -> None:
        self.n_components = n_components
        self.full = full
        self.ridge = ridge
        self.seed = seed
        self.means = np.zeros((0, 0))  # (n_components, n_columns)
        self.roots = np.zeros((0, 0, 0))  # Cholesky factors of the inverse covariances
        self.constants = np.zeros(0)  # log weight and log norm of each component

    def most_rows(self, n_columns: int) -> int:
        """The time of a round grows with rows, components and, with covariances, the square of the columns."""
        width = n_columns**2 if self.full else n_columns
        return max(min(MOST_ROWS, MOST_WORK // max(self.n_components * width, 1)), 1_000)

    def fit(self, X: np.ndarray) -> None:
        """Expectation and maximisation, from means by k-means."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture as Fitter

        ridge = self.ridge * max(float(X.var(axis=0).mean()), 1e-12)
        n = max(min(self.n_components, len(X) // MIN_LEVEL_ROWS), 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = Fitter(
                n, covariance_type="full" if self.full else "diag", reg_covar=ridge, max_iter=ROUNDS,
                random_state=self.seed,
            ).fit(X)  # fmt: skip
        shared = fitted.weights_ * len(X) >= MIN_LEVEL_ROWS
        shared = shared if shared.any() else fitted.weights_ == fitted.weights_.max()
        weights = fitted.weights_[shared] / fitted.weights_[shared].sum()
        self.means = fitted.means_[shared]
        self.roots = fitted.precisions_cholesky_[shared]
        scale = np.diagonal(self.roots, axis1=1, axis2=2) if self.full else self.roots
        norms = np.log(scale).sum(axis=1) - 0.5 * X.shape[1] * math.log(2.0 * math.pi)
        self.constants = np.log(weights) + norms

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Minus log densities ``(n,)``."""
        logs = np.empty((len(X), len(self.means)))
        for place, (mean, root) in enumerate(zip(self.means, self.roots, strict=True)):
            whitened = (X - mean) @ root if self.full else (X - mean) * root
            logs[:, place] = self.constants[place] - 0.5 * (whitened**2).sum(axis=1)
        return np.asarray(-logsumexp(logs, axis=1))
