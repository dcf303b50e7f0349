"""Tables: nearest neighbours, where rows are few enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.learners.neighbours import Neighbours
from automl.baselines.model import Model
from automl.baselines.tabular import GOALS, SCALED_LEVELS, scale_options, scaled_columns, too_many_rows, tuned
from automl.records import Baseline, Facts, Task

__all__ = ["NEIGHBOURS"]


def neighbours(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """Nearest neighbours on scaled columns."""
    features = scaled_columns(task, settings, seed)
    weights = settings.get("class_weight")
    learner = Neighbours(task.goal, len(task.classes), settings["distance"], settings["near"], weights)
    return Model(task, features, learner, settings.get("unskew", False))


def neighbours_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """What is near and how much more it counts; how many neighbours is chosen in the fit."""
    first = {"distance": "euclidean", "near": 1.0, "quantiles": True, "class_weight": None}
    options: dict[str, Any] = {"distance": ["euclidean", "cityblock"], "near": [0.0, 1.0, 2.0]} | scale_options(task)
    yield from tuned(task, facts, first, options, seed, means_from=SCALED_LEVELS)


NEIGHBOURS = Baseline(
    "neighbours", "strong", "tabular", GOALS, neighbours, neighbours_settings, keeps_rows=True, unfit=too_many_rows,
    source="Cover & Hart 1967",
    title="nearest neighbours (k-NN)",
)  # fmt: skip
