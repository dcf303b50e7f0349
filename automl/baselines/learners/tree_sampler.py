"""Columns one after another, each drawn from the leaf of a decision tree on the columns before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from automl.baselines.learners.sampler import Sampler, Ties, bins_of, edges_of, from_bins, inside

__all__ = ["TreeSampler"]

MOST_ROWS = 100_000
LEAST_BIN_ROWS, MOST_BINS = 10, 1_024
MOST_CLASSES = 30
"""Levels that a tree tells apart; rarer ones are one to it, and drawn from its leaves as they are."""
NUMBER_CLASSES = 12
"""Classes of equal share as which a tree sees the number that it is to tell: so it also splits by spread and shape."""
PRIOR_ROWS = 10.0
MOST_TRIED = 100
"""Numbers that are tried at a split: of wide tables each split tries a random part of the columns before."""


class TreeSampler(Sampler):
    """The product rule: the first column by its shares, each other one given those before it.

    A tree on the columns before finds rows in which the next one is alike; a new row takes the cell of one of the rows
    in its leaf. Of numbers the cell is a tie, or a bin of ranks in which the number is drawn: no leaf holds a row's
    own number. Trees read numbers as these cells. With several trees, each cell comes from one of them, chosen at
    random: the mean of their distributions.

    A level is told to a tree by how shares of the next column's classes differ most between levels, which for one split
    is as good as all sets of levels where there are two classes.

    Args:
        leaf_rows: rows of a leaf, at least.
        n_trees: trees of a column.
        share: of the columns before that are tried at a split.
        levels_first: whether levels come before numbers, those with fewest codes first; else numbers come first.

    Source: Reiter, "Using CART to generate partially synthetic public use microdata", Journal of Official Statistics
        2005; Nowok, Raab & Dibben, "synthpop: bespoke creation of synthetic data in R", Journal of Statistical Software
        2016; Fisher, "On grouping for maximum homogeneity", 1958 (order of levels).
    """

    def __init__(self, leaf_rows: int = 20, n_trees: int = 1, share: float = 1.0, levels_first: bool = True) -> None:
        self.leaf_rows = leaf_rows
        self.n_trees = n_trees
        self.share = share
        self.levels_first = levels_first
        self.edges: list[np.ndarray] = []  # of the bins of each number
        self.sequence = np.zeros(0, np.int64)
        self.levels: list[list[np.ndarray]] = []  # what a level is to a tree: (n_codes, n_features), a step and column
        self.trees: list[list[dict[str, np.ndarray]]] = []  # of each step

    no_density = "the leaves of its trees give values that they have not seen no probability"

    def most_rows(self, n_columns: int) -> int:
        """Leaves hold a cell of each row and column."""
        return MOST_ROWS

    def fit(
        self, numbers: np.ndarray, categories: np.ndarray, sizes: Sequence[int], seed: int, ties: Ties = ()
    ) -> None:
        """Grow the trees of each column on those before it."""
        n, p = len(numbers), numbers.shape[1]
        n_bins = int(np.clip(n // LEAST_BIN_ROWS, 1, MOST_BINS))
        self.edges = [edges_of(own, n_bins) for own in ties or [()] * p]
        bins = [bins_of(column, edges) for column, edges in zip(numbers.T, self.edges, strict=True)]
        cells = np.column_stack([*bins, categories.astype(np.int64)])
        few = [edges_of(own, NUMBER_CLASSES) for own in ties or [()] * p]
        widths = [*[0] * p, *sizes]
        order = sorted(range(len(widths)), key=lambda column: (widths[column] == 0, widths[column], column))
        if not self.levels_first:
            order = [*(c for c in order if not widths[c]), *(c for c in order if widths[c])]
        self.sequence = np.array(order, np.int64)
        self.levels, self.trees = [], []
        for step, column in enumerate(order):
            own = cells[:, column]
            target = bins_of(numbers[:, column], few[column]) if column < p else _classes(own, widths[column])
            level_means = [_level_means(cells[:, c], widths[c], target) for c in order[:step]]
            X = _features([cells[:, c] for c in order[:step]], level_means, n)
            self.levels.append(level_means)
            grown = [self._grown(X, target, seed + 1000 * tree) for tree in range(self.n_trees)]
            self.trees.append([_with_cells(tree, X, own) for tree in grown])

    def _grown(self, X: np.ndarray, target: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """The splits of one tree."""
        from sklearn.tree import DecisionTreeClassifier

        if X.shape[1] == 0:
            return {"feature": np.array([-1]), "threshold": np.zeros(1), "below": np.zeros(1, np.int64),
                    "above": np.zeros(1, np.int64)}  # fmt: skip
        tried = int(np.clip(round(self.share * X.shape[1]), 1, MOST_TRIED))
        common: dict[str, Any] = {
            "min_samples_leaf": min(self.leaf_rows, len(X)), "max_features": tried, "random_state": seed,
        }  # fmt: skip
        tree = DecisionTreeClassifier(criterion="entropy", **common).fit(X, target).tree_
        is_leaf = tree.children_left < 0
        return {
            "feature": np.where(is_leaf, -1, tree.feature).astype(np.int64),
            "threshold": np.where(is_leaf, 0.0, tree.threshold),
            "below": np.where(is_leaf, 0, tree.children_left).astype(np.int64),
            "above": np.where(is_leaf, 0, tree.children_right).astype(np.int64),
        }

    def draw(self, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and categories of new rows."""
        n = len(noise)
        columns: dict[int, np.ndarray] = {}
        rests: dict[int, np.ndarray] = {}
        for step, column in enumerate(self.sequence.tolist()):
            X = _features([columns[c] for c in self.sequence[:step].tolist()], self.levels[step], n)
            chosen, left = _split(noise[:, column], len(self.trees[step]))
            cells, rest = np.empty(n, np.int64), np.empty(n)
            for place, tree in enumerate(self.trees[step]):
                own = np.flatnonzero(chosen == place)
                leaf = _leaves(tree, X[own])
                begin, end = tree["begins"][leaf], tree["begins"][leaf + 1]
                drawn = inside(left[own]) * (end - begin)
                at = np.minimum(drawn.astype(np.int64), end - begin - 1)
                cells[own], rest[own] = tree["cells"][begin + at], drawn - at
            columns[column], rests[column] = cells, rest
        p = len(self.edges)
        numbers, codes = np.zeros((n, p)), np.zeros((n, len(self.sequence) - p), np.int32)
        for column, cells in columns.items():
            if column < p:
                numbers[:, column] = from_bins(cells, self.edges[column], rests[column])
            else:
                codes[:, column - p] = cells
        return numbers, codes


