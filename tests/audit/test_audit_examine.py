"""The audit as a whole."""

from __future__ import annotations

import dataclasses
import importlib
import time

import numpy as np
import pandas as pd
import pytest

from automl import goals
from automl.audit import examine
from automl.records import Finding
from automl.report.findings import finding_text, gravest_first, row_numbers_text

module = importlib.import_module("automl.audit.examine")


def test_a_clean_table_calls_for_nothing_grave(view, clean):
    for target in clean[1:]:
        seen = view(clean[0], target)
        assert [f for f in examine(seen.dataset, seen.task, seen.split) if f.severity != "low"] == []


def test_the_same_data_give_the_same_findings(view, clean, rng):
    frame, label, _ = clean
    frame = frame.assign(after=label.where(rng.random(len(label)) > 0.02, "no"))
    seen = view(frame, label)

    first = examine(seen.dataset, seen.task, seen.split)

    assert "leaking_column" in {f.check for f in first}
    assert first == examine(seen.dataset, seen.task, seen.split)


def test_a_check_that_fails_ends_nothing_and_is_named(view, clean, monkeypatch):
    def broken(view):
        raise ValueError("no such thing")

    seen = view(clean[0], clean[1])
    monkeypatch.setattr(module, "GRAVE", ())
    monkeypatch.setattr(module, "TIMED", (broken, *module.TIMED[:2]))
    with pytest.raises(ValueError, match="no such thing"):
        examine(seen.dataset, seen.task, seen.split)
    monkeypatch.setattr(module, "STRICT", False)

    (found,) = examine(seen.dataset, seen.task, seen.split)

    assert (found.check, found.severity) == ("audit_failed", "low")
    assert "broken (ValueError)" in found.message and "no such thing" not in found.message


def test_a_check_that_finds_no_memory_is_told_apart(view, clean, monkeypatch):
    def large(view):
        raise MemoryError

    seen = view(clean[0], clean[1])
    monkeypatch.setattr(module, "GRAVE", ())
    monkeypatch.setattr(module, "TIMED", (large, *module.TIMED[:2]))
    monkeypatch.setattr(module, "STRICT", False)
    (found,) = examine(seen.dataset, seen.task, seen.split)
    assert found.check == "audit_cut" and "too little memory" in found.message and "report this" not in found.next_step


def test_no_check_begins_once_time_is_over(view, clean, monkeypatch):
    def slow(view):
        time.sleep(0.05)

    def late(view):
        raise AssertionError

    seen = view(clean[0], clean[1])
    monkeypatch.setattr(module, "GRAVE", ())
    monkeypatch.setattr(module, "TIMED", (slow, late))

    (found,) = examine(seen.dataset, seen.task, seen.split, seconds=0.01)

    assert found.check == "audit_cut" and "late" in found.message


def test_checks_that_do_not_concern_the_data_are_not_missed_where_time_ends(view, clean):
    seen = view(clean[0], clean[1])

    (found,) = examine(seen.dataset, seen.task, seen.split, seconds=0.0)

    assert "doubtful_labels" in found.message
    assert not any(name in found.message for name in ("doubtful_values", "long_gaps", "images", "languages"))


def test_no_model_is_begun_that_would_end_too_late(view, clean, monkeypatch):
    seen = view(clean[0], clean[1])
    monkeypatch.setattr(importlib.import_module("automl.audit.deadline"), "LEARN_SECONDS", 1e6)

    found = {f.check: f for f in examine(seen.dataset, seen.task, seen.split, seconds=1e3)}

    assert "doubtful_labels" in found["audit_cut"].message


def grave(findings):
    return [one for one in findings if one.check not in {"audit_cut", "audit_failed"} | TIMED_NAMES]


TIMED_NAMES = {
    "target_outliers", "rare_classes", "few_rows", "sorted_rows", "changed_frequency", "long_gaps", "blank_images",
    "empty_texts", "drifted_test", "alike_images", "near_twin_rows", "contradictory_rows", "mixed_languages",
    "doubtful_labels", "doubtful_values",
}  # fmt: skip


