"""Sounds: how unusual one is, by statistics of cepstra or by levels of bands. Families stand in the order of their
first fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.audio import sound_features
from automl.baselines.detectors import detector_settings, score_model
from automl.baselines.image import components
from automl.baselines.scoring import ScoreModel, constant_score, constant_settings
from automl.records import Baseline, Facts, Task

__all__ = [
    "CONSTANT_SCORE", "FOREST", "GAUSSIAN_MIXTURE", "LOCAL_OUTLIER_FACTOR", "MAHALANOBIS", "NEIGHBOURS",
    "ONE_CLASS_VECTORS", "PRINCIPAL_RESIDUAL",
]  # fmt: skip

FRAMES = 8


def sound_scores(task: Task, settings: Mapping[str, Any], seed: int) -> ScoreModel:
    """A detector on cepstra or levels, or on their principal components."""
    return score_model(task, sound_features(settings, seed), settings, seed)


def on_sounds(
    kind: str, task: Task, facts: Facts, seed: int, coefficients: int, **changed: Any
) -> Iterator[Mapping[str, Any]]:
    """Settings of a detector on cepstra of the sound as a whole, or on levels of bands (0 coefficients)."""
    first = {"coefficients": coefficients, "stretches": 0 if coefficients else FRAMES, "components": 0}
    options = {"coefficients": [20, 0, 13, 40], "stretches": [0, 1, FRAMES]}
    yield from detector_settings(kind, task, facts, seed, first, options, **changed)


def neighbour_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many neighbours of a sound, among all sounds or samples; of cepstra or levels."""
    yield from on_sounds("neighbours", task, facts, seed, 20)


def forest_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many sounds and features a tree of the isolation forest sees."""
    yield from on_sounds("forest", task, facts, seed, 20)


def factor_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many neighbours the local outlier factor has."""
    yield from on_sounds("factor", task, facts, seed, 0)


def residual_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How much of the variance of levels or cepstra the principal components keep."""
    yield from on_sounds("residual", task, facts, seed, 0)


def density_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How much of the variance of cepstra or levels has axes of its own in the Mahalanobis distance."""
    yield from on_sounds("density", task, facts, seed, 20, components_kept=0.9)


def vectors_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Share of the sounds outside of the boundary and width of the kernel."""
    yield from on_sounds("vectors", task, facts, seed, 20)


def mixture_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many normal distributions the principal components of cepstra have, and what is added to variances."""
    sizes = components(facts, 32, 16, 64)
    first = {"coefficients": 20, "stretches": 0, "components": sizes[0]}
    options = {"coefficients": [20, 0, 13], "components": sizes, "n_normals": [1, 2, 3, 5, 10]}
    yield from detector_settings("mixture", task, facts, seed, first, options, n_normals=3, ridge=0.1)


NEIGHBOURS = Baseline(
    "sound_neighbours", "fast", "audio", ("anomaly",), sound_scores, neighbour_settings, keeps_rows=True, turn=-1,
    source="Davis & Mermelstein 1980; Ramaswamy, Rastogi & Shim 2000",
    title="distance to the nearest neighbours of cepstra (MFCC, k-NN)",
)  # fmt: skip
FOREST = Baseline(
    "sound_isolation", "fast", "audio", ("anomaly",), sound_scores, forest_settings, turn=-1,
    source="Davis & Mermelstein 1980; Liu, Ting & Zhou 2008", title="isolation forest on cepstra (MFCC, iForest)",
)  # fmt: skip
PRINCIPAL_RESIDUAL = Baseline(
    "sound_residual", "strong", "audio", ("anomaly",), sound_scores, residual_settings, seed_share=0.0,
    source="Shyu et al. 2003", title="reconstruction error of principal components of levels of mel bands (PCA)",
)  # fmt: skip
MAHALANOBIS = Baseline(
    "sound_density", "strong", "audio", ("anomaly",), sound_scores, density_settings, seed_share=0.0,
    source="Mahalanobis 1936; Tipping & Bishop 1999", title="Mahalanobis distance of cepstra (probabilistic PCA)",
)  # fmt: skip
LOCAL_OUTLIER_FACTOR = Baseline(
    "sound_outlier_factor", "strong", "audio", ("anomaly",), sound_scores, factor_settings, keeps_rows=True,
    source="Breunig et al. 2000", seed_share=0.0, title="local outlier factor of levels of mel bands (LOF)",
)  # fmt: skip
GAUSSIAN_MIXTURE = Baseline(
    "sound_mixture", "strong", "audio", ("anomaly",), sound_scores, mixture_settings,
    source="Davis & Mermelstein 1980; Dempster, Laird & Rubin 1977",
    title="mixture of normal distributions of cepstra (MFCC, PCA and sklearn GaussianMixture)",
)  # fmt: skip
ONE_CLASS_VECTORS = Baseline(
    "sound_one_class_vectors", "strong", "audio", ("anomaly",), sound_scores, vectors_settings, keeps_rows=True,
    source="Schölkopf et al. 2001", title="one-class support vector machine on cepstra (sklearn OneClassSVM)",
)  # fmt: skip
CONSTANT_SCORE = Baseline(
    "sound_constant_score", "floor", "audio", ("anomaly",), constant_score, constant_settings, seed_share=0.0,
    source="no inputs are read", title="the same score for all sounds (no inputs)",
)  # fmt: skip
