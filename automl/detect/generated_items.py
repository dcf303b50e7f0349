"""Tasks that make new pictures, series or texts, with a class beside if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from automl import goals, metrics, modalities
from automl.detect import modality
from automl.detect.columns.checks import duplicate_rows
from automl.detect.columns.convert import as_frame, read
from automl.detect.conditions import condition_evidence, condition_of_items
from automl.detect.rows import in_file
from automl.detect.target.goal import answer
from automl.errors import DataError, RecipeError
from automl.records import UNUSED_KINDS, Column, Dataset, Finding, Items, Recipe, Task
from automl.system import shell

__all__ = ["advice_on", "detect_array", "detect_column", "item_column", "metric_of", "refuse_target"]

ITEM_KINDS = ("text", "image_path")
THINGS: dict[Items, str] = {
    "images": "pictures", "series": "series", "text": "texts", "sounds": "sounds", "rows": "rows"
}  # fmt: skip
"""What items are called, by how they look: a plug-in's modality has a name of its own."""
FEW_NUMBERS = 50
"""Whole numbers of so many different values are classes, as digits are."""
LEFT_OUT_STEP = "Pass the column of classes as label (--label) if it is one of them."


def item_column(columns: Sequence[Column], label: str | None) -> Column | None:
    """The column of texts or pictures where nothing else but the label can be generated; None elsewhere."""
    used = [column for column in columns if column.name != label and column.kind not in UNUSED_KINDS]
    return used[0] if len(used) == 1 and used[0].kind in ITEM_KINDS else None


def detect_array(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, Task]:
    """The task of an array of pictures or series; its target, if there is one, is the class of each.

    Raises:
        DataError: the array is neither. RecipeError: the recipe contradicts itself.
    """
    refuse_target(recipe)
    dataset, name, why = modality.of_array(dataset, recipe)
    return _task(dataset, recipe, name, why, (), recipe.group if dataset.groups is not None else None)


def detect_column(
    dataset: Dataset, recipe: Recipe, columns: Sequence[Column], item: Column, group: str | None
) -> tuple[Dataset, Task]:
    """The task of a table that holds one column of texts or pictures, and maybe a label.

    Args:
        dataset: raw; the label is among its inputs, or its target.
        recipe: as asked.
        columns: kinds of all columns.
        item: the column of texts or pictures.
        group: name of the column of groups, or None.

    Raises:
        DataError: the data cannot carry a contest. RecipeError: the recipe contradicts itself.
    """
    refuse_target(recipe)
    frame = as_frame(dataset.inputs)
    target = dataset.target
    if target is None and recipe.label is not None:
        target = frame[[recipe.label]].reset_index(drop=True)
    if target is not None and item.kind == "text":
        raise RecipeError(
            f"texts are generated without a class; leave label {str(target.columns[0])!r} out (--drop, or no label)"
        )
    name, found, why = modality.of_columns(frame[[item.name]], [item], dataset.name)
    inputs = read(frame[[item.name]], found)
    repeated = duplicate_rows(dataset.inputs, None)
    left = [column.name for column in columns if column.name not in (item.name, recipe.label)]
    left = [one for one in left if target is None or one not in target.columns]
    findings = [*dataset.findings, *in_file([repeated] if repeated else [], dataset)]
    if left:
        message = f"{', '.join(map(repr, left))} tell nothing of the items and are not generated."
        findings.append(Finding("left_out_of_items", "low", message, LEFT_OUT_STEP, tuple(left), count=len(left)))
    dataset = replace(dataset, inputs=inputs, target=target, findings=tuple(findings), series=None)
    return _task(dataset, recipe, name, why, tuple(found), group)


def metric_of(recipe: Recipe, usual: str) -> str:
    """The metric that the recipe names, else the usual one.

    Raises:
        RecipeError: it does not score the goal.
    """
    metric = recipe.metric or usual
    if not goals.serves(metrics.named(metric).goals, str(recipe.goal)):
        others = ", ".join(goals.metrics_for(str(recipe.goal)))
        raise RecipeError(f"metric {metric!r} does not score goal {recipe.goal!r}; metrics that do: {others}")
    return metric


