"""What all samplers share: they learn the distribution of rows, and make a new row of uniform random numbers.

A sampler takes normal scores and codes (`automl.goals.shared.rowcodec`). It holds plain numbers and NumPy arrays only,
so that skops can store it and a stored one can be checked. What it draws is a function of the noise alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

__all__ = [
    "Marginals",
    "Sampler",
    "Ties",
    "bins_of",
    "cumulated",
    "drawn_codes",
    "edges_of",
    "from_bins",
    "inside",
    "log_shares",
]

NEAREST_ONE = 1e-9
LEAST_SHARE = 1e-9
"""Of a code in a likelihood: one that never came does not make it infinite."""
MARGIN = 1e-3
"""Share of a bin, at both of its ends, in which nothing is drawn: rounding then never leaves the bin."""
Ties = Sequence[Sequence[Sequence[float]]]
"""For each column of numbers the first and the last rank of each value that comes back, ascending."""


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
    def fit(
        self, numbers: np.ndarray, categories: np.ndarray, sizes: Sequence[int], seed: int, ties: Ties = ()
    ) -> None:
        """Learn from these rows; what was learnt before is forgotten.

        Args:
            numbers: see the class.
            categories: see the class.
            sizes: codes of each column of categories.
            seed: of random draws.
            ties: of each column of numbers; empty for none.
        """

    @abstractmethod
    def draw(self, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and categories of new rows, one for each row of noise."""

    no_density: str = ""
    """Why it has no density in closed form, in words; empty where `log_density` gives it."""

    def log_density(self, numbers: np.ndarray, categories: np.ndarray) -> np.ndarray | None:
        """Log densities ``(n,)`` of rows in nats: of the ranks of numbers, and probabilities of codes; None without.

        Ranks of normal scores are uniform, so rows of independent columns have a density of the product of their codes'
        shares.
        """
        return None


class Marginals(Sampler):
    """Each column by its own distribution, independent of the others."""

    time_power = 0.0

    def __init__(self) -> None:
        self.tables: list[np.ndarray] = []  # cumulated shares of the codes, a column
        self.n_numbers = 0

    def most_rows(self, n_columns: int) -> int:
        """All."""
        return 1_000_000

    def fit(
        self, numbers: np.ndarray, categories: np.ndarray, sizes: Sequence[int], seed: int, ties: Ties = ()
    ) -> None:
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

    def log_density(self, numbers: np.ndarray, categories: np.ndarray) -> np.ndarray:
        """Log densities of rows; see `Sampler.log_density`."""
        total = np.zeros(len(categories))
        for table, codes in zip(self.tables, categories.T, strict=True):
            total += log_shares(table[None], np.zeros(len(codes), np.int64), codes)
        return total


def log_shares(tables: np.ndarray, rows: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Logarithms ``(n,)`` of the shares of codes, of shares of at least `LEAST_SHARE`.

    Args:
        tables: ``(n_tables, n_codes)`` cumulated shares.
        rows: ``(n,)`` which table.
        codes: ``(n,)``.
    """
    codes = np.asarray(codes, np.int64)
    below = np.where(codes > 0, tables[rows, np.maximum(codes - 1, 0)], 0.0)
    return np.asarray(np.log(np.maximum(tables[rows, codes] - below, LEAST_SHARE)))


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


def edges_of(ties: Sequence[Sequence[float]], n_bins: int) -> np.ndarray:
    """Edges ``(n + 1,)`` of about so many bins of ranks from 0 to 1, which cut no tie that fills a bin in two.

    Args:
        ties: first and last rank of each, ascending.
        n_bins: their number where there are no ties.
    """
    step = 1.0 / n_bins
    edges = [0.0]

    def until(end: float) -> None:
        pieces = max(round((end - edges[-1]) / step), 1)
        edges.extend(np.linspace(edges[-1], end, pieces + 1)[1:].tolist())

    for begin, end in ties:
        if begin - edges[-1] >= step:  # what lies between ties, or ties that are too small for bins of their own
            until(begin)
        if end - begin >= step:
            if begin > edges[-1]:
                edges.append(begin)
            edges.append(end)
        elif end - edges[-1] >= step:
            edges.append(end)
    if 1.0 - edges[-1] >= step / 2 or len(edges) == 1:
        until(1.0)
    edges[-1] = 1.0
    return np.array(edges)


def bins_of(numbers: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The bin ``(n,)`` int64 of each normal score of a column."""
    return np.asarray(np.searchsorted(edges[1:-1], ndtr(np.asarray(numbers, np.float64)), side="right"))


def from_bins(bins: np.ndarray, edges: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Normal scores ``(n,)`` within bins, by uniform noise."""
    low, high = edges[:-1][bins], edges[1:][bins]
    return np.asarray(ndtri(inside(low + (high - low) * (MARGIN + (1.0 - 2.0 * MARGIN) * inside(noise)))))
