"""Several hold-outs for few rows: which trials are judged on all of them, and what their scores say. The same for both
sides.

One hold-out of few rows ranks settings mostly by luck. Judging each setting on all hold-outs costs as many fits, so a
trial goes on to the others only where its score on the first deserves it (docs/decisions/0008-hold-outs.md).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

__all__ = ["EXAMINE_SLACK", "FIRST_SHARE", "Examination", "has_time"]

EXAMINE_SLACK = 1.25
FIRST_SHARE = 0.5


def has_time(n_more: int, fit_seconds: float, seconds: float, first: bool) -> bool:
    """Whether the other hold-outs fit into the seconds left.

    Args:
        n_more: hold-outs to go. fit_seconds: what the fit on the first took. seconds: left, infinite for no clock.
        first: no trial was scored before this one; then at most half of what is left may go to the others, because a
            single trial needs no examination if there is no time for a second.
    """
    return EXAMINE_SLACK * n_more * fit_seconds <= seconds * (FIRST_SHARE if first else 1.0)


class Examination:
    """Scores of one side's trials on the first hold-out and on all, as they come.

    Args:
        n_holdouts: how many there are; with 1 there is nothing to examine. higher_is_better: of the metric.
    """

    def __init__(self, n_holdouts: int, higher_is_better: bool) -> None:
        self.n_holdouts = n_holdouts
        self.sign = 1.0 if higher_is_better else -1.0
        self._first: list[float] = []
        self._shifts: list[float] = []
        self._passed_over: list[float] = []

    @property
    def first(self) -> bool:
        """Whether no trial was scored yet."""
        return not self._first

    def bar(self) -> float | None:
        """The score on the first hold-out from which on a trial goes on to the others; None if none does.

        It is the median of earlier trials, or the best one that deserved to go on but had no time, if that is better:
        such a one would be lost behind worse ones that had.
        """
        if self.n_holdouts < 2:
            return None
        if not self._first:
            return -self.sign * float("inf")
        best = max if self.sign > 0 else min
        return float(best([statistics.median(self._first), *self._passed_over]))

    def deserves(self, score: float, bar: float | None) -> bool:
        """Whether a score on the first hold-out reaches the bar."""
        return bar is not None and self.sign * score >= self.sign * bar

    def take_in(self, scores: Sequence[float], passed_over: bool = False) -> float:
        """Note a trial's scores, one a hold-out it was judged on; what the search should believe of it.

        Args:
            scores: of the first hold-out alone, or of all. passed_over: it deserved to be judged on all, but there was
                no time.

        Returns:
            The mean over all hold-outs; for a trial judged on the first alone what that mean would be if this hold-out
            were as much easier or harder for it as for the others on average.
        """
        self._first.append(scores[0])
        if len(scores) > 1:
            mean = statistics.fmean(scores)
            self._shifts.append(mean - scores[0])
            return mean
        if passed_over:
            self._passed_over.append(scores[0])
        return scores[0] + (statistics.fmean(self._shifts) if self._shifts else 0.0)
