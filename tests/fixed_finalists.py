"""Contexts of analyses with fixed finalists in place of both sides: no contest is run, and the truth is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from automl import goals
from automl.records import (
    AnalysisContext,
    AnalysisFacts,
    Column,
    Comparison,
    Contestant,
    Cost,
    Dataset,
    Outcome,
    Output,
    Recipe,
    Run,
    Split,
    Task,
)

Predict = Callable[[Dataset, np.ndarray], np.ndarray]
NAMES = {"deep": "mlp-1", "shallow": "boosting-1"}


@dataclasses.dataclass(eq=False)
class Fixed:
    """A finalist that predicts by a function of the dataset's rows: probabilities of class 1, or values."""

    goal: str
    predict: Predict
    regions: Any = None
    n_calls: int = 0

    def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """Predictions in the form of the goal."""
        self.n_calls += 1
        values = np.asarray(self.predict(dataset, rows), np.float64)
        if self.goal == "binary":
            return Output(
                "probabilities",
                {"probabilities": np.stack([1 - values, values], axis=1), "labels": (values > 0.5).astype(np.int64)},
            )
        if self.goal == "multiclass":
            return Output("probabilities", {"probabilities": values, "labels": values.argmax(axis=1)})
        if self.goal == "forecast":
            return Output("windows", {"values": values})
        return Output("values", {"values": values.reshape(len(rows), -1)})


def kind_of(cells: pd.Series) -> str:
    return "numeric" if cells.dtype.kind in "iuf" else "datetime" if cells.dtype.kind == "M" else "categorical"


def table_task(frame: pd.DataFrame, goal: str, metric: str, **more: Any) -> Task:
    columns = more.pop("columns", None) or tuple(
        Column(str(name), kind_of(frame[name]), 1.0, "given") for name in frame.columns
    )
    classes = ("no", "yes") if goal == "binary" else more.pop("classes", ())
    return Task(
        more.pop("modality", "tabular"), goal, ("y",), metric, classes=classes,
        positive="yes" if goal == "binary" else None, columns=columns, **more,
    )  # fmt: skip


def context_of(
    dataset: Dataset, task: Task, predict: Mapping[str, Predict], *, split: Split | None = None,
    n_train: int = 0, n_valid: int = 0, analyses: Mapping[str, Any] | None = None, with_valid: bool = False,
    recipe: Mapping[str, Any] | None = None, **more: Any,
) -> AnalysisContext:  # fmt: skip
    """A context whose test rows are those after the first `n_train` and `n_valid`, predicted by these functions."""
    rows = np.arange(dataset.n_rows)
    first = n_train + n_valid
    split = split or Split(
        rows[:n_train], rows[n_train:first], rows[first:], "row", np.arange(dataset.n_rows - first), "by hand", 0
    )
    predictors = {side: Fixed(task.goal, function) for side, function in predict.items()}
    test, valid = split.items("test"), split.items("valid")
    contestants = tuple(
        Contestant(
            NAMES[side], side, one.output(dataset, test), (),
            one.output(dataset, valid) if with_valid else None,
        )
        for side, one in predictors.items()
    )  # fmt: skip
    runs = tuple(Run(NAMES[s], s, "done", s, finalist=True, cost=Cost(rows_per_second=1e5)) for s in predictors)
    outcome = Outcome(
        Recipe("hand", **{"seed": 0, **(recipe or {})}), "hand", task, split, runs,
        Comparison("tie", "undecided", "mlp-1", None, None, 0.95, None, len(test), 1), (),
        truth=goals.truth(dataset, task, test), contestants=contestants, higher_is_better=True,
        context=goals.scoring_context(dataset, task, split, test), test_rows=test if test.ndim == 1 else test[:, 0],
        examples=dataset.inputs.iloc[test].reset_index(drop=True) if hasattr(dataset.inputs, "iloc") and test.ndim == 1
        else dataset.inputs[test] if test.ndim == 1 else None,
        analyses=dict(analyses or {}),
    )  # fmt: skip
    facts = AnalysisFacts(len(split.train), len(test), 4, {side: len(test) / 1e5 for side in predictors})
    return AnalysisContext(dataset, task, split, outcome, predictors, facts, **more)


def table(n: int = 600, seed: int = 0, **columns: Any) -> Dataset:
    """A dataset of these columns (functions of a generator and the number of rows), whose target follows "x"."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: make(rng, n) for name, make in columns.items()})
    y = np.where(rng.random(n) < 1 / (1 + np.exp(-3 * frame["x"])), "yes", "no")
    return Dataset("hand", frame, pd.DataFrame({"y": y}))


def normal(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=n)


def levels(*names: str) -> Callable[[np.random.Generator, int], np.ndarray]:
    return lambda rng, n: rng.choice(np.asarray(names, object), n)


def by_x(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """The true probability."""
    return 1 / (1 + np.exp(-3 * dataset.inputs["x"].to_numpy()[rows]))
