"""A one-class support vector machine; its state holds training rows."""

from __future__ import annotations

import numpy as np

from automl.baselines.learners.detector import Detector, chunks

__all__ = ["OneClassVectors"]

MOST_ROWS = 8_000
MOST_CELLS = 2_000_000


class OneClassVectors(Detector):
    """How far a row lies outside of a boundary around most training rows, in the space of an RBF kernel.

    Args:
        nu: at most this share of the training rows lies outside, and at least this share are support vectors.
        gamma: of the kernel, in units of one over the columns' number and variance (scikit-learn's "scale").

    Source: Schölkopf, Platt, Shawe-Taylor, Smola & Williamson, "Estimating the support of a high-dimensional
        distribution", Neural Computation 2001; libsvm, Chang & Lin 2011.
    """

    time_power = 2.0

    def __init__(self, nu: float = 0.1, gamma: float = 1.0) -> None:
        self.nu = nu
        self.gamma = gamma
        self.width = 1.0
        self.rows = np.zeros((0, 0))
        self.weights = np.zeros(0)
        self.offset = 0.0

    def most_rows(self, n_columns: int) -> int:
        """The time grows with the square of the rows."""
        return max(min(MOST_ROWS, MOST_CELLS // max(n_columns, 1)), 1_000)

    def fit(self, X: np.ndarray) -> None:
        """Find the support vectors."""
        from sklearn.svm import OneClassSVM

        spread = float(X.var()) * X.shape[1]
        self.width = self.gamma / spread if spread > 0 else 1.0
        machine = OneClassSVM(nu=self.nu, gamma=self.width, cache_size=500).fit(X)
        self.rows = machine.support_vectors_.astype(np.float64)
        self.weights = machine.dual_coef_[0].astype(np.float64)
        self.offset = float(machine.offset_[0])

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Minus the decision function ``(n,)``."""
        squares, found = (self.rows**2).sum(axis=1), np.empty(len(X))
        for part in chunks(len(X), len(self.rows)):
            some = X[part]
            far = (some**2).sum(axis=1)[:, None] + squares - 2.0 * some @ self.rows.T
            found[part] = np.exp(-self.width * np.maximum(far, 0.0)) @ self.weights
        return np.asarray(self.offset - found)
