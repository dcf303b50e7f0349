"""`result.json` keeps its contract, whatever the outcome."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import outcomes
import pytest

from automl import report

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "result.schema.json").read_text(encoding="utf-8"))
GUIDE = (Path(__file__).parents[2] / "docs" / "result.md").read_text(encoding="utf-8")
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def breaks(value, schema, where="result"):
    """Breaks of the part of JSON schema that our schema uses."""
    known = {"$schema", "title", "description", "type", "required", "properties", "items", "enum", "const",
             "minimum", "maximum", "minItems", "maxItems"}  # fmt: skip
    assert set(schema) <= known, f"{where}: the checker does not know {set(schema) - known}"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(fits(value, kind) for kind in kinds):
        yield f"{where} is {value!r}, not {kinds}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is {value!r}, not one of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{where} is {value!r}, not {schema['const']!r}"
    if isinstance(value, (int, float)) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{where} is {value!r}, out of range"
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{where} has {len(value)} items"
        for i, item in enumerate(value):
            yield from breaks(item, schema.get("items", {}), f"{where}[{i}]")
    if isinstance(value, dict):
        for key in schema.get("required", []):
            if key not in value:
                yield f"{where}.{key} is missing"
        for key, item in value.items():
            if "properties" in schema and key not in schema["properties"]:
                yield f"{where}.{key} is not described"
            yield from breaks(item, schema.get("properties", {}).get(key, {}), f"{where}.{key}")


def fits(value, kind):
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, TYPES[kind])


@pytest.mark.parametrize("name", list(outcomes.MAKERS))
def test_result_has_exactly_the_fields_of_the_schema(outcome_of, name):
    assert list(breaks(report.result_dict(outcome_of(name)), SCHEMA)) == []


def test_the_checker_of_these_tests_can_fail(outcome_of):
    good = report.result_dict(outcome_of("binary"))
    for change in ({"verdict": "maybe"}, {"gain": "0.1"}, {"interval": [1.0]}, {"runs": []}, {"extra": 1}):
        assert list(breaks(good | change, SCHEMA))
    assert list(breaks({k: v for k, v in good.items() if k != "level"}, SCHEMA))


def test_the_guide_names_every_field():
    fields = [*SCHEMA["properties"], *SCHEMA["properties"]["task"]["properties"]]
    fields += [
        key for part in ("columns", "findings", "runs") for key in SCHEMA["properties"][part]["items"]["properties"]
    ]
    fields += SCHEMA["properties"]["split"]["properties"]
    assert [field for field in fields if f"`{field}`" not in GUIDE] == []


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
