"""Makes a `Recipe` from Python arguments and command-line flags."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl import goals
from automl.errors import RecipeError
from automl.recipe.column_names import with_names
from automl.recipe.places import find, opened
from automl.recipe.problems import BELONGS, Problem, check
from automl.recipe.record import to_recipe
from automl.recipe.schema import KEYS, Keys
from automl.recipe.units import parse_columns
from automl.recipe.words import cut, nearest_key
from automl.records import Recipe
from automl.storage.files import shown

__all__ = ["OBJECTS", "make", "unknown_argument"]

ONLY_FIT = "which only fit and run take"

OBJECTS = ("data", "test", "weight")
"""Keys whose values may be objects in memory."""
FEWEST_VALUES = 10
"""Fewer are taken for names."""


def make(*, source: str = "automl.fit", **arguments: Any) -> Recipe:
    """Make a recipe from arguments.

    Args:
        source: where the arguments come from, for messages.
        **arguments: a recipe's keys. `data`, `test` and `weight` may be objects in memory, names may be tuples, and
            `columns` may be written as on the command line, ``name=kind,name=kind``. None means "left out".

    Raises:
        RecipeError: a key is unknown, a value is wrong, or a path does not exist.
    """
    unknown = next((key for key in arguments if key not in KEYS), None)
    if unknown is not None:
        raise unknown_argument(source, unknown, KEYS)
    given = with_names({key: value for key, value in arguments.items() if value is not None})
    if "data" not in given:
        raise RecipeError(f"{source}: data is missing; pass a path, a frame, an array or a pair (inputs, target)")
    for key in ("target", "label"):
        if _are_values(given.get(key)):
            raise RecipeError(
                f"{source}: {key} names columns; it was given {len(given[key]):,} values. Arrays are passed as a pair "
                "of inputs and target: (X, y); values of a frame go into a column of it"
            )
    objects = {key: given.pop(key) for key in OBJECTS if key in given and not is_word(given[key])}
    keys, problems = check({**plain(given), **({"data": "in memory"} if "data" in objects else {})})
    if keys is None:
        raise RecipeError(*messages_of(problems, source))
    return finish(keys, source, Path(), objects)


def _are_values(given: Any) -> bool:
    """Whether a target's values stand where its name should: many, of which some repeat or are no whole numbers."""
    found = given.tolist() if hasattr(given, "tolist") else given
    if not isinstance(found, list | tuple) or len(found) < FEWEST_VALUES:
        return False
    return any(isinstance(value, float) for value in found) or len({str(value) for value in found}) < len(found)


def unknown_argument(source: str, name: str, known: Sequence[str]) -> RecipeError:
    """The error for an argument that a call does not have, with the nearest one.

    Args:
        source: the call, such as "automl.fit".
        name: what the user wrote.
        known: the arguments that the call has.
    """
    elsewhere = dict.fromkeys(KEYS, ONLY_FIT) | BELONGS
    hint = nearest_key(name, known, [key for key in elsewhere if key not in known], elsewhere)
    return RecipeError(f"{source}: unknown argument {cut(name, 100)!r}{hint}; arguments are {', '.join(known)}")


def finish(keys: Keys, source: str, root: Path, objects: Mapping[str, Any] | None = None) -> Recipe:
    """Make the recipe: resolve paths and load shipped data sets.

    Args:
        keys: the checked keys.
        source: where they come from, for messages.
        root: the folder that relative paths refer to.
        objects: data given in memory, by key.
    """
    resolved = dict(objects or {})
    target, label = keys.target, keys.label
    goal = goals.known().get(keys.goal or "")
    for key in ("data", "test"):
        value = getattr(keys, key)
        if key in resolved or value is None:
            continue
        resolved[key], own = opened(find(key, value, root))
        if goal is not None and not goal.needs_target:
            label = label or next(iter(own), None)  # never an input
        elif target is None and own:
            target = list(own)
    if keys.pretrained is not None:
        resolved["pretrained"] = find("pretrained", keys.pretrained, root)
    return to_recipe(keys.model_copy(update={"target": target, "label": label}), source, **resolved)


def is_word(value: Any) -> bool:
    """Whether a value is a name or a path, not data."""
    return isinstance(value, str | os.PathLike)


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Convert Python and NumPy values to the plain strings, lists and numbers that YAML would give."""
    return {
        key: parse_columns(value) if key == "columns" and isinstance(value, str) else plain_value(value)
        for key, value in values.items()
    }


def plain_value(value: Any) -> Any:
    """Convert one value, see `plain`."""
    if isinstance(value, os.PathLike):
        return shown(os.fsdecode(value))
    if isinstance(value, str):
        return shown(str(value))
    if isinstance(value, Mapping):
        return {key: plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_value(item) for item in value]
    if hasattr(value, "tolist"):  # NumPy's scalars and arrays, a pandas Index
        return value.tolist()
    return value


def messages_of(problems: list[Problem], source: str) -> list[str]:
    """The problems as lines of one message."""
    return [f"{source}: {message}" for _, message in problems]
