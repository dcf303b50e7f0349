"""What a run folder says of its beginning: the recipe with every default filled in, and the environment."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl import goals, metrics
from automl import recipe as recipes
from automl._version import __version__
from automl.flow.reproduce import machine
from automl.recipe.shipped import name_of
from automl.storage.files import refuse_link, write_text
from automl.storage.run_folder import ENVIRONMENT_FILE, RECIPE_FILE
from automl.system.installed import packages

if TYPE_CHECKING:
    from automl.flow.prepare import Prepared
    from automl.records import Recipe, Task

__all__ = ["resolved", "write_asked", "write_environment"]


def resolved(recipe: Recipe, task: Task) -> Recipe:
    """The recipe with what was detected in place of what it left open; it asks for the same contest.

    Kinds of columns stay open: what detection knows of a column is more than its kind.

    Args:
        recipe: what was asked for.
        task: what was detected.
    """
    goal = goals.named(task)
    found: dict[str, Any] = {"goal": task.goal}
    if task.metric != metrics.UNSCORED:
        found["metric"] = task.metric
    if goal.needs_target and task.columns and len(task.target_columns) == len(task.target):
        found["target"] = task.target
    if goal.in_windows:
        found |= {"horizon": task.horizon, "season": task.season}
    return dataclasses.replace(recipe, **{key: value for key, value in found.items() if not getattr(recipe, key)})


def write_asked(recipe: Recipe, task: Task, folder: Path) -> None:
    """Write the recipe of a run, with paths that hold wherever the run folder is.

    Args:
        recipe: what was asked for.
        task: what was detected.
        folder: of the run.
    """
    asked = dataclasses.replace(
        resolved(recipe, task), out=None, resume=False, quiet=False, json=False, json_lines=False,
        data=_absolute(recipe.data), test=_absolute(recipe.test), pretrained=_absolute(recipe.pretrained),
    )  # fmt: skip
    write_text(refuse_link(folder / RECIPE_FILE), recipes.dump(asked, whole=True))


def write_environment(recipe: Recipe, prepared: Prepared, folder: Path) -> None:
    """Write what a run rests on: automl, the machine, every installed package, and the data's fingerprint.

    Args:
        recipe: what was asked for.
        prepared: the data.
        folder: of the run.
    """
    dataset = prepared.dataset
    source = recipe.data if isinstance(recipe.data, str | os.PathLike) else name_of(recipe.data)
    content = {
        "automl_version": __version__,
        "machine": machine(),
        "packages": packages(),
        "data": {
            "name": dataset.name,
            "source": None if source is None else str(_absolute(source)),
            "fingerprint": dataset.fingerprint,
            "n_rows": dataset.n_source_rows or dataset.n_rows,
            "n_columns": len(prepared.task.columns),
        },
    }
    write_text(refuse_link(folder / ENVIRONMENT_FILE), json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _absolute(value: Any) -> Any:
    """A path from the root, if it is one that exists; anything else unchanged."""
    is_path = isinstance(value, str | os.PathLike) and os.path.exists(value)
    return os.path.abspath(value) if is_path else value
