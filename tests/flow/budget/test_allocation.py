"""Whose turn it is, and what becomes of time that a side cannot use."""

import math
from contextlib import contextmanager
from dataclasses import replace

import pytest

from automl.flow.budget.allocation import REFIT_SLACK, alternate, named_finalists, refitted
from automl.flow.budget.clock import Clock
from automl.records import Recipe, Run


class FakeClock(Clock):
    """A clock that moves when a side says so."""

    def __init__(self, budget):
        super().__init__(budget)
        self.now = 0.0

    @property
    def elapsed(self):
        return self.now

    @contextmanager
    def spend(self, side):
        begun = self.now
        yield
        self.spent[side] += self.now - begun


class FakeSide:
    """Each trial takes `takes` seconds and is not started in fewer than `least`; at most `most` of them."""

    def __init__(self, clock, takes, least, most=math.inf):
        self.clock, self.takes, self.least, self.most = clock, takes, least, most
        self.offered = []

    def step(self, seconds):
        if len(self.offered) >= self.most or seconds < self.least:
            return None
        self.offered.append(seconds)
        self.clock.now += min(self.takes, seconds)
        return (Run(f"run-{len(self.offered)}", "deep", "done", "x"),)

    def seconds_a_refit(self, n_members=1):
        return 0.0


def contest(deep, shallow, budget=60.0):
    clock = FakeClock(budget)
    sides = {"deep": FakeSide(clock, *deep), "shallow": FakeSide(clock, *shallow)}
    runs = []
    stopped = alternate(sides, clock, runs, lambda: False, lambda n_kept: 0.0)
    return clock, sides, stopped, runs


def test_both_sides_spend_the_same_within_a_tenth():
    clock, _, stopped, _ = contest((2.0, 1.0), (1.0, 0.5))
    assert stopped == "budget" and clock.remaining < 2
    assert clock.spent["deep"] == pytest.approx(clock.spent["shallow"], rel=0.1)


def test_what_one_side_cannot_use_passes_over():
    clock, _, _, _ = contest((5.0, 5.0), (1.0, 0.5, 3))
    assert clock.spent["shallow"] == 3.0 and clock.spent["deep"] > 50


def test_a_side_that_had_too_little_for_another_trial_gets_what_the_other_left():
    """The deep side's second trial needs 20 s and has 15; then the shallow side stops, and 25 are left."""
    clock, sides, _, _ = contest((25.0, 20.0), (30.0, 30.0, 1), budget=80.0)
    assert len(sides["deep"].offered) == 2 and sides["deep"].offered[1] == pytest.approx(25.0)
    assert clock.remaining == pytest.approx(0.0)


def test_it_ends_when_nobody_can_use_the_rest():
    clock, _, stopped, runs = contest((25.0, 25.0), (25.0, 25.0))
    assert len(runs) == 2 and clock.remaining == pytest.approx(10.0)
    assert stopped == "budget"


class TimedSide(FakeSide):
    """Refits its finalist, and remembers the seconds that each refit was given."""

    side = "deep"

    def __init__(self, clock):
        super().__init__(clock, 1.0, 0.5)
        self.given = []

    def choose(self, latency_ms, ensemble=False):
        return Run("run-1", "deep", "done", "x")

    def seconds_a_refit(self, n_members=1):
        return 1.0

    def refit(self, seconds):
        self.given.append(seconds)
        return True

    def finalist_run(self):
        return replace(self.choose(None), refitted=True)

    def undo_refits(self):
        pass


class NoReserve:
    naming_seconds = 0.0

    def seconds(self, chosen, n_seeds=1):
        return 0.0

    def concluding_seconds(self, chosen, n_seeds=1):
        return self.seconds(chosen, n_seeds)


def named_and_refitted(recipe, sides, clock, reserve):
    chosen = named_finalists(recipe, sides, clock, reserve)
    return refitted(chosen, sides, clock, lambda: False, reserve, 3)


@pytest.mark.parametrize(("budget", "bounded"), [(math.inf, False), (60.0, True)])
def test_a_refit_is_bound_in_time_only_where_the_run_is(budget, bounded):
    clock = FakeClock(budget)
    side = TimedSide(clock)
    named_and_refitted(Recipe(None), {"deep": side}, clock, NoReserve())
    assert side.given and all(math.isfinite(seconds) == bounded for seconds in side.given)


class RefittedSide(TimedSide):
    """Refits as often as it is told, each in a second; the finalist may be an ensemble of `n_members`."""

    def __init__(self, clock, side, works=9, n_members=1):
        super().__init__(clock)
        self.side, self.works, self.n_members = side, works, n_members
        self.n_refits, self.ensemble, self.asked = 0, False, []

    def choose(self, latency_ms, ensemble=False):
        self.ensemble = ensemble
        return Run("ensemble" if ensemble else "run-1", self.side, "done", "x")

    def seconds_a_refit(self, n_members=None):
        self.asked.append(n_members)
        return float(min(n_members or 99, self.n_members) if self.ensemble else n_members or 1)

    def refit(self, seconds):
        self.given.append(seconds)
        self.clock.now += min(seconds, self.seconds_a_refit())
        if self.n_refits >= self.works:
            return False
        self.n_refits += 1
        return True

    def finalist_run(self):
        return replace(self.choose(None, self.ensemble), refitted=self.n_refits > 0)

    def undo_refits(self):
        self.n_refits = 0


