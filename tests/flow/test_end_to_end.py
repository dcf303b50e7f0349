"""From raw data to a verdict, a report and a saved model, for each modality and goal."""

import json

import numpy as np
import pandas as pd
import pytest
from cases import CASES, RECIPES

import automl
from automl import goals
from automl.errors import OddRowsWarning

EXPECTED = {
    "binary": ("tabular", "binary"),
    "multiclass": ("tabular", "multiclass"),
    "regression_of_two": ("tabular", "regression"),
    "multilabel": ("tabular", "multilabel"),
    "texts": ("text", "multiclass"),
    "images": ("image", "multiclass"),
    "sequences": ("sequence", "multiclass"),
    "sequence_regression": ("sequence", "regression"),
    "forecast_of_one": ("sequence", "forecast"),
    "forecast_of_many": ("sequence", "forecast"),
}


SLOW_NETWORKS = ("forecast_of_one", "images", "sequences", "texts")
NAMES = [
    pytest.param(name, marks=[pytest.mark.thorough] if name in SLOW_NETWORKS else []) for name in (*CASES, *RECIPES)
]


@pytest.mark.parametrize("name", NAMES)
def test_a_contest_runs_from_raw_data_to_a_verdict(finished, name):
    _, result = finished(name)
    facts = result.result
    assert (facts["task"]["modality"], facts["task"]["goal"]) == EXPECTED[name]
    sides = {run["side"]: run for run in facts["runs"] if run["finalist"]}
    assert set(sides) == {"deep", "shallow"}
    floor = next(run for run in facts["runs"] if run["side"] == "floor" and run["test_score"] is not None)
    assert all(np.isfinite(run["test_score"]) for run in (*sides.values(), floor))
    assert {run["n_seeds"] for run in sides.values()} == {2} and facts["stopped"] == "exhausted"
    assert facts["champion"] in ("deep", "shallow", "blend")
    assert all(np.isfinite(facts["validation"]["scores"][side]) for side in sides)
    assert facts["why"].endswith(".") and all(run["hours_per_year"] > 0 for run in sides.values())
    assert {run["name"] for run in facts["runs"] if run["refitted"] and run["side"] != "blend"} == {
        run["name"] for run in sides.values()
    }
    assert "refitted on training and validation rows, 2 seeds" in (result.folder / "report.md").read_text()
    assert json.loads((result.folder / "result.json").read_text()) == facts
    assert (result.folder / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_model_predicts_what_the_result_predicts(finished, name, tmp_path):
    arguments, result = finished(name)
    rows = arguments["data"][0][:7] if isinstance(arguments["data"], tuple) else arguments["data"]
    if name not in ("forecast_of_one", "forecast_of_many") and isinstance(rows, pd.DataFrame):
        rows = rows.head(7)
    again = automl.load(result.save(tmp_path / "model"))
    for side in ("deep", "shallow", "blend"):
        before, after = result.predict(rows, side=side), again.predict(rows, side=side)
        assert before.equals(after), side
        predict = "predict_set" if goals.named(result.outcome.task).is_classification else "predict_interval"
        assert getattr(result.model.side(side), predict)(rows, 0.8).equals(
            getattr(again, predict)(rows, 0.8, side=side)
        )
    if result.outcome.task.goal == "forecast":
        assert len(before) == (13 if name == "forecast_of_one" else 3 * 6)
        assert np.isfinite(before.select_dtypes("number").to_numpy()).all()
    else:
        assert len(before) == 7


@pytest.mark.parametrize("name", NAMES)
def test_how_often_intervals_and_sets_held_the_truth_is_written_down(finished, name):
    _, result = finished(name)
    told_of = {(one["side"], one["level"]) for one in result.result["coverage"]}
    assert told_of == {(side, level) for side in ("deep", "shallow", "blend") for level in (0.8, 0.9, 0.95)}
    for one in result.result["coverage"]:
        assert one["n_held_out"] > 0 and (one["coverage"] is None or one["size"] > 0)
    assert "Intervals and sets" in (result.folder / "report.md").read_text()


def test_the_blend_predicts_what_was_scored(finished):
    _, result = finished("multiclass")
    share = next(run.choices["weight_of_deep"] for run in result.outcome.runs if run.side == "blend")
    scored = next(one.output for one in result.outcome.contestants if one.side == "blend")
    predictor = result.model.predictors["blend"]
    assert predictor.weight_of_deep == share and predictor.deep is result.model.predictors["deep"]
    rows = result.outcome.examples
    assert np.array_equal(result.blend.predict_proba(rows).to_numpy(), scored.arrays["probabilities"])


@pytest.mark.parametrize("name", ["binary", pytest.param("images", marks=pytest.mark.thorough)])
def test_probabilities_add_up_and_agree_with_labels(finished, name):
    arguments, result = finished(name)
    rows = arguments["data"][0][:20] if isinstance(arguments["data"], tuple) else arguments["data"].head(20)
    probabilities = result.predict_proba(rows)
    assert probabilities.sum(axis=1).to_numpy() == pytest.approx(np.ones(20))
    if name == "images":
        assert (probabilities.idxmax(axis=1).to_numpy() == result.predict(rows).to_numpy()).mean() > 0.9


def test_the_report_is_copied_in_each_form(finished, tmp_path):
    _, result = finished("multiclass")
    for kind in ("html", "md", "json"):
        assert result.report(tmp_path / f"r.{kind}").read_bytes() == (result.folder / f"report.{kind}").read_bytes()
    assert "Verdict" in str(result)


def test_new_categories_and_missing_and_extra_columns_are_predicted(finished):
    arguments, result = finished("binary")
    rows = arguments["data"].head(5).drop(columns=[arguments["target"]])
    text = next(c for c in rows.columns if rows[c].dtype == object or str(rows[c].dtype) == "str")
    rows[text] = "never seen before"
    rows["surplus"] = 1
    rows = rows.drop(columns=[next(c for c in rows.columns if c not in (text, "surplus"))])
    with pytest.warns(OddRowsWarning, match="not in the new rows") as told:
        assert len(result.predict(rows)) == 5
    assert len(told) == 1 and "never seen before" in str(told[0].message) and "'surplus'" in str(told[0].message)
