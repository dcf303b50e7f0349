"""What templates for sounds share: augmentation, strides, lengths, and who may use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import InputSpec

__all__ = [
    "STRENGTHS", "batch_size_for", "declare_augmentation", "epochs_for", "first_augmentation", "one_spectrogram",
    "spectrogram_of", "stem_for", "views_of",
]  # fmt: skip

STRENGTHS = ("shift", "level", "pitch", "bands", "frames")
"""Knobs of augmentation."""


def declare_augmentation(hp: Any) -> None:
    """Declare whether sounds are varied in training, and how much: time, level, pitch, and masks."""
    first = first_augmentation()
    hp.Float("shift", 0.0, 0.4, default=first["shift"])
    hp.Float("level", 0.0, 0.6, default=first["level"])
    hp.Float("pitch", 0.0, 0.15, default=first["pitch"])
    hp.Float("bands", 0.0, 0.5, default=first["bands"])
    hp.Float("frames", 0.0, 0.5, default=first["frames"])
    hp.Choice("views", ["plain", "varied"], default=first["views"])
    hp.Choice("loudness", ["kept", "removed"], default=first["loudness"])


def first_augmentation() -> dict[str, Any]:
    """Augmentation of the first starts."""
    return {
        "shift": 0.1,
        "level": 0.2,
        "pitch": 0.05,
        "bands": 0.2,
        "frames": 0.15,
        "views": "varied",
        "loudness": "kept",
    }


def views_of(choices: Mapping[str, Any], knobs: Mapping[str, Any]) -> dict[str, Any]:
    """How sounds are heard, for `automl.layers.stems.heard`: their loudness, and strengths of augmentation by name."""
    varied = {name: knobs[name] for name in STRENGTHS} if choices["views"] == "varied" else {}
    return {"loudness": choices["loudness"], **varied}


def spectrogram_of(specs: Sequence[InputSpec]) -> InputSpec:
    """The spectrogram among the inputs."""
    (spec,) = (spec for spec in specs if spec.kind == "spectrogram")
    return spec


def stem_for(specs: Sequence[InputSpec]) -> int:
    """The stride that leaves some 16 to 32 frames."""
    n_frames = max((spec.shape[1] for spec in specs if spec.kind == "spectrogram"), default=98)
    return 4 if n_frames > 64 else 2 if n_frames > 24 else 1


def epochs_for(n_rows: int) -> int:
    """The default number of epochs: the more sounds, the fewer."""
    return 60 if n_rows < 500 else 40 if n_rows < 2_500 else 20 if n_rows < 8_000 else 10


def batch_size_for(n_rows: int) -> int:
    """The default batch size: at least some twenty steps an epoch, where there are as many rows."""
    return 16 if n_rows < 700 else 32 if n_rows < 4_000 else 64


def one_spectrogram(name: str, specs: Sequence[InputSpec]) -> str | None:
    """Why a template cannot be used that reads exactly one spectrogram; vectors of it are passed over."""
    if [spec.kind for spec in specs if spec.kind != "vectors"] != ["spectrogram"]:
        return f"{name} reads one spectrogram; this task has {', '.join(spec.kind for spec in specs) or 'no inputs'}"
    return None
