"""Isolation forests whose trees are plain arrays: how few random splits part a row from all others."""

from __future__ import annotations

import math

import numpy as np

from automl.baselines.learners.detector import Detector, chunks

__all__ = ["MOST_DEPTH", "IsolationForest"]

MOST_DEPTH = 12
FEW_ROWS = 64
"""Up to so many rows walk through all trees at once."""
TREES_AT_ONCE = 100
QUICK_DRAWS = 8
"""Columns that are drawn for a node before those that differ within it are looked for among all."""


class IsolationForest(Detector):
    """Trees of random splits on samples of rows; a row that few splits part from the others is unusual.

    A tree is kept as a complete binary tree of `depth` levels: node i has the children 2 i + 1 and 2 i + 2, and a leaf
    above the last level sends all rows left. A walk through it so ends after `depth` steps whatever its numbers are,
    and trees grow, and are walked through, level by level and many at once.

    Args:
        n_trees: trees.
        n_sampled: rows that each tree is grown on.
        share: of the columns, those that each tree sees.
        seed: of samples and splits.

    Source: Liu, Ting & Zhou, "Isolation forest", ICDM 2008, algorithms 1 to 3 and equations 1 and 2; columns that do
        not vary in a node are not drawn for it, as in scikit-learn.
    """

    time_power = 0.0

    def __init__(self, n_trees: int = 300, n_sampled: int = 256, share: float = 1.0, seed: int = 0) -> None:
        self.n_trees = n_trees
        self.n_sampled = n_sampled
        self.share = share
        self.seed = seed
        self.depth = 0
        self.features = np.zeros((0, 0), np.int32)  # (n_trees, 2 ** depth - 1)
        self.thresholds = np.zeros((0, 0))
        self.lengths = np.zeros((0, 1))  # (n_trees, 2 ** depth): splits to the end, those that were not made included
        self.unit = 1.0

    def most_rows(self, n_columns: int) -> int:
        """As many as are drawn for all trees together: the others would hardly change anything."""
        return self.n_trees * self.n_sampled

    def fit(self, X: np.ndarray) -> None:
        """Grow the trees."""
        X, random = np.ascontiguousarray(X, np.float32), np.random.default_rng(self.seed)
        n_sampled = min(self.n_sampled, 2**MOST_DEPTH, len(X))
        self.depth = max(math.ceil(math.log2(max(n_sampled, 2))), 1)
        groups = [min(TREES_AT_ONCE, self.n_trees - begin) for begin in range(0, self.n_trees, TREES_AT_ONCE)]
        grown = [_grown(X, n_trees, n_sampled, self.share, self.depth, random) for n_trees in groups]
        self.features, self.thresholds, self.lengths = (np.concatenate(part) for part in zip(*grown, strict=True))
        self.unit = max(float(_mean_length(np.array([n_sampled]))[0]), 1.0)

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Two to the power of minus the mean number of splits, in units of what is usual: ``(n,)`` from 0 to 1."""
        X = np.ascontiguousarray(X, np.float32)
        total = self._all_trees(X) if len(X) <= FEW_ROWS else self._tree_by_tree(X)
        return np.asarray(2.0 ** (-total / max(len(self.features), 1) / self.unit))

    def _all_trees(self, X: np.ndarray) -> np.ndarray:
        """Splits of few rows ``(n,)`` in all trees together, level by level."""
        numbers = np.arange(len(self.features))
        first_node, first_leaf = numbers * self.features.shape[1], numbers * self.lengths.shape[1]
        features, thresholds = self.features.ravel(), self.thresholds.ravel()
        own, node = np.arange(len(X))[:, None], np.zeros((len(X), len(numbers)), np.int64)
        for _ in range(self.depth):
            place = node + first_node
            node = 2 * node + 1 + (X[own, features[place]] > thresholds[place])
        return np.asarray(self.lengths.ravel()[node - (2**self.depth - 1) + first_leaf].sum(axis=1))

    def _tree_by_tree(self, X: np.ndarray) -> np.ndarray:
        """The same of many rows: the numbers of one tree stay in the processor's cache."""
        total = np.zeros(len(X))
        for part in chunks(len(X), X.shape[1]):
            flat, begin = X[part].ravel(), np.arange(len(X[part])) * X.shape[1]
            for features, thresholds, lengths in zip(
                self.features.astype(np.intp), self.thresholds, self.lengths, strict=True
            ):
                node = np.zeros(len(begin), np.intp)
                for _ in range(self.depth):
                    node = 2 * node + 1 + (flat.take(begin + features.take(node)) > thresholds.take(node))
                total[part] += lengths.take(node - (2**self.depth - 1))
        return total


