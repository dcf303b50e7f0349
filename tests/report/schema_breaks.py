"""A checker of the part of JSON schema that ours uses."""

from __future__ import annotations

import math

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
