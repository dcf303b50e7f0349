"""What templates for sounds share: augmentation, strides, lengths, and who may use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, InputSpec, Task

__all__ = [
    "STRENGTHS", "WIDER", "batch_size_for", "declare_augmentation", "declare_convolutions", "epochs_for",
    "first_augmentation", "first_convolutions", "one_spectrogram", "spectrogram_of", "stem_for", "views_of",
]  # fmt: skip

STRENGTHS = ("shift", "level", "pitch", "bands", "frames")
"""Knobs of augmentation."""
WIDER = {"width": 24, "learning_rate": 3e-3, "bands": 0.3, "frames": 0.25}
"""What differs from `first_convolutions` in a wider network: more of it is masked."""


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


def declare_convolutions(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare what residual networks of convolutions share: rates, augmentation, lengths, stem and width.

    Args:
        hp: KerasTuner's `HyperParameters`.
        specs: inputs of the network.
        facts: numbers about the training rows.
    """
    hp.Float("learning_rate", 5e-4, 2e-2, sampling="log", default=5e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=2e-2)
    hp.Float("dropout", 0.0, 0.5, default=0.2)
    declare_augmentation(hp)
    hp.Choice("batch_size", [16, 32, 64, 128], default=batch_size_for(facts.n_rows))
    hp.Int("epochs", 4, 100, step=2, default=epochs_for(facts.n_rows))
    hp.Choice("stem", [1, 2, 4], default=stem_for(specs))
    hp.Choice("width", [12, 16, 24, 32], default=16)


def first_convolutions(specs: Sequence[InputSpec], facts: Facts) -> dict[str, Any]:
    """The first settings of `declare_convolutions`."""
    return {
        "learning_rate": 5e-3, "weight_decay": 2e-2, "dropout": 0.2, **first_augmentation(),
        "batch_size": batch_size_for(facts.n_rows), "epochs": epochs_for(facts.n_rows), "stem": stem_for(specs),
        "width": 16,
    }  # fmt: skip


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


def one_spectrogram(name: str, task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why a template cannot be used that reads exactly one spectrogram; vectors of it are passed over."""
    if [spec.kind for spec in specs if spec.kind != "vectors"] != ["spectrogram"]:
        return f"{name} reads one spectrogram; this task has {', '.join(spec.kind for spec in specs) or 'no inputs'}"
    return None
