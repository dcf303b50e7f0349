"""The pruner: median stopping of trials that lag behind earlier trials of the same template."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from automl.deep.training.records import Milestone

__all__ = ["SHARES", "at_milestones", "milestones_for"]

SHARES = (0.25, 0.5)
LEAST_PEERS = 4


def at_milestones(curve: Sequence[Mapping[str, float]], higher_is_better: bool) -> list[float | None]:
    """A trial's best score up to each of `SHARES` of its schedule; None for a share that it did not reach."""
    best_scores: list[float | None] = []
    for share in SHARES:
        if not curve or curve[-1]["share"] < share:
            best_scores.append(None)
            continue
        upto = [point["valid_score"] for point in curve if point["share"] <= share] or [curve[0]["valid_score"]]
        best_scores.append(max(upto) if higher_is_better else min(upto))
    return best_scores


def milestones_for(peers: Sequence[Sequence[float | None]]) -> tuple[Milestone, ...]:
    """The milestones of a new trial, by the median stopping rule.

    A trial goes on past a milestone only if its best score so far is no worse than the median of earlier trials at the
    same share of the schedule. A milestone is set once `LEAST_PEERS` earlier trials reached it. The rule needs no model
    of the learning curve, only earlier curves. The paper compares the running average of a curve; here the best score
    so far is compared, since the weights of the best epoch are the ones kept.

    Args:
        peers: `at_milestones` of earlier trials of the same template, including those that were stopped.

    Source: Golovin et al., "Google Vizier", KDD 2017, section 3.2.1.
    """
    milestones = []
    for index, share in enumerate(SHARES):
        scores = [score for peer in peers if (score := peer[index]) is not None]
        if len(scores) >= LEAST_PEERS:
            milestones.append(Milestone(share, statistics.median(scores)))
    return tuple(milestones)
