"""ECOD: how far a row lies in the tails of the columns' own distributions."""

from __future__ import annotations

import numpy as np

from automl.baselines.learners.detector import Detector
from automl.target_encoding.microaggregation import quantiles

__all__ = ["TailProbabilities"]

MOST_CELLS = 40_000_000
LEVELS = 200
"""Quantiles kept of a column, more of them in its tails."""


class TailProbabilities(Detector):
    """Sums over columns of minus the log of tail probabilities, under the empirical distribution of each column.

    Of a distribution quantiles are kept that are no single row's value, evenly in the middle and by the logarithm of
    the probability in the tails. Beyond the last one a tail goes on as an exponential with the slope of its last tenth,
    so that the order of rows beyond all training rows remains.

    Args:
        by_column: whether the more unlikely tail is taken of each column, as the authors' own program does; else the
            tail is chosen for all columns at once: left, right, or each column's longer one, by its skewness.

    Source: Li, Zhao, Hu, Botta, Ionescu & Chen, "ECOD: unsupervised outlier detection using empirical cumulative
        distribution functions", IEEE TKDE 2022, algorithm 1 and equations 7 to 10.
    """

    def __init__(self, by_column: bool = False) -> None:
        self.by_column = by_column
        self.places = np.zeros((0, 0))  # (n_columns, n_levels): quantiles of each column
        self.left = np.zeros((0, 0))  # minus the log of the probability up to each, and from each on
        self.right = np.zeros((0, 0))
        self.leans_right = np.zeros(0, bool)

    def most_rows(self, n_columns: int) -> int:
        """As many as memory holds twice."""
        return max(MOST_CELLS // max(n_columns, 1), 1_000)

    def fit(self, X: np.ndarray) -> None:
        """Keep quantiles of each column, and on which side its tail is longer."""
        n = len(X)
        levels = _levels(n)
        self.places = np.ascontiguousarray(quantiles(X, levels).T)
        ordered = np.sort(X, axis=0)
        self.left, self.right = np.empty(self.places.shape), np.empty(self.places.shape)
        for column, own in enumerate(self.places):
            below = np.searchsorted(ordered[:, column], own, "right")
            above = n - np.searchsorted(ordered[:, column], own, "left")
            self.left[column] = -np.log(np.maximum(below, 1) / n)
            self.right[column] = -np.log(np.maximum(above, 1) / n)
        centred = X - X.mean(axis=0)
        self.leans_right = (centred**3).mean(axis=0) >= 0

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Sums of minus log probabilities ``(n,)``."""
        left, right, auto, most = (np.zeros(len(X)) for _ in range(4))
        for column, own in enumerate(self.places):
            values = X[:, column]
            low = _tail(-values, -own[::-1], self.left[column][::-1])
            high = _tail(values, own, self.right[column])
            left += low
            right += high
            auto += high if self.leans_right[column] else low
            most += np.maximum(low, high)
        return most if self.by_column else np.maximum(np.maximum(left, right), auto)


def _levels(n: int) -> np.ndarray:
    """Levels of quantiles from 0 to 1, denser in the tails."""
    tail = np.geomspace(1.0 / max(n, 20), 0.05, LEVELS // 4)
    return np.concatenate([[0.0], tail, np.linspace(0.05, 0.95, LEVELS // 2 + 2)[1:-1], 1.0 - tail[::-1], [1.0]])


def _tail(values: np.ndarray, places: np.ndarray, surprises: np.ndarray) -> np.ndarray:
    """Minus the log of the upper tail's probability, beyond the last place along a straight line."""
    found = np.interp(values, places, surprises)
    begin = max(len(places) - len(places) // 10, 1) - 1
    run, rise = places[-1] - places[begin], surprises[-1] - surprises[begin]
    slope = rise / run if run > 0 and rise > 0 else 1.0 / max(places[-1] - places[0], 1e-12)
    return np.asarray(found + np.log1p(np.maximum(values - places[-1], 0.0) * slope))
