"""Runs an estimator's fit: makes a recipe of its parameters, runs the flow, and returns the fitted model."""

from __future__ import annotations

import dataclasses
import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from automl import flow
from automl import recipe as recipes
from automl.errors import RecipeError
from automl.estimators.fitted import ContestResult, FittedModel
from automl.report.summary import summary

if TYPE_CHECKING:
    from automl.estimators.checking import Problem
    from automl.flow import Finished
    from automl.records import GoalName, Recipe

__all__ = ["contest", "recipe_for", "side_alone"]

SUFFIXES = (".html", ".md", ".json")


def recipe_for(parameters: Mapping[str, Any], problem: Problem, goal: GoalName, source: str) -> Recipe:
    """Make a recipe from an estimator's parameters.

    Args:
        parameters: by name; None means "left out", except for `budget`, where it means no bound on time.
        problem: the training rows.
        goal: the goal of the target.
        source: name of the estimator, for messages.

    Raises:
        RecipeError: a parameter is wrong, or the search has no bound.
    """
    asked = dict(parameters)
    unbounded = "budget" in asked and asked["budget"] is None
    if unbounded and asked.get("max_trials") is None:
        raise RecipeError(
            f"{source}: neither budget nor max_trials bounds the search; give one of them, such as budget='5m'"
        )
    made = recipes.make(
        source=source, data=(problem.inputs, problem.target), target=list(problem.target.columns), goal=goal,
        weight=problem.weight, **asked,
    )  # fmt: skip
    return dataclasses.replace(made, budget_seconds=math.inf) if unbounded else made


def side_alone(recipe: Recipe, side: Literal["deep", "shallow"], started: float) -> FittedModel:
    """Fit one side alone; nothing is written to disk."""
    trained = flow.train(recipe, side, started)
    return FittedModel(trained.task, trained.predictor, side, keeps_rows=trained.keeps_rows)


def contest(recipe: Recipe, started: float) -> tuple[FittedModel, ContestResult]:
    """Run the contest; its folder is deleted afterwards unless the recipe names one."""
    if recipe.out is not None:
        return _in_memory(flow.run(recipe, started))
    with tempfile.TemporaryDirectory(prefix="automl-") as scratch:
        return _in_memory(flow.run(dataclasses.replace(recipe, out=str(Path(scratch) / "run")), started, is_kept=False))


def _in_memory(finished: Finished) -> tuple[FittedModel, ContestResult]:
    """The recommended model and the result of a finished contest, read from its folder."""
    comparison, side = finished.outcome.comparison, finished.recommended
    result = ContestResult(
        comparison.verdict, comparison.reason, side,
        "\n".join(summary(finished.outcome)), finished.result,
        {suffix: (finished.folder / f"report{suffix}").read_bytes() for suffix in SUFFIXES},
    )  # fmt: skip
    keeps_rows = flow.keeps_rows([run for run in finished.outcome.runs if run.finalist], finished.outcome.runs)
    return FittedModel(finished.outcome.task, finished.predictors[side], side, keeps_rows=keeps_rows), result