@pytest.mark.parametrize("fault", ["copy", "leak", "two leaks", "group", "time", "twins", "identifier"])
def test_without_time_leaks_groups_time_and_copies_are_found_with_the_same_severity(view, clean, rng, fault):
    frame, label, _ = clean
    n = len(frame)
    noisy = [label.where(rng.random(n) > 0.02, rng.permutation(label)) for _ in range(2)]
    who = rng.integers(0, 150, n)
    made = {
        "copy": (frame.assign(bad=(label == "yes") * 3.0), label),
        "leak": (frame.assign(bad=noisy[0]), label),
        "two leaks": (frame.assign(bad=noisy[0], worse=noisy[1]), label),
        "group": (frame.assign(customer=[f"C{i}" for i in who]), pd.Series(rng.normal(size=150)[who] > 0)),
        "time": (frame.assign(bad=pd.date_range("2020-01-01", periods=n, freq="h")), pd.Series(np.arange(n) > 400)),
        "twins": (pd.concat([frame.head(400)] * 2, ignore_index=True), pd.concat([label.head(400)] * 2)),
        "identifier": (frame.assign(row_id=np.argsort(np.argsort(label + rng.permutation(n).astype(str)))), label),
    }[fault]
    options = {"columns": {"customer": "identifier"}} if fault == "group" else {}
    seen = view(made[0], made[1].reset_index(drop=True), **options)

    hurried = examine(seen.dataset, seen.task, seen.split, seconds=0.0)

    assert "audit_cut" in {one.check for one in hurried}
    assert grave(hurried) == grave(examine(seen.dataset, seen.task, seen.split))
    assert [one for one in grave(hurried) if one.severity != "low"]


def test_a_grave_check_without_an_answer_is_no_mere_note(view, clean, monkeypatch):
    def broken(view):
        raise ValueError

    def large(view):
        raise MemoryError

    seen = view(clean[0], clean[1])
    monkeypatch.setattr(module, "STRICT", False)
    monkeypatch.setattr(module, "GRAVE", (broken, large))

    found = {f.check: f.severity for f in examine(seen.dataset, seen.task, seen.split)}

    assert (found["audit_failed"], found["audit_cut"]) == ("medium", "medium")


@pytest.mark.parametrize("n", [10, 25])
def test_few_rows_of_every_kind_raise_nothing(view, n):
    rng = np.random.default_rng(n)
    frame = pd.DataFrame({
        "number": rng.normal(size=n), "gap": np.where(rng.random(n) < 0.5, np.nan, 1.5),
        "word": rng.choice(["u", None], n),
        "gone": [None] * n,
        "one": 1,
        "members": [["a", "b"], ["c"]] * (n // 2) + [None] * (n % 2),
        "site": [f"https://example.org/{i}" for i in range(n)],
        "day": pd.date_range("2020-01-01", periods=n), "text": [f"some words and {i} more" for i in range(n)],
        "infinite": np.where(rng.random(n) < 0.3, np.inf, 2.0), "big": 1e300 * rng.normal(size=n),
    })  # fmt: skip
    for target in (pd.Series(rng.choice(["s", "t"], n)), pd.Series(rng.normal(size=n))):
        for parted in (True, False):
            seen = view(frame, target, parted=parted, columns={"text": "text"})
            examine(seen.dataset, seen.task, seen.split)


def test_several_targets_labels_and_sequences_raise_nothing(view, clean, rng):
    frame, label, amount = clean
    n = len(frame)
    targets = [
        (frame, pd.DataFrame({"a": amount, "b": amount * rng.random(n)})),
        (frame, pd.DataFrame({"a": (label == "yes") * 1, "b": rng.integers(0, 2, n)})),
        (rng.normal(size=(n, 2, 50)), label),
    ]
    for inputs, target in targets:
        seen = view(inputs, target)
        assert [f for f in examine(seen.dataset, seen.task, seen.split) if f.severity == "high"] == []


def test_findings_are_shown_gravest_first_with_rows_and_next_step():
    low, high = Finding("a", "low", "A.", "Do a."), Finding("b", "high", "B.", "Do b.", ("x",), (3, 4), 9)

    assert (high, low) == gravest_first([low, high])
    assert finding_text(high) == "high: B. (Rows 3, 4 and 7 more.) Do b."
    assert finding_text(low) == "low: A. Do a."
    assert row_numbers_text(Finding("c", "low", "C.", rows=(3,), count=1)) == "Row 3"


def test_people_and_dates_that_tell_the_target_are_no_leaks_besides(view, rng):
    n = 1500
    who = rng.integers(0, 150, n)
    state = rng.normal(size=150)[who] > 0
    people = pd.DataFrame({"a": rng.normal(size=n), "patient_id": [f"P{i}" for i in who]})
    days = pd.date_range("2015-01-01", periods=n).astype(str)
    dated = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n), "day": days})
    walk = np.cumsum(rng.normal(size=n)).round(2)

    for frame, target, check, column in (
        (people, state, "crossing_groups", "patient_id"),
        (dated, walk, "ignored_time", "day"),
    ):
        seen = view(frame, target)
        naming = {f.check for f in examine(seen.dataset, seen.task, seen.split) if column in f.columns}
        assert naming == {check}


