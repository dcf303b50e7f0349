"""Rows as points, and how many generated rows repeat rows that were learnt from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from automl.metrics.contents import features_of, is_content
from automl.metrics.contents.columns import Columns

__all__ = ["Memorised", "Space", "memorised_share", "nearest"]

Z = 1.959964
CHUNK_CELLS = 20_000_000
DECIMALS = 12
"""Of squared distances; those that differ by less are equal."""


class Space:
    """Rows as points: numbers by their ranks among training rows, levels as corners at a distance of one.

    A missing number is as far from all others as they can be from each other. So each column adds at most one to the
    squared distance, as in Gower's. Two pictures, series or texts have a mean squared distance of one by their
    features, and equal ones lie at the same point.

    Args:
        rows: training rows, a structured array.

    Source: Gower, "A general coefficient of similarity and some of its properties", Biometrics 27 (1971).
    """

    def __init__(self, rows: np.ndarray) -> None:
        names = rows.dtype.names or ()
        self.columns = Columns(rows)
        self.contents = {name: features_of(rows[name]) for name in names if is_content(rows[name])}

    def points(self, rows: np.ndarray) -> np.ndarray:
        """``(n, n_dims)`` float64."""
        parts = self.columns.parts(rows) + [one.points(rows[name]) for name, one in self.contents.items()]
        return np.concatenate(parts, axis=1) if parts else np.zeros((len(rows), 1))


def nearest(points: np.ndarray, others: np.ndarray, k: int = 1, *, is_self: bool = False) -> np.ndarray:
    """Squared distance of each point to its k-th nearest among others, ``(n,)``.

    Args:
        points: ``(n, n_dims)``.
        others: ``(m, n_dims)``.
        k: from 1.
        is_self: whether others are the points themselves, each of which is then no neighbour of its own.
    """
    found = np.empty(len(points))
    squares = (others**2).sum(axis=1)
    step = max(1, CHUNK_CELLS // max(len(others), 1))
    place = min(k, len(others) - int(is_self)) - 1
    for begin in range(0, len(points), step):
        part = points[begin : begin + step]
        apart = squares[None] - 2.0 * part @ others.T
        if is_self:
            apart[np.arange(len(part)), np.arange(begin, begin + len(part))] = np.inf
        own = (part**2).sum(axis=1)
        found[begin : begin + step] = np.partition(apart, place, axis=1)[:, place] + own
    return np.round(np.maximum(found, 0.0), DECIMALS)


@dataclass(frozen=True, slots=True)
class Memorised:
    """The memorised share with its 95 % interval.

    Attributes:
        share: ``(p - p₀) / (1 - p₀)``, not below 0.
        low: end of the interval.
        high: end of the interval.
    """

    share: float
    low: float
    high: float


def memorised_share(generated: np.ndarray, learnt: np.ndarray, held_out: np.ndarray, looked: float = 1.0) -> Memorised:
    """How many generated rows lie nearer to a row that was learnt from than chance would have it.

    With p the share of generated rows whose nearest row is one that was learnt from, and p₀ the share of these among
    all rows, it is ``(p - p₀) / (1 - p₀)``: 0 of a generator that knows as much of the ones as of the others, 1 of a
    copier. A tie counts for both by half.

    Args:
        generated: ``(n, n_dims)`` points.
        learnt: ``(n_learnt, n_dims)``.
        held_out: ``(n_held, n_dims)`` of rows that were not learnt from.
        looked: share of the rows that were learnt from that `learnt` holds. The others are repeated as often, and lie
            no nearer than chance to those that are looked at, so the share that is found is divided by it.
    """
    to_learnt, to_held = nearest(generated, learnt), nearest(generated, held_out)
    won = np.where(to_learnt < to_held, 1.0, np.where(to_learnt == to_held, 0.5, 0.0))
    chance = len(learnt) / (len(learnt) + len(held_out))
    p, n = float(won.mean()), len(generated)
    half = Z * math.sqrt(max(p * (1 - p), 0.25 / n) / n)
    ends = [(value - chance) / (1 - chance) / looked for value in (p, p - half, min(1.0, p + half))]
    ends = [min(max(end, 0.0), 1.0) for end in ends]
    return Memorised(*ends)
