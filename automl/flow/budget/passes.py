"""Passes of search, naming and refits: what the refits do not need of the time kept back for them goes to the search.

While a side searches, it keeps time back for refits of a finalist that is not named yet: for several members, by
estimates. Once finalists are named and refitted once, it is known what their refits take. What is left beyond them goes
to another pass of the search, on both sides alike, whose finalists replace the earlier ones if they can be refitted,
too. See ``docs/decisions/0030-time-into-trials.md``.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automl.flow.budget import allocation
from automl.flow.budget.allocation import REFIT_SLACK, REFITS, alternate, named_finalists, refitted

if TYPE_CHECKING:
    from automl.flow.budget.clock import Clock
    from automl.flow.budget.reserve import Reserve
    from automl.records import Contender, Recipe, Run
    from automl.records.names import Stopped

__all__ = ["search_and_refit"]

MOST_PASSES = 4
"""The most times that finalists are named."""
UNUSED_SHARE = 0.05
"""Of the budget: if less is left over, there is no further pass."""
LATE_SHARE, LEAST_LATE_SECONDS, MOST_LATE_SECONDS = 0.25, 10.0, 30.0
"""What a first model may take where the budget left no time for one: a share of the budget, within bounds."""


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
    refits: int = REFITS,
    most_refits: int | None = None,
) -> tuple[Stopped, dict[str, Run], int]:
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
        refits: the number of refits of each finalist that time is kept back for.
        most_refits: the most refits if time is left over, None for `allocation.MOST_REFITS`; without a time limit there
            are `refits` of them.

    Returns:
        Why the search ended, the finalists' runs by side as they stand in the end, and the number of seeds of each: of
        refits; 1 if there are none, so that the searched models stand.
    """
    chosen: dict[str, Run] = {}
    plan = _Plan(refits, refits, 0.0)
    stopped: Stopped = "budget"
    for _ in range(MOST_PASSES):
        n_before, earlier = len(runs), chosen
        stand_again = [side.remember() for side in sides.values()]

        def reserved(n_kept: int, chosen: dict[str, Run] = chosen, plan: _Plan = plan) -> float:
            n_seeds = max(plan.n_refits - plan.n_kept + n_kept, 1)
            return max(reserve.searching(n_seeds), reserve.seconds(chosen, n_seeds) if chosen else 0.0)

        with clock.phase("search"):
            stopped = alternate(
                sides, clock, runs, stopping, reserved, on_step, n_refits=plan.n_kept, ensemble=recipe.ensemble
            )
        if earlier and len(runs) == n_before:
            break
        with clock.phase("refits"):
            chosen = named_finalists(recipe, sides, clock, reserve)
            chosen, _ = refitted(chosen, sides, clock, stopping, reserve, 1)
            if _are_refitted(earlier) and not _are_refitted(chosen):
                chosen = earlier
                for again in stand_again:
                    again()
                break
        is_first_without = not _are_refitted(chosen) and plan.n_refits > 0
        plan = _planned(chosen, sides, clock, reserve, plan.n_refits)
        if stopping() or not plan.spare_seconds > UNUSED_SHARE * clock.budget_seconds:
            break
        if _are_refitted(chosen):
            if stopped == "exhausted":
                break
        elif is_first_without:
            on_no_refit()
        else:
            break
    if not chosen and stopped == "budget" and not stopping():
        chosen = _late_model(recipe, sides, clock, runs, reserve)
    most_refits = allocation.MOST_REFITS if most_refits is None else most_refits
    most = min(refits, most_refits) if math.isinf(clock.remaining) else most_refits
    with clock.phase("refits"):
        chosen, n_seeds = refitted(chosen, sides, clock, stopping, reserve, most, int(_are_refitted(chosen)))
    return stopped, chosen, n_seeds


def _late_model(
    recipe: Recipe, sides: dict[str, Contender], clock: Clock, runs: list[Run], reserve: Reserve
) -> dict[str, Run]:
    """Fit one shallow model beyond the budget, since a late answer is worth more than none.

    The data may take so long to read, or the machine be so busy, that no time is left for any model.
    """
    shallow = sides.get("shallow")
    if shallow is None:
        return {}
    seconds = min(max(LATE_SHARE * clock.budget_seconds, LEAST_LATE_SECONDS), MOST_LATE_SECONDS)
    with clock.phase("late model"), clock.spend("shallow"):
        made = shallow.step(seconds) or ()
    runs += [dataclasses.replace(run, at_seconds=clock.elapsed) for run in made]
    return named_finalists(recipe, sides, clock, reserve)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is done with the time after a pass.

    Attributes:
        n_refits: refits that the finalists of this pass are to have.
        n_kept: refits that a further search keeps time for.
        spare_seconds: what is left beyond these refits and the conclusion.
    """

    n_refits: int
    n_kept: int
    spare_seconds: float


def _are_refitted(chosen: dict[str, Run]) -> bool:
    return any(run.refitted for run in chosen.values())


def _planned(chosen: dict[str, Run], sides: dict[str, Contender], clock: Clock, reserve: Reserve, wanted: int) -> _Plan:
    """How many refits there is time for, and what is left beyond them.

    Time is kept for those that the finalists lack, and for one at least, which later finalists would need; if need be
    of the member of largest weight of each side alone.
    """
    if not _are_refitted(chosen):
        return _Plan(0, 0, clock.remaining - reserve.seconds(chosen))
    refit_seconds = sum(REFIT_SLACK * sides[name].seconds_a_refit() for name in chosen)
    for n_refits in range(max(wanted, 1), 0, -1):
        n_kept = max(1, n_refits - 1)
        spare = clock.remaining - reserve.seconds(chosen, n_refits) - n_kept * refit_seconds
        if spare >= 0:
            return _Plan(n_refits, n_kept, spare)
    least_seconds = sum(REFIT_SLACK * sides[name].seconds_a_refit(1) for name in chosen)
    return _Plan(1, 1, max(0.0, clock.remaining - reserve.seconds(chosen, 1) - least_seconds))
