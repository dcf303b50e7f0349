"""Prepares the data of a recipe: loads, detects, splits and audits, before the first fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from automl import catalog, goals, metrics, modalities, pretrained, split
from automl.audit import examine
from automl.detect import detect, is_in_time_order, survey, with_training_facts
from automl.detect.rows import flag_test_rows
from automl.errors import DataError, InputError, NoTarget, RecipeError
from automl.flow.latency import OwnForm, in_own_form
from automl.flow.loading import failed_loading, import_deep, lacking
from automl.flow.selection import check_templates
from automl.flow.unlabelled import apart_from_held_out, as_new_rows
from automl.intake import load
from automl.recipe import RUN_FIELDS, parse_fail_on
from automl.records import Finding

if TYPE_CHECKING:
    from automl.records import Column, Dataset, Recipe, Split, Task

Tell = Callable[[str], None]

NO_CHOICE = "its validation rows all have the same label"

__all__ = ["Inspected", "Prepared", "audited", "check_conditions", "inspect_data", "prepare", "read", "without_choices"]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Data that are ready for both sides.

    Attributes:
        dataset: the data, typed.
        task: as detected.
        split: of the dataset.
        own_form: some items as the user gave them, to time predictions on; None if they are not at hand.
    """

    dataset: Dataset
    task: Task
    split: Split
    own_form: OwnForm | None = None


def read(recipe: Recipe, most_rows: int | None = None) -> tuple[Dataset, Task]:
    """Load the data and detect the task. Images are decoded; those of a table are stored beside its columns.

    Args:
        recipe: what is asked for.
        most_rows: the most rows of a table to read, for inspection without fitting; None for all.
    """
    _, dataset, task = _read(recipe, most_rows)
    return dataset, task


def _read(
    recipe: Recipe, most_rows: int | None = None, tell: Tell = lambda text: None
) -> tuple[Dataset, Dataset, Task]:  # fmt: skip
    """The data as they were read, the data as detected, and the task."""
    if recipe.metric is not None:
        metrics.named(recipe.metric)
    raw = load(recipe, most_rows)
    dataset, task = _detected(raw, recipe, tell)
    task = dataclasses.replace(task, set_aside=_set_aside(raw, recipe, task))
    return raw, dataclasses.replace(dataset, findings=flag_test_rows(dataset.findings, dataset)), task


def _set_aside(raw: Dataset, recipe: Recipe, task: Task) -> tuple[str, ...]:
    """Columns of the data that the task does not name: left out by the user, weights, or of no use in a forecast."""
    weights = (recipe.weight,) if isinstance(recipe.weight, str) else ()
    names = raw.inputs.columns if hasattr(raw.inputs, "columns") else ()
    named = {*(column.name for column in task.columns), *task.target, task.time_column, task.series_column}
    return (*recipe.drop, *weights, *(name for name in names if name not in named))


def _detected(dataset: Dataset, recipe: Recipe, tell: Tell = lambda text: None) -> tuple[Dataset, Task]:
    dataset, task = detect(dataset, recipe)
    dataset, task = modalities.named(task).decode(dataset, task, recipe.search.memory_mib)
    if recipe.pretrained is None:
        return as_new_rows(dataset, task), task
    if pretrained.reads_pictures(task):
        tell("loading TensorFlow, which computes vectors of pictures")
        _load_tensorflow(recipe)
    task = pretrained.with_backbone(task, recipe.pretrained)
    run_folder = Path(recipe.out) if recipe.out and recipe.resume else None
    return as_new_rows(pretrained.embedded(dataset, task, recipe.budget_seconds, run_folder, tell), task), task


def _load_tensorflow(recipe: Recipe) -> None:
    """Load TensorFlow as the deep side will have it; both sides pay for it, since both read what it computes.

    Raises:
        DataError: it cannot be loaded, or a limit of this process does not allow it.
    """
    problem = lacking()
    if problem is not None:
        raise DataError(f"pretrained: pictures need TensorFlow here, and {problem.reason}. {problem.step}")
    try:
        import_deep(recipe.search.device)
    except (ImportError, MemoryError, OSError, RuntimeError) as error:
        problem = failed_loading(error)
        raise DataError(f"pretrained: pictures need TensorFlow here, and {problem.reason}. {problem.step}") from error


