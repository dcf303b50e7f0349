"""The corrected resampled interval, and what is told of repeats."""

from __future__ import annotations

import math

import numpy as np
import pytest

from automl.verdict.repeated import corrected_interval, repeated

GAINS = (0.02, 0.04, 0.03)


def test_the_interval_is_the_one_computed_by_hand() -> None:
    """s² = .0001, and t with two degrees of freedom is 4.3027: 4.3027 sqrt((1/3 + 1/4) .0001) = .03286."""
    low, high = corrected_interval(GAINS, 0.25)
    assert (low, high) == (pytest.approx(0.03 - 0.03286, abs=1e-5), pytest.approx(0.03 + 0.03286, abs=1e-5))


def test_without_shared_rows_it_is_that_of_a_plain_t_test() -> None:
    low, high = corrected_interval(GAINS, 0.0)
    assert (high - low) / 2 == pytest.approx(4.30265 * np.std(GAINS, ddof=1) / math.sqrt(3), rel=1e-4)


def test_more_shared_rows_and_a_higher_level_make_it_wider() -> None:
    def width(ratio: float, level: float = 0.95) -> float:
        low, high = corrected_interval(GAINS, ratio, level)
        return high - low

    assert width(0.0) < width(0.25) < width(0.5) and width(0.25, 0.8) < width(0.25)


def test_the_interval_keeps_to_the_range_of_the_metric() -> None:
    made = repeated("accuracy", 2, (0.9, -0.7), 0.25, (), "")
    assert made.interval == (-1.0, 1.0) and made.gain == pytest.approx(0.1)


def test_gains_that_are_equal_have_an_interval_without_width() -> None:
    assert repeated("accuracy", 2, (0.0, 0.0), 0.25, (), "").interval == (0.0, 0.0)


def test_fewer_than_two_give_no_interval() -> None:
    one = repeated("accuracy", 5, (0.02,), 0.25, (), "the budget left no time for them")
    assert one.interval is None and one.gain == 0.02
    assert "1 of 5 repeats was made: another split" in one.note
    assert "There deep gains +0.0200 accuracy." in one.note
    assert "An interval needs at least 2. 4 repeats were left out: the budget left no time for them." in one.note
    none = repeated("accuracy", 5, (), 0.0, (), "the run was interrupted")
    assert none.interval is None and none.gain is None
    assert none.note == "0 of 5 repeats were made. 5 repeats were left out: the run was interrupted."


def test_the_note_says_what_it_adds_that_it_does_not_decide_and_what_failed() -> None:
    made = repeated("accuracy", 5, GAINS, 0.25, ("no memory", "no disk"), "")
    assert made.note.startswith("3 of 5 repeats were made: another split of the same rows by the same rule")
    for said in ("both finalists were fitted anew, their settings as they are",
                 "In the mean deep gains +0.0300 accuracy",
                 "95 % interval from −0.0029 to +0.0629 is for the mean gain of these two settings over such splits",
                 "corrected for the rows that splits share", "not another search", "does not decide",
                 "for both sides alike",
                 "2 repeats failed; the first: no memory."):  # fmt: skip
        assert said in made.note
    assert "left out" not in made.note and made.failures == ("no memory", "no disk")