class AlreadyRefittedSide(RefittedSide):
    """A side whose finalist was named before, and has refits from that time."""

    def __init__(self, clock, side, has):
        super().__init__(clock, side)
        self.has = has

    def seconds_a_refit(self, n_members=1):
        return 0.0 if self.n_refits < self.has else 1.0


@pytest.mark.parametrize(("budget", "expected"), [(0.0, 1), (0.5, 2), (3.0, 3)])
def test_refits_of_an_earlier_naming_count_at_once(budget, expected):
    clock = FakeClock(budget)
    sides = {name: AlreadyRefittedSide(clock, name, has=2) for name in ("deep", "shallow")}
    reserve = NoReserve()
    reserve.seconds = lambda chosen, n_seeds=1: 0.1 * n_seeds
    chosen, n_seeds = named_and_refitted(Recipe(None), sides, clock, reserve)
    assert n_seeds == expected and all(run.refitted for run in chosen.values())


class DearEnsembles(NoReserve):
    """The conclusion takes a second more for ensembles."""

    def seconds(self, chosen, n_seeds=1):
        return float(any(run.name == "ensemble" for run in chosen.values()))


def refitted_by(deep, shallow, budget=math.inf, reserve=None, **recipe):
    reserve = reserve or NoReserve()
    clock = FakeClock(budget)
    sides = {"deep": RefittedSide(clock, "deep", **deep), "shallow": RefittedSide(clock, "shallow", **shallow)}
    chosen, n_seeds = named_and_refitted(Recipe(None, **recipe), sides, clock, reserve)
    return sides, chosen, n_seeds


def test_both_sides_have_as_many_refits():
    _, chosen, n_seeds = refitted_by({}, {"works": 2})
    assert n_seeds == 2 and all(run.refitted for run in chosen.values())


@pytest.mark.parametrize("failing", ["deep", "shallow"])
def test_where_one_side_cannot_be_refitted_both_searched_models_stand(failing):
    works = {"deep": {}, "shallow": {}} | {failing: {"works": 0}}
    sides, chosen, n_seeds = refitted_by(works["deep"], works["shallow"])
    assert n_seeds == 1 and not any(run.refitted for run in chosen.values())
    assert all(side.n_refits == 0 for side in sides.values())


def test_one_refit_is_made_where_there_is_time_for_no_more():
    _, chosen, n_seeds = refitted_by({}, {}, budget=3.0)
    assert n_seeds == 1 and all(run.refitted for run in chosen.values())


def test_no_time_for_a_refit_leaves_the_searched_models():
    sides, chosen, n_seeds = refitted_by({}, {}, budget=1.5)
    assert n_seeds == 1 and not any(run.refitted for run in chosen.values())
    assert sides["deep"].clock.now == 0.0


@pytest.mark.parametrize(("budget", "name"), [(60.0, "ensemble"), (2.5, "run-1"), (1.5, "ensemble")])
def test_an_ensemble_stands_where_its_heaviest_member_can_be_refitted_or_nothing_can(budget, name):
    _, chosen, _ = refitted_by(
        {"n_members": 4}, {"n_members": 4}, budget=budget, ensemble=True, reserve=DearEnsembles()
    )
    assert {run.name for run in chosen.values()} == {name}


def kept_back(n_refits, ensemble):
    clock = FakeClock(60.0)
    sides = {name: RefittedSide(clock, name) for name in ("deep", "shallow")}
    alternate(sides, clock, [], lambda: False, lambda n_kept: 0.0, n_refits=n_refits, ensemble=ensemble)
    return clock.remaining


def test_the_search_keeps_the_time_for_refits_and_more_where_ensembles_may_stand():
    assert kept_back(0, False) < 2
    assert kept_back(1, False) >= 2 * 1.0
    assert kept_back(3, False) >= 2 * 3.0
    assert kept_back(3, True) >= 2 * 6.0


def test_refits_go_on_from_those_that_the_finalists_have():
    clock = FakeClock(60.0)
    sides = {name: RefittedSide(clock, name) for name in ("deep", "shallow")}
    chosen, _ = refitted(named_finalists(Recipe(None), sides, clock, NoReserve()), sides, clock, lambda: False,
                         NoReserve(), 1)  # fmt: skip
    chosen, n_seeds = refitted(chosen, sides, clock, lambda: False, NoReserve(), 4, 1)
    assert n_seeds == 4 and [side.n_refits for side in sides.values()] == [4, 4] and clock.now == 8.0


