"""What templates for pictures share: settings of augmentation, default lengths, and who may use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.layers.stems import stride_for
from automl.records import Facts, InputSpec, Task

__all__ = [
    "STRENGTHS", "batch_size_for", "declare_augmentation", "declare_convolutions", "epochs_for", "first_augmentation",
    "first_convolutions", "image_of", "stem_for", "unfit_for", "views_of",
]  # fmt: skip

STRENGTHS = ("shift", "zoom", "light", "erase")
"""Knobs of augmentation."""


def declare_augmentation(hp: Any) -> None:
    """Declare whether pictures are varied in training, and how much."""
    hp.Float("shift", 0.0, 0.2, default=0.06)
    hp.Float("zoom", 0.0, 0.25, default=0.05)
    hp.Float("light", 0.0, 0.4, default=0.1)
    hp.Float("erase", 0.0, 0.5, default=0.0)
    hp.Choice("views", ["plain", "varied"], default="varied")
    hp.Choice("flip", ["no", "left-right"], default="no")


def first_augmentation() -> dict[str, Any]:
    """Augmentation of the first starts."""
    return {"shift": 0.06, "zoom": 0.05, "light": 0.1, "erase": 0.0, "flip": "no", "views": "varied"}


def declare_convolutions(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare what residual networks of convolutions share: rates, augmentation, lengths, stem and width.

    Args:
        hp: KerasTuner's `HyperParameters`.
        specs: inputs of the network.
        facts: numbers about the training rows.
    """
    hp.Float("learning_rate", 5e-4, 2e-2, sampling="log", default=5e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=2e-2)
    hp.Float("dropout", 0.0, 0.5, default=0.1)
    declare_augmentation(hp)
    hp.Choice("batch_size", [32, 64, 128], default=64)
    hp.Int("epochs", 4, 60, step=2, default=epochs_for(facts.n_rows))
    hp.Choice("stem", [1, 2, 4, 8], default=stem_for(specs))
    hp.Choice("width", [16, 24, 32, 48], default=24)


def first_convolutions(specs: Sequence[InputSpec], facts: Facts) -> dict[str, Any]:
    """The first settings of `declare_convolutions`."""
    return {
        "learning_rate": 5e-3, "weight_decay": 2e-2, "dropout": 0.1, **first_augmentation(),
        "batch_size": batch_size_for(facts.n_rows), "epochs": epochs_for(facts.n_rows), "stem": stem_for(specs),
        "width": 24,
    }  # fmt: skip


def batch_size_for(n_rows: int) -> int:
    """The batch size of the first starts: smaller with few images, so that an epoch has more steps."""
    return 64 if n_rows >= 3_000 else 32


def views_of(choices: Mapping[str, Any], knobs: Mapping[str, Any]) -> dict[str, Any] | None:
    """Strengths of augmentation by name, for `automl.layers.stems`; None for pictures as they are."""
    if choices["views"] != "varied":
        return None
    return {**{name: knobs[name] for name in STRENGTHS}, "flip": 0.5 if choices["flip"] == "left-right" else 0.0}


def stem_for(specs: Sequence[InputSpec]) -> int:
    """The stride that reduces the images to some 16 to 28 positions a side."""
    return max((stride_for(spec) for spec in specs if spec.kind == "image"), default=2)


def epochs_for(n_rows: int) -> int:
    """The default number of epochs: the more images, the fewer."""
    return 40 if n_rows < 2_500 else 20 if n_rows < 8_000 else 10 if n_rows < 30_000 else 6


def unfit_for(name: str, task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why a template cannot be used that reads exactly one image; vectors of it are passed over."""
    if [spec.kind for spec in specs if spec.kind != "vectors"] != ["image"]:
        return f"{name} reads one image; this task has {', '.join(spec.kind for spec in specs) or 'no inputs'}"
    return None


def image_of(specs: Sequence[InputSpec]) -> InputSpec:
    """The image among the inputs."""
    (spec,) = (spec for spec in specs if spec.kind == "image")
    return spec
