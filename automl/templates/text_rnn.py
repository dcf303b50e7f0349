"""A small recurrent network that reads a text's words in both directions, and pools what it has read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, Head, InputSpec, Task, Template
from automl.templates.shared.tables import GOALS
from automl.templates.shared.texts import no_text, short_of


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare cell, sizes and rates."""
    hp.Float("learning_rate", 5e-4, 1e-2, sampling="log", default=4e-3)
    hp.Float("weight_decay", 1e-5, 1e-1, sampling="log", default=1e-3)
    hp.Float("dropout", 0.0, 0.6, default=0.4)
    hp.Float("word_dropout", 0.0, 0.5, default=0.2)
    hp.Float("spatial_dropout", 0.0, 0.4, default=0.2)
    hp.Choice("batch_size", [32, 64, 128], default=64)
    hp.Int("epochs", 4, 24, step=2, default=8)
    hp.Choice("cell", ["gru", "lstm"], default="gru")
    hp.Choice("direction", ["one", "both"], default="both")
    hp.Choice("dim", [32, 64, 96, 128], default=64)
    hp.Choice("units", [32, 48, 64, 96], default=48)
    hp.Choice("pool", ["mean-max", "attention"], default="mean-max")


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """Gated units in both directions, then long short-term memory with attention."""
    first = {
        "learning_rate": 4e-3, "weight_decay": 1e-3, "dropout": 0.4, "word_dropout": 0.2, "spatial_dropout": 0.2,
        "batch_size": 64 if facts.n_rows >= 2_000 else 32, "epochs": 8, "cell": "gru", "direction": "both", "dim": 64,
        "units": 48, "pool": "mean-max",
    }  # fmt: skip
    return [first, {**first, "cell": "lstm", "pool": "attention", "learning_rate": 2e-3}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.output import RawOutput, starting_bias
    from automl.layers.pooling import AttentionPool, WordPool
    from automl.layers.tokens import TokenEmbedding, WordDropout

    (spec,) = (spec for spec in specs if spec.kind == "tokens")
    tokens = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)
    x = TokenEmbedding(spec.size, int(choices["dim"]))(WordDropout(knobs["word_dropout"])(tokens))
    x = KnobDropout(knobs["spatial_dropout"], shared_axes=(1,))(x)  # (batch, length, dim)
    cell = keras.layers.LSTM if choices["cell"] == "lstm" else keras.layers.GRU
    layer = cell(int(choices["units"]), return_sequences=True)
    x = (keras.layers.Bidirectional(layer) if choices["direction"] == "both" else layer)(x)
    if choices["pool"] == "attention":
        x = AttentionPool()(x)
    else:
        x = keras.layers.Concatenate()([WordPool("mean")([x, tokens]), WordPool("max")([x, tokens])])
    x = KnobDropout(knobs["dropout"])(x)
    return keras.Model({spec.name: tokens}, RawOutput(head.shape, starting_bias(head), scale=1.0)(x), name="text_rnn")


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads words of a text task."""
    return no_text("text_rnn", specs)


TEXT_RNN = Template(
    name="text_rnn",
    title="recurrent text network (bidirectional RNN)",
    family="rnn",
    goals=GOALS,
    accepts=("tokens",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "word_dropout", "spatial_dropout"),
    starts=starts,
    unfit=unfit,
    prior=short_of(0.2),
    source="Cho et al. (GRU), EMNLP 2014; Zhou et al. (BiLSTM with attention), ACL 2016",
)
