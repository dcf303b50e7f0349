"""What templates for tables share: the inputs they read, batch sizes, epochs, and the embedding of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.records import Facts, GoalName, InputKind, InputSpec, Task

__all__ = [
    "ACCEPTS", "DENSE_KNOBS", "GOALS", "ONE_HOT_UP_TO", "batch_sizes", "declare_embeddings", "epochs_for", "no_table",
]  # fmt: skip

GOALS: tuple[GoalName, ...] = ("binary", "multiclass", "multilabel", "regression")
ACCEPTS: tuple[InputKind, ...] = ("numbers", "categories", "tokens", "image")
DENSE_KNOBS = ("learning_rate", "weight_decay", "dropout", "hide_rate")
"""Knobs of a template whose columns are embedded and read by dense layers."""
ONE_HOT_UP_TO = 9
"""A column with at most this many levels is one-hot encoded; one with more gets learned embeddings."""


def batch_sizes(n_rows: int) -> list[int]:
    """Batch sizes that leave at least some eight steps per epoch."""
    return [32, 64, 128] if n_rows < 2_000 else [64, 128, 256] if n_rows < 10_000 else [128, 256, 512]


def epochs_for(facts: Facts) -> int:
    """The default number of epochs: the more rows, the fewer; half for two classes, which are learned sooner."""
    n_rows = facts.n_rows
    epochs = 60 if n_rows < 5_000 else 40 if n_rows < 20_000 else 25 if n_rows < 50_000 else 15
    return max(epochs // 10 * 5, 10) if facts.n_classes == 2 else epochs


def declare_embeddings(hp: Any, dims: Sequence[int] = (4, 8, 12, 16), dim: int = 8) -> None:
    """Declare how numbers and categories are embedded, as `automl.layers.fusion.fused_features` reads it.

    Args:
        hp: KerasTuner's `HyperParameters`.
        dims: allowed sizes of a number's embedding.
        dim: the default size.
    """
    hp.Choice("numeric", ["plain", "piecewise", "periodic"], default="piecewise")
    hp.Choice("numeric_dim", list(dims), default=dim)
    hp.Choice("bins", [8, 16, 32, 64], default=32)
    hp.Choice("bins_by", ["target", "quantiles"], default="target")
    hp.Choice("category_dim", [4, 8, 16], default=8)


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
