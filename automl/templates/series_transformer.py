"""A small transformer on convolved patches of a series, with positions made for time (ConvTran)."""

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

MOST_TOKENS = 64


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare size, heads, blocks, stride, scaling, pooling, rates and augmentation."""
    declare_training(hp, facts, 2e-3)
    declare_augmentation(hp, specs)
    hp.Choice("dim", [16, 32, 64], default=32)
    hp.Choice("heads", [2, 4, 8], default=4)
    hp.Choice("blocks", [1, 2, 3], default=1)
    hp.Choice("stride", strides(specs), default=stride_for(specs))
    hp.Choice("scaling", ["training", "instance"], default="training")
    hp.Choice("pool", ["mean", "mean-max"], default="mean-max")


def stride_for(specs: Sequence[InputSpec]) -> int:
    """The stride that leaves at most 64 tokens to attend to one another."""
    return next((stride for stride in strides(specs) if steps_of(specs) / stride <= MOST_TOKENS), strides(specs)[-1])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """One block of attention as in the paper, then two of them."""
    first = {
        "learning_rate": 2e-3, "weight_decay": 1e-2, "dropout": 0.1, "batch_size": batch_size_for(facts.n_rows),
        "epochs": epochs_for(facts.n_rows), "dim": 32, "heads": 4, "blocks": 1, "stride": stride_for(specs),
        "scaling": "training", "pool": "mean-max", **weak_augmentation(specs),
    }  # fmt: skip
    return [first, {**first, **strong_augmentation(specs), "blocks": 2, "dim": 64}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.series import RelativeAttention, TimePositions

    (spec,) = specs
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, steps, channels)
    x, parts = series_parts(inputs, spec, str(choices["scaling"]), knobs)
    dim, stride = int(choices["dim"]), int(choices["stride"])
    for step in factors(stride):  # short convolutions that shorten the series to tokens
        x = normed(keras.layers.Conv1D(dim, 8, strides=step, padding="same", use_bias=False)(x))
    for number in range(int(choices["blocks"])):
        known = TimePositions()(x) if number == 0 else x
        attended = RelativeAttention(int(choices["heads"]), knobs["dropout"])(known)
        x = keras.layers.LayerNormalization()(keras.layers.Add()([x, attended]))
        wide = keras.layers.Dense(2 * dim, activation="relu")(x)
        wide = KnobDropout(knobs["dropout"])(keras.layers.Dense(dim)(wide))
        x = keras.layers.LayerNormalization()(keras.layers.Add()([x, wide]))
    parts = pooled_steps(x, choices["pool"] == "mean-max", parts)
    return predictor(spec, inputs, parts, knobs["dropout"], head, "series_transformer")


def factors(stride: int) -> list[int]:
    """Strides of two convolutions whose product is this power of two."""
    first = 2 if stride in (2, 4) else 4 if stride == 8 else 1
    return [first, stride // first]


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """It waits until the fifth trial: decision 40 has the figures."""
    return 1 / 5


SERIES_TRANSFORMER = Template(
    name="series_transformer",
    title="transformer over time (ConvTran)",
    family="transformer",
    goals=GOALS,
    accepts=("series",),
    space=space,
    build=build,
    knobs=KNOBS,
    starts=starts,
    unfit=partial(one_series, "series_transformer"),
    prior=prior,
    source="Foumani, Tan, Webb & Salehi, 'Improving position encoding of transformers for multivariate time series "
    "classification' (ConvTran), Data Mining and Knowledge Discovery 38, 2024",
)
