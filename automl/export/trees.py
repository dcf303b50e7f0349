"""Fitted trees of scikit-learn and LightGBM as flat arrays, which a graph walks through level by level.

Source: Nakandala et al., "A Tensor Compiler for Unified Machine Learning Prediction Serving" (Hummingbird), OSDI 2020,
section 4.1 (tree traversal).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Trees", "of_forest", "of_gradient_boosting", "of_lightgbm"]

N_CODES = 256
"""Category codes that a split may name."""


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """The nodes of several trees one after another.

    Attributes:
        feature: ``(n_nodes,)`` column that a node asks for; 0 for leaves.
        threshold: ``(n_nodes,)`` float64; a value up to it goes left.
        left: ``(n_nodes,)`` next node; leaves name themselves.
        right: ``(n_nodes,)``.
        gap_left: ``(n_nodes,)`` bool, where a missing value goes.
        gap_value: what a missing value counts as before it is compared, NaN where it goes by `gap_left`.
        codes: ``(n_splits, N_CODES)`` bool, codes that go left, a row for each split on categories.
        codes_row: ``(n_nodes,)`` row of `codes`, -1 for nodes that compare numbers.
        value: ``(n_nodes, n_outputs)`` float64 of leaves.
        roots: ``(n_trees,)``.
        depth: most splits from a root to a leaf.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    gap_left: np.ndarray
    gap_value: np.ndarray
    codes: np.ndarray
    codes_row: np.ndarray
    value: np.ndarray
    roots: np.ndarray
    depth: int


@dataclass(slots=True)
class _Tree:
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    gap_left: np.ndarray
    gap_value: np.ndarray
    codes: list[np.ndarray]
    codes_row: np.ndarray
    value: np.ndarray


def of_gradient_boosting(model: Any) -> Trees:
    """The trees of a fitted HistGradientBoosting, iteration by iteration, a tree for each class in turn."""
    return _joined([_binned_tree(tree, model) for iteration in model._predictors for tree in iteration])


def _binned_tree(tree: Any, model: Any) -> _Tree:
    nodes = tree.nodes
    n, leaf = len(nodes), nodes["is_leaf"].astype(bool)
    itself = np.arange(n)
    gap_left = nodes["missing_go_to_left"].astype(bool)
    columns, known = _raw_columns(model)
    feature = columns[np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64)]
    splits = np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf)
    rows = np.full(n, -1)
    rows[splits] = np.arange(len(splits))
    sets = [
        _raw_codes(tree.raw_left_cat_bitsets[nodes["bitset_idx"][at]], known[int(feature[at])], bool(gap_left[at]))
        for at in splits
    ]
    return _Tree(
        feature, nodes["num_threshold"].astype(np.float64), np.where(leaf, itself, nodes["left"]),
        np.where(leaf, itself, nodes["right"]), gap_left, np.full(n, np.nan), sets, rows,
        nodes["value"].astype(np.float64)[:, None],
    )  # fmt: skip


def _raw_columns(model: Any) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """The user's column of each column that trees see, and the codes of each column of categories.

    scikit-learn moves categories to the front and numbers their codes anew.
    """
    is_codes = model.is_categorical_
    if is_codes is None:
        return np.arange(model.n_features_in_), {}
    first = np.flatnonzero(is_codes)
    encoder = model._preprocessor.named_transformers_["encoder"]
    known = dict(zip(first.tolist(), encoder.categories_, strict=True))
    return np.concatenate([first, np.flatnonzero(~np.asarray(is_codes))]), known


def _raw_codes(words: np.ndarray, known: np.ndarray, gap_left: bool) -> np.ndarray:
    """Which codes go left ``(N_CODES,)``; one that training did not hold goes where gaps go.

    Args:
        words: eight of 32 bits, a bit for each code as scikit-learn numbers them.
        known: the user's code of each of them; perhaps NaN last.
        gap_left: whether gaps go left.
    """
    bits = ((words[:, None] >> np.arange(32, dtype=np.uint32)) & 1).astype(bool).ravel()
    found = np.full(N_CODES, gap_left)
    there = np.flatnonzero(~np.isnan(known))
    found[known[there].astype(np.int64)] = bits[there]
    return found


