"""A few numbers for many: principal components, those of random Fourier features, or a random projection."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.baselines.learners.detector import dense, finite
from automl.baselines.learners.learner import gamma_for
from automl.baselines.learners.principal import directions

__all__ = ["KernelComponents", "PrincipalProjection", "RandomProjection"]

MOST_CELLS = 40_000_000


class PrincipalProjection:
    """The leading principal components, each with the variance that it has.

    Args:
        dims: of them, at most as many as there are columns.

    Source: Hotelling 1933; randomised where few of many are wanted, Halko, Martinsson & Tropp 2011.
    """

    def __init__(self, dims: int) -> None:
        self.dims = dims
        self.mean = np.zeros(0)
        self.axes = np.zeros((0, 0))  # (dims, n_columns)
        self.n_learnt = 0

    def fit(self, X: Any, seed: int) -> None:
        """Learn mean and components of rows ``(n, n_columns)``, a sample of them where memory asks for it."""
        some = sample_of(X, MOST_CELLS // max(X.shape[1], 1), seed)
        self.n_learnt = len(some)
        self.mean = some.mean(axis=0)
        self.axes = padded(directions(some - self.mean, self.dims)[1][: self.dims], min(self.dims, X.shape[1]))

    def transform(self, X: Any) -> np.ndarray:
        """Components ``(n, dims)`` float64."""
        return np.asarray((dense(X) - self.mean) @ self.axes.T)


class KernelComponents:
    """Principal components of random Fourier features: kernel PCA with an RBF kernel, about.

    Args:
        dims: components.
        n_features: random features.
        width: of the kernel, as a multiple of the median distance between rows.

    Source: Schölkopf, Smola & Müller 1998; Rahimi & Recht 2007; Lopez-Paz et al. 2014.
    """

    def __init__(self, dims: int, n_features: int = 1_000, width: float = 1.0) -> None:
        self.n_features = n_features
        self.width = width
        self.weights = np.zeros((0, 0))  # (n_columns, n_features)
        self.phases = np.zeros(0)
        self.inner = PrincipalProjection(dims)

    @property
    def n_learnt(self) -> int:
        """Rows that the components were learnt from."""
        return self.inner.n_learnt

    def fit(self, X: Any, seed: int) -> None:
        """Draw the features, and learn their components."""
        random = np.random.default_rng(seed)
        some = sample_of(X, MOST_CELLS // max(self.n_features, X.shape[1]), seed)
        gamma = gamma_for(some, self.width, seed)
        self.weights = random.normal(0.0, np.sqrt(2.0 * gamma), (X.shape[1], self.n_features))
        self.phases = random.uniform(0.0, 2.0 * np.pi, self.n_features)
        self.inner.fit(self._features(some), seed)

    def transform(self, X: Any) -> np.ndarray:
        """Components ``(n, dims)`` float64."""
        return self.inner.transform(self._features(dense(X)))

    def _features(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(np.cos(X @ self.weights + self.phases) * np.sqrt(2.0 / self.n_features))


class RandomProjection:
    """Sums of the columns with random weights: what any representation must be better than.

    Args:
        dims: sums, at most as many as there are columns.

    Source: Johnson & Lindenstrauss 1984; Dasgupta & Gupta 2003.
    """

    def __init__(self, dims: int) -> None:
        self.dims = dims
        self.axes = np.zeros((0, 0), np.float32)  # (dims, n_columns)

    def fit(self, X: Any, seed: int) -> None:
        """Draw the weights."""
        dims = min(self.dims, X.shape[1])
        random = np.random.default_rng(seed)
        self.axes = random.normal(0.0, 1.0 / np.sqrt(dims), (dims, X.shape[1])).astype(np.float32)

    def transform(self, X: Any) -> np.ndarray:
        """Sums ``(n, dims)`` float64; the matrix may be sparse."""
        return np.asarray((X if hasattr(X, "toarray") else finite(X)) @ self.axes.T, np.float64)


def sample_of(X: Any, most: int, seed: int) -> np.ndarray:
    """The rows of a matrix that may be sparse, or as many of them as memory holds."""
    n_rows, most = X.shape[0], max(most, 1_000)
    rows = np.arange(n_rows)
    if n_rows > most:
        rows = np.sort(np.random.default_rng(seed).choice(n_rows, most, replace=False))
    return dense(X if len(rows) == n_rows else X[rows])


def padded(axes: np.ndarray, n: int) -> np.ndarray:
    """Axes ``(n, n_columns)``: zeros for those that fewer rows than dimensions do not have."""
    return np.concatenate([axes, np.zeros((max(n - len(axes), 0), axes.shape[1]))])
