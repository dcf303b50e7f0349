"""Checks a recipe with the names of the columns of its data, which are read from the beginning of the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.errors import InputError
from automl.intake.header import header_of
from automl.intake.raw import Hints, listed
from automl.recipe import shipped
from automl.recipe.column_names import NAME_KEYS, with_names
from automl.recipe.places import find
from automl.recipe.reader import examine, parse, where
from automl.recipe.words import cut, nearest
from automl.system.counts import counted

__all__ = ["problems_of"]

SHOWN = 12


def problems_of(path: str | Path) -> tuple[list[str], str]:
    """All problems of a recipe, those of the columns that it names among them.

    Args:
        path: of a YAML file.

    Returns:
        The problems in the order of the lines, each with file and line; and what was checked of the data, in words.
    """
    recipe = Path(path)
    _, problems = examine(recipe, {})
    try:
        values, lines, _ = parse(recipe)
    except InputError:
        return problems, ""
    named = with_names(values)
    found, checked = _of_columns(named, recipe.parent)
    told = [where(recipe, lines, one) for one in found]
    return sorted([*problems, *told], key=lambda message: _line(message, recipe)), checked


def _line(message: str, recipe: Path) -> int:
    number = message.removeprefix(f"{recipe}:").partition(":")[0]
    return int(number) if number.isdigit() else 0


def _of_columns(values: Mapping[str, Any], root: Path) -> tuple[list[tuple[str, str]], str]:
    """Problems by key, and what was checked."""
    asked = columns_named(values)
    data = values.get("data")
    if not isinstance(data, str) or not data:
        return [], ""
    targets = tuple(name for key, name in asked if key == "target")
    try:
        names, own = _header("data", data, root, targets)
    except InputError as error:
        message = str(error)
        return ([] if message.startswith("data: ") else [("data", f"data: {message}")]), ""  # else it was told before
    if names is None:
        return [], "its data have no header to check columns by"
    known = (*names, *own)
    problems = [(key, _unknown(key, name, known, data)) for key, name in asked if name not in known]
    test = values.get("test")
    if isinstance(test, str) and test:
        problems += _of_test(test, root, names, targets, asked)
    return problems, f"{counted(len(names), 'column')} of {cut(data, 100)} checked"


def _of_test(
    test: str, root: Path, names: Sequence[str], targets: tuple[str, ...], asked: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    try:
        theirs, _ = _header("test", test, root, targets, tuple(names))
    except InputError as error:
        return [] if str(error).startswith("test: ") else [("test", f"test: {error}")]
    dropped = {name for key, name in asked if key == "drop"}
    lacking = [name for name in names if theirs is not None and name not in theirs and name not in dropped]
    if not lacking:
        return []
    return [("test", f"test: {cut(test, 100)} lacks {listed(lacking)} of the data; give both the same columns")]


def columns_named(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each column that a recipe names, with the key (or ``columns.<name>``) that names it."""
    asked: list[tuple[str, str]] = []
    for key in NAME_KEYS:
        value = values.get(key)
        asked += [(key, one) for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one]
    columns = values.get("columns")
    asked += [(f"columns.{name}", name) for name in columns] if isinstance(columns, dict) else []
    return asked


def _header(
    key: str, value: str, root: Path, targets: tuple[str, ...], names: tuple[str, ...] = ()
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Names of the columns, and of targets that a shipped set keeps apart."""
    found = find(key, value, root)
    if shipped.is_name(found):
        data, own = shipped.load(found)
        return header_of(data, Hints(targets)), own
    return header_of(found, Hints(targets, names=names)), ()


def _unknown(key: str, name: str, names: Sequence[str], data: str) -> str:
    word = key.partition(".")[0]
    return (
        f"{word}: {cut(name, 100)!r} is not a column of {cut(data, 100)}{nearest(name, names)}; it has "
        f"{listed(names, SHOWN)}"
    )
