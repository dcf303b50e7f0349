"""How badly the principal components of the training rows describe a row."""

from __future__ import annotations

import numpy as np

from automl.baselines.learners.detector import Detector

__all__ = ["PrincipalComponents"]

MOST_CELLS = 40_000_000
LEAST_SHARE = 1e-6
"""Of the largest variance: smaller ones count as it."""


class PrincipalComponents(Detector):
    """The squared distance to the subspace of the first components, with or without that within it.

    Args:
        components: of the subspace; as a share of the total variance if below 1.
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
        """Find the components by the covariance, or by products of rows where these are fewer than the columns."""
        self.mean = X.mean(axis=0)
        variances, axes = _decomposed(X - self.mean)
        total = max(float(variances.sum()), 1e-300)
        variances = np.maximum(variances, LEAST_SHARE * variances[0])
        n = int(self.components)
        if self.components < 1:
            n = int(np.searchsorted(np.cumsum(variances) / total, self.components)) + 1
        # At least one component must be left over where only what is left over counts.
        most = len(variances) if self.within else max(min(len(variances), X.shape[1] - 1), 0)
        n = min(max(n, 1), most)
        self.axes, self.variances = axes[:n], np.maximum(variances[:n], 1e-300)
        left = X.shape[1] - n
        self.rest = max(float(total - variances[:n].sum()) / left if left else 1.0, LEAST_SHARE * float(variances[0]), 1e-300)

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Squared distances ``(n,)``."""
        centred = X - self.mean
        inside = centred @ self.axes.T
        outside = np.maximum((centred**2).sum(axis=1) - (inside**2).sum(axis=1), 0.0)
        return np.asarray(outside / self.rest + (inside**2 / self.variances).sum(axis=1) if self.within else outside)


def _decomposed(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variances ``(n,)``, largest first, and their axes ``(n, n_columns)``."""
    n_rows, n_columns = centred.shape
    if n_rows >= n_columns:
        values, vectors = np.linalg.eigh(centred.T @ centred / n_rows)
        return np.maximum(values[::-1], 0.0), np.ascontiguousarray(vectors[:, ::-1].T)
    values, vectors = np.linalg.eigh(centred @ centred.T / n_rows)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    some = values > max(values[0], 1e-300) * 1e-12
    axes = (centred.T @ vectors[:, some]).T
    axes /= np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-300)
    return (values[some], axes) if some.any() else (np.zeros(1), np.eye(1, n_columns))
