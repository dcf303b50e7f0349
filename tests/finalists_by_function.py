"""Contexts of analyses whose finalists are functions of the test rows, so that what must be found is known."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from fixed_finalists import Fixed

from automl import goals
from automl.records import AnalysisContext, AnalysisFacts, Column, Contestant, Dataset, Run, Split, Task
from automl.testing.outcomes import example_outcome

FACTS = {"binary": {"classes": ("no", "yes"), "positive": "yes"}, "regression": {}}
METRICS = {"binary": "roc_auc", "regression": "rmse"}


def context_of(
    inputs: Any, answers: np.ndarray, sides: Mapping[str, Callable[[Dataset, np.ndarray], np.ndarray]], *,
    kinds: Mapping[str, str] | None = None, goal: str = "binary", modality: str = "tabular", n_test: int = 200,
    seed: int = 0, deadline: float = math.inf, pass_seconds: float = 0.0,
) -> AnalysisContext:  # fmt: skip
    """The last rows test; all others train. The floor predicts the mean of the training rows."""
    rows = np.arange(len(answers))
    split = Split(rows[:-n_test], rows[:0], rows[-n_test:], "row", np.arange(n_test), "fixed", seed)
    columns = tuple(Column(name, kind, 1.0, "") for name, kind in (kinds or {}).items())
    task = Task(modality, goal, ("y",), METRICS[goal], columns=columns, **FACTS[goal])
    labels = np.where(answers == 1, "yes", "no") if goal == "binary" else answers.astype(float)
    dataset = Dataset("fixed", inputs, pd.DataFrame({"y": labels}))
    return finished(dataset, task, split, sides, seed, deadline, pass_seconds)


def finished(
    dataset: Dataset, task: Task, split: Split, sides: Mapping[str, Callable[[Dataset, np.ndarray], np.ndarray]],
    seed: int = 0, deadline: float = math.inf, pass_seconds: float = 0.0,
) -> AnalysisContext:  # fmt: skip
    """The context after a contest that these sides ended."""
    test = split.items("test")
    truth = goals.truth(dataset, task, test)
    mean = goals.truth(dataset, task, split.items("train")).mean()
    predictors = {side: Fixed(task.goal, predict) for side, predict in sides.items()}
    predictors["floor"] = Fixed(
        task.goal, lambda data, rows: np.full((*rows.shape, 1) if rows.ndim == 2 else len(rows), mean)
    )
    contestants = tuple(
        Contestant(f"{side}-1", side, one.output(dataset, test))
        for side, one in predictors.items()  # type: ignore[arg-type]
    )
    base = example_outcome(task.goal)
    outcome = dataclasses.replace(
        base, recipe=dataclasses.replace(base.recipe, seed=seed), task=task, split=split, truth=truth,
        contestants=contestants, analyses={}, test_rows=test, weight=None,
        context=goals.scoring_context(dataset, task, split, test),
        runs=tuple(Run(f"{side}-1", side, "done", "fixed", finalist=True) for side in sides),  # type: ignore[arg-type]
    )  # fmt: skip
    facts = AnalysisFacts(len(split.items("train")), len(test), 1, dict.fromkeys(sides, pass_seconds / 2))  # type: ignore[misc]
    finalists = {side: one for side, one in predictors.items() if side != "floor"}
    return AnalysisContext(dataset, task, split, outcome, finalists, facts, deadline=deadline)
