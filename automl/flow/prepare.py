"""From a recipe to a split dataset: everything before the first fit."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automl import catalog, metrics, modalities, split
from automl.audit import examine
from automl.detect import detect, survey
from automl.detect.rows import flag_test_rows
from automl.errors import InputError, NoTarget
from automl.flow.selection import check_templates
from automl.intake import load
from automl.records import Finding

if TYPE_CHECKING:
    from automl.records import Column, Dataset, Recipe, Split, Task

__all__ = ["Inspected", "Prepared", "audited", "inspect_data", "prepare", "read"]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Data that is ready for both sides."""

    dataset: Dataset
    task: Task
    split: Split


def read(recipe: Recipe, most_rows: int | None = None) -> tuple[Dataset, Task]:
    """Load and detect; images are decoded, those of a table beside it.

    Args:
        recipe: what is asked for.
        most_rows: of a table that are worth the time, to look at and not to learn from.
    """
    if recipe.metric is not None:
        metrics.named(recipe.metric)
    dataset, task = _detected(load(recipe, most_rows), recipe)
    return dataclasses.replace(dataset, findings=flag_test_rows(dataset.findings, dataset)), task


def _detected(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, Task]:
    dataset, task = detect(dataset, recipe)
    return modalities.named(task).decode(dataset, task, recipe.search.memory_mib)


def prepare(recipe: Recipe, *, tested: bool = True) -> Prepared:
    """Load, detect and split, in this order.

    Args:
        recipe: what is asked for.
        tested: without, no row tests, and few rows get further hold-outs only where there is more than one trial to
            choose from.
    """
    catalog.extend(recipe.plugins)
    check_templates(recipe)
    dataset, task = read(recipe)
    hold_outs = tested or recipe.max_trials != 1
    return Prepared(dataset, task, split.split(dataset, task, recipe.seed, tested=tested, hold_outs=hold_outs))


def audited(prepared: Prepared, seconds: float) -> Prepared:
    """With what the audit finds about rows, target and split among the findings.

    Args:
        prepared: data that is parted.
        seconds: to spend.
    """
    dataset = prepared.dataset
    found = flag_test_rows(examine(dataset, prepared.task, prepared.split, seconds), dataset)
    return dataclasses.replace(prepared, dataset=dataclasses.replace(dataset, findings=(*dataset.findings, *found)))


@dataclass(frozen=True, slots=True, eq=False)
class Inspected:
    """What `inspect_data` has seen.

    Attributes:
        dataset: typed where there is a task.
        task: None for a table of which no target was named.
        columns: what they hold, a target among them where none was named.
        targets: a sentence for each likely one.
    """

    dataset: Dataset
    task: Task | None
    columns: tuple[Column, ...]
    targets: tuple[str, ...] = ()


def inspect_data(recipe: Recipe, most_rows: int | None = None) -> Inspected:
    """Load, detect and audit, with the rows parted as a contest would part them; nothing is fitted that is kept.

    Where they cannot be parted, being too few or by rules that exclude each other, a finding says so, and what needs no
    split is audited.
    A table of which no target is named is looked at column by column.

    Args:
        recipe: what is asked for.
        most_rows: of a table that are worth the time.
    """
    catalog.extend(recipe.plugins)
    if recipe.metric is not None:
        metrics.named(recipe.metric)
    raw = load(recipe, most_rows)
    try:
        dataset, task = _detected(raw, recipe)
    except NoTarget:
        columns, targets, findings = survey(raw, recipe)
        return Inspected(dataclasses.replace(raw, findings=flag_test_rows(findings, raw)), None, columns, targets)
    parted, found = None, dataset.findings
    try:
        parted = split.split(dataset, task, recipe.seed)
    except InputError as error:
        message = f"automl fit would refuse these rows: {error}."
        found += (Finding("no_split", "high", message, "Change this before a fit; the rest of the audit goes on."),)
    found += examine(dataset, task, parted)
    return Inspected(dataclasses.replace(dataset, findings=flag_test_rows(found, dataset)), task, task.columns)
