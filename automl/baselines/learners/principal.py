"""How badly the principal components of the training rows describe a row."""

from __future__ import annotations

import numpy as np

from automl.baselines.learners.detector import Detector

__all__ = ["PrincipalComponents", "directions"]

MOST_CELLS = 40_000_000
LEAST_SHARE = 1e-6
"""Of the largest variance: smaller ones count as it."""
TINY, ROUNDING = 1e-300, 1e-9


class PrincipalComponents(Detector):
    """The squared distance to the subspace of the first components, with or without that within it.

    Args:
        components: of the subspace, if more than 1; else the share of the total variance that they have.
        within: whether the place within the subspace counts, too, each component in units of its variance and the rest
            in units of the mean variance of what is left: then the score orders rows as their density under
            probabilistic PCA does. With all components it is the Mahalanobis distance.

    Source: Shyu et al., "A novel anomaly detection scheme based on principal component classifier", ICDM 2003;
        Tipping & Bishop, "Probabilistic principal component analysis", 1999, section 3.2.
    """

    def __init__(self, components: float = 0.9, within: bool = False) -> None:
        self.components = components
        self.within = within
        self.mean = np.zeros(0)
        self.axes = np.zeros((0, 0))  # (n_components, n_columns)
        self.variances = np.zeros(0)
        self.rest = 1.0

    def most_rows(self, n_columns: int) -> int:
        """As many as memory holds twice."""
        return max(MOST_CELLS // max(n_columns, 1), 1_000)

    def fit(self, X: np.ndarray) -> None:
        """Find the components."""
        self.mean = X.mean(axis=0)
        centred, n_columns = X - self.mean, X.shape[1]
        total = max(float((centred**2).sum()) / len(X), TINY)
        n = int(self.components) if self.components > 1 else 0
        variances, axes = directions(centred, n)
        variances = np.maximum(variances, LEAST_SHARE * variances[0])
        if not n:
            n = int(np.searchsorted(np.cumsum(variances) / total, self.components - ROUNDING)) + 1
        # Where only what lies outside of the subspace counts, something must be left there.
        most = len(variances) if self.within else max(min(len(variances), n_columns - 1), 0)
        n = min(n, most)
        self.axes, self.variances = axes[:n], np.maximum(variances[:n], TINY)
        left = max(total - float(variances[:n].sum()), 0.0) / max(n_columns - n, 1)
        self.rest = max(left, LEAST_SHARE * float(variances[0]), TINY)

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Squared distances ``(n,)``."""
        centred = X - self.mean
        inside = centred @ self.axes.T
        outside = np.maximum((centred**2).sum(axis=1) - (inside**2).sum(axis=1), 0.0)
        return np.asarray(outside / self.rest + (inside**2 / self.variances).sum(axis=1) if self.within else outside)


def directions(centred: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Variances ``(k,)`` of principal components, largest first, and their axes ``(k, n_columns)``.

    Args:
        centred: ``(n_rows, n_columns)``.
        n: how many are wanted at least, as far as there are so many; 0 for all.
    """
    return _leading(centred, n) if 0 < n < min(centred.shape) // 4 else _all(centred)


def _all(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variances ``(n,)``, largest first, and their axes ``(n, n_columns)``: by the covariance, or by products of rows
    where these are fewer than the columns.
    """
    n_rows, n_columns = centred.shape
    if n_rows >= n_columns:
        values, vectors = np.linalg.eigh(centred.T @ centred / n_rows)
        return np.maximum(values[::-1], 0.0), np.ascontiguousarray(vectors[:, ::-1].T)
    values, vectors = np.linalg.eigh(centred @ centred.T / n_rows)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    some = values > max(float(values[0]), TINY) * 1e-12
    if not some.any():
        return np.zeros(1), np.eye(1, n_columns)
    axes = (centred.T @ vectors[:, some]).T
    return values[some], axes / np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), TINY)


def _leading(centred: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The first n of them, by a randomised decomposition (Halko, Martinsson & Tropp 2011), always with one seed."""
    from sklearn.utils.extmath import randomized_svd

    _, sizes, axes = randomized_svd(centred, n, random_state=0)
    return sizes**2 / len(centred), axes
