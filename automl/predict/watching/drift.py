"""Whether two sets of counts are of one distribution: a test, corrected for many columns, and how far they differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from automl.predict.watching.summaries import MOST_LEVELS, Summary
from automl.records import MIN_LEVEL_ROWS

__all__ = ["ALPHA", "DRIFTED", "Drift", "corrected", "drift_of", "separation"]

ALPHA = 0.05
"""Chance that any of all columns is called changed where none is."""
DRIFTED = 0.05
"""Separation from which a change is called drift: the skill from which the audit names a column."""
LEAST_EXPECTED = 5.0
CLEAR_OF_BOUND = 4.0
"""Standard deviations that a level's expected count lies above the least one of named levels, to be told apart."""
SHOWN = 60

State = Literal["same", "changed", "drifted"]


@dataclass(frozen=True, slots=True)
class Drift:
    """A column of new rows beside training.

    Attributes:
        name: of the column, with what is measured of it.
        kind: of the column.
        state: "same"; "changed": more than chance explains; "drifted": by so much that it can matter.
        separation: 0 where both are alike, 1 where they share nothing; see `separation`.
        p_value: of the test, corrected for all columns.
        gaps_before: share of missing values in training.
        gaps_now: in the new rows.
        where: the bin or level whose share grew most, in words.
        share_before: its share in training.
        share_now: its share in the new rows.
    """

    name: str
    kind: str
    state: State
    separation: float
    p_value: float
    gaps_before: float
    gaps_now: float
    where: str
    share_before: float
    share_now: float


def drift_of(before: Summary, counts: Sequence[int]) -> Drift:
    """Compare new counts with those of training; the p-value is not corrected yet, and the state is "same".

    Args:
        before: of training.
        counts: of the new rows, in the same bins or levels.
    """
    old, new = np.asarray(before.counts, np.float64), np.asarray(counts, np.float64)
    p, q = old / max(old.sum(), 1.0), new / max(new.sum(), 1.0)
    place = int(np.argmax(q - p))
    return Drift(
        before.name, before.kind, "same", separation(p, q), _p_value(old, new, before), float(p[-1]), float(q[-1]),
        _words(before, place), float(p[place]), float(q[place]),
    )  # fmt: skip


def separation(p: np.ndarray, q: np.ndarray) -> float:
    """How well new rows are told from old ones by this column alone, if there were as many of both: 0 to 1.

    It is the share of the Brier score of "new or old" that the bins explain, on the scale of the audit's
    `automl.audit.univariate.skill`; for two normal distributions a shift by half a standard deviation gives about 0.06.

    Args:
        p: shares of training, sum 1.
        q: shares of the new rows, sum 1.

    Source: the triangular discrimination, Topsøe 2000, "Some inequalities for information divergence and related
    measures of discrimination", halved.
    """
    total = p + q
    parts = np.divide((p - q) ** 2, total, out=np.zeros_like(total), where=total > 0)
    return float(parts.sum() / 2)


def _p_value(old: np.ndarray, new: np.ndarray, before: Summary) -> float:
    """Of Pearson's chi-squared test of homogeneity; cells of which too few rows are expected are taken together.

    Where too few are expected even so, they are tested against all other rows on their own, by Fisher's exact test: one
    new row of a kind that is rare would else be a change.
    """
    from scipy.stats import fisher_exact

    n_rows = np.array([old.sum(), new.sum()])
    if n_rows.min() <= 0:
        return 1.0
    table = np.stack([old, new])
    rare = _rare(table, n_rows, before)
    together = table[:, rare].sum(axis=1)
    if n_rows.min() / n_rows.sum() * together.sum() >= LEAST_EXPECTED:
        return _homogeneity(np.concatenate([table[:, ~rare], together[:, None]], axis=1))
    if not together.any():
        return _homogeneity(table[:, ~rare])
    of_rare = float(fisher_exact(np.stack([together, n_rows - together]))[1])
    return min(1.0, 2 * min(of_rare, _homogeneity(table[:, ~rare])))


def _homogeneity(table: np.ndarray) -> float:
    """The p-value of Pearson's test for counts ``(2, n_cells)``."""
    from scipy.stats import chi2

    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return float(chi2.sf(statistic, table.shape[1] - 1))


def _rare(table: np.ndarray, n_rows: np.ndarray, before: Summary) -> np.ndarray:
    """Which cells of counts ``(2, n_cells)`` are taken together; of levels with all other values.

    Levels were named because training rows held many of them. Of levels near that bound those are named that training
    happens to hold often, so other rows hold less of them: together they look as if they had become rarer. Which cells
    are told apart is decided by the sum of both counts, which says nothing of how they differ.
    """
    total = table.sum(axis=0)
    rare = n_rows.min() / n_rows.sum() * total < LEAST_EXPECTED
    n_levels = len(before.levels)
    if n_levels and before.counts[n_levels]:
        bound = float(min(before.counts[:n_levels])) if n_levels == MOST_LEVELS else float(MIN_LEVEL_ROWS)
        rare[:n_levels] |= n_rows[0] / n_rows.sum() * total[:n_levels] < bound + CLEAR_OF_BOUND * math.sqrt(bound)
        rare[n_levels] |= bool(rare[:n_levels].any())
    return np.asarray(rare, bool)


def corrected(found: Sequence[Drift]) -> tuple[Drift, ...]:
    """The same with corrected p-values and states, those that differ most first.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    order = np.argsort([one.p_value for one in found], kind="stable")
    adjusted, highest = np.ones(len(found)), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(found) - rank) * found[place].p_value))
        adjusted[place] = highest
    made = [replace(one, p_value=float(p), state=_state(one, float(p))) for one, p in zip(found, adjusted, strict=True)]
    return tuple(sorted(made, key=lambda one: (one.p_value >= ALPHA, -one.separation)))


def _state(one: Drift, p_value: float) -> State:
    if p_value >= ALPHA:
        return "same"
    return "drifted" if one.separation >= DRIFTED else "changed"


def _words(before: Summary, place: int) -> str:
    """A bin or level in words."""
    if place == len(before.counts) - 1:
        return "missing"
    if before.levels or not before.edges:
        return before.levels[place][:SHOWN] if place < len(before.levels) else "other values"
    if place == 0:
        return f"below {_number(before.edges[0], before.kind)}"
    if place >= len(before.edges):
        return f"{_number(before.edges[-1], before.kind)} or more"
    return f"{_number(before.edges[place - 1], before.kind)} to {_number(before.edges[place], before.kind)}"


def _number(value: float, kind: str) -> str:
    if kind == "datetime":
        return str(np.datetime64(int(value), "s").astype("datetime64[D]"))
    return f"{value:.5g}"
