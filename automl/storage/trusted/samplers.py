"""Stored samplers of rows: their arrays fit one another, and nothing in them loops or grows without measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl.storage.trusted.errors import Untrusted

__all__ = ["CHECKS"]

MOST_COLUMNS = 100_000
SAMPLERS = frozenset({"ChowLiu", "GaussianCopula", "Marginals", "RowMixture", "TreeSampler"})
NODES = ("feature", "threshold", "below", "above")


def _need(holds: bool, part: Any, what: str) -> None:
    if not holds:
        raise Untrusted(f"a {type(part).__name__} has {what}")


def _is_array(value: Any, n_dims: int, kinds: str = "biuf") -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in kinds and value.ndim == n_dims


def _arrays(part: Any, name: str, n_dims: int) -> list[np.ndarray]:
    """An attribute, which must be a list of arrays of numbers of so many dimensions."""
    values = getattr(part, name)
    is_list = isinstance(values, list) and len(values) <= MOST_COLUMNS
    _need(is_list and all(_is_array(value, n_dims) for value in values), part, f"{name!r} that is no list of arrays")
    return list(values)


def _whole(part: Any, name: str, most: int) -> int:
    value = getattr(part, name)
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(0 <= value <= most)
    _need(is_whole, part, f"{name!r} without measure")
    return int(value)


def _check_edges(part: Any) -> None:
    """Ranks between which bins lie."""
    edges = _arrays(part, "edges", 1)
    _need(all(len(own) > 1 and bool((own >= 0).all() and (own <= 1).all()) for own in edges), part, "no bins")


def check_row_sampler(part: Any) -> None:
    """A sampler of ours, the state of a codec, and as many columns as this says."""
    _need(type(part.learner).__name__ in SAMPLERS, part, "another sampler")
    _need(part.task is None and isinstance(part.plan, dict), part, "no plan")
    _need(set(part.plan) >= {"head", "rows", "columns"}, part, "no plan of rows")
    columns = part.plan["rows"]["columns"]
    _need(isinstance(columns, list) and len(columns) <= MOST_COLUMNS, part, "columns without measure")
    (width,) = part.plan["head"]["shape"]
    is_width = isinstance(width, int) and not isinstance(width, bool)
    _need(is_width and 0 < width <= 2 * len(columns), part, "noise for other columns")


def check_marginals(part: Any) -> None:
    """Shares of codes."""
    _whole(part, "n_numbers", MOST_COLUMNS)
    _arrays(part, "tables", 1)


def check_copula(part: Any) -> None:
    """A root of correlations, and an order and shares for each column of levels."""
    n_numbers, scales, tables = _whole(part, "n_numbers", MOST_COLUMNS), _arrays(part, "scales", 1), part.tables
    _need(_is_array(part.root, 2, "f") and len(set(part.root.shape)) == 1, part, "no correlations")
    _need(len(part.root) == n_numbers + len(scales), part, "correlations of other columns")
    fits = [len(order) == len(table) > 0 for order, table in zip(scales, _arrays(part, "tables", 1), strict=True)]
    _need(all(fits) and len(tables) == len(scales), part, "other shares than levels")


def check_chow_liu(part: Any) -> None:
    """A tree: each column once, after its parent."""
    _check_edges(part)
    n = len(_arrays(part, "tables", 2))
    _need(len(_arrays(part, "states", 1)) == n, part, "other states than columns")
    for name in ("sequence", "parents"):
        _need(_is_array(getattr(part, name), 1, "iu") and len(getattr(part, name)) == n, part, f"another {name}")
    _need(sorted(part.sequence.tolist()) == list(range(n)), part, "a sequence of other columns")
    place = np.argsort(part.sequence)
    has = part.parents >= 0
    _need(bool((part.parents < n).all() and (place[part.parents[has]] < place[has]).all()), part, "a child first")


def check_row_mixture(part: Any) -> None:
    """Means, spreads and shares for each class."""
    _check_edges(part)
    k = len(part.weights) if _is_array(part.weights, 1, "f") else 0
    _need(k > 0 and _is_array(part.means, 2, "f") and _is_array(part.spreads, 2, "f"), part, "no classes")
    _need(part.means.shape == part.spreads.shape and len(part.means) == k, part, "other means than classes")
    tables = _arrays(part, "tables", 2)
    _need(all(len(table) == k for table in tables), part, "other shares than classes")
    _need(len(part.edges) <= len(tables), part, "other bins than columns")


def check_tree_sampler(part: Any) -> None:
    """Trees whose nodes lead on to later ones, and leaves with cells."""
    _check_edges(part)
    sequence, n = part.sequence, len(part.trees)
    _need(_is_array(sequence, 1, "iu") and sorted(sequence.tolist()) == list(range(n)), part, "another sequence")
    _need(isinstance(part.levels, list) and len(part.levels) == n, part, "levels of other columns")
    for step, told in enumerate(part.levels):
        fits = isinstance(told, list) and len(told) == step and all(_is_array(table, 2, "f") for table in told)
        _need(fits, part, "levels of other columns")
    for trees in part.trees:
        _need(isinstance(trees, list) and len(trees) > 0, part, "a column without trees")
        for tree in trees:
            _check_tree(part, tree)


def _check_tree(part: Any, tree: Any) -> None:
    _need(isinstance(tree, dict) and set(tree) == {*NODES, "begins", "cells"}, part, "a tree of another kind")
    n = len(tree["feature"])
    numbers = all(_is_array(tree[name], 1) and len(tree[name]) == n for name in NODES)
    _need(numbers and _is_array(tree["begins"], 1, "iu") and _is_array(tree["cells"], 1, "iu"), part, "no tree")
    inner = tree["feature"] >= 0
    own = np.arange(n)[inner]
    for side in ("below", "above"):  # later nodes alone, so that every walk ends
        child = tree[side][inner]
        _need(child.dtype.kind in "iu" and bool(((child > own) & (child < n)).all()), part, "a node that leads back")
    begins = tree["begins"]
    _need(len(begins) == n + 1 and bool((begins >= 0).all() and begins[-1] <= len(tree["cells"])), part, "other leaves")
    _need(bool((np.diff(begins)[~inner] > 0).all()), part, "a leaf without cells")


CHECKS: Mapping[str, Callable[[Any], None]] = {
    "RowSampler": check_row_sampler,
    "Marginals": check_marginals,
    "GaussianCopula": check_copula,
    "ChowLiu": check_chow_liu,
    "RowMixture": check_row_mixture,
    "TreeSampler": check_tree_sampler,
}
"""By class, what is checked; all classes are those of `automl.storage.trusted.lists`."""
