"""Selects the templates and baselines for a task, and says why others are left out."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from automl import catalog, goals, modalities
from automl.errors import RecipeError
from automl.records import Baseline, Template

if TYPE_CHECKING:
    from automl.records import InputSpec, Recipe, Task

__all__ = ["baselines_for", "check_templates", "templates_for"]


def check_templates(recipe: Recipe) -> None:
    """Refuse unknown template names before any time is spent on the data.

    Raises:
        RecipeError: names the first unknown template.
    """
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
    if not goals.serves(template.goals, task):
        return f"it does not do {task.goal}"
    if not any(spec.kind in template.accepts for spec in specs):
        return f"it reads {', '.join(template.accepts)}, and the data has none of these"
    return template.unfit(task, specs)


def baselines_for(task: Task) -> dict[str, Baseline]:
    """The baselines for the modality and goal of a task."""
    known: dict[str, Any] = catalog.members(Baseline, "automl.baselines")
    fitting = (b for b in known.values() if modalities.serves(b.modality, task) and goals.serves(b.goals, task))
    return {b.name: b for b in fitting}
