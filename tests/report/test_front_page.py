"""The first page for a manager, and the parts after it."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import outcomes
import pytest

from automl import metrics, report
from automl.records import Comparison, Outcome, Output, WouldDecide
from automl.report import page, words
from automl.report.reasons import installs, reasons, would_change
from automl.report.sections import shipped
from automl.report.sections.verdict import facts
from automl.report.tradeoff import tradeoff_lines
from automl.testing.outcomes import example_outcome

LONGEST_ON_AN_AXIS = 28
"""Characters; the axis of the verdict's picture says "gain of the deep model in" before them, on a phone too."""


def changed(outcome: Outcome, **more: object) -> Outcome:
    comparison: Comparison = dataclasses.replace(outcome.comparison, **more)  # type: ignore[arg-type]
    return dataclasses.replace(outcome, comparison=comparison)


def test_the_table_of_reasons_says_what_speaks_for_which_side() -> None:
    found = reasons(example_outcome("binary"))
    assert found is not None and found["columns"] == ["", "deep", "shallow", "speaks for"]
    rows = {row[0]: row[1:] for row in found["rows"]}
    assert rows["score (ROC AUC)"] == ["0.9000", "0.8000", {"side": "deep"}]
    assert rows["training, all seeds"] == ["4.0 s", "2.0 s", {"side": "shallow"}]
    assert rows["serving one row"] == ["2 ms", "0.5 ms", {"side": "shallow"}]
    assert rows["to be installed"] == ["Keras, TensorFlow", "scikit-learn", {"side": "shallow"}]
    assert {"wrong labels", "calibration error", "memory while training", "size on disk"} <= set(rows)
    assert "mean absolute error" in {row[0] for row in (reasons(example_outcome("regression")) or {})["rows"]}


def test_a_lone_finalist_has_a_table_of_its_own(outcome_of) -> None:
    found = reasons(outcome_of("no_deep"))
    assert found is not None and found["columns"] == ["", "shallow"]
    assert {len(row) for row in found["rows"]} == {2} and reasons(outcome_of("floor_only")) is None


def test_members_of_an_ensemble_say_what_has_to_be_installed() -> None:
    outcome = example_outcome("binary")
    members = [dataclasses.replace(outcome.runs[3], name=f"{kind}-1", family=kind) for kind in ("lightgbm", "linear")]
    whole = dataclasses.replace(
        outcome.runs[3], name="ensemble", family="ensemble", choices={"ensemble": {"lightgbm-1": 0.5, "linear-1": 0.5}}
    )
    outcome = dataclasses.replace(outcome, runs=(*outcome.runs, *members, whole))
    assert installs(outcome, whole) == "scikit-learn, LightGBM"


def test_one_fitted_model_that_is_drawn_from_again_has_draws_and_no_seeds() -> None:
    """Generated rows are drawn several times from one network, which was trained with one seed."""
    said = {}
    for goal in ("binary", "generate"):
        outcome = changed(
            dataclasses.replace(example_outcome(goal), analyses={}), verdict="tie", reason="undecided", gain=0.01,
            seeds=3, would_decide=WouldDecide(None, 5, 3.0),
        )  # fmt: skip
        said[goal] = f"{would_change(outcome, False)} {dict(facts(outcome))['Rests on']}"
    assert "5 seeds a side" in said["binary"] and "3 seeds of each model" in said["binary"]
    assert "5 draws a side" in said["generate"] and "3 draws of each model" in said["generate"]
    assert "seed" not in said["generate"] and "draw" not in said["binary"]


def test_a_metric_that_its_name_does_not_explain_is_explained_once_and_short_elsewhere(tmp_path: Path) -> None:
    outcome = example_outcome("generate")
    lead = "scored by indistinctness (1 − 2 |AUC − ½| of a classifier that tells generated rows from held-out ones)"
    report.write(outcome, tmp_path)
    html = (tmp_path / "report.html").read_text("utf-8")
    assert lead in html and html.count("AUC − ½") == 1
    assert (reasons(outcome) or {})["rows"][0][0] == "score (indistinctness)"
    assert all(len(words.metric(name)) <= LONGEST_ON_AN_AXIS for name in metrics.METRICS)


