"""Contexts of analyses with planted predictions, made without a contest."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from automl.records import (
    AnalysisContext,
    AnalysisFacts,
    Column,
    Contestant,
    Costs,
    Dataset,
    Outcome,
    Output,
    Split,
)
from automl.testing.examples import example_task
from automl.testing.outcomes import example_outcome


class Fixed:
    """Predicts what it was given, whatever is asked."""

    def __init__(self, output: Output) -> None:
        self.given = output

    def output(self, dataset: Dataset, rows: np.ndarray) -> Output:
        return self.given


def two(claimed: Any) -> Output:
    """Probabilities of two classes; labels at one half."""
    claimed = np.asarray(claimed, dtype=float)
    both = np.column_stack([1 - claimed, claimed])
    return Output("probabilities", {"probabilities": both, "labels": (claimed > 0.5).astype(int)})


def binary(
    truth: Any, deep: Any, shallow: Any, *, valid_truth: Any = (), valid: dict[str, Any] | None = None,
    costs: Costs | None = None, inputs: pd.DataFrame | None = None, columns: tuple[Column, ...] = (), **more: Any,
) -> AnalysisContext:  # fmt: skip
    """A binary contest whose test rows have this truth and these probabilities of the positive class."""
    truth, valid_truth = np.asarray(truth, dtype=int), np.asarray(valid_truth, dtype=int)
    n, m = len(truth), len(valid_truth)
    task = example_task("binary", columns=columns)
    names = [task.classes[code] for code in (*truth, *valid_truth)]
    frame = pd.DataFrame({"size": np.zeros(n + m)}) if inputs is None else inputs
    dataset = Dataset("made", frame, target=pd.DataFrame({task.target[0]: names}))
    train = np.arange(len(frame)) if inputs is not None else np.arange(0)
    split = Split(train, np.arange(n, n + m), np.arange(n), "row", np.arange(n), "Made.", 0)
    outputs = {"deep": two(deep), "shallow": two(shallow)}
    runs = {"deep": "mlp-2", "shallow": "boosting-1"}
    contestants = tuple(
        Contestant(runs[side], side, output, valid_output=None if valid is None else two(valid[side]))  # type: ignore[arg-type]
        for side, output in outputs.items()
    )
    base = example_outcome("binary")
    recipe = dataclasses.replace(base.recipe, costs=costs or Costs())
    outcome: Outcome = dataclasses.replace(
        base, task=task, split=split, truth=truth, contestants=contestants, recipe=recipe, context={"classes": 2}
    )
    facts = AnalysisFacts(n_train=100, n_test=n, n_columns=1, predict_seconds={"deep": 0.0, "shallow": 0.0})
    predictors = {side: Fixed(output) for side, output in outputs.items()}
    return AnalysisContext(dataset, task, split, outcome, predictors, facts, **more)
