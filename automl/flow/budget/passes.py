"""Passes of search, naming and refits: what the refits do not need of the time kept back for them goes to the search.

While a side searches, it keeps time back for refits of a finalist that is not named yet: for several members, by
estimates. Once finalists are named and refitted once, it is known what their refits take. What is left beyond them goes
to another pass of the search, on both sides alike, whose finalists replace the earlier ones if they can be refitted,
too. See ``docs/decisions/0030-time-into-trials.md``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from automl.flow.budget import allocation
from automl.flow.budget.allocation import SEED_SLACK, SEEDS, alternate, named_finalists, refitted

if TYPE_CHECKING:
    from automl.flow.budget.clock import Clock
    from automl.flow.budget.reserve import Reserve
    from automl.records import Contender, Recipe, Run

__all__ = ["search_and_refit"]

MOST_PASSES = 4
"""The most times that finalists are named."""
UNUSED_SHARE = 0.05
"""Of the budget: if less is left over, there is no further pass."""


def search_and_refit(
    recipe: Recipe,
    sides: dict[str, Contender],
    clock: Clock,
    runs: list[Run],
    stopping: Callable[[], bool],
    reserve: Reserve,
    on_step: Callable[[], None] = lambda: None,
    on_no_refit: Callable[[], None] = lambda: None,
    *,
    seeds: int = SEEDS,
    most_seeds: int | None = None,
) -> tuple[str, dict[str, Run], int]:
    """Search all sides in turn, name the finalists and refit them; search on where the refits leave time over.

    Args:
        recipe: says whether ensembles are wanted, and the longest latency.
        sides: the sides by name.
        clock: the budget.
        runs: all runs; new runs are added to this list.
        stopping: returns whether the user wants to stop.
        reserve: estimates the time of the conclusion.
        on_step: called after each step of the search.
        on_no_refit: called if nothing could be refitted, before the time kept back for refits goes to the search.
        seeds: the number of refits of each finalist that time is kept back for.
        most_seeds: the most refits if time is left over, None for `allocation.MOST_SEEDS`; without a time limit there
            are `seeds` of them.

    Returns:
        Why the search ended, the finalists' runs by side as they stand in the end, and the number of seeds of each: of
        refits; 1 if there are none, so that the searched models stand.
    """
    chosen: dict[str, Run] = {}
    wanted, stopped = seeds, "budget"
    for _ in range(MOST_PASSES):
        n_before, earlier = len(runs), chosen
        stand_again = [side.remember() for side in sides.values()]

        def reserved(chosen: dict[str, Run] = chosen, n_seeds: int = max(wanted, 1)) -> float:
            return max(reserve.searching(n_seeds), reserve.seconds(chosen, n_seeds) if chosen else 0.0)

        with clock.phase("search"):
            stopped = alternate(
                sides, clock, runs, stopping, reserved, on_step, n_seeds=wanted, ensemble=recipe.ensemble
            )
        if earlier and len(runs) == n_before:
            break
        with clock.phase("seeds"):
            chosen = named_finalists(recipe, sides, clock, reserve)
            chosen, _ = refitted(chosen, sides, clock, stopping, reserve, 1)
            if _are_refitted(earlier) and not _are_refitted(chosen):
                chosen = earlier
                for again in stand_again:
                    again()
                break
        spare = _spare(chosen, sides, clock, reserve, wanted)
        if stopping() or not spare > UNUSED_SHARE * clock.budget_seconds:
            break
        if _are_refitted(chosen):
            if stopped == "exhausted":
                break
        elif wanted:
            wanted = 0
            on_no_refit()
        else:
            break
    most_seeds = allocation.MOST_SEEDS if most_seeds is None else most_seeds
    most = min(seeds, most_seeds) if math.isinf(clock.remaining) else most_seeds
    with clock.phase("seeds"):
        chosen, n_seeds = refitted(chosen, sides, clock, stopping, reserve, most, int(_are_refitted(chosen)))
    return stopped, chosen, n_seeds


def _are_refitted(chosen: dict[str, Run]) -> bool:
    return any(run.refitted for run in chosen.values())


def _spare(chosen: dict[str, Run], sides: dict[str, Contender], clock: Clock, reserve: Reserve, n_refits: int) -> float:
    """Seconds that are left beyond the conclusion and as many refits of these finalists, or of others like them."""
    if not _are_refitted(chosen):
        return clock.remaining - reserve.seconds(chosen)
    refit_seconds = sum(SEED_SLACK * sides[name].seconds_a_seed() for name in chosen)
    return clock.remaining - reserve.seconds(chosen, max(n_refits, 1)) - n_refits * refit_seconds
