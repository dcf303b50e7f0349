"""Images: class priors or means; pixels on principal components; oriented gradients with linear, kernel and trees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from automl.baselines.features.gradients import PictureFeatures
from automl.baselines.learners.linear import Fourier, Linear
from automl.baselines.learners.trees import Boosting, Forest
from automl.baselines.learners.vectors import Vectors
from automl.baselines.model import Model, draws, labelled
from automl.baselines.tabular import GOALS, floor, floor_settings, too_many_rows, weights_options
from automl.records import Baseline, Facts, Task

__all__ = [
    "FLOOR",
    "GRADIENTS_BOOSTING",
    "GRADIENTS_FOREST",
    "GRADIENTS_KERNEL",
    "GRADIENTS_LINEAR",
    "GRADIENTS_VECTORS",
    "PIXELS",
]


def picture_model(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """Pixels or gradients, projected where the learner wants it, then the learner that the settings name."""
    kind = settings["learner"]
    features = PictureFeatures(
        settings["side"], settings["cell"], settings["pixels"], settings.get("components", 0), seed
    )
    n, weights = len(task.classes), settings.get("class_weight")
    learner: Any
    if kind == "linear":
        loss = "logistic" if settings["cell"] == 0 else "ridge"
        strengths = tuple(np.geomspace(1e-3, 10, 9)) if loss == "ridge" or not labelled(task) else (0.1, 1.0, 10.0)
        learner = Linear(task.goal, n, loss, strengths, weights, seed=seed)
    elif kind == "kernel":
        learner = Fourier(task.goal, n, settings["n_features"], settings["width"], weights, seed)
    elif kind == "vectors":
        learner = Vectors(task.goal, n, settings["C"], settings["width"], weights, seed)
    elif kind == "boosting":
        learner = Boosting(task.goal, n, settings, seed)
    else:
        learner = Forest(task.goal, n, settings, seed)
    return Model(task, features, learner)


def pixels_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Down-sampled pixels on 100 principal components."""
    first = {"learner": "linear", "side": 24, "cell": 0, "pixels": True, "components": 100, "class_weight": None}
    yield from draws(first, {"side": [16, 32], "components": [50, 200]} | weights_options(task), seed)


def linear_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Size of picture and cell of the gradients."""
    first = {"learner": "linear", "side": 48, "cell": 8, "pixels": True, "components": 0, "class_weight": None}
    options = {"side": [32, 48, 64], "cell": [4, 6, 8], "pixels": [True, False]}
    yield from draws(first, options | weights_options(task), seed)


def kernel_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Gradients on principal components, then the width of the kernel."""
    n = 3000 if facts.n_rows > 8000 else 1000
    first = {
        "learner": "kernel", "side": 48, "cell": 8, "pixels": True, "components": 100, "n_features": n, "width": 1.0,
        "class_weight": None,
    }  # fmt: skip
    options = {
        "side": [32, 48, 64], "cell": [4, 6, 8], "pixels": [True, False], "components": [80, 150, 250],
        "n_features": [n, n // 2], "width": (0.5, 4.0),
    }  # fmt: skip
    yield from draws(first, options | weights_options(task), seed)


def vectors_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Gradients on principal components, then the width of the kernel and the price of errors."""
    first = {
        "learner": "vectors", "side": 48, "cell": 8, "pixels": True, "components": 100, "C": 5.0, "width": 0.5,
        "class_weight": None,
    }  # fmt: skip
    options = {
        "side": [32, 48, 64], "cell": [6, 8, 10], "pixels": [True, False], "components": [60, 100, 160],
        "C": (1.0, 30.0), "width": (0.3, 1.2),
    }  # fmt: skip
    yield from draws(first, options | weights_options(task), seed)


def forest_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Extra trees on gradients and pixels."""
    first = {
        "learner": "forest", "kind": "extra", "side": 32, "cell": 8, "pixels": True, "components": 0,
        "n_estimators": 200, "max_features": "sqrt" if labelled(task) else 0.2,
        "min_samples_leaf": 1 if labelled(task) else 2,  # a leaf of one row holds its value
        "class_weight": None,
    }  # fmt: skip
    options = {"cell": [4, 8], "max_features": ["sqrt", 0.1, 0.2], "kind": ["extra", "random"]}
    yield from draws(first, options | weights_options(task), seed)


def boosting_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Boosted trees on gradients and pixels, few columns a split."""
    first = {
        "learner": "boosting", "side": 32, "cell": 8, "pixels": True, "components": 0, "learning_rate": 0.1,
        "max_leaf_nodes": 15, "min_samples_leaf": 20, "l2_regularization": 1.0, "max_features": 0.1, "max_iter": 500,
        "patience": 30, "class_weight": None,
    }  # fmt: skip
    options = {
        "cell": [4, 8], "learning_rate": (0.03, 0.2), "max_leaf_nodes": (6, 40), "min_samples_leaf": (5, 60),
        "l2_regularization": [0.0, 1.0, 10.0], "max_features": [0.05, 0.1, 0.3],
    }  # fmt: skip
    yield from draws(first, options | weights_options(task), seed)


FLOOR = Baseline("image_floor", "floor", "image", GOALS, floor, floor_settings, source="class priors or target means")
PIXELS = Baseline("pixels", "fast", "image", GOALS, picture_model, pixels_settings, source="PCA + logistic or ridge")
GRADIENTS_KERNEL = Baseline(
    "hog_kernel", "strong", "image", GOALS, picture_model, kernel_settings,
    source="Dalal & Triggs 2005; Rahimi & Recht 2007",
)  # fmt: skip
GRADIENTS_VECTORS = Baseline(
    "hog_vectors", "strong", "image", GOALS, picture_model, vectors_settings, keeps_rows=True, unfit=too_many_rows,
    source="Dalal & Triggs 2005; Cortes & Vapnik 1995",
)  # fmt: skip
GRADIENTS_LINEAR = Baseline(
    "hog_linear", "strong", "image", GOALS, picture_model, linear_settings, source="Dalal & Triggs 2005"
)
GRADIENTS_FOREST = Baseline(
    "hog_forest", "strong", "image", GOALS, picture_model, forest_settings, source="Geurts et al. 2006"
)
GRADIENTS_BOOSTING = Baseline(
    "hog_boosting", "strong", "image", GOALS, picture_model, boosting_settings, source="Ke et al. 2017"
)