def _split(noise: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """A whole number below n, and a uniform number, of one uniform number."""
    scaled = inside(noise) * n
    whole = np.minimum(scaled.astype(np.int64), n - 1)
    return whole, scaled - whole


def _features(columns: Sequence[np.ndarray], level_means: Sequence[np.ndarray], n: int) -> np.ndarray:
    """What a tree reads ``(n, n_features)`` float32: numbers, and what is told of levels."""
    parts = [np.zeros((n, 0))]
    for column, table in zip(columns, level_means, strict=True):
        parts.append(table[column] if len(table) else column[:, None])
    return np.concatenate(parts, axis=1).astype(np.float32)


def _level_means(column: np.ndarray, width: int, classes: np.ndarray) -> np.ndarray:
    """What each code says of the classes: ``(n_codes, 1 or 2)``; without rows for numbers."""
    if not width:
        return np.zeros((0, 1))
    counts = np.bincount(column, minlength=width).astype(np.float64)
    n_classes = int(classes.max()) + 1
    table = np.bincount(column * n_classes + classes, minlength=width * n_classes).reshape(width, n_classes)
    overall = table.sum(axis=0) / table.sum()
    apart = (table + PRIOR_ROWS * overall) / (counts + PRIOR_ROWS)[:, None] - overall
    scaled = apart / np.sqrt(np.maximum(overall, 1e-6))
    axes = np.linalg.svd(np.sqrt(counts)[:, None] * scaled, full_matrices=False)[2]
    return np.asarray(scaled @ axes[: 1 if n_classes <= 2 else 2].T)


def _classes(codes: np.ndarray, width: int) -> np.ndarray:
    """Codes with the rarest as one."""
    counts = np.bincount(codes, minlength=width)
    order = np.argsort(-counts, kind="stable")
    classes = np.empty(width, np.int64)
    classes[order] = np.minimum(np.arange(width), MOST_CLASSES - 1)
    return np.asarray(classes[codes])


def _leaves(tree: dict[str, np.ndarray], X: np.ndarray) -> np.ndarray:
    """The node ``(n,)`` in which each row ends."""
    node = np.zeros(len(X), np.int64)
    waiting = np.arange(len(X))
    while len(waiting):
        feature = tree["feature"][node[waiting]]
        waiting, feature = waiting[feature >= 0], feature[feature >= 0]
        own = node[waiting]
        below = X[waiting, feature] <= tree["threshold"][own]
        node[waiting] = np.where(below, tree["below"][own], tree["above"][own])
    return node


def _with_cells(tree: dict[str, np.ndarray], X: np.ndarray, cells: np.ndarray) -> dict[str, np.ndarray]:
    """The tree with the cells of each leaf, in the order of their values so that no row is named."""
    leaf = _leaves(tree, X)
    order = np.lexsort((cells, leaf))
    begins = np.searchsorted(leaf[order], np.arange(len(tree["feature"]) + 1))
    return {**tree, "begins": begins, "cells": cells[order].astype(np.int32)}
