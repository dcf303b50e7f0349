"""The local outlier factor: how much thinner rows lie around a row than around its neighbours."""

from __future__ import annotations

import numpy as np

from automl.baselines.learners.detector import Detector
from automl.baselines.learners.neighbour_search import NeighbourSearch, most_searched

__all__ = ["LocalOutlierFactor"]

TINY = 1e-10


class LocalOutlierFactor(Detector):
    """The mean density around a row's neighbours over that around the row; its state holds training rows.

    Args:
        k: neighbours.

    Source: Breunig, Kriegel, Ng & Sander, "LOF: identifying density-based local outliers", SIGMOD 2000, definitions 5
        to 7.
    """

    time_power = 1.5

    def __init__(self, k: int = 20) -> None:
        self.k = k
        self.search = NeighbourSearch(np.zeros((0, 0)))
        self.reach = np.zeros(0)  # of each training row, the distance of its k-th neighbour
        self.density = np.zeros(0)
        self.own = np.zeros(0)  # factors of the training rows; not stored

    def __getstate__(self) -> dict[str, object]:
        """All but the factors of single training rows."""
        return {**self.__dict__, "own": np.zeros(0)}

    def most_rows(self, n_columns: int) -> int:
        """As many as are searched in time."""
        return most_searched(n_columns)

    def fit(self, X: np.ndarray) -> None:
        """Hold the rows, and how dense others lie around each."""
        self.search = NeighbourSearch(X)
        k = max(min(self.k, len(X) - 1), 1)
        far, places = self.search.nearest(X, min(k + 1, len(X)))
        if len(X) > 1:  # without the row itself, which need not be the first among equal rows
            far, places = _without(far, places, np.arange(len(X)))
        self.reach = far[:, -1]
        self.density = self._density(far, places)
        self.own = self.density[places].mean(axis=1) / self.density

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Factors ``(n,)``: about 1 for a usual row."""
        far, places = self.search.nearest(X, max(min(self.k, len(self.reach) - 1), 1))
        return np.asarray(self.density[places].mean(axis=1) / self._density(far, places))

    def own_scores(self, X: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Factors of training rows, none of which is its own neighbour."""
        return np.asarray(self.own[places])

    def _density(self, far: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Local reachability density: definition 6."""
        return np.asarray(1.0 / (np.maximum(far, self.reach[places]).mean(axis=1) + TINY))


def _without(far: np.ndarray, places: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Neighbours without the row itself; without the last one where it is not among them."""
    is_own = places == own[:, None]
    is_own[~is_own.any(axis=1), -1] = True
    n, k = places.shape
    return far[~is_own].reshape(n, k - 1), places[~is_own].reshape(n, k - 1)
