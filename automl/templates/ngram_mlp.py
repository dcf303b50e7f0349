"""A wide network for texts: a bag of weighted n-grams, hidden layers on it, and a linear map beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, Head, InputSpec, Task, Template
from automl.templates.shared.tables import GOALS
from automl.templates.shared.texts import no_text


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare sizes and rates."""
    hp.Float("learning_rate", 5e-4, 2e-2, sampling="log", default=3e-3)
    hp.Float("weight_decay", 1e-5, 1e-1, sampling="log", default=1e-2)
    hp.Float("dropout", 0.0, 0.7, default=0.5)
    hp.Float("ngram_dropout", 0.0, 0.7, default=0.4)
    hp.Choice("batch_size", [32, 64, 128], default=64)
    hp.Int("epochs", 4, 24, step=2, default=10)
    hp.Choice("dim", [16, 32, 48, 64, 96], default=48)
    hp.Choice("hidden", [32, 64, 128], default=64)
    hp.Choice("depth", [1, 2], default=1)
    hp.Choice("linear", ["none", "slow", "fast"], default="fast")


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """One hidden layer with a linear map beside it, then without, then a small one."""
    first = {
        "learning_rate": 3e-3, "weight_decay": 1e-2, "dropout": 0.5, "ngram_dropout": 0.4, "batch_size": 64,
        "epochs": 10, "dim": 48, "hidden": 64, "depth": 1, "linear": "fast",
    }  # fmt: skip
    return [first, {**first, "linear": "none", "depth": 2, "dim": 64}, {**first, "dim": 16, "hidden": 32}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.ngrams import NGramBag
    from automl.layers.output import RawOutput, starting_bias

    (spec,) = (spec for spec in specs if spec.kind == "ngrams")
    ngrams = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)
    rate = knobs["ngram_dropout"]
    x = KnobDropout(knobs["dropout"])(NGramBag(spec.size, int(choices["dim"]), rate)(ngrams))  # (batch, dim)
    for _ in range(int(choices["depth"])):
        x = keras.layers.Dense(int(choices["hidden"]), activation="relu")(x)
        x = KnobDropout(knobs["dropout"])(x)
    raw = RawOutput(head.shape, starting_bias(head), scale=1.0)(x)
    if choices["linear"] != "none":
        pace = 4.0 if choices["linear"] == "fast" else 1.0
        straight = NGramBag(spec.size, math.prod(head.shape), rate, scale=0.0, pace=pace, dtype="float32")(ngrams)
        raw = keras.layers.Add(dtype="float32")([raw, keras.layers.Reshape(head.shape, dtype="float32")(straight)])
    return keras.Model({spec.name: ngrams}, raw, name="ngram_mlp")


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads n-grams, which the texts of a text task have."""
    return no_text("ngram_mlp", specs, "ngrams")


NGRAM_MLP = Template(
    name="ngram_mlp",
    title="dense network on n-grams (MLP on bags of n-grams)",
    family="mlp",
    goals=GOALS,
    accepts=("ngrams",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "ngram_dropout"),
    starts=starts,
    unfit=unfit,
    source="Galke & Scherp (WideMLP), ACL 2022; Cheng et al. (wide & deep), DLRS 2016",
    prior=lambda specs, facts: 2.0,
)
