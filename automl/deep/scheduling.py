"""Which template's turn it is: each once, the likeliest first; then time follows what has paid."""

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

    Each is tried once, in order of its prior for data like this (in order of the catalog where priors are equal); one
    with a prior below 1 waits until ``1 / prior`` trials, its own among them, have been run, so that what is dear and
    seldom pays does not use up a short search. After that the template that stands at rank r by its best score has a
    right to ``prior / r`` of the search, and the one that has had the least of its right goes next.

    Args:
        lanes: of all templates.
        by_time: measure the search in seconds; else in trials, which is the same in each run.
    """
    open_lanes = [
        search
        for search in searches
        if not search.exhausted and not (search.best is None and search.n_failed >= FAILURES_ALLOWED)
    ]
    tried = [search for search in open_lanes if search.n_runs]
    untried = [search for search in open_lanes if not search.n_runs]
    likeliest = max(untried, key=lambda search: search.prior, default=None)
    if likeliest is not None and (not tried or sum(search.n_runs for search in searches) + 1 >= 1 / likeliest.prior):
        return likeliest
    sign = -1.0 if higher_is_better else 1.0
    ranked = sorted(tried, key=lambda search: math.inf if search.best is None else sign * search.best)
    turns = [((search.seconds if by_time else search.n_runs) * rank / search.prior, rank, search)
             for rank, search in enumerate(ranked, start=1)]  # fmt: skip
    return min(turns, key=lambda turn: turn[:2])[2] if turns else None


def round_ends(seconds: float, n_workers: int, fit_seconds: Sequence[float]) -> float:
    """Seconds after which a round starts no more trials and waits for those under way.

    While it waits for the slowest, workers stand idle, so rounds are long: half of the time offered, or all of it
    where half would hold fewer than four trials a worker. With one worker a round is one trial.

    Args:
        seconds: offered, infinite for no clock.
        fit_seconds: of earlier trials.
    """
    if n_workers == 1 or not math.isfinite(seconds):
        return seconds
    typical = statistics.median(fit_seconds) if fit_seconds else 0.0
    half = ROUND_SHARE * seconds
    return half if half >= LEAST_TRIALS * typical else seconds
