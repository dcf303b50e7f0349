"""Allocates time: equal shares for both sides, what one side leaves goes to the other, refits of both finalists."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from automl.flow.latency import model_ms
from automl.sides.ensemble import members_of

if TYPE_CHECKING:
    from automl.flow.budget.clock import Clock
    from automl.flow.budget.reserve import Reserve
    from automl.records import Contender, Recipe, Run
    from automl.records.names import Stopped

__all__ = [
    "LEAST_STEP_SECONDS", "REFITS", "REFIT_SLACK", "alternate", "named_finalists", "refitted", "settle_offers",
]  # fmt: skip

REFITS = 3
"""The number of refits of each finalist, one for each seed, that the search keeps time back for."""

MOST_REFITS = 4
"""The most refits of a finalist if time is left over: five seeds make 126 mixtures for the interval, four make 35."""

REFIT_SHARE = 0.5
REFIT_SLACK = 1.15
LEAST_STEP_SECONDS = 0.5
LEAST_REFIT_SECONDS = 1.0  # on a busy machine a fit of 0.1 s may take many times as long
FIRST_LEAST = 0.85
"""Of the time expected, what must be left for the first refit: a network's schedule can be shortened a little."""
LESS_SLACK = 1.5
"""Of the time expected of the member of largest weight, what the first refit of a side may take in any case."""
FIRST_SLACK = 2.0
"""Of the time expected, what the first refit may take: it is worth more than any later one."""
PLENTY_SHARE = 0.25
"""Of the time left, what a refit may take in any case: where there is plenty, a busy machine must not end it."""
OVER_SHARE = 0.25
EXPECTED_MEMBERS = 2
"""Members that an ensemble is reckoned with before it is named; those without time for a refit stay as searched."""

Reserved = Callable[[int], float]
"""The seconds that the conclusion takes if time is kept back for so many refits, each of which is predicted with."""


def alternate(
    sides: dict[str, Contender],
    clock: Clock,
    runs: list[Run],
    stopping: Callable[[], bool],
    reserved: Reserved,
    on_step: Callable[[], None] = lambda: None,
    *,
    n_refits: int = REFITS,
    ensemble: bool = False,
) -> Stopped:
    """Search both sides in turn: the next step goes to the side that has spent less time.

    Each side is allotted the same share of the time. Time that a side cannot use goes to the other. Time that the other
    cannot use either goes back to the first, if it is then more than the first side declined before.

    Args:
        sides: the sides by name.
        clock: the budget.
        runs: all runs; new runs are added to this list.
        stopping: returns whether the user wants to stop.
        reserved: returns the seconds that the conclusion is expected to take, given the number of refits of each
            finalist that time is kept back for; called before each step.
        on_step: called after each step.
        n_refits: the most refits of its finalist that each side keeps time back for.
        ensemble: whether a finalist may be an ensemble, all of whose members are refitted.

    Returns:
        Why the search ended: "interrupt", "budget" or "exhausted".
    """
    open_sides = dict(sides)
    refused: dict[str, float] = {}
    rest = math.inf
    earlier = {run.name for run in runs}
    while open_sides:
        if stopping():
            return "interrupt"
        name = min(open_sides, key=lambda side: clock.spent[side])
        side = open_sides[name]
        n_kept, for_refits = _kept_for_refits(sides, clock, reserved, n_refits, ensemble)
        left_of_all = clock.remaining - reserved(n_kept)
        share = (left_of_all + sum(clock.spent.values())) / len(sides)
        if len(open_sides) > 1:
            left = min(left_of_all, share - clock.spent[name]) - for_refits[name]
        else:  # the other side has ended: its unused time goes to this one
            left = left_of_all - sum(for_refits.values())
        clock.offer(name, clock.spent[name] + left + for_refits[name])
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
            if not open_sides:  # with the time that the other left, a side may have enough for another trial
                n_kept, for_refits = _kept_for_refits(sides, clock, reserved, n_refits, ensemble)
                rest = clock.remaining - reserved(n_kept) - sum(for_refits.values())
                open_sides = {side: sides[side] for side, seconds in refused.items() if rest > seconds + 1.0}
            continue
        new = [dataclasses.replace(run, at_seconds=clock.elapsed) for run in made]
        again = earlier & {run.name for run in new}  # runs of an earlier call whose models were lost: fitted again
        runs[:] = [run for run in runs if run.name not in again] + new
    return "budget" if rest < OVER_SHARE * clock.budget_seconds else "exhausted"


