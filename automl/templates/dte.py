"""Diffusion time estimation: a network that tells how much noise was added to a row. What looks noisy is unusual.

In training each row gets noise of a random strength, and a dense network classifies the strength into bins. A new row
gets none: the expected bin is its score, since a row far from all training rows looks like one that was moved away from
them. It learns no row by heart, so that anomalies among many normal rows matter little.

Columns are scaled as in `autoencoder`. Categories are one-hot: a learned embedding could make noise easy to see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, GoalName, Head, InputKind, InputSpec, Task, Template
from automl.templates.shared.reconstruction import LIMITS, MOST_LEVELS, scaled_numbers, starting_training

ACCEPTS: tuple[InputKind, ...] = ("numbers", "categories", "vectors")
GOALS: tuple[GoalName, ...] = ("anomaly",)
BINS = 7
WIDTHS = {"256": (256, 512, 256), "128": (128, 256, 128), "64": (64, 64)}


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, dropout and the width."""
    start = starts(specs, facts)[0]
    hp.Float("learning_rate", 1e-4, 5e-3, sampling="log", default=start["learning_rate"])
    hp.Float("weight_decay", 1e-6, 1e-1, sampling="log", default=start["weight_decay"])
    hp.Float("dropout", 0.0, 0.5, default=start["dropout"])
    hp.Choice("batch_size", [64, 128, 256], default=start["batch_size"])
    hp.Int("epochs", 5, 400, step=5, default=start["epochs"])
    hp.Choice("width", list(WIDTHS), default=start["width"])
    if "limit" in start:
        hp.Choice("limit", list(LIMITS), default=start["limit"])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """The network of the paper; then with dropout."""
    training = starting_training(specs, facts)
    first = {
        "learning_rate": 5e-4, "weight_decay": 5e-4, "dropout": 0.0, "batch_size": training["batch_size"],
        "epochs": training["epochs"], "width": "256",
        **({"limit": 10.0} if any(spec.kind == "numbers" for spec in specs) else {}),
    }  # fmt: skip
    return [first, {**first, "dropout": 0.3}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.categories import OneHotCategories
    from automl.layers.diffusion import DiffusionNoise, DiffusionTime
    from automl.layers.dropout import KnobDropout
    from automl.layers.ranks import ReferenceRank
    from automl.layers.reconstruction import RowLoss

    inputs, parts = {}, []
    for spec in (spec for spec in specs if spec.kind in ACCEPTS):
        x = inputs[spec.name] = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)
        if spec.kind == "categories":
            sizes = [min(int(size), MOST_LEVELS) for size in spec.stats["sizes"]]
            parts.append(OneHotCategories(sizes, dtype="float32")(x))
        else:
            parts.append(scaled_numbers(x, spec, choices))
    x = keras.layers.Concatenate(dtype="float32")(parts) if len(parts) > 1 else parts[0]
    x, time = DiffusionNoise()(x)
    for width in WIDTHS[choices["width"]]:
        x = KnobDropout(knobs["dropout"])(keras.layers.Dense(width, activation="relu")(x))
    score, loss = DiffusionTime()([keras.layers.Dense(BINS, dtype="float32")(x), time])
    return keras.Model(inputs, ReferenceRank()(RowLoss()([score, loss])), name="dte")


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """It waits until the networks that restore rows were tried: they were better on the table measured."""
    return 1 / 3


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads the columns of a table, or vectors; words are passed over."""
    strangers = sorted({spec.kind for spec in specs if spec.kind in ("image", "series")})
    if strangers or not any(spec.kind in ACCEPTS for spec in specs):
        return f"dte reads {', '.join(ACCEPTS)}; this task has {', '.join(strangers) or 'none of them'}"
    return None


DTE = Template(
    name="dte",
    title="diffusion time estimation (DTE)",
    family="diffusion",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout"),
    starts=starts,
    unfit=unfit,
    prior=prior,
    source="Livernoche, Jain, Hezaveh & Ravanbakhsh, On Diffusion Modeling for Anomaly Detection, ICLR 2024 (the "
    "categorical model)",
)
