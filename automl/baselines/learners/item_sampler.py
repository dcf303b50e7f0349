"""What samplers of pictures and series share: they learn from scaled items, and make a new one of normal numbers.

A sampler holds plain numbers and NumPy arrays only, so that skops can store it and a stored one can be checked. What it
draws is a function of the class and the noise alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from automl.records import MIN_LEVEL_ROWS

__all__ = ["ItemMarginals", "ItemSampler", "class_rows", "continued", "most_rows_of", "placed", "uniform"]

MOST_CELLS = 100_000_000
"""Rows times numbers of what is learnt from."""
SEED_NUMBERS = 4
"""Noise numbers of a row that seed those beyond its last."""


class ItemSampler(ABC):
    """Learns from items, and makes new ones.

    Shape: items ``(n, n_numbers)`` float32, scaled, in C order of `(h, w, c)` or `(steps, channels)`; classes ``(n,)``
    int32 codes, all 0 without classes; noise ``(n, width)`` standard normal, see `continued`.
    """

    time_power: float = 1.0
    """The time of a fit grows with this power of the rows; 0 where it does not depend on them."""

    def most_rows(self, n_numbers: int) -> int:
        """How many rows it learns from at most, so that time and memory stay bounded."""
        return most_rows_of(n_numbers, MOST_CELLS)

    @abstractmethod
    def fit(self, items: np.ndarray, classes: np.ndarray, shape: Sequence[int], seed: int) -> None:
        """Learn from these items; what was learnt before is forgotten.

        Args:
            items: see the class.
            classes: see the class.
            shape: of an item, channels last.
            seed: of random draws.
        """

    @abstractmethod
    def draw(self, classes: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """New items ``(n, n_numbers)`` float64, one for each row of noise, of these classes."""


class ItemMarginals(ItemSampler):
    """Each number by a normal distribution of its own, independent of the others and of the class."""

    time_power = 0.0

    def __init__(self) -> None:
        self.places = np.zeros(1, np.int64)  # of each code among the classes
        self.means = np.zeros((0, 0), np.float32)  # (n_classes, n_numbers)
        self.spreads = np.zeros((0, 0), np.float32)

    def fit(self, items: np.ndarray, classes: np.ndarray, shape: Sequence[int], seed: int) -> None:
        """Means and standard deviations."""
        self.places = np.zeros(1, np.int64)
        self.means = items.mean(axis=0, dtype=np.float64, keepdims=True).astype(np.float32)
        self.spreads = items.std(axis=0, dtype=np.float64, keepdims=True).astype(np.float32)

    def draw(self, classes: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """New items."""
        own = placed(classes, self.places)
        numbers = continued(noise, self.means.shape[1])
        return np.asarray(self.means[own] + self.spreads[own] * numbers, np.float64)


def most_rows_of(n_numbers: int, most_cells: int) -> int:
    """So many rows that rows times numbers stay below a bound, but some."""
    return max(most_cells // max(n_numbers, 1), 1_000)


def class_rows(classes: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """The rows of each class of enough rows, and the place ``(n_codes,)`` of each code among these classes.

    Codes of fewer than `MIN_LEVEL_ROWS` rows count as the largest class. Without others all rows are one class.
    """
    counts = np.bincount(np.asarray(classes, np.int64), minlength=1)
    codes = np.flatnonzero(counts >= MIN_LEVEL_ROWS)
    if not len(codes):
        return [np.arange(len(classes))], np.zeros(len(counts), np.int64)
    places = np.full(len(counts), counts[codes].argmax(), np.int64)
    places[codes] = np.arange(len(codes))
    return [np.flatnonzero(classes == code) for code in codes], places


def placed(classes: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The place ``(n,)`` int64 of each code among the classes that were learnt, see `class_rows`."""
    return np.asarray(places[np.clip(np.asarray(classes, np.int64), 0, len(places) - 1)])


def continued(noise: np.ndarray, n: int) -> np.ndarray:
    """The first n standard normal numbers ``(rows, n)`` float64 of each row, of which there may be fewer.

    Those beyond the last come from a generator that the row's first numbers seed.

    Args:
        noise: ``(rows, width)``, four numbers or more.
        n: how many are wanted.
    """
    more = n - noise.shape[1]
    if more <= 0:
        return np.asarray(noise[:, :n], np.float64)
    seeds = np.ascontiguousarray(noise[:, :SEED_NUMBERS], np.float32).view(np.uint32)
    made = np.empty((len(noise), n))
    made[:, : noise.shape[1]] = noise
    for row, seed in enumerate(seeds):
        made[row, noise.shape[1] :] = np.random.default_rng(seed).standard_normal(more)
    return made


def uniform(noise: np.ndarray) -> np.ndarray:
    """Uniform numbers between 0 and 1 of standard normal ones."""
    return np.asarray(ndtr(np.asarray(noise, np.float64)))
