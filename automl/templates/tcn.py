"""A temporal convolutional network: dilated causal convolutions whose reach doubles from block to block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.predictor import pooled_steps, predictor
from automl.templates.shared.series import (
    KNOBS,
    batch_size_for,
    declare_augmentation,
    declare_training,
    epochs_for,
    normed,
    one_series,
    series_parts,
    steps_of,
    strides,
    strong_augmentation,
    weak_augmentation,
)
from automl.templates.shared.tables import GOALS

MOST_BLOCKS = 6


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare width, kernel size, stride, scaling, pooling, rates and augmentation."""
    declare_training(hp, facts)
    declare_augmentation(hp, specs)
    hp.Choice("width", [16, 24, 32, 48], default=24)
    hp.Choice("kernel", [3, 5, 7], default=5)
    hp.Choice("stride", strides(specs), default=stride_for(specs))
    hp.Choice("scaling", ["training", "instance"], default="training")
    hp.Choice("pool", ["last", "mean", "mean-max"], default="mean")


def stride_for(specs: Sequence[InputSpec]) -> int:
    """The stride of the first convolution that leaves at most some 128 steps."""
    return next((stride for stride in strides(specs) if steps_of(specs) / stride <= 128), strides(specs)[-1])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """The mean over time, then the last step alone, as in the paper."""
    first = {
        "learning_rate": 3e-3, "weight_decay": 1e-2, "dropout": 0.1, "batch_size": batch_size_for(facts.n_rows),
        "epochs": epochs_for(facts.n_rows), "width": 24, "kernel": 5, "stride": stride_for(specs),
        "scaling": "training", "pool": "mean", **weak_augmentation(specs),
    }  # fmt: skip
    return [first, {**first, **strong_augmentation(specs), "pool": "last", "width": 32}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.series import LastStep

    (spec,) = specs
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, steps, channels)
    x, parts = series_parts(inputs, spec, str(choices["scaling"]), knobs)
    width, size, stride = int(choices["width"]), int(choices["kernel"]), int(choices["stride"])
    if stride > 1:
        x = keras.layers.Conv1D(width, 2 * stride, strides=stride, padding="same", use_bias=False)(x)
        x = normed(x)
    for number in range(n_blocks(int(x.shape[1]), size)):
        x = causal_block(x, width, size, 2**number)
    if choices["pool"] == "last":
        parts = [LastStep()(x), *parts]
    else:
        parts = pooled_steps(x, choices["pool"] == "mean-max", parts)
    return predictor(spec, inputs, parts, knobs["dropout"], head, "tcn")


def n_blocks(n_steps: int, size: int) -> int:
    """The blocks after which the last step has seen the whole series, at most six."""
    reach, blocks = 1, 0
    while reach < n_steps and blocks < MOST_BLOCKS:
        reach += 2 * (size - 1) * 2**blocks
        blocks += 1
    return max(blocks, 1)


def causal_block(x: Any, filters: int, size: int, dilation: int) -> Any:
    """Two causal convolutions and a shortcut."""
    import keras

    way = x
    for number in range(2):
        way = keras.layers.Conv1D(
            filters, size, dilation_rate=dilation, padding="causal", use_bias=False, kernel_initializer="he_normal"
        )(way)
        way = normed(way, active=number == 0)
    if x.shape[-1] != filters:
        x = keras.layers.Conv1D(filters, 1, kernel_initializer="he_normal")(x)
    return keras.layers.Activation("relu")(keras.layers.Add()([way, x]))


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """It waits until the fourth trial: decision 40 has the figures."""
    return 1 / 4


TCN = Template(
    name="tcn",
    title="temporal convolutional network (TCN)",
    family="cnn",
    goals=GOALS,
    accepts=("series",),
    space=space,
    build=build,
    knobs=KNOBS,
    starts=starts,
    unfit=partial(one_series, "tcn"),
    prior=prior,
    source="Bai, Kolter & Koltun, 'An Empirical Evaluation of Generic Convolutional and Recurrent Networks for "
    "Sequence Modeling', 2018; batch normalisation in place of weight normalisation",
)
