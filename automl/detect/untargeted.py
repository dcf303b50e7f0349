"""Tasks of goals that learn no target: typed columns, and a label (if there is one) that selects and scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from automl import goals, metrics
from automl.detect import modality
from automl.detect.columns.checks import audit, duplicate_rows
from automl.detect.columns.convert import as_frame, read
from automl.detect.dated import dated
from automl.detect.findings import reading_findings
from automl.detect.rows import in_file
from automl.detect.series.timing import time_column
from automl.detect.target.anomaly_labels import CLASSES, read_labels
from automl.detect.target.goal import answer
from automl.detect.target.proposals import WITH_PARTS
from automl.errors import DataError, RecipeError
from automl.records import NUMERIC_KINDS, UNUSED_KINDS, Column, Dataset, Finding, GoalName, Recipe, Task
from automl.system.counts import counted, noun

__all__ = ["detect_array", "detect_table"]

LEAST_LABELLED = 10


@dataclass(frozen=True, slots=True, eq=False)
class _Label:
    """What scores the goal.

    Attributes:
        target: the label, clean; None without one.
        classes: of it.
        evidence: in words.
        findings: what is odd about it.
    """

    target: pd.DataFrame | None
    classes: tuple[str, ...]
    evidence: str
    findings: tuple[Finding, ...] = ()


def _anomalies(label: pd.DataFrame, recipe: Recipe, where: str) -> _Label:
    read = read_labels(label, recipe, where)
    return _Label(read.target, CLASSES, read.evidence, read.findings)


def _classes(label: pd.DataFrame, recipe: Recipe, where: str) -> _Label:
    """Classes that a probe is to tell; numbers are none."""
    answered = answer(label, replace(recipe, goal=None, columns={}), where, "")
    if not goals.named(answered.goal).is_one_class:
        raise RecipeError(
            f"label {label.columns[0]!r} of {where} holds {answered.goal} answers; a representation is scored by how "
            "well classes can be told from it. Name a column of classes, or put the numbers into bins first"
        )
    cells = np.full(len(label), None, object)
    cells[answered.rows] = answered.target.iloc[:, 0].to_numpy(object)
    target = pd.DataFrame({label.columns[0]: pd.Series(cells, dtype=object)})
    evidence = (
        f"label {label.columns[0]!r}: {counted(len(answered.classes), 'class', 'classes')}, told by a linear probe"
    )
    return _Label(target, answered.classes, evidence)


_READ: dict[GoalName, Callable[[pd.DataFrame, Recipe, str], _Label]] = {"anomaly": _anomalies, "represent": _classes}


def detect_table(dataset: Dataset, recipe: Recipe, columns: list[Column], group: str | None) -> tuple[Dataset, Task]:
    """The task of a table, or of texts and pictures in columns.

    Args:
        dataset: raw; the roles of columns are taken out of its inputs. Its target is the label.
        recipe: as asked.
        columns: kinds of the inputs.
        group: name of the column of groups, or None.

    Raises:
        DataError: the label or the inputs cannot carry a contest. RecipeError: the recipe contradicts itself.
    """
    label = _label(dataset, recipe)
    if recipe.time_column is not None:
        return _series(dataset, recipe, label, columns, group)
    name, columns, why = modality.of_columns(dataset.inputs, columns, dataset.name)
    usable = [column for column in columns if column.kind not in UNUSED_KINDS]
    _refuse_few(recipe, usable, dataset)
    raw, frame = dataset, as_frame(dataset.inputs)
    inputs = read(frame, columns)
    repeated = duplicate_rows(raw.inputs, None)
    findings = in_file((*audit(frame, inputs, columns), *reading_findings(frame, inputs, columns)), dataset)
    findings += in_file([repeated] if repeated else [], raw)
    task = _task(name, recipe, label, (why,), tuple(columns), group)
    findings = (*dataset.findings, *in_file(label.findings, dataset), *findings)
    return replace(dataset, inputs=inputs, target=label.target, findings=findings, series=None), task


def _series(
    dataset: Dataset, recipe: Recipe, label: _Label, columns: list[Column], group: str | None
) -> tuple[Dataset, Task]:
    """The rows of a series, each with those before it; split in time."""
    frame, name = as_frame(dataset.inputs), str(recipe.time_column)
    time = time_column(frame, columns, name)
    assert time is not None
    numbers = [c for c in columns if c.kind in NUMERIC_KINDS and c.name not in (name, recipe.series)]
    if not numbers:
        raise DataError(
            f"goal {recipe.goal!r} of a series expects columns of numbers; {dataset.name} has none beside "
            f"{name!r}: leave time_column out to judge each row by itself"
        )
    keys = [c for c in columns if c.name == recipe.series]
    left = [c.name for c in columns if c.name not in {name, recipe.series, *(c.name for c in numbers)}]
    used = (time, *(replace(c, kind="categorical") for c in keys), *numbers)
    dataset = replace(dataset, target=label.target)
    dataset, findings = dated(dataset, time)
    inputs = read(as_frame(dataset.inputs), used)
    told = (
        [Finding("left_out_of_windows", "low", f"A series is read by its numbers; {', '.join(map(repr, left))} "
                 f"{noun(len(left), 'is', 'are')} not read.", "Write them as numbers if they matter, or leave "
                 "time_column out to judge each row by itself.", tuple(left), count=len(left))]
        if left else []
    )  # fmt: skip
    why = f"modality sequence: rows in the order of {name!r}, each seen with those before it"
    task = _task("sequence", recipe, label, (why,), used, group)
    task = replace(task, time_column=name, series_column=recipe.series, season=recipe.season)
    findings = [*dataset.findings, *label.findings, *findings, *told]
    return replace(dataset, inputs=inputs, findings=tuple(findings), series=None), task


def detect_array(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, Task]:
    """The task of an array of images or sequences; see `detect_table`."""
    dataset, name, why = modality.of_array(dataset, recipe)
    label = _label(dataset, recipe)
    task = _task(name, recipe, label, (why,), (), recipe.group if dataset.groups is not None else None)
    findings = (*dataset.findings, *in_file(label.findings, dataset))
    return replace(dataset, target=label.target, findings=findings), task


def _label(dataset: Dataset, recipe: Recipe) -> _Label:
    goal = goals.named(str(recipe.goal))
    if recipe.target:
        raise RecipeError(
            f"goal {goal.name!r} learns no target, so {recipe.target[0]!r} cannot be one; pass it as label (--label) "
            "if it is to score the result, or as drop (--drop) if it is to be left out"
        )
    if recipe.weight is not None:
        raise RecipeError(f"goal {goal.name!r} reads no weights; leave weight (--weight) out")
    if dataset.target is None:
        if recipe.normal is not None:
            raise RecipeError(
                f"normal: {recipe.normal!r} is a value of a label, and there is none; name its column by label "
                "(--label)"
            )
        return _Label(None, (), "no label: nothing is scored, and there is no verdict")
    label = dataset.target.set_axis([str(name) for name in dataset.target.columns], axis=1).reset_index(drop=True)
    read = _READ[goal.base or goal.name](label, recipe, dataset.name)
    assert read.target is not None
    n_labelled = int(read.target.iloc[:, 0].notna().sum())
    if n_labelled < LEAST_LABELLED:
        raise DataError(
            f"label {label.columns[0]!r} of {dataset.name} is filled in {counted(n_labelled, 'row')}; at least "
            f"{LEAST_LABELLED} are needed to choose and to score. Leave it out to search without a score"
        )
    return read


def _refuse_few(recipe: Recipe, usable: list[Column], dataset: Dataset) -> None:
    """A single number leaves nothing that could depend on something else; texts, pictures and lists have parts."""
    if len(usable) == 1 and usable[0].kind not in WITH_PARTS:
        raise DataError(
            f"goal {recipe.goal!r} expects at least two input columns that vary; {dataset.name} has one: "
            f"{usable[0].name!r} ({usable[0].kind}). Add columns, or look at its distribution"
        )


def _task(
    name: str, recipe: Recipe, label: _Label, why: tuple[str, ...], columns: tuple[Column, ...], group: str | None
) -> Task:
    goal = goals.named(str(recipe.goal))
    named = () if label.target is None else tuple(map(str, label.target.columns))
    counts: tuple[int, ...] = ()
    if label.target is not None and label.classes:
        counts = tuple(int((label.target.iloc[:, 0] == one).sum()) for one in label.classes)
    usual = goal.default_metric(counts)
    metric = recipe.metric or usual
    if label.target is None and metric != metrics.UNSCORED:
        raise RecipeError(
            f"metric {metric!r} needs a label, and there is none; name its column by label (--label), or leave metric "
            "out"
        )
    if label.target is not None and (
        metric == metrics.UNSCORED or not goals.serves(metrics.named(metric).goals, goal.name)
    ):
        others = ", ".join(one for one in goals.metrics_for(goal.name) if one != metrics.UNSCORED)
        raise RecipeError(f"metric {metric!r} does not score goal {goal.name!r}; metrics that do: {others}")
    said = f"metric {metric}: {'set by you' if recipe.metric else f'the usual one for {goal.name}'}"
    evidence = (*why, f"goal {goal.name}: set by you", label.evidence, *([said] if label.target is not None else []))
    return Task(
        modality=name, goal=goal.name, target=named, metric=metric, classes=label.classes,
        positive=label.classes[1] if len(label.classes) == 2 else None, label=named[0] if named else None,
        columns=columns, group_column=group, evidence=evidence, normal=recipe.normal,
        contamination=recipe.contamination, dims=recipe.dims,
    )  # fmt: skip
