"""A deeper residual network for the spectrograms of sounds. It needs more time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, Head, InputSpec, Task, Template
from automl.templates.shared.sounds import (
    STRENGTHS,
    batch_size_for,
    declare_augmentation,
    epochs_for,
    first_augmentation,
    one_spectrogram,
    spectrogram_of,
    stem_for,
    views_of,
)
from automl.templates.shared.tables import GOALS

PRIOR = 0.25


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare depth, width, stem and augmentation strengths."""
    hp.Float("learning_rate", 5e-4, 2e-2, sampling="log", default=5e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=2e-2)
    hp.Float("dropout", 0.0, 0.5, default=0.2)
    declare_augmentation(hp)
    hp.Choice("batch_size", [16, 32, 64, 128], default=batch_size_for(facts.n_rows))
    hp.Int("epochs", 4, 100, step=2, default=epochs_for(facts.n_rows))
    hp.Choice("stem", [1, 2, 4], default=stem_for(specs))
    hp.Choice("width", [12, 16, 24, 32], default=16)
    hp.Choice("blocks", [1, 2, 3], default=2)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """In order of their cost: a narrow network, then a wider and deeper one with more masks."""
    first = {
        "learning_rate": 5e-3, "weight_decay": 2e-2, "dropout": 0.2, **first_augmentation(),
        "batch_size": batch_size_for(facts.n_rows), "epochs": epochs_for(facts.n_rows), "stem": stem_for(specs),
        "width": 16, "blocks": 2,
    }  # fmt: skip
    return [first, {**first, "width": 24, "blocks": 3, "learning_rate": 3e-3, "bands": 0.3, "frames": 0.25}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.output import RawOutput, starting_bias
    from automl.layers.stems import pre_activated_parts

    spec = spectrogram_of(specs)
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, bands, frames, 1)
    width, stem, n_blocks = (int(choices[name]) for name in ("width", "stem", "blocks"))
    parts = pre_activated_parts(inputs, spec, width, stem, n_blocks, views_of(choices, knobs))
    x = KnobDropout(knobs["dropout"])(keras.layers.Concatenate()(parts))
    return keras.Model({spec.name: inputs}, RawOutput(head.shape, starting_bias(head))(x), name="audio_resnet")


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads exactly one spectrogram."""
    return one_spectrogram("audio_resnet", specs)


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
    unfit=unfit,
    prior=prior,
    source="He et al., 'Identity Mappings in Deep Residual Networks', ECCV 2016; masks: Park et al., 'SpecAugment', "
    "Interspeech 2019",
)
