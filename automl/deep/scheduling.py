"""Which template is tried next: each template once, by its prior; then the better templates get more of the time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from automl.deep.family import FamilySearch

__all__ = ["FAILURES_ALLOWED", "next_search", "round_ends"]

FAILURES_ALLOWED = 3
ROUND_SHARE = 0.5
LEAST_TRIALS = 4


def next_search(searches: Sequence[FamilySearch], higher_is_better: bool, by_time: bool) -> FamilySearch | None:
    """The template to try next, or None when there is nothing left to try.

    First each template is tried once, in order of its prior for data like this (equal priors: in order of the catalog).
    A template with a prior below 1 waits until its trial would be number ``1 / prior`` of the search or later. So a
    costly template that seldom pays does not use up a short search.

    After that, templates are ranked by their best score. The template at rank r is entitled to a share of the search
    proportional to ``prior / r``. The one that has used the least of its share goes next.

    Args:
        searches: the family searches of all templates.
        higher_is_better: direction of the score.
        by_time: measure shares in seconds; otherwise in trials, which are the same in each run.
    """
    open_searches = [
        search
        for search in searches
        if not search.exhausted and not (search.best is None and search.n_failed >= FAILURES_ALLOWED)
    ]
    tried = [search for search in open_searches if search.n_runs]
    untried = [search for search in open_searches if not search.n_runs]
    likeliest = max(untried, key=lambda search: search.prior, default=None)
    if likeliest is not None and (not tried or sum(search.n_runs for search in searches) + 1 >= 1 / likeliest.prior):
        return likeliest
    sign = -1.0 if higher_is_better else 1.0
    ranked = sorted(tried, key=lambda search: math.inf if search.best is None else sign * search.best)
    used = [((search.seconds if by_time else search.n_runs) * rank / search.prior, rank, search)
            for rank, search in enumerate(ranked, start=1)]  # fmt: skip
    return min(used, key=lambda share: share[:2])[2] if used else None


def round_ends(seconds: float, n_workers: int, fit_seconds: Sequence[float]) -> float:
    """Seconds after which a round of trials starts no more of them and waits for those under way.

    Workers stand idle while a round waits for its slowest trial, so rounds are long. A round takes half of the time
    allotted, or all of it if half would hold fewer than four trials for each worker. With one worker a round is one
    trial.

    Args:
        seconds: time allotted; infinite without a time limit.
        n_workers: trials that run at once.
        fit_seconds: times of earlier trials.
    """
    if n_workers == 1 or not math.isfinite(seconds):
        return seconds
    typical = statistics.median(fit_seconds) if fit_seconds else 0.0
    half = ROUND_SHARE * seconds
    return half if half >= LEAST_TRIALS * typical else seconds