def settle_offers(clock: Clock, sides: dict[str, Contender]) -> None:
    """Raise the time allotted to each side to the time it spent, since refits may use time that was left over."""
    for name in sides:
        clock.offer(name, max(clock.offered.get(name, 0.0), clock.spent[name]))


def _kept_for_refits(
    sides: dict[str, Contender], clock: Clock, reserved: Reserved, most: int, ensemble: bool
) -> tuple[int, dict[str, float]]:
    """The number of refits of both finalists that time is kept back for, and the seconds that they take of each side.

    At most `REFIT_SHARE` of the time that a side has in all goes to refits of ensembles and to more than one refit. For
    one refit of single models time is kept back in any case where it is enough: it brings more than further trials do
    (docs/decisions/0046-time-for-refits.md).

    Args:
        sides: the sides by name.
        clock: the budget.
        reserved: see `alternate`.
        most: the most refits.
        ensemble: whether a finalist may be an ensemble. If there is no time to refit one, single models are reckoned
            with.
    """
    none = dict.fromkeys(sides, 0.0)
    if math.isinf(clock.remaining):
        return most, none
    each = none
    for n_members in (EXPECTED_MEMBERS, 1) if ensemble else (1,):
        each = {name: REFIT_SLACK * side.seconds_a_refit(n_members) for name, side in sides.items()}
        if not sum(each.values()):  # no side has a model yet
            return most, none
        for n in range(most, 0, -1):
            share = (clock.remaining - reserved(n) + sum(clock.spent.values())) / len(sides)
            if n * max(each.values()) <= REFIT_SHARE * share:
                return n, {name: n * seconds for name, seconds in each.items()}
    if most and sum(each.values()) <= clock.remaining - reserved(1):
        return 1, each
    return 0, none


def named_finalists(recipe: Recipe, sides: dict[str, Contender], clock: Clock, reserve: Reserve) -> dict[str, Run]:
    """Name the finalists.

    Ensembles are named only if there is time to refit the members of largest weight once, one of each side, or no time
    to refit even single models.

    Args:
        recipe: says whether ensembles are wanted, and the longest latency.
        sides: the sides by name.
        clock: the budget.
        reserve: estimates the time of the conclusion.

    Returns:
        The finalists' runs by side, as they were searched.
    """
    bound = None if recipe.latency_ms is None else model_ms(recipe.latency_ms, reserve.prepared)
    chosen = _named(bound, sides, ensemble=False)
    if recipe.ensemble and chosen:
        single = clock.remaining - reserve.concluding_seconds(chosen)
        can_refit = _can_begin(chosen, sides, single)
        if single >= reserve.naming_seconds:
            chosen = _at(_named(bound, sides, ensemble=True), clock)
            left = clock.remaining - reserve.concluding_seconds(chosen)
            if left < 0 or (can_refit and not _can_begin(chosen, sides, left)):
                chosen = _named(bound, sides, ensemble=False)
    return chosen


def refitted(
    chosen: dict[str, Run],
    sides: dict[str, Contender],
    clock: Clock,
    stopping: Callable[[], bool],
    reserve: Reserve,
    most: int,
    n_refits: int = 0,
) -> tuple[dict[str, Run], int]:
    """Refit named finalists, each the same number of times, as often as the time allows.

    Args:
        chosen: the finalists' runs by side.
        sides: the sides by name.
        clock: the budget.
        stopping: returns whether the user wants to stop.
        reserve: estimates the time of the conclusion.
        most: the most refits of a finalist.
        n_refits: how often they are refitted already, since they were named.

    Returns:
        The finalists' runs by side as they stand in the end, and the number of seeds of each: of refits; 1 if there
        are none, so that the searched models stand.
    """
    pace: dict[str, float] = {}  # by side, the seconds of its last refit as a multiple of what was expected
    while chosen and n_refits < most and not stopping():
        reserved = reserve.seconds(chosen, n_refits + 1) if n_refits else reserve.concluding_seconds(chosen)
        left = clock.remaining - reserved
        if n_refits:
            fits = sum(pace.get(name, REFIT_SLACK) * sides[name].seconds_a_refit() for name in chosen) <= left
        else:
            fits = _can_begin(chosen, sides, left)
        in_all = None if n_refits else reserve.seconds(chosen)
        if not fits or not _refit_all(chosen, sides, clock, reserved, pace, in_all):
            break
        n_refits += 1
        chosen = {name: dataclasses.replace(sides[name].finalist_run(), at_seconds=chosen[name].at_seconds)
                  for name in chosen}  # fmt: skip
    if not n_refits:  # one side alone may have been refitted
        for name in chosen:
            sides[name].undo_refits()
    return chosen, max(n_refits, 1)