def of_forest(model: Any) -> Trees:
    """The trees of a fitted random or extremely randomised forest; leaves hold shares of classes, or values.

    Several outputs of one model, each with its classes, lie side by side.
    """
    return _joined([_plain_tree(one.tree_) for one in model.estimators_])


def _plain_tree(tree: Any) -> _Tree:
    n, itself = tree.node_count, np.arange(tree.node_count)
    leaf = tree.children_left < 0
    value = np.asarray(tree.value, np.float64)  # (n_nodes, n_outputs, n_classes)
    if value.shape[2] > 1:
        value = value / value.sum(axis=2, keepdims=True)
    return _Tree(
        np.where(leaf, 0, tree.feature), tree.threshold.astype(np.float64), np.where(leaf, itself, tree.children_left),
        np.where(leaf, itself, tree.children_right), np.zeros(n, bool), np.full(n, np.nan), [], np.full(n, -1),
        value.reshape(n, -1),
    )  # fmt: skip


def of_lightgbm(booster: Any) -> Trees:
    """The trees of a LightGBM model, iteration by iteration, a tree for each class in turn."""
    return _joined([_told_tree(info["tree_structure"]) for info in booster.dump_model()["tree_info"]])


def _told_tree(root: Any) -> _Tree:
    nodes = list(_walked(root))
    place = {id(node): at for at, node in enumerate(nodes)}
    n = len(nodes)
    tree = _Tree(
        np.zeros(n, np.int64), np.zeros(n), np.arange(n), np.arange(n), np.zeros(n, bool), np.full(n, np.nan), [],
        np.full(n, -1), np.zeros((n, 1)),
    )  # fmt: skip
    for at, node in enumerate(nodes):
        if "split_feature" not in node:
            tree.value[at, 0] = node["leaf_value"]
            continue
        tree.feature[at] = node["split_feature"]
        tree.left[at], tree.right[at] = place[id(node["left_child"])], place[id(node["right_child"])]
        if node["decision_type"] == "==":
            codes = np.zeros(N_CODES, bool)
            codes[[code for code in map(int, str(node["threshold"]).split("||")) if code < N_CODES]] = True
            tree.codes_row[at] = len(tree.codes)
            tree.codes.append(codes)
            continue
        tree.threshold[at] = node["threshold"]
        tree.gap_left[at] = bool(node["default_left"])
        if node["missing_type"] != "NaN":  # a gap counts as zero
            tree.gap_value[at] = 0.0
    return tree


def _walked(node: Any) -> Iterator[Any]:
    yield node
    if "split_feature" in node:
        yield from _walked(node["left_child"])
        yield from _walked(node["right_child"])


def _joined(trees: Sequence[_Tree]) -> Trees:
    sizes = [len(tree.feature) for tree in trees]
    begins = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    n_sets = np.concatenate([[0], np.cumsum([len(tree.codes) for tree in trees])[:-1]]).astype(np.int64)
    rows = [np.where(tree.codes_row >= 0, tree.codes_row + at, -1) for tree, at in zip(trees, n_sets, strict=True)]
    sets = [one for tree in trees for one in tree.codes]
    return Trees(
        feature=np.concatenate([tree.feature for tree in trees]).astype(np.int32),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        left=np.concatenate([tree.left + at for tree, at in zip(trees, begins, strict=True)]).astype(np.int32),
        right=np.concatenate([tree.right + at for tree, at in zip(trees, begins, strict=True)]).astype(np.int32),
        gap_left=np.concatenate([tree.gap_left for tree in trees]),
        gap_value=np.concatenate([tree.gap_value for tree in trees]),
        codes=np.stack(sets) if sets else np.zeros((0, N_CODES), bool),
        codes_row=np.concatenate(rows).astype(np.int32),
        value=np.concatenate([tree.value for tree in trees]),
        roots=begins.astype(np.int32),
        depth=max(map(_depth, trees)),
    )


def _depth(tree: _Tree) -> int:
    at, depth = np.zeros(1, np.int64), 0
    while True:
        inner = at[tree.left[at] != at]
        if not len(inner):
            return depth
        at, depth = np.unique(np.concatenate([tree.left[inner], tree.right[inner]])), depth + 1
