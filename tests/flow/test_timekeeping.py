"""What of a budget is left to a resumed run."""

import json
import time

import pytest

from automl.clock import Clock
from automl.flow.timekeeping import TIME_FILE, Timekeeper, offer


def used(folder, seconds, deep, shallow, asked=100.0):
    clock = Clock(asked, time.monotonic() - seconds)
    clock.spent |= {"deep": deep, "shallow": shallow}
    Timekeeper(folder, clock, asked).note()


def test_the_rest_of_the_budget_is_offered_and_what_was_spent_counts(tmp_path):
    used(tmp_path, 60, deep=30, shallow=20)
    clock = Clock(100.0)
    assert "left of the budget" in offer(tmp_path, 100.0, clock)
    assert clock.elapsed == pytest.approx(60, abs=1) and clock.remaining == pytest.approx(40, abs=1)
    assert clock.spent == {"deep": pytest.approx(30), "shallow": pytest.approx(20)}


def test_another_budget_is_offered_whole(tmp_path):
    used(tmp_path, 60, deep=30, shallow=20)
    clock = Clock(30.0)
    assert "a new budget" in offer(tmp_path, 30.0, clock)
    assert clock.remaining == pytest.approx(30, abs=1) and clock.budget_seconds == pytest.approx(90, abs=1)


def test_nothing_is_left_of_a_budget_that_was_used_up(tmp_path):
    used(tmp_path, 150, deep=30, shallow=0)
    clock = Clock(100.0)
    offer(tmp_path, 100.0, clock)
    assert clock.remaining <= 0


@pytest.mark.parametrize("text", ["", "{", "[]", "null", json.dumps({"used_seconds": "x", "spent": {}})])
def test_a_file_that_cannot_be_read_offers_all(tmp_path, text):
    (tmp_path / TIME_FILE).write_text(text)
    clock = Clock(100.0)
    assert offer(tmp_path, 100.0, clock) is None
    assert clock.remaining == pytest.approx(100, abs=1)


def test_it_is_not_written_all_the_time(tmp_path):
    keeper = Timekeeper(tmp_path, Clock(9), 9.0)
    keeper.note()
    first = (tmp_path / TIME_FILE).read_text()
    keeper.note()
    assert (tmp_path / TIME_FILE).read_text() == first
