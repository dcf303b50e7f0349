"""Trees whose arrays scikit-learn's native code walks without looking: every number in them is checked first.

In all of them a child comes after its parent (trees are numbered as they grow), so a walk that only goes forward ends.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.storage.trusted.errors import Untrusted

__all__ = ["check_predictor", "check_tree", "check_walk"]

MOST_OUTPUTS = 2**20
LEAF = -1


def check_walk(left: np.ndarray, right: np.ndarray, is_leaf: np.ndarray, where: str) -> None:
    """Every inner node's children must come after it, within the tree.

    Args:
        left: ``(n,)`` numbers of children.
        right: ``(n,)`` numbers of children.
        is_leaf: ``(n,)`` bool.
        where: for messages.

    Raises:
        Untrusted: a walk could leave the tree or never end.
    """
    n = len(left)
    if not n:
        raise Untrusted(f"{where} has no node")
    own = np.arange(n)
    for children in (left.astype(np.int64), right.astype(np.int64)):
        if not (is_leaf | ((children > own) & (children < n))).all():
            raise Untrusted(f"{where} has a node whose child is no later node of it")


def check_tree(arguments: Any, state: Any) -> None:
    """A `sklearn.tree._tree.Tree`: what it is constructed with and what it is filled with.

    Args:
        arguments: number of features, classes of each output, number of outputs.
        state: its arrays and counts.

    Raises:
        Untrusted: a number is out of range.
    """
    if not isinstance(arguments, list) or len(arguments) != 3 or not isinstance(state, dict):
        raise Untrusted("a tree is made of other parts than a tree is")
    n_features, n_classes, n_outputs = arguments
    if not (_count(n_features) and _count(n_outputs) and isinstance(n_classes, np.ndarray)):
        raise Untrusted("a tree has no count of features or outputs")
    if n_classes.dtype.kind not in "iu" or n_classes.shape != (n_outputs,) or not 1 <= n_outputs <= MOST_OUTPUTS:
        raise Untrusted("a tree has other classes than outputs")
    if not (n_classes >= 1).all() or not (n_classes <= MOST_OUTPUTS).all() or n_features < 1:
        raise Untrusted("a tree has no classes or features")
    nodes, values = state.get("nodes"), state.get("values")
    if set(state) != {"max_depth", "node_count", "nodes", "values"} or not _count(state["max_depth"]):
        raise Untrusted("a tree holds other values than a tree does")
    names = {"left_child", "right_child", "feature", "threshold"}
    if not isinstance(nodes, np.ndarray) or nodes.ndim != 1 or not names <= set(nodes.dtype.names or ()):
        raise Untrusted("a tree's nodes are of another kind")
    expected = (len(nodes), n_outputs, int(n_classes.max()))
    if not isinstance(values, np.ndarray) or values.shape != expected or values.dtype != np.float64:
        raise Untrusted("a tree has other values than nodes")
    if state["node_count"] != len(nodes):
        raise Untrusted(f"a tree of {len(nodes)} nodes says it has {state['node_count']}")
    if any(nodes.dtype[name].kind != "i" for name in ("left_child", "right_child", "feature")):
        raise Untrusted("a tree's nodes are of another kind")
    is_leaf = nodes["left_child"] == LEAF
    if not (is_leaf == (nodes["right_child"] == LEAF)).all():
        raise Untrusted("a tree has a node with one child")
    check_walk(nodes["left_child"], nodes["right_child"], is_leaf, "a tree")
    if not (is_leaf | ((nodes["feature"] >= 0) & (nodes["feature"] < n_features))).all():
        raise Untrusted(f"a tree splits a column that is none of its {n_features}")


def check_predictor(predictor: Any, n_features: int, is_categorical: np.ndarray) -> None:
    """A `TreePredictor` of histogram gradient boosting.

    Args:
        predictor: built.
        n_features: columns of the matrix it will see.
        is_categorical: ``(n_features,)`` bool.

    Raises:
        Untrusted: a number is out of range.
    """
    nodes, bits = predictor.nodes, predictor.raw_left_cat_bitsets
    if not isinstance(nodes, np.ndarray) or nodes.ndim != 1 or "is_leaf" not in (nodes.dtype.names or ()):
        raise Untrusted("a boosted tree's nodes are of another kind")
    if not isinstance(bits, np.ndarray) or bits.ndim != 2 or bits.shape[1] != 8 or bits.dtype != np.uint32:
        raise Untrusted("a boosted tree's sets of categories are of another kind")
    is_leaf = nodes["is_leaf"].astype(bool)
    check_walk(nodes["left"], nodes["right"], is_leaf, "a boosted tree")
    inner = nodes[~is_leaf]
    if not ((inner["feature_idx"] >= 0) & (inner["feature_idx"] < n_features)).all():
        raise Untrusted(f"a boosted tree splits a column that is none of its {n_features}")
    sets = inner[inner["is_categorical"].astype(bool)]
    if not (sets["bitset_idx"] < len(bits)).all() or not is_categorical[sets["feature_idx"]].all():
        raise Untrusted("a boosted tree asks for categories of a column that has none")


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**31
