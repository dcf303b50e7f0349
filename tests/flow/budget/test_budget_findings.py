"""What a run says of its own time."""

import math
import sys
from types import SimpleNamespace

import pytest

from automl.flow.budget import clock as clock_of_a_run
from automl.flow.budget.clock import Clock
from automl.flow.budget.findings import _over, _unequal, too_late_for_deep, unequal_processor
from automl.report.trust import trust_of
from automl.system import contention
from automl.system.contention import ProcessorUse


def test_an_offer_counts_what_was_spent_and_a_refusal_does_not_take_it_back():
    clock = Clock(60)
    clock.offer("deep", 24.0)
    clock.decline("deep")
    clock.offer("deep", 10.0)
    clock.offer("shallow", math.inf)
    assert clock.offered == {"deep": 24.0}


def test_tensorflow_is_not_loaded_for_seconds_that_cannot_pay_for_it(tmp_path):
    short, long = (SimpleNamespace(remaining=left, slowness=1.0) for left in (3.0, 30.0))
    assert "3 s of the budget" in too_late_for_deep(short, tmp_path)
    assert too_late_for_deep(long, tmp_path) is None
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "mlp-1.npz").write_bytes(b"kept")
    assert too_late_for_deep(short, tmp_path) is None  # an earlier call's network can still be scored


def test_on_a_slow_machine_loading_takes_longer_and_needs_more_of_the_budget(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    quiet, slow = (SimpleNamespace(remaining=20.0, slowness=slowness) for slowness in (1.0, 3.0))
    assert too_late_for_deep(quiet, tmp_path, reserved=4.0) is None
    assert "other programs make 3.0 times as slow" in too_late_for_deep(slow, tmp_path)
    assert too_late_for_deep(SimpleNamespace(remaining=20.0, slowness=2.0), tmp_path) is None
    assert too_late_for_deep(SimpleNamespace(remaining=20.0, slowness=2.0), tmp_path, reserved=5.0) is not None
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace())
    assert too_late_for_deep(slow, tmp_path) is None  # it is loaded already


@pytest.mark.parametrize(("deep", "expected"), [(24.0, False), (26.0, False), (40.0, True)])
def test_unequal_time_is_a_finding(deep, expected):
    clock = Clock(60)
    clock.offered, clock.spent = {"deep": deep, "shallow": 24.0}, {"deep": deep, "shallow": 12.0}
    found = _unequal(clock)
    assert (found is not None) == expected
    if found is not None:
        assert "12 s of the 24 s" in found.message and "deep side, which was allotted 40 s" in found.message


@pytest.mark.parametrize(("budget", "wall", "over"), [(60.0, 62.9, False), (60.0, 63.1, True), (300.0, 308.0, False)])
def test_a_run_over_its_budget_by_more_than_three_seconds_and_three_percent_says_so(budget, wall, over):
    assert (_over(Clock(budget), wall, 0.0) is not None) == over


def use(wall, processor, lost):
    return ProcessorUse(wall, processor, lost)


@pytest.mark.parametrize(
    ("deep", "shallow", "severity"),
    [
        (use(20, 19.6, 0.3), use(20, 19.0, 0.6), None),  # a quiet core
        (use(20, 10.4, 9.6), use(20, 10.0, 10.0), None),  # a busy one, for both alike
        (use(20, 13.0, 7.0), use(20, 19.0, 0.9), "medium"),
        (use(20, 9.0, 10.0), use(20, 19.0, 0.9), "high"),
        (use(20, 60.0, 2.0), use(20, 19.0, 0.9), None),  # fits that use several cores
        (use(20, 8.0, 0.2), use(20, 19.0, 0.9), None),  # fits that wait for memory
        (use(2, 0.9, 1.0), use(20, 19.0, 0.9), None),  # too short to tell
        (use(20, 0.0, 0.0), use(20, 19.0, 0.9), None),  # not measured: workers elsewhere, or no counters
    ],
)
def test_a_side_that_had_less_of_the_processors_than_it_wanted_is_a_finding(deep, shallow, severity):
    found = unequal_processor({"deep": deep, "shallow": shallow}, None)
    assert (found and found.severity) == severity


def test_it_says_what_both_sides_had_and_lowers_trust():
    found = unequal_processor({"deep": use(20, 10.4, 9.6), "shallow": use(20, 19.0, 0.9)}, None)
    assert found.message.startswith("The deep side got 0.52 processor seconds a second, the shallow side 0.95:")
    assert "52 % of the processor time" in found.message and "quiet machine" in found.next_step
    assert trust_of([found]).level == "medium"


def test_where_the_side_that_had_less_won_its_victory_stands():
    processors = {"deep": use(20, 10.4, 9.6), "shallow": use(20, 19.0, 0.9)}
    won = unequal_processor(processors, SimpleNamespace(verdict="deep"))
    lost = unequal_processor(processors, SimpleNamespace(verdict="shallow"))
    assert (won.severity, lost.severity) == ("low", "medium") and trust_of([won]).level == "high"


def test_the_clock_adds_up_what_each_side_had_of_the_processors():
    ran = iter([{(1, 1): (0.0, 0.0)}, {(1, 1): (2.0, 0.0)}, {(1, 1): (2.0, 0.0)}, {(1, 1): (5.0, 0.0)}])
    clock = Clock(60, read=lambda: next(ran))
    for _ in range(2):
        with clock.spend("deep"):
            pass
    assert clock.processors["deep"].processor_seconds == 5.0 and "shallow" not in clock.processors


@pytest.mark.parametrize(("waited", "expected"), [(0.0, 1.0), (4.0, 3.0), (1e6, clock_of_a_run.MOST_SLOWNESS)])
def test_the_clock_sees_how_slow_other_programs_make_the_machine(monkeypatch, waited, expected):
    """Of 6 s on one core a thread ran 2 s, and waited for its core some of the others."""
    now = iter([0.0, 0.0, 6.0])
    monkeypatch.setattr(clock_of_a_run.time, "monotonic", lambda: next(now, 6.0))
    monkeypatch.setattr(contention, "usable_cores", lambda: 1 if waited < 100 else 10**6)
    ran = iter([{(1, 1): (0.0, 0.0)}, {(1, 1): (2.0, waited)}])
    clock = Clock(60, read=lambda: next(ran))
    assert clock.slowness == 1.0
    with clock.watch():
        pass
    assert clock.slowness == pytest.approx(expected)


def test_where_nothing_can_be_measured_no_machine_is_slow():
    clock = Clock(60)
    with clock.watch():
        pass
    assert clock.slowness == 1.0
