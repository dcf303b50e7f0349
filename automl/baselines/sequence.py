"""Sequences ``(n, channels, length)``: class priors or means; summaries with linear models and trees; random
convolutions with ridge; quantiles of intervals with trees. Families stand in the order of their first fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from automl.baselines.features.intervals import IntervalFeatures
from automl.baselines.features.summaries import SequenceFeatures
from automl.baselines.learners.linear import Linear
from automl.baselines.learners.trees import Boosting, Forest
from automl.baselines.model import Model, draws, labelled
from automl.baselines.tabular import GOALS, floor, floor_settings, weights_options
from automl.records import Baseline, Facts, Task

__all__ = ["BOOSTING", "CONVOLUTIONS", "FLOOR", "FOREST", "INTERVALS", "POOLED_CONVOLUTIONS", "SUMMARIES"]

FEATURE_CELLS = 40_000_000
"""Most numbers in the matrix of training rows and features."""


def sequence_model(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """Summaries, random convolutions or intervals, then the learner that the settings name."""
    kind, n = settings["learner"], len(task.classes)
    features: Any
    if "depth" in settings:
        features = IntervalFeatures(settings["depth"], settings["divisor"])
    else:
        features = SequenceFeatures(
            settings["summaries"], settings["convolutions"], settings.get("differences", True),
            settings.get("normalise", True), seed, settings.get("pools", "share"),
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


def n_features(facts: Facts, first: int) -> int:
    """The first number of features, fewer where there are many rows."""
    return max(min(first, FEATURE_CELLS // max(facts.n_rows, 1)), 1000)


def convolutions_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many convolutions, of what; fewer where there are many rows."""
    yield from draws(*convolutions(task, n_features(facts, 10_000), "share"), seed)


def pooled_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """The same with four pools."""
    yield from draws(*convolutions(task, n_features(facts, 10_000), "four"), seed)


def convolutions(task: Task, n: int, pools: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """First settings and options of both families of convolutions."""
    first = {
        "learner": "ridge", "summaries": False, "convolutions": n, "differences": True, "normalise": True,
        "pools": pools, "class_weight": None,
    }  # fmt: skip
    options = {
        "summaries": [True, False], "convolutions": [n, n // 2, 2 * n], "differences": [True, False],
        "normalise": [True, False],
    }  # fmt: skip
    return first, options | weights_options(task)


def intervals_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Extra trees on quantiles of intervals."""
    least = 1 if labelled(task) else 2  # a leaf of one row holds its value
    first = {
        "learner": "forest", "kind": "extra", "depth": 6, "divisor": 4, "n_estimators": 200, "max_features": 0.1,
        "min_samples_leaf": least, "criterion": "entropy" if labelled(task) else "squared_error", "class_weight": None,
    }  # fmt: skip
    options = {
        "depth": [4, 5, 6, 7], "divisor": [4, 8], "max_features": [0.1, 0.03, 0.3],
        "min_samples_leaf": [least, 2 * least],
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
    "sequence_floor",
    "floor",
    "sequence",
    GOALS,
    floor,
    floor_settings,
    source="class priors or target means",
    title="class shares or mean of the target (no inputs)",
)
SUMMARIES = Baseline(
    "summaries", "fast", "sequence", GOALS, sequence_model, summaries_settings,
    source="as in tsfresh, Christ et al. 2018",
    title="linear model on summaries of the series (as in tsfresh, sklearn)",
)  # fmt: skip
CONVOLUTIONS = Baseline(
    "convolutions", "strong", "sequence", GOALS, sequence_model, convolutions_settings,
    source="Dempster, Schmidt & Webb 2021 (MiniRocket)",
    title="linear model on random convolutions (MiniRocket)",
)  # fmt: skip
INTERVALS = Baseline(
    "intervals", "strong", "sequence", GOALS, sequence_model, intervals_settings,
    source="Dempster, Schmidt & Webb 2024 (Quant)",
    title="extra trees on quantiles of intervals (QUANT)",
)  # fmt: skip
POOLED_CONVOLUTIONS = Baseline(
    "pooled_convolutions", "strong", "sequence", GOALS, sequence_model, pooled_settings,
    source="Tan, Dempster, Bergmeir & Webb 2022 (MultiRocket)",
    title="linear model on pooled convolutions (MultiRocket)",
)  # fmt: skip
FOREST = Baseline(
    "sequence_forest",
    "strong",
    "sequence",
    GOALS,
    sequence_model,
    forest_settings,
    source="Geurts et al. 2006",
    title="extra trees on summaries of the series (sklearn ExtraTrees)",
)
BOOSTING = Baseline(
    "sequence_boosting",
    "strong",
    "sequence",
    GOALS,
    sequence_model,
    boosting_settings,
    source="Ke et al. 2017",
    title="gradient-boosted trees on summaries of the series (sklearn HistGradientBoosting)",
)
