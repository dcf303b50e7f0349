"""Masked reconstruction: a network restores what was hidden of each row from a short code of the rest.

Columns of a table, stretches of a series, words of a text or squares of a picture are hidden, and a learned token
stands in their place. What is restored comes from the code alone, so that the code has to tell what goes with what. Of
pictures their oriented gradients are restored, since pixels make a network learn brightness first. The representation
is the code of the whole row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, GoalName, Head, InputSpec, Task, Template
from automl.templates.shared.arrays import ARRAYS
from automl.templates.shared.masking import ACCEPTS, hidden_parts, narrowed
from automl.templates.shared.reconstruction import LIMITS, dense

GOALS: tuple[GoalName, ...] = ("represent",)
STEPS_OF_TABLES, STEPS_OF_OTHERS = 4_000, 1_000
"""Training steps of a schedule."""


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, the share that is hidden, and the layers."""
    start = starts(specs, facts)[0]
    hp.Float("learning_rate", 2e-4, 1e-2, sampling="log", default=start["learning_rate"])
    hp.Float("weight_decay", 1e-6, 1e-1, sampling="log", default=start["weight_decay"])
    hp.Float("rate", 0.05, 0.8, default=start["rate"])
    if "visible" in start:
        hp.Float("visible", 0.0, 1.0, default=start["visible"])
    hp.Choice("batch_size", [32, 64, 128, 256], default=start["batch_size"])
    hp.Int("epochs", 5, 400, step=5, default=start["epochs"])
    hp.Choice("width", [64, 128, 256], default=start["width"])
    hp.Int("layers", 1, 3, default=start["layers"])
    hp.Choice("decoder", ["linear", "dense"], default=start["decoder"])
    if "reader" in start:
        hp.Choice("reader", ["dense", "convolutions"], default=start["reader"])
        hp.Choice("filters", [8, 16, 32], default=start["filters"])
    if "word_dim" in start:
        hp.Choice("word_dim", [32, 64, 128], default=start["word_dim"])
    if "limit" in start:
        hp.Choice("limit", list(LIMITS), default=start["limit"])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """What is hidden counts alone; less is hidden and all counts; convolutions read pictures and series."""
    kinds = {spec.kind for spec in specs if spec.kind in ACCEPTS}
    has_arrays = bool(kinds & set(ARRAYS))
    batch_size = 64 if facts.n_rows < 4_000 else 256
    steps = STEPS_OF_OTHERS if kinds & {*ARRAYS, "tokens"} else STEPS_OF_TABLES
    first: dict[str, Any] = {
        "learning_rate": 2e-3 if has_arrays else 1e-3, "weight_decay": 1e-4, "rate": 0.2 if "image" in kinds else 0.3,
        "batch_size": batch_size, "epochs": min(max(round(steps * batch_size / max(facts.n_rows, 1) / 5) * 5, 5), 200),
        "width": 256, "layers": 1 if has_arrays else 2, "decoder": "linear" if has_arrays else "dense",
    }  # fmt: skip
    if has_arrays:
        first.update(reader="dense", filters=16)
    if kinds - {"image"}:
        first.update(visible=0.0)
    if "tokens" in kinds:
        first.update(word_dim=64)
    if "numbers" in kinds:
        first.update(limit=3.0)
    others = [{**first, "rate": 0.1, **({"visible": 1.0} if "visible" in first else {})}]
    return [first, *others, *([{**first, "reader": "convolutions"}] if has_arrays else [])]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.reconstruction import RowLoss

    inputs, parts = hidden_parts(specs, choices, knobs["rate"], knobs.get("visible", 0.0))
    x = narrowed(parts)
    widths = [max(int(choices["width"]) >> number, 8) for number in range(int(choices["layers"]))]
    near = keras.layers.Concatenate()([x, dense(x, widths)])
    code = keras.layers.Dense(int(head.shape[0]), dtype="float32")(near)
    features = dense(code, widths[::-1]) if choices["decoder"] == "dense" else code
    losses = [part.loss(features) for part in parts]
    total = keras.layers.Add(dtype="float32")(losses) if len(losses) > 1 else losses[0]
    total = keras.layers.Rescaling(1.0 / sum(part.n_columns for part in parts), dtype="float32")(total)
    return keras.Model(inputs, RowLoss()([code, total]), name="masked")


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """Twice the usual prior for pictures, where the oriented gradients that it restores tell more than pixels do."""
    return 2.0 if any(spec.kind == "image" for spec in specs) else 1.0


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads all kinds but n-grams, which are passed over."""
    kinds = {spec.kind for spec in specs}
    if not kinds & set(ACCEPTS):
        return f"masked reads {', '.join(ACCEPTS)}; this task has {', '.join(sorted(kinds)) or 'no inputs'}"
    return None


MASKED = Template(
    name="masked",
    title="masked reconstruction",
    family="autoencoder",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "rate", "visible"),
    starts=starts,
    unfit=unfit,
    prior=prior,
    source="Devlin et al., 'BERT', NAACL 2019 (masks); He et al., 'Masked Autoencoders', CVPR 2022; Wei et al., "
    "'Masked Feature Prediction', CVPR 2022 (oriented gradients); Yoon et al., 'VIME', NeurIPS 2020 (tables)",
)
