"""What a run says of its own time."""

import math
from types import SimpleNamespace

import pytest

from automl.flow.budget.clock import Clock
from automl.flow.budget.findings import _over, _unequal, too_late_for_deep


def test_an_offer_counts_what_was_spent_and_a_refusal_does_not_take_it_back():
    clock = Clock(60)
    clock.offer("deep", 24.0)
    clock.decline("deep")
    clock.offer("deep", 10.0)
    clock.offer("shallow", math.inf)
    assert clock.offered == {"deep": 24.0}


def test_tensorflow_is_not_loaded_for_seconds_that_cannot_pay_for_it(tmp_path):
    short, long = SimpleNamespace(remaining=3.0), SimpleNamespace(remaining=30.0)
    assert "3 s of the budget" in too_late_for_deep(short, tmp_path)
    assert too_late_for_deep(long, tmp_path) is None
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "mlp-1.npz").write_bytes(b"kept")
    assert too_late_for_deep(short, tmp_path) is None  # an earlier call's network can still be scored


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
