"""Estimators of a contest's finalists: fitted as the contest left them, and fitted again without a search."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from automl import flow, goals
from automl.errors import DataError, RecipeError
from automl.estimators.estimating import Classifier, Regressor
from automl.estimators.fitted import FittedModel
from automl.goals.shared.rows import as_written
from automl.intake.frames import as_frame, is_frame
from automl.records import FixedSettings, Inherited
from automl.sides.ensemble import members_of
from automl.sides.predictors import BlendPredictor

if TYPE_CHECKING:
    from automl.records import OnOdd, Outcome, Recipe, Run, Task

__all__ = ["FinalistClassifier", "FinalistRegressor", "estimator_of", "finalist_estimator"]

SIDES: tuple[Literal["deep"], Literal["shallow"]] = ("deep", "shallow")
ROWS = "rows"
"""Says on how many rows a run was fitted, and is no setting."""


class Finalist:
    """Parameters of `FinalistClassifier` and `FinalistRegressor`; `Result.estimator` makes them.

    Args:
        settings: side ("deep", "shallow") → a list of dicts {"family": name, "settings": {...}}, one for each member of
            the finalist. With both sides the estimator is their weighted mean.
        weight_of_deep: of that mean, from 0 to 1; None with one side.
        seed: seed of splits and models.
        metric: the metric by which epochs, thresholds and weights are chosen; None for the goal's default.
        columns: kind of each column (name → kind) for which detection is to be overridden.
        drop: columns that are not used, by name; those that the rows lack do no harm.
        group: column of groups; rows of a group stay in one part of the split.
        time_column: column of times by which the rows are split.
        pretrained: folder of a backbone whose vectors of texts or pictures are read; None for none.
        plugins: files or entry points that add the families.
        quiet: whether to show no progress.
        on_odd: what `predict` does where rows differ from the training rows: "warn", "ignore" or "refuse". None for a
            warning, and an error if more than a fifth of the cells of a column cannot be read.
    """

    _is_of_contest: ClassVar[bool] = False
    NOT_ASKED: ClassVar[tuple[str, ...]] = ("settings", "weight_of_deep", "on_odd")

    def __init__(
        self,
        *,
        settings: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        weight_of_deep: float | None = None,
        seed: int = 0,
        metric: str | None = None,
        columns: Mapping[str, str] | str | None = None,
        drop: str | Sequence[str] | None = None,
        group: str | None = None,
        time_column: str | None = None,
        pretrained: str | None = None,
        plugins: Sequence[str] | None = None,
        quiet: bool = True,
        on_odd: OnOdd | None = None,
    ) -> None:
        self.settings = settings
        self.weight_of_deep = weight_of_deep
        self.seed = seed
        self.metric = metric
        self.columns = columns
        self.drop = drop
        self.group = group
        self.time_column = time_column
        self.pretrained = pretrained
        self.plugins = plugins
        self.quiet = quiet
        self.on_odd = on_odd

    def _asked(self, names: Sequence[str]) -> dict[str, Any]:
        """The parameters for a recipe. No time plays a part: each member is fitted once."""
        asked = super()._asked(names)  # type: ignore[misc]
        dropped = [self.drop] if isinstance(self.drop, str) else list(self.drop or ())
        asked["drop"] = [name for name in dropped if name in names] or None
        most = max((len(members) for members in _checked(self.settings).values()), default=1)
        kept = {name: value for name, value in asked.items() if name not in self.NOT_ASKED}
        return {**kept, "budget": None, "max_trials": most}

    def _run(self, recipe: Recipe, started: float) -> FittedModel:
        """Fit each side's settings once, and refit them on all rows."""
        self.__dict__.pop("_is_of_contest", None)
        settings = _checked(self.settings)
        if len(settings) == 2 and self.weight_of_deep is None:
            raise RecipeError("weight_of_deep: expected a number from 0 to 1, since settings name both sides")
        trained: dict[str, flow.Trained] = {}
        for side in SIDES:
            if side in settings:
                own = dataclasses.replace(recipe, max_trials=len(settings[side]), budget_seconds=math.inf)
                trained[side] = flow.train(own, side, started, Inherited({side: settings[side]}))
        if len(trained) == 1:
            alone, one = next(iter(trained.items()))
            return FittedModel(one.task, one.predictor, alone, keeps_rows=one.keeps_rows)
        deep, shallow = trained["deep"], trained["shallow"]
        predictor = BlendPredictor(deep.predictor, shallow.predictor, float(self.weight_of_deep or 0.0))
        return FittedModel(deep.task, predictor, "blend", keeps_rows=deep.keeps_rows or shallow.keeps_rows)

    def _rows(self, X: Any) -> Any:
        """The rows to predict. A model of a contest finds its columns by name, whatever else is there."""
        if self._is_of_contest and is_frame(X):
            return as_frame(X).reset_index(drop=True)
        return super()._rows(X)  # type: ignore[misc]

    def _take_over(self, model: FittedModel) -> None:
        """Stand as fitted by a contest."""
        names = [column.name for column in model.task.columns]
        self._fitted_model, self._is_of_contest = model, True  # type: ignore[misc]
        self.n_features_in_ = len(names)
        if names != [f"x{place}" for place in range(len(names))]:
            self.feature_names_in_ = np.array(names, dtype=object)


