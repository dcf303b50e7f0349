"""Targets that are masks: their classes, the value that means nothing, and the task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from automl import goals, metrics
from automl.detect import modality
from automl.detect.columns.convert import as_frame, read
from automl.detect.rows import take
from automl.errors import DataError, RecipeError
from automl.goals.shared.masks import MOST_CLASSES
from automl.intake import COLOURS, colour_name, full_path, mask_values
from automl.records import VOID, Column, Dataset, Finding, GoalName, Mask, Recipe, Task
from automl.system.counts import counted

__all__ = ["are_masks", "detect_array", "detect_table", "goal_of_masks"]

LISTED = 20
NO_VOID = -1
"""The value of `Recipe.void` that says that every value is a class."""
RARE_SHARE = 1e-4
"""Of all pixels, below which a value may be a slip of the pen."""
MOST_SHOWN = 8
BRIGHTEST = 255


def goal_of_masks() -> GoalName:
    """The name of automl's own goal whose answers are masks."""
    return next(name for name, goal in goals.known().items() if goal.in_pixels and not goal.base)


def are_masks(dataset: Dataset, columns: Sequence[Column], recipe: Recipe) -> bool:
    """Whether the target is masks: one column of masks, or of picture files beside the inputs' own."""
    asked = recipe.goal is not None and goals.named(recipe.goal).in_pixels
    if recipe.goal is not None and not asked:
        return False
    target = dataset.target
    if target is None or target.shape[1] != 1:
        return asked
    if isinstance(target.iloc[0, 0], Mask) or asked:
        return True
    kinds = {column.name: column.kind for column in columns}
    name = str(target.columns[0])
    others = [column for column in columns if column.name != name and column.kind == "image_path"]
    return kinds.get(name) == "image_path" and len(others) == 1


def detect_array(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, Task]:
    """The task of an array of pictures with an array of masks.

    Raises:
        DataError: the masks are no such array, or of other sizes. RecipeError: the recipe contradicts itself.
    """
    target = dataset.target
    first: Any = None if target is None else target.iloc[0, 0]
    if not isinstance(first, Mask):
        raise RecipeError(
            f"goal {recipe.goal or goal_of_masks()!r} needs a mask for each picture: pass (X, y) with y of shape "
            "(n, height, width), whole numbers"
        )
    inputs = np.asarray(dataset.inputs)
    if inputs.ndim == 3:
        inputs = inputs[..., None]
    dataset, name, why = modality.of_array(replace(dataset, inputs=inputs), recipe)
    shape, own = np.shape(dataset.inputs)[1:3], first.codes.shape
    if shape != own:
        raise DataError(
            f"the masks of {dataset.name} have {own[0]} x {own[1]} pixels and the pictures {shape[0]} x "
            f"{shape[1]}; give each "
            "picture a mask of its own height and width"
        )
    return _task(dataset, recipe, name, why, (), recipe.group if dataset.groups is not None else None)


def detect_table(
    dataset: Dataset, columns: Sequence[Column], recipe: Recipe, group: str | None
) -> tuple[Dataset, Task]:  # fmt: skip
    """The task of a table with one column of pictures and, as target, one of masks.

    Args:
        dataset: raw.
        columns: kinds of all columns.
        recipe: as asked.
        group: name of the column of groups, or None.

    Raises:
        DataError: no mask can be read, or they tell no classes. RecipeError: the recipe contradicts itself.
    """
    goal = recipe.goal or goal_of_masks()
    if dataset.target is None or dataset.target.shape[1] != 1:
        raise RecipeError(
            f"goal {goal!r} learns masks of pictures: name the column of mask files as target (--target), or pass "
            "a folder "
            "with the subfolders images and masks"
        )
    target = str(dataset.target.columns[0])
    used = [column for column in columns if column.name != target and column.kind == "image_path"]
    if len(used) != 1:
        found = ", ".join(repr(column.name) for column in used) or "none"
        raise DataError(
            f"goal {goal!r} reads one column of picture files beside the masks {target!r}; {dataset.name} has {found}; "
            "set it with --columns NAME=image_path, and leave the others out (--drop)"
        )
    left = tuple(column.name for column in columns if column.name not in (target, used[0].name))
    findings: tuple[Finding, ...] = ()
    if left:
        message = f"{', '.join(map(repr, left))} tell nothing of single pixels and are not read."
        findings = (Finding("left_out_of_items", "low", message, "Predict them by a contest of their own.", left),)
    frame = as_frame(dataset.inputs)[[used[0].name]]
    name, kept, why = modality.of_columns(frame, used, dataset.name)
    dataset = replace(dataset, inputs=read(frame, kept), series=None, findings=(*dataset.findings, *findings))
    if not isinstance(dataset.target.iloc[0, 0], Mask):  # type: ignore[union-attr]
        dataset = _with_masks(dataset, target, recipe.search.memory_mib)
    return _task(dataset, recipe, name, why, tuple(kept), group)


