"""Texts: a few numbers for one, by a truncated SVD of its TF-IDF or by principal components of a backbone's vectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.features.pretrained import PretrainedFeatures
from automl.baselines.features.topics import TextTopics
from automl.baselines.features.words import TextFeatures
from automl.baselines.model import draws
from automl.baselines.represent_image import kernel_settings
from automl.baselines.represent_tabular import projection_of
from automl.baselines.representing import VectorModel
from automl.baselines.text import without_backbone
from automl.goals.shared.vectors import dims_of
from automl.records import Baseline, Facts, Task

__all__ = ["CHARACTERS", "PRETRAINED", "RANDOM_PROJECTION", "WORDS"]

PROJECTED_WORDS = 20_000


def topic_vectors(task: Task, settings: Mapping[str, Any], seed: int) -> VectorModel:
    """Leading directions of TF-IDF."""
    features = TextTopics(
        task, dims_of(task), settings["word_ngrams"], settings["char_ngrams"], False, seed, settings["spread"]
    )
    return VectorModel(task, features, None, seed)


def random_vectors(task: Task, settings: Mapping[str, Any], seed: int) -> VectorModel:
    """A random projection of TF-IDF of single words."""
    features = TextFeatures(task, 1, 0, max_features=PROJECTED_WORDS)
    return VectorModel(task, features, projection_of(task, settings), seed)


def backbone_vectors(task: Task, settings: Mapping[str, Any], seed: int) -> VectorModel:
    """A projection of vectors that a backbone made of the texts."""
    return VectorModel(task, PretrainedFeatures(task), projection_of(task, settings), seed)


def words_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Single words or pairs of words, directions by their own size or alike."""
    first = {"word_ngrams": 1, "char_ngrams": 0, "spread": 1.0}
    yield from draws(first, {"word_ngrams": [1, 2], "spread": [1.0, 0.5, 0.0]}, seed)


def characters_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """N-grams of words and characters of other lengths, directions by their own size or alike."""
    first = {"word_ngrams": 1, "char_ngrams": 4, "spread": 1.0}
    yield from draws(first, {"word_ngrams": [0, 1, 2], "char_ngrams": [3, 4, 5], "spread": [1.0, 0.5, 0.0]}, seed)


def random_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """There is nothing to tune."""
    yield {"projection": "random"}


def pretrained_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Principal components of a text backbone's vectors, then of a kernel on them, by width and number of features."""
    yield from kernel_settings(task, facts, seed)


WORDS = Baseline(
    "word_topics", "fast", "text", ("represent",), topic_vectors, words_settings,
    source="Deerwester et al. 1990", title="topics of words (TF-IDF, truncated SVD)",
)  # fmt: skip
CHARACTERS = Baseline(
    "character_topics", "strong", "text", ("represent",), topic_vectors, characters_settings,
    source="Deerwester et al. 1990", title="topics of words and characters (TF-IDF, truncated SVD)",
)  # fmt: skip
PRETRAINED = Baseline(
    "pretrained_text_components", "strong", "text", ("represent",), backbone_vectors, pretrained_settings,
    unfit=without_backbone, turn=-1, source="Conneau & Kiela 2018; Hotelling 1933",
    title="principal components of a pretrained text backbone's vectors (PCA)",
)  # fmt: skip
RANDOM_PROJECTION = Baseline(
    "word_projection", "floor", "text", ("represent",), random_vectors, random_settings,
    source="Johnson & Lindenstrauss 1984", title="random projection of the words",
)  # fmt: skip
