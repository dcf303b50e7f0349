"""Writes how to run the same contest again: as a command, in Python and as a recipe."""

from __future__ import annotations

import dataclasses
import math
import os
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any

from automl import recipe as recipes
from automl.recipe.shipped import name_of as shipped_name
from automl.records import Recipe
from automl.system import shell

if TYPE_CHECKING:
    from automl.records import SearchOptions, Task

__all__ = ["machine", "reproduce"]

LIBRARIES = ("automl-keras", "tensorflow", "keras", "keras-tuner", "scikit-learn", "skrub", "pandas", "numpy")
SCALARS = (
    "label", "normal", "contamination", "void", "dims", "condition", "horizon", "season", "time_column", "series",
    "group", "max_trials", "memorised_limit", "pretrained", "pretrain", "min_gain", "repeats", "fold_pairs", "analysis",
    "fail_on", "ensemble",
)  # fmt: skip
"""Keys of one value."""
LISTS = ("templates", "known", "drop", "sensitive", "plugins")
"""Keys of several names."""
INNER = ("costs", "search")
"""Keys that hold further keys."""
REPEATED = ("target", "drop", "sensitive")
"""Keys whose flag is given once for each name."""
DEFAULTS = {field.name: field.default for field in dataclasses.fields(Recipe)}
NOT_REPEATED = ("out", "resume", "quiet", "json", "json_lines")
"""Keys that say where results go, which another run does not share."""


def reproduce(recipe: Recipe, task: Task) -> dict[str, Any]:
    """The texts for the report. Data that were given in memory are named ``data``; shipped data by their name."""
    command, python = _of_file(recipe.file, recipe.replaced) if recipe.file is not None else _of_keys(recipe, task)
    versions = {}
    for library in LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return {
        "command": command,
        "python": python,
        "recipe": recipes.dump(dataclasses.replace(recipe, out=None, resume=False)),
        "versions": versions,
        "machine": machine(),
    }


def machine() -> dict[str, Any]:
    """Python, system, processor and cores."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count() or 1,
    }


def _of_file(file: str, replaced: Mapping[str, Any]) -> tuple[str, str]:
    """Command and call that run a recipe file again, with the keys that replaced its own."""
    options = {name: value for name, value in replaced.items() if name not in NOT_REPEATED}
    arguments = "".join(f", {_argument(name, value)}" for name, value in options.items())
    in_memory = any(not _is_written(name, value) for name, value in options.items())
    return "" if in_memory else _command("automl run", file, options), f"automl.run({file!r}{arguments})"


def _of_keys(recipe: Recipe, task: Task) -> tuple[str, str]:
    """Command and call that ask for the same as the recipe."""
    source = recipe.data if isinstance(recipe.data, str | os.PathLike) else shipped_name(recipe.data)
    options: dict[str, Any] = {"target": list(recipe.target)} if recipe.target else {}
    options |= {"goal": task.goal, "metric": task.metric, "seed": recipe.seed}
    options["budget"] = _budget(recipe)
    options |= {name: value for name in SCALARS if (value := getattr(recipe, name)) != DEFAULTS[name]}
    if isinstance(recipe.test, str | os.PathLike):
        options["test"] = str(recipe.test)
    if isinstance(recipe.weight, str):
        options["weight"] = recipe.weight
    if recipe.latency_ms is not None:
        options["latency"] = recipe.latency_ms
    if recipe.columns:
        options["columns"] = dict(recipe.columns)
    options |= {name: list(value) for name in LISTS if (value := getattr(recipe, name))}
    inner = {"costs": recipes.costs(recipe.costs), "search": recipes.search(_without_address(recipe.search))}
    options |= {name: value for name, value in inner.items() if value}
    arguments = "".join(f", {_argument(name, value)}" for name, value in options.items())
    python = f"automl.fit({'data' if source is None else repr(str(source))}{arguments})"
    return "" if source is None else _command("automl fit", str(source), options), python


def _without_address(options: SearchOptions) -> SearchOptions:
    """The options without the address of a Ray, which is not written down."""
    return dataclasses.replace(options, ray_address="local" if options.ray_address == "local" else None)


def _argument(name: str, value: Any) -> str:
    """An argument of a call in Python; an object in memory by the name of its key."""
    if name in REPEATED and isinstance(value, list) and len(value) == 1:
        value = value[0]
    return f"{name}={value!r}" if _is_written(name, value) else f"{name}={name}"


def _is_written(name: str, value: Any) -> bool:
    """Whether the value of a key can be written down: data, test and weight may be objects in memory."""
    return name not in recipes.OBJECTS or isinstance(value, str)


def _command(start: str, path: str, options: Mapping[str, Any]) -> str:
    """The command line; "" if it would contain a name that no command line can hold (then only Python is shown)."""
    flags = [pair for name, value in _flat(options).items() if name != "columns" for pair in _flags(name, value)]
    columns = options.get("columns", {})
    columns = recipes.parse_columns(columns) if isinstance(columns, str) else columns
    if not all(shell.holds(value) for value in (path, *(value for _, value in flags))):
        return ""
    if not all(shell.fits_columns(name) for name in columns):
        return ""
    words = [shell.flag(name, value) if value else name for name, value in flags]
    if columns:
        words.append(f"--columns {shell.word(','.join(f'{column}={kind}' for column, kind in columns.items()))}")
    return " ".join([start, shell.path(path), *words])


def _flat(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with those under other keys beside the others, as flags are given."""
    inner = {name: value for key in INNER for name, value in options.get(key, {}).items()}
    return {**{name: value for name, value in options.items() if name not in INNER}, **inner}


def _flags(name: str, value: Any) -> list[tuple[str, str]]:
    """Flags and their values; a flag without a value has an empty one."""
    flag = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [(flag if value else f"--no-{flag.removeprefix('--')}", "")]
    if name in REPEATED and isinstance(value, list):
        return [(flag, str(one)) for one in value]
    return [(flag, ",".join(map(str, value)) if isinstance(value, list) else str(value))]


def _budget(recipe: Recipe) -> str:
    return f"{recipe.budget_seconds:g}s" if math.isfinite(recipe.budget_seconds) else recipes.NO_BUDGET
