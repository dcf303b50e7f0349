"""A head on vectors that a frozen backbone made of pictures: a linear map, with or without hidden layers beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, Head, InputSpec, Task, Template
from automl.templates.shared.tables import GOALS


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare sizes and rates."""
    hp.Float("learning_rate", 2e-4, 1e-2, sampling="log", default=2e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=1e-2)
    hp.Float("dropout", 0.0, 0.7, default=0.5)
    hp.Float("input_dropout", 0.0, 0.6, default=0.2)
    hp.Choice("batch_size", [32, 64, 128], default=64)
    hp.Int("epochs", 4, 60, step=2, default=epochs_for(facts.n_rows))
    hp.Choice("hidden", [0, 64, 128, 256, 512], default=256)


def epochs_for(n_rows: int) -> int:
    """The default number of epochs: the more pictures, the fewer."""
    return 40 if n_rows < 2_500 else 20 if n_rows < 10_000 else 12


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """A hidden layer, then the linear map alone, then a wider layer."""
    first = {
        "learning_rate": 2e-3, "weight_decay": 1e-2, "dropout": 0.5, "input_dropout": 0.2, "batch_size": 64,
        "epochs": epochs_for(facts.n_rows), "hidden": 256,
    }  # fmt: skip
    return [first, {**first, "hidden": 0, "input_dropout": 0.0}, {**first, "hidden": 512, "learning_rate": 1e-3}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.output import RawOutput, starting_bias
    from automl.layers.pixels import ChannelScale

    (spec,) = (spec for spec in specs if spec.kind == "vectors")
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, dim)
    scaled = ChannelScale(spec.stats["mean"], spec.stats["std"])(inputs)
    x = KnobDropout(knobs["input_dropout"])(scaled)
    if int(choices["hidden"]):
        units = keras.layers.Dense(int(choices["hidden"]), activation="relu")(x)
        x = keras.layers.Concatenate()([x, KnobDropout(knobs["dropout"])(units)])
    return keras.Model({spec.name: inputs}, RawOutput(head.shape, starting_bias(head))(x), name="pretrained_image")


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: no backbone makes vectors of one picture."""
    kinds = [spec.kind for spec in specs]
    if "vectors" not in kinds or not set(kinds) <= {"image", "spectrogram", "vectors"}:
        return f"pretrained_image reads vectors of one picture; this task has {', '.join(kinds) or 'no inputs'}"
    return None


PRETRAINED_IMAGE = Template(
    name="pretrained_image",
    family="mlp",
    goals=GOALS,
    accepts=("vectors",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "input_dropout"),
    starts=starts,
    unfit=unfit,
    title="network on a pretrained picture backbone",
    source="Kornblith, Shlens & Le, 'Do Better ImageNet Models Transfer Better?', CVPR 2019 (frozen features)",
    prior=lambda specs, facts: 4.0,
)