def _can_begin(chosen: dict[str, Run], sides: dict[str, Contender], left: float) -> bool:
    """Whether the time left is enough for the first refit, of the member of largest weight of each side at least.

    A refit that was made when the finalists were named before costs nothing, so no time is needed for it.
    """
    needed = sum(sides[name].seconds_a_refit(1) for name in chosen)
    return not needed or left >= FIRST_LEAST * needed


def _refit_all(
    chosen: dict[str, Run],
    sides: dict[str, Contender],
    clock: Clock,
    reserved: float,
    pace: dict[str, float],
    reserved_in_all: float | None = None,
) -> bool:
    """Refit all finalists once more; return whether it worked for all of them.

    In the first refit the time that is left beyond one member of each side goes to further members, and to longer
    schedules, of both alike. What a side does not need of it goes to the other. The side that needs less goes first.

    Args:
        chosen: the finalists' runs by side.
        sides: the sides by name.
        clock: the budget.
        reserved: seconds of the conclusion.
        pace: see `_refit`.
        reserved_in_all: of the first refit: seconds of all that follows, which is not cut for further members; None
            for a later refit.
    """
    whole = {name: sides[name].seconds_a_refit() for name in chosen}
    least = whole if reserved_in_all is None else {name: sides[name].seconds_a_refit(1) for name in chosen}
    waiting = sorted(chosen, key=lambda name: whole[name])
    while waiting:
        name = waiting.pop(0)
        left, others = clock.remaining - reserved, sum(least[other] for other in waiting)
        if reserved_in_all is not None and math.isfinite(left):
            spare = max(0.0, clock.remaining - reserved_in_all - least[name] - others)
            own = max(LESS_SLACK * least[name], least[name] + spare / (1 + len(waiting)))
            left = min(left - FIRST_LEAST * others, own)
        if not _refit(sides[name], clock, left, whole[name], pace):
            return False
    return True


def _refit(side: Contender, clock: Clock, left: float, seconds: float, pace: dict[str, float]) -> bool:
    """Refit the finalist of a side once within the time left; return whether it worked, and note its pace.

    Args:
        side: its finalist is named.
        clock: the budget.
        left: the most seconds that it may take.
        seconds: those that it is expected to take.
        pace: of each side; changed.
    """
    begun = clock.elapsed
    if math.isfinite(left):  # without a time limit no fit may be cut, however busy the machine is
        earlier = pace.get(side.side)
        expected = (FIRST_SLACK if earlier is None else REFIT_SLACK * earlier) * seconds
        left = min(left, max(LEAST_REFIT_SECONDS, expected, PLENTY_SHARE * left))
    with clock.spend(side.side):
        worked = side.refit(left)
    if seconds:
        pace[side.side] = (clock.elapsed - begun) / seconds
    return worked


def _named(latency_ms: float | None, sides: dict[str, Contender], *, ensemble: bool) -> dict[str, Run]:
    """The finalists' runs by side; a side without a finalist is left out."""
    runs = {name: side.choose(latency_ms, ensemble) for name, side in sides.items()}
    return {name: run for name, run in runs.items() if run is not None}


def _at(chosen: dict[str, Run], clock: Clock) -> dict[str, Run]:
    """The finalists' runs, those of ensembles with the time at which they are named: now."""
    return {
        name: dataclasses.replace(run, at_seconds=clock.elapsed) if members_of(run) else run
        for name, run in chosen.items()
    }
