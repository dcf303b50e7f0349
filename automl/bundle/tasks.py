"""A `Task` as JSON and back, exactly."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

import numpy as np

from automl.bundle.packing import pack, unpack
from automl.errors import BundleError
from automl.records import Column, Task

__all__ = ["task_from_dict", "task_to_dict"]

COLUMNS = ("columns", "target_columns")


def task_to_dict(task: Task) -> dict[str, Any]:
    """A task as JSON types."""
    content = {field.name: plain(getattr(task, field.name)) for field in fields(Task) if field.name not in COLUMNS}
    arrays: dict[str, Any] = {}
    for part in COLUMNS:
        content[part] = [
            {
                "name": column.name,
                "kind": column.kind,
                "confidence": float(column.confidence),
                "evidence": column.evidence,
                "reading": pack(dict(column.reading), arrays, f"{part}/{column.name}/reading"),
            }
            for column in getattr(task, part)
        ]
    if arrays:
        raise BundleError("a column's reading holds an array or NumPy number; write it as a plain number or list")
    return content


def plain(value: Any) -> Any:
    """Tuples as lists and NumPy's numbers as Python's."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def task_from_dict(content: dict[str, Any]) -> Task:
    """The task that `task_to_dict` wrote.

    Raises:
        BundleError: a field is missing or unknown.
    """
    known = {field.name: field for field in fields(Task)}
    required = {name for name, field in known.items() if field.default is MISSING and field.default_factory is MISSING}
    if not required <= set(content) <= set(known):
        odd = sorted((required - set(content)) | (set(content) - set(known)))
        raise BundleError(f"bundle.json: the task has missing or unknown fields {odd}; open it with its own version")
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
    }
    try:
        for part in COLUMNS:
            values[part] = tuple(
                Column(**{**column, "reading": unpack(column["reading"], {})}) for column in content.get(part, [])
            )
    except (TypeError, KeyError) as error:
        raise BundleError(f"bundle.json: a column cannot be read ({error}); save the model again") from error
    return Task(**values)