def refuse_target(recipe: Recipe) -> None:
    """What belongs to other goals is refused.

    Raises:
        RecipeError: such a key is set.
    """
    if recipe.target:
        raise RecipeError(
            f"goal {recipe.goal!r} learns no target, so {recipe.target[0]!r} cannot be one; all columns are generated. "
            "Pass it as label (--label) to see how well models that learn from generated rows predict it"
        )
    if recipe.time_column is not None or recipe.series is not None:
        raise RecipeError(
            f"goal {recipe.goal!r} makes items that do not depend on one another. Leave time_column and series out to "
            "generate single rows, or pass series as an array (n, channels, length)"
        )
    for key in ("normal", "contamination", "dims"):
        if getattr(recipe, key) is not None:
            raise RecipeError(f"{key} belongs to another goal than {recipe.goal!r}; leave it out")
    if recipe.weight is not None:
        raise RecipeError(f"goal {recipe.goal!r} reads no weights; leave weight (--weight) out")


def _task(
    dataset: Dataset, recipe: Recipe, name: str, why: str, columns: tuple[Column, ...], group: str | None
) -> tuple[Dataset, Task]:
    found = modalities.named(name)
    if found.generator is None:
        raise DataError(
            f"goal {recipe.goal!r} makes no items of modality {name}; pass a table, pictures, series or texts"
        )
    metric = metric_of(recipe, found.generated_metric)
    target, label, told, findings = _classes(dataset, recipe)
    condition = condition_of_items(recipe, label, THINGS[found.items])
    said = "set by you" if recipe.metric else f"the usual one for {name}"
    evidence = (
        why, f"goal {recipe.goal}: set by you", told, f"metric {metric}: {said}", *condition_evidence(condition),
    )  # fmt: skip
    task = Task(
        modality=name, goal=str(recipe.goal), target=(), metric=metric, classes=(), positive=None, label=label,
        columns=columns, group_column=group, evidence=tuple(line for line in evidence if line),
        condition=condition,
    )  # fmt: skip
    return replace(dataset, target=target, findings=(*dataset.findings, *findings)), task


def _classes(dataset: Dataset, recipe: Recipe) -> tuple[pd.DataFrame | None, str | None, str, list[Finding]]:
    """The classes as strings, the name of their column, evidence in words; nothing where there are none."""
    if dataset.target is None:
        return None, None, "", []
    target = dataset.target.set_axis([str(name) for name in dataset.target.columns], axis=1).reset_index(drop=True)
    name = str(target.columns[0])
    cells = target[name]
    answered = answer(target[[name]], replace(recipe, goal=None, label=None, columns={}), dataset.name, "")
    few = pd.api.types.is_numeric_dtype(cells.dtype) and cells.nunique() <= FEW_NUMBERS and _is_whole(cells)
    if not (goals.named(answered.goal).is_one_class or few):
        step = "Put numbers into bins to generate items of each class."
        message = f"{name!r} holds no classes, so it is not generated along."
        return None, None, "", [Finding("label_left_out", "medium", message, step, (name,))]
    gone = cells.isna().to_numpy()
    texts = np.array([None if lacks else _word(cell) for cell, lacks in zip(cells.tolist(), gone, strict=True)], object)
    classes = pd.DataFrame({name: pd.Series(texts, dtype=object)})
    n = len({text for text in texts.tolist() if text is not None})
    return classes, name, f"label {name!r}: {n} classes, generated along", []


def _is_whole(cells: pd.Series) -> bool:
    known = cells.dropna().to_numpy(np.float64)
    return bool((known == np.round(known)).all())


def _word(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def advice_on(columns: Sequence[Column]) -> str:
    """What to do about a column that stands beside pictures, empty where there is none."""
    items = [column for column in columns if column.kind == "image_path"]
    others = [column for column in columns if column not in items and column.kind == "categorical"]
    if len(items) != 1 or len(others) != 1 or len(columns) != 2:
        return ""
    return f" To generate {items[0].name!r} of each class, pass {shell.flag('--label', others[0].name)}"
