"""A checker of the part of JSON schema that ours uses; it also refuses fields that the schema does not describe."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
KNOWN = {"$defs", "$ref", "$schema", "additionalProperties", "anyOf", "const", "description", "enum", "examples",
         "items", "maxItems", "maximum", "minItems", "minimum", "properties", "propertyNames", "required", "title",
         "type"}  # fmt: skip


def breaks(value: Any, schema: dict[str, Any], where: str = "result", root: dict[str, Any] | None = None) -> Any:
    """Breaks of the schema in a value, in words."""
    root = schema if root is None else root
    assert set(schema) <= KNOWN, f"{where}: the checker does not know {set(schema) - KNOWN}"
    if "$ref" in schema:
        yield from breaks(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], where, root)
    if "anyOf" in schema:
        each = [list(breaks(value, one, where, root)) for one in schema["anyOf"]]
        if all(each):
            yield from max(each, key=lambda some: some[0].count("."))  # of the part that goes deepest
            return
    if "type" in schema and not fits(value, schema["type"]):
        yield f"{where} is {value!r}, not {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is {value!r}, not one of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{where} is {value!r}, not {schema['const']!r}"
    if isinstance(value, (int, float)) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{where} is {value!r}, out of range"
    if isinstance(value, list):
        yield from list_breaks(value, schema, where, root)
    if isinstance(value, dict):
        yield from object_breaks(value, schema, where, root)


def list_breaks(value: list[Any], schema: dict[str, Any], where: str, root: dict[str, Any]) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{where} has {len(value)} items"
    for i, item in enumerate(value):
        yield from breaks(item, schema.get("items", {}), f"{where}[{i}]", root)


def object_breaks(value: dict[str, Any], schema: dict[str, Any], where: str, root: dict[str, Any]) -> Iterator[str]:
    for key in schema.get("required", []):
        if key not in value:
            yield f"{where}.{key} is missing"
    others = schema.get("additionalProperties", {})
    for key, item in value.items():
        if "properties" in schema and key not in schema["properties"]:
            yield f"{where}.{key} is not described"
        yield from breaks(key, schema.get("propertyNames", {}), f"{where}: the name {key}", root)
        one = schema.get("properties", {}).get(key, others if isinstance(others, dict) else {})
        yield from breaks(item, one, f"{where}.{key}", root)


def fits(value: Any, kind: str) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, TYPES[kind])
