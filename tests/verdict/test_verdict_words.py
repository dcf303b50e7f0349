"""Two sentences a manager understands, with the metric's own numbers."""

from __future__ import annotations

import re

import numpy as np
import pytest

from automl.records import Champion, Comparison, Cost, Lead, Run, Split
from automl.verdict.leads import lead_words
from automl.verdict.recommend import Terms, recommend
from automl.verdict.words import (
    Scores,
    both_sentences,
    cost_sentence,
    count_of_units,
    times,
    why_sentence,
)

RUNS = {
    "mlp-1": Run("mlp-1", "deep", "done", "mlp", cost=Cost(40.0, predict_ms=5.0)),
    "hgb-1": Run("hgb-1", "shallow", "done", "gradient_boosting", cost=Cost(1.0, predict_ms=2.0)),
    "floor": Run("floor", "floor", "done", "prior"),
    "blend": Run("blend", "blend", "done", "blend", cost=Cost(41.0, predict_ms=7.0)),
}


SMALL = Lead(0.002, 0.004)


def champion(side="shallow", better="shallow", lead=SMALL, blend_lead=None):
    return Champion(side, better, {"deep": 0.9, "shallow": 0.9}, lead, blend_lead, 0.5, 400)


def said(verdict, reason, scores=(0.915, 0.932, 0.5), interval=(-0.021, -0.013), few="", terms=None):
    terms = terms or Terms(champion())
    of = dict(zip(("mlp-1", "hgb-1", "floor"), scores, strict=True))
    split = Split(None, None, None, "row", None, "", 0)
    compared = Scores("roc_auc", of, RUNS, frozenset(name for name, score in of.items() if score > of["floor"]))
    choice = recommend(verdict, reason, "mlp-1", "hgb-1", "floor", compared.useful, RUNS, terms)
    found = Comparison(
        verdict, reason, choice.run, scores[0] - scores[1], interval, 0.95, 0.0025, 8140, 3, champion=terms.champion
    )
    sentences = both_sentences(found, compared, "mlp-1", "hgb-1", "floor", split, few, choice)
    return (*sentences, why_sentence(choice, compared, terms))


def test_a_shallow_win_in_two_sentences():
    first, second, _ = said("shallow", "better")
    assert first == (
        "A shallow model is enough here: gradient boosting scores 0.9320 ROC AUC against 0.9150 for the best deep "
        "network (MLP) (95 % interval of deep's lead: −0.0210 to −0.0130, on 8,140 test rows)."
    )
    assert second == "It also takes 40 times less time to train and answers in 2 ms instead of 5."


def test_an_end_that_is_not_zero_does_not_read_as_zero():
    first, *_ = said("shallow", "better", interval=(-0.04, -0.00031))
    assert "−0.0400 to −0.0003" in first


def test_a_winner_that_trains_faster_but_answers_slower_is_not_praised_for_both():
    slow = {**RUNS, "hgb-1": Run("hgb-1", "shallow", "done", "gradient_boosting", cost=Cost(1.0, predict_ms=12.0))}
    assert cost_sentence(Scores("roc_auc", {}, slow), "hgb-1", "mlp-1", "It also") == (
        "It also takes 40 times less time to train but answers in 12 ms instead of 5."
    )


def test_a_deep_win_names_its_price():
    first, second, _ = said("deep", "better", (0.95, 0.932, 0.5), (0.01, 0.03))
    assert first.startswith("Deep learning pays here: the best deep network (MLP) scores 0.9500 ROC AUC against 0.9320")
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
    first, second, _ = said("tie", reason, interval=(-0.001, 0.001), few=few)
    assert first.startswith(opening)
    assert second.startswith("Take the shallow model (gradient boosting), ")
    assert second.endswith(": it takes 40 times less time to train and answers in 2 ms instead of 5.")


