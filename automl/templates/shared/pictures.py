"""What templates for pictures share: settings of augmentation, default lengths, and who may use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.layers.stems import stride_for
from automl.records import InputSpec, Task

__all__ = ["STRENGTHS", "declare_augmentation", "epochs_for", "image_of", "stem_for", "unfit_for", "views_of"]

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
