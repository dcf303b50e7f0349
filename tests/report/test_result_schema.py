"""The schema of `result.json` is made from the records that the writer fills, and the guide explains every field."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from schema_breaks import breaks

from automl import report
from automl.report import compare, result_fields
from automl.report.model_card import model_card

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "result.md").read_text(encoding="utf-8")
SCHEMA = report.result_schema()
LATER = "Absent in results of earlier versions."


def objects(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each kind of object of the schema, by the name of its record."""
    yield "ResultFields", schema
    yield from schema["$defs"].items()


FIELDS = [(name, field) for name, one in objects(SCHEMA) for field in one["properties"]]


def test_the_schema_in_docs_is_what_the_command_writes() -> None:
    assert json.loads((DOCS / "result.schema.json").read_text("utf-8")) == SCHEMA


def test_every_record_of_the_writer_is_in_the_schema() -> None:
    records = {name for name in result_fields.__all__ if name.endswith("Fields")}
    assert {name for name, _ in objects(SCHEMA)} == records
    for name, one in objects(SCHEMA):
        record = getattr(result_fields, name)
        assert list(one["properties"]) == [field.name for field in dataclasses.fields(record)]
        assert list(get_type_hints(record)) == list(one["properties"])


def test_a_field_without_a_place_in_the_schema_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="surplus"):
        result_fields.TrustFields(level="high", reasons=[], surplus=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="reasons"):
        result_fields.TrustFields(level="high")  # type: ignore[call-arg]


@pytest.mark.parametrize(("record", "field"), FIELDS)
def test_every_field_is_explained_in_the_schema_and_in_the_guide(record: str, field: str) -> None:
    one = dict(objects(SCHEMA))[record]["properties"][field]
    assert one["description"].endswith(".") and f"`{field}`" in GUIDE


def without_later(value: Any, schema: dict[str, Any]) -> Any:
    """A result as an earlier version wrote it: without fields that were added since."""
    schema = SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else schema
    for one in schema.get("anyOf", []):
        if "$ref" in one and value is not None:
            return without_later(value, one)
    if isinstance(value, list) and "items" in schema:
        return [without_later(item, schema["items"]) for item in value]
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        return {
            key: without_later(item, known[key])
            for key, item in value.items()
            if LATER not in known[key].get("description", "")
        }
    return value


@pytest.mark.parametrize("name", ["binary", "forecast", "no_deep"])
def test_results_of_earlier_versions_fit_the_schema_and_open(
    name: str, outcome_of: Any, written: Any, tmp_path: Path
) -> None:
    old = without_later(report.result_dict(outcome_of(name)), SCHEMA)
    assert not {"tradeoff", "uncertainty", "recipe", "sides"} & set(old) and "family" not in old["runs"][0]
    assert list(breaks(old, SCHEMA)) == []
    (tmp_path / "result.json").write_text(json.dumps(old))
    (tmp_path / "report.json").write_bytes((written(name) / "report.json").read_bytes())

    (one,) = compare.compared([tmp_path])
    assert (one.verdict, one.metric) == (old["verdict"], old["task"]["metric"])
    assert report.read_result(tmp_path) == old and model_card(old, "made-up")


def test_a_goal_of_a_plug_in_fits_the_schema(outcome_of: Any) -> None:
    result = report.result_dict(outcome_of("binary"))
    result["task"] |= {"goal": "survival", "modality": "audio"}
    assert list(breaks(result, SCHEMA)) == []
