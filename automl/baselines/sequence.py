"""Sequences ``(n, channels, length)``: floor; summaries with linear models, trees; random convolutions with ridge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from automl.baselines.features.summaries import SequenceFeatures
from automl.baselines.learners.linear import Linear
from automl.baselines.learners.trees import Boosting, Forest
from automl.baselines.model import Model, draws, labelled
from automl.baselines.tabular import GOALS, floor, floor_settings, weights_options
from automl.records import Baseline, Facts, Task

__all__ = ["BOOSTING", "CONVOLUTIONS", "FLOOR", "FOREST", "SUMMARIES"]


def sequence_model(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """Summaries or random convolutions, then the learner that the settings name."""
    kind, n = settings["learner"], len(task.classes)
    features = SequenceFeatures(
        settings["summaries"], settings["convolutions"], settings.get("differences", True),
        settings.get("normalise", True), seed,
    )  # fmt: skip
    learner: Any
    if kind == "ridge":
        # Leave-one-out residuals are steadier than a small validation part, and use no row of it.
        learner = Linear(
            task.goal, n, "ridge", tuple(np.geomspace(1e-4, 1e2, 13)), settings.get("class_weight"), "loo", seed
        )
    elif kind == "logistic":
        strengths = (0.1, 1.0, 10.0, 100.0) if labelled(task) else tuple(np.geomspace(1e-4, 1, 9))
        learner = Linear(task.goal, n, "logistic", strengths, settings.get("class_weight"), seed=seed)
    elif kind == "boosting":
        learner = Boosting(task.goal, n, settings, seed)
    else:
        learner = Forest(task.goal, n, settings, seed)
    return Model(task, features, learner)


def summaries_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Summaries, then a logistic or ridge path."""
    first = {"learner": "logistic", "summaries": True, "convolutions": 0, "class_weight": None}
    yield from draws(first, weights_options(task), seed)


def convolutions_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many convolutions, of what; fewer where there are many rows."""
    n = 8000 if facts.n_rows < 1500 else 2000
    first = {
        "learner": "ridge", "summaries": False, "convolutions": n, "differences": True, "normalise": True,
        "class_weight": None,
    }  # fmt: skip
    options = {
        "summaries": [True, False], "convolutions": [n, n // 2, 2 * n], "differences": [True, False],
        "normalise": [True, False],
    }  # fmt: skip
    yield from draws(first, options | weights_options(task), seed)


def forest_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Extra trees on summaries, with or without some convolutions."""
    least = 1 if labelled(task) else 2  # a leaf of one row holds its value
    first = {
        "learner": "forest", "kind": "extra", "summaries": True, "convolutions": 0, "n_estimators": 300,
        "max_features": "sqrt" if labelled(task) else 0.3, "min_samples_leaf": least, "class_weight": None,
    }  # fmt: skip
    options = {
        "convolutions": [0, 500, 1000], "max_features": ["sqrt", 0.1, 0.3],
        "min_samples_leaf": [least, 2 * least, 4 * least],
    }  # fmt: skip
    yield from draws(first, options | weights_options(task), seed)


def boosting_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Boosted trees on summaries, with or without some convolutions."""
    few = facts.n_rows < 1000
    first = {
        "learner": "boosting", "summaries": True, "convolutions": 0, "learning_rate": 0.1, "max_leaf_nodes": 15,
        "min_samples_leaf": 5 if few else 20, "l2_regularization": 1.0, "max_features": 0.3, "max_iter": 300,
        "patience": 30, "class_weight": None,
    }  # fmt: skip
    options = {
        "convolutions": [0, 500], "learning_rate": (0.03, 0.2), "max_leaf_nodes": (4, 31),
        "min_samples_leaf": (2, 10 if few else 60), "l2_regularization": [0.0, 1.0, 10.0],
        "max_features": [0.1, 0.3, 1.0],
    }  # fmt: skip
    yield from draws(first, options | weights_options(task), seed)


FLOOR = Baseline(
    "sequence_floor", "floor", "sequence", GOALS, floor, floor_settings, source="class priors or target means"
)
SUMMARIES = Baseline(
    "summaries", "fast", "sequence", GOALS, sequence_model, summaries_settings,
    source="as in tsfresh, Christ et al. 2018",
)  # fmt: skip
CONVOLUTIONS = Baseline(
    "convolutions", "strong", "sequence", GOALS, sequence_model, convolutions_settings,
    source="Dempster et al. 2020, 2021 (ROCKET, MiniRocket)",
)  # fmt: skip
FOREST = Baseline(
    "sequence_forest", "strong", "sequence", GOALS, sequence_model, forest_settings, source="Geurts et al. 2006"
)
BOOSTING = Baseline(
    "sequence_boosting", "strong", "sequence", GOALS, sequence_model, boosting_settings, source="Ke et al. 2017"
)
