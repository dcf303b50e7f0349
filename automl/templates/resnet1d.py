"""A residual network of convolutions over time, the strongest of its cost on whole series."""

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


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare width, stride, scaling, pooling, rates and augmentation."""
    declare_training(hp, facts)
    declare_augmentation(hp, specs)
    hp.Choice("width", [16, 24, 32, 48, 64], default=16)
    hp.Choice("stride", strides(specs), default=stride_for(specs))
    hp.Choice("shrink", shrinks(specs), default=shrinks(specs)[-1])
    hp.Choice("scaling", ["training", "instance"], default="training")
    hp.Choice("pool", ["mean", "mean-max"], default="mean")


def stride_for(specs: Sequence[InputSpec]) -> int:
    """The stride of the first convolution that leaves at most some 250 steps."""
    return 2 if steps_of(specs) > 250 else 1


def shrinks(specs: Sequence[InputSpec]) -> list[int]:
    """Strides of the second block that leave steps to be convolved."""
    return [1, 2] if steps_of(specs) >= 64 else [1]


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """A narrow network; the same with crops and warps, whose step is compiled already; a wider one."""
    first = {
        "learning_rate": 3e-3, "weight_decay": 1e-2, "dropout": 0.1, "batch_size": batch_size_for(facts.n_rows),
        "epochs": epochs_for(facts.n_rows), "width": 16, "stride": stride_for(specs), "scaling": "training",
        "pool": "mean", "shrink": shrinks(specs)[-1], **weak_augmentation(specs),
    }  # fmt: skip
    augmented = {**first, **strong_augmentation(specs)}
    wider = {**augmented, "width": 32, "learning_rate": 2e-3, "scaling": "instance", "pool": "mean-max"}
    return [first, augmented, wider]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    (spec,) = specs
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, steps, channels)
    x, parts = series_parts(inputs, spec, str(choices["scaling"]), knobs)
    width = int(choices["width"])
    for block, filters in enumerate((width, 2 * width, 2 * width)):
        x = residual(x, filters, int(choices["stride"]) if block == 0 else int(choices["shrink"]) if block == 1 else 1)
    parts = pooled_steps(x, choices["pool"] == "mean-max", parts)
    return predictor(spec, inputs, parts, knobs["dropout"], head, "resnet1d")


def residual(x: Any, filters: int, stride: int) -> Any:
    """Three convolutions of 8, 5 and 3 steps and a shortcut, averaged and projected where the shape changes."""
    import keras

    way = x
    for number, size in enumerate((8, 5, 3)):
        way = keras.layers.Conv1D(
            filters, size, strides=stride if number == 0 else 1, padding="same", use_bias=False,
            kernel_initializer="he_normal",
        )(way)  # fmt: skip
        way = normed(way, active=number < 2)
    if stride > 1:
        x = keras.layers.AveragePooling1D(stride, padding="same")(x)
    if x.shape[-1] != filters:
        x = normed(keras.layers.Conv1D(filters, 1, use_bias=False, kernel_initializer="he_normal")(x), active=False)
    return keras.layers.Activation("relu")(keras.layers.Add()([way, x]))


RESNET1D = Template(
    name="resnet1d",
    title="residual network of convolutions over time (ResNet 1D)",
    family="cnn",
    goals=GOALS,
    accepts=("series",),
    space=space,
    build=build,
    knobs=KNOBS,
    starts=starts,
    unfit=partial(one_series, "resnet1d"),
    source="Wang, Yan & Oates, 'Time Series Classification from Scratch', IJCNN 2017 (ResNet), a third as wide",
)
