"""The champion, the recommendation and the total cost on the page, in the text and in `result.json`."""

from __future__ import annotations

import dataclasses

import pytest

from automl.records import Champion, Costs, FoldPairs, Lead, Repeats
from automl.report import page
from automl.report.result import result_dict
from automl.report.summary import summary, verdict_lines


def section(outcome, name):
    """The stored data of one section."""
    return next(s for s in page.stored(outcome)["sections"] if s["name"] == name)["data"]


@pytest.mark.parametrize(
    ("seeds", "expected"), [(1, "one seed a side: this fitted pair only"), (2, "only 2 seeds a side"), (3, "")]
)
def test_the_headline_itself_says_that_seeds_are_few(outcome_of, seeds, expected):
    whole = outcome_of("binary")
    outcome = dataclasses.replace(whole, comparison=dataclasses.replace(whole.comparison, seeds=seeds))
    assert section(outcome, "verdict")["few_seeds"] == expected
    first = summary(outcome)[-len(verdict_lines(outcome))]
    assert first.startswith("Verdict: deep (better")
    assert first.startswith(f"Verdict: deep (better; {expected})." if expected else "Verdict: deep (better).")


def test_the_champion_and_its_scores_stand_on_the_page_and_in_the_text(outcome_of):
    whole = outcome_of("binary")
    named = Champion("blend", "deep", {"deep": 0.91, "shallow": 0.9, "blend": 0.92}, Lead(0.01, 0.02), n_items=400)
    why = "By validation: the blend of both."
    outcome = dataclasses.replace(whole, comparison=dataclasses.replace(whole.comparison, champion=named, why=why))
    said = "blend, named before any test row was scored (deep 0.9100, shallow 0.9000, blend 0.9200; 400 rows)"
    assert ["Champion by validation", said] in section(outcome, "verdict")["facts"]
    assert section(outcome, "verdict")["why"].startswith(why)
    assert f"Champion on validation rows: {said}." in verdict_lines(outcome)
    found = result_dict(outcome)
    assert (found["champion"], found["why"], found["validation"]["blend_lead"]) == ("blend", why, None)
    assert found["validation"]["deep_lead"] == {"gain": 0.01, "noise": 0.02}


def priced(whole, deep, shallow, crossing):
    """The outcome with total costs of the finalists."""
    hours = {"deep": deep, "shallow": shallow}
    runs = tuple(
        dataclasses.replace(run, hours_per_year=hours.get(run.side) if run.finalist else None) for run in whole.runs
    )
    comparison = dataclasses.replace(whole.comparison, crossing=crossing)
    recipe = dataclasses.replace(whole.recipe, costs=Costs(24.0, 2_000_000.0))
    return dataclasses.replace(whole, runs=runs, comparison=comparison, recipe=recipe)


@pytest.mark.parametrize(
    ("crossing", "said"),
    [
        (None, "The shallow one is the cheaper at any number of predictions."),
        (3_456_000.0, "Up to 3,500,000 predictions a year the shallow one is the cheaper, beyond that the deep one."),
        (45_600.0, "Up to 46,000 predictions a year the deep one is the cheaper, beyond that the shallow one."),
    ],
)
def test_the_costs_of_a_year_and_where_they_cross_are_shown_at_the_users_rates(outcome_of, crossing, said):
    total = section(priced(outcome_of("binary"), 4.123, 0.0512, crossing), "costs")["total"]
    assert total["rows"] == [["mlp-5", {"side": "deep"}, "4.1"], ["boosting-5", {"side": "shallow"}, "0.051"]]
    assert total["turn"] == said
    assert "24 fits with all seeds and 2,000,000 predictions" in total["rates"]


def test_costs_that_were_not_measured_are_left_out(outcome_of):
    assert section(outcome_of("binary"), "costs")["total"] is None


def test_repeats_stand_beside_the_verdict(outcome_of):
    whole = outcome_of("binary")
    made = Repeats(5, (0.01, 0.03), 0.02, (-0.07, 0.11), 0.95, ("no memory",), "2 of 5 repeats were made <b>.")
    outcome = dataclasses.replace(whole, repeats=made)
    said = "2 of 5 made: gain +0.0200 in the mean, 95\u00a0% interval from −0.0700 to +0.1100"
    assert ["Repeats", said] in section(outcome, "verdict")["facts"]
    assert made.note in section(outcome, "verdict")["notes"] and verdict_lines(outcome)[-1] == made.note
    assert section(outcome, "verdict")["answer"] == section(whole, "verdict")["answer"]
    found = result_dict(outcome)["repeats"]
    assert (found["asked"], found["n"], found["n_failed"], found["interval"]) == (5, 2, 1, [-0.07, 0.11])
    none = dataclasses.replace(whole, repeats=Repeats(5, (), None, None, 0.95, (), "0 of 5 repeats were made."))
    assert ["Repeats", "0 of 5 made"] in section(none, "verdict")["facts"]
    assert result_dict(none)["repeats"]["interval"] is None and result_dict(whole)["repeats"] is None


def test_out_of_fold_pairs_stand_where_they_decide_and_the_test_beside_them(outcome_of):
    whole = outcome_of("binary")
    pairs = FoldPairs(
        5, 5, 400, 100, "tie", "undecided", {"deep": 0.9, "shallow": 0.91}, -0.01, (-0.03, 0.01), 0.95, 0.002, None,
        "deep", "better", "The verdict rests on <b> pairs.",
    )  # fmt: skip
    comparison = dataclasses.replace(whole.comparison, verdict="tie", reason="undecided", fold_pairs=pairs)
    outcome = dataclasses.replace(whole, comparison=comparison)
    shown = section(outcome, "verdict")
    said = "400 out-of-fold rows in 5 folds: gain −0.0100, 95\u00a0% interval from −0.0300 to +0.0100"
    assert ["Rests on", said] in shown["facts"] and shown["facts"][0][0] == "Test"
    assert (shown["chart"]["gain"], shown["chart"]["low"], shown["chart"]["high"]) == (-0.01, -0.03, 0.01)
    assert "Gain on 400 out-of-fold rows −0.0100" in shown["chart"]["caption"] and shown["answer"] == "Undecided"
    found = result_dict(outcome)
    assert found["decided_by"] == "fold_pairs" and found["gain"] == whole.comparison.gain
    assert (found["fold_pairs"]["n_items"], found["fold_pairs"]["interval"]) == (400, [-0.03, 0.01])
    assert found["fold_pairs"]["test_verdict"] == "deep" and result_dict(whole)["fold_pairs"] is None
    none = dataclasses.replace(pairs, n_folds=0, verdict="tie", gain=None, interval=None)
    without = dataclasses.replace(whole, comparison=dataclasses.replace(whole.comparison, fold_pairs=none))
    assert result_dict(without)["decided_by"] == "test" and result_dict(without)["fold_pairs"]["verdict"] is None
    assert section(without, "verdict")["chart"] == section(whole, "verdict")["chart"]
