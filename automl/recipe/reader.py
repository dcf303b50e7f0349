"""Reading a YAML recipe, knowing the line of every key."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from automl.errors import RecipeError
from automl.recipe.making import finish, is_word, plain
from automl.recipe.places import check_out, find, near
from automl.recipe.problems import Problem, check
from automl.recipe.schema import Keys
from automl.records import Recipe

__all__ = ["read", "validate"]

MOST_BYTES = 1_000_000


def read(path: str | os.PathLike[str], **overrides: Any) -> Recipe:
    """Read a recipe.

    Args:
        path: a YAML file; relative paths in it are read against its folder.
        **overrides: keys that replace the file's (None leaves the file's), as Python arguments.

    Raises:
        RecipeError: one line for each problem, each naming file, line and key.
    """
    path = Path(path)
    given = {key: value for key, value in overrides.items() if value is not None}
    objects: dict[str, Any] = {
        key: given.pop(key) for key in ("data", "test", "weight") if key in given and not is_word(given[key])
    }
    given = plain(given)
    for key in ("data", "test"):  # a path given here is read against the current folder, not the recipe's
        if key in given:
            given[key] = os.path.abspath(found) if ":" not in (found := find(key, given[key], Path())) else found
    if "data" in objects:
        given["data"] = "in memory"
    keys, problems = examine(path, given, skip=tuple(objects))
    if keys is None:
        raise RecipeError(*problems)
    return finish(keys, path.name, path.parent, objects)


def validate(path: str | os.PathLike[str]) -> list[str]:
    """Every problem of a recipe, in the order of its lines; empty when there is none."""
    return examine(Path(path), {})[1]


def examine(path: Path, overrides: dict[str, Any], skip: tuple[str, ...] = ()) -> tuple[Keys | None, list[str]]:
    """Parse and check; the keys (None when there are problems) and the problems with file and line."""
    try:
        values, lines, doubled = parse(path)
    except RecipeError as error:
        return None, [str(error)]
    keys, problems = check({**values, **overrides})
    problems = [(key, f"the key {key!r} is there twice; keep one of them") for key in doubled] + problems
    own = {key: value for key, value in values.items() if key not in overrides and key not in skip}
    problems += beyond(own, path.parent)
    placed = sorted(problems, key=lambda problem: lines.get(problem[0], 0))
    return (None if problems else keys), [where(path, lines, problem) for problem in placed]


def where(path: Path, lines: Mapping[str, int], problem: Problem) -> str:
    """A problem with the file and line it is in."""
    key, message = problem
    return f"{path}:{lines[key]}: {message}" if key in lines else f"{path}: {message}"


def beyond(values: Mapping[str, Any], root: Path) -> list[Problem]:
    """Problems of what the file's own words point to: data, the run folder, plug-ins."""
    problems: list[Problem] = []
    for key in ("data", "test", "out"):
        word = values.get(key)
        if not isinstance(word, str) or not word:
            continue
        try:
            check_out(word) if key == "out" else find(key, word, root)
        except RecipeError as error:
            problems.append((key, str(error)))
    plugins = values.get("plugins")
    for name in plugins if isinstance(plugins, list) else [plugins]:
        if isinstance(name, str) and (name.endswith(".py") or "/" in name or "\\" in name):
            message = f"plugins: {name!r} is a file; a recipe names entry points only: pass files from Python"
            problems.append(("plugins", message))
    return problems


def parse(path: Path) -> tuple[dict[str, Any], dict[str, int], list[str]]:
    """Keys and values of a YAML mapping, the line of each key, and the keys that are there twice.

    Raises:
        RecipeError: the file is missing, unreadable, no YAML, or no mapping.
    """
    text = load_text(path)
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise RecipeError(f'{path}: expected a mapping of keys to values, such as "data: cars.csv"; found none')
        values: dict[str, Any] = {}
        lines: dict[str, int] = {}
        doubled: list[str] = []
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in values:
                doubled.append(key)
            lines[key] = line
            refuse_doubles(path, value_node)
            if isinstance(value_node, yaml.MappingNode):
                for inner, _ in value_node.value:
                    lines[f"{key}.{inner.value}"] = inner.start_mark.line + 1
            values[key] = loader.construct_object(value_node, deep=True)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RecipeError(f"{path}:{line}: this is no valid YAML: {error.problem or error}; check quotes and "
                          "indentation") from error  # fmt: skip
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, RecipeError):
            raise
        raise RecipeError(f"{path}: this is no valid YAML: {error}") from error
    return values, lines, doubled


def refuse_doubles(path: Path, node: yaml.Node) -> None:
    """Refuse a mapping inside the recipe (`columns`) that has a key twice; YAML would keep the last silently."""
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key_node, _ in node.value:
        if key_node.value in seen:
            line = key_node.start_mark.line + 1
            raise RecipeError(f"{path}:{line}: {key_node.value!r} is there twice; keep one of them")
        seen.add(str(key_node.value))


def load_text(path: Path) -> str:
    """A recipe's text.

    Raises:
        RecipeError: there is no such file, it is too large for a recipe, or not UTF-8.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else f"does not exist{near(path)}"
        raise RecipeError(f"{path}: this recipe {what}; give the path of a YAML file")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise RecipeError(f"{path}: expected a recipe of some lines, got {path.stat().st_size} bytes; is it data?")
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: byte {error.start} is not UTF-8; save the recipe as UTF-8") from error
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
