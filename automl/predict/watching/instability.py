"""Whether the newest blocks of series differ from what came before by more than earlier blocks did.

Values of a series depend on each other, so a test for independent rows calls nearly every window changed. Here one
statistic of the newest blocks, less that of the last known ones, is compared with the same difference at every earlier
place of the history: at the same distance, over as many blocks and as many series. A level that wanders is thus no
alarm where it always wandered.

Sources: Andrews 2003, "End-of-Sample Instability Tests", Econometrica 71 (the newest statistic beside its distribution
over earlier stretches); Politis, Romano and Wolf 1999, "Subsampling" (that this distribution is the right one under
dependence); Bayley and Hammersley 1946 (effective numbers).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from automl.predict.watching.blocks import finite_mean
from automl.predict.watching.drift import ALPHA, DRIFTED
from automl.verdict.dependence import inflation

__all__ = [
    "LEAST_BLOCKS", "Shift", "adjusted", "differences", "jump", "last_blocks", "p_value_of", "separated",
    "taken_blocks",
]  # fmt: skip

LEAST_BLOCKS = 6
"""Earlier differences without which nothing is compared."""
REFERENCE_BLOCKS = 4
"""Last known blocks whose mean the newest are compared with, less in a short history; over many more, a level that
wanders is far from it."""
MANY_PLACES = 20
"""Stretches of as many blocks as are compared, that the history has; means over longer ones have too few to compare."""
MOST_FREEDOM = 15.0
"""Degrees of freedom at most where the furthest of several blocks is looked for: tails are heavier than normal ones."""
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Shift:
    """Something of new series, or of predictions for them, beside what it was.

    Attributes:
        name: what it is, with the column it is of.
        kind: "target", "covariate", "series", "errors" or "forecast".
        state: "same"; "changed": more than chance explains; "drifted": by so much that it can matter.
        separation: from 0 to 1, on the scale of `automl.predict.watching.drift.separation`.
        p_value: of the test, corrected for all that is compared.
        before: the statistic in the last known blocks, in its own unit.
        now: in the newest.
        n_before: earlier differences that it is compared with.
        where: in words, "higher" or "lower", or what is new.
    """

    name: str
    kind: str
    state: Literal["same", "changed", "drifted"]
    separation: float
    p_value: float
    before: float
    now: float
    n_before: int
    where: str


def taken_blocks(n_blocks: int, n_new: int) -> int:
    """How many of the newest blocks are compared: all, where the history has enough places for so many.

    Args:
        n_blocks: of the history.
        n_new: newest blocks that there are.
    """
    return max(1, min(n_new, (n_blocks - REFERENCE_BLOCKS) // MANY_PLACES))


def last_blocks(n_blocks: int) -> int:
    """How many of the last known blocks the newest are compared with."""
    return min(max(n_blocks - LEAST_BLOCKS, 1), REFERENCE_BLOCKS)


def differences(blocks: np.ndarray, n_new: int, distance: int, last: int | None = None) -> np.ndarray:
    """The statistic of `n_new` blocks less that of those `distance` blocks before, at each place of the history.

    Args:
        blocks: ``(n_series, n_blocks)``, ending with the last known block; NaN where a series does not tell.
        n_new: blocks whose mean is taken.
        distance: blocks left out between.
        last: blocks that they are compared with; None for `last_blocks`.

    Returns:
        ``(n_places,)`` the mean over series, NaN where none tells.
    """
    last = last_blocks(blocks.shape[1]) if last is None else last
    n_places = blocks.shape[1] - last - distance - n_new + 1
    if n_places < 1:
        return np.empty(0)
    after = np.lib.stride_tricks.sliding_window_view(blocks, n_new, axis=1)[:, last + distance :]
    before = np.lib.stride_tricks.sliding_window_view(blocks, last, axis=1)[:, :n_places]
    found = finite_mean(after, 2) - finite_mean(before, 2)
    return finite_mean(found, 0)


def p_value_of(now: float, history: np.ndarray, n_new: int = 1, most_freedom: float = math.inf) -> float:
    """How unusual a difference is beside earlier ones.

    Two things are asked for: that it is unusual for a normal distribution with the mean and variance of the earlier
    ones (with as many degrees of freedom as they are effective), and that hardly any of them was as far off.

    Args:
        now: the newest.
        history: ``(n,)`` earlier ones in the order of time, `LEAST_BLOCKS` at least.
        n_new: blocks in each, so that neighbours share them.
        most_freedom: degrees of freedom at most.
    """
    from scipy.stats import t as student

    known = history[np.isfinite(history)]
    if not np.isfinite(now) or len(known) < LEAST_BLOCKS:
        return 1.0
    middle = float(known.mean())
    off, others = abs(now - middle), np.abs(known - middle)
    further = int((others >= off).sum())
    rank = (1 + further) / (1 + len(known))
    factor, effective = inflation(known)
    effective = max(min(effective, len(known) / n_new), 2.0)
    spread = float(known.std(ddof=1)) * np.sqrt(max(1.0, (len(known) - 1) / max(len(known) - factor, 1.0)))
    if spread <= TINY * max(1.0, abs(middle)):
        return 1.0 if off <= TINY * max(1.0, abs(middle)) else 0.0  # it never moved before
    by_size = float(2 * student.sf(off / (spread * np.sqrt(1 + 1 / effective)), min(effective - 1, most_freedom)))
    return by_size if not further else max(by_size, rank)


def jump(history: np.ndarray, latest: np.ndarray) -> float:
    """The p-value that a new block differs from those just before it as blocks always did, over all new blocks.

    A level that wanders far in the long run and little from block to block shows a jump here, and not in the mean.

    Args:
        history: ``(n_series, n_blocks)`` of the past.
        latest: ``(n_series, n_new)`` that follow without a gap; at its beginning NaN where a series has fewer.
    """
    usual, last = differences(history, 1, 0), last_blocks(history.shape[1])
    new = differences(np.concatenate([history[:, -last:], latest], axis=1), 1, 0, last)
    if np.isfinite(usual).sum() < LEAST_BLOCKS or not np.isfinite(new).any():
        return 1.0
    return min(1.0, int(np.isfinite(new).sum()) * min(p_value_of(float(one), usual, 1, MOST_FREEDOM) for one in new))


def adjusted(found: Sequence[Shift]) -> tuple[Shift, ...]:
    """The same with corrected p-values and states, those that differ most first.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    order = sorted(range(len(found)), key=lambda place: found[place].p_value)
    made, highest = list(found), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(found) - rank) * found[place].p_value))
        state: Literal["same", "changed", "drifted"] = "same"
        if highest < ALPHA:
            state = "drifted" if found[place].separation >= DRIFTED else "changed"
        made[place] = replace(found[place], p_value=highest, state=state)
    return tuple(sorted(made, key=lambda one: (one.p_value >= ALPHA, -one.separation)))


def separated(units: float) -> float:
    """A difference in units as a separation: that of two normal distributions so many standard deviations apart.

    Half a unit gives about 0.06, as in `automl.predict.watching.drift.separation`.
    """
    squared = units * units / 4.0
    return squared / (1.0 + squared)
