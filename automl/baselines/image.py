"""Images: class priors or means; pixels on principal components; oriented gradients and codes of patches with linear
models, kernels and trees. Families stand in the order of their first fits: what pays most for its seconds first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from automl.baselines.features.gradients import PictureFeatures
from automl.baselines.features.patches import PatchFeatures
from automl.baselines.features.pretrained import PretrainedFeatures
from automl.baselines.learners.linear import Fourier, Linear
from automl.baselines.learners.trees import Boosting, Forest
from automl.baselines.learners.vectors import Vectors
from automl.baselines.model import Model, distinct, draws, labelled
from automl.baselines.tabular import GOALS, floor, floor_settings, too_many_rows, weights_options
from automl.pretrained import backbone_of
from automl.records import Baseline, Facts, Task

__all__ = [
    "FLOOR",
    "GRADIENTS_BOOSTING",
    "GRADIENTS_FOREST",
    "GRADIENTS_KERNEL",
    "GRADIENTS_LINEAR",
    "GRADIENTS_VECTORS",
    "PATCHES",
    "PATCHES_VECTORS",
    "PIXELS",
    "PRETRAINED",
]

RIDGE_STRENGTHS = tuple(float(strength) for strength in np.geomspace(1e-4, 10, 11))
USUAL_SIDE = 48
"""Longer side that pictures of unknown size are taken to have."""
PATCH_SIDE = 32
VECTOR_STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)


def picture_model(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """Pixels, gradients or codes of patches, projected where the learner wants it, then the learner of the settings."""
    return Model(task, features_of(settings, seed), learner_of(task, settings, seed))


def features_of(settings: Mapping[str, Any], seed: int) -> Any:
    """Codes of patches where the settings name a patch, gradients and pixels otherwise."""
    components = settings.get("components", 0)
    if "patch" in settings:
        return PatchFeatures(
            settings["side"], settings["patch"], settings["n_patches"], settings["grid"], components, seed
        )
    scales = [settings[scale] for scale in ("fine_cells", "coarse_cells") if settings[scale]]
    return PictureFeatures(settings["side"], scales, settings["pixels"], components, seed)


def learner_of(task: Task, settings: Mapping[str, Any], seed: int) -> Any:
    """What learns from the features."""
    kind, n, weights = settings["learner"], len(task.classes), settings.get("class_weight")
    if kind == "logistic":
        strengths = (0.1, 1.0, 10.0) if labelled(task) else RIDGE_STRENGTHS
        return Linear(task.goal, n, "logistic", strengths, weights, seed=seed)
    if kind == "linear":
        return Linear(task.goal, n, "ridge", RIDGE_STRENGTHS, weights, seed=seed)
    if kind == "kernel":
        return Fourier(task.goal, n, settings["n_features"], settings["width"], weights, seed)
    if kind == "vectors":
        return Vectors(task.goal, n, settings["C"], settings["width"], weights, seed)
    return (Boosting if kind == "boosting" else Forest)(task.goal, n, settings, seed)


def longer_side(task: Task) -> int:
    """Pixels of the longer side of the pictures."""
    return max(task.image_shape[:2]) if task.image_shape else USUAL_SIDE


def sides(task: Task, first: int, *others: int) -> list[int]:
    """These sides, the longer side of the pictures in place of all beyond it: pictures are never enlarged."""
    longer = longer_side(task)
    return distinct(min(first, longer), [min(side, longer) for side in others], float)


def cells(task: Task, first: int, *others: int) -> list[int]:
    """Numbers of cells, 0 for none, of which no two give the same cell of a picture."""
    side = min(longer_side(task), USUAL_SIDE)
    return distinct(first, others, lambda n: max(2, round(side / n)) if n else 0)


def components(facts: Facts, first: int, *others: int) -> list[int]:
    """Numbers of components: not two of them that are more than there are rows."""
    return distinct(first, others, lambda n: min(n, facts.n_rows))


def gradients(task: Task, learner: str, **more: Any) -> dict[str, Any]:
    """The first settings of a family on gradients of two scales and pixels."""
    side = min(USUAL_SIDE, longer_side(task))
    first = {"learner": learner, "side": side, "fine_cells": 7, "coarse_cells": 4, "pixels": True, "components": 0}
    return {**first, **more, "class_weight": None}


def gradient_options(task: Task) -> dict[str, Any]:
    """What all families on gradients tune."""
    return {
        "side": sides(task, USUAL_SIDE, 32, 64), "fine_cells": cells(task, 7, 5, 9, 12),
        "coarse_cells": cells(task, 4, 0, 3), "pixels": [True, False],
    }  # fmt: skip


def pixels_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """A linear model on principal components of down-sampled pixels (Turk & Pentland 1991): how many of them."""
    first = {
        "learner": "logistic", "side": sides(task, 24)[0], "fine_cells": 0, "coarse_cells": 0, "pixels": True,
        "components": 100, "class_weight": None,
    }  # fmt: skip
    options = {"side": sides(task, 24, 16, 32), "components": components(facts, 100, 50, 200)}
    yield from draws(first, options | weights_options(task, facts), seed)


def linear_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """A linear model on gradients: size of picture and cells."""
    options = gradient_options(task) | weights_options(task, facts)
    yield from draws(gradients(task, "linear"), options, seed)


def kernel_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Random Fourier features of gradients: components of them, then the width of the kernel and their number."""
    n = 3000 if facts.n_rows > 8000 else 1000
    first = gradients(task, "kernel", components=200, n_features=n, width=1.0)
    options = gradient_options(task) | {
        "components": components(facts, 200, 100, 300), "n_features": [n, n // 2], "width": (0.5, 4.0),
    }  # fmt: skip
    yield from draws(first, options | weights_options(task, facts), seed)


def vectors_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """RBF support vectors on gradients: components of them, then the width of the kernel and the price of errors."""
    first = gradients(task, "vectors", components=200, C=10.0, width=0.5)
    options = gradient_options(task) | {
        "components": components(facts, 200, 100, 300), "C": (1.0, 30.0), "width": (0.3, 1.2),
    }  # fmt: skip
    yield from draws(first, options | weights_options(task, facts), seed, [{"width": 0.7}])


def patches(task: Task, learner: str, **more: Any) -> dict[str, Any]:
    """The first settings of a family on codes of patches."""
    first = {"learner": learner, "side": sides(task, PATCH_SIDE)[0], "patch": 5, "n_patches": 200, "grid": 4}
    return {**first, "components": 0, **more, "class_weight": None}


def patch_options(task: Task) -> dict[str, Any]:
    """What both families on codes of patches tune."""
    return {
        "side": sides(task, PATCH_SIDE, 24, 48),
        "patch": [5, 6, 8],
        "n_patches": [100, 200, 400],
        "grid": [2, 3, 4],
    }


def patches_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """A linear model on codes of patches: side and number of patches, and the grid that the codes are summed in."""
    options = patch_options(task) | weights_options(task, facts)
    yield from draws(patches(task, "linear", grid=3), options, seed)


def patches_vectors_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """RBF support vectors on codes of patches: side and number of patches, components, kernel and price of errors."""
    options = patch_options(task) | {
        "components": components(facts, 200, 100, 300), "C": (1.0, 30.0), "width": (0.3, 1.2),
    }  # fmt: skip
    first = patches(task, "vectors", components=200, C=5.0, width=0.5)
    yield from draws(first, options | weights_options(task, facts), seed)


def forest_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Extra trees on gradients and pixels; then also on pixels alone."""
    first = gradients(
        task, "forest", kind="extra", n_estimators=200, max_features="sqrt" if labelled(task) else 0.2,
        min_samples_leaf=1 if labelled(task) else 2,  # a leaf of one row holds its value
    )  # fmt: skip
    options = gradient_options(task) | {"max_features": ["sqrt", 0.1, 0.2], "kind": ["extra", "random"]}
    alone = [{"kind": "random", "fine_cells": 0, "coarse_cells": 0}]
    yield from draws(first, options | weights_options(task, facts), seed, alone)


def boosting_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Boosted trees on gradients and pixels, few columns a split; then also on pixels alone."""
    first = gradients(
        task, "boosting", learning_rate=0.1, max_leaf_nodes=15, min_samples_leaf=20, l2_regularization=1.0,
        max_features=0.1, max_iter=500, patience=30,
    )  # fmt: skip
    options = gradient_options(task) | {
        "learning_rate": (0.03, 0.2), "max_leaf_nodes": (6, 40), "min_samples_leaf": (5, 60),
        "l2_regularization": [0.0, 1.0, 10.0], "max_features": [0.05, 0.1, 0.3],
    }  # fmt: skip
    yield from draws(first, options | weights_options(task, facts), seed, [{"fine_cells": 0, "coarse_cells": 0}])


def pretrained_model(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """A linear model, or a machine with a kernel, on vectors that a backbone made of the pictures."""
    kind, n, weights = settings["learner"], len(task.classes), settings.get("class_weight")
    if kind == "kernel":
        learner: Any = Fourier(task.goal, n, settings["n_features"], settings["width"], weights, seed)
    else:
        loss = kind if labelled(task) else "ridge"
        strengths = {"logistic": (0.003, 0.03, 0.3, 3.0), "hinge": (0.3, 3.0)}.get(loss, VECTOR_STRENGTHS)
        learner = Linear(task.goal, n, loss, strengths, weights, seed=seed)
    return Model(task, PretrainedFeatures(task), learner)


def pretrained_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Logistic regression (or least squares), least squares, then a kernel: its width and number of features."""
    first = {
        "learner": "logistic" if labelled(task) else "ridge", "n_features": 2_000, "width": 1.0, "class_weight": None,
    }  # fmt: skip
    kernel = {"learner": "kernel"}
    options = {"learner": ["kernel"], "n_features": [1_000, 2_000, 4_000], "width": (0.3, 3.0)}
    then = ({"learner": "ridge"}, kernel) if labelled(task) else (kernel,)
    yield from draws(first, options | weights_options(task, facts), seed, then)


def without_backbone(task: Task, facts: Facts) -> str | None:
    """Why the family cannot be used: no backbone makes vectors of the pictures."""
    return None if backbone_of(task) else "it reads vectors of a backbone; pass pretrained=FOLDER for one"


FLOOR = Baseline(
    "image_floor",
    "floor",
    "image",
    GOALS,
    floor,
    floor_settings,
    source="class priors or target means",
    title="class shares or mean of the target (no inputs)",
)
PIXELS = Baseline(
    "pixels",
    "fast",
    "image",
    GOALS,
    picture_model,
    pixels_settings,
    source="PCA + logistic or ridge",
    title="linear model on pixels (sklearn PCA and LogisticRegression or Ridge)",
)
GRADIENTS_VECTORS = Baseline(
    "hog_vectors", "strong", "image", GOALS, picture_model, vectors_settings, keeps_rows=True, unfit=too_many_rows,
    source="Dalal & Triggs 2005; Cortes & Vapnik 1995",
    title="RBF support vector machine on gradients (HOG and sklearn SVC or SVR)",
)  # fmt: skip
PATCHES_VECTORS = Baseline(
    "patch_vectors", "strong", "image", GOALS, picture_model, patches_vectors_settings, keeps_rows=True,
    unfit=too_many_rows, source="Coates, Lee & Ng 2011; Cortes & Vapnik 1995",
    title="RBF support vector machine on patches (k-means codes and sklearn SVC or SVR)",
)  # fmt: skip
GRADIENTS_KERNEL = Baseline(
    "hog_kernel", "strong", "image", GOALS, picture_model, kernel_settings,
    source="Dalal & Triggs 2005; Rahimi & Recht 2007",
    title="linear model on random Fourier features of gradients (HOG and sklearn RBFSampler)",
)  # fmt: skip
PATCHES = Baseline(
    "patches", "strong", "image", GOALS, picture_model, patches_settings,
    source="Coates, Lee & Ng 2011; Coates & Ng 2011",
    title="linear model on patches (k-means codes, sklearn)",
)  # fmt: skip
GRADIENTS_LINEAR = Baseline(
    "hog_linear",
    "strong",
    "image",
    GOALS,
    picture_model,
    linear_settings,
    source="Dalal & Triggs 2005",
    title="linear model on gradients (HOG and sklearn LogisticRegression or Ridge)",
)
GRADIENTS_FOREST = Baseline(
    "hog_forest",
    "strong",
    "image",
    GOALS,
    picture_model,
    forest_settings,
    source="Geurts et al. 2006",
    title="extra trees on gradients (HOG and sklearn ExtraTrees)",
)
GRADIENTS_BOOSTING = Baseline(
    "hog_boosting",
    "strong",
    "image",
    GOALS,
    picture_model,
    boosting_settings,
    source="Ke et al. 2017",
    title="gradient-boosted trees on gradients (HOG and sklearn HistGradientBoosting)",
)
PRETRAINED = Baseline(
    "pretrained_image_linear", "strong", "image", GOALS, pretrained_model, pretrained_settings,
    unfit=without_backbone, turn=-1,
    source="linear models and random Fourier features on frozen vectors: Kornblith et al. 2019",
    title="linear model on vectors of a pretrained backbone (sklearn)",
)  # fmt: skip
