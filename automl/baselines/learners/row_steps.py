"""How many rows a fit takes whose time grows faster than its rows, or which must end by a deadline."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

__all__ = ["FIRST_ROWS", "row_steps"]

FIRST_ROWS = 2_000
"""Rows of the first step before a deadline: the time that they take tells how many more there is time for."""
ROOM = 1.5
"""Times the expected time that must be left."""


def row_steps(
    n_rows: int, most: int, time_power: float, deadline: float | None, seed: int
) -> Iterator[tuple[np.ndarray | None, str]]:
    """Which rows to fit: all, or before a deadline first a few, then as many as there is time for.

    A caller fits the rows of each step before it asks for the next; nothing of a fit that is ended is left.

    Args:
        n_rows: rows there are.
        most: rows that may be used.
        time_power: the time of a fit grows with this power of its rows; 0 where it does not depend on them.
        deadline: `time.monotonic` value, or None.
        seed: of the order in which rows are taken.

    Yields:
        Sorted row numbers, None for all; and why there are no more of them, empty if time had no part in it.
    """
    most = min(n_rows, max(most, 2))
    order = np.random.default_rng(seed).permutation(n_rows)
    if deadline is None or not time_power or most <= 2 * FIRST_ROWS:
        yield _first(order, most), ""
        return
    begun = time.monotonic()
    yield _first(order, FIRST_ROWS), f"time was enough for {FIRST_ROWS} of {n_rows} rows"
    spent = max(time.monotonic() - begun, 1e-3)
    left = max(deadline - time.monotonic(), 0.0)
    n = int(FIRST_ROWS * (left / (ROOM * spent)) ** (1.0 / time_power))
    if n >= most:
        yield _first(order, most), ""
    elif n >= 2 * FIRST_ROWS:
        yield _first(order, n), f"time was enough for {n} of {n_rows} rows"


def _first(order: np.ndarray, n: int) -> np.ndarray | None:
    return None if n == len(order) else np.sort(order[:n])
