"""What templates for tables share: the inputs they read, batch sizes, epochs, and the embedding of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.layers.fusion import stem_starts
from automl.records import Facts, GoalName, InputKind, InputSpec, Task

__all__ = [
    "ACCEPTS", "DENSE_KNOBS", "GOALS", "ONE_HOT_UP_TO", "SMALL_TABLE", "batch_sizes", "declare_bins",
    "declare_embeddings", "declare_hide_rate", "epochs_for", "no_table", "table_starts", "without_effect",
]  # fmt: skip

GOALS: tuple[GoalName, ...] = ("binary", "multiclass", "multilabel", "regression")
ACCEPTS: tuple[InputKind, ...] = ("numbers", "categories", "tokens", "image")
DENSE_KNOBS = ("learning_rate", "weight_decay", "dropout", "hide_rate")
"""Knobs of a template whose columns are embedded and read by dense layers."""
ONE_HOT_UP_TO = 9
"""A column with at most this many levels is one-hot encoded; one with more gets learned embeddings."""
BINS = (8, 16, 32, 64)
SMALL_TABLE = 5_000
"""Below this many rows a template begins with starts that were chosen on twenty public tables (decision 36)."""


def batch_sizes(n_rows: int) -> list[int]:
    """Batch sizes that leave at least some eight steps per epoch."""
    return [32, 64, 128] if n_rows < 2_000 else [64, 128, 256] if n_rows < 10_000 else [128, 256, 512]


def epochs_for(facts: Facts) -> int:
    """The default number of epochs: the more rows, the fewer; half for two classes, which are learned sooner."""
    n_rows = facts.n_rows
    epochs = 60 if n_rows < 5_000 else 40 if n_rows < 20_000 else 25 if n_rows < 50_000 else 15
    return max(epochs // 10 * 5, 10) if facts.n_classes == 2 else epochs


def declare_embeddings(hp: Any, specs: Sequence[InputSpec], dims: Sequence[int] = (4, 8, 12, 16), dim: int = 8) -> None:
    """Declare how numbers and categories are embedded, as `automl.layers.fusion.fused_features` reads it.

    Args:
        hp: KerasTuner's `HyperParameters`.
        specs: inputs of the network; what cannot matter for them is left out.
        dims: allowed sizes of a number's embedding.
        dim: the default size.
    """
    idle = without_effect(specs)
    if "numeric" not in idle:
        hp.Choice("numeric", ["plain", "piecewise", "periodic"], default="piecewise")
        hp.Choice("numeric_dim", list(dims), default=dim)
    declare_bins(hp, specs, 32)
    if "category_dim" not in idle:
        hp.Choice("category_dim", [4, 8, 16], default=8)


def declare_bins(hp: Any, specs: Sequence[InputSpec], n_bins: int) -> None:
    """Declare the bins of embedded numbers, where columns have enough different values for them to matter."""
    idle = without_effect(specs)
    if "bins" not in idle:
        hp.Choice("bins", list(BINS), default=n_bins)
    if "bins_by" not in idle:
        hp.Choice("bins_by", ["target", "quantiles"], default="target")


def declare_hide_rate(hp: Any, specs: Sequence[InputSpec]) -> None:
    """Declare the share of categories and words that is hidden in training, where there are any."""
    if "hide_rate" not in without_effect(specs):
        hp.Float("hide_rate", 0.0, 0.1, default=0.02)


def without_effect(specs: Sequence[InputSpec]) -> frozenset[str]:
    """Names of the settings of a table's columns that cannot matter for these inputs."""
    numbers = [
        spec for spec in specs if spec.kind == "numbers" and spec.name != "texts" and spec.stats.get("quantiles")
    ]
    n_edges = [len(set(column)) for spec in numbers for column in spec.stats["quantiles"]]
    n_levels = [int(size) - 1 for spec in specs if spec.kind == "categories" for size in spec.stats["sizes"]]
    is_idle = {
        "numeric": not numbers,
        "numeric_dim": not numbers,
        "bins": max(n_edges, default=0) <= BINS[0] + 1,
        "bins_by": not any(len(column) for spec in numbers for column in spec.stats.get("splits") or ()),
        "category_dim": max(n_levels, default=0) <= ONE_HOT_UP_TO,
        "hide_rate": not n_levels and not any(spec.kind == "tokens" for spec in specs),
    }
    return frozenset(name for name, idle in is_idle.items() if idle)


def table_starts(specs: Sequence[InputSpec], starts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Starts with settings of the stems and without settings that cannot matter; equal starts are given once."""
    idle = without_effect(specs)
    unique: list[dict[str, Any]] = []
    for start in stem_starts(specs, starts):
        own = {name: value for name, value in start.items() if name not in idle}
        unique += [] if own in unique else [own]
    return unique


def no_table(name: str, task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why the template `name` cannot read these inputs; None where they are a table's.

    A text or an image without other columns is left to the templates that are made for it.
    """
    strangers = sorted({spec.kind for spec in specs if spec.kind not in ACCEPTS})
    if strangers or not specs:
        return f"{name} reads {', '.join(ACCEPTS)}; this task has {', '.join(strangers) or 'no inputs'}"
    if [spec.kind for spec in specs] in (["tokens"], ["image"]):
        return f"{name} reads {specs[0].kind} only together with other columns; this task has no other input"
    return None
