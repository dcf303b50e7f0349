"""Sounds: a few numbers for one, by principal components of levels of bands, of cepstra or of a backbone's vectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.baselines.audio import STRETCHES, cepstral_options, sound_features
from automl.baselines.image import without_backbone
from automl.baselines.model import draws
from automl.baselines.represent_image import backbone_vectors, kernel_settings
from automl.baselines.represent_tabular import projection_of
from automl.baselines.representing import VectorModel
from automl.records import Baseline, Facts, Task

__all__ = ["CEPSTRA", "LEVELS", "PRETRAINED", "RANDOM_PROJECTION"]

FRAMES = 16


def sound_vectors(task: Task, settings: Mapping[str, Any], seed: int) -> VectorModel:
    """A projection of levels of bands, or of cepstra."""
    return VectorModel(task, sound_features(settings, seed), projection_of(task, settings), seed)


def levels(projection: str) -> dict[str, Any]:
    """The first settings of a projection of levels of bands."""
    return {"projection": projection, "coefficients": 0, "stretches": FRAMES, "components": 0}


def levels_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Principal components of levels of bands: of how many frames."""
    yield from draws(levels("principal"), {"stretches": [FRAMES, 8, 32, 64]}, seed)


def cepstra_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """Principal components of cepstra: coefficients and stretches."""
    first = {"projection": "principal", "coefficients": 16, "stretches": STRETCHES, "components": 0}
    yield from draws(first, cepstral_options(), seed)


def random_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """There is nothing to tune."""
    yield levels("random")


LEVELS = Baseline(
    "mel_components", "fast", "audio", ("represent",), sound_vectors, levels_settings, seed_share=0.0,
    source="Hotelling 1933", title="principal components of levels of mel bands (PCA)",
)  # fmt: skip
CEPSTRA = Baseline(
    "mfcc_components", "strong", "audio", ("represent",), sound_vectors, cepstra_settings, seed_share=0.0,
    source="Davis & Mermelstein 1980; Furui 1986; Hotelling 1933",
    title="principal components of cepstra (MFCC with changes, PCA)",
)  # fmt: skip
PRETRAINED = Baseline(
    "pretrained_sound_components", "strong", "audio", ("represent",), backbone_vectors, kernel_settings,
    unfit=without_backbone, turn=-1, source="Kornblith et al. 2019; Hotelling 1933",
    title="principal components of vectors of a pretrained picture backbone, of spectrograms (PCA)",
)  # fmt: skip
RANDOM_PROJECTION = Baseline(
    "mel_projection", "floor", "audio", ("represent",), sound_vectors, random_settings,
    source="Johnson & Lindenstrauss 1984", title="random projection of levels of mel bands",
)  # fmt: skip
