"""Reads a YAML recipe and remembers the line of every key."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from automl.errors import RecipeError
from automl.recipe.inner_keys import INNER_KEYS
from automl.recipe.making import finish, is_word, plain
from automl.recipe.nodes import compose, value_of
from automl.recipe.places import check_out, find, path_hint
from automl.recipe.problems import Problem, check
from automl.recipe.schema import Keys
from automl.recipe.words import cut
from automl.records import Recipe
from automl.storage.files import sheet_of, shown
from automl.system.counts import counted

__all__ = ["read", "validate"]

MOST_BYTES = 1_000_000
MOST_PROBLEMS = 50


def read(path: str | os.PathLike[str], **overrides: Any) -> Recipe:
    """Read a recipe.

    Args:
        path: a YAML file; relative paths in it refer to its folder.
        **overrides: keys that replace the file's, as Python arguments, those under other keys too; None keeps the
            file's value. Only here can `ray_address` be the address of a Ray cluster. A file may name only "local":
            pickles travel both ways, so whoever answers at an address can run code here.

    Raises:
        RecipeError: one line for each problem, each naming file, line and key.
    """
    path = Path(path)
    given = {key: value for key, value in overrides.items() if value is not None}
    objects: dict[str, Any] = {
        key: given.pop(key) for key in ("data", "test", "weight") if key in given and not is_word(given[key])
    }
    given = plain(given)
    for key in ("data", "test"):  # a path given here refers to the current folder, not the recipe's
        if key in given:
            source = find(key, given[key], Path())
            given[key] = source if ":" in source else os.path.abspath(source)
    if "data" in objects:
        given["data"] = "in memory"
    keys, problems = examine(path, given, skip=tuple(objects))
    if keys is None:
        raise RecipeError(*problems)
    made = finish(keys, path.name, path.parent, objects)
    return replace(made, file=shown(str(path)), replaced={**given, **objects})


def validate(path: str | os.PathLike[str]) -> list[str]:
    """All problems of a recipe, in the order of its lines; empty if there is none."""
    return examine(Path(path), {})[1]


def examine(path: Path, overrides: dict[str, Any], skip: tuple[str, ...] = ()) -> tuple[Keys | None, list[str]]:
    """Parse and check a recipe; returns the keys (None if there are problems) and the problems with file and line."""
    try:
        values, lines, doubled = parse(path)
    except RecipeError as error:
        return None, [str(error)]
    keys, problems = check(merged(values, overrides))
    problems = [(key, f"the key {key!r} is there twice; keep one of them") for key in doubled] + problems
    own = {key: value for key, value in values.items() if key not in overrides and key not in skip}
    for outer in INNER_KEYS:
        if isinstance(own.get(outer), dict):
            own[outer] = {key: value for key, value in own[outer].items() if key not in overrides}
    problems += reference_problems(own, path.parent)
    lines = {key: line for key, line in lines.items() if _own_name(key) not in overrides}
    placed = sorted(problems, key=lambda problem: lines.get(problem[0], 0))
    messages = [where(path, lines, problem) for problem in placed[:MOST_PROBLEMS]]
    if len(placed) > MOST_PROBLEMS:
        messages.append(f"{path}: and {counted(len(placed) - MOST_PROBLEMS, 'more problem')}")
    return (None if problems else keys), messages


def _own_name(key: str) -> str:
    """The name of a key under another key ("search.oracle"), or the key itself."""
    outer, _, inner = key.partition(".")
    return inner if outer in INNER_KEYS and inner else key


def merged(values: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The file's keys and those that replace them; keys under another key replace single ones there."""
    known = {name for names in INNER_KEYS.values() for name in names}
    whole = {**values, **{key: value for key, value in overrides.items() if key not in known}}
    for outer, names in INNER_KEYS.items():
        inner = {key: value for key, value in overrides.items() if key in names}
        under = whole.get(outer, {})
        if inner and isinstance(under, dict):  # else it is wrong, which the check says
            whole[outer] = {**under, **inner}
    return whole


def where(path: Path, lines: Mapping[str, int], problem: Problem) -> str:
    """The message of a problem, with its file and line."""
    key, message = problem
    return f"{path}:{lines[key]}: {message}" if key in lines else f"{path}: {message}"


