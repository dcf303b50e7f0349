"""Contexts of analyses without a contest: two fixed models stand for the finalists, on a table with a known truth."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl import goals
from automl.baselines.learners.learner import as_output
from automl.errors import OutOfTime
from automl.records import (
    AnalysisContext,
    AnalysisFacts,
    Contestant,
    Dataset,
    GoalName,
    Output,
    Run,
    Side,
    SidePredictor,
    Split,
    Task,
)
from automl.sides.items import refit_items
from automl.testing.examples import example_task
from automl.testing.outcomes import example_outcome

__all__ = ["fixed_context"]

MakeModel = Callable[[int], Any]
"""From a seed to an unfitted model of scikit-learn's kind."""


def fixed_context(
    X: np.ndarray | pd.DataFrame, y: np.ndarray, models: Mapping[Side, MakeModel], *, goal: GoalName = "regression",
    metric: str | None = None, n_test: int, refit_seconds: float = 0.0, most_refits: int | None = None, seed: int = 0,
) -> AnalysisContext:  # fmt: skip
    """The context of an analysis in which both finalists are such models.

    They learn from all rows but the last ones, which test; a fifth of the rows learnt from counts as validation. Refits
    fit them again, so that an analysis of hundreds of rows takes seconds.

    Args:
        X: ``(n, n_columns)`` inputs, all numbers.
        y: ``(n,)`` target: numbers, or classes as strings.
        models: side → what makes its model.
        goal: regression, binary or multiclass.
        metric: name; None for that of the goal's example.
        n_test: number of the last rows that test.
        refit_seconds: what analyses are to believe that a refit takes.
        most_refits: after so many refits the time is over; None for no limit.
        seed: of the contest.
    """
    frame = pd.DataFrame(np.asarray(X)) if not isinstance(X, pd.DataFrame) else X
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1).reset_index(drop=True)
    rows = np.arange(len(frame))
    learnt = rows[:-n_test]
    split = Split(
        learnt[len(learnt) // 5 :], learnt[: len(learnt) // 5], rows[-n_test:], "row", np.arange(n_test), "fixed", seed
    )
    classes = tuple(sorted({str(one) for one in y})) if goals.named(goal).is_classification else ()
    task = dataclasses.replace(example_task(goal), target=("y",), classes=classes)
    task = dataclasses.replace(
        task, metric=metric or task.metric, positive=classes[1] if task.positive is not None else None
    )
    dataset = Dataset("fixed", frame, pd.DataFrame({"y": y}))
    fits = _Fits(task, models, seed)
    fitted = {side: fits.fitted(side, dataset, refit_items(split), 0) for side in models}
    refit = _Refits(dataset, fits, most_refits)
    facts = AnalysisFacts(len(learnt), n_test, frame.shape[1], dict.fromkeys(models, 0.01), refit_seconds)
    predictors: dict[str, SidePredictor] = {str(side): one for side, one in fitted.items()}
    return AnalysisContext(
        dataset, task, split, _outcome(dataset, task, split, fitted), predictors, facts, refit, deadline=math.inf
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """A fitted model as the predictor of a side."""

    model: Any
    task: Task

    def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Predict rows."""
        X = dataset.inputs.iloc[rows].to_numpy(float)
        if not goals.named(self.task).is_classification:
            return as_output(self.task.goal, self.model.predict(X).reshape(len(rows), -1))
        full = np.zeros((len(rows), len(self.task.classes)))
        full[:, np.asarray(self.model.classes_, np.int64)] = self.model.predict_proba(X)
        return as_output(self.task.goal, full)


@dataclass(frozen=True, slots=True, eq=False)
class _Fits:
    """Fits both sides' models."""

    task: Task
    models: Mapping[Side, MakeModel]
    seed: int

    def fitted(self, side: Side, dataset: Dataset, rows: np.ndarray, number: int) -> _Fitted:
        """The model of a side, fitted on rows."""
        truth = goals.truth(dataset, self.task, rows)
        X = dataset.inputs.iloc[rows].to_numpy(float)
        return _Fitted(
            self.models[side](self.seed + number).fit(X, truth.reshape(len(rows), -1).squeeze(axis=1)), self.task
        )


@dataclass(slots=True, eq=False)
class _Refits:
    """Fits both sides again; see `automl.records.Refit`."""

    dataset: Dataset
    fits: _Fits
    most: int | None
    made: int = 0

    def __call__(self, part: Split, number: int, dataset: Dataset | None = None) -> dict[Side, Output]:
        if self.most is not None and self.made >= self.most:
            raise OutOfTime("the refits that the test allows are over")
        self.made += 1
        data = self.dataset if dataset is None else dataset
        return {
            side: self.fits.fitted(side, data, refit_items(part), number).output(data, part.items("test"))
            for side in self.fits.models
        }


def _outcome(dataset: Dataset, task: Task, split: Split, fitted: Mapping[Side, _Fitted]) -> Any:
    """The outcome of a contest that ended with these models."""
    test = split.items("test")
    outputs = {side: one.output(dataset, test) for side, one in fitted.items()}
    runs = tuple(Run(f"{side}-1", side, "done", "fixed", finalist=True, refitted=True) for side in fitted)
    contestants = tuple(Contestant(f"{side}-1", side, output, (output,)) for side, output in outputs.items())
    return dataclasses.replace(
        example_outcome(task.goal), task=task, split=split, truth=goals.truth(dataset, task, test), runs=runs,
        contestants=contestants, analyses={}, test_rows=test, name="fixed",
    )  # fmt: skip
