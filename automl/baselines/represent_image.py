"""Pictures: a few numbers for one, by principal components of pixels, of gradients, of patches' codes or of a
backbone's vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.features.pretrained import PretrainedFeatures
from automl.baselines.image import cells, features_of, gradient_options, patch_options, sides, without_backbone
from automl.baselines.model import draws
from automl.baselines.represent_tabular import projection_of
from automl.baselines.representing import VectorModel
from automl.records import Baseline, Facts, Task

__all__ = ["GRADIENTS", "PATCHES", "PIXELS", "PRETRAINED", "RANDOM_PROJECTION"]

SIDE = 32


def picture_vectors(task: Task, settings: Mapping[str, Any], seed: int) -> VectorModel:
    """A projection of pixels, gradients or codes of patches."""
    return VectorModel(task, features_of(settings, seed), projection_of(task, settings), seed)


def backbone_vectors(task: Task, settings: Mapping[str, Any], seed: int) -> VectorModel:
    """A projection of vectors that a backbone made of the pictures."""
    return VectorModel(task, PretrainedFeatures(task), projection_of(task, settings), seed)


def pixels(task: Task, projection: str) -> dict[str, Any]:
    """The first settings of a projection of pixels."""
    side = {"side": sides(task, SIDE)[0], "fine_cells": 0, "coarse_cells": 0, "pixels": True, "components": 0}
    return {"projection": projection} | side


def pixels_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Principal components of down-sampled pixels (Turk & Pentland 1991): how small the pictures are."""
    yield from draws(pixels(task, "principal"), {"side": sides(task, SIDE, 16, 24)}, seed)


def random_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """There is nothing to tune."""
    yield pixels(task, "random")


def gradients_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Principal components of gradients, with or without pixels: size of the pictures and cells."""
    first = pixels(task, "principal") | {"fine_cells": 7, "coarse_cells": 4}
    cell_options = {"fine_cells": cells(task, 7, 5, 9), "coarse_cells": cells(task, 4, 0, 3)}
    yield from draws(first, gradient_options(task) | cell_options | {"side": sides(task, SIDE, 24, 48)}, seed)


def patches_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Principal components of codes of patches: side and number of patches, and the grid that codes are summed in."""
    first = {"projection": "principal", "side": sides(task, SIDE)[0], "patch": 5, "n_patches": 200, "grid": 3}
    yield from draws(first | {"components": 0}, patch_options(task), seed)


def kernel_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Principal components of a backbone's vectors, then of random Fourier features of them, by width and number."""
    first = {"projection": "principal", "n_features": 1_000, "width": 1.0}
    options = {"projection": ["kernel"], "n_features": [500, 1_000, 2_000], "width": (0.3, 3.0)}
    yield from draws(first, options, seed)


PIXELS = Baseline(
    "pixel_components", "fast", "image", ("represent",), picture_vectors, pixels_settings, seed_share=0.0,
    source="Turk & Pentland 1991", title="principal components of pixels (PCA)",
)  # fmt: skip
PRETRAINED = Baseline(
    "pretrained_picture_components", "strong", "image", ("represent",), backbone_vectors, kernel_settings,
    unfit=without_backbone, turn=-1, source="Kornblith et al. 2019; Hotelling 1933",
    title="principal components of a pretrained backbone's vectors (PCA)",
)  # fmt: skip
GRADIENTS = Baseline(
    "gradient_components", "strong", "image", ("represent",), picture_vectors, gradients_settings, seed_share=0.0,
    source="Dalal & Triggs 2005; Hotelling 1933", title="principal components of gradients (HOG, PCA)",
)  # fmt: skip
PATCHES = Baseline(
    "patch_components", "strong", "image", ("represent",), picture_vectors, patches_settings,
    source="Coates, Lee & Ng 2011; Hotelling 1933", title="principal components of patches (k-means codes, PCA)",
)  # fmt: skip
RANDOM_PROJECTION = Baseline(
    "pixel_projection", "floor", "image", ("represent",), picture_vectors, random_settings,
    source="Johnson & Lindenstrauss 1984", title="random projection of the pixels",
)  # fmt: skip
