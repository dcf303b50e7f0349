"""A deeper residual network for images, at the pictures' own resolution where that is small. It needs more time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, Head, InputSpec, Task, Template
from automl.templates.shared.pictures import (
    STRENGTHS,
    declare_augmentation,
    epochs_for,
    image_of,
    stem_for,
    unfit_for,
    views_of,
)
from automl.templates.shared.tables import GOALS

PRIOR = 0.25


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare depth, width, stem and augmentation strengths."""
    hp.Float("learning_rate", 5e-4, 2e-2, sampling="log", default=5e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=2e-2)
    hp.Float("dropout", 0.0, 0.5, default=0.1)
    declare_augmentation(hp)
    hp.Choice("batch_size", [32, 64, 128], default=64)
    hp.Int("epochs", 4, 60, step=2, default=epochs_for(facts.n_rows))
    hp.Choice("stem", [1, 2, 4, 8], default=stem_for(specs))
    hp.Choice("width", [16, 24, 32, 48], default=24)
    hp.Choice("blocks", [1, 2, 3], default=2)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """In order of their cost: half the resolution, then the full one, then a deeper network."""
    stem = stem_for(specs)
    first = {
        "learning_rate": 5e-3, "weight_decay": 2e-2, "dropout": 0.1, "shift": 0.06, "zoom": 0.05, "light": 0.1,
        "erase": 0.0, "flip": "no", "views": "varied", "batch_size": 64 if facts.n_rows >= 3_000 else 32,
        "epochs": epochs_for(facts.n_rows), "stem": stem, "width": 24, "blocks": 2,
    }  # fmt: skip
    return [
        first,
        {**first, "stem": max(1, stem // 2), "width": 16},
        {**first, "stem": max(1, stem // 2), "width": 24, "blocks": 3, "learning_rate": 3e-3, "erase": 0.2},
    ]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.output import RawOutput, starting_bias
    from automl.layers.stems import pre_activated_parts

    spec = image_of(specs)
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, height, width, channels)
    views = views_of(choices, knobs)
    width, stem, n_blocks = (int(choices[name]) for name in ("width", "stem", "blocks"))
    x = keras.layers.Concatenate()(pre_activated_parts(inputs, spec, width, stem, n_blocks, views))
    x = KnobDropout(knobs["dropout"])(x)
    return keras.Model({spec.name: inputs}, RawOutput(head.shape, starting_bias(head))(x), name="resnet")


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads exactly one image."""
    return unfit_for("resnet", task, specs)


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """A quarter of the usual prior: an epoch costs four times as much as the smallest `cnn`'s."""
    return PRIOR


RESNET = Template(
    name="resnet",
    title="deep residual network (ResNet)",
    family="cnn",
    goals=GOALS,
    accepts=("image",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", *STRENGTHS),
    starts=starts,
    unfit=unfit,
    prior=prior,
    source="He et al., 'Identity Mappings in Deep Residual Networks', ECCV 2016",
)