def test_what_would_change_the_answer_is_the_first_of_what_is_known() -> None:
    outcome = example_outcome("binary")
    assert would_change(outcome, True).startswith("Settling the findings")
    assert "by accuracy the shallow model is ahead" in would_change(outcome, False)
    bare = dataclasses.replace(outcome, analyses={})
    assert would_change(bare, False).startswith("Nothing that was measured")
    agreed = dataclasses.replace(outcome, analyses={"metrics": {"disagree": [], "rows": []}})
    assert "no metric says the opposite" in would_change(agreed, False)
    undecided = changed(bare, verdict="tie", reason="undecided", would_decide=WouldDecide(1200, 5, 3.0))
    assert would_change(undecided, False).startswith("About 1,200 test rows in all (now ")
    assert " or 5 seeds a side (now " in would_change(undecided, False)
    assert "turn round" in would_change(changed(bare, verdict="tie", reason="equivalent", crossing=5e6), False)
    assert "A finalist on each side" in would_change(changed(bare, gain=None), False)
    dear = {"thresholds": {"costs": {"saved_by_deep": {"value": -1.0, "low": -2.0, "high": -0.5}}}}
    assert "the shallow model is the cheaper" in would_change(dataclasses.replace(outcome, analyses=dear), False)


@pytest.mark.parametrize(
    ("needed", "said"),
    [
        (WouldDecide(183_550), "About 190,000 test rows in all"),
        (WouldDecide(2_000_000), "Not more data alone: fewer than 1,000,000 test rows will not decide it"),
        (WouldDecide(2_000_000, 5), "5 seeds a side"),
        (WouldDecide(), "More test rows together with more seeds"),
        (None, "More test rows or more seeds"),
    ],
)
def test_an_undecided_verdict_says_first_what_would_decide_it(needed, said) -> None:
    """Neither costs nor another metric decide it, though they are known."""
    outcome = changed(example_outcome("binary"), verdict="tie", reason="undecided", crossing=5e6, would_decide=needed)
    assert would_change(outcome, False).startswith(said)
    near = changed(outcome, gain=0.0048, least_gain=0.005, would_decide=WouldDecide(2_000_000))
    assert "near the least that counts" in would_change(near, False)


def with_blend(outcome: Outcome, score: float) -> Outcome:
    """The outcome with a blend that is recommended."""
    deep = next(run for run in outcome.runs if run.side == "deep" and run.finalist)
    cost = dataclasses.replace(deep.cost, predict_ms=2.5, fit_seconds=5.0, peak_mib=None)
    blend = dataclasses.replace(
        deep, name="blend", side="blend", family="blend", finalist=False, test_score=score, cost=cost, choices={}
    )
    entrant = next(one for one in outcome.contestants if one.side == "deep")
    entrant = dataclasses.replace(entrant, run="blend", side="blend")
    whole = dataclasses.replace(outcome, runs=(*outcome.runs, blend), contestants=(*outcome.contestants, entrant))
    return changed(whole, recommended="blend")


@pytest.mark.parametrize(("score", "winner"), [(0.95, "blend"), (0.85, "deep")])
def test_a_recommended_blend_has_a_column(score: float, winner: str) -> None:
    found = reasons(with_blend(example_outcome("binary"), score))
    assert found is not None and found["columns"] == ["", "deep", "shallow", "blend", "speaks for"]
    rows = {row[0]: row[1:] for row in found["rows"]}
    assert rows["score (ROC AUC)"][2:] == [f"{score:.4f}", {"side": winner}]
    assert rows["training, all seeds"] == ["4.0 s", "2.0 s", "6.0 s", {"side": "shallow"}]
    assert rows["serving one row"] == ["2 ms", "0.5 ms", "2.5 ms", {"side": "shallow"}]
    assert rows["to be installed"][2:] == ["Keras, TensorFlow, scikit-learn", {"side": "shallow"}]
    assert rows["memory while training"][2] == "–" and {len(row) for row in rows.values()} == {4}
    both = reasons(changed(with_blend(example_outcome("binary"), score), recommended="deep-1"))
    assert both is not None and both["columns"] == ["", "deep", "shallow", "speaks for"]