class FinalistClassifier(Finalist, Classifier):
    """The finalist of a contest as a classifier; for its parameters see `Finalist`."""

    def _take_over(self, model: FittedModel) -> None:
        super()._take_over(model)
        task = model.task
        self._goal = task.goal
        if goals.named(task).is_multilabel:
            self.classes_, self._places = np.arange(len(task.target)), np.arange(len(task.target))
            self._dtype = np.dtype(np.int64)
            return
        written = as_written(task)
        self.classes_, self._places = np.unique(np.array(written), return_index=True)
        if isinstance(written[0], str):
            self.classes_ = self.classes_.astype(object)
        self._dtype = self.classes_.dtype


class FinalistRegressor(Finalist, Regressor):
    """The finalist of a contest as a regressor; for its parameters see `Finalist`."""

    def _take_over(self, model: FittedModel) -> None:
        super()._take_over(model)
        self._n_targets = len(model.task.target)


def finalist_estimator(
    outcome: Outcome, predictors: Mapping[str, Any], side: str
) -> FinalistClassifier | FinalistRegressor:
    """The model of a side as a fitted estimator; `sklearn.base.clone` of it fits the same settings on other rows.

    Args:
        outcome: of the contest.
        predictors: side → predictor.
        side: "deep", "shallow" or "blend".

    Raises:
        DataError: the side has no model, or the contest is none of a table with a target.
    """
    recipe = outcome.recipe
    asked = {
        "seed": recipe.seed, "metric": recipe.metric, "columns": dict(recipe.columns) or None, "drop": recipe.drop,
        "group": recipe.group, "time_column": recipe.time_column,
        "pretrained": None if recipe.pretrained is None else str(recipe.pretrained),
        "plugins": list(recipe.plugins) or None,
    }  # fmt: skip
    return estimator_of(outcome.task, outcome.runs, predictors, side, asked)


def estimator_of(
    task: Task, all_runs: Sequence[Run], predictors: Mapping[str, Any], side: str, asked: Mapping[str, Any]
) -> FinalistClassifier | FinalistRegressor:
    """The model of a side as a fitted estimator.

    Args:
        task: of the contest.
        all_runs: of the contest.
        predictors: side → predictor.
        side: "deep", "shallow" or "blend".
        asked: parameters of the estimator that the contest's recipe named.

    Raises:
        DataError: the side has no model or no settings, or the contest is none of a table with a target.
    """
    _check(task, predictors, side)
    sides = SIDES if side == "blend" else (side,)
    runs = {run.name: run for run in all_runs}
    finalists = {str(run.side): run for run in all_runs if run.finalist and run.side in sides}
    settings = {str(one): _settings_of(finalists[one], runs) for one in sides if one in finalists}
    if len(settings) < len(sides):
        raise DataError(f"the {side} model has no settings: its contest names no finalist of each side")
    kind = FinalistClassifier if goals.named(task).is_classification else FinalistRegressor
    drop = asked.get("drop") or ()
    dropped = [drop] if isinstance(drop, str) else list(drop)
    aside = [name for name in dict.fromkeys((*dropped, *task.set_aside)) if name != asked.get("group")]
    weight = predictors[side].weight_of_deep if side == "blend" else None
    made = kind(settings=settings, weight_of_deep=weight, **{**asked, "drop": aside or None})
    keeps = flow.keeps_rows(list(finalists.values()), all_runs)
    made._take_over(FittedModel(task, predictors[side], side, keeps_rows=keeps))
    return made


def _check(task: Task, predictors: Mapping[str, Any], side: str) -> None:
    if not (goals.named(task).in_rows and task.columns):
        raise DataError(
            f"an estimator needs a contest of a table with a target; this one is {task.modality}, {task.goal}: use "
            "the methods of the result"
        )
    if side not in predictors or side not in (*SIDES, "blend"):
        named = ", ".join(name for name in (*SIDES, "blend") if name in predictors) or "none"
        raise DataError(f"the {side} model has no settings that can be fitted again; sides that have: {named}")


def _settings_of(run: Run, runs: Mapping[str, Run]) -> list[dict[str, Any]]:
    """Family and settings of each member of a finalist."""
    members = [runs[name] for name in members_of(run)] or [run]
    return [
        {"family": one.family, "settings": {name: v for name, v in one.choices.items() if name != ROWS}}
        for one in members
    ]


def _checked(settings: Any) -> dict[str, tuple[FixedSettings, ...]]:
    """Side → settings.

    Raises:
        RecipeError: they have another form.
    """
    try:
        made = {
            str(side): tuple(FixedSettings(str(one["family"]), dict(one["settings"])) for one in members)
            for side, members in (settings or {}).items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RecipeError(f"settings: {_EXPECTED}; got {type(settings).__name__} ({error!r})") from error
    if not made or not set(made) <= set(SIDES) or not all(made.values()):
        raise RecipeError(f"settings: {_EXPECTED}; got the sides {sorted(made)}")
    return made


_EXPECTED = (
    "expected a dict of the sides 'deep' and 'shallow', each with a list of {'family': name, 'settings': {...}}; "
    "result.estimator() makes such estimators"
)
