"""A light inception network: long convolutions beside fixed trend filters, then two dilated separable convolutions."""

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
    strong_augmentation,
    weak_augmentation,
)
from automl.templates.shared.tables import GOALS


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare width, kernel size, trend filters, scaling, pooling, rates and augmentation."""
    declare_training(hp, facts, 5e-3)
    declare_augmentation(hp, specs)
    hp.Choice("width", [16, 32, 48], default=32)
    hp.Choice("kernel", [10, 20, 40], default=40)
    hp.Choice("trends", ["fixed", "none"], default="fixed")
    hp.Choice("scaling", ["training", "instance"], default="training")
    hp.Choice("pool", ["mean", "mean-max"], default="mean")


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """The published network, then the same with crops and warps, then shorter kernels."""
    first = {
        "learning_rate": 5e-3, "weight_decay": 1e-2, "dropout": 0.1, "batch_size": batch_size_for(facts.n_rows),
        "epochs": epochs_for(facts.n_rows), "width": 32, "kernel": 40, "trends": "fixed", "scaling": "training",
        "pool": "mean", **weak_augmentation(specs),
    }  # fmt: skip
    return [
        first,
        {**first, **strong_augmentation(specs)},
        {**first, **strong_augmentation(specs), "kernel": 20, "pool": "mean-max"},
    ]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.series import TrendFilters

    (spec,) = specs
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, steps, channels)
    x, parts = series_parts(inputs, spec, str(choices["scaling"]), knobs)
    width, kernel = int(choices["width"]), int(choices["kernel"])
    ways = [keras.layers.Conv1D(width, max(kernel // 2**i, 3), padding="same", use_bias=False)(x) for i in range(3)]
    if choices["trends"] == "fixed":
        ways.append(TrendFilters()(x))
    x = normed(keras.layers.Concatenate()(ways))
    for i in (1, 2):
        x = keras.layers.SeparableConv1D(
            width, max(kernel // 2**i, 3), padding="same", dilation_rate=2**i, use_bias=False
        )(x)
        x = normed(x)
    parts = pooled_steps(x, choices["pool"] == "mean-max", parts)
    return predictor(spec, inputs, parts, knobs["dropout"], head, "lite")


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """It waits until the third trial: decision 40 has the figures."""
    return 1 / 3


LITE = Template(
    name="lite",
    title="inception network of convolutions (LITE)",
    family="cnn",
    goals=GOALS,
    accepts=("series",),
    space=space,
    build=build,
    knobs=KNOBS,
    starts=starts,
    unfit=partial(one_series, "lite"),
    prior=prior,
    source="Ismail-Fawaz, Devanne, Berretti, Weber & Forestier, 'LITE: Light Inception with boosTing tEchniques', "
    "DSAA 2023; Ismail Fawaz et al., 'InceptionTime', 2020",
)