def prepare(recipe: Recipe, *, tested: bool = True, tell: Tell = lambda text: None) -> Prepared:
    """Load, detect and split, in this order, and note what columns hold in the training rows.

    Args:
        recipe: what is asked for.
        tested: whether to set test rows aside. If not, small data get further hold-outs only if there is more than one
            trial to choose from.
        tell: takes lines of progress.
    """
    catalog.extend(recipe.plugins)
    check_templates(recipe)
    raw, dataset, task = _read(recipe, tell=tell)
    hold_outs = tested or recipe.max_trials != 1
    parts = split.split(dataset, task, recipe.seed, tested=tested, hold_outs=hold_outs)
    own_form = in_own_form(raw, dataset, parts)
    dataset = apart_from_held_out(dataset, parts)
    if dataset.unlabelled is not None:
        parts = dataclasses.replace(parts, n_unlabelled=dataset.unlabelled.n_rows)
    del raw
    if parts.train_windows is None:
        task = with_training_facts(task, dataset, parts.train)
    told = split.lacking_labels(parts, dataset, task)
    task = dataclasses.replace(task, selects=not any(finding.check == "unselected" for finding in told))
    return Prepared(dataclasses.replace(dataset, findings=(*told, *dataset.findings)), task, parts, own_form)


def without_choices(recipe: Recipe, task: Task) -> Recipe:
    """The recipe without what this task cannot choose between.

    Where no validation row has a label, or all have the same, each side has one trial, since no score could choose
    between more. Vectors and new rows of several models have no mean, so there are no ensembles of them.

    Raises:
        RecipeError: further splits were asked for, on which nothing could be compared.
    """
    has_mean, is_unscored = goals.named(task).has_mean, goals.search_metric(task) == metrics.UNSCORED
    if has_mean and not is_unscored:
        return recipe
    for key in ("repeats", "fold_pairs"):
        if getattr(recipe, key):
            no_label = "it has no label" if task.selects else NO_CHOICE
            why = no_label if is_unscored else "its predictions have no mean"
            raise RecipeError(f"{key}: expected 0 for goal {task.goal!r}, since {why}; leave it out")
    return dataclasses.replace(recipe, ensemble=False, max_trials=1 if is_unscored else recipe.max_trials)


def check_conditions(recipe: Recipe, task: Task) -> None:
    """Refuse conditions of ``fail_on`` on metrics that the task's goal does not have, before anything is fitted.

    Raises:
        RecipeError: names the metric, and those of the goal.
    """
    if recipe.fail_on is None:
        return
    known = (*RUN_FIELDS.names, task.metric, *goals.metrics_for(task))
    for condition in parse_fail_on(recipe.fail_on, RUN_FIELDS, metrics.named):
        if condition.field not in known:
            raise RecipeError(
                f"fail_on: {condition.field} is no metric of goal {task.goal!r}; expected one of {', '.join(known)}"
            )


def audited(prepared: Prepared, seconds: float) -> Prepared:
    """Run the audit, and add its findings about rows, target and split to the dataset.

    Args:
        prepared: data that are split.
        seconds: time allotted to the audit.
    """
    dataset = prepared.dataset
    findings = flag_test_rows(examine(dataset, prepared.task, prepared.split, seconds), dataset)
    return dataclasses.replace(prepared, dataset=dataclasses.replace(dataset, findings=(*dataset.findings, *findings)))


@dataclass(frozen=True, slots=True, eq=False)
class Inspected:
    """The result of `inspect_data`.

    Attributes:
        dataset: the data; columns are typed if there is a task.
        task: the task; None for a table without a named target.
        columns: what each column holds; with the target column if none was named.
        targets: without a named target, a sentence for each likely one.
        goals: without a named target, flags of each goal that needs none, with what it is for.
    """

    dataset: Dataset
    task: Task | None
    columns: tuple[Column, ...]
    targets: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()


def inspect_data(recipe: Recipe, most_rows: int | None = None) -> Inspected:
    """Load, detect and audit, with the same split that a contest would make; no fitted model is kept.

    If the rows cannot be split (too few of them, or rules that exclude each other), a finding says so, and only the
    checks that need no split run. A table without a named target is inspected column by column.

    Args:
        recipe: what is asked for.
        most_rows: the most rows of a table to read; None for all.
    """
    catalog.extend(recipe.plugins)
    if recipe.metric is not None:
        metrics.named(recipe.metric)
    raw = load(recipe, most_rows)
    if most_rows is not None and raw.n_source_rows is not None and is_in_time_order(raw, recipe):
        raw = load(recipe, most_rows, in_order=True)
    try:
        dataset, task = _detected(raw, recipe)
    except NoTarget:
        columns, targets, proposed, findings = survey(raw, recipe)
        noted = dataclasses.replace(raw, findings=flag_test_rows(findings, raw))
        return Inspected(noted, None, columns, targets, proposed)
    data_split, findings = None, dataset.findings
    try:
        data_split = split.split(dataset, task, recipe.seed)
        findings += split.lacking_labels(data_split, dataset, task)
    except InputError as error:
        message = f"automl fit would refuse these rows: {error}."
        findings += (Finding("no_split", "high", message, "Change this before a fit; the rest of the audit goes on."),)
    findings += examine(dataset, task, data_split)
    return Inspected(dataclasses.replace(dataset, findings=flag_test_rows(findings, dataset)), task, task.columns)