def _with_masks(dataset: Dataset, target: str, memory_mib: float | None) -> Dataset:
    """Masks in place of their files' names; rows whose mask cannot be read are left out."""
    assert dataset.target is not None
    paths = [full_path(cell, dataset.root) for cell in dataset.target[target].tolist()]
    found, reasons = mask_values(paths, memory_mib)
    kept = np.flatnonzero([values is not None for values in found])
    if not len(kept):
        first = next(iter(reasons.values()))
        raise DataError(
            f"none of the {len(paths)} masks of {dataset.name!r} can be read (the first: {first}); check the paths in "
            f"{target!r}"
        )
    findings: tuple[Finding, ...] = ()
    if reasons:
        numbers = dataset.row_numbers if dataset.row_numbers is not None else np.arange(dataset.n_rows)
        names = tuple(path.name for row in reasons if (path := paths[row]) is not None)[:LISTED]
        findings = (
            Finding(
                "unreadable_masks", "high" if len(reasons) > 0.1 * len(paths) else "medium",
                f"{len(reasons)} of {len(paths)} masks could not be read, and their pictures were left out.",
                "Replace these files, or remove their rows.", columns=(target,),
                rows=tuple(int(numbers[row]) for row in list(reasons)[:LISTED]), count=len(reasons), files=names,
            ),
        )  # fmt: skip
    some = take(dataset, kept) if reasons else dataset
    masks = pd.Series([Mask(values) for values in _of_one_kind(found) if values is not None], dtype=object)
    return replace(some, target=pd.DataFrame({target: masks}), findings=(*some.findings, *findings))


def _of_one_kind(found: Sequence[np.ndarray | None]) -> list[np.ndarray | None]:
    """Masks with grey ones as colours, where others are coloured: one that shows black alone looks grey by itself."""
    are_coloured = [values is not None and int(values.max(initial=0)) >= COLOURS for values in found]
    if not any(are_coloured):
        return list(found)
    return [
        values
        if values is None or is_coloured or values.max(initial=0) > BRIGHTEST
        else COLOURS + 0x010101 * values.astype(np.int32)
        for values, is_coloured in zip(found, are_coloured, strict=True)
    ]


# --------------------------------------------------------------------------- classes


def _task(
    dataset: Dataset, recipe: Recipe, name: str, why: str, columns: tuple[Column, ...], group: str | None
) -> tuple[Dataset, Task]:
    goal = recipe.goal or goal_of_masks()
    if not goals.named(goal).in_pixels:
        raise RecipeError(f"goal {goal!r} does not learn masks; leave goal (--goal) out, or name another target")
    assert dataset.target is not None
    target = str(dataset.target.columns[0])
    metric = recipe.metric or goals.default_metric(goal)
    if not goals.serves(metrics.named(metric).goals, goal):
        others = ", ".join(goals.metrics_for(goal))
        raise RecipeError(f"metric {metric!r} does not score goal {goal!r}; metrics that do: {others}")
    values = [cell.codes for cell in dataset.target[target].tolist()]
    classes, void, told = _classes(values, dataset, recipe, target)
    coded, findings = _coded(values, classes, void, dataset, target)
    evidence = (
        why,
        f"goal {goal}: {'set by you' if recipe.goal else f'the target {target!r} is a mask for each picture'}",
        *told,
        f"metric {metric}: {'set by you' if recipe.metric else f'the usual one for {goal}'}",
    )
    task = Task(
        modality=name, goal=goal, target=(target,), metric=metric, classes=tuple(map(_name, classes)), columns=columns,
        group_column=group, evidence=evidence,
    )  # fmt: skip
    frame = pd.DataFrame({target: pd.Series([Mask(codes) for codes in coded], dtype=object)})
    return replace(dataset, target=frame, findings=(*dataset.findings, *findings)), task


def _name(value: int) -> str:
    return colour_name(value) if COLOURS <= value < 2 * COLOURS else str(value)


