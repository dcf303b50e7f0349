"""A Chow-Liu tree: each column depends on one other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from automl.baselines.learners.sampler import (
    Sampler,
    Ties,
    bins_of,
    cumulated,
    drawn_codes,
    edges_of,
    from_bins,
    log_shares,
)

__all__ = ["ChowLiu"]

MOST_ROWS = 200_000
MOST_STATES = 64
"""States of a column that others depend on: rarer levels share one."""
PAIR_STATES = 20
MOST_PAIR_CELLS, LEAST_PAIR_ROWS = 300_000_000, 2_000
"""Cells that are counted for the mutual information of all pairs: of wide tables it is of fewer rows."""


class ChowLiu(Sampler):
    """Columns in a tree by which the sum of mutual informations is largest.

    Args:
        n_bins: bins into which a number is cut, of equal share but for ties.
        smoothing: rows of the column's own distribution that are added to each conditional one.

    Source: Chow & Liu, "Approximating discrete probability distributions with dependence trees", IEEE Transactions on
        Information Theory 1968.
    """

    def __init__(self, n_bins: int = 50, smoothing: float = 1.0) -> None:
        self.n_bins = n_bins
        self.smoothing = smoothing
        self.edges: list[np.ndarray] = []  # of the bins of each number
        self.sequence = np.zeros(0, np.int64)  # columns, each after its parent
        self.parents = np.zeros(0, np.int64)  # of each column; -1 for the first
        self.states: list[np.ndarray] = []  # code of a column -> its state as a parent
        self.tables: list[np.ndarray] = []  # cumulated shares (states of the parent, codes), a column

    def most_rows(self, n_columns: int) -> int:
        """Counts of more rows are hardly better."""
        return MOST_ROWS

    def fit(
        self, numbers: np.ndarray, categories: np.ndarray, sizes: Sequence[int], seed: int, ties: Ties = ()
    ) -> None:
        """Mutual information of all pairs, the tree, and a table of counts for each column."""
        p = numbers.shape[1]
        self.edges = [edges_of(own, self.n_bins) for own in ties or [()] * p]
        bins = [bins_of(column, edges) for column, edges in zip(numbers.T, self.edges, strict=True)]
        codes = np.column_stack([*bins, categories.astype(np.int64)])
        widths = [*(len(edges) - 1 for edges in self.edges), *sizes]
        self.states = [_states(codes[:, j], width, j < p) for j, width in enumerate(widths)]
        coarse = [_states(codes[:, j], width, j < p, PAIR_STATES)[codes[:, j]] for j, width in enumerate(widths)]
        step = max(len(codes) // max(2 * MOST_PAIR_CELLS // len(widths) ** 2, LEAST_PAIR_ROWS), 1)
        self.sequence, self.parents = _tree(_informations([states[::step] for states in coarse]))
        self.tables = []
        for column, width in enumerate(widths):
            own = np.bincount(codes[:, column], minlength=width)
            parent = self.parents[column]
            if parent < 0:
                self.tables.append(cumulated(own[None]))
                continue
            above = self.states[parent]
            table = _counts(above[codes[:, parent]], codes[:, column], int(above.max()) + 1, width)
            self.tables.append(cumulated(table + self.smoothing * own / own.sum()))

    def draw(self, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and categories of new rows."""
        n, n_columns = len(noise), len(self.sequence)
        codes, left = np.zeros((n, n_columns), np.int64), np.zeros((n, n_columns))
        for column in self.sequence.tolist():
            parent = self.parents[column]
            rows = self.states[parent][codes[:, parent]] if parent >= 0 else np.zeros(n, np.int64)
            codes[:, column], left[:, column] = drawn_codes(self.tables[column], rows, noise[:, column])
        numbers = np.zeros((n, len(self.edges)))
        for column, edges in enumerate(self.edges):
            numbers[:, column] = from_bins(codes[:, column], edges, left[:, column])
        return numbers, codes[:, len(self.edges) :].astype(np.int32)

    def log_density(self, numbers: np.ndarray, categories: np.ndarray) -> np.ndarray:
        """Log densities of rows: each column's given its parent, of numbers uniform within a bin."""
        bins = [bins_of(column, edges) for column, edges in zip(numbers.T, self.edges, strict=True)]
        codes = np.column_stack([*bins, categories.astype(np.int64)])
        total = np.zeros(len(codes))
        for column, parent in enumerate(self.parents.tolist()):
            rows = self.states[parent][codes[:, parent]] if parent >= 0 else np.zeros(len(codes), np.int64)
            total += log_shares(self.tables[column], rows, codes[:, column])
        for place, edges in enumerate(self.edges):
            total -= np.log(np.diff(edges))[bins[place]]
        return total


def _states(codes: np.ndarray, width: int, is_number: bool, most: int = MOST_STATES) -> np.ndarray:
    """The state ``(width,)`` of each code: neighbouring bins of numbers, or rare levels, share one."""
    if width <= most:
        return np.arange(width)
    if is_number:
        return np.arange(width) * most // width
    order = np.argsort(-np.bincount(codes, minlength=width), kind="stable")
    states = np.full(width, most - 1)
    states[order[: most - 1]] = np.arange(most - 1)
    return states


def _counts(rows: np.ndarray, columns: np.ndarray, n_rows: int, n_columns: int) -> np.ndarray:
    return np.bincount(rows * n_columns + columns, minlength=n_rows * n_columns).reshape(n_rows, n_columns)


def _informations(states: Sequence[np.ndarray]) -> np.ndarray:
    """Mutual information of all pairs ``(n_columns, n_columns)``, without the share that chance gives."""
    n, widths = len(states[0]), [int(column.max()) + 1 for column in states]
    found = np.zeros((len(states), len(states)))
    for i in range(len(states)):
        for j in range(i):
            counts = _counts(states[i], states[j], widths[i], widths[j])
            joint = counts / n
            alone = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
            seen = joint > 0
            chance = (np.count_nonzero(joint.sum(1)) - 1) * (np.count_nonzero(joint.sum(0)) - 1) / (2.0 * n)
            found[i, j] = found[j, i] = (joint[seen] * np.log(joint[seen] / alone[seen])).sum() - chance
    return found


def _tree(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns in an order in which each follows its parent, and the parents, of the tree of largest weight (Prim's)."""
    n = len(weights)
    first = int(weights.sum(axis=1).argmax())
    sequence, parents = [first], np.full(n, -1, np.int64)
    best, via = weights[first].copy(), np.full(n, first)
    best[first] = -np.inf
    while len(sequence) < n:
        column = int(best.argmax())
        parents[column] = via[column]
        sequence.append(column)
        nearer = (weights[column] > best) & (best > -np.inf)
        best[nearer], via[nearer] = weights[column][nearer], column
        best[column] = -np.inf
    return np.array(sequence, np.int64), parents
