"""Sounds: class priors or means; levels of bands on principal components; statistics of cepstra with support vectors,
linear models and trees. Families stand in the order of their first fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.features.sounds import SoundFeatures
from automl.baselines.image import (
    components,
    learner_of,
    pretrained_model,
    pretrained_settings,
    without_backbone,
)
from automl.baselines.model import Model, draws, labelled
from automl.baselines.tabular import GOALS, floor, floor_settings, too_many_rows, weights_options
from automl.records import Baseline, Facts, Task

__all__ = [
    "CEPSTRA_BOOSTING", "CEPSTRA_FOREST", "CEPSTRA_LINEAR", "CEPSTRA_VECTORS", "FLOOR", "LEVELS", "PRETRAINED",
    "sound_features",
]  # fmt: skip

STRETCHES = 6
FRAMES = 16


def sound_features(settings: Mapping[str, Any], seed: int) -> SoundFeatures:
    """Statistics of cepstra, or levels of bands, by the settings."""
    return SoundFeatures(settings["coefficients"], settings["stretches"], settings["components"], seed)


def sound_model(task: Task, settings: Mapping[str, Any], seed: int) -> Model:
    """The features of the settings, then their learner."""
    return Model(task, sound_features(settings, seed), learner_of(task, settings, seed))


def cepstral(learner: str, **more: Any) -> dict[str, Any]:
    """The first settings of a family on cepstra."""
    first = {"learner": learner, "coefficients": 16, "stretches": STRETCHES, "components": 0}
    return {**first, **more, "class_weight": None}


def cepstral_options() -> dict[str, Any]:
    """What all families on cepstra tune."""
    return {"coefficients": [13, 16, 20, 30], "stretches": [STRETCHES, 0, 3, 10]}


def levels_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """A linear model on principal components of levels of bands: how many of them, and how many frames."""
    first = {
        "learner": "logistic", "coefficients": 0, "stretches": FRAMES, "components": components(facts, 60)[0],
        "class_weight": None,
    }  # fmt: skip
    options = {"stretches": [FRAMES, 8, 32], "components": components(facts, 60, 30, 120, 200)}
    yield from draws(first, options | weights_options(task, facts), seed)


def vectors_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """RBF support vectors on cepstra: width of the kernel, price of errors, coefficients and stretches."""
    options = cepstral_options() | {"C": (1.0, 30.0), "width": (0.2, 2.0)}
    yield from draws(cepstral("vectors", C=10.0, width=0.5), options | weights_options(task, facts), seed)


def linear_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """A linear model on cepstra: coefficients and stretches."""
    yield from draws(cepstral("logistic"), cepstral_options() | weights_options(task, facts), seed)


def forest_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Extra trees on cepstra: features a split, coefficients and stretches."""
    first = cepstral(
        "forest", kind="extra", n_estimators=300, max_features="sqrt" if labelled(task) else 0.2,
        min_samples_leaf=1 if labelled(task) else 2,
    )  # fmt: skip
    options = cepstral_options() | {"max_features": ["sqrt", 0.1, 0.2], "kind": ["extra", "random"]}
    yield from draws(first, options | weights_options(task, facts), seed)


def boosting_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Boosted trees on cepstra, few columns a split."""
    first = cepstral(
        "boosting", learning_rate=0.1, max_leaf_nodes=15, min_samples_leaf=20, l2_regularization=1.0,
        max_features=0.2, max_iter=400, patience=30,
    )  # fmt: skip
    options = cepstral_options() | {
        "learning_rate": (0.03, 0.2), "max_leaf_nodes": (6, 40), "min_samples_leaf": (5, 60),
        "l2_regularization": [0.0, 1.0, 10.0], "max_features": [0.1, 0.2, 0.5],
    }  # fmt: skip
    yield from draws(first, options | weights_options(task, facts), seed)


def backbone_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Linear models, then a kernel, on vectors of spectrograms, in the order of those for pictures."""
    yield from pretrained_settings(task, facts, seed)


FLOOR = Baseline(
    "audio_floor", "floor", "audio", GOALS, floor, floor_settings, source="class priors or target means",
    title="class shares or mean of the target (no inputs)",
)  # fmt: skip
LEVELS = Baseline(
    "mel_linear", "fast", "audio", GOALS, sound_model, levels_settings, source="PCA + logistic or ridge",
    title="linear model on levels of mel bands (sklearn PCA and LogisticRegression or Ridge)",
)  # fmt: skip
CEPSTRA_VECTORS = Baseline(
    "mfcc_vectors", "strong", "audio", GOALS, sound_model, vectors_settings, keeps_rows=True, unfit=too_many_rows,
    source="Davis & Mermelstein 1980; Furui 1986; Cortes & Vapnik 1995",
    title="RBF support vector machine on cepstra (MFCC with changes and sklearn SVC or SVR)",
)  # fmt: skip
CEPSTRA_LINEAR = Baseline(
    "mfcc_linear", "strong", "audio", GOALS, sound_model, linear_settings,
    source="Davis & Mermelstein 1980; Furui 1986",
    title="linear model on cepstra (MFCC with changes and sklearn LogisticRegression or Ridge)",
)  # fmt: skip
CEPSTRA_FOREST = Baseline(
    "mfcc_forest", "strong", "audio", GOALS, sound_model, forest_settings,
    source="Davis & Mermelstein 1980; Furui 1986; Geurts et al. 2006",
    title="extra trees on cepstra (MFCC with changes and sklearn ExtraTrees)",
)  # fmt: skip
CEPSTRA_BOOSTING = Baseline(
    "mfcc_boosting", "strong", "audio", GOALS, sound_model, boosting_settings,
    source="Davis & Mermelstein 1980; Furui 1986; Ke et al. 2017",
    title="gradient-boosted trees on cepstra (MFCC with changes and sklearn HistGradientBoosting)",
)  # fmt: skip
PRETRAINED = Baseline(
    "pretrained_sound_linear", "strong", "audio", GOALS, pretrained_model, backbone_settings, unfit=without_backbone,
    turn=-1, source="linear models and random Fourier features on frozen vectors: Kornblith et al. 2019",
    title="linear model on vectors of a pretrained picture backbone, of spectrograms (sklearn)",
)  # fmt: skip
