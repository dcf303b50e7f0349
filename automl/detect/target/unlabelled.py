"""Keeps the rows that hold no target beside the dataset, for both sides to learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from automl import goals
from automl.detect.rows import take
from automl.errors import RecipeError
from automl.records import Dataset, GoalName, Recipe

__all__ = ["refuse_pretraining", "with_unlabelled"]


def with_unlabelled(labelled: Dataset, raw: Dataset, rows: np.ndarray, recipe: Recipe) -> Dataset:
    """The dataset with the inputs of the rows that hold no target, if the recipe uses them.

    The user's own test rows are not among them, whatever they lack.

    Args:
        labelled: the rows that hold a target.
        raw: all rows, not typed yet.
        rows: row numbers of `labelled` in `raw`.
        recipe: as asked.
    """
    if not recipe.pretrain:
        return labelled
    lacking = np.ones(raw.n_rows, bool)
    lacking[rows] = False
    if raw.given is not None:
        lacking &= ~raw.given
    inputs = replace(raw, target=None, observed=None, weight=None, given=None, findings=(), aside=None)
    return replace(labelled, unlabelled=take(inputs, np.flatnonzero(lacking)))


def refuse_pretraining(recipe: Recipe, goal: GoalName | None) -> None:
    """Refuse to pretrain for a goal that learns no target, or forecasts.

    Args:
        recipe: as asked.
        goal: that was asked for or detected; None before it is known.

    Raises:
        RecipeError: says why, and what to do.
    """
    if not recipe.pretrain or goal is None:
        return
    record = goals.named(goal)
    if not record.needs_target:
        raise RecipeError(
            f"pretrain: expected a goal that learns a target, but goal {goal!r} learns none, so that all rows train "
            "anyway; leave pretrain out"
        )
    if record.in_windows:
        raise RecipeError(
            f"pretrain: expected rows with and without a target, but goal {goal!r} learns from all steps of a series; "
            "leave pretrain out"
        )
