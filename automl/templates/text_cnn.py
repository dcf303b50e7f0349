"""A small network for short texts that combines two classical models: convolutions over words and a bag of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, Head, InputSpec, Task, Template
from automl.templates.shared.tables import GOALS
from automl.templates.shared.texts import no_text


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare sizes and rates."""
    hp.Float("learning_rate", 5e-4, 1e-2, sampling="log", default=3e-3)
    hp.Float("weight_decay", 1e-5, 1e-1, sampling="log", default=1e-3)
    hp.Float("dropout", 0.0, 0.6, default=0.4)
    hp.Float("word_dropout", 0.0, 0.5, default=0.2)
    hp.Float("spatial_dropout", 0.0, 0.4, default=0.1)
    hp.Choice("batch_size", [32, 64, 128], default=64)
    hp.Int("epochs", 4, 24, step=2, default=10)
    hp.Choice("dim", [32, 64, 96, 128], default=64)
    hp.Choice("filters", [0, 32, 64, 128], default=64)
    hp.Choice("widths", ["2-3", "2-3-4", "3-4-5"], default="2-3")
    hp.Choice("bag", ["mean", "mean-max"], default="mean-max")
    hp.Choice("hidden", [0, 64, 128], default=0)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """A fast network, then the bag of words alone, then a wider network."""
    quick = {
        "learning_rate": 3e-3, "weight_decay": 1e-3, "dropout": 0.4, "word_dropout": 0.2, "spatial_dropout": 0.1,
        "batch_size": 64 if facts.n_rows >= 2_000 else 32, "epochs": 10, "dim": 64, "filters": 64, "widths": "2-3",
        "bag": "mean-max", "hidden": 0,
    }  # fmt: skip
    return [
        quick,
        {**quick, "filters": 0, "bag": "mean", "dim": 128, "learning_rate": 5e-3, "epochs": 16},
        {**quick, "dim": 128, "filters": 128, "widths": "2-3-4", "word_dropout": 0.3, "learning_rate": 2e-3},
    ]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.output import RawOutput, starting_bias
    from automl.layers.stems import word_parts

    specs = [spec for spec in specs if spec.kind == "tokens"]
    inputs = {spec.name: keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in specs}
    filters = int(choices["filters"])
    widths = [int(width) for width in str(choices["widths"]).split("-")] if filters else []
    parts = []
    for spec in specs:
        parts += word_parts(
            inputs[spec.name], spec.size, int(choices["dim"]), filters, widths, choices["bag"] == "mean-max",
            knobs["word_dropout"], knobs["spatial_dropout"],
        )  # fmt: skip
    x = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    x = KnobDropout(knobs["dropout"])(x)
    if int(choices["hidden"]):
        x = keras.layers.Dense(int(choices["hidden"]), activation="relu")(x)
        x = KnobDropout(knobs["dropout"])(x)
    return keras.Model(inputs, RawOutput(head.shape, starting_bias(head), scale=1.0)(x), name="text_cnn")


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads tokens only."""
    return no_text("text_cnn", specs)


TEXT_CNN = Template(
    name="text_cnn",
    title="convolutional text network (TextCNN)",
    family="cnn",
    goals=GOALS,
    accepts=("tokens",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "word_dropout", "spatial_dropout"),
    starts=starts,
    unfit=unfit,
    source="Kim, EMNLP 2014; Zhang & Wallace, IJCNLP 2017; Joulin et al. (fastText), EACL 2017",
)
