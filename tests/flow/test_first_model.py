"""Shallow models while TensorFlow loads: the first one comes before it, the others are fitted beside it, both pay."""

import math
import threading
from types import SimpleNamespace

import pytest
from hand_clock import HandClock

from automl.flow import contest
from automl.flow.budget import clock as clocks
from automl.flow.budget.clock import Clock
from automl.flow.loading import Loading
from automl.records import Run


class FakeLoading:
    """Loads from `began` to `ended` by the hand clock."""

    def __init__(self, hands, began, ended):
        self.hands, self.began, self.ended = hands, began, ended

    @property
    def is_running(self):
        return self.hands.now < self.ended

    def seconds_within(self, begun, ended):
        return max(0.0, min(ended, self.ended) - max(begun, self.began))


class FakeShallow:
    def __init__(self, hands, takes, statuses):
        self.hands, self.takes, self.statuses, self.offered = hands, takes, iter(statuses), []

    def step(self, seconds):
        status = next(self.statuses, None)
        if status is None:
            return None
        self.offered.append(seconds)
        self.hands.sleep(self.takes)
        return (Run(f"linear-{len(self.offered)}", "shallow", status, "linear"),)


@pytest.fixture
def hands(monkeypatch):
    made = HandClock(0.0)
    for module in (contest, clocks):
        monkeypatch.setattr(module, "time", made)
    return made


def fitted(hands, shallow, loading, budget=60.0, first=False):
    clock, runs = Clock(budget, 0.0), []
    contest._while_loading(
        shallow, clock, SimpleNamespace(searching=lambda: 4.0), loading, SimpleNamespace(asked=False), runs, first=first
    )
    return clock, runs


def test_fits_go_on_until_tensorflow_is_there_and_both_sides_pay_for_the_time(hands):
    shallow = FakeShallow(hands, 1.5, ["done"] * 99)
    clock, runs = fitted(hands, shallow, FakeLoading(hands, 0.0, 6.0))
    assert len(runs) == 4 and clock.spent == {"deep": 6.0, "shallow": 6.0}
    assert shallow.offered[0] == 28.0  # half of what the conclusion leaves


def test_the_deep_side_pays_for_its_loading_alone(hands):
    clock, runs = fitted(hands, FakeShallow(hands, 4.0, ["done"] * 99), FakeLoading(hands, 1.0, 6.0))
    assert len(runs) == 2 and clock.spent == {"deep": 5.0, "shallow": 8.0}


def test_the_first_model_ends_the_wait_and_a_failed_one_does_not(hands):
    clock, runs = fitted(hands, FakeShallow(hands, 1.0, ["failed", "done", "done"]), FakeLoading(hands, 50, 60),
                         first=True)  # fmt: skip
    assert [run.status for run in runs] == ["failed", "done"] and clock.spent == {"deep": 0.0, "shallow": 2.0}


def test_nothing_to_fit_ends_it_and_without_a_limit_there_is_no_hurry(hands):
    assert fitted(hands, FakeShallow(hands, 1.0, []), FakeLoading(hands, 0, 9))[1] == []
    assert fitted(hands, FakeShallow(hands, 1.0, ["done"]), FakeLoading(hands, 0, 9), budget=math.inf)[1] == []


def test_loading_waits_until_it_is_told_to_go():
    began = threading.Event()
    loading = Loading("cpu", lambda wish: began.set())
    loading.start(wait_seconds=3600.0)
    assert loading.is_running and not began.is_set() and loading.seconds_within(0.0, 1e12) == 0.0
    loading.go()
    assert loading.wait() is None and began.is_set()
    assert 0.0 <= loading.seconds_within(0.0, 1e12) < 3600.0


def test_a_wait_for_what_was_not_told_to_go_ends_all_the_same():
    loading = Loading("cpu", lambda wish: None)
    loading.start(wait_seconds=3600.0)
    assert loading.wait() is None
