"""Examples of what a section of the report sees: contests that were never run, one for each goal."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.records import (
    Column,
    Comparison,
    Contestant,
    Cost,
    Finding,
    GoalName,
    Outcome,
    Output,
    Recipe,
    Run,
    Side,
    Split,
    Task,
)

N_ROWS = 40
HORIZON = 4
SIDES: tuple[tuple[str, Side, float], ...] = (
    ("mlp-2", "deep", 0.3), ("boosting-1", "shallow", 0.4), ("floor", "floor", 2.0),
)  # fmt: skip
"""Runs that are shown, and the noise of their predictions."""


def example_outcome(goal: GoalName = "binary") -> Outcome:
    """A finished contest of this goal with small random predictions, the same each time.

    Both sides have a finalist and other runs, one of which failed; there is a floor. Test rows are 40, of a forecast
    40 windows.
    """
    rng = np.random.default_rng(0)
    task = _task(goal)
    truth = _truth(rng, goal)
    contestants = tuple(
        Contestant(run, side, output, (output,), output)
        for run, side, noise in SIDES
        for output in (_output(rng, goal, truth, noise),)
    )
    higher = task.metric != "mase"
    scores = (0.9, 0.8, 0.1) if higher else (0.5, 0.6, 1.2)
    return Outcome(
        recipe=Recipe("example.csv", target=task.target),
        name="example",
        task=task,
        split=Split(
            np.arange(100), np.arange(100, 120), np.arange(120, 160), "row", np.arange(N_ROWS), "Shuffled.", 0
        ),
        runs=_runs(*scores),
        comparison=Comparison(
            "deep", "better", "mlp-2", 0.1, (0.02, 0.18), 0.95, 0.004, N_ROWS, 1,
            sentences=("The deep network is better.", "It costs more to train."), notes=("One seed only.",),
        ),
        findings=(Finding("few_rows", "low", "There are 160 rows.", "Gather more.", ("size",)),),
        truth=truth,
        contestants=contestants,
        higher_is_better=higher,
        context=_context(goal, task),
        test_rows=np.arange(120, 120 + N_ROWS),
        clock={"budget_seconds": 60.0, "wall_seconds": 42.0, "started": "2026-01-02T03:04:05"},
        reproduce={"command": "automl fit example.csv", "python": "", "recipe": "", "versions": {}, "machine": {}},
        automl_version="0",
    )  # fmt: skip


def _task(goal: GoalName) -> Task:
    columns = (Column("size", "numeric", 1.0, "stored as numbers"), Column("colour", "categorical", 0.9, "3 levels"))
    metric = {"binary": "roc_auc", "regression": "r2", "forecast": "mase"}.get(goal, "accuracy")
    classes = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "multilabel": ("red", "green")}.get(goal, ())
    more: dict[str, Any] = {}
    if goal == "forecast":
        more = {"horizon": HORIZON, "season": 2, "frequency": "D", "quantiles": (0.1, 0.9)}
    return Task(
        "sequence" if goal == "forecast" else "tabular", goal, classes if goal == "multilabel" else ("y",), metric,
        classes, "yes" if goal == "binary" else None, columns=columns, evidence=("Made up.",), **more,
    )  # fmt: skip


def _truth(rng: np.random.Generator, goal: GoalName) -> np.ndarray:
    if goal == "forecast":
        return rng.normal(size=(N_ROWS, HORIZON, 1))
    if goal == "regression":
        return rng.normal(size=(N_ROWS, 1))
    if goal == "multilabel":
        return rng.integers(0, 2, (N_ROWS, 2)).astype("int8")
    return np.arange(N_ROWS, dtype="int64") % (2 if goal == "binary" else 3)


def _output(rng: np.random.Generator, goal: GoalName, truth: np.ndarray, noise: float) -> Output:
    """The truth with this much noise."""
    if goal in ("regression", "forecast"):
        values = truth + noise * rng.normal(size=truth.shape)
        if goal == "regression":
            return Output("values", {"values": values})
        quantiles = np.stack([values - noise, values + noise], axis=-1)
        return Output("windows", {"values": values, "quantiles": quantiles})
    if goal == "multilabel":
        shares = 1 / (1 + np.exp(-(2.0 * truth - 1 + noise * rng.normal(size=truth.shape))))
        return Output("probabilities", {"probabilities": shares, "labels": (shares >= 0.5).astype("int64")})
    sure = np.eye(2 if goal == "binary" else 3)[truth] + noise * rng.uniform(size=(N_ROWS, 1))
    shares = sure / sure.sum(axis=1, keepdims=True)
    return Output("probabilities", {"probabilities": shares, "labels": shares.argmax(axis=1)})


def _runs(deep: float, shallow: float, floor: float) -> tuple[Run, ...]:
    curve = tuple({"epoch": float(i), "seconds": 0.5 * i, "loss": 1.0 / i, "valid_score": deep} for i in (1, 2, 3))
    return (
        Run("floor", "floor", "done", "floor", valid_score=floor, test_score=floor, cost=Cost(0.01, 30.0)),
        Run(
            "mlp-1", "deep", "failed", "mlp", cost=Cost(1.0, 30.0), choices={"width": 64}, at_seconds=5.0,
            failure="the loss became NaN",
        ),
        Run(
            "mlp-2", "deep", "done", "mlp", finalist=True, valid_score=deep, test_score=deep,
            cost=Cost(4.0, 30.0, 2.0, 2e4, 600.0, 1.5, 20_000), choices={"width": 128, "learning_rate": 1e-3},
            curve=curve, at_seconds=10.0,
        ),
        Run(
            "boosting-1", "shallow", "done", "boosting", finalist=True, valid_score=shallow, test_score=shallow,
            cost=Cost(2.0, 30.0, 0.5, 9e4, 240.0, 0.7), choices={"learning_rate": 0.1}, at_seconds=15.0,
        ),
        Run("linear-1", "shallow", "cut", "linear", valid_score=floor, cost=Cost(0.2, 30.0), at_seconds=16.0),
    )  # fmt: skip


def _context(goal: GoalName, task: Task) -> dict[str, Any]:
    if goal != "forecast":
        return {"classes": len(task.classes)} if task.classes else {}
    return {"scale": np.ones((N_ROWS, 1)), "series": np.zeros(N_ROWS, "int64"), "quantiles": task.quantiles}
