"""The total cost in a year, and where one run becomes the cheaper."""

from __future__ import annotations

import dataclasses

import pytest

from automl.records import Cost, Costs, Run
from automl.verdict.total_cost import cheaper, crossing, with_hours

DEFAULT = Costs()


def run(fit_seconds, rate, n_seeds=1, costs=DEFAULT):
    made = Run("a", "deep", "done", "a", cost=Cost(fit_seconds, rows_per_second=rate), n_seeds=n_seeds)
    return with_hours(made, costs)


def test_hours_are_fits_of_all_seeds_and_predictions_in_batches():
    assert run(300.0, 1000.0).hours_per_year == pytest.approx((12 * 300 + 1e6 / 1000) / 3600)
    assert run(300.0, 1000.0, n_seeds=3).hours_per_year == pytest.approx((3 * 12 * 300 + 1e6 / 1000) / 3600)
    rates = Costs(retrains_per_year=1, predictions_per_year=0)
    assert run(300.0, 1000.0, costs=rates).hours_per_year == pytest.approx(300 / 3600)


def test_what_was_not_measured_has_no_total_cost():
    assert run(300.0, None).hours_per_year is None
    assert not cheaper(run(300.0, None), run(1.0, 1.0)) and not cheaper(None, run(1.0, 1.0))


def test_costs_that_measured_times_cannot_tell_apart_are_equal():
    one, other = run(100.0, 1e9), run(120.0, 1e9)
    assert not cheaper(one, other) and not cheaper(other, one)
    assert cheaper(one, run(130.0, 1e9)) and not cheaper(run(130.0, 1e9), one)


def test_the_crossing_is_where_both_cost_the_same():
    costs = Costs(retrains_per_year=12)
    slow_fit, slow_answer = run(1000.0, 10_000.0), run(10.0, 100.0)
    at = crossing(slow_fit, slow_answer, costs)
    rates = dataclasses.replace(costs, predictions_per_year=at)
    one, other = (with_hours(which, rates).hours_per_year for which in (slow_fit, slow_answer))
    assert one == pytest.approx(other)
    assert crossing(slow_answer, slow_fit, costs) == pytest.approx(at)


def test_there_is_no_crossing_where_one_is_cheaper_at_any_number():
    assert crossing(run(1.0, 1000.0), run(2.0, 100.0), Costs()) is None
    assert crossing(run(1.0, 100.0), run(2.0, 100.0), Costs()) is None
    assert crossing(run(1.0, None), run(2.0, 100.0), Costs()) is None
