"""Whose turn it is: equal time for both sides, what one leaves passed over, and seeds for both finalists."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from automl.flow.budget.clock import Clock
    from automl.flow.budget.reserve import Reserve
    from automl.records import Contender, Recipe, Run

__all__ = ["LEAST_STEP_SECONDS", "SEEDS", "alternate", "name_and_seed", "settle_offers"]

SEEDS = 3
"""Seeds of each finalist that the search keeps time back for."""

MOST_SEEDS = 4
"""Seeds that time left over may bring it to: of five the interval would score 126 mixtures, of four 35."""

SEED_SHARE = 0.5
SEED_SLACK = 1.15
LEAST_STEP_SECONDS = 0.5
LEAST_SEED_SECONDS = 1.0  # a fit of a tenth of a second may take many times that on a busy machine
OVER_SHARE = 0.25

Reserved = Callable[[], float]


def alternate(
    sides: dict[str, Contender],
    clock: Clock,
    runs: list[Run],
    stopping: Callable[[], bool],
    reserved: Reserved,
    on_step: Callable[[], None] = lambda: None,
    *,
    keep_for_seeds: bool = True,
) -> str:
    """Give the next step to the side that has spent less, until time or ideas are over; why it ended.

    Each side is offered the same share of what is left. What a side cannot use passes over to the other, and what that
    one cannot use comes back to the first, where it is enough for more than it has refused.

    Args:
        sides: by name.
        runs: taken up by those that are made.
        reserved: seconds that the conclusion is expected to take, asked anew before each step.
        on_step: called after each one.
        keep_for_seeds: whether each side keeps back what further seeds of its finalist cost.
    """
    open_sides = dict(sides)
    refused: dict[str, float] = {}
    earlier = {run.name for run in runs}
    while open_sides:
        if stopping():
            return "interrupt"
        name = min(open_sides, key=lambda side: clock.spent[side])
        side = open_sides[name]
        left_of_all = clock.remaining - reserved()
        share = (left_of_all + sum(clock.spent.values())) / len(sides)
        seeds = _kept_for_seeds(sides, share) if keep_for_seeds else dict.fromkeys(sides, 0.0)
        if len(open_sides) > 1:
            left = min(left_of_all, share - clock.spent[name]) - seeds[name]
        else:  # what the other side left unused passes over
            left = left_of_all - sum(seeds.values())
        clock.offer(name, clock.spent[name] + left + seeds[name])
        made = None
        if left >= LEAST_STEP_SECONDS:
            with clock.spend(name):
                made = side.step(left)
            on_step()
        if made is None:
            if left >= LEAST_STEP_SECONDS:
                clock.decline(name)
            del open_sides[name]
            refused[name] = left
            if not open_sides:  # a side that had too little for another trial may have enough with what the other left
                kept = sum(_kept_for_seeds(sides, share).values()) if keep_for_seeds else 0.0
                rest = clock.remaining - reserved() - kept
                open_sides = {one: sides[one] for one, seconds in refused.items() if rest > seconds + 1.0}
            continue
        new = [dataclasses.replace(one, at_seconds=clock.elapsed) for one in made]
        again = earlier & {one.name for one in new}  # fitted by an earlier call, but its model was lost
        runs[:] = [one for one in runs if one.name not in again] + new
    return "budget" if clock.remaining - reserved() < OVER_SHARE * clock.budget_seconds else "exhausted"


def settle_offers(clock: Clock, sides: dict[str, Contender]) -> None:
    """Bring what each side was offered up to date with seeds, which use time that was left over."""
    for name in sides:
        clock.offer(name, max(clock.offered.get(name, 0.0), clock.spent[name]))


def _kept_for_seeds(sides: dict[str, Contender], share: float) -> dict[str, float]:
    """Seconds each side keeps back to fit its finalist again with other seeds: the same number on all sides.

    Args:
        share: seconds that each side has in all. At most `SEED_SHARE` of them goes to seeds: a model that needs most
            of the time for itself is better trained well once.
    """
    each = {name: SEED_SLACK * side.seconds_a_seed() for name, side in sides.items()}
    if not math.isfinite(share) or not sum(each.values()):
        return dict.fromkeys(sides, 0.0)
    n_more = min(SEEDS - 1, *(int(SEED_SHARE * share / seconds) for seconds in each.values() if seconds))
    return {name: n_more * seconds for name, seconds in each.items()}


def name_and_seed(
    recipe: Recipe, sides: dict[str, Contender], clock: Clock, stopping: Callable[[], bool], reserve: Reserve
) -> tuple[dict[str, Run], int]:
    """Name the finalists and fit each again with the same number of further seeds; them, and how many each has.

    Ensembles are named only where they can be fitted with as many seeds as single models could, and scored in time:
    seeds are what a verdict is sure by (docs/decisions/0004-ensembles.md).
    """
    chosen = _named(recipe, sides, ensemble=False)
    if recipe.ensemble and chosen:
        single = clock.remaining - reserve.seconds(chosen)
        affordable = _affordable(chosen, sides, single, SEEDS)
        if single >= reserve.naming_seconds:
            chosen = _named(recipe, sides, ensemble=True)
            left = clock.remaining - reserve.seconds(chosen)
            if left < 0 or _affordable(chosen, sides, left, SEEDS) < affordable:
                chosen = _named(recipe, sides, ensemble=False)
    n_seeds = 1
    most = SEEDS if math.isinf(clock.remaining) else MOST_SEEDS
    while chosen and n_seeds < most and not stopping():
        left = clock.remaining - reserve.seconds(chosen, n_seeds + 1)
        if _affordable(chosen, sides, left, n_seeds + 1) < 1:
            break
        for name in chosen:
            side = sides[name]
            left = clock.remaining - reserve.seconds(chosen, n_seeds + 1)
            if math.isfinite(left):  # without a clock no fit may be cut by how busy the machine is
                left = min(left, max(LEAST_SEED_SECONDS, SEED_SLACK * side.seconds_a_seed()))
            with clock.spend(name):
                worked = side.add_seed(left)
            if not worked:
                return chosen, n_seeds
        n_seeds += 1
    return chosen, n_seeds


def _named(recipe: Recipe, sides: dict[str, Contender], *, ensemble: bool) -> dict[str, Run]:
    """Each side's finalist, where it has one."""
    runs = {name: side.choose(recipe.latency_ms, ensemble) for name, side in sides.items()}
    return {name: run for name, run in runs.items() if run is not None}


def _affordable(chosen: dict[str, Run], sides: dict[str, Contender], seconds: float, wanted: int) -> int:
    """How many further seeds all finalists can be fitted with, at most those that are wanted."""
    needed = sum(SEED_SLACK * sides[name].seconds_a_seed() for name in chosen)
    most = max(wanted - 1, 1)
    return most if seconds >= most * needed else max(0, int(seconds / needed))
