"""Writes how to run the same contest again: as a command, in Python and as a recipe."""

from __future__ import annotations

import dataclasses
import math
import os
import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

from automl import recipe as recipes
from automl.system import shell

if TYPE_CHECKING:
    from automl.records import Recipe, Task

__all__ = ["reproduce"]

LIBRARIES = ("automl-keras", "tensorflow", "keras", "keras-tuner", "scikit-learn", "skrub", "pandas", "numpy")


def reproduce(recipe: Recipe, task: Task) -> dict[str, Any]:
    """The texts for the report. Data that were given in memory are named ``data``."""
    in_memory = not isinstance(recipe.data, str | os.PathLike)
    data = "data" if in_memory else str(recipe.data)
    options: dict[str, Any] = {"goal": task.goal, "metric": task.metric, "seed": recipe.seed}
    if math.isfinite(recipe.budget_seconds):
        options["budget"] = _budget(recipe)
    for name in ("horizon", "time_column", "series", "group", "max_trials"):
        value = getattr(recipe, name)
        if value is not None:
            options[name] = value
    if isinstance(recipe.test, str | os.PathLike):
        options["test"] = str(recipe.test)
    if isinstance(recipe.weight, str):
        options["weight"] = recipe.weight
    if recipe.templates:
        options["templates"] = list(recipe.templates)
    if recipe.columns:
        options["columns"] = dict(recipe.columns)
    targets = list(recipe.target)
    arguments = ", ".join(f"{name}={value!r}" for name, value in options.items())
    target = f"target={(targets[0] if len(targets) == 1 else targets)!r}, " if targets else ""
    versions = {}
    for library in LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return {
        "command": "" if in_memory else _command(data, targets, options),
        "python": f"automl.fit({data if in_memory else repr(data)}, {target}{arguments})",
        "recipe": recipes.dump(dataclasses.replace(recipe, out=None, resume=False)),
        "versions": versions,
        "machine": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count() or 1,
        },
    }


def _command(data: str, targets: list[str], options: dict[str, Any]) -> str:
    """The command line; "" if it would contain a name that no command line can hold (then only Python is shown)."""
    flags = [("--target", target) for target in targets]
    flags += [(f"--{name.replace('_', '-')}", _flag(value)) for name, value in options.items() if name != "columns"]
    words = [shell.flag(name, value) for name, value in flags]
    columns = options.get("columns", {})
    if not all(shell.holds(value) for value in (data, *(value for _, value in flags))):
        return ""
    if not all(shell.fits_columns(name) for name in columns):
        return ""
    if columns:
        words.append(f"--columns {shell.word(','.join(f'{column}={kind}' for column, kind in columns.items()))}")
    return " ".join(["automl fit", shell.path(data), *words])


def _flag(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


def _budget(recipe: Recipe) -> str:
    return f"{recipe.budget_seconds:g}s"