def test_an_undecided_test_says_what_validation_said():
    _, second, why = said("tie", "undecided")
    reason = "since it is simpler and the deep one is not better on validation rows beyond noise (+0.0020 ± 0.0040)"
    assert second.startswith(f"Take the shallow model (gradient boosting), {reason}: it")
    assert why == f"Undecided on the test rows: the shallow model (gradient boosting), {reason}."
    _, second, why = said("tie", "undecided", terms=Terms(champion("deep", "deep", Lead(0.021, 0.004))))
    assert "the deep network (MLP), since it is better on validation rows beyond noise (+0.0210 ± 0.0040)" in second
    _, second, why = said("tie", "undecided", terms=Terms(champion(lead=Lead(-0.002, 0.004))))
    assert "the deep one is not better on validation rows (−0.0020 ± 0.0040)" in why
    _, _, why = said("tie", "undecided", terms=Terms(champion(lead=Lead(0.0, 0.0))))
    assert "since it is simpler and both score the same on validation rows" in why
    _, _, why = said("tie", "undecided", terms=Terms(blend="blend"))
    assert "validation rows do not tell which one is better" in why


def test_the_blend_is_said_to_be_better_than_what_it_was_measured_against():
    terms = Terms(champion("blend", "deep", Lead(0.01, 0.02), Lead(0.012, 0.005)), "blend")
    _, second, why = said("tie", "undecided", terms=terms)
    assert second.startswith(
        "Take the blend of both, since it is better than the deep network (MLP) on validation rows"
    )
    assert "(+0.0120 ± 0.0050)" in why and why.startswith("By validation: the blend of both")


@pytest.mark.parametrize(
    ("lead", "expected"),
    [(Lead(0.0021, 0.0044), "+0.0021 ± 0.0044"), (Lead(-12.3, 4.5), "−12.300 ± 4.500"),
     (Lead(0.0, 0.0), "0.0000 ± 0.0000"), (Lead(0.03), "+0.0300")],
)  # fmt: skip
def test_a_lead_and_its_noise_have_the_same_decimals(lead, expected):
    assert lead_words(lead) == expected


def test_the_floor_is_named_where_it_wins():
    _, second, why = said("tie", "undecided", (0.48, 0.49, 0.5))
    assert why.startswith("No trained model did measurably better")
    assert "scores 0.5000" in second and "neither" in second


@pytest.mark.parametrize(
    "verdict",
    [("shallow", "better"), ("tie", "undecided"), ("tie", "equivalent"), ("tie", "undecided", (0.4, 0.4, 0.5))],
)
def test_there_are_two_sentences_and_each_is_one(verdict):
    for sentence in said(*verdict)[:2]:
        assert sentence.endswith(".") and not re.search(r"\.\s", sentence)


def test_the_lone_one_above_the_floor_is_said_to_be_so():
    _, second, _ = said("tie", "undecided", (0.45, 0.6, 0.5), (-0.4, 0.1))
    assert second.startswith(
        "Take the shallow model (gradient boosting), the only one that beats the floor (0.5000): it"
    )


def split(units):
    return Split(*[np.arange(3)] * 3, units, np.arange(3), "", 0)


def test_numbers_as_people_write_them():
    assert [count_of_units(8140, split("row")), count_of_units(1, split("window"))] == [
        "8,140 test rows",
        "1 test window",
    ]
    assert [times(40.2), times(1.8)] == ["40 times", "1.8 times"]


def test_a_winner_that_does_not_beat_the_floor_is_not_said_of_both():
    """The shallow model does, but the test shows it to be the worse one."""
    scores = Scores("roc_auc", {"mlp-1": 0.8, "hgb-1": 0.7, "floor": 0.5}, RUNS, frozenset({"hgb-1"}))
    terms = Terms(champion())
    choice = recommend("deep", "better", "mlp-1", "hgb-1", "floor", scores.useful, RUNS, terms)
    found = Comparison("deep", "better", choice.run, 0.1, (0.01, 0.2), 0.95, 0.0025, 8140, 3)
    split = Split(None, None, None, "row", None, "", 0)
    _, second = both_sentences(found, scores, "mlp-1", "hgb-1", "floor", split, "", choice)
    assert second.startswith("But the deep network (MLP) does not beat the floor") and "neither" not in second
    assert why_sentence(choice, scores, terms).startswith("The better finalist did not do measurably better")


def test_where_the_test_cannot_tell_no_model_is_said_to_beat_the_floor():
    scores = Scores("roc_auc", {"mlp-1": 0.45, "hgb-1": 0.6, "floor": 0.5}, RUNS, frozenset({"hgb-1"}), False)
    choice = recommend("tie", "undecided", "mlp-1", "hgb-1", "floor", scores.useful, RUNS, Terms(champion()))
    assert "the only one that scores better than the floor" in why_sentence(choice, scores, Terms(champion()))
