"""Writes a `Recipe` as YAML; reading that YAML gives the same recipe."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import Any

from automl.recipe.units import NO_BUDGET
from automl.records import Costs, Recipe, SearchOptions
from automl.system import shell
from automl.system.printable import printable

__all__ = ["dump"]

RENAMED = {"budget_seconds": "budget", "latency_ms": "latency"}
UNWRITTEN = ("source", "budget_given", "file", "replaced")
NOT_WHOLE = ("resume", "json", "quiet", "json_lines", "out")
"""Keys that say how a run is shown and where it goes; they are no part of the contest."""
DEFAULTS = {field.name: field.default for field in fields(Recipe)}


def dump(recipe: Recipe, whole: bool = False) -> str:
    """Write a recipe as YAML, without the keys at their defaults.

    Data in memory cannot be written. A comment says what it was, and ``data`` is left out for the reader to fill in.

    Args:
        recipe: what was asked for.
        whole: whether to write keys at their defaults, too, except those that stand for "choose" or "none".
    """
    import yaml

    comments: list[str] = []
    content: dict[str, Any] = {}
    for name in (field.name for field in fields(Recipe) if field.name not in UNWRITTEN):
        key, value = RENAMED.get(name, name), getattr(recipe, name)
        if key in ("data", "test", "weight"):
            value = source_of(key, value, comments)
        if key in ("columns", "target", "drop", "sensitive", "templates", "plugins", "known"):
            value = (dict(value) if key == "columns" else list(value)) or None
        if key in ("target", "drop", "sensitive") and value and len(value) == 1:
            value = value[0]
        is_default = name in DEFAULTS and value == DEFAULTS[name] and key != "budget"
        if value is None or (is_default and (not whole or name in NOT_WHOLE)):
            continue
        if key == "search" and value.ray_address not in (None, "local"):
            comments.append(
                f"ray_address: a recipe file may not name it; it ran with "
                f"{shell.flag('--ray-address', value.ray_address)}"
            )
            value = replace(value, ray_address=None)
            if value == DEFAULTS[name] and not whole:
                continue
        if whole and key in INNER:
            content[key] = INNER[key](value, True)
        else:
            content[key] = WRITERS[key](value) if key in WRITERS else value
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)
    if printable(text, "\n") != text:  # names with hidden characters are written with YAML's escapes, in ASCII
        text = yaml.safe_dump(content, sort_keys=False, width=1000)
    return "".join(f"# {comment}\n" for comment in comments) + text


def search(options: SearchOptions, whole: bool = False) -> dict[str, Any]:
    """The keys under ``search:`` that are not at their defaults, or all that have a value."""
    every = {name: value for name, value in asdict(options).items() if value not in (None, ())}
    own = {name: value for name, value in every.items() if whole or value != getattr(SearchOptions(), name)}
    if "memory_mib" in own:
        own["memory"] = f"{own.pop('memory_mib'):g}MB"
    return {name: list(value) if isinstance(value, tuple) else value for name, value in own.items()}


def costs(rates: Costs, whole: bool = False) -> dict[str, Any]:
    """The keys under ``costs:`` that are not at their defaults, or all; whole numbers without a point."""
    own = {name: value for name, value in asdict(rates).items() if whole or value != getattr(Costs(), name)}
    return {name: int(value) if value == int(value) else value for name, value in own.items()}


def source_of(key: str, value: Any, comments: list[str]) -> str | None:
    """The name under which data was loaded; None for data given in memory, with a comment."""
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    source: Any = getattr(value, "attrs", {}).get("source")
    if isinstance(source, str):
        return source
    shape = getattr(value, "shape", None)
    size = f" of shape {tuple(shape)}" if shape is not None else ""
    comments.append(f"{key}: was given in memory, a {type(value).__name__}{size}; write it to a file to run this again")
    return None


def seconds(value: float) -> str:
    """A budget as a recipe writes it."""
    if math.isinf(value):
        return NO_BUDGET
    return f"{int(value)}s" if value == int(value) else f"{value!r}s"


WRITERS: dict[str, Callable[[Any], Any]] = {"budget": seconds, "search": search, "costs": costs}
"""Keys whose values are written in another form than the record's."""
INNER: dict[str, Callable[[Any, bool], Any]] = {"search": search, "costs": costs}
"""Keys that hold further keys."""
