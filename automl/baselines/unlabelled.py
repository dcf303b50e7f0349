"""How shallow models use rows without a label: a setting of every family where a recipe pretrains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from automl import goals
from automl.baselines.features.projection import Projected
from automl.baselines.model import Model
from automl.records import UNLABELLED, UNUSED

if TYPE_CHECKING:
    from automl.records import Baseline, Facts, ShallowModel, Task

__all__ = ["made", "plain_settings", "settings_with"]

COMPONENTS, PSEUDO_LABELS, BOTH = "components", "pseudo-labels", "both"
"""Values of the setting: components learnt on all rows, self-training, or both."""


def settings_with(baseline: Baseline, task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """The settings of a family, each with a value of `UNLABELLED`: the first ones with every value, later ones in turn.

    Args:
        baseline: the family.
        task: what to predict.
        facts: numbers about the training rows.
        seed: of the family's draws.
    """
    for number, settings in enumerate(baseline.settings(task, facts, seed)):
        values = _values(baseline, task, settings, seed)
        for value in values if number == 0 else (values[number % len(values)],):
            yield {**settings, UNLABELLED: value}


def _values(baseline: Baseline, task: Task, settings: Mapping[str, Any], seed: int) -> tuple[str, ...]:
    """The values that make a difference with these settings."""
    model = baseline.make(task, settings, seed)
    if not isinstance(model, Model) or baseline.tier == "floor":
        return (UNUSED,)
    has_components = isinstance(model.features, Projected) and model.features.components > 0
    has_classes = goals.named(task).is_one_class
    if has_components:
        return (COMPONENTS, UNUSED, BOTH) if has_classes else (COMPONENTS, UNUSED)
    return (UNUSED, PSEUDO_LABELS) if has_classes else (UNUSED,)


def made(
    baseline: Baseline, task: Task, settings: Mapping[str, Any], seed: int, is_used: bool = True
) -> ShallowModel:  # fmt: skip
    """An unfitted model of a family that uses rows without a label as its settings say.

    Args:
        baseline: the family.
        task: what to predict.
        settings: with or without a value of `UNLABELLED`.
        seed: of the model.
        is_used: whether such rows may be used at all.
    """
    model = baseline.make(task, plain_settings(settings), seed)
    value = settings.get(UNLABELLED, UNUSED)
    if is_used and isinstance(model, Model):
        if value in (PSEUDO_LABELS, BOTH):
            model.trains_itself = True
        if value in (COMPONENTS, BOTH) and isinstance(model.features, Projected):
            model.features.of_all = True
    return model


def plain_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as the family itself knows them."""
    return {name: value for name, value in settings.items() if name != UNLABELLED}
