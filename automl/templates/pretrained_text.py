"""A network on vectors that a frozen backbone made of texts, with a bag of their n-grams beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, Head, InputSpec, Task, Template
from automl.templates.shared.tables import GOALS
from automl.templates.shared.texts import no_text


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare sizes and rates."""
    hp.Float("learning_rate", 2e-4, 1e-2, sampling="log", default=2e-3)
    hp.Float("weight_decay", 1e-5, 1e-1, sampling="log", default=1e-2)
    hp.Float("dropout", 0.0, 0.7, default=0.5)
    hp.Float("input_dropout", 0.0, 0.6, default=0.3)
    hp.Choice("batch_size", [32, 64, 128], default=64)
    hp.Int("epochs", 4, 30, step=2, default=12)
    hp.Choice("hidden", [64, 128, 256, 512], default=256)
    if reads_ngrams(specs):
        hp.Choice("words", ["none", "linear", "hidden"], default="linear")
        hp.Choice("dim", [16, 32, 48], default=48)


def reads_ngrams(specs: Sequence[InputSpec]) -> bool:
    """Whether there are n-grams beside the vectors."""
    return any(spec.kind == "ngrams" for spec in specs)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """Vectors with a linear map of n-grams beside them, then with a bag in the hidden layers too, then alone."""
    first = {
        "learning_rate": 2e-3, "weight_decay": 1e-2, "dropout": 0.5, "input_dropout": 0.3, "batch_size": 64,
        "epochs": 12, "hidden": 256,
    }  # fmt: skip
    if not reads_ngrams(specs):
        return [first, {**first, "hidden": 64, "dropout": 0.3}]
    words = {**first, "words": "linear", "dim": 48}
    return [words, {**words, "words": "hidden"}, {**words, "words": "none", "learning_rate": 1e-3}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.ngrams import NGramBag
    from automl.layers.output import RawOutput, starting_bias
    from automl.layers.pixels import ChannelScale

    words = str(choices.get("words", "none"))
    read = [spec for spec in specs if spec.kind == "vectors" or (spec.kind == "ngrams" and words != "none")]
    inputs = {spec.kind: keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in read}
    (vectors,) = (spec for spec in read if spec.kind == "vectors")
    x = ChannelScale(vectors.stats["mean"], vectors.stats["std"])(inputs["vectors"])
    x = keras.layers.Dense(int(choices["hidden"]), activation="relu")(KnobDropout(knobs["input_dropout"])(x))
    x = KnobDropout(knobs["dropout"])(x)  # (batch, hidden)
    linear = None
    if words != "none":
        (ngrams,) = (spec for spec in read if spec.kind == "ngrams")
        units, rate = math.prod(head.shape), knobs["dropout"]
        if words == "hidden":
            bag = NGramBag(ngrams.size, int(choices["dim"]), rate)(inputs["ngrams"])
            x = keras.layers.Concatenate()([x, KnobDropout(knobs["input_dropout"])(bag)])
            x = KnobDropout(knobs["dropout"])(keras.layers.Dense(64, activation="relu")(x))
        linear = NGramBag(ngrams.size, units, rate, scale=0.0, pace=4.0, dtype="float32")(inputs["ngrams"])
    raw = RawOutput(head.shape, starting_bias(head), scale=1.0)(x)
    if linear is not None:
        raw = keras.layers.Add(dtype="float32")([raw, keras.layers.Reshape(head.shape, dtype="float32")(linear)])
    return keras.Model({spec.name: inputs[spec.kind] for spec in read}, raw, name="pretrained_text")


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: no backbone makes vectors of the texts."""
    return no_text("pretrained_text", specs, "vectors")


PRETRAINED_TEXT = Template(
    name="pretrained_text",
    title="network on a pretrained text backbone",
    family="mlp",
    goals=GOALS,
    accepts=("vectors", "ngrams"),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "input_dropout"),
    starts=starts,
    unfit=unfit,
    source="Reimers & Gurevych (Sentence-BERT), EMNLP 2019; Cheng et al. (wide & deep), DLRS 2016",
    prior=lambda specs, facts: 4.0,
)