def _classes(
    values: Sequence[np.ndarray], dataset: Dataset, recipe: Recipe, target: str
) -> tuple[list[int], int | None, list[str]]:
    """The values that are classes, the one that means nothing, and evidence in words. Test masks of the user's tell
    none.

    Raises:
        DataError: there are too many of them, or one alone.
    """
    trains = np.ones(len(values), bool) if dataset.given is None else ~dataset.given
    counts: Counter[int] = Counter()
    for own, is_used in zip(values, trains, strict=True):
        if is_used:
            found, n = np.unique(own, return_counts=True)
            counts.update(dict(zip(found.tolist(), n.tolist(), strict=True)))
    present = sorted(counts)
    void = _void(present, recipe.void)
    classes = [value for value in present if value != void]
    shown = ", ".join(map(_name, classes[:MOST_SHOWN])) + (", ..." if len(classes) > MOST_SHOWN else "")
    if len(classes) > MOST_CLASSES:
        raise DataError(
            f"the masks {target!r} of {dataset.name} hold {len(classes):,} different values ({shown}); expected "
            "one value a "
            f"class, at most {MOST_CLASSES}. Smoothing and JPEG mix values: write masks as PNG, scaled by the "
            "nearest pixel"
        )
    if len(classes) < 2:
        raise DataError(
            f"the masks {target!r} of {dataset.name} hold the value {shown or 'of void alone'} in all pixels that "
            "count; "
            "expected at least two values, such as 0 for the background and 1 for what is to be found"
        )
    if classes[0] < COLOURS <= classes[-1] or classes[-1] >= 2 * COLOURS:
        raise DataError(
            f"the masks {target!r} of {dataset.name} hold {_name(classes[0])} and {_name(classes[-1])}; expected whole "
            f"numbers below {COLOURS:,}, or colours of eight bits alone: number the classes from 0 on"
        )
    if any(value < 0 for value in classes):
        raise DataError(
            f"the masks {target!r} of {dataset.name} hold {min(classes)}; expected whole numbers from zero on"
        )
    told = [f"the masks hold {counted(len(classes), 'class', 'classes')}: {shown}"]
    if void is not None:
        share = counts[void] / max(sum(counts.values()), 1)
        why = "set by you" if recipe.void is not None else "pass --void -1 if it is a class"
        told.append(f"pixels of the value {_name(void)} ({100 * share:.1f} %) are neither learnt nor scored: {why}")
    return classes, void, told


def _void(present: Sequence[int], said: int | None) -> int | None:
    """The value that means nothing: 255 beside classes that are numbered from 0 on, unless the user says otherwise."""
    if said is not None:
        return None if said == NO_VOID else said
    others = [value for value in present if value != VOID]
    numbered = len(others) > 1 and others == list(range(others[0], others[0] + len(others))) and others[0] in (0, 1)
    return VOID if VOID in present and numbered else None


def _coded(
    values: Sequence[np.ndarray], classes: Sequence[int], void: int | None, dataset: Dataset, target: str
) -> tuple[list[np.ndarray], list[Finding]]:
    """Codes uint8 of each mask; values that no training mask has become void, and are told."""
    known = np.asarray(classes, np.int64)
    coded, odd, n_shown = [], [], Counter[int]()
    total = Counter[int]()
    for row, own in enumerate(values):
        places = np.minimum(np.searchsorted(known, own), len(known) - 1)
        is_class = known[places] == own
        coded.append(np.where(is_class, places, VOID).astype(np.uint8))
        is_void = own == void if void is not None else np.zeros(own.shape, bool)
        if not (is_class | is_void).all():
            odd.append(row)
        n = np.bincount(coded[-1].ravel(), minlength=VOID + 1)[: len(known)]
        n_shown.update(np.flatnonzero(n).tolist())
        total.update(dict(enumerate(n.tolist())))
    findings = []
    numbers = dataset.row_numbers if dataset.row_numbers is not None else np.arange(dataset.n_rows)
    if odd:
        message = (
            f"{counted(len(odd), 'mask')} of the test data hold values that no training mask has; these pixels are not "
            "scored."
        )
        step = "Add pictures of these classes to the training data, or correct the masks."
        rows = tuple(int(numbers[row]) for row in odd[:LISTED])
        findings.append(Finding("unknown_mask_values", "high", message, step, (target,), rows, len(odd)))
    n_pixels = max(sum(total.values()), 1)
    rare = [code for code in range(len(known)) if total[code] < RARE_SHARE * n_pixels and n_shown[code] < 3]
    if rare:
        named = ", ".join(_name(int(known[code])) for code in rare[:MOST_SHOWN])
        message = f"{counted(len(rare), 'value')} of the masks ({named}) mark a few pixels of one or two pictures only."
        step = "Correct these masks if the values are slips: each value is taken for a class."
        findings.append(Finding("rare_mask_values", "medium", message, step, (target,), count=len(rare)))
    return coded, findings
