"""Texts: how unusual one is, by directions of its TF-IDF or by vectors of a backbone. Families stand in the order of
their first fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.detectors import detector_settings, score_model
from automl.baselines.features.pretrained import PretrainedFeatures
from automl.baselines.features.topics import TextTopics
from automl.baselines.image import components
from automl.baselines.scoring import ScoreModel, constant_score, constant_settings
from automl.baselines.text import without_backbone
from automl.records import Baseline, Facts, Task

__all__ = [
    "CONSTANT_SCORE", "FOREST", "GAUSSIAN_MIXTURE", "LOCAL_OUTLIER_FACTOR", "MAHALANOBIS", "NEIGHBOURS",
    "ONE_CLASS_VECTORS", "PRETRAINED_NEIGHBOURS",
]  # fmt: skip

TOPICS = 64


def text_scores(task: Task, settings: Mapping[str, Any], seed: int) -> ScoreModel:
    """A detector on directions of TF-IDF, and on how much of a text lies outside of them."""
    topics = TextTopics(task, settings["topics"], settings["word_ngrams"], settings["char_ngrams"], True, seed)
    return score_model(task, topics, settings, seed)


def vector_scores(task: Task, settings: Mapping[str, Any], seed: int) -> ScoreModel:
    """A detector on vectors that a backbone made of the texts."""
    return score_model(task, PretrainedFeatures(task), settings, seed)


def topics(kind: str, task: Task, facts: Facts, seed: int, **changed: Any) -> Iterator[Mapping[str, Any]]:
    """Settings of a detector on directions of words, or of words and characters."""
    first = {"topics": components(facts, TOPICS)[0], "word_ngrams": 1, "char_ngrams": 0}
    options = {"topics": components(facts, TOPICS, 16, 200), "word_ngrams": [1, 2], "char_ngrams": [0, 4]}
    yield from detector_settings(kind, task, facts, seed, first, options, **changed)


def neighbour_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many neighbours among all texts or samples, on how many directions of which n-grams."""
    yield from topics("neighbours", task, facts, seed)


def forest_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many texts and directions a tree of the isolation forest sees, and of which n-grams these are."""
    yield from topics("forest", task, facts, seed)


def factor_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many neighbours the local outlier factor has, on how many directions of which n-grams."""
    yield from topics("factor", task, facts, seed)


def density_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How much of the variance of directions has axes of its own in the Mahalanobis distance, and which n-grams."""
    yield from topics("density", task, facts, seed)


def vectors_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Share of the texts outside of the boundary, width of the kernel, directions and n-grams."""
    yield from topics("vectors", task, facts, seed)


def mixture_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many normal distributions, what is added to variances, directions and n-grams."""
    yield from topics("mixture", task, facts, seed)


def pretrained_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """How many neighbours a backbone's vector of a text has, among all texts or samples."""
    yield from detector_settings("neighbours", task, facts, seed, {}, {})


NEIGHBOURS = Baseline(
    "text_neighbours", "fast", "text", ("anomaly",), text_scores, neighbour_settings, keeps_rows=True, turn=-1,
    source="Deerwester et al. 1990; Ramaswamy, Rastogi & Shim 2000",
    title="distance to the nearest neighbours of topics (TF-IDF, SVD, k-NN)",
)  # fmt: skip
FOREST = Baseline(
    "text_isolation", "fast", "text", ("anomaly",), text_scores, forest_settings, turn=-1,
    source="Deerwester et al. 1990; Liu, Ting & Zhou 2008", title="isolation forest on topics (TF-IDF, SVD)",
)  # fmt: skip
PRETRAINED_NEIGHBOURS = Baseline(
    "pretrained_text_neighbours", "strong", "text", ("anomaly",), vector_scores, pretrained_settings, keeps_rows=True,
    unfit=without_backbone, turn=-1, source="Bergman, Cohen & Hoshen 2020 (deep nearest neighbours)",
    title="distance to the nearest neighbours of a pretrained text backbone's vectors (k-NN)",
)  # fmt: skip
MAHALANOBIS = Baseline(
    "text_density", "strong", "text", ("anomaly",), text_scores, density_settings,
    source="Deerwester et al. 1990; Tipping & Bishop 1999",
    title="Mahalanobis distance of topics (TF-IDF, SVD, probabilistic PCA)",
)  # fmt: skip
LOCAL_OUTLIER_FACTOR = Baseline(
    "text_outlier_factor", "strong", "text", ("anomaly",), text_scores, factor_settings, keeps_rows=True,
    source="Deerwester et al. 1990; Breunig et al. 2000", title="local outlier factor of topics (TF-IDF, SVD, LOF)",
)  # fmt: skip
ONE_CLASS_VECTORS = Baseline(
    "text_one_class_vectors", "strong", "text", ("anomaly",), text_scores, vectors_settings, keeps_rows=True,
    source="Deerwester et al. 1990; Schölkopf et al. 2001",
    title="one-class support vector machine on topics (TF-IDF, SVD, sklearn OneClassSVM)",
)  # fmt: skip
GAUSSIAN_MIXTURE = Baseline(
    "text_mixture", "strong", "text", ("anomaly",), text_scores, mixture_settings,
    source="Deerwester et al. 1990; Dempster, Laird & Rubin 1977",
    title="mixture of normal distributions of topics (TF-IDF, SVD, sklearn)",
)  # fmt: skip
CONSTANT_SCORE = Baseline(
    "text_constant_score", "floor", "text", ("anomaly",), constant_score, constant_settings, seed_share=0.0,
    source="no inputs are read", title="the same score for all texts (no inputs)",
)  # fmt: skip
