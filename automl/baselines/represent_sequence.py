"""Sequences: a few numbers for one, by principal components of its values, of summaries or of random convolutions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.features.series_values import SeriesValues
from automl.baselines.features.summaries import SequenceFeatures
from automl.baselines.model import draws
from automl.baselines.represent_tabular import projection_of
from automl.baselines.representing import VectorModel
from automl.records import Baseline, Facts, Task

__all__ = ["CONVOLUTIONS", "RANDOM_PROJECTION", "SUMMARIES", "VALUES"]

STEPS = 256


def sequence_vectors(task: Task, settings: Mapping[str, Any], seed: int) -> VectorModel:
    """A projection of values, or of summaries and convolutions."""
    features: Any
    if settings.get("steps"):
        features = SeriesValues(settings["steps"], 0, seed)
    else:
        features = SequenceFeatures(
            settings["summaries"], settings["convolutions"], settings["differences"], settings["normalise"], seed,
            settings["pools"],
        )  # fmt: skip
    return VectorModel(task, features, projection_of(task, settings), seed)


def values_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Principal components of the values: how many steps a series is made."""
    yield from draws({"projection": "principal", "steps": STEPS}, {"steps": [STEPS, STEPS // 2, STEPS // 4]}, seed)


def random_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """There is nothing to tune."""
    yield {"projection": "random", "steps": STEPS}


def summaries_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Principal components of summaries, with or without some convolutions, or of a kernel on them by its width."""
    first = {
        "projection": "principal", "summaries": True, "convolutions": 0, "differences": True, "normalise": True,
        "pools": "share", "n_features": 1_000, "width": 1.0,
    }  # fmt: skip
    yield from draws(first, {"projection": ["kernel"], "convolutions": [0, 500, 1000], "width": (0.3, 3.0)}, seed)


def convolutions_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Principal components of random convolutions: how many, of what, pooled how."""
    first = {
        "projection": "principal", "summaries": False, "convolutions": 2_000, "differences": True, "normalise": True,
        "pools": "share",
    }  # fmt: skip
    options = {
        "convolutions": [1_000, 2_000, 4_000], "differences": [True, False], "normalise": [True, False],
        "pools": ["share", "four"], "summaries": [True, False],
    }  # fmt: skip
    yield from draws(first, options, seed)


VALUES = Baseline(
    "series_components", "fast", "sequence", ("represent",), sequence_vectors, values_settings, seed_share=0.0,
    source="Hotelling 1933", title="principal components of the values (PCA)",
)  # fmt: skip
SUMMARIES = Baseline(
    "summary_components", "strong", "sequence", ("represent",), sequence_vectors, summaries_settings,
    source="as in tsfresh, Christ et al. 2018; Hotelling 1933", title="principal components of summaries (PCA)",
)  # fmt: skip
CONVOLUTIONS = Baseline(
    "convolution_components", "strong", "sequence", ("represent",), sequence_vectors, convolutions_settings,
    source="Dempster, Schmidt & Webb 2021 (MiniRocket); Hotelling 1933",
    title="principal components of random convolutions (MiniRocket, PCA)",
)  # fmt: skip
RANDOM_PROJECTION = Baseline(
    "series_projection", "floor", "sequence", ("represent",), sequence_vectors, random_settings,
    source="Johnson & Lindenstrauss 1984", title="random projection of the values",
)  # fmt: skip
