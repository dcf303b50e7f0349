"""A compact convolutional transformer for images: convolutions make the tokens, attention mixes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.pictures import (
    STRENGTHS,
    batch_size_for,
    declare_augmentation,
    epochs_for,
    first_augmentation,
    image_of,
    unfit_for,
    views_of,
)
from automl.templates.shared.predictor import predictor
from automl.templates.shared.tables import GOALS

PRIOR = 0.1
MOST_TOKENS_A_SIDE = 8


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare the tokens, the transformer's size and augmentation strengths."""
    hp.Float("learning_rate", 2e-4, 1e-2, sampling="log", default=2e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=3e-2)
    hp.Float("dropout", 0.0, 0.5, default=0.1)
    hp.Float("attention_dropout", 0.0, 0.5, default=0.1)
    declare_augmentation(hp)
    hp.Choice("batch_size", [32, 64, 128], default=64)
    hp.Int("epochs", 4, 80, step=2, default=epochs_for(facts.n_rows))
    hp.Choice("patch", [2, 4, 8, 16], default=patch_for(specs))
    hp.Choice("convolutions", [1, 2], default=1)
    hp.Choice("dim", [32, 64, 96, 128], default=64)
    hp.Choice("layers", [2, 3, 4], default=2)
    hp.Choice("heads", [2, 4], default=2)


def patch_for(specs: Sequence[InputSpec]) -> int:
    """Pixels a side that become one token, so that there are at most 8 tokens a side."""
    side = max((max(spec.shape[:2]) for spec in specs if spec.kind == "image"), default=28)
    return next((patch for patch in (2, 4, 8) if side / patch <= MOST_TOKENS_A_SIDE), 16)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """In order of their cost: a small one, then a wider and deeper one."""
    first = {
        "learning_rate": 2e-3, "weight_decay": 3e-2, "dropout": 0.1, "attention_dropout": 0.1,
        **first_augmentation(), "batch_size": batch_size_for(facts.n_rows), "epochs": epochs_for(facts.n_rows),
        "patch": patch_for(specs), "convolutions": 1, "dim": 64, "layers": 2, "heads": 2,
    }  # fmt: skip
    return [first, {**first, "convolutions": 2, "dim": 96, "layers": 4, "learning_rate": 1e-3}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.attention import TokenAttention
    from automl.layers.dropout import KnobDropout
    from automl.layers.pooling import AttentionPool
    from automl.layers.positions import PositionEmbedding
    from automl.layers.stems import shown

    spec = image_of(specs)
    dim, patch = int(choices["dim"]), int(choices["patch"])
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, height, width, channels)
    x = shown(inputs, spec, views_of(choices, knobs))
    for number in range(int(choices["convolutions"])):
        x = keras.layers.Conv2D(
            dim, 3, strides=max(1, patch // 4) if number == 0 else 1, padding="same", use_bias=False,
            activation="relu", kernel_initializer="he_normal",
        )(x)  # fmt: skip
    x = keras.layers.MaxPooling2D(3, min(patch, 4), padding="same")(x)
    n_tokens = int(x.shape[1]) * int(x.shape[2])
    x = PositionEmbedding()(keras.layers.Reshape((n_tokens, dim))(x))  # (batch, tokens, dim)
    for _ in range(int(choices["layers"])):
        if n_tokens > 1:
            asked = keras.layers.LayerNormalization()(x)
            asked = TokenAttention(int(choices["heads"]), knobs["attention_dropout"])(asked)
            x = keras.layers.Add()([x, KnobDropout(knobs["dropout"])(asked)])
        units = keras.layers.Dense(2 * dim, activation="gelu")(keras.layers.LayerNormalization()(x))
        x = keras.layers.Add()([x, KnobDropout(knobs["dropout"])(keras.layers.Dense(dim)(units))])
    x = AttentionPool()(keras.layers.LayerNormalization()(x))  # (batch, dim)
    return predictor(spec, inputs, [x], knobs["dropout"], head, "vit")


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """A tenth of the usual prior: without pretraining it lags behind convolutions on thousands of pictures."""
    return PRIOR


VIT = Template(
    name="vit",
    title="vision transformer (compact convolutional transformer)",
    family="transformer",
    goals=GOALS,
    accepts=("image",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "attention_dropout", *STRENGTHS),
    starts=starts,
    unfit=partial(unfit_for, "vit"),
    prior=prior,
    source="Hassani et al., 'Escaping the Big Data Paradigm with Compact Transformers', 2021",
)
