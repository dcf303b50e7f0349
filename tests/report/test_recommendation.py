"""The champion, the recommendation and the total cost on the page, in the text and in `result.json`."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from automl.records import Champion, Costs, Coverage, FoldPairs, Lead, Repeats
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


@pytest.mark.parametrize("says_why", [True, False])
def test_the_reason_is_the_comparisons_and_stands_once(outcome_of, says_why):
    """The verdict knows whether its sentences give the reason; the page neither searches them nor has its own."""
    whole = outcome_of("binary")
    told = dataclasses.replace(whole.comparison, why="Because of this.", says_why=says_why)
    outcome = dataclasses.replace(whole, comparison=told, findings=())
    assert section(outcome, "verdict")["why"] == ("" if says_why else "Because of this.")
    silent = dataclasses.replace(outcome, comparison=dataclasses.replace(told, why="", says_why=False))
    assert section(silent, "verdict")["why"] == ""


def test_answers_that_the_table_of_coverage_leaves_out_are_counted(outcome_of):
    whole = outcome_of("regression")
    one = Coverage("mlp-5", "deep", "", 0.9, 0.91, None, 2.0, 100, 80, 9, "row")
    many = tuple(dataclasses.replace(one, answer=f"y{i}", level=level) for i in range(10) for level in (0.8, 0.9))
    outcome = dataclasses.replace(whole, coverage=many)
    table = section(outcome, "regions")["coverage"]
    assert (len(table["rows"]), table["left_out"]) == (16, 4)
    for text in (page.html(page.stored(outcome)), page.markdown_text(page.stored(outcome))):
        assert "4 more rows are left out here." in text


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
    assert [row[0]["run"] for row in total["rows"]] == ["mlp-5", "boosting-5"]
    assert [row[1:] for row in total["rows"]] == [[{"side": "deep"}, "4.1"], [{"side": "shallow"}, "0.051"]]
    assert total["turn"] == said
    assert "24 fits with all seeds and 2,000,000 predictions" in total["rates"]


def test_costs_that_were_not_measured_are_left_out(outcome_of):
    assert section(outcome_of("binary"), "costs")["total"] is None


def test_repeats_stand_beside_the_verdict(outcome_of):
    whole = outcome_of("binary")
    made = Repeats(5, (0.01, 0.03), 0.02, (-0.07, 0.11), 0.95, ("no memory",), "2 of 5 repeats were made <b>.")
    outcome = dataclasses.replace(whole, repeats=made)
    said = "2 of 5 made: gain +0.0200 in the mean, 95\u00a0% interval from −0.0700 to +0.1100; "
    said += "on other splits, both finalists refitted with fixed settings"
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


def test_no_line_of_the_page_ends_before_a_percent_sign_and_no_cause_is_of_nothing(outcome_of):
    whole = outcome_of("binary")
    told = dataclasses.replace(
        whole.comparison, sentences=("95 % interval", "b"), notes=("at most 3 % better",),
        parts={"test": 1.0, "deep_seeds": 0.002, "shallow_seeds": 1e-5},
    )  # fmt: skip
    found = section(dataclasses.replace(whole, comparison=told, repeats=None), "verdict")
    assert found["sentences"][0] == "95\u00a0% interval" and found["notes"][0] == "at most 3\u00a0% better"
    interval = dict(found["facts"])["Interval"]
    assert "deep seeds" in interval and "shallow seeds" not in interval
    assert "20\u00a0% test" in section(
        dataclasses.replace(whole, split=dataclasses.replace(whole.split, rule="shuffled; 20 % test")), "data"
    )["rule"]  # fmt: skip


def test_columns_that_the_worst_errors_leave_out_are_counted(outcome_of):
    whole = outcome_of("binary")
    n = len(whole.truth)
    frame = pd.DataFrame({f"c{i}": np.full(n, 13.8) for i in range(30)})
    outcome = dataclasses.replace(whole, examples=frame)
    group = section(outcome, "errors")["groups"][0]
    assert (len(group["columns"]), group["left_out"], group["items"][0]["cells"][0]) == (14, 16, "13.8")
    for text in (page.html(page.stored(outcome)), page.markdown_text(page.stored(outcome))):
        assert "16 more columns are left out here." in text


def test_an_epoch_that_the_budget_cut_is_not_rounded_down(outcome_of):
    whole = outcome_of("binary")
    last = {"epoch": 4.6, "seconds": 3.0, "loss": 0.2, "valid_score": 1e3}
    runs = tuple(
        dataclasses.replace(r, curve=(*r.curve[:3], last)) if r.finalist and r.curve else r for r in whole.runs
    )
    found = section(dataclasses.replace(whole, runs=runs), "learning")
    assert "was best at epoch 4.6 of 4.6" in str(found)
