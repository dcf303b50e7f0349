"""Out-of-fold pairs decide where they are made; what the test says, and its figures, stay."""

from __future__ import annotations

import dataclasses

import pytest
from test_verdict_rule import contest

from automl.records import Champion, Lead
from automl.verdict import Pairs, Terms, by_pairs, compare

TERMS = Terms(Champion("deep", "deep", {}, Lead(0.01, 0.02)))


def judged(n_pairs=1500, signal=2.2, shallow=2.0, **changes):
    """A test of 120 rows, and pairs of more rows of the same two models."""
    test = contest(n=120, deep=signal, shallow=shallow, seeds=1, seed=3)
    more = contest(n=n_pairs, deep=signal, shallow=shallow, seeds=1, seed=4)
    tested = compare(**test, terms=TERMS)
    fields = {name: more[name] for name in ("split", "truth", "weight", "context", "deep", "shallow", "floor")}
    pairs = dataclasses.replace(Pairs(5, 5, 60, **fields), **changes)
    return tested, by_pairs(tested, pairs, test["task"], test["runs"], test["min_gain"], 0, TERMS)


def test_more_pairs_decide_what_the_test_leaves_open():
    tested, found = judged()
    assert (tested.verdict, tested.reason) == ("tie", "undecided")
    assert (found.verdict, found.reason, found.recommended) == ("deep", "better", "mlp-1")
    pairs = found.fold_pairs
    assert (pairs.n_folds, pairs.n_items, pairs.n_chose, pairs.level) == (5, 1500, 60, 0.95)
    assert pairs.interval[0] > 0 and pairs.gain == pytest.approx(pairs.scores["deep"] - pairs.scores["shallow"])
    assert (pairs.test_verdict, pairs.test_reason) == ("tie", "undecided")
    assert found.would_decide is None


def test_the_figures_of_the_test_stay():
    tested, found = judged()
    for name in (
        "gain",
        "interval",
        "level",
        "least_gain",
        "n_units",
        "seeds",
        "p_value",
        "parts",
        "quantile",
        "lacking",
    ):
        assert getattr(found, name) == getattr(tested, name), name


def test_pairs_that_do_not_decide_leave_it_undecided_though_the_test_decided():
    test = contest(n=400, deep=4.0, shallow=1.0, seeds=1)
    tested = compare(**test, terms=TERMS)
    assert tested.verdict == "deep"
    more = contest(n=900, deep=2.0, shallow=2.0, seeds=1)
    fields = {name: more[name] for name in ("split", "truth", "weight", "context", "deep", "shallow", "floor")}
    found = by_pairs(tested, Pairs(5, 5, 60, **fields), test["task"], test["runs"], 0.005, 0, TERMS)
    assert found.verdict == "tie" and found.fold_pairs.test_verdict == "deep"
    assert "On the test rows alone deep gains" in found.fold_pairs.note and "deep is better." in found.fold_pairs.note


def test_the_words_say_what_the_verdict_rests_on_and_name_the_test_only_as_itself():
    for signal in (2.2, 2.0):
        _, found = judged(signal=signal)
        note, *others = found.notes
        assert note == found.fold_pairs.note
        for said in ("The verdict rests on out-of-fold pairs", "once for each of 5 folds", "1,500 rows together",
                     "The 60 rows by which settings were chosen always learn and are never predicted",
                     "On the test rows alone", "not the saved models"):  # fmt: skip
            assert said in note
        assert "1,500 out-of-fold rows" in found.sentences[0]
        for text in (*found.sentences, *others, found.why):
            assert "test" not in text.replace("exact paired test", "").replace("greatest", ""), text


def test_folds_that_are_left_out_are_said():
    _, found = judged(n_folds=3, left_out="the budget left no time for them")
    assert "once for each of 3 folds of 5" in found.notes[0]
    assert "The other folds were left out: the budget left no time for them." in found.notes[0]


def test_without_pairs_the_test_decides_and_it_is_said_why():
    tested, found = judged(deep=None, left_out="only one side has a finalist")
    assert found.verdict == tested.verdict and found.sentences == tested.sentences
    assert found.fold_pairs.n_folds == 0 and found.fold_pairs.asked == 5
    assert found.notes[0] == (
        "Out-of-fold pairs were asked for, and there are not enough: only one side has a finalist. "
        "So the test rows decide."
    )
