"""LightGBM's text format, whose parser takes every count and place in it for granted.

Source: ``GBDT::LoadModelFromString`` and ``Tree::Tree(const char*)`` of LightGBM 4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from automl.storage.trusted.errors import Untrusted
from automl.storage.trusted.trees import check_walk

__all__ = ["check_lightgbm"]

HEAD = frozenset({
    "version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective", "average_output",
    "feature_names", "monotone_constraints", "feature_infos", "tree_sizes",
})  # fmt: skip
INNER = ("split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child", "internal_value",
         "internal_weight", "internal_count")  # fmt: skip
LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
TREE = frozenset(
    {*INNER, *LEAVES, "num_leaves", "num_cat", "cat_boundaries", "cat_threshold", "is_linear", "shrinkage"}
)
NEEDED = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
OBJECTIVE = re.compile(r"binary sigmoid:[\d.]{1,20}|multiclass num_class:(\d{1,7})|regression|regression_l1")
AFTER = re.compile(
    r"end of trees\s+feature_importances:\n(?:[^\n\[\]]*=[^\n]*\n)*\s*parameters:\n(?:\[\w+: ?[^\n]*\]\n)*\s*"
    r"end of parameters\s*(?:pandas_categorical:(?:null|\[\])\s*)?"
)
IS_CATEGORICAL = 1
MOST_CLASSES = 1_000_000


def check_lightgbm(content: bytes) -> None:
    """Check a stored model.

    Raises:
        Untrusted: a count does not fit what follows, or a number is no place in its tree.
    """
    try:
        text = content.decode("utf-8")
        begin, end = text.index("Tree=0\n"), text.index("end of trees")
        if "\0" in text or not AFTER.fullmatch(text, end):
            raise Untrusted("a model of LightGBM ends in another way")
        head = _pairs(text[:begin].removeprefix("tree\n"), HEAD)
        n_features = _check_head(head)
        sizes = _whole(head["tree_sizes"])
        _check_trees(text[begin:end], sizes, n_features)
        if len(sizes) % int(head["num_tree_per_iteration"]):
            raise Untrusted("a model of LightGBM has half a round")
    except (ValueError, KeyError, OverflowError) as error:
        if isinstance(error, Untrusted):
            raise
        raise Untrusted(f"a model of LightGBM is malformed ({type(error).__name__}: {error})") from error


def _check_head(head: Mapping[str, str]) -> int:
    """What comes before the trees; how many columns they see."""
    n_classes, n_features = int(head["num_class"]), int(head["max_feature_idx"]) + 1
    objective = OBJECTIVE.fullmatch(head["objective"])
    if objective is None or int(objective.group(1) or 1) != n_classes or not 1 <= n_classes <= MOST_CLASSES:
        raise Untrusted(f"a model of LightGBM has the objective {head['objective'][:40]!r}")
    if int(head["num_tree_per_iteration"]) != n_classes:
        raise Untrusted("a model of LightGBM has other trees than classes")
    if not len(head["feature_names"].split(" ")) == len(head["feature_infos"].split(" ")) == n_features:
        raise Untrusted("a model of LightGBM has other names than columns")
    return n_features


def _check_trees(text: str, sizes: np.ndarray, n_features: int) -> None:
    """Every tree begins where the sizes say."""
    if not len(sizes) or (sizes <= 0).any() or int(sizes.sum()) != len(text.encode("utf-8")) or not text.isascii():
        raise Untrusted("a model of LightGBM has trees of other sizes")
    place = 0
    for number, size in enumerate(sizes.tolist()):
        first, _, rest = text[place : place + size].partition("\n")
        if first != f"Tree={number}":
            raise Untrusted("a model of LightGBM has trees of other sizes")
        _check_tree(_pairs(rest, TREE), n_features)
        place += size


def _check_tree(tree: Mapping[str, str], n_features: int) -> None:
    n_leaves, n_sets = int(tree["num_leaves"]), int(tree["num_cat"])
    if n_leaves < 1 or n_sets < 0 or int(tree.get("is_linear", "0")):
        raise Untrusted("a tree of LightGBM has no leaf, or is linear")
    for names, n in ((INNER, n_leaves - 1), (LEAVES, n_leaves)):
        for name in names:
            given = tree.get(name, "").split()
            if (name in tree or name in NEEDED) and len(given) != n and not (n_leaves == 1 and len(given) <= 1):
                raise Untrusted(f"a tree of LightGBM has {len(given)} values of {name!r} for {n}")
    np.array(tree["leaf_value"].split(), np.float64)
    if n_leaves == 1:
        return
    left, right = _whole(tree["left_child"]), _whole(tree["right_child"])
    features, kinds = _whole(tree["split_feature"]), _whole(tree["decision_type"])
    for children in (left, right):
        if not ((children >= 0) | (~children < n_leaves)).all():
            raise Untrusted("a tree of LightGBM has a child that is no leaf of it")
    # A walk ends in a leaf: all of them as one more node behind the inner ones.
    later = [np.append(np.where(children < 0, n_leaves - 1, children), 0) for children in (left, right)]
    is_leaf = np.arange(n_leaves) == n_leaves - 1
    check_walk(later[0], later[1], is_leaf, "a tree of LightGBM")
    if any((children == n_leaves - 1).any() for children in (left, right)):
        raise Untrusted("a tree of LightGBM has a child that is no node of it")
    if not ((features >= 0) & (features < n_features) & (kinds >= 0) & (kinds < 12)).all():
        raise Untrusted(f"a tree of LightGBM splits a column that is none of its {n_features}")
    _check_sets(tree, n_sets, np.array(tree["threshold"].split(), np.float64)[(kinds & IS_CATEGORICAL) > 0])


def _check_sets(tree: Mapping[str, str], n_sets: int, asked: np.ndarray) -> None:
    """Sets of categories: where each begins among all, and which of them the splits ask for."""
    if n_sets:
        bounds, members = _whole(tree["cat_boundaries"]), _whole(tree["cat_threshold"])
        if len(bounds) != n_sets + 1 or bounds[0] or (np.diff(bounds) < 0).any() or bounds[-1] != len(members):
            raise Untrusted("a tree of LightGBM has sets of categories beyond its own")
    if not ((asked >= 0) & (asked < n_sets) & (asked == np.floor(asked))).all():
        raise Untrusted("a tree of LightGBM asks for a set of categories that it lacks")


def _pairs(text: str, known: frozenset[str]) -> dict[str, str]:
    """Lines of ``name=value``."""
    found: dict[str, str] = {}
    for line in filter(None, text.split("\n")):
        name, _, value = line.partition("=")
        if name not in known or name in found:
            raise Untrusted(f"a model of LightGBM holds {name[:40]!r}, or holds it twice")
        found[name] = value
    return found


def _whole(text: str) -> np.ndarray:
    return np.array([int(word) for word in text.split(" ")] if text else [], np.int64)
