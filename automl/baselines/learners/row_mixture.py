"""A mixture of rows whose columns are independent within a component."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp, ndtri

from automl.baselines.learners.sampler import (
    Sampler,
    Ties,
    bins_of,
    cumulated,
    drawn_codes,
    edges_of,
    from_bins,
    inside,
    log_shares,
)
from automl.records import MIN_LEVEL_ROWS

__all__ = ["RowMixture"]

MOST_ROWS = 100_000
MOST_CELLS = 4_000_000
"""Rows times components of one step."""
ROUNDS, SEARCH_ROUNDS = 60, 20
COUNTS = (10, 30, 100, 300)
SEARCH_ROWS = 10_000
LEAST_GAIN = 1e-3
PATIENCE = 5
"""Rounds over which the likelihood must have grown: it stands still for a while where classes are still alike."""
NARROWEST = 0.03
START_SHARE = 0.3


class RowMixture(Sampler):
    """Latent classes: numbers are normal, or in bins, and levels have shares, within each class.

    A class that fewer than `MIN_LEVEL_ROWS` rows share is left out: its means would be a row's.

    Args:
        n_components: classes; 0 to take the number by the likelihood of rows that were not learnt from.
        n_bins: bins of a number, of equal share but for ties; 0 for normal distributions of normal scores.
        smoothing: rows of the column's own distribution that are added to each class.

    Source: Dempster, Laird & Rubin 1977 (EM); McLachlan & Peel, "Finite mixture models", 2000.
    """

    def __init__(self, n_components: int = 0, n_bins: int = 0, smoothing: float = 4.0) -> None:
        self.n_components = n_components
        self.n_bins = n_bins
        self.smoothing = smoothing
        self.edges: list[np.ndarray] = []  # of the bins of numbers, which are the first columns with shares
        self.weights = np.zeros(0)  # cumulated
        self.means = np.zeros((0, 0))  # (n_components, n_numbers)
        self.spreads = np.zeros((0, 0))
        self.tables: list[np.ndarray] = []  # cumulated shares (n_components, n_codes), a column

    def most_rows(self, n_columns: int) -> int:
        """So many that a hundred classes have enough."""
        return MOST_ROWS

    def fit(
        self, numbers: np.ndarray, categories: np.ndarray, sizes: Sequence[int], seed: int, ties: Ties = ()
    ) -> None:
        """Choose the number of classes, then expectation and maximisation on all rows."""
        rng = np.random.default_rng(seed)
        widths, codes, values = list(sizes), categories.astype(np.int64), np.asarray(numbers, np.float64)
        self.edges = [edges_of(own, self.n_bins) for own in ties or [()] * values.shape[1]] if self.n_bins else []
        if self.n_bins:
            bins = [bins_of(column, edges) for column, edges in zip(values.T, self.edges, strict=True)]
            codes, values = np.column_stack([*bins, codes]), values[:, :0]
            widths = [*(len(edges) - 1 for edges in self.edges), *widths]
        rows = _Rows(values, codes, widths)
        found = _maximised(rows, self.n_components or self._count(rows, rng), ROUNDS, self.smoothing, rng)
        found = found.without_rare(len(codes))
        self.weights, self.means, self.spreads = cumulated(found.weights), found.means, found.spreads
        self.tables = [cumulated(np.exp(shares)) for shares in found.shares]

    def _count(self, rows: _Rows, rng: np.random.Generator) -> int:
        """The number of classes that makes rows likeliest that were not learnt from."""
        order = rng.permutation(len(rows))[:SEARCH_ROWS]
        learnt, held = rows.take(order[len(order) // 5 :]), rows.take(order[: len(order) // 5])
        best, chosen = -np.inf, COUNTS[0]
        for count in COUNTS:
            if count * MIN_LEVEL_ROWS > len(learnt):
                break
            found = _maximised(learnt, count, SEARCH_ROUNDS, self.smoothing, rng)
            likelihood = found.likelihood(held)
            if likelihood < best + LEAST_GAIN:
                break
            best, chosen = likelihood, count
        return chosen

    def draw(self, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and categories of new rows."""
        start = np.zeros(len(noise), np.int64)
        at = drawn_codes(self.weights[None], start, noise[:, -1])[0]
        n_numbers = self.means.shape[1]
        numbers = self.means[at] + self.spreads[at] * ndtri(inside(noise[:, :n_numbers]))
        codes, left = (np.zeros((len(noise), len(self.tables)), kind) for kind in (np.int64, np.float64))
        for place, table in enumerate(self.tables):
            codes[:, place], left[:, place] = drawn_codes(table, at, noise[:, n_numbers + place])
        if self.edges:
            drawn = [from_bins(codes[:, j], edges, left[:, j]) for j, edges in enumerate(self.edges)]
            numbers = np.column_stack(drawn)
        return numbers, codes[:, len(self.edges) :].astype(np.int32)

    def log_density(self, numbers: np.ndarray, categories: np.ndarray) -> np.ndarray:
        """Log densities of rows: sums over classes."""
        n_classes, n = len(self.weights), len(categories)
        logs = np.zeros((n, n_classes)) + np.log(np.maximum(np.diff(self.weights, prepend=0.0), 1e-300))
        codes = categories.astype(np.int64)
        if self.edges:
            bins = [bins_of(column, edges) for column, edges in zip(numbers.T, self.edges, strict=True)]
            codes = np.column_stack([*bins, codes])
            widths = sum(np.log(np.diff(edges))[own] for own, edges in zip(bins, self.edges, strict=True))
            logs -= np.asarray(widths)[:, None] if bins else 0.0
        else:
            x = np.asarray(numbers, np.float64)
            for place in range(
                x.shape[1]
            ):  # densities of scores as densities of ranks: those of a standard normal cancel
                z = (x[:, place : place + 1] - self.means[:, place]) / self.spreads[:, place]
                logs += 0.5 * (x[:, place : place + 1] ** 2 - z**2) - np.log(self.spreads[:, place])
        for place, table in enumerate(self.tables):
            for k in range(n_classes):
                logs[:, k] += log_shares(table, np.full(n, k), codes[:, place])
        return np.asarray(logsumexp(logs, axis=1))


