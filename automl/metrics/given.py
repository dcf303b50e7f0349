"""Generated items given a column's values: those of a set that have the values in the shares that are wanted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Given", "given", "keys_of", "shares_of"]


class Given(NamedTuple):
    """The values of a column and their shares.

    Attributes:
        field: name of the column.
        values: ``(n_values,)`` as `keys_of` writes them.
        shares: ``(n_values,)``, sum 1.
    """

    field: str
    values: np.ndarray
    shares: np.ndarray


def keys_of(cells: np.ndarray) -> np.ndarray:
    """Cells ``(n,)`` as strings: levels as they are, numbers as written, "nan" for a missing one."""
    return cells if cells.dtype.kind == "U" else cells.astype(np.str_)


def shares_of(field: str, cells: np.ndarray) -> Given:
    """The shares of the values of training cells ``(n,)``."""
    values, counts = np.unique(keys_of(cells), return_counts=True)
    return Given(field, values, counts / counts.sum())


def given(items: np.ndarray, wanted: Given) -> np.ndarray:
    """As many items ``(n,)`` of a set ``(n,)``, whose values come by the shares that are wanted.

    Items of a value are those of the set, in their order, and again from the first where there are too few. So what is
    scored are draws from the generator's own distribution given the value, and it does not matter how often it makes
    it. A value that no item has cannot be given: items of other values stay in its place, and are scored.

    Args:
        items: generated ones, a structured array with the field.
        wanted: see `shares_of`.
    """
    keys, n = keys_of(items[wanted.field]), len(items)
    chosen = []
    for value, count in zip(wanted.values.tolist(), _counts(wanted.shares, n).tolist(), strict=True):
        own = np.flatnonzero(keys == value)
        if len(own) and count:
            chosen.append(own[np.arange(count) % len(own)])
    rows = np.concatenate([*chosen, np.zeros(0, np.int64)])
    others = np.setdiff1d(np.arange(n), rows)
    rows = np.concatenate([rows, np.resize(others, n - len(rows)) if len(others) else np.arange(n - len(rows))])
    return np.asarray(items[np.sort(rows)])


def _counts(shares: np.ndarray, n: int) -> np.ndarray:
    """Whole numbers with sum n, as near to the shares as can be (largest remainders)."""
    exact = shares * n
    counts = np.floor(exact).astype(np.int64)
    left = n - int(counts.sum())
    counts[np.argsort(counts - exact, kind="stable")[:left]] += 1
    return np.asarray(counts)
