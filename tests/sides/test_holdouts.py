"""Which trials are judged on all hold-outs, and what their scores say."""

from __future__ import annotations

import math

import pytest

from automl.sides.holdouts import MultiHoldoutPolicy, has_time


@pytest.mark.parametrize(("higher", "sign"), [(True, 1), (False, -1)])
def test_the_first_goes_on_and_later_ones_from_the_upper_quartile_of_those_before(higher: bool, sign: int) -> None:
    asked = MultiHoldoutPolicy(3, higher)
    assert asked.deserves(sign * -1e9, asked.promotion_score())
    for score in (0.5, 0.7, 0.6, 0.1, 0.2):
        asked.take_in([sign * score])
    assert asked.promotion_score() == pytest.approx(sign * 0.6)
    assert asked.deserves(sign * 0.601, asked.promotion_score()) and not asked.deserves(
        sign * 0.599, asked.promotion_score()
    )


def test_with_one_hold_out_nobody_goes_on() -> None:
    asked = MultiHoldoutPolicy(1, True)
    assert asked.promotion_score() is None and not asked.deserves(1.0, asked.promotion_score())
    assert asked.take_in([0.7]) == 0.7


@pytest.mark.parametrize("sign", [1, -1])
def test_a_trial_that_had_no_time_is_not_overtaken_by_worse_ones_that_had(sign: int) -> None:
    asked = MultiHoldoutPolicy(3, sign == 1)
    asked.take_in([sign * 0.9], skipped_for_time=True)
    for _ in range(5):
        asked.take_in([sign * 0.2])
    assert asked.promotion_score() == sign * 0.9


def test_a_score_on_one_hold_out_is_put_on_the_scale_of_the_means() -> None:
    asked = MultiHoldoutPolicy(3, True)
    assert asked.take_in([0.9, 0.8, 0.7]) == pytest.approx(0.8)  # this hold-out is easy: 0.1 above the mean
    assert asked.take_in([0.8]) == pytest.approx(0.7)
    asked.take_in([0.9, 0.9, 0.9])
    assert asked.take_in([0.8]) == pytest.approx(0.75)


def test_the_others_are_begun_only_where_they_fit_into_the_time() -> None:
    assert has_time(2, 4.0, 10.0, 1.0) and not has_time(2, 4.0, 9.9, 1.0)
    assert has_time(2, 4.0, 100.0, 0.1) and not has_time(2, 4.0, 99.0, 0.1)
    assert has_time(2, 4.0, math.inf, 0.01)


def test_the_first_examination_asks_for_time_for_many_fits() -> None:
    asked = MultiHoldoutPolicy(3, True)
    assert not has_time(2, 1.0, 35.0, asked.share) and has_time(2, 1.0, 45.0, asked.share)
    asked.take_in([0.5])
    assert asked.share < 0.1
    asked.take_in([0.5, 0.6, 0.7])
    assert asked.share == 1.0
