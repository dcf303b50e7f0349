"""From a raw dataset and a recipe to typed columns, a clean target and the task, each decision with its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from automl import goals, metrics
from automl.detect import generated, generated_items, modality, untargeted
from automl.detect.columns import kinds
from automl.detect.columns.checks import audit, duplicate_rows
from automl.detect.columns.consistency import agreed
from automl.detect.columns.convert import as_frame, read
from automl.detect.conditions import refuse_condition
from automl.detect.dated import about_time, split_in_time
from automl.detect.findings import reading_findings, unsure
from automl.detect.parse import numbers, words
from automl.detect.quoting import percent
from automl.detect.rows import in_file, take
from automl.detect.series import forecast, sampling
from automl.detect.series.axis import Declined, axis
from automl.detect.series.options import is_asked
from automl.detect.target.goal import Answer, answer, suggested
from automl.detect.target.masks import are_masks, detect_array, detect_table
from automl.detect.target.proposals import proposals
from automl.detect.target.unlabelled import refuse_pretraining, with_unlabelled
from automl.errors import DataError, InputError, NoTarget, RecipeError
from automl.records import KINDS, Column, Dataset, Goal, GoalName, Kind, Recipe, Task
from automl.system.counts import counted

__all__ = ["detect", "is_in_time_order", "kinds_of"]

MOST_LOOKED = 20


def detect(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, Task]:
    """Decide what the data are, and the task.

    Args:
        dataset: raw, as read: strings, numbers and objects; the target as the user wrote it. Columns named by the
            recipe (target, time, series, group, weight) may still be among the inputs.
        recipe: everything in it that speaks of the task overrides what would be detected.

    Returns:
        The dataset with inputs typed by their kinds and a clean target (rows without one dropped), and the task.

    Raises:
        DataError: the data cannot carry a contest. RecipeError: the recipe contradicts itself or the data.
    """
    dataset, task = _detected(dataset, recipe)
    refuse_pretraining(recipe, task.goal)
    return dataset, replace(task, encoding="" if dataset.encoding == "utf-8" else dataset.encoding)


def _detected(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, Task]:
    _check_goal(recipe)
    refuse_pretraining(recipe, recipe.goal)
    if recipe.goal is not None and (goal := goals.named(recipe.goal)).base:
        return _detect_plugin_goal(dataset, recipe, goal)
    learns_none = recipe.goal is not None and not goals.named(recipe.goal).needs_target
    makes_rows = recipe.goal is not None and goals.named(recipe.goal).makes_rows
    if _is_array(dataset.inputs) and np.asarray(dataset.inputs).ndim >= 3:
        if are_masks(dataset, (), recipe):
            return detect_array(dataset, recipe)
        if makes_rows:
            return generated_items.detect_array(dataset, recipe)
        return untargeted.detect_array(dataset, recipe) if learns_none else _arrays(dataset, recipe)
    dataset = _named(replace(dataset, inputs=as_frame(dataset.inputs)))
    _check_columns(dataset, recipe)
    dataset, group = _roles(dataset, recipe)
    whole = _whole(dataset)
    columns = kinds_of(whole, recipe, dataset.kinds)
    targets = [] if dataset.target is None else [str(c) for c in dataset.target.columns]
    if are_masks(dataset, columns, recipe):
        return detect_table(dataset, columns, recipe, group)
    item = generated_items.item_column(columns, targets[0] if targets else recipe.label) if makes_rows else None
    if item is not None:
        return generated_items.detect_column(dataset, recipe, columns, item, group)
    if makes_rows:
        return generated.detect_table(dataset, recipe, whole, columns, group)
    if learns_none:
        return untargeted.detect_table(dataset, recipe, [c for c in columns if c.name not in targets], group)
    declined: Declined | None = None
    if recipe.goal is None or goals.named(recipe.goal).in_windows:
        found = axis(whole, columns, targets, recipe, dataset.given)
        try:
            if not isinstance(found, Declined):
                return forecast.detect(dataset, whole, columns, found, recipe)
        except InputError as error:
            if is_asked(recipe):
                raise
            reason = str(error.args[0])  # further lines quote cells, and what is said here is stored
            found = Declined(reason, found.time, found.series, is_series=True)
        declined = found
    inputs = [c for c in columns if c.name not in targets]
    if dataset.target is None:
        raise _no_target(dataset, inputs, declined.reason if declined else "set by you")
    return _table(dataset, inputs, recipe, group, declined)


def kinds_of(frame: pd.DataFrame, recipe: Recipe, known: Mapping[str, Kind] | None = None) -> list[Column]:
    """What the columns of a table hold; open questions of one are decided by the others.

    Args:
        frame: columns as they were read.
        recipe: may set the kinds of columns.
        known: kinds that the reader of the data knows; those of the recipe come first.
    """
    found = agreed(kinds.columns(frame, recipe.columns))
    told = {name: kind for name, kind in (known or {}).items() if name not in recipe.columns}
    return [
        Column(c.name, told[c.name], 1.0, "known from how the data are stored")
        if told.get(c.name, c.kind) != c.kind
        else c
        for c in found
    ]


def is_in_time_order(dataset: Dataset, recipe: Recipe) -> bool:
    """Whether a table of a few columns, some of whose rows were drawn at random, is in the order of time.

    Args:
        dataset: raw, as for `detect`.
        recipe: names the targets, or none.
    """
    if _is_array(dataset.inputs) or (recipe.goal is not None and goals.named(recipe.goal).is_classification):
        return False
    whole = _whole(_named(replace(dataset, inputs=as_frame(dataset.inputs))))
    targets = recipe.target or (() if dataset.target is None else tuple(map(str, dataset.target.columns)))
    return whole.shape[1] <= MOST_LOOKED and sampling.runs_in_time(whole, kinds_of(whole, recipe), targets)


# --------------------------------------------------------------------------- checks


def _check_goal(recipe: Recipe) -> None:
    without = [name for name, goal in goals.known().items() if not goal.needs_target]
    learns_none = recipe.goal is not None and not goals.named(recipe.goal).needs_target
    if recipe.label is not None and not learns_none and not recipe.target:
        raise RecipeError(
            f"label {recipe.label!r} scores goals without a target; pass goal (--goal) with one of "
            f"{', '.join(without)}, or pass the column as target (--target) to predict it"
        )
    for key in ("normal", "contamination"):
        if getattr(recipe, key) is not None and not learns_none:
            raise RecipeError(f"{key} belongs to the goal anomaly; pass goal (--goal) anomaly, or leave it out")
    if recipe.goal is None or not goals.named(recipe.goal).makes_rows:
        refuse_condition(recipe)


def _detect_plugin_goal(dataset: Dataset, recipe: Recipe, goal: Goal) -> tuple[Dataset, Task]:
    """The target is read as the goal's base would read it; the metric is the goal's own."""
    dataset, task = detect(dataset, replace(recipe, goal=goal.base, metric=None))
    counts = dataset.target.iloc[:, 0].value_counts() if goal.is_one_class and dataset.target is not None else ()
    metric = fitting_metric(recipe.metric, goal.name) if recipe.metric else goal.default_metric(tuple(counts))
    said = f"metric {metric}: {'set by you' if recipe.metric else f'the usual one for {goal.name}'}"
    read = (one.replace(f"goal {goal.base}:", f"goal {goal.name}:", 1) for one in task.evidence)
    evidence = (*(one for one in read if not one.startswith("metric ")), said)
    return dataset, replace(task, goal=goal.name, metric=metric, evidence=evidence)


def _is_array(inputs: Any) -> bool:
    return not isinstance(inputs, (pd.DataFrame, pd.Series)) and hasattr(inputs, "ndim")


def _named(dataset: Dataset) -> Dataset:
    if dataset.target is not None and not all(isinstance(c, str) for c in dataset.target.columns):
        dataset = replace(dataset, target=dataset.target.set_axis([str(c) for c in dataset.target.columns], axis=1))
    if dataset.target is not None:
        dataset = replace(dataset, target=dataset.target.reset_index(drop=True))
    names = pd.Index(dataset.inputs.columns)
    if names.has_duplicates:
        twice = list(dict.fromkeys(names[names.duplicated()]))
        raise DataError(f"column {twice[0]!r} of {dataset.name} occurs more than once; rename one of them")
    if dataset.n_rows == 0:
        raise DataError(f"{dataset.name} holds no rows; a contest needs at least 10")
    return dataset


def _check_columns(dataset: Dataset, recipe: Recipe) -> None:
    names = [
        *map(str, dataset.inputs.columns),
        *(map(str, dataset.target.columns) if dataset.target is not None else ()),
    ]
    for key, kind in recipe.columns.items():
        if key not in (*names, *recipe.drop, recipe.group, recipe.time_column, recipe.series, recipe.weight):
            raise RecipeError(f"columns: {key!r} is no column of {dataset.name}{_near(key, names)}")
        if kind not in KINDS:
            raise RecipeError(f"columns: {kind!r} (for {key!r}) is no kind; kinds are {', '.join(KINDS)}")
    kept_apart = {"time_column": dataset.times, "series": dataset.series, "group": dataset.groups}
    for word in ("time_column", "series", "group"):
        name = getattr(recipe, word)
        if name is not None and name not in names and kept_apart[word] is None:
            raise RecipeError(f"{word}: {name!r} is no column of {dataset.name}{_near(name, names)}")


def _near(name: str, names: list[str]) -> str:
    lower = {n.lower(): n for n in names}
    close = get_close_matches(name.lower(), list(lower), n=1, cutoff=0.4)
    shown = ", ".join(map(repr, names[:10])) + (" and more" if len(names) > 10 else "")
    return f"; did you mean {lower[close[0]]!r}?" if close else f"; its columns are {shown}"


# --------------------------------------------------------------------------- roles


def _roles(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, str | None]:
    """Take the columns that the recipe names out of the inputs, if loading left them there."""
    frame: pd.DataFrame = dataset.inputs
    if recipe.target and dataset.target is None:
        absent = [t for t in recipe.target if t not in frame.columns]
        if absent:
            raise DataError(
                f"target {absent[0]!r} is no column of {dataset.name}{_near(absent[0], list(frame.columns))}"
            )
        dataset = replace(dataset, target=frame[list(recipe.target)].reset_index(drop=True))
    if dataset.target is not None:  # never a feature, even where loading left it in
        frame = frame.drop(columns=[c for c in recipe.target if c in frame.columns])
    is_made = recipe.goal is not None and goals.named(recipe.goal).makes_rows  # then the label is one of the columns
    if recipe.label in frame.columns and recipe.label not in (recipe.time_column, recipe.series) and not is_made:
        frame = frame.drop(columns=recipe.label)
    if recipe.group is not None and recipe.group in frame.columns:
        labels = words(frame[recipe.group])
        labels[[v is None for v in labels]] = "(missing)"
        dataset = replace(dataset, groups=labels)
        if recipe.group not in (recipe.time_column, recipe.series):  # else it is still asked for
            frame = frame.drop(columns=recipe.group)
    if isinstance(recipe.weight, str) and recipe.weight in frame.columns:
        dataset, frame = replace(dataset, weight=numbers(frame[recipe.weight])), frame.drop(columns=recipe.weight)
    if dataset.weight is not None:
        dataset = replace(dataset, weight=_weights(np.asarray(dataset.weight, np.float64)))
    return replace(dataset, inputs=frame), recipe.group if dataset.groups is not None else None


def _weights(weight: np.ndarray) -> np.ndarray:
    bad = ~np.isfinite(weight) | (weight < 0)
    if bad.any() or not weight.sum() > 0:
        row = int(np.flatnonzero(bad)[0]) if bad.any() else 0
        raise DataError(
            f"sample weights must be finite and not negative, with a positive sum; row {row} holds {weight[row]}"
        )
    return weight


def _whole(dataset: Dataset) -> pd.DataFrame:
    """Inputs and target side by side."""
    if dataset.target is None:
        return pd.DataFrame(dataset.inputs)
    return pd.DataFrame(pd.concat([dataset.inputs, dataset.target], axis=1))


def _with_target() -> list[str]:
    """Names of the goals that learn a target."""
    return [name for name, goal in goals.known().items() if goal.needs_target]


def _or_goals(proposed: Sequence[str]) -> str:
    return f". Or pass {', '.join(proposed)}" if proposed else ""


def _no_target(dataset: Dataset, columns: list[Column], reason: str) -> NoTarget:
    suggest = suggested(dataset.inputs, columns)
    return NoTarget(
        f"no target was named for {dataset.name}, and it is no forecast ({reason}); pass --target with the column to "
        f"predict{suggest}{_or_goals(proposals(columns))}; other goals are {', '.join(_with_target())}"
    )


# --------------------------------------------------------------------------- tables, texts, image paths


def _table(
    dataset: Dataset, columns: list[Column], recipe: Recipe, group: str | None, declined: Declined | None
) -> tuple[Dataset, Task]:
    target = dataset.target
    assert target is not None
    answered = answer(target, recipe, dataset.name, suggested(dataset.inputs, columns), dataset.given)
    raw = dataset
    dataset = with_unlabelled(_with_answer(dataset, answered), raw, answered.rows, recipe)
    repeated = duplicate_rows(raw.inputs, raw.target)
    findings = [*in_file(answered.findings, raw)]
    dataset, time, told = split_in_time(dataset, columns, recipe, answered, declined)
    findings += told
    if time is not None:
        columns = [time if c.name == time.name else c for c in columns]
    name, columns, why = modality.of_columns(dataset.inputs, columns, dataset.name)
    frame: pd.DataFrame = dataset.inputs
    inputs = read(frame, columns)
    findings += in_file((*audit(frame, inputs, columns), *reading_findings(frame, inputs, columns)), dataset)
    findings += in_file([repeated] if repeated else [], raw)
    evidence = [why, *answered.evidence]
    metric, chosen = _metric(answered, recipe)
    series = about_time(frame, columns, recipe, answered, declined, time)
    task = Task(
        modality=name, goal=answered.goal, target=tuple(map(str, target.columns)), metric=metric,
        classes=answered.classes,
        positive=answered.classes[1] if goals.named(answered.goal).is_binary else None, label=recipe.label,
        columns=tuple(columns),
        time_column=time.name if time else None, group_column=group, evidence=(*evidence, chosen, *series),
        ordered=answered.ordered, confidence=answered.confidence,
    )  # fmt: skip
    findings = [*unsure(answered, recipe), *dataset.findings, *findings]
    return replace(dataset, inputs=inputs, findings=tuple(findings), series=None), task


def _with_answer(dataset: Dataset, answered: Answer) -> Dataset:
    kept = take(dataset, answered.rows) if len(answered.rows) < dataset.n_rows else dataset
    if dataset.given is not None and dataset.given.any() and not np.any(kept.given):
        names = ", ".join(map(repr, answered.target.columns[:3]))
        raise DataError(
            f"none of the {int(dataset.given.sum()):,} given test rows holds a target "
            f"({names}); fill it, or leave the test data out"
        )
    return replace(kept, target=answered.target, observed=answered.observed)


def _metric(answered: Answer, recipe: Recipe) -> tuple[str, str]:
    """The metric's name, and why it was chosen."""
    if recipe.metric is not None:
        return fitting_metric(recipe.metric, answered.goal), f"metric {recipe.metric}: set by you"
    counts = answered.counts
    chosen = goals.default_metric(answered.goal, counts)
    if not goals.named(answered.goal).is_multiclass or max(counts) < metrics.COMMON_SHARE * sum(counts):
        return chosen, f"metric {chosen}: the usual one for {answered.goal}"
    share = percent(max(counts) / sum(counts))
    common = answered.classes[counts.index(max(counts))]
    if chosen != "accuracy":
        return chosen, (
            f"metric {chosen}: {share} of the rows are {common!r}, so that accuracy would hardly tell a model from "
            f"that guess; each class counts alike"
        )
    return chosen, (
        f"metric {chosen}, though {share} of the rows are {common!r}: the rarest class has "
        f"{counted(min(counts), 'row')}, too few to count as much as any other; look at the scores of each class"
    )


