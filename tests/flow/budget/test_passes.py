"""What refits do not need of the time kept back for them goes to the search, and nothing is lost by it."""

import math
from dataclasses import replace

import pytest
from test_allocation import FakeClock

from automl.flow.budget import passes
from automl.flow.budget.allocation import MOST_REFITS
from automl.flow.budget.passes import search_and_refit
from automl.records import Recipe, Run


class Side:
    """A side with trials of `trial` seconds; before a finalist is named, a refit is reckoned with `expects` seconds.

    The finalist is the last run, or the first where `steady`; a refit of it takes `takes` seconds, and fails where
    `fails` says so of its name.
    """

    def __init__(self, clock, side, trial=1.0, expects=4.0, takes=0.5, steady=False, most=math.inf,
                 fails=lambda name: False, heaviest=None):  # fmt: skip
        self.heaviest = takes if heaviest is None else heaviest
        self.clock, self.side, self.trial, self.expects, self.takes = clock, side, trial, expects, takes
        self.steady, self.most, self.fails = steady, most, fails
        self.runs, self.made_of, self.named, self.n_refits = [], {}, None, 0
        self.made = []

    def step(self, seconds):
        if seconds < self.trial or len(self.runs) >= self.most:
            return None
        self.clock.now += self.trial
        self.runs.append(Run(f"{self.side}-{len(self.runs) + 1}", self.side, "done", "x"))
        return (self.runs[-1],)

    def choose(self, latency_ms, ensemble=False):
        self.named, self.n_refits = (self.runs[0 if self.steady else -1] if self.runs else None), 0
        return self.named

    def seconds_a_refit(self, n_members=None):
        if self.named is None:
            return self.expects
        if self.made_of.get(self.named.name, 0) > self.n_refits:
            return 0.0
        return self.heaviest if n_members == 1 else self.takes

    def refit(self, seconds):
        name = self.named.name
        if self.made_of.get(name, 0) <= self.n_refits:
            self.clock.now += self.takes
            self.made.append(name)
            if self.fails(name):
                return False
            self.made_of[name] = self.n_refits + 1
        self.n_refits += 1
        return True

    def finalist_run(self):
        return replace(self.named, refitted=self.n_refits > 0)

    def undo_refits(self):
        self.n_refits = 0

    def remember(self):
        named, n_refits = self.named, self.n_refits

        def stand_again():
            self.named, self.n_refits = named, n_refits

        return stand_again


class Reserve:
    """Keeps back two seconds, and one for each seed."""

    naming_seconds = 0.0

    def seconds(self, chosen, n_seeds=1):
        return 2.0 + n_seeds

    def concluding_seconds(self, chosen, n_seeds=1):
        return self.seconds(chosen, n_seeds)

    def searching(self, n_seeds=1):
        return 2.0 + n_seeds


def made(budget=60.0, deep=None, shallow=None, stopping=lambda sides: False, **more):
    clock = FakeClock(budget)
    sides = {"deep": Side(clock, "deep", **(deep or {})), "shallow": Side(clock, "shallow", **(shallow or {}))}
    runs, told = [], []
    stopped, chosen, n_seeds = search_and_refit(
        Recipe(None, ensemble=False), sides, clock, runs, lambda: stopping(sides), Reserve(),
        on_no_refit=lambda: told.append("none"), **more,
    )  # fmt: skip
    return clock, sides, stopped, chosen, n_seeds, told


def test_what_the_refits_do_not_need_is_searched_with_and_no_more_than_a_twentieth_is_unused():
    """Three refits are reckoned with 28 s in the search, and take three."""
    clock, sides, stopped, chosen, n_seeds, _ = made()
    assert stopped == "budget" and n_seeds >= 3 and all(run.refitted for run in chosen.values())
    assert 0.0 <= clock.remaining - Reserve().seconds(chosen, n_seeds) <= passes.UNUSED_SHARE * 60.0
    assert abs(len(sides["deep"].runs) - len(sides["shallow"].runs)) <= 1  # the same treatment
    for name, side in sides.items():
        assert chosen[name].name == side.runs[-1].name  # the finalist of the last pass
        assert side.n_refits == n_seeds


def test_finalists_that_stand_are_not_refitted_again():
    _, sides, _, chosen, n_seeds, _ = made(deep={"steady": True}, shallow={"steady": True})
    for name, side in sides.items():
        assert chosen[name].name == f"{name}-1" and side.made == [f"{name}-1"] * n_seeds


def test_where_later_finalists_cannot_be_refitted_the_earlier_ones_stand_with_their_refits():
    first = {}

    def fails(name):  # the first finalist that is named can be refitted, and no other
        first.setdefault("name", name)
        return name != first["name"]

    _, sides, _, chosen, n_seeds, told = made(deep={"fails": fails}, shallow={"steady": True})
    assert chosen["deep"].name == first["name"] != sides["deep"].runs[-1].name
    assert n_seeds >= 3 and chosen["deep"].refitted and sides["deep"].n_refits == n_seeds and not told


