"""When a trial lags so far behind earlier ones that its time is better spent on another."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from automl.deep.training.trial import Milestone

__all__ = ["SHARES", "at_milestones", "milestones_for"]

SHARES = (0.25, 0.5)
LEAST_PEERS = 4


def at_milestones(curve: Sequence[Mapping[str, float]], higher_is_better: bool) -> list[float | None]:
    """The best score up to each of `SHARES` of the schedule; None where the trial did not come so far."""
    found: list[float | None] = []
    for share in SHARES:
        if not curve or curve[-1]["share"] < share:
            found.append(None)
            continue
        upto = [point["valid_score"] for point in curve if point["share"] <= share] or [curve[0]["valid_score"]]
        found.append(max(upto) if higher_is_better else min(upto))
    return found


def milestones_for(peers: Sequence[Sequence[float | None]]) -> tuple[Milestone, ...]:
    """The median stopping rule: go on only with a score no worse than the median of earlier trials at this share.

    Args:
        peers: `at_milestones` of earlier trials of the same template, those that were stopped among them.

    A rule without a model of the curve, and one that asks for nothing but earlier curves. Here a trial's best score so
    far takes the place of its running average, since the best epoch is what is kept.
    Source: Golovin et al., "Google Vizier", KDD 2017, section 3.2.1.
    """
    milestones = []
    for place, share in enumerate(SHARES):
        scores = [score for peer in peers if (score := peer[place]) is not None]
        if len(scores) >= LEAST_PEERS:
            milestones.append(Milestone(share, statistics.median(scores)))
    return tuple(milestones)
