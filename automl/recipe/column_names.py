"""Names of columns that are numbers: frames made of arrays have such, and YAML reads 2019 as one."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

__all__ = ["NAME_KEYS", "with_names"]

NAME_KEYS = ("target", "label", "time_column", "series", "group", "weight", "known", "drop", "sensitive", "condition")
"""Keys of a recipe that name columns; the keys of `columns` do so as well."""

LARGEST = 2**63


def with_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's values with each number that names a column as text.

    Args:
        values: by key of the recipe.
    """
    named = dict(values)
    for key in NAME_KEYS:
        if key in named:
            named[key] = [_name(one) for one in named[key]] if isinstance(named[key], list) else _name(named[key])
    if isinstance(named.get("columns"), Mapping):
        named["columns"] = {_name(name): kind for name, kind in named["columns"].items()}
    return named


def _name(value: Any) -> Any:
    """A number, but no yes or no, as text."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return value
    plain = value.item() if hasattr(value, "item") else value
    return str(plain) if abs(plain) < LARGEST else value