class _Rows:
    """Numbers ``(n, n_numbers)``, and codes as a sparse one-hot matrix."""

    def __init__(self, values: np.ndarray, codes: np.ndarray, widths: Sequence[int], shares: Any = None) -> None:
        from scipy import sparse

        self.values, self.codes, self.widths = values, codes, widths
        self.edges = np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)
        n, n_codes = codes.shape
        places = (codes + self.edges[:-1]).ravel()
        ends = np.arange(n + 1) * n_codes
        self.onehot = sparse.csr_matrix((np.ones(n * n_codes), places, ends), shape=(n, int(self.edges[-1])))
        self.shares = np.asarray(self.onehot.mean(axis=0)).ravel() if shares is None else shares

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: np.ndarray) -> _Rows:
        """Some rows, with the shares of all."""
        return _Rows(self.values[rows], self.codes[rows], self.widths, self.shares)


@dataclass(frozen=True)
class _Mixture:
    """Parameters: weights ``(n_components,)``, means and spreads of numbers, and log shares of codes, a column."""

    weights: np.ndarray
    means: np.ndarray
    spreads: np.ndarray
    shares: list[np.ndarray]

    def logs(self, rows: _Rows) -> Iterator[tuple[slice, np.ndarray]]:
        """Log densities ``(n_part, n_components)`` of rows, some at a time."""
        precise = 1.0 / self.spreads**2
        constant = np.log(self.weights) - np.log(self.spreads).sum(axis=1) - 0.5 * (self.means**2 * precise).sum(axis=1)
        constant -= 0.5 * self.means.shape[1] * math.log(2.0 * math.pi)
        log_shares = np.concatenate([np.zeros((len(self.weights), 0)), *self.shares], axis=1).T
        step = max(MOST_CELLS // len(self.weights), 1)
        for begin in range(0, len(rows), step):
            part = slice(begin, begin + step)
            x = rows.values[part]
            found = constant + x @ (self.means * precise).T - 0.5 * (x**2 @ precise.T)
            yield part, found + rows.onehot[part] @ log_shares

    def likelihood(self, rows: _Rows) -> float:
        """Mean log density of rows."""
        return float(sum(logsumexp(logs, axis=1).sum() for _, logs in self.logs(rows)) / len(rows))

    def without_rare(self, n_rows: int) -> _Mixture:
        """Without components of too few rows."""
        kept = self.weights * n_rows >= MIN_LEVEL_ROWS
        kept = kept if kept.any() else self.weights == self.weights.max()
        weights, shares = self.weights[kept] / self.weights[kept].sum(), [s[kept] for s in self.shares]
        return dataclasses.replace(
            self, weights=weights, means=self.means[kept], spreads=self.spreads[kept], shares=shares
        )


def _maximised(rows: _Rows, count: int, rounds: int, smoothing: float, rng: np.random.Generator) -> _Mixture:
    """Expectation and maximisation, from components around random rows."""
    count = max(min(count, len(rows) // MIN_LEVEL_ROWS), 1)
    some = rows.take(np.sort(rng.choice(len(rows), count, replace=False)))
    shares = START_SHARE * some.onehot.toarray() + (1.0 - START_SHARE) * rows.shares
    mixture = _Mixture(
        np.full(count, 1.0 / count), some.values, np.ones_like(some.values), _log_shares(shares, rows.edges)
    )
    likelihoods: list[float] = []
    for _ in range(rounds):
        mixture, likelihood = _step(mixture, rows, smoothing)
        likelihoods.append(likelihood)
        if len(likelihoods) > PATIENCE and likelihood < likelihoods[-1 - PATIENCE] + LEAST_GAIN:
            break
    return mixture


def _step(mixture: _Mixture, rows: _Rows, smoothing: float) -> tuple[_Mixture, float]:
    """One round, and the mean log density before it."""
    k, p = mixture.means.shape
    mass, first, second = np.zeros(k), np.zeros((k, p)), np.zeros((k, p))
    counts, likelihood = np.zeros((k, int(rows.edges[-1]))), 0.0
    for part, logs in mixture.logs(rows):
        norm = logsumexp(logs, axis=1)
        likelihood += float(norm.sum())
        own = np.exp(logs - norm[:, None])
        mass += own.sum(axis=0)
        x = rows.values[part]
        first, second = first + own.T @ x, second + own.T @ x**2
        counts += (rows.onehot[part].T @ own).T
    held = np.maximum(mass, 1e-9)[:, None]
    means = first / (held + 1e-3)
    # a spread is drawn towards 1, the column's own, by as many rows as shares are
    variance = np.maximum(second - held * means**2, 0.0) + smoothing * NARROWEST
    spreads = np.maximum(np.sqrt(variance / (held + smoothing)), NARROWEST)
    shares = counts + smoothing * rows.shares
    weights = (mass + 1e-3) / (len(rows) + 1e-3 * k)
    return _Mixture(weights, means, spreads, _log_shares(shares, rows.edges)), likelihood / len(rows)


def _log_shares(counts: np.ndarray, edges: np.ndarray) -> list[np.ndarray]:
    """Logarithms of shares within each column."""
    found = []
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        own = counts[:, begin:end]
        found.append(np.log(np.maximum(own, 1e-300) / own.sum(axis=1, keepdims=True)))
    return found
