"""Pictures: how unusual one is, by oriented gradients, pixels or vectors of a backbone. Families stand in the order of
their first fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.detectors import detector_settings, score_model
from automl.baselines.features.pretrained import PretrainedFeatures
from automl.baselines.image import cells, components, features_of, sides, without_backbone
from automl.baselines.scoring import ScoreModel, constant_score, constant_settings
from automl.records import Baseline, Facts, Task

__all__ = [
    "CONSTANT_SCORE", "FOREST", "GAUSSIAN_MIXTURE", "LOCAL_OUTLIER_FACTOR", "MAHALANOBIS", "NEIGHBOURS",
    "ONE_CLASS_VECTORS", "PRETRAINED_NEIGHBOURS", "PRINCIPAL_RESIDUAL",
]  # fmt: skip

SIDE = 32
"""Pixels of the longer side: distances between larger pictures tell of places, not of things."""


def picture_scores(task: Task, settings: Mapping[str, Any], seed: int) -> ScoreModel:
    """A detector on gradients and pixels, or on their principal components."""
    return score_model(task, features_of(settings, seed), settings, seed)


def vector_scores(task: Task, settings: Mapping[str, Any], seed: int) -> ScoreModel:
    """A detector on vectors that a backbone made of the pictures."""
    return score_model(task, PretrainedFeatures(task), settings, seed)


def gradients(
    kind: str, task: Task, facts: Facts, seed: int, first: Mapping[str, Any], options: Mapping[str, Any], **changed: Any
) -> Iterator[Mapping[str, Any]]:
    """Settings of a detector on gradients of two scales and pixels."""
    usual = {"side": sides(task, SIDE)[0], "fine_cells": 7, "coarse_cells": 4, "pixels": True, "components": 0}
    tuned = {
        "side": sides(task, SIDE, 24, 48), "fine_cells": cells(task, 7, 0, 5), "coarse_cells": cells(task, 4, 3),
        "pixels": [True, False],
    }  # fmt: skip
    yield from detector_settings(kind, task, facts, seed, {**usual, **first}, {**tuned, **options}, **changed)


def neighbour_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many neighbours of a picture's gradients, among all pictures or samples; pixels beside them, and cells."""
    yield from gradients("neighbours", task, facts, seed, {}, {})


def forest_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many pictures and features a tree of the isolation forest sees; pixels, cells and components of them."""
    first = {"components": components(facts, 64)[0], "pixels": False}
    yield from gradients("forest", task, facts, seed, first, {"components": components(facts, 64, 0, 32)})


def factor_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many neighbours of a picture's gradients the local outlier factor has; pixels beside them, and cells."""
    yield from gradients("factor", task, facts, seed, {}, {}, k=50 if facts.n_rows > 200 else 20)


def residual_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many principal components a picture is described by, of gradients or pixels, and cells."""
    options = {"components_kept": [4, 8, 16, 32, 64]}
    yield from gradients("residual", task, facts, seed, {}, options, components_kept=16)


def density_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many principal components have a variance of their own in the density of pictures, and cells."""
    options = {"components_kept": [8, 16, 32, 64]}
    yield from gradients("density", task, facts, seed, {}, options, components_kept=32)


def vectors_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Share of the pictures outside of the boundary and width of the kernel on gradients; pixels, and cells."""
    yield from gradients("vectors", task, facts, seed, {}, {}, nu=0.5)


def mixture_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many normal distributions the principal components of gradients have, and what is added to variances."""
    options = {"components": components(facts, 64, 32, 16), "n_normals": [1, 2, 3, 5, 10]}
    yield from gradients(
        "mixture",
        task,
        facts,
        seed,
        {"components": components(facts, 64)[0], "pixels": False},
        options,
        n_normals=3,
        ridge=0.1,
    )


def pretrained_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many neighbours a backbone's vector has, among all pictures or samples."""
    yield from detector_settings("neighbours", task, facts, seed, {}, {})


NEIGHBOURS = Baseline(
    "picture_neighbours", "fast", "image", ("anomaly",), picture_scores, neighbour_settings, keeps_rows=True, turn=-1,
    source="Dalal & Triggs 2005; Ramaswamy, Rastogi & Shim 2000",
    title="distance to the nearest neighbours of gradients (HOG, k-NN)",
)  # fmt: skip
FOREST = Baseline(
    "picture_isolation", "fast", "image", ("anomaly",), picture_scores, forest_settings, turn=-1,
    source="Dalal & Triggs 2005; Liu, Ting & Zhou 2008", title="isolation forest on gradients (HOG, PCA)",
)  # fmt: skip
PRETRAINED_NEIGHBOURS = Baseline(
    "pretrained_picture_neighbours", "strong", "image", ("anomaly",), vector_scores, pretrained_settings,
    keeps_rows=True, unfit=without_backbone, turn=-1, source="Bergman, Cohen & Hoshen 2020 (deep nearest neighbours)",
    title="distance to the nearest neighbours of a pretrained backbone's vectors (k-NN)",
)  # fmt: skip
PRINCIPAL_RESIDUAL = Baseline(
    "picture_residual", "strong", "image", ("anomaly",), picture_scores, residual_settings,
    source="Turk & Pentland 1991; Dalal & Triggs 2005", seed_share=0.0,
    title="reconstruction error of principal components of gradients (HOG, PCA)",
)  # fmt: skip
LOCAL_OUTLIER_FACTOR = Baseline(
    "picture_outlier_factor", "strong", "image", ("anomaly",), picture_scores, factor_settings, keeps_rows=True,
    source="Dalal & Triggs 2005; Breunig et al. 2000", seed_share=0.0,
    title="local outlier factor of gradients (HOG, LOF)",
)  # fmt: skip
MAHALANOBIS = Baseline(
    "picture_density", "strong", "image", ("anomaly",), picture_scores, density_settings,
    source="Dalal & Triggs 2005; Tipping & Bishop 1999", seed_share=0.0,
    title="Mahalanobis distance of gradients (HOG, probabilistic PCA)",
)  # fmt: skip
ONE_CLASS_VECTORS = Baseline(
    "picture_one_class_vectors", "strong", "image", ("anomaly",), picture_scores, vectors_settings, keeps_rows=True,
    source="Dalal & Triggs 2005; Schölkopf et al. 2001",
    title="one-class support vector machine on gradients (HOG and sklearn OneClassSVM)",
)  # fmt: skip
GAUSSIAN_MIXTURE = Baseline(
    "picture_mixture", "strong", "image", ("anomaly",), picture_scores, mixture_settings,
    source="Dalal & Triggs 2005; Dempster, Laird & Rubin 1977",
    title="mixture of normal distributions of gradients (HOG, PCA and sklearn GaussianMixture)",
)  # fmt: skip
CONSTANT_SCORE = Baseline(
    "picture_constant_score", "floor", "image", ("anomaly",), constant_score, constant_settings, seed_share=0.0,
    source="no inputs are read", title="the same score for all pictures (no inputs)",
)  # fmt: skip
