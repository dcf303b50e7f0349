"""A small transformer for texts, trained from scratch on words in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, Head, InputSpec, Task, Template
from automl.templates.shared.tables import GOALS
from automl.templates.shared.texts import no_text, short_of


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare sizes and rates."""
    hp.Float("learning_rate", 2e-4, 5e-3, sampling="log", default=2e-3)
    hp.Float("weight_decay", 1e-5, 1e-1, sampling="log", default=1e-3)
    hp.Float("dropout", 0.0, 0.6, default=0.2)
    hp.Float("attention_dropout", 0.0, 0.4, default=0.1)
    hp.Float("word_dropout", 0.0, 0.5, default=0.2)
    hp.Choice("batch_size", [32, 64, 128], default=64)
    hp.Int("epochs", 4, 24, step=2, default=8)
    hp.Choice("dim", [32, 64, 96], default=64)
    hp.Choice("heads", [2, 4], default=4)
    hp.Choice("layers", [1, 2, 3], default=1)
    hp.Choice("hidden", [1.0, 2.0, 4.0], default=2.0)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """One block, then two."""
    first = {
        "learning_rate": 2e-3, "weight_decay": 1e-3, "dropout": 0.2, "attention_dropout": 0.1, "word_dropout": 0.2,
        "batch_size": 64 if facts.n_rows >= 2_000 else 32, "epochs": 8, "dim": 64, "heads": 4, "layers": 1,
        "hidden": 2.0,
    }  # fmt: skip
    return [first, {**first, "layers": 2, "learning_rate": 1e-3, "dropout": 0.3}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.attention import TokenAttention
    from automl.layers.dropout import KnobDropout
    from automl.layers.output import RawOutput, starting_bias
    from automl.layers.pooling import WordPool
    from automl.layers.tokens import TokenEmbedding, WordDropout, WordPlaces

    (spec,) = (spec for spec in specs if spec.kind == "tokens")
    dim = int(choices["dim"])
    tokens = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)
    x = WordPlaces()(TokenEmbedding(spec.size, dim)(WordDropout(knobs["word_dropout"])(tokens)))
    x = KnobDropout(knobs["dropout"])(x)  # (batch, length, dim)
    for _ in range(int(choices["layers"])):
        normal = keras.layers.LayerNormalization()(x)
        asked = TokenAttention(int(choices["heads"]), knobs["attention_dropout"], is_padded=True)([normal, tokens])
        x = keras.layers.Add()([x, KnobDropout(knobs["dropout"])(asked)])
        units = keras.layers.Dense(int(dim * float(choices["hidden"])), activation="gelu")(
            keras.layers.LayerNormalization()(x)
        )
        x = keras.layers.Add()([x, KnobDropout(knobs["dropout"])(keras.layers.Dense(dim)(units))])
    x = WordPool("mean")([keras.layers.LayerNormalization()(x), tokens])
    x = KnobDropout(knobs["dropout"])(x)
    raw = RawOutput(head.shape, starting_bias(head), scale=1.0)(x)
    return keras.Model({spec.name: tokens}, raw, name="text_transformer")


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads words of a text task."""
    return no_text("text_transformer", specs)


TEXT_TRANSFORMER = Template(
    name="text_transformer",
    title="text transformer trained from scratch",
    family="transformer",
    goals=GOALS,
    accepts=("tokens",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "attention_dropout", "word_dropout"),
    starts=starts,
    unfit=unfit,
    prior=short_of(0.125),
    source="Vaswani et al., NeurIPS 2017; blocks as of Xiong et al. (Pre-LN), ICML 2020",
)
