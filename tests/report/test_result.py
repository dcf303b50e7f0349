"""`result.json` keeps its contract, whatever the outcome."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import outcomes
import pytest
from schema_breaks import breaks

from automl import report

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "result.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", list(outcomes.MAKERS))
def test_result_has_exactly_the_fields_of_the_schema(outcome_of, name):
    assert list(breaks(report.result_dict(outcome_of(name)), SCHEMA)) == []


def test_the_checker_of_these_tests_can_fail(outcome_of):
    good = report.result_dict(outcome_of("binary"))
    for change in ({"verdict": "maybe"}, {"gain": "0.1"}, {"interval": [1.0]}, {"runs": []}, {"extra": 1}):
        assert list(breaks(good | change, SCHEMA))
    assert list(breaks({k: v for k, v in good.items() if k != "level"}, SCHEMA))


@pytest.mark.parametrize("name", list(outcomes.MAKERS))
def test_the_written_file_is_the_dict(written, outcome_of, name):
    text = (written(name) / "result.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=lambda word: f"not JSON: {word}") == report.result_dict(outcome_of(name))


def test_what_is_not_finite_becomes_null(outcome_of):
    whole = outcome_of("binary")
    runs = tuple(
        dataclasses.replace(
            run,
            valid_score=math.nan,
            choices={"a": np.float32("nan"), "b": np.int64(3), "c": (math.inf, np.bool_(True))},
        )
        for run in whole.runs
    )
    found = dataclasses.replace(whole.comparison, gain=math.nan, interval=(math.nan, 0.2))
    result = report.result_dict(dataclasses.replace(whole, runs=runs, comparison=found))
    assert (result["gain"], result["interval"]) == (None, None)
    assert result["runs"][0]["valid_score"] is None
    assert result["runs"][0]["choices"] == {"a": None, "b": 3, "c": [None, True]}
    assert list(breaks(result, SCHEMA)) == []
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize("name", ["regression", "forecast", "binary"])
def test_a_positive_gain_means_that_deep_is_better(outcome_of, name):
    result = report.result_dict(outcome_of(name))
    score = {run["side"]: run["test_score"] for run in result["runs"] if run["finalist"]}
    sign = 1 if result["task"]["higher_is_better"] else -1
    assert (sign * (score["deep"] - score["shallow"]) > 0) == (result["gain"] > 0)
    assert result["recommended"] in {run["name"] for run in result["runs"]}
