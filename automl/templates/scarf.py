"""SCARF: a row of a table and the same row with many of its cells replaced are to lie close together.

Replaced cells come from other rows of the batch, draws from the marginal distribution of their column. What the network
keeps is what the columns say in common. The loss is read from a projection of the code, and the code is what
represents the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, GoalName, Head, InputKind, InputSpec, Task, Template
from automl.templates.shared.contrast import projected
from automl.templates.shared.reconstruction import CATEGORY_DIM, LIMITS, ONE_HOT_UP_TO, dense, scaled_numbers

ACCEPTS: tuple[InputKind, ...] = ("numbers", "categories", "vectors")
GOALS: tuple[GoalName, ...] = ("represent",)
STEPS = 2_500
"""Training steps of a schedule."""


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, the share of replaced cells, the temperature and the layers."""
    start = starts(specs, facts)[0]
    hp.Float("learning_rate", 2e-4, 1e-2, sampling="log", default=start["learning_rate"])
    hp.Float("weight_decay", 1e-6, 1e-1, sampling="log", default=start["weight_decay"])
    hp.Float("rate", 0.1, 0.9, default=start["rate"])
    hp.Float("temperature", 0.1, 2.0, sampling="log", default=start["temperature"])
    hp.Choice("batch_size", [64, 128, 256, 512], default=start["batch_size"])
    hp.Int("epochs", 5, 400, step=5, default=start["epochs"])
    hp.Choice("width", [64, 128, 256], default=start["width"])
    hp.Int("layers", 1, 3, default=start["layers"])
    hp.Choice("projection", [64, 128, 256], default=start["projection"])
    if "limit" in start:
        hp.Choice("limit", list(LIMITS), default=start["limit"])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """The paper's share of replaced cells at half its temperature; then its temperature; then fewer replaced cells."""
    batch_size = 64 if facts.n_rows < 1_000 else 256
    first = {
        "learning_rate": 1e-3, "weight_decay": 1e-4, "rate": 0.6, "temperature": 0.5, "batch_size": batch_size,
        "epochs": min(max(round(STEPS * batch_size / max(facts.n_rows, 1) / 5) * 5, 5), 200), "width": 256,
        "layers": 2, "projection": 128,
        **({"limit": 3.0} if any(spec.kind == "numbers" for spec in specs) else {}),
    }  # fmt: skip
    return [first, {**first, "temperature": 1.0}, {**first, "rate": 0.3}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.contrast import SwapColumns
    from automl.layers.table import category_features

    inputs: dict[str, Any] = {}
    parts: list[Any] = []
    for spec in (spec for spec in specs if spec.kind in ACCEPTS):
        x = inputs[spec.name] = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)
        if spec.kind == "categories":
            swapped = SwapColumns(knobs["rate"])(x)
            own = category_features(swapped, spec, {"category_dim": CATEGORY_DIM}, 0.0, ONE_HOT_UP_TO)
            parts += [part.tensor for part in own]
        else:
            parts.append(SwapColumns(knobs["rate"])(scaled_numbers(x, spec, choices)))
    x = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    x = dense(x, [int(choices["width"])] * int(choices["layers"]))
    code = keras.layers.Dense(int(head.shape[0]), dtype="float32")(x)
    output = projected(code, int(choices["width"]), int(choices["projection"]), knobs["temperature"])
    return keras.Model(inputs, output, name="scarf")


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads two columns of a table or more, or vectors; words are passed over."""
    strangers = sorted({spec.kind for spec in specs if spec.kind in ("image", "series")})
    own = [spec for spec in specs if spec.kind in ACCEPTS]
    if strangers or not own:
        return f"scarf reads {', '.join(ACCEPTS)}; this task has {', '.join(strangers) or 'none of them'}"
    if sum(int(spec.shape[0]) for spec in own) < 2:
        return "scarf replaces columns by those of other rows, and reads two at least; this task has one"
    return None


SCARF = Template(
    name="scarf",
    title="contrast of rows with replaced columns (SCARF)",
    family="contrastive",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "rate", "temperature"),
    starts=starts,
    unfit=unfit,
    source="Bahri, Jiang, Tay & Metzler, 'SCARF: Self-Supervised Contrastive Learning using Random Feature "
    "Corruption', ICLR 2022 (arXiv 2106.15147); loss on both views: Chen et al., ICML 2020",
)
