"""Several hold-outs for small data: which trials are judged on all of them, and how their scores are compared.

Both sides use this. On a single hold-out of few rows the ranking of settings is partly luck. Judging a setting on all
hold-outs takes one fit for each, and as long as few settings were tried, more settings are worth more than more precise
scores. So a trial is promoted to the other hold-outs only if there is time for many fits and its score on the first
hold-out is among the best (docs/decisions/0008-hold-outs.md).
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
    """Whether there is time to fit on the other hold-outs.

    Args:
        n_more: number of other hold-outs.
        fit_seconds: time of the fit on the first hold-out.
        seconds: time left; infinite without a time limit.
        share: largest share of the time left that these fits may take.
    """
    return EXAMINE_SLACK * n_more * fit_seconds <= share * seconds


class MultiHoldoutPolicy:
    """Decides which trials of one side are judged on all hold-outs, from the scores of the trials so far.

    Args:
        n_holdouts: number of hold-outs; with 1 no trial is promoted.
        higher_is_better: direction of the metric.
    """

    def __init__(self, n_holdouts: int, higher_is_better: bool) -> None:
        self.n_holdouts = n_holdouts
        self.sign = 1.0 if higher_is_better else -1.0
        self._first: list[float] = []
        self._shifts: list[float] = []
        self._skipped_for_time: list[float] = []

    @property
    def share(self) -> float:
        """The largest share of the time left that the other hold-outs of a trial may take.

        It is small until a trial was judged on all hold-outs: with time for fewer than some 40 fits, trying more
        settings on one hold-out finds a better model. Afterwards it is 1, since a trial judged on one hold-out alone
        would rank behind.
        """
        return 1.0 if self._shifts else FIRST_SHARE

    def promotion_score(self) -> float | None:
        """The promotion threshold: a trial with this score on the first hold-out is judged on the others too.

        It is the upper quartile of the scores of earlier trials. If a trial with a better score was skipped for lack of
        time, the best such score is used: otherwise worse trials would be promoted and rank before it.

        Returns:
            None if there is only one hold-out.
        """
        if self.n_holdouts < 2:
            return None
        if not self._first:
            return -self.sign * float("inf")
        turned = self.sign * np.array(self._first)
        return self.sign * float(
            max([np.quantile(turned, QUANTILE), *(self.sign * score for score in self._skipped_for_time)])
        )

    def deserves(self, score: float, promotion_score: float | None) -> bool:
        """Whether a score on the first hold-out reaches the promotion threshold."""
        return promotion_score is not None and self.sign * score >= self.sign * promotion_score

    def take_in(self, scores: Sequence[float], skipped_for_time: bool = False) -> float:
        """Take in a trial's scores, and return its adjusted score, which the search compares.

        Args:
            scores: one score for the first hold-out alone, or one for each hold-out.
            skipped_for_time: the trial deserved to be judged on all hold-outs, but there was no time.

        Returns:
            The mean over all hold-outs. For a trial judged on the first hold-out alone, an estimate of that mean: its
            score plus the average difference between mean and first score of the trials judged on all.
        """
        self._first.append(scores[0])
        if len(scores) > 1:
            mean = statistics.fmean(scores)
            self._shifts.append(mean - scores[0])
            return mean
        if skipped_for_time:
            self._skipped_for_time.append(scores[0])
        return scores[0] + (statistics.fmean(self._shifts) if self._shifts else 0.0)
