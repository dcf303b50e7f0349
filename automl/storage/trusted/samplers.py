"""Stored samplers of rows: their arrays fit one another, and nothing in them loops or grows without measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl.storage.trusted.errors import Untrusted

__all__ = ["CHECKS", "is_array", "need", "whole"]

MOST_COLUMNS = 100_000
SAMPLERS = frozenset({"ChowLiu", "GaussianCopula", "Marginals", "RowMixture", "TreeSampler"})
NODES = ("feature", "threshold", "below", "above")


def need(holds: bool, part: Any, what: str) -> None:
    """Refuse a part that has what it must not have, or lacks what it needs."""
    if not holds:
        raise Untrusted(f"a {type(part).__name__} has {what}")


def is_array(value: Any, n_dims: int, kinds: str = "biuf") -> bool:
    """Whether a value is an array of so many dimensions and of one of these kinds of numbers."""
    return isinstance(value, np.ndarray) and value.dtype.kind in kinds and value.ndim == n_dims


def _arrays(part: Any, name: str, n_dims: int) -> list[np.ndarray]:
    """An attribute, which must be a list of arrays of numbers of so many dimensions."""
    values = getattr(part, name)
    is_list = isinstance(values, list) and len(values) <= MOST_COLUMNS
    need(is_list and all(is_array(value, n_dims) for value in values), part, f"{name!r} that is no list of arrays")
    return list(values)


def whole(part: Any, name: str, most: int) -> int:
    """An attribute that must be a whole number from 0 to `most`."""
    value = getattr(part, name)
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(0 <= value <= most)
    need(is_whole, part, f"{name!r} without measure")
    return int(value)


def _check_edges(part: Any) -> None:
    """Ranks between which bins lie."""
    edges = _arrays(part, "edges", 1)
    need(all(len(own) > 1 and bool((own >= 0).all() and (own <= 1).all()) for own in edges), part, "no bins")


def check_row_sampler(part: Any) -> None:
    """A sampler of ours, the state of a codec, and as many columns as this says."""
    need(type(part.learner).__name__ in SAMPLERS, part, "another sampler")
    need(part.task is None and isinstance(part.plan, dict), part, "no plan")
    need(set(part.plan) >= {"head", "rows", "columns"}, part, "no plan of rows")
    columns = part.plan["rows"]["columns"]
    need(isinstance(columns, list) and len(columns) <= MOST_COLUMNS, part, "columns without measure")
    (width,) = part.plan["head"]["shape"]
    is_width = isinstance(width, int) and not isinstance(width, bool)
    need(is_width and 0 < width <= 2 * len(columns), part, "noise for other columns")


def check_marginals(part: Any) -> None:
    """Shares of codes."""
    whole(part, "n_numbers", MOST_COLUMNS)
    _arrays(part, "tables", 1)


def check_copula(part: Any) -> None:
    """A root of correlations, and an order and shares for each column of levels."""
    n_numbers, scales, tables = whole(part, "n_numbers", MOST_COLUMNS), _arrays(part, "scales", 1), part.tables
    need(is_array(part.root, 2, "f") and len(set(part.root.shape)) == 1, part, "no correlations")
    need(len(part.root) == n_numbers + len(scales), part, "correlations of other columns")
    fits = [len(order) == len(table) > 0 for order, table in zip(scales, _arrays(part, "tables", 1), strict=True)]
    need(all(fits) and len(tables) == len(scales), part, "other shares than levels")


def check_chow_liu(part: Any) -> None:
    """A tree: each column once, after its parent."""
    _check_edges(part)
    n = len(_arrays(part, "tables", 2))
    need(len(_arrays(part, "states", 1)) == n, part, "other states than columns")
    for name in ("sequence", "parents"):
        need(is_array(getattr(part, name), 1, "iu") and len(getattr(part, name)) == n, part, f"another {name}")
    need(sorted(part.sequence.tolist()) == list(range(n)), part, "a sequence of other columns")
    place = np.argsort(part.sequence)
    has = part.parents >= 0
    need(bool((part.parents < n).all() and (place[part.parents[has]] < place[has]).all()), part, "a child first")


def check_row_mixture(part: Any) -> None:
    """Means, spreads and shares for each class."""
    _check_edges(part)
    k = len(part.weights) if is_array(part.weights, 1, "f") else 0
    need(k > 0 and is_array(part.means, 2, "f") and is_array(part.spreads, 2, "f"), part, "no classes")
    need(part.means.shape == part.spreads.shape and len(part.means) == k, part, "other means than classes")
    tables = _arrays(part, "tables", 2)
    need(all(len(table) == k for table in tables), part, "other shares than classes")
    need(len(part.edges) <= len(tables), part, "other bins than columns")


def check_tree_sampler(part: Any) -> None:
    """Trees whose nodes lead on to later ones, and leaves with cells."""
    _check_edges(part)
    sequence, n = part.sequence, len(part.trees)
    need(is_array(sequence, 1, "iu") and sorted(sequence.tolist()) == list(range(n)), part, "another sequence")
    need(isinstance(part.levels, list) and len(part.levels) == n, part, "levels of other columns")
    for step, told in enumerate(part.levels):
        fits = isinstance(told, list) and len(told) == step and all(is_array(table, 2, "f") for table in told)
        need(fits, part, "levels of other columns")
    for trees in part.trees:
        need(isinstance(trees, list) and len(trees) > 0, part, "a column without trees")
        for tree in trees:
            _check_tree(part, tree)


def _check_tree(part: Any, tree: Any) -> None:
    need(isinstance(tree, dict) and set(tree) == {*NODES, "begins", "cells"}, part, "a tree of another kind")
    n = len(tree["feature"])
    numbers = all(is_array(tree[name], 1) and len(tree[name]) == n for name in NODES)
    need(numbers and is_array(tree["begins"], 1, "iu") and is_array(tree["cells"], 1, "iu"), part, "no tree")
    inner = tree["feature"] >= 0
    own = np.arange(n)[inner]
    for side in ("below", "above"):  # later nodes alone, so that every walk ends
        child = tree[side][inner]
        need(child.dtype.kind in "iu" and bool(((child > own) & (child < n)).all()), part, "a node that leads back")
    begins = tree["begins"]
    need(len(begins) == n + 1 and bool((begins >= 0).all() and begins[-1] <= len(tree["cells"])), part, "other leaves")
    need(bool((np.diff(begins)[~inner] > 0).all()), part, "a leaf without cells")


CHECKS: Mapping[str, Callable[[Any], None]] = {
    "RowSampler": check_row_sampler,
    "Marginals": check_marginals,
    "GaussianCopula": check_copula,
    "ChowLiu": check_chow_liu,
    "RowMixture": check_row_mixture,
    "TreeSampler": check_tree_sampler,
}
"""By class, what is checked; all classes are those of `automl.storage.trusted.lists`."""
