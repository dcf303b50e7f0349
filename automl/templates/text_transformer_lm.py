"""A small language model that generates texts: a causal transformer over subwords, trained from scratch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, GoalName, Head, InputKind, InputSpec, Task, Template
from automl.templates.shared.generators import part

ACCEPTS: tuple[InputKind, ...] = ("tokens", "noise")
GOALS: tuple[GoalName, ...] = ("generate",)
STEPS_WANTED = 3_000
HEAD = 32
ROOM = 1.15
"""Times the tokens of a usual batch, for which there is room in a training step."""


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, dropout, width and depth.

    Texts are drawn at temperature 1: at .9 and .8 they were easier to tell from real ones on all three sets measured.
    """
    start = starts(specs, facts)[0]
    hp.Float("learning_rate", 5e-4, 2e-2, sampling="log", default=start["learning_rate"])
    hp.Float("weight_decay", 1e-6, 1e-1, sampling="log", default=start["weight_decay"])
    hp.Float("dropout", 0.0, 0.4, default=start["dropout"])
    hp.Choice("batch_size", [16, 32, 64, 128], default=start["batch_size"])
    hp.Int("epochs", 2, 200, step=2, default=start["epochs"])
    hp.Choice("width", [64, 128, 256], default=start["width"])
    hp.Choice("depth", [1, 2, 4], default=start["depth"])


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """A single block, whose steps are short; then two."""
    n_rows = max(facts.n_rows, 1)
    batch_size = 16 if n_rows < 20_000 else 32
    epochs = round(STEPS_WANTED / max(n_rows // batch_size, 1) / 2) * 2
    first = {
        "learning_rate": 6e-3, "weight_decay": 1e-2, "dropout": 0.1, "batch_size": batch_size,
        "epochs": int(min(max(epochs, 4), 60)), "width": 128, "depth": 1,
    }  # fmt: skip
    return [first, {**first, "depth": 2}]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.causal_texts import CausalTexts

    read = [spec for kind in ACCEPTS if (spec := part(specs, kind)) is not None]
    inputs = [keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in read]
    tokens, width = read[0], int(choices["width"])
    layer = CausalTexts(
        tokens.size, int(tokens.shape[0]), width, int(choices["depth"]), max(width // HEAD, 1),
        tokens.stats.get("shares", ()), ROOM * float(tokens.stats.get("filled", 1.0)), knobs["dropout"],
        name="texts",
    )  # fmt: skip
    named = {spec.name: one for spec, one in zip(read, inputs, strict=True)}
    return keras.Model(named, layer(inputs), name="text_transformer_lm")


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why it cannot be used: it makes texts out of noise."""
    kinds = [spec.kind for spec in specs]
    if sorted(kinds) != sorted(ACCEPTS):
        found = ", ".join(sorted(set(kinds))) or "no inputs"
        return f"text_transformer_lm generates texts, token by token, out of noise; this task has {found}"
    return None


TEXT_TRANSFORMER_LM = Template(
    name="text_transformer_lm",
    title="causal transformer on subwords (GPT, from scratch)",
    family="transformer",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout"),
    starts=starts,
    unfit=unfit,
    source="Vaswani et al., NeurIPS 2017; Radford et al. (GPT-2), 2019; subwords: Sennrich et al., ACL 2016",
)
