"""Features of pictures that are centred, scaled and, if asked for, projected on principal components."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import PCA

__all__ = ["Projected"]


class Projected:
    """The last steps of features of pictures; the class that derives from it learns `center` and `scale`.

    Attributes:
        components: principal components kept; 0 for the features themselves.
        seed: of the decomposition.
        center: mean of each raw feature over the training rows.
        scale: what each is divided by.
        projection: the fitted decomposition; None without one.
    """

    components: int
    seed: int
    center: np.ndarray | None
    scale: np.ndarray | None
    projection: Any

    def _fit_projection(self, raw: np.ndarray) -> np.ndarray:
        """Learn the decomposition from the raw features ``(n, n_raw)`` of the training rows; returns theirs."""
        if self.components:
            X = self._scaled(raw)
            size = int(min(self.components, *X.shape))
            self.projection = PCA(size, svd_solver="randomized", random_state=self.seed).fit(X)
        return self._projected(raw)

    def _projected(self, raw: np.ndarray) -> np.ndarray:
        """Features ``(n, n_features)`` float64 of raw ones."""
        X = self._scaled(raw)
        return np.asarray(X if self.projection is None else self.projection.transform(X), dtype=np.float64)

    def _scaled(self, raw: np.ndarray) -> np.ndarray:
        return np.asarray((raw - self.center) / self.scale)
