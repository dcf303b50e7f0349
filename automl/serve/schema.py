"""The OpenAPI description of a model's addresses, made of its columns. It names columns and kinds, and no cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl import goals
from automl._version import __version__
from automl.records import UNUSED_KINDS, Column, Task
from automl.report.words import task_sentence
from automl.serve.body import CSV, JSON, example_of
from automl.serve.settings import Settings

__all__ = ["openapi"]

TYPES: Mapping[str, Any] = {
    "numeric": ["number", "null"],
    "embedded_number": ["number", "string", "null"],
    "boolean": ["boolean", "string", "number", "null"],
    "categorical": ["string", "number", "boolean", "null"],
}
"""What cells of a kind may be; those of all others are texts."""
STATUSES = {
    "400": "The body is no JSON.",
    "413": "The body is too large.",
    "415": "The body is of another type.",
    "421": "The Host header names no host of this server.",
    "422": "The rows cannot be predicted; the message says why.",
    "503": "Too many requests wait for the model.",
    "504": "The answer was not ready in time.",
}


def openapi(task: Task, side: str, settings: Settings) -> dict[str, Any]:
    """The description as values of JSON.

    Args:
        task: of the model.
        side: that serves.
        settings: with the limits.
    """
    goal = goals.named(task)
    example = example_of(task) if task.columns else None
    paths: dict[str, Any] = {"/predict": _post("Predict rows.", _predicted(task), example)}
    if goal.is_classification:
        shares = {"type": "object", "additionalProperties": {"type": "number"}}
        paths["/predict_proba"] = _post("Probabilities of each class.", shares, example)
    paths["/health"] = _get("Whether the model is ready.", JSON)
    paths["/metrics"] = _get("Counts for Prometheus.", "text/plain")
    limits = f"At most {settings.most_rows:,} rows and {settings.most_body_mib:g} MiB a request"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": task_sentence(task),
            "version": __version__,
            "description": f"Served by the {side} model. {limits}, answered within {settings.timeout_seconds:g} s.",
        },
        "paths": paths,
        "components": {"schemas": {"Row": _row(task), "Error": _error(), "Warning": _warning()}},
    }


def _row(task: Task) -> dict[str, Any]:
    if not task.columns and task.horizon is None:
        return {"type": "array", "description": "Numbers in the shape of training, as nested lists."}
    columns = [*task.columns, *(c for c in task.target_columns if task.horizon is not None)]
    used = [column.name for column in columns if column.kind not in UNUSED_KINDS]
    return {"type": "object", "properties": {c.name: _cell(c) for c in columns}, "x-used": used}


def _cell(column: Column) -> dict[str, Any]:
    words = column.kind.replace("_", " ")
    unit = column.reading.get("unit")
    made: dict[str, Any] = {"type": TYPES.get(column.kind, ["string", "null"]), "description": words}
    if column.kind == "datetime":
        made["description"] = "date or time, best as 2024-01-31 or 2024-01-31T23:59:59"
    elif column.kind == "image_path":
        made["description"] = "picture as a data address (data:image/png;base64,...)"
    elif column.kind == "audio_path":
        made["description"] = "empty: the server opens no files, and sounds in cells are not read"
    elif unit:
        made["description"] = f"{words} in {unit}"
    return made


def _predicted(task: Task) -> dict[str, Any]:
    goal = goals.named(task)
    words = f"as predict returns them for the goal {goal.name}"
    is_single = len(task.target) == 1 and not goal.in_windows and goal.needs_target
    return {"description": words} if is_single else {"type": "object", "description": words}


def _post(summary: str, item: Mapping[str, Any], example: Mapping[str, Any] | None) -> dict[str, Any]:
    rows = {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}
    word = {"type": "string", "enum": ["warn", "ignore", "refuse"]}
    body = {"type": "object", "required": ["rows"],
            "properties": {"rows": rows, "future": rows, "on_odd": word}}  # fmt: skip
    asked: dict[str, Any] = {"schema": body} if example is None else {"schema": body, "example": example}
    warned = {"type": "array", "items": {"$ref": "#/components/schemas/Warning"}}
    done = {"type": "object", "properties": {"predictions": {"type": "array", "items": item}, "warnings": warned}}
    refused = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    answers: dict[str, Any] = {"200": {"description": "Done.", "content": {JSON: {"schema": done}}}}
    answers |= {status: {"description": words, "content": refused} for status, words in STATUSES.items()}
    return {
        "post": {
            "summary": summary,
            "parameters": [{"name": "on_odd", "in": "query", "required": False, "schema": word}],
            "requestBody": {"required": True, "content": {JSON: asked, CSV: {"schema": {"type": "string"}}}},
            "responses": answers,
        }
    }


def _get(summary: str, media: str) -> dict[str, Any]:
    return {"get": {"summary": summary, "responses": {"200": {"description": "Done.", "content": {media: {}}}}}}


def _error() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "properties": {"error": {"type": "object", "properties": {"code": text, "message": text}}},
    }


def _warning() -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    rows = {"type": ["array", "null"], "items": {"type": "integer"}, "description": "From 0; null: all of them."}
    names = {"type": "array", "items": text}
    own = {"check": text, "severity": text, "message": text, "columns": names, "rows": rows}
    return {"type": "object", "properties": own}
