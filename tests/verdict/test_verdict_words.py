"""Two sentences a manager understands, with the metric's own numbers."""

from __future__ import annotations

import re

import pytest

from automl.records import Comparison, Cost, Run, Split
from automl.verdict.words import Scores, both_sentences, cost_sentence, count_of_units, decimals, number, times

RUNS = {
    "mlp-1": Run("mlp-1", "deep", "done", "mlp", cost=Cost(40.0, predict_ms=5.0)),
    "hgb-1": Run("hgb-1", "shallow", "done", "gradient_boosting", cost=Cost(1.0, predict_ms=2.0)),
    "floor": Run("floor", "floor", "done", "prior"),
}


def said(verdict, reason, recommended, scores=(0.915, 0.932, 0.5), interval=(-0.021, -0.013), few="", units="row"):
    found = Comparison(verdict, reason, recommended, scores[0] - scores[1], interval, 0.95, 0.0025, 8140, 3)
    of = dict(zip(("mlp-1", "hgb-1", "floor"), scores, strict=True))
    split = Split(None, None, None, units, None, "", 0)
    useful = frozenset(name for name, score in of.items() if score > of["floor"])
    return both_sentences(found, Scores("roc_auc", of, RUNS, useful), "mlp-1", "hgb-1", "floor", split, few)


def test_a_shallow_win_in_two_sentences():
    first, second = said("shallow", "better", "hgb-1")
    assert first == (
        "A shallow model is enough here: gradient boosting scores 0.932 ROC AUC against 0.915 for the best deep "
        "network (mlp) (95 % interval of deep's lead: -0.021 to -0.013, on 8,140 test rows)."
    )
    assert second == "It also takes 40 times less time to train and answers in 2 ms instead of 5."


def test_an_end_that_is_not_zero_does_not_read_as_zero():
    first, _ = said("shallow", "better", "hgb-1", interval=(-0.04, -0.00031))
    assert "-0.0400 to -0.0003" in first


def test_a_winner_that_trains_faster_but_answers_slower_is_not_praised_for_both():
    slow = {**RUNS, "hgb-1": Run("hgb-1", "shallow", "done", "gradient_boosting", cost=Cost(1.0, predict_ms=12.0))}
    assert cost_sentence(Scores("roc_auc", {}, slow), "hgb-1", "mlp-1", "It also") == (
        "It also takes 40 times less time to train but answers in 12 ms instead of 5."
    )


def test_a_deep_win_names_its_price():
    first, second = said("deep", "better", "mlp-1", (0.95, 0.932, 0.5), (0.01, 0.03))
    assert first.startswith("Deep learning pays here: the best deep network (mlp) scores 0.950 ROC AUC against 0.932")
    assert second == "The network takes 40 times as long to train and answers in 5 ms instead of 2."


@pytest.mark.parametrize(
    ("reason", "few", "opening"),
    [
        ("equivalent", "", "Both sides do equally well here"),
        ("undecided", "", "The test cannot tell the sides apart"),
        ("undecided", "The test has only 2 test windows", "There is too little test data"),
    ],
)
def test_a_tie_says_which_kind_and_what_to_take(reason, few, opening):
    first, second = said("tie", reason, "hgb-1", interval=(-0.001, 0.001), few=few)
    assert first.startswith(opening)
    assert second.startswith("Take the one that is cheaper in use, gradient boosting: it takes")


def test_the_floor_is_named_where_it_wins():
    _, second = said("tie", "undecided", "floor", (0.48, 0.49, 0.5))
    assert "scores 0.500" in second and "neither" in second


@pytest.mark.parametrize(
    "verdict", [("shallow", "better", "hgb-1"), ("tie", "undecided", "hgb-1"), ("tie", "undecided", "floor")]
)
def test_there_are_two_sentences_and_each_is_one(verdict):
    for sentence in said(*verdict):
        assert sentence.endswith(".") and not re.search(r"\.\s", sentence)


def test_the_lone_one_above_the_floor_is_said_to_be_so():
    _, second = said("tie", "undecided", "hgb-1", (0.45, 0.6, 0.5), (-0.4, 0.1))
    assert second.startswith("Take gradient boosting, the only one that beats the floor (0.500): it")


@pytest.mark.parametrize(
    ("values", "expected"),
    [((0.932, 0.915), 3), ((0.93211, 0.93214), 5), ((1.404, 1.2), 3), ((45_123.0, 47_000.0), 0), ((12.5, 14.0), 2),
     ((0.9, 0.9), 3), ((0.00123, 0.00150), 5), ((float("nan"), 0.5), 3)],
)  # fmt: skip
def test_scores_have_as_many_decimals_as_tell_them_apart(values, expected):
    assert expected == decimals(*values)


def test_numbers_as_people_write_them():
    assert [count_of_units(8140, "row"), count_of_units(1, "window")] == ["8,140 test rows", "1 test window"]
    assert [
        number(0.01, 3, sign=True), number(-0.0001, 3, sign=True), number(45123.2, 0), number(float("nan"), 2),
    ] == ["+0.010", "0.000", "45,123", "no score"]  # fmt: skip
    assert [times(40.2), times(1.8)] == ["40 times", "1.8 times"]
