"""What all samplers share: they learn the distribution of rows, and make a new row of uniform random numbers.

A sampler takes normal scores and codes (`automl.goals.shared.rowcodec`). It holds plain numbers and NumPy arrays only,
so that skops can store it and a stored one can be checked. What it draws is a function of the noise alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

__all__ = ["Marginals", "Sampler", "drawn_codes", "from_bins", "rank_bins"]

NEAREST_ONE = 1e-9


class Sampler(ABC):
    """Learns from rows, and makes new ones.

    Shape: numbers ``(n, n_numbers)`` float32 normal scores; categories ``(n, n_categories)`` int32 codes; noise
    ``(n, n_numbers + n_categories + 1)`` float64, uniform between 0 and 1.
    """

    time_power: float = 1.0
    """The time of a fit grows with this power of the rows; 0 where it does not depend on them."""

    @abstractmethod
    def most_rows(self, n_columns: int) -> int:
        """How many rows it learns from at most, so that time and memory stay bounded."""

    @abstractmethod
    def fit(self, numbers: np.ndarray, categories: np.ndarray, sizes: Sequence[int], seed: int) -> None:
        """Learn from these rows; what was learnt before is forgotten.

        Args:
            numbers: see the class.
            categories: see the class.
            sizes: codes of each column of categories.
            seed: of random draws.
        """

    @abstractmethod
    def draw(self, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and categories of new rows, one for each row of noise."""


class Marginals(Sampler):
    """Each column by its own distribution, independent of the others."""

    time_power = 0.0

    def __init__(self) -> None:
        self.tables: list[np.ndarray] = []  # cumulated shares of the codes, a column
        self.n_numbers = 0

    def most_rows(self, n_columns: int) -> int:
        """All."""
        return 1_000_000

    def fit(self, numbers: np.ndarray, categories: np.ndarray, sizes: Sequence[int], seed: int) -> None:
        """Count codes; normal scores have a known distribution."""
        self.n_numbers = numbers.shape[1]
        self.tables = [cumulated(np.bincount(c, minlength=k)) for c, k in zip(categories.T, sizes, strict=True)]

    def draw(self, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and categories of new rows."""
        numbers = ndtri(inside(noise[:, : self.n_numbers]))
        codes = np.empty((len(noise), len(self.tables)), np.int32)
        for place, table in enumerate(self.tables):
            codes[:, place] = drawn_codes(
                table[None], np.zeros(len(noise), np.int64), noise[:, self.n_numbers + place]
            )[0]
        return numbers, codes


def inside(noise: np.ndarray) -> np.ndarray:
    """Uniform numbers strictly between 0 and 1."""
    return np.clip(np.asarray(noise, np.float64), NEAREST_ONE, 1.0 - NEAREST_ONE)


def cumulated(counts: np.ndarray) -> np.ndarray:
    """Cumulated shares of counts along the last axis, of which the last is exactly 1."""
    table = np.cumsum(counts, axis=-1, dtype=np.float64)
    return np.asarray(table / np.maximum(table[..., -1:], np.finfo(float).tiny))


def drawn_codes(tables: np.ndarray, rows: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes drawn by cumulated shares, and what is left of the noise.

    Args:
        tables: ``(n_tables, n_codes)`` cumulated shares.
        rows: ``(n,)`` which table.
        noise: ``(n,)`` uniform.

    Returns:
        Codes ``(n,)`` and uniform numbers ``(n,)`` that do not depend on them.
    """
    n_codes, noise = tables.shape[1], inside(noise)
    flat = (tables + np.arange(len(tables))[:, None]).ravel()  # ascending, so that one search serves all tables
    at = np.searchsorted(flat, rows + noise, side="right")
    codes = np.clip(at - rows * n_codes, 0, n_codes - 1)
    high = tables[rows, codes]
    low = np.where(codes > 0, tables[rows, np.maximum(codes - 1, 0)], 0.0)
    return codes, np.clip((noise - low) / np.maximum(high - low, np.finfo(float).tiny), 0.0, 1.0)


def rank_bins(numbers: np.ndarray, n_bins: int) -> np.ndarray:
    """The bin of each normal score, of `n_bins` that are equally likely; int64."""
    bins = (ndtr(np.asarray(numbers, np.float64)) * n_bins).astype(np.int64)
    return np.asarray(np.clip(bins, 0, n_bins - 1))


def from_bins(bins: np.ndarray, n_bins: int, noise: np.ndarray) -> np.ndarray:
    """Normal scores within bins, by uniform noise."""
    return np.asarray(ndtri(inside((bins + inside(noise)) / n_bins)))
