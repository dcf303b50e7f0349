"""What would decide an undecided comparison: how many more test units, or seeds, from the parts of its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from automl.records import Comparison, Contestant, Run, WouldDecide

__all__ = ["MOST_SEEDS", "would_decide"]

MOST_SEEDS = 20
"""More seeds a side than these are no advice."""


def would_decide(
    comparison: Comparison, runs: Mapping[str, Run], finalists: Sequence[Contestant], least_units: int
) -> WouldDecide | None:
    """The test units in all, or the seeds a side in all, with which the interval would decide; each alone.

    It assumes that the gain is the one measured. A gain that counts must exclude zero; a smaller one must be shown to
    stay below the least that counts. The variance of the test units shrinks with their number, that of seeds with
    theirs.

    Args:
        comparison: with its parts.
        runs: by name, for the time of a fit.
        finalists: of both sides.
        least_units: number of units from which on the interval decides alone.

    Returns:
        None where there is no interval.
    """
    if comparison.gain is None or comparison.quantile is None or comparison.least_gain is None:
        return None
    gain, least = abs(comparison.gain), comparison.least_gain
    most = ((gain if gain >= least else least - gain) / comparison.quantile) ** 2  # the variance that would decide
    variances: dict[str, float] = {str(cause): value for cause, value in comparison.parts.items()}
    of_test = sum(variances.get(name, 0.0) for name in ("test", "time"))
    of_seeds = [variances.get(f"{one.side}_seeds", 0.0) for one in finalists]
    units = _times(of_test, most - sum(of_seeds), comparison.n_units)
    units = None if units is None else max(units, least_units, comparison.n_units + 1)
    if comparison.n_units < least_units:
        return WouldDecide(test_units=units)
    seeds = _seeds(of_seeds, [max(1, len(one.per_seed)) for one in finalists], most - of_test)
    return WouldDecide(units, seeds, None if seeds is None else _minutes(seeds, runs, finalists))


def _times(variance: float, most: float, n: int) -> int | None:
    """How many of n are needed so that a variance falls to the most that is allowed."""
    return math.ceil(n * variance / most) if most > 0 else None


def _seeds(variances: Sequence[float], n_seeds: Sequence[int], most: float) -> int | None:
    """Seeds a side so that both variances together fall to the most that is allowed; None if too many."""
    of_one = sum(variance * n for variance, n in zip(variances, n_seeds, strict=True))
    if most <= 0 or of_one <= 0:
        return None
    needed = math.ceil(of_one / most)
    return needed if max(n_seeds) < needed <= MOST_SEEDS else None


def _minutes(seeds: int, runs: Mapping[str, Run], finalists: Sequence[Contestant]) -> float | None:
    """Minutes to fit both finalists with the seeds that they lack."""
    if any(one.run not in runs for one in finalists):
        return None
    seconds = [max(0, seeds - len(one.per_seed)) * runs[one.run].cost.fit_seconds for one in finalists]
    return sum(seconds) / 60.0
