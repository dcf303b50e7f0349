"""From a recipe to a split dataset: everything before the first fit."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import catalog, metrics, split
from automl.audit import examine
from automl.detect import detect, survey
from automl.detect.rows import marked
from automl.errors import InputError, NoTarget, RecipeError
from automl.intake import load, pictured, pictures, span
from automl.records import Baseline, Finding, Template

if TYPE_CHECKING:
    from automl.records import Column, Dataset, InputSpec, Recipe, Split, Task

__all__ = ["Looked", "Prepared", "audited", "baselines_for", "look", "prepare", "read", "templates_for"]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Data that is ready for both sides."""

    dataset: Dataset
    task: Task
    split: Split


def read(recipe: Recipe, most_rows: int | None = None) -> tuple[Dataset, Task]:
    """Load and detect; images are decoded, those of a table beside it.

    Args:
        recipe: what is asked for. most_rows: of a table that are worth the time, to look at and not to learn from.
    """
    if recipe.metric is not None:
        metrics.named(recipe.metric)
    dataset, task = _detected(load(recipe, most_rows), recipe)
    return dataclasses.replace(dataset, findings=marked(dataset.findings, dataset)), task


def _detected(dataset: Dataset, recipe: Recipe) -> tuple[Dataset, Task]:
    dataset, task = detect(dataset, recipe)
    if task.modality != "image":
        return pictured(dataset, task, recipe.search.memory_mib)
    limits = span(dataset.inputs) if isinstance(dataset.inputs, np.ndarray) else None
    dataset = pictures(dataset, task, memory_mib=recipe.search.memory_mib)
    return dataset, dataclasses.replace(task, image_shape=dataset.inputs.shape[1:], pixel_range=limits)


def prepare(recipe: Recipe, *, tested: bool = True) -> Prepared:
    """Load, detect and split, in this order.

    Args:
        recipe: what is asked for. tested: without, no row tests, and few rows get further hold-outs only where there
            is more than one trial to choose from.
    """
    catalog.extend(recipe.plugins)
    _check_templates(recipe)
    dataset, task = read(recipe)
    hold_outs = tested or recipe.max_trials != 1
    return Prepared(dataset, task, split.split(dataset, task, recipe.seed, tested=tested, hold_outs=hold_outs))


def audited(prepared: Prepared, seconds: float) -> Prepared:
    """With what the audit finds about rows, target and split among the findings.

    Args:
        prepared: data that is parted. seconds: to spend.
    """
    dataset = prepared.dataset
    found = marked(examine(dataset, prepared.task, prepared.split, seconds), dataset)
    return dataclasses.replace(prepared, dataset=dataclasses.replace(dataset, findings=(*dataset.findings, *found)))


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What `look` has seen.

    Attributes:
        dataset: typed where there is a task. task: None for a table of which no target was named.
        columns: what they hold, a target among them where none was named. targets: a sentence for each likely one.
    """

    dataset: Dataset
    task: Task | None
    columns: tuple[Column, ...]
    targets: tuple[str, ...] = ()


def look(recipe: Recipe, most_rows: int | None = None) -> Looked:
    """Load, detect and audit, with the rows parted as a contest would part them; nothing is fitted that is kept.

    Where they cannot be parted, being too few or by rules that exclude each other, a finding says so, and what needs no
    split is audited.
    A table of which no target is named is looked at column by column.

    Args:
        recipe: what is asked for. most_rows: of a table that are worth the time.
    """
    catalog.extend(recipe.plugins)
    if recipe.metric is not None:
        metrics.named(recipe.metric)
    raw = load(recipe, most_rows)
    try:
        dataset, task = _detected(raw, recipe)
    except NoTarget:
        columns, targets, findings = survey(raw, recipe)
        return Looked(dataclasses.replace(raw, findings=marked(findings, raw)), None, columns, targets)
    parted, found = None, dataset.findings
    try:
        parted = split.split(dataset, task, recipe.seed)
    except InputError as error:
        message = f"automl fit would refuse these rows: {error}."
        found += (Finding("no_split", "high", message, "Change this before a fit; the rest of the audit goes on."),)
    found += examine(dataset, task, parted)
    return Looked(dataclasses.replace(dataset, findings=marked(found, dataset)), task, task.columns)


def _check_templates(recipe: Recipe) -> None:
    """Refuse names that no template has, before any time is spent on the data."""
    known = catalog.members(Template, "automl.templates") if recipe.templates else {}
    for name in recipe.templates:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(sorted(known))}"
            raise RecipeError(f"template {name!r} is not known; {hint}")


def templates_for(
    recipe: Recipe, task: Task, specs: tuple[InputSpec, ...]
) -> tuple[dict[str, Template], dict[str, str]]:
    """The templates to search, and why the others are left out.

    Raises:
        RecipeError: none of the named ones fits.
    """
    known: dict[str, Any] = catalog.members(Template, "automl.templates")
    fitting: dict[str, Template] = {}
    reasons: dict[str, str] = {}
    for name, template in known.items():
        if recipe.templates and name not in recipe.templates:
            continue
        reason = _unfit(template, task, specs)
        if reason is None:
            fitting[name] = template
        else:
            reasons[name] = reason
    if recipe.templates and not fitting:
        why = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        raise RecipeError(
            f"none of the templates asked for fits this task ({why}); leave templates out to use all that fit"
        )
    return fitting, reasons


def _unfit(template: Template, task: Task, specs: tuple[InputSpec, ...]) -> str | None:
    if task.goal not in template.goals:
        return f"it does not do {task.goal}"
    if not any(spec.kind in template.accepts for spec in specs):
        return f"it reads {', '.join(template.accepts)}, and the data has none of these"
    return template.unfit(task, specs)


def baselines_for(task: Task) -> dict[str, Baseline]:
    """The shallow families of this modality and goal (a forecast is a sequence)."""
    known: dict[str, Any] = catalog.members(Baseline, "automl.baselines")
    return {name: b for name, b in known.items() if b.modality == task.modality and task.goal in b.goals}