def told_of(seen, column):
    return {f.check: f.severity for f in examine(seen.dataset, seen.task, seen.split) if column in f.columns}


@pytest.mark.parametrize("goal", ["labels", "numbers"])
def test_a_code_that_holds_the_answer_is_a_grave_leak_though_its_rows_are_alike(view, clean, rng, goal):
    frame, label, amount = clean
    if goal == "labels":
        level = rng.integers(0, 15, len(frame)) + 15 * (label == "yes")
        target = label
    else:
        level, target = pd.qcut(amount, 40, labels=False), amount
    seen = view(frame.assign(billing_code=[f"B{i}" for i in level]), target, columns={"billing_code": "categorical"})

    assert told_of(seen, "billing_code") == {"crossing_groups": "medium", "leaking_column": "high"}


def test_a_date_that_is_filled_in_after_the_fact_is_a_leak_besides(view, clean, rng):
    frame, label, _ = clean
    days = np.where(label == "yes", rng.integers(0, 300, len(frame)), rng.integers(400, 430, len(frame)))
    last = (pd.Timestamp("2023-01-01") + pd.to_timedelta(days, "D")).astype(str)

    assert told_of(view(frame.assign(last_login=last), label), "last_login") == {
        "ignored_time": "high",
        "leaking_column": "high",
    }


def test_a_number_that_drifts_with_its_date_is_no_leak_of_the_date(view, clean, rng):
    frame, _, _ = clean
    when = (pd.Timestamp("2023-01-01") + pd.to_timedelta(np.arange(len(frame)), "D")).astype(str)
    level = pd.Series(np.arange(len(frame)) * 1.0 + rng.normal(size=len(frame)))

    assert told_of(view(frame.assign(sold_on=when), level), "sold_on") == {"ignored_time": "high"}


@pytest.mark.parametrize("base", ["binary", "regression"])
def test_a_goal_of_a_plug_in_is_audited_like_its_base(view, clean, base):
    frame, label, amount = clean
    target = (label if base == "binary" else amount).head(300)
    seen = view(frame.head(300).assign(again=target), target)
    other = dataclasses.replace(goals.named(base), name="other", base=base)
    goals.plug_in([other])
    try:
        found = examine(seen.dataset, dataclasses.replace(seen.task, goal="other"), seen.split)
    finally:
        goals.plug_in(())

    assert {"copied_target", "few_rows"} <= {one.check for one in found}
    assert found == examine(seen.dataset, seen.task, seen.split)
