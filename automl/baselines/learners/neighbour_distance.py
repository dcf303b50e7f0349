"""Distances to the nearest training rows; their state holds training rows."""

from __future__ import annotations

import numpy as np

from automl.baselines.learners.detector import Detector
from automl.baselines.learners.neighbour_search import NeighbourSearch, most_searched

__all__ = ["NeighbourDistance"]

BAG_ROWS = 500
"""Rows of a bag."""


class NeighbourDistance(Detector):
    """How far a row's nearest training rows are.

    Args:
        k: how many neighbours count.
        mean: whether the mean of the k distances counts, else the largest.
        n_bags: samples of `BAG_ROWS` rows, over which distances are averaged; 0 for one search among all rows.
        seed: of the samples.

    Source: Ramaswamy, Rastogi & Shim, SIGMOD 2000 (the largest); Angiulli & Pizzuti, PKDD 2002 (the mean, there the
        sum); bags: Aggarwal & Sathe, "Theoretical foundations and algorithms for outlier ensembles", SIGKDD
        Explorations 2015.
    """

    time_power = 1.5

    def __init__(self, k: int = 5, mean: bool = False, n_bags: int = 0, seed: int = 0) -> None:
        self.k = k
        self.mean = mean
        self.n_bags = n_bags
        self.seed = seed
        self.searches: list[NeighbourSearch] = []

    def most_rows(self, n_columns: int) -> int:
        """As many as are searched in time."""
        return most_searched(n_columns)

    def fit(self, X: np.ndarray) -> None:
        """Hold the rows, or samples of them."""
        self.searches = [NeighbourSearch(X if bag is None else X[bag]) for bag in self._bags(len(X))]

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Distances ``(n,)``, averaged over the bags."""
        return np.asarray(np.mean([self._distance(search, X) for search in self.searches], axis=0))

    def own_scores(self, X: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Distances of training rows to others than themselves."""
        bags = self._bags(len(X))
        found = [
            np.where(
                np.ones(len(places), bool) if bag is None else np.isin(places, bag),
                self._distance(search, X[places], without_first=True),
                self._distance(search, X[places]),
            )
            for search, bag in zip(self.searches, bags, strict=True)
        ]
        return np.asarray(np.mean(found, axis=0))

    def _bags(self, n_rows: int) -> list[np.ndarray | None]:
        """Which rows each search is among; None for all."""
        if not self.n_bags or n_rows <= BAG_ROWS:
            return [None]
        random = np.random.default_rng(self.seed)
        return [random.choice(n_rows, BAG_ROWS, replace=False) for _ in range(self.n_bags)]

    def _distance(self, search: NeighbourSearch, X: np.ndarray, without_first: bool = False) -> np.ndarray:
        """The distance that counts; without the nearest row, which is the row itself where it was learnt from."""
        k = min(self.k + without_first, len(search.rows))
        far, _ = search.nearest(X, k)
        far = far[:, 1:] if without_first and k > 1 else far
        return np.asarray(far.mean(axis=1) if self.mean else far[:, -1])