def test_where_nothing_can_be_refitted_all_time_goes_to_the_search():
    clock, _, _, chosen, n_seeds, told = made(deep={"fails": lambda name: True})
    assert told == ["none"] and n_seeds == 1 and not any(run.refitted for run in chosen.values())
    assert clock.remaining - Reserve().seconds(chosen) <= passes.UNUSED_SHARE * 60.0


def test_where_nothing_is_left_to_try_there_is_no_further_pass():
    clock, sides, stopped, _, n_seeds, _ = made(deep={"most": 3}, shallow={"most": 3})
    assert stopped == "exhausted" and n_seeds == MOST_REFITS and clock.remaining > 40.0
    assert sides["deep"].made == ["deep-3"] * n_seeds


def test_where_no_side_can_use_what_is_left_the_passes_end():
    slow = {"trial": 24.0, "expects": 0.5}
    clock, sides, stopped, _, n_seeds, _ = made(deep=slow, shallow=slow)
    assert len(sides["deep"].runs) == len(sides["shallow"].runs) == 1 and n_seeds == MOST_REFITS
    assert stopped == "budget" and clock.remaining == pytest.approx(60.0 - 48.0 - 4.0)


def test_an_interrupt_ends_the_passes():
    _, sides, stopped, chosen, n_seeds, _ = made(stopping=lambda sides: len(sides["deep"].runs) >= 2)
    assert stopped == "interrupt" and n_seeds == 1 and not chosen["deep"].refitted
    assert len(sides["deep"].runs) == 2


@pytest.mark.parametrize("seeds", [1, 3])
def test_without_a_clock_there_is_one_pass_with_the_refits_that_are_wanted(seeds):
    _, sides, stopped, _, n_seeds, _ = made(math.inf, {"most": 3}, {"most": 5}, refits=seeds, most_refits=seeds)
    assert stopped == "exhausted" and n_seeds == seeds and sides["deep"].made == ["deep-3"] * seeds


def test_one_side_alone_is_refitted_once_and_searches_with_the_rest():
    clock = FakeClock(60.0)
    side = Side(clock, "deep")
    _, chosen, n_seeds = search_and_refit(
        Recipe(None, ensemble=False), {"deep": side}, clock, [], lambda: False, Reserve(), refits=1, most_refits=1
    )
    assert n_seeds == 1 and chosen["deep"].refitted and side.n_refits == 1
    assert clock.remaining - Reserve().seconds(chosen) <= passes.UNUSED_SHARE * 60.0


def test_where_there_is_no_time_for_another_refit_what_is_left_of_it_is_searched_with():
    """A refit of both takes 8 s: after the first, 17 s are left for a second one, the conclusion and more search."""
    long = {"expects": 10.0, "takes": 4.0, "steady": True}
    clock, _, _, chosen, n_seeds, _ = made(deep=long, shallow=long)
    assert n_seeds == 2 and all(run.refitted for run in chosen.values())
    assert clock.remaining - Reserve().seconds(chosen, n_seeds) <= passes.UNUSED_SHARE * 60.0


def test_where_all_members_cannot_be_refitted_again_the_search_goes_on_with_what_the_heaviest_leave():
    """The first refits take 18 of 31 s; a second one would take more than what is left, one of two members 2 s."""
    many = {"expects": 6.0, "takes": 9.0, "heaviest": 1.0, "steady": True}
    clock, sides, _, chosen, n_seeds, _ = made(deep=many, shallow=many)
    assert n_seeds == 1 and all(run.refitted for run in chosen.values())
    assert sides["deep"].made == ["deep-1"] and clock.remaining - Reserve().seconds(chosen) <= 0.1 * 60.0


def test_where_no_time_is_left_for_any_model_one_shallow_model_is_fitted_late():
    clock, sides, stopped, chosen, n_seeds, _ = made(3.0)
    assert stopped == "budget" and n_seeds == 1 and set(chosen) == {"shallow"} and not chosen["shallow"].refitted
    assert len(sides["shallow"].runs) == 1 and not sides["deep"].runs and clock.now == 1.0


@pytest.mark.parametrize(("trial", "n_models"), [(passes.LEAST_LATE_SECONDS, 1), (passes.LEAST_LATE_SECONDS + 0.1, 0)])
def test_a_late_model_has_a_bounded_time(trial, n_models):
    _, sides, stopped, chosen, _, _ = made(3.0, {"trial": trial}, {"trial": trial})
    assert stopped == "budget" and len(chosen) == n_models and not sides["deep"].runs


def test_after_an_interrupt_there_is_no_late_model():
    _, sides, stopped, chosen, _, _ = made(3.0, stopping=lambda sides: True)
    assert stopped == "interrupt" and not chosen and not sides["shallow"].runs
