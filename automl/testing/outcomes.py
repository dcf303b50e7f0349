"""Examples of what a section of the report sees: contests that were never run, one for each goal."""

from __future__ import annotations

import numpy as np

from automl import catalog, goals, metrics
from automl.records import (
    Analysis,
    Champion,
    Column,
    Comparison,
    Contestant,
    Cost,
    Finding,
    GoalName,
    Lead,
    Outcome,
    Recipe,
    Run,
    Side,
    Split,
)
from automl.testing.examples import example_rows, example_task

N_ROWS = 40
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
    example = goals.named(goal).example
    columns: tuple[Column, ...] = (
        Column("size", "numeric", 1.0, "stored as numbers"),
        Column("colour", "categorical", 0.9, "3 levels"),
    )
    numbers = rng.normal(size=N_ROWS)
    if goals.named(goal).makes_rows:
        columns = example_rows(goal, numbers)[1]
    task = example_task(goal, columns=columns)
    truth = example.truth(numbers)
    contestants = tuple(
        Contestant(run, side, output, (output,), output)
        for run, side, noise in SIDES
        for output in (example.output(truth, rng, noise),)
    )
    higher = metrics.named(task.metric).higher_is_better
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
            champion=Champion("deep", "deep", {"deep": scores[0], "shallow": scores[1]}, Lead(0.1, 0.02), n_items=20),
            why="It is better on the test rows.",
            parts={"test": 0.0012, "deep_seeds": 0.0003, "shallow_seeds": 0.0}, quantile=2.05, lacking=0.2,
        ),
        findings=(Finding("few_rows", "low", "There are 160 rows.", "Gather more.", ("size",)),),
        truth=truth,
        contestants=contestants,
        higher_is_better=higher,
        context=example.context(N_ROWS),
        test_rows=np.arange(120, 120 + N_ROWS),
        clock={"budget_seconds": 60.0, "wall_seconds": 42.0, "started": "2026-01-02T03:04:05"},
        reproduce={"command": "automl fit example.csv", "python": "", "recipe": "", "versions": {}, "machine": {}},
        analyses={name: one.example for name, one in _analyses().items() if one.example},
        automl_version="0",
    )  # fmt: skip


def _analyses() -> dict[str, Analysis]:
    return catalog.members(Analysis, "automl.analyses")


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
