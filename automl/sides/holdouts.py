"""Several hold-outs for few rows: which trials are judged on all of them, and what their scores say.

The same for both sides. One hold-out of few rows ranks settings partly by luck. Judging a setting on all of them costs
as many fits, and more settings are worth more than surer scores as long as few were seen. So a trial goes on to the
others only where there is time for many, and where its score on the first is among the best
(docs/decisions/0008-hold-outs.md).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np

__all__ = ["MultiHoldoutPolicy", "has_time"]

EXAMINE_SLACK = 1.25
FIRST_SHARE = 0.06
QUANTILE = 0.75


def has_time(n_more: int, fit_seconds: float, seconds: float, share: float) -> bool:
    """Whether the other hold-outs fit into the seconds left.

    Args:
        n_more: hold-outs to go.
        fit_seconds: what the fit on the first took.
        seconds: left, infinite for no clock.
        share: of the seconds left that may go to them.
    """
    return EXAMINE_SLACK * n_more * fit_seconds <= share * seconds


class MultiHoldoutPolicy:
    """Scores of one side's trials on the first hold-out and on all, as they come.

    Args:
        n_holdouts: how many there are; with 1 there is nothing to examine.
        higher_is_better: of the metric.
    """

    def __init__(self, n_holdouts: int, higher_is_better: bool) -> None:
        self.n_holdouts = n_holdouts
        self.sign = 1.0 if higher_is_better else -1.0
        self._first: list[float] = []
        self._shifts: list[float] = []
        self._skipped_for_time: list[float] = []

    @property
    def share(self) -> float:
        """Of the time left, what may go to the other hold-outs of a trial.

        Little while none was judged on them: there must be time for some 40 fits, or more settings on one hold-out
        find a better one. Afterwards all of it, because a trial judged on one alone would stand behind.
        """
        return 1.0 if self._shifts else FIRST_SHARE

    def promotion_score(self) -> float | None:
        """The score on the first hold-out from which on a trial goes on to the others; None if none does.

        It is the upper quartile of earlier trials, or the best one that deserved to go on but had no time, if that is
        better: such a one would be lost behind worse ones that had.
        """
        if self.n_holdouts < 2:
            return None
        if not self._first:
            return -self.sign * float("inf")
        turned = self.sign * np.array(self._first)
        return self.sign * float(
            max([np.quantile(turned, QUANTILE), *(self.sign * one for one in self._skipped_for_time)])
        )

    def deserves(self, score: float, promotion_score: float | None) -> bool:
        """Whether a score on the first hold-out reaches the bar."""
        return promotion_score is not None and self.sign * score >= self.sign * promotion_score

    def take_in(self, scores: Sequence[float], skipped_for_time: bool = False) -> float:
        """Note a trial's scores, one a hold-out it was judged on; what the search should believe of it.

        Args:
            scores: of the first hold-out alone, or of all.
            passed_over: it deserved to be judged on all, but there was no time.

        Returns:
            The mean over all hold-outs; for a trial judged on the first alone what that mean would be if this hold-out
            were as much easier or harder for it as for the others on average.
        """
        self._first.append(scores[0])
        if len(scores) > 1:
            mean = statistics.fmean(scores)
            self._shifts.append(mean - scores[0])
            return mean
        if skipped_for_time:
            self._skipped_for_time.append(scores[0])
        return scores[0] + (statistics.fmean(self._shifts) if self._shifts else 0.0)
