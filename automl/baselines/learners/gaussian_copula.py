"""A Gaussian copula of numbers and levels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from automl.baselines.learners.sampler import Sampler, Ties, cumulated, inside

__all__ = ["GaussianCopula"]

MOST_ROWS = 50_000
ORDER_ROUNDS = 10
SHRINKAGE = 1e-3


class GaussianCopula(Sampler):
    """Normal scores that depend on each other by correlations; levels are intervals of a latent one.

    The latent score of a level is drawn, given the row's other scores, within its interval, and correlations are taken
    of what was drawn, in turns. So correlations are not weakened by scores that are drawn within intervals at random.
    Levels have an order on the latent scale: by the first principal component of the row, or by frequency.

    Args:
        sweeps: rounds of draws and correlations.
        by_component: whether the order of levels is by the principal component.

    Source: Hoff, "Extending the rank likelihood for semiparametric copula estimation", Annals of Applied Statistics
        2007 (draws of latent scores within intervals).
    """

    def __init__(self, sweeps: int = 15, by_component: bool = True) -> None:
        self.sweeps = sweeps
        self.by_component = by_component
        self.root = np.zeros((0, 0))  # Cholesky factor of the correlations
        self.scales: list[np.ndarray] = []  # codes in their order, a column
        self.tables: list[np.ndarray] = []  # cumulated shares in this order
        self.n_numbers = 0

    no_density = "with levels, its density is an integral that has no closed form"

    def most_rows(self, n_columns: int) -> int:
        """Correlations of more rows are hardly better."""
        return MOST_ROWS

    def fit(
        self, numbers: np.ndarray, categories: np.ndarray, sizes: Sequence[int], seed: int, ties: Ties = ()
    ) -> None:
        """Order levels, then draw latent scores and take correlations in turns."""
        rng = np.random.default_rng(seed)
        self.n_numbers, n = numbers.shape[1], len(numbers)
        self.scales = self._scales(numbers, categories, sizes)
        low, high = np.empty(categories.shape), np.empty(categories.shape)
        self.tables = []
        for place, order in enumerate(self.scales):
            rank = np.argsort(order)[categories[:, place]]
            table = cumulated(np.bincount(rank, minlength=len(order)))
            self.tables.append(table)
            low[:, place], high[:, place] = np.concatenate([[0.0], table])[rank], table[rank]
        latent = ndtri(inside(low + (high - low) * rng.random(low.shape)))
        scores = np.concatenate([np.asarray(numbers, np.float64), latent], axis=1)
        correlations = _correlations(scores)
        for _ in range(self.sweeps if len(self.scales) and scores.shape[1] > 1 else 0):
            precision = np.linalg.inv(correlations)
            for place in range(len(self.scales)):
                column = self.n_numbers + place
                spread = 1.0 / np.sqrt(precision[column, column])
                others = scores @ precision[column] - scores[:, column] * precision[column, column]
                mean = -others / precision[column, column]
                begin, end = (ndtr((ndtri(inside(edge[:, place])) - mean) / spread) for edge in (low, high))
                scores[:, column] = mean + spread * ndtri(inside(begin + (end - begin) * rng.random(n)))
            np.clip(scores, -8.0, 8.0, out=scores)
            correlations = _correlations(scores)
        self.root = np.linalg.cholesky(correlations)

    def draw(self, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and categories of new rows."""
        scores = ndtri(inside(noise[:, : len(self.root)])) @ self.root.T
        codes = np.empty((len(noise), len(self.scales)), np.int32)
        for place, (order, table) in enumerate(zip(self.scales, self.tables, strict=True)):
            rank = np.searchsorted(table, inside(ndtr(scores[:, self.n_numbers + place])), side="right")
            codes[:, place] = order[np.minimum(rank, len(order) - 1)]
        return scores[:, : self.n_numbers], codes

    def _scales(self, numbers: np.ndarray, categories: np.ndarray, sizes: Sequence[int]) -> list[np.ndarray]:
        """The codes of each column in the order of the latent scale."""
        counts = [np.bincount(column, minlength=size) for column, size in zip(categories.T, sizes, strict=True)]
        found = [np.argsort(-count, kind="stable") for count in counts]
        if not self.by_component or numbers.shape[1] + len(sizes) < 2:
            return found
        levels = [np.argsort(order).astype(np.float64) for order in found]
        for _ in range(ORDER_ROUNDS):  # reciprocal averaging: levels by the mean component of their rows, and back
            parts = [level[column] for level, column in zip(levels, categories.T, strict=True)]
            scores = np.column_stack([numbers, *parts]).astype(np.float64)
            scores = (scores - scores.mean(axis=0)) / np.maximum(scores.std(axis=0), 1e-9)
            axis = np.linalg.eigh(scores.T @ scores)[1][:, -1]
            component = scores @ axis
            levels = [
                np.bincount(column, component, minlength=size) / (count + 1.0)
                for column, size, count in zip(categories.T, sizes, counts, strict=True)
            ]
        return [np.argsort(level, kind="stable") for level in levels]


def _correlations(scores: np.ndarray) -> np.ndarray:
    spread = np.maximum(scores.std(axis=0), 1e-9)
    standard = (scores - scores.mean(axis=0)) / spread
    found = standard.T @ standard / len(standard)
    return np.asarray((found + SHRINKAGE * np.eye(len(found))) / (1.0 + SHRINKAGE))