def test_errors_that_chance_explains_speak_for_neither() -> None:
    """One label more or less on the test rows, or a mean error whose difference is noise."""
    outcome = example_outcome("binary")
    truth = np.arange(100) % 2
    for wrong, expected in ((2, "neither"), (40, {"side": "deep"})):
        labels = {"deep": truth.copy(), "shallow": truth.copy()}
        labels["deep"][:1] ^= 1
        labels["shallow"][50 : 50 + wrong] ^= 1
        entrants = tuple(
            dataclasses.replace(one, output=Output("labels", {"labels": labels[one.side]}))
            for one in outcome.contestants
            if one.side in labels
        )
        found = reasons(dataclasses.replace(outcome, truth=truth, contestants=entrants, weight=None))
        assert found is not None and {row[0]: row[-1] for row in found["rows"]}["wrong labels"] == expected


@pytest.mark.parametrize("name", list(outcomes.MAKERS))
def test_every_section_stands_in_one_part_and_folds(written, name) -> None:
    text = (written(name) / "report.html").read_text(encoding="utf-8")
    main = text[text.index("<main>") : text.index("</main>")]
    found = re.findall(r'<section id="([^"]+)"', main)
    assert found[0] == "verdict" and len(found) == len(set(found))
    for anchor in found[1:]:
        assert re.search(rf'<details class="part"[^>]*><summary><h2 id="{anchor}-title">', main), anchor
    parts = re.findall(r'<p class="group-name" id="part-([a-z-]+)"', main)
    wanted = [name.lower() for name in page.GROUPS]
    assert parts == [one for one in wanted if one in parts] and {"data", "search", "reproduce"} <= set(parts)


def test_sections_name_a_part_that_there_is() -> None:
    assert {section.group for section in shipped()} <= {"", *page.GROUPS}
    by_name = {section.name: page.group_of(section) for section in shipped()}
    assert by_name["overfitting"] == "Trade-off" and by_name["errors"] == "Evidence"


def test_analyses_that_were_not_made_stand_with_the_command_that_makes_them(written, outcome_of, tmp_path) -> None:
    text = (written("analysed") / "report.md").read_text(encoding="utf-8")
    assert "data need: the budget left no time for them" in text and "folder was not kept" in text
    whole = outcome_of("analysed")
    named = dataclasses.replace(whole, folder="my runs/one")
    report.write(named, tmp_path)
    assert "automl analyse 'my runs/one' --budget 5m" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_a_stored_report_without_parts_is_still_drawn(written, tmp_path) -> None:
    import json

    content = json.loads((written("binary") / "report.json").read_text(encoding="utf-8"))
    for part in content["sections"]:
        del part["group"]
    text = page.html(content)
    assert 'id="reproduce"' in text and "could not be made" not in text


@pytest.mark.parametrize("keys", [("column", "importance"), ("factor", "drop")])
def test_importance_stands_next_to_each_column(keys: tuple[str, str]) -> None:
    outcome = example_outcome("binary")
    importance = {"rows": [{"side": "deep", keys[0]: "size", keys[1]: 0.21, "low": 0.1, "high": 0.3}]}
    outcome = dataclasses.replace(outcome, analyses={**outcome.analyses, "importance": importance})
    data = next(one for one in page.stored(outcome)["sections"] if one["name"] == "profile")["data"]
    assert data["sides"] == ["deep"]
    assert [row["importance"] for row in data["rows"]] == [["0.2100"], ["–"]]


def test_a_line_for_each_analysis_that_was_made() -> None:
    outcome = example_outcome("binary")
    lines = tradeoff_lines(outcome)
    assert len(lines) == len(outcome.analyses)
    assert any("accuracy" in line for line in lines) and any("kWh a year" in line for line in lines)
    strange = dataclasses.replace(outcome, analyses={"of_a_plug_in": {"rows": []}})
    assert tradeoff_lines(strange) == ["Of a plug in: result.analysis('of_a_plug_in')"]
