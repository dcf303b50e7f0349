"""A deeper residual network for the spectrograms of sounds. It needs more time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.predictor import predictor
from automl.templates.shared.sounds import (
    STRENGTHS,
    WIDER,
    declare_convolutions,
    first_convolutions,
    one_spectrogram,
    spectrogram_of,
    views_of,
)
from automl.templates.shared.tables import GOALS

PRIOR = 0.25


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare depth, width, stem and augmentation strengths."""
    declare_convolutions(hp, specs, facts)
    hp.Choice("blocks", [1, 2, 3], default=2)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """In order of their cost: a narrow network, then a wider and deeper one with more masks."""
    first = {**first_convolutions(specs, facts), "blocks": 2}
    return [first, {**first, **WIDER, "blocks": 3}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.stems import pre_activated_parts

    spec = spectrogram_of(specs)
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, bands, frames, 1)
    width, stem, n_blocks = (int(choices[name]) for name in ("width", "stem", "blocks"))
    parts = pre_activated_parts(inputs, spec, width, stem, n_blocks, views_of(choices, knobs))
    return predictor(spec, inputs, parts, knobs["dropout"], head, "audio_resnet")


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """A quarter of the usual prior: an epoch costs several times as much as the smallest `audio_cnn`'s."""
    return PRIOR


AUDIO_RESNET = Template(
    name="audio_resnet",
    title="deep residual network (ResNet) on spectrograms",
    family="cnn",
    goals=GOALS,
    accepts=("spectrogram",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", *STRENGTHS),
    starts=starts,
    unfit=partial(one_spectrogram, "audio_resnet"),
    prior=prior,
    source="He et al., 'Identity Mappings in Deep Residual Networks', ECCV 2016; masks: Park et al., 'SpecAugment', "
    "Interspeech 2019",
)