def test_a_search_that_ends_for_what_refits_are_kept_time_for_ends_for_the_budget():
    clock = FakeClock(60.0)
    sides = {name: RefittedSide(clock, name) for name in ("deep", "shallow")}
    assert alternate(sides, clock, [], lambda: False, lambda n_kept: 0.0, n_refits=4, ensemble=True) == "budget"
    assert clock.remaining >= 16.0 > 0.25 * 60.0


def test_the_first_refit_goes_before_fits_on_other_splits_and_further_ones_do_not():
    clock = FakeClock(20.0)
    sides = {name: RefittedSide(clock, name) for name in ("deep", "shallow")}
    reserve = NoReserve()
    reserve.concluding_seconds = lambda chosen, n_seeds=1: 1.0
    reserve.seconds = lambda chosen, n_seeds=1: 1.0 + 18.5  # more than the search had kept back for them
    chosen, n_seeds = named_and_refitted(Recipe(None), sides, clock, reserve)
    assert n_seeds == 1 and all(run.refitted for run in chosen.values()) and clock.now == 2.0


def test_the_conclusion_is_reckoned_with_the_refits_that_time_is_kept_for():
    """Three refits would fit only if each seed of the conclusion took no time."""
    clock, asked = FakeClock(20.0), []
    sides = {name: RefittedSide(clock, name) for name in ("deep", "shallow")}

    def reserved(n_kept):
        asked.append(n_kept)
        return 6.0 * n_kept

    alternate(sides, clock, [], lambda: False, reserved, n_refits=3)
    assert asked[-1] == 1 and 6.0 + 2 * 1.0 <= clock.remaining < 6.0 + 2 * 1.15 + 1.0


def test_where_there_is_no_time_for_all_members_both_sides_refit_as_many_seconds_of_them():
    """Two ensembles of four members, and eight seconds: four for each, and what one leaves goes to the other."""
    sides, chosen, n_seeds = refitted_by({"n_members": 4}, {"n_members": 4}, budget=6.0, ensemble=True)
    assert n_seeds == 1 and all(run.refitted for run in chosen.values())
    assert sides["deep"].given == [3.0] and sides["shallow"].given == [3.0]
    sides, _, _ = refitted_by({"n_members": 4}, {"n_members": 1}, budget=4.0, ensemble=True)
    assert sides["shallow"].given == [2.0] and sides["deep"].given == [3.0]


def test_further_members_do_not_take_the_time_of_what_follows():
    """Of 20 s, 15 are kept for fits on other splits: 2.5 s are for as many members as they take of each ensemble."""
    clock = FakeClock(20.0)
    sides = {name: RefittedSide(clock, name, n_members=8) for name in ("deep", "shallow")}
    reserve = NoReserve()
    reserve.seconds = lambda chosen, n_seeds=1: 15.0
    reserve.concluding_seconds = lambda chosen, n_seeds=1: 0.0
    named_and_refitted(Recipe(None, ensemble=True), sides, clock, reserve)
    assert sides["deep"].given == [2.5] and sides["shallow"].given == [2.5]


def test_the_first_refit_is_begun_with_a_little_less_time_than_expected_and_leaves_the_other_side_its_own():
    sides, chosen, _ = refitted_by({}, {}, budget=1.8)
    assert all(run.refitted for run in chosen.values())
    assert sides["deep"].given == [pytest.approx(0.95)] and sides["shallow"].given == [pytest.approx(0.85)]
    _, chosen, _ = refitted_by({}, {}, budget=1.65)
    assert not any(run.refitted for run in chosen.values())


class DearRefit(FakeSide):
    """Trials of two seconds; a refit of the best takes `refit` seconds."""

    def __init__(self, clock, refit):
        super().__init__(clock, 2.0, 1.0)
        self.seconds = refit

    def seconds_a_refit(self, n_members=None):
        return self.seconds * (n_members or 1) if self.offered else 0.0


@pytest.mark.parametrize(
    ("deep", "kept", "why"),
    [
        (1.0, 12.0, "three refits of two members of both sides"),
        (14.0, 15.0, "one refit that takes more than half of what a side has"),
        (20.0, 21.0, "one refit that takes most of it: the search ends earlier"),
        (60.0, 0.0, "a refit for which there is no time at all"),
    ],
)
def test_the_search_never_takes_the_time_of_the_one_refit_that_is_worth_most(deep, kept, why):
    clock = FakeClock(60.0)
    sides = {"deep": DearRefit(clock, deep), "shallow": DearRefit(clock, 1.0)}
    alternate(sides, clock, [], lambda: False, lambda n_kept: 0.0, n_refits=3, ensemble=True)
    assert REFIT_SLACK * kept - 0.001 <= clock.remaining < REFIT_SLACK * kept + 4.0, why
    assert sides["deep"].offered