def reference_problems(values: Mapping[str, Any], root: Path) -> list[Problem]:
    """Problems of what the file refers to: data, the run folder, plug-ins, other machines."""
    problems: list[Problem] = []
    search = values.get("search")
    address = search.get("ray_address") if isinstance(search, dict) else None
    if isinstance(address, str) and address.strip() != "local":
        problems.append((
            "search.ray_address",
            f"search.ray_address: {cut(address, 100)!r} is an address, and a recipe file may only name local: data "
            "and pickles travel both ways, so whoever answers there can run code on this machine; if you trust it, "
            "leave it out of the file and give it yourself (--ray-address, or ray_address= in Python)",
        ))  # fmt: skip
    for key in ("data", "test", "pretrained", "out"):
        word = values.get(key)
        if not isinstance(word, str) or not word:
            continue
        if key != "out" and word.replace("\\", "/").startswith("//") and (os.name == "nt" or word[0] == "\\"):
            problems.append((key, f"{key}: {cut(word, 100)!r} lies on another machine; copy it here first"))
            continue
        try:
            check_out(word) if key == "out" else refuse_odd_file(key, find(key, word, root))
        except RecipeError as error:
            problems.append((key, str(error)))
    plugins = values.get("plugins")
    for name in plugins if isinstance(plugins, list) else [plugins]:
        if isinstance(name, str) and (name.endswith(".py") or "/" in name or "\\" in name):
            message = f"plugins: {name!r} is a file; a recipe names entry points only: pass files from Python"
            problems.append(("plugins", message))
    return problems


def refuse_odd_file(key: str, path: str) -> None:
    """Refuse a pipe or device as data: reading it could block or never end.

    Raises:
        RecipeError: it is a pipe or device.
    """
    try:
        mode = os.stat(sheet_of(path)[0]).st_mode
    except (OSError, ValueError):  # a shipped data set; other problems are reported when the file is read
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise RecipeError(f"{key}: {cut(path, 200)!r} is a pipe or device; a recipe names files and folders")


def values_of(text: str) -> dict[str, Any]:
    """Keys and values of a recipe's text as they stand there, neither checked nor looked up.

    Raises:
        RecipeError: it is too large for a recipe, not YAML, or no mapping.
    """
    if len(text) > MOST_BYTES:
        raise RecipeError(f"the recipe has {len(text)} characters, more than a recipe may")
    where_ = Path("recipe")
    loader, node = compose(where_, text)
    return {str(key.value): value_of(where_, loader, value) for key, value in node.value}


def parse(path: Path) -> tuple[dict[str, Any], dict[str, int], list[str]]:
    """Keys and values of a YAML mapping, the line of each key, and the keys that are there twice.

    Raises:
        RecipeError: the file is missing, cannot be read, is not YAML, or is not a mapping.
    """
    loader, node = compose(path, load_text(path))
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    doubled: list[str] = []
    for key_node, value_node in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in values:
            doubled.append(key)
        lines[key] = line
        if isinstance(value_node, yaml.MappingNode):
            for inner, _ in value_node.value:
                lines[f"{key}.{inner.value}"] = inner.start_mark.line + 1
        values[key] = value_of(path, loader, value_node)
    return values, lines, doubled


def load_text(path: Path) -> str:
    """A recipe's text.

    Raises:
        RecipeError: there is no such file, it is too large for a recipe, or it is not UTF-8.
    """
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe or device"
            raise RecipeError(f"{path}: this recipe is {what}; give the path of a YAML file")
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise RecipeError(
            f"{path}: this recipe does not exist{path_hint(path)}; give the path of a YAML file"
        ) from None
    except (OSError, ValueError) as error:
        if isinstance(error, RecipeError):
            raise
        why = getattr(error, "strerror", None) or error
        raise RecipeError(f"{cut(str(path), 300)}: cannot be read ({why}); check its name and permissions") from error
    if len(content) > MOST_BYTES:
        size = max(status.st_size, len(content))
        raise RecipeError(f"{path}: expected a recipe of some lines, got {size} bytes; is it data?")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: byte {error.start} is not UTF-8; save the recipe as UTF-8") from error
