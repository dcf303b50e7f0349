"""A deeper residual network for images, at the pictures' own resolution where that is small. It needs more time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.pictures import (
    STRENGTHS,
    declare_convolutions,
    first_convolutions,
    image_of,
    stem_for,
    unfit_for,
    views_of,
)
from automl.templates.shared.predictor import predictor
from automl.templates.shared.tables import GOALS

PRIOR = 0.25


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare depth, width, stem and augmentation strengths."""
    declare_convolutions(hp, specs, facts)
    hp.Choice("blocks", [1, 2, 3], default=2)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """In order of their cost: half the resolution, then the full one, then a deeper network."""
    stem = stem_for(specs)
    first = {**first_convolutions(specs, facts), "blocks": 2}
    return [
        first,
        {**first, "stem": max(1, stem // 2), "width": 16},
        {**first, "stem": max(1, stem // 2), "width": 24, "blocks": 3, "learning_rate": 3e-3, "erase": 0.2},
    ]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.stems import pre_activated_parts

    spec = image_of(specs)
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, height, width, channels)
    width, stem, n_blocks = (int(choices[name]) for name in ("width", "stem", "blocks"))
    parts = pre_activated_parts(inputs, spec, width, stem, n_blocks, views_of(choices, knobs))
    return predictor(spec, inputs, parts, knobs["dropout"], head, "resnet")


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
    unfit=partial(unfit_for, "resnet"),
    prior=prior,
    source="He et al., 'Identity Mappings in Deep Residual Networks', ECCV 2016",
)