def fitting_metric(name: str, goal: GoalName) -> str:
    """The metric's name, if it can score this goal.

    Raises:
        RecipeError: it is unknown or scores other goals.
    """
    if not goals.serves(metrics.named(name).goals, goal):
        others = ", ".join(goals.metrics_for(goal))
        raise RecipeError(f"metric {name!r} does not score goal {goal!r}; metrics that do: {others}")
    return name


# --------------------------------------------------------------------------- arrays


def _arrays(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, Task]:
    dataset, name, why = modality.of_array(dataset, recipe)
    if dataset.target is None:
        raise RecipeError(
            f"no target was named for {dataset.name}; pass the labels or values beside the array (X and "
            f"y){_or_goals(proposals(None))}; other goals are {', '.join(_with_target())}"
        )
    if recipe.goal is not None and goals.named(recipe.goal).in_windows:
        raise RecipeError(
            f"goal {recipe.goal!r} needs a table with a time column, not an array of rows; pass a frame with "
            "time and value columns"
        )
    target = dataset.target.set_axis([str(c) for c in dataset.target.columns], axis=1).reset_index(drop=True)
    answered = answer(target, replace(recipe, columns={}), dataset.name, "", dataset.given)
    metric, chosen = _metric(answered, recipe)
    task = Task(
        modality=name, goal=answered.goal, target=tuple(target.columns), metric=metric, classes=answered.classes,
        positive=answered.classes[1] if goals.named(answered.goal).is_binary else None, label=recipe.label,
        group_column=recipe.group if dataset.groups is not None else None, evidence=(why, *answered.evidence, chosen),
        ordered=answered.ordered, confidence=answered.confidence,
    )  # fmt: skip
    if dataset.weight is not None:
        dataset = replace(dataset, weight=_weights(np.asarray(dataset.weight, np.float64)))
    kept = with_unlabelled(_with_answer(dataset, answered), dataset, answered.rows, recipe)
    findings = (*unsure(answered, recipe), *dataset.findings, *in_file(answered.findings, dataset))
    return replace(kept, findings=findings), task
