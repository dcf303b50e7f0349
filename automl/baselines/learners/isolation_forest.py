"""Isolation forests whose trees are plain arrays: how few random splits part a row from all others."""

from __future__ import annotations

import math

import numpy as np

from automl.baselines.learners.detector import Detector, chunks

__all__ = ["IsolationForest"]

MOST_DEPTH = 12
FEW_ROWS = 64
SMALLEST = 1e-30


class IsolationForest(Detector):
    """Trees of random splits on samples of rows; a row that few splits part from the others is unusual.

    scikit-learn grows the trees. Each is kept as a complete binary tree of `depth` levels: node i has the children
    2 i + 1 and 2 i + 2, and a leaf above the last level sends all rows left. A walk through it so ends after `depth`
    steps whatever its numbers are, and takes the rows of all trees at once.

    Args:
        n_trees: trees.
        n_sampled: rows that each tree is grown on.
        share: of the columns, those that each tree sees.
        seed: of samples and splits.

    Source: Liu, Ting & Zhou, "Isolation forest", ICDM 2008, equations 1 and 2.
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
        """As many as are drawn for all trees together, and a few more: the others would change nothing."""
        return 2 * self.n_trees * self.n_sampled

    def fit(self, X: np.ndarray) -> None:
        """Grow the trees."""
        from sklearn.ensemble import IsolationForest as Grower

        n_sampled = min(self.n_sampled, 2**MOST_DEPTH, len(X))
        grower = Grower(
            n_estimators=self.n_trees, max_samples=n_sampled, max_features=self.share, random_state=self.seed
        ).fit(np.asarray(X, np.float32))
        self.depth = max(math.ceil(math.log2(max(n_sampled, 2))), 1)
        trees = [
            _completed(tree.tree_, columns, self.depth)
            for tree, columns in zip(grower.estimators_, grower.estimators_features_, strict=True)
        ]
        self.features, self.thresholds, self.lengths = (np.stack(part) for part in zip(*trees, strict=True))
        self.unit = max(float(_mean_length(np.array([n_sampled]))[0]), SMALLEST)

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


def _completed(tree: object, columns: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns, thresholds and lengths of a fitted tree of scikit-learn as a complete one."""
    left, right = tree.children_left, tree.children_right  # type: ignore[attr-defined]
    features, thresholds = [], []
    node, split = np.zeros(1, np.int64), np.zeros(1)
    for _ in range(depth):
        is_leaf = left[node] < 0
        features.append(np.where(is_leaf, 0, columns[np.maximum(tree.feature[node], 0)]))  # type: ignore[attr-defined]
        thresholds.append(np.where(is_leaf, np.inf, tree.threshold[node]))  # type: ignore[attr-defined]
        children = [np.where(is_leaf, node, child[node]) for child in (left, right)]
        node, split = np.stack(children, axis=1).ravel(), np.repeat(split + ~is_leaf, 2)
    lengths = split + _mean_length(tree.n_node_samples[node])  # type: ignore[attr-defined]
    return np.concatenate(features).astype(np.int32), np.concatenate(thresholds), lengths


def _mean_length(n: np.ndarray) -> np.ndarray:
    """Mean number of splits that part one of n rows from the others: equation 1."""
    n = np.asarray(n, np.float64)
    more = np.maximum(n, 3.0)
    mean = 2.0 * (np.log(more - 1.0) + np.euler_gamma) - 2.0 * (more - 1.0) / more
    return np.where(n > 2, mean, np.where(n == 2, 1.0, 0.0))