def _grown(
    X: np.ndarray, n_trees: int, n_sampled: int, share: float, depth: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns, thresholds and lengths of some trees, all grown at once, level by level."""
    rows = np.stack([random.choice(len(X), n_sampled, replace=False, shuffle=False) for _ in range(n_trees)])
    varying = np.flatnonzero(X.min(axis=0) < X.max(axis=0))
    varying = varying if len(varying) else np.arange(1)
    seen = varying[None]
    if share < 1:
        n_seen = max(round(share * len(varying)), 1)
        seen = np.stack([random.choice(varying, n_seen, replace=False) for _ in range(n_trees)])
    node = np.zeros((n_trees, n_sampled), np.int64)  # of each row, its place in the level
    splits, is_growing = np.zeros((n_trees, 1)), np.ones((n_trees, 1), bool)
    features, thresholds = [], []
    for level in range(depth):
        order = np.argsort(node, axis=1, kind="stable")
        node, rows = np.take_along_axis(node, order, axis=1), np.take_along_axis(rows, order, axis=1)
        place = (node + (np.arange(n_trees) << level)[:, None]).ravel()  # among all nodes of the level
        begins = np.flatnonzero(np.append(True, place[1:] != place[:-1]))
        sizes = np.diff(np.append(begins, place.size)) * is_growing.ravel()[place[begins]]
        tree = (place[begins] >> level) * (len(seen) > 1)
        column, threshold = _splits(X, rows.ravel(), begins, sizes, seen, tree, random)
        all_columns, all_thresholds = np.zeros(n_trees << level, np.int32), np.full(n_trees << level, np.inf)
        all_columns[place[begins]], all_thresholds[place[begins]] = column, threshold
        is_right = X[rows.ravel(), all_columns[place]] > all_thresholds[place]
        node = 2 * node + is_right.reshape(node.shape)
        features.append(all_columns.reshape(n_trees, -1))
        thresholds.append(all_thresholds.reshape(n_trees, -1))
        is_growing = np.repeat(np.isfinite(thresholds[-1]), 2, axis=1)
        splits = np.repeat(splits, 2, axis=1) + is_growing
    place = (node + (np.arange(n_trees) << depth)[:, None]).ravel()
    sizes = np.bincount(place, minlength=n_trees << depth).reshape(n_trees, -1)
    return np.concatenate(features, axis=1), np.concatenate(thresholds, axis=1), splits + _mean_length(sizes)


def _splits(
    X: np.ndarray, rows: np.ndarray, begins: np.ndarray, sizes: np.ndarray, seen: np.ndarray, tree: np.ndarray,
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """A column and a threshold for each node of a level; infinity for one whose rows are alike, or that has one row.

    Args:
        X: all rows.
        rows: ``(n,)`` the rows of all nodes, node by node.
        begins: ``(n_nodes,)`` where each node's rows begin.
        sizes: ``(n_nodes,)`` how many they are; 0 for a node that is not to be split.
        seen: the columns that may be drawn: ``(n_trees, n_seen)``, or ``(1, n_seen)`` for all trees.
        tree: ``(n_nodes,)`` which row of `seen` counts for a node.
        random: of columns and thresholds.
    """
    column, low, high = np.zeros(len(begins), np.int64), np.zeros(len(begins)), np.zeros(len(begins))
    lacking = np.flatnonzero(sizes > 1)
    for _ in range(QUICK_DRAWS):
        if not len(lacking):
            break
        drawn = seen[tree[lacking], random.integers(0, seen.shape[1], len(lacking))]
        own = _members(begins[lacking], sizes[lacking])
        values = X[rows[own], np.repeat(drawn, sizes[lacking])]
        starts = np.cumsum(sizes[lacking]) - sizes[lacking]
        column[lacking] = drawn
        low[lacking], high[lacking] = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        lacking = lacking[low[lacking] == high[lacking]]
    for part in chunks(len(lacking), int(sizes[lacking].max(initial=1)) * X.shape[1]):
        some = lacking[part]
        values = X[rows[_members(begins[some], sizes[some])]]
        starts = np.cumsum(sizes[some]) - sizes[some]
        least, most = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        drawn = seen[tree[some]] if len(seen) > 1 else seen
        differ = np.take_along_axis(least, drawn, axis=1) < np.take_along_axis(most, drawn, axis=1)
        place = (random.random(differ.shape) * differ).argmax(axis=1)
        column[some] = drawn[np.arange(len(some)) if len(seen) > 1 else 0, place]
        low[some], high[some] = least[np.arange(len(some)), column[some]], most[np.arange(len(some)), column[some]]
    threshold = low + random.random(len(begins)) * (high - low)
    threshold = np.where(threshold >= high, low, threshold)
    return np.where(low < high, column, 0), np.where(low < high, threshold, np.inf)


def _members(begins: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Places of the rows of some nodes, node by node."""
    return np.repeat(begins - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))


def _mean_length(n: np.ndarray) -> np.ndarray:
    """Mean number of splits that part one of n rows from the others: equation 1."""
    n = np.asarray(n, np.float64)
    more = np.maximum(n, 3.0)
    mean = 2.0 * (np.log(more - 1.0) + np.euler_gamma) - 2.0 * (more - 1.0) / more
    return np.where(n > 2, mean, np.where(n == 2, 1.0, 0.0))
