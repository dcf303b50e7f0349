"""A transformer over columns (FT-Transformer): each column is a token, and one extra token ([CLS]) reads them all.

Numbers are embedded piecewise linearly in bins chosen by the target (or linearly, as in the paper). Categories are
looked up in an embedding table. Each column's token gets a learned offset. Blocks normalise first:
``x ← x + attention(norm(x))``, ``x ← x + W_2 ReGLU(W_1 norm(x))``. As in the paper, the first block has no norm before
its attention, and the last block computes the first token only. Time grows with the square of the number of columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.layers.fusion import TABLE_KINDS, declare_stems, read_specs, stem_vectors
from automl.records import Facts, Head, InputSpec, Task, Template
from automl.templates.shared.tables import (
    ACCEPTS,
    GOALS,
    SMALL_TABLE,
    batch_sizes,
    declare_bins,
    declare_hide_rate,
    epochs_for,
    no_table,
    table_starts,
    without_effect,
)

MAX_TOKENS = 100
CHEAP_TOKENS = 300_000  # tokens per epoch


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare depth, widths and rates."""
    hp.Float("learning_rate", 1e-4, 3e-3, sampling="log", default=1e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=1e-2)
    hp.Float("attention_dropout", 0.0, 0.5, default=0.2)
    hp.Float("dropout", 0.0, 0.5, default=0.1)
    hp.Float("residual_dropout", 0.0, 0.2, default=0.0)
    declare_hide_rate(hp, specs)
    sizes = batch_sizes(facts.n_rows)
    hp.Choice("batch_size", sizes, default=sizes[-2])
    hp.Int("epochs", 5, 60, step=5, default=max(epochs_for(facts) // 10 * 5, 5))
    hp.Int("layers", 1, 4, default=2)
    hp.Choice("dim", [32, 64, 96, 128], default=64)
    hp.Choice("heads", [4, 8], default=8)
    hp.Choice("hidden", [1.0, 1.33, 2.0], default=1.33)
    if "numeric" not in without_effect(specs):
        hp.Choice("numeric", ["plain", "piecewise"], default="piecewise")
    declare_bins(hp, specs, 16)
    declare_stems(hp, specs)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """Two blocks, 64 numbers per token, bins chosen by the target; on small tables next a larger one (decision 36)."""
    first = {
        "layers": 2, "dim": 64, "heads": 8, "hidden": 1.33, "numeric": "piecewise", "bins": 16, "bins_by": "target",
    }  # fmt: skip
    larger = {
        **first, "batch_size": batch_sizes(facts.n_rows)[0], "layers": 3, "dim": 96, "bins": 32,
        "learning_rate": 9e-4, "weight_decay": 7e-3, "attention_dropout": 0.27, "dropout": 0.36,
        "residual_dropout": 0.013, "hide_rate": 0.06,
    }  # fmt: skip
    return table_starts(specs, [first, larger] if facts.n_rows < SMALL_TABLE else [first])


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.attention import FirstToken, GatedUnits, StartToken, TokenAttention
    from automl.layers.dropout import KnobDropout
    from automl.layers.output import RawOutput, starting_bias

    specs = read_specs(specs, choices)
    inputs = {spec.name: keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in specs}
    tokens = [tokens_of(inputs[spec.name], spec, choices, knobs) for spec in specs]
    x = StartToken()(keras.layers.Concatenate(axis=1)(tokens) if len(tokens) > 1 else tokens[0])

    dim, n_layers = int(choices["dim"]), int(choices["layers"])
    hidden = int(dim * float(choices["hidden"]))
    for number in range(n_layers):
        last = number == n_layers - 1
        asked = keras.layers.LayerNormalization()(x) if number else x
        asked = TokenAttention(int(choices["heads"]), knobs["attention_dropout"], first_only=last)(asked)
        asked = KnobDropout(knobs["residual_dropout"])(asked)
        x = keras.layers.Add()([FirstToken()(x) if last else x, asked])
        units = keras.layers.Dense(2 * hidden)(keras.layers.LayerNormalization()(x))
        units = KnobDropout(knobs["dropout"])(GatedUnits()(units))
        units = KnobDropout(knobs["residual_dropout"])(keras.layers.Dense(dim)(units))
        x = keras.layers.Add()([x, units])
    x = keras.layers.Activation("relu")(keras.layers.LayerNormalization()(keras.layers.Flatten()(x)))
    return keras.Model(inputs, RawOutput(head.shape, starting_bias(head))(x), name="ft_transformer")


def tokens_of(x: Any, spec: InputSpec, choices: Mapping[str, Any], knobs: Mapping[str, Any]) -> Any:
    """One input as ``(batch, tokens, dim)``: a token per column, one for all texts together, one per image."""
    import keras

    from automl.layers.categories import CategoryEmbedding
    from automl.layers.numbers import LinearEmbedding
    from automl.layers.table import number_vectors, scaled

    dim = int(choices["dim"])
    if spec.kind == "categories":
        return CategoryEmbedding(spec.stats["sizes"], dim, knobs.get("hide_rate", 0.0))(x)
    if spec.kind in ("tokens", "image"):
        return keras.layers.Reshape((1, dim))(keras.layers.Dense(dim)(stem_vectors(x, spec, choices, knobs)))
    if spec.name == "texts":
        return keras.layers.Reshape((1, dim))(keras.layers.Dense(dim)(scaled(x, spec)))
    vectors = number_vectors(x, spec, choices, dim)
    return LinearEmbedding(dim)(scaled(x, spec)) if vectors is None else vectors


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads a table's inputs only, and at most 100 columns."""
    reason = no_table("ft_transformer", task, specs)
    if reason:
        return reason
    n_tokens = n_columns(specs)
    if n_tokens > MAX_TOKENS:
        return f"ft_transformer's time grows with the square of the columns: at most {MAX_TOKENS}, here {n_tokens}"
    return None


def n_columns(specs: Sequence[InputSpec]) -> int:
    """The number of tokens that these inputs become."""
    return sum(int(spec.shape[0]) if spec.name != "texts" and spec.kind in TABLE_KINDS else 1 for spec in specs)


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """An eighth of the usual prior, because it seldom paid (decision 10); less where an epoch has many tokens."""
    n_tokens = 1 + n_columns(specs)
    return 0.125 if facts.n_rows * n_tokens <= CHEAP_TOKENS else 0.05


FT_TRANSFORMER = Template(
    name="ft_transformer",
    title="transformer over columns (FT-Transformer)",
    family="transformer",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "attention_dropout", "dropout", "residual_dropout", "hide_rate"),
    starts=starts,
    unfit=unfit,
    prior=prior,
    source="Gorishniy, Rubachev, Khrulkov & Babenko (FT-Transformer), NeurIPS 2021",
)
