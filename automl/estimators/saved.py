"""The estimator of a saved model: its settings are those that the saved result names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automl import recipe as recipes
from automl.errors import DataError, FolderError, RecipeError
from automl.estimators.finalist import estimator_of
from automl.flow.finished_run import runs_of

if TYPE_CHECKING:
    from automl.estimators.finalist import FinalistClassifier, FinalistRegressor
    from automl.records import Task

__all__ = ["saved_estimator"]

KEPT = ("metric", "columns", "drop", "group", "time_column", "pretrained")
"""Keys of the recipe that an estimator has as parameters. Plug-ins are not among them: they are files that run."""


def saved_estimator(
    result: Mapping[str, Any], task: Task, predictors: Mapping[str, Any], side: str
) -> FinalistClassifier | FinalistRegressor:
    """The model of a side of a saved model as a fitted estimator, as `finalist_estimator` makes it of a contest.

    Args:
        result: what the model was saved with of ``result.json``.
        task: of the model.
        predictors: side → predictor.
        side: "deep", "shallow" or "blend".

    Raises:
        DataError: as `finalist_estimator`, or the model was saved without its settings.
    """
    try:
        runs = runs_of(result)
        asked = recipes.values_of(str(result["recipe"]))
        seed = int(result["split"]["seed"])
    except (FolderError, RecipeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"this model was saved without the settings of its finalists ({error}); use result.estimator() of the "
            "contest, or save the result again"
        ) from error
    kept = {name: asked[name] for name in KEPT if asked.get(name) is not None}
    return estimator_of(task, runs, predictors, side, {**kept, "seed": seed})
