"""The seconds that a run has used survive it."""

import errno
import json
import math
import os
import threading
import time

import pytest
from hand_clock import HandClock

from automl.flow.budget import clock as clocks
from automl.flow.budget import ledger as ledgers
from automl.flow.budget.clock import Clock
from automl.flow.budget.ledger import Ledger
from automl.records import Recipe


@pytest.fixture(autouse=True)
def hand(monkeypatch):
    """What the budget's clock goes by."""
    made = HandClock()
    monkeypatch.setattr(clocks, "time", made)
    return made


def recipe(seconds, given=True):
    return Recipe("data.csv", budget_seconds=seconds, budget_given=given)


def call(folder, asked, used, given=True, notes=None):
    """One call that uses so many seconds, half of them on the deep side; its clock."""
    clock = Clock(asked)
    clocks.time.sleep(used)
    with Ledger(folder, recipe(asked, given), clock, (notes if notes is not None else []).append):
        clock.spent["deep"] += used / 2
    return clock


def test_the_same_budget_has_what_is_left_of_it(tmp_path):
    assert call(tmp_path, 60, 20).remaining == 40
    second = call(tmp_path, 60, 15)
    assert (second.budget_seconds, second.elapsed, second.spent["deep"]) == (60, 35, 17.5)
    assert call(tmp_path, 60, 30).remaining == -5


def test_no_budget_given_has_what_is_left_and_another_one_counts_from_now(tmp_path):
    call(tmp_path, 60, 20)
    assert call(tmp_path, 300, 0, given=False).budget_seconds == 60
    third = call(tmp_path, 100, 0)
    assert (third.budget_seconds, third.remaining) == (120, 100)
    fourth = call(tmp_path, 100, 0)  # the same again: no new one
    assert fourth.budget_seconds == third.budget_seconds


def test_no_bound_stays_none(tmp_path):
    call(tmp_path, math.inf, 10)
    assert call(tmp_path, 300, 0, given=False).budget_seconds == math.inf
    assert call(tmp_path, 30, 0).remaining == 30


def test_what_is_under_way_is_written_while_it_lasts(tmp_path, hand, monkeypatch):
    monkeypatch.setattr(ledgers, "EVERY_SECONDS", 0.01)
    written, write = threading.Semaphore(0), Ledger.write

    def noticed(self):
        write(self)
        written.release()

    clock = Clock(60)
    with Ledger(tmp_path, recipe(60), clock, print), clock.spend("shallow"):
        hand.sleep(5)
        monkeypatch.setattr(Ledger, "write", noticed)
        assert all(written.acquire(timeout=300) for _ in range(2))  # the first may have begun before
        found = json.loads((tmp_path / "spent.json").read_text())
        assert found["wall_seconds"] == found["spent"]["shallow"] == 5
        assert clock.spent["shallow"] == 0.0


def test_a_clock_that_is_set_back_changes_nothing(tmp_path, monkeypatch):
    call(tmp_path, 60, 20)
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    assert call(tmp_path, 60, 0).remaining == 40


SOUND = {"asked_seconds": 60, "offered_seconds": None, "wall_seconds": 5, "spent": {"deep": 1}, "phases": {"read": 1.0},
         "started": "2026-01-02T03:04:05+0000"}  # fmt: skip
ODD = [{"wall_seconds": 10**400}, {"wall_seconds": 1e200}, {"wall_seconds": True}, {"wall_seconds": "5"}, {"spent": []},
       {"spent": {"deep": -1}}, {"spent": {"deep": None}}, {"phases": {str(i): 1.0 for i in range(1000)}},
       {"started": 5}, {"started": "<script>alert(1)</script>"}, {"started": "x" * 100}, {"asked_seconds": -5},
       {"offered_seconds": {}}]  # fmt: skip


def test_the_phase_of_refits_is_read_by_its_earlier_name_too(tmp_path):
    for phases in ({"read": 1.0, "seeds": 2.0}, {"read": 1.0, "seeds": 0.5, "refits": 1.5}):
        (tmp_path / "spent.json").write_text(json.dumps({**SOUND, "phases": phases}))
        ledger = Ledger(tmp_path, recipe(60, given=False), Clock(60), print)
        assert ledger.recorded.phases == {"read": 1.0, "refits": 2.0}


def test_what_is_as_it_should_be_is_taken(tmp_path):
    (tmp_path / "spent.json").write_text(json.dumps(SOUND))
    notes = []
    ledger = Ledger(tmp_path, recipe(60, given=False), Clock(60), notes.append)
    assert notes == [] and ledger.recorded.wall_seconds == 5 and ledger.started == SOUND["started"]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"wall_seconds": null}', "null", '{"wall_seconds": -1}', "[" * 100_000, '{"a":' * 900, "NaN",
     *(json.dumps({**SOUND, **odd}) for odd in ODD), json.dumps(SOUND).replace("60", "1e999"), "\0"],
)  # fmt: skip
def test_what_cannot_be_read_is_put_aside_and_said(tmp_path, content):
    (tmp_path / "spent.json").write_text(content)
    notes = []
    assert call(tmp_path, 60, 0, notes=notes).remaining == 60
    assert (tmp_path / "spent.unreadable").read_text() == content
    assert len(notes) == 1 and "spent.unreadable" in notes[0]


def test_a_full_disk_is_told_once(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    call(tmp_path, 60, 20)
    monkeypatch.setattr(os, "fsync", full)
    notes = []
    clock = Clock(60)
    with Ledger(tmp_path, recipe(60), clock, notes.append) as ledger:
        ledger.write()
    assert len(notes) == 1 and "no space left" in notes[0]
    monkeypatch.undo()
    assert json.loads((tmp_path / "spent.json").read_text())["wall_seconds"] == 20


def test_a_deadline_never_passes_the_budgets_end(hand):
    clock = Clock(60)
    clock.go_on(60, 50, {}, {})
    assert (clock.deadline(30), clock.deadline(5)) == (hand.now + 10, hand.now + 5)


def test_the_file_cut_or_changed_anywhere_never_ends_a_run(tmp_path):
    call(tmp_path, 60, 20)
    path = tmp_path / "spent.json"
    content = path.read_bytes()
    places = range(0, len(content), 3)
    changed = [content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :] for at in places for bit in (1, 16, 128)]
    for damaged in [*(content[:end] for end in range(len(content))), *changed]:
        path.write_bytes(damaged)
        clock = Clock(60)
        notes = []
        Ledger(tmp_path, recipe(60), clock, notes.append)
        assert clock.budget_seconds > 0 and clock.elapsed >= 0
        assert bool(notes) == bool(list(tmp_path.glob("*.unreadable")))
        for aside in tmp_path.glob("*.unreadable"):
            assert aside.read_bytes() == damaged
            aside.unlink()
