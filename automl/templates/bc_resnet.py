"""Broadcasted residual learning: most convolutions run over time alone, on means over the bands."""

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
    views_of,
)
from automl.templates.shared.tables import GOALS

PRIOR = 0.3
STAGES = ((8, 2, 1, 1), (12, 2, 2, 2), (16, 4, 2, 4), (20, 4, 1, 8))
"""Of each stage: channels for a width of 1, blocks, stride over bands, and dilation over frames (table 1)."""


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare width, stride over time and augmentation strengths."""
    hp.Float("learning_rate", 5e-4, 3e-2, sampling="log", default=8e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=1e-2)
    hp.Float("dropout", 0.0, 0.5, default=0.1)
    declare_augmentation(hp)
    hp.Choice("batch_size", [16, 32, 64, 128], default=batch_size_for(facts.n_rows))
    hp.Int("epochs", 4, 100, step=2, default=epochs_for(facts.n_rows))
    hp.Choice("width", [1, 2, 3], default=1)
    hp.Choice("stride", [1, 2], default=2)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """In order of their cost: the narrowest network at half the frames, then a wider one."""
    first = {
        "learning_rate": 8e-3, "weight_decay": 1e-2, "dropout": 0.1, **first_augmentation(),
        "batch_size": batch_size_for(facts.n_rows), "epochs": epochs_for(facts.n_rows), "width": 1, "stride": 2,
    }  # fmt: skip
    return [first, {**first, "width": 2, "learning_rate": 5e-3}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.output import RawOutput, starting_bias
    from automl.layers.stems import heard

    layers = keras.layers
    spec = spectrogram_of(specs)
    width = int(choices["width"])
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, bands, frames, 1)
    x = heard(inputs, spec, views_of(choices, knobs))
    x = layers.Conv2D(16 * width, 5, strides=(2, int(choices["stride"])), padding="same", use_bias=False)(x)
    x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
    for channels, n_blocks, stride, dilation in STAGES:
        for number in range(n_blocks):
            own_stride = stride if number == 0 and int(x.shape[1]) > 4 else 1
            x = broadcasted(x, channels * width, own_stride, dilation, knobs["dropout"])
    x = layers.DepthwiseConv2D((min(5, int(x.shape[1])), 5), padding="same", use_bias=False)(x)
    x = layers.Conv2D(32 * width, 1, use_bias=False)(layers.AveragePooling2D((int(x.shape[1]), 1))(x))
    x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
    x = KnobDropout(knobs["dropout"])(layers.GlobalAveragePooling2D()(x))
    return keras.Model({spec.name: inputs}, RawOutput(head.shape, starting_bias(head))(x), name="bc_resnet")


def broadcasted(x: Any, channels: int, stride: int, dilation: int, dropout: Any) -> Any:
    """One block: ``x + f2(x) + broadcast(f1(mean over bands of f2(x)))``, without x where the shape changes.

    f2 convolves over bands and normalises groups of them; f1 convolves over frames.

    Source: Kim et al. 2021, section 2.2 and figure 2.
    """
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.spectrograms import BandNormalization

    layers, short = keras.layers, x
    changes = stride > 1 or int(x.shape[-1]) != channels
    if changes:
        x = layers.Conv2D(channels, 1, use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
    if stride > 1:
        x = layers.AveragePooling2D((stride, 1), padding="same")(x)  # depthwise strides differ by axis on no device
    x = BandNormalization()(layers.DepthwiseConv2D((3, 1), padding="same", use_bias=False)(x))
    way = layers.AveragePooling2D((int(x.shape[1]), 1))(x)  # (batch, 1, frames, channels)
    way = layers.DepthwiseConv2D((1, 3), padding="same", dilation_rate=(1, dilation), use_bias=False)(way)
    way = layers.Activation("swish")(layers.BatchNormalization(momentum=0.9)(way))
    way = KnobDropout(dropout)(layers.Conv2D(channels, 1, use_bias=False)(way))
    parts = [x, way] if changes else [short, x, way]
    return layers.Activation("relu")(layers.Add()(parts))


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads exactly one spectrogram."""
    return one_spectrogram("bc_resnet", specs)


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """Behind the first trials of `audio_cnn`."""
    return PRIOR


BC_RESNET = Template(
    name="bc_resnet",
    title="network of broadcasted residuals (BC-ResNet)",
    family="cnn",
    goals=GOALS,
    accepts=("spectrogram",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", *STRENGTHS),
    starts=starts,
    unfit=unfit,
    prior=prior,
    source="Kim, Chang, Lee & Sung, 'Broadcasted Residual Learning for Efficient Keyword Spotting', Interspeech 2021",
)
