"""The JSON schema of a result, and records as dicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from automl.report.result_fields.result import ResultFields
from automl.report.result_fields.types import LATER

__all__ = ["SCHEMA", "as_dict", "result_schema"]

SCHEMA: Final = 1
"""Version of the contract: raised when a field changes its meaning, not when one is added."""


class _Schema(GenerateJsonSchema):
    """pydantic's schema without titles that only repeat names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """No field has a title beside its name."""
        return False


def result_schema() -> dict[str, Any]:
    """The JSON schema of ``result.json``; fields that earlier versions did not write are not required."""
    content = TypeAdapter(ResultFields).json_schema(schema_generator=_Schema, mode="validation")
    for part in (content, *content["$defs"].values()):
        part.pop("title", None)
        later = [name for name, one in part.get("properties", {}).items() if one.pop(LATER, False)]
        for name in later:
            one = part["properties"][name]
            one["description"] += " Absent in results of earlier versions."
        part["required"] = [name for name in part["required"] if name not in later]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "result.json of an automl run",
    }
    return {**head, **content}


def as_dict(record: Any) -> Any:
    """A record and those within it as dicts; all else as it is."""
    if dataclasses.is_dataclass(record):
        return {field.name: as_dict(getattr(record, field.name)) for field in dataclasses.fields(record)}
    if isinstance(record, Mapping):
        return {key: as_dict(value) for key, value in record.items()}
    return [as_dict(value) for value in record] if isinstance(record, (list, tuple)) else record
