"""What the features of all sorts of items share: an order by content, averages over areas, principal components."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Generic, TypeVar

import numpy as np

__all__ = ["Components", "Remembered", "Standard", "area_weights", "by_content", "digest", "joined"]

SMALLEST_SHARE = 1e-10
"""Of the largest variance: smaller ones are rounding errors."""
FARTHEST = 30.0
"""Standard deviations at which numbers are cut off, so that one wild item does not decide a mean."""

Made = TypeVar("Made")


def digest(*parts: np.ndarray) -> bytes:
    """A hash of what arrays hold."""
    made = blake2b(digest_size=16)
    for part in parts:
        made.update(f"{part.dtype}{part.shape}".encode())
        made.update(np.ascontiguousarray(part).tobytes())
    return made.digest()


class Remembered(Generic[Made]):
    """The last things made, by the hashes of what they were made of.

    Args:
        most: things that are kept.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._known: OrderedDict[bytes, Made] = OrderedDict()

    def get(self, key: bytes, make: Callable[[], Made]) -> Made:
        """The thing of this key, made now unless it is known."""
        if key not in self._known:
            self._known[key] = make()
            while len(self._known) > self.most:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


def by_content(items: np.ndarray, most: int) -> np.ndarray:
    """At most so many items, in an order that follows from what they hold, so that it does not matter how they come."""
    flat = np.ascontiguousarray(items)
    keys = np.array([blake2b(item.tobytes(), digest_size=8).digest() for item in flat], "S8")
    return flat[np.argsort(keys, kind="stable")[:most]]


def area_weights(size: int, most: int) -> np.ndarray:
    """Weights ``(min(size, most), size)`` of means over equal stretches of an axis, which may end within a cell."""
    n = min(size, most)
    at = np.arange(size) * (n / size)
    begins = np.arange(n)[:, None]
    overlaps = np.minimum(begins + 1.0, at + n / size) - np.maximum(begins, at)
    return np.asarray(np.maximum(overlaps, 0.0))


class Standard:
    """Columns with mean 0 and a standard deviation of at most 1 among reference rows.

    Args:
        rows: ``(n, n_columns)``.
        least: standard deviation, in the columns' unit, that counts as little: what hardly varies is not blown up.
    """

    def __init__(self, rows: np.ndarray, least: float) -> None:
        self.mean = rows.mean(axis=0)
        self.scale = 1.0 / np.sqrt(rows.var(axis=0) + least**2)

    def transform(self, rows: np.ndarray) -> np.ndarray:
        """``(n, n_columns)``, cut off `FARTHEST` from 0."""
        return np.asarray(np.clip((rows - self.mean) * self.scale, -FARTHEST, FARTHEST))


class Components:
    """Principal components, scaled so that the variances of reference rows add up to 1.

    Args:
        rows: ``(n, n_columns)`` reference rows.
        most: components that are kept; there is one at least, which is 0 where nothing varies.
    """

    def __init__(self, rows: np.ndarray, most: int) -> None:
        self.mean = rows.mean(axis=0)
        centred = rows - self.mean
        n, n_columns = centred.shape
        if n_columns <= n:
            squares, axes = np.linalg.eigh(centred.T @ centred)
        else:
            squares, turned = np.linalg.eigh(centred @ centred.T)
        order = np.argsort(-squares, kind="stable")[:most]
        varies = squares[order] > SMALLEST_SHARE * max(float(squares.max(initial=0.0)), 1e-12)
        order = order[: max(1, int(varies.sum()))]
        squares = np.maximum(squares, 0.0)
        if n_columns <= n:
            self.axes = axes[:, order]
        else:
            self.axes = centred.T @ (turned[:, order] / np.sqrt(np.maximum(squares[order], 1e-300)))
        total = float(squares[order].sum()) / max(n, 1)
        self.scale = 1.0 / np.sqrt(total) if total > 1e-12 else 0.0

    def transform(self, rows: np.ndarray) -> np.ndarray:
        """``(n, n_components)`` float64."""
        return np.asarray(((rows - self.mean) @ self.axes) * self.scale, np.float64)


def joined(parts: Sequence[tuple[float, np.ndarray]]) -> np.ndarray:
    """Parts side by side, each times the square root of its share of the variance."""
    return np.concatenate([np.sqrt(share) * part for share, part in parts], axis=1)
