"""What templates that generate rows of a table share: inputs, bins of numbers, levels, training settings.

They read these inputs, by spec name, the first two where there are such columns:

- "numbers" ``(n_numbers,)``: normal scores; ``stats["ties"]``: for each column the ranks, from 0 to 1, between which
  each value that many rows hold has its interval;
- "categories" ``(n_categories,)``: codes; ``stats["priors"]``: share of each code of each column;
- "noise" ``(64 + 2 · columns,)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automl.records import Facts, GoalName, Head, InputKind, InputSpec, Task

__all__ = [
    "ACCEPTS", "BINS", "GOALS", "KNOBS", "bin_edges", "declare_rates", "declare_training", "generator_model",
    "level_edges", "levels_of", "n_columns_of", "number_edges", "part", "starting_training", "unfit_generator",
    "useless",
]  # fmt: skip

ACCEPTS: tuple[InputKind, ...] = ("numbers", "categories", "noise")
GOALS: tuple[GoalName, ...] = ("generate",)
KNOBS = ("learning_rate", "weight_decay", "dropout")
BINS = (32, 64, 128)
MIN_WIDTH = 1e-5
"""Of a bin; float32 hardly tells ranks nearer than that."""
STEPS_WANTED = 3_000
"""Training steps to begin with. On the table measured, twice as many were hardly better."""


def part(specs: Sequence[InputSpec], kind: InputKind) -> InputSpec | None:
    """The input of this kind, or None."""
    return next((spec for spec in specs if spec.kind == kind), None)


def n_columns_of(specs: Sequence[InputSpec]) -> int:
    """Columns to generate."""
    return sum(int(spec.shape[0]) for spec in specs if spec.kind in ("numbers", "categories"))


def number_edges(specs: Sequence[InputSpec], n_bins: int) -> list[list[float]]:
    """The edges of the bins of each column of numbers; none where there are no numbers."""
    spec = part(specs, "numbers")
    if spec is None:
        return []
    ties = spec.stats.get("ties") or [()] * int(spec.shape[0])
    return [bin_edges(column, n_bins) for column in ties]


def bin_edges(ties: Sequence[Sequence[float]], n_bins: int) -> list[float]:
    """Edges from 0 to 1 that cut no tie in two.

    Each tie is a bin if there are at most twice as many ties as bins; otherwise each that is wider than a bin. What is
    left is cut into bins of about equal width.

    Args:
        ties: the first and the last rank of each tie, ascending.
        n_bins: bins where there are no ties.
    """
    own = [pair for pair in ties if len(ties) <= 2 * n_bins or pair[1] - pair[0] > 1.0 / n_bins]
    left = 1.0 - sum(end - begin for begin, end in own)
    width = left / max(n_bins - len(own), n_bins // 2)
    edges, last = {0.0, 1.0}, 0.0
    for begin, end in [*own, (1.0, 1.0)]:
        n_pieces = max(round((begin - last) / width), 1) if width > 0.0 else 1
        edges |= {last, begin, end} | {last + (begin - last) * piece / n_pieces for piece in range(1, n_pieces)}
        last = end
    ends = np.array([*ties, (2.0, 2.0)], np.float64)
    found = np.array(sorted(edges))
    inside = ends[np.searchsorted(ends[:, 1], found, side="right")]
    nearest = np.where(found - inside[:, 0] < inside[:, 1] - found, inside[:, 0], inside[:, 1])
    found = np.unique(np.where(found > inside[:, 0], nearest, found))
    apart = np.concatenate([[True], np.diff(found) > MIN_WIDTH])
    return [0.0, *(edge for edge in found[apart].tolist() if MIN_WIDTH < edge < 1.0 - MIN_WIDTH), 1.0]


def levels_of(specs: Sequence[InputSpec]) -> list[list[int]]:
    """The codes of each column of categories that may be generated: those of a share above 0."""
    spec = part(specs, "categories")
    if spec is None:
        return []
    shares = spec.stats.get("priors") or [[1.0] * int(size) for size in spec.stats["sizes"]]
    levels = [[code for code, share in enumerate(column) if share > 0.0] for column in shares]
    return [own or list(range(len(column))) for own, column in zip(levels, shares, strict=True)]


def level_edges(choices: Mapping[str, Any], specs: Sequence[InputSpec]) -> tuple[list[list[float]], list[list[int]]]:
    """Edges of the numbers' bins and levels of the categories: how a generator codes the columns."""
    return number_edges(specs, int(choices.get("bins", BINS[1]))), levels_of(specs)


def useless(specs: Sequence[InputSpec]) -> frozenset[str]:
    """Names of the settings that cannot matter for these columns."""
    edges = [number_edges(specs, n_bins) for n_bins in BINS]
    idle = {"bins"} if all(other == edges[0] for other in edges) else set()
    return frozenset(idle | ({"order"} if n_columns_of(specs) < 2 else set()))


def declare_training(hp: Any, start: Mapping[str, Any]) -> None:
    """Declare rates, dropout, batch size, epochs and, where they matter, bins of numbers.

    Args:
        hp: KerasTuner's `HyperParameters`.
        start: the defaults.
    """
    declare_rates(hp, start)
    hp.Float("dropout", 0.0, 0.4, default=start["dropout"])
    if "bins" in start:
        hp.Choice("bins", list(BINS), default=start["bins"])


def declare_rates(hp: Any, start: Mapping[str, Any]) -> None:
    """Declare learning rate, weight decay, batch size and epochs.

    Args:
        hp: KerasTuner's `HyperParameters`.
        start: the defaults.
    """
    hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=start["learning_rate"])
    hp.Float("weight_decay", 1e-6, 1e-1, sampling="log", default=start["weight_decay"])
    hp.Choice("batch_size", [64, 128, 256, 512], default=start["batch_size"])
    hp.Int("epochs", 5, 800, step=5, default=start["epochs"])


def starting_training(specs: Sequence[InputSpec], facts: Facts) -> dict[str, Any]:
    """The first settings of `declare_training`: as many epochs as make some `STEPS_WANTED` steps."""
    n_rows = max(facts.n_rows, 1)
    batch_size = 512 if n_rows >= 10_000 else 256 if n_rows >= 4_000 else 128 if n_rows >= 1_000 else 64
    wanted = STEPS_WANTED / max(n_rows // batch_size, 1)
    first = {
        "learning_rate": 2e-3, "weight_decay": 1e-2, "dropout": 0.0, "batch_size": batch_size,
        "epochs": int(min(max(round(wanted / 5) * 5, 20), 300)), "bins": BINS[1],
    }  # fmt: skip
    return {name: value for name, value in first.items() if name not in useless(specs)}


def generator_model(layer: Any, specs: Sequence[InputSpec], head: Head, name: str) -> Any:
    """The model that one layer makes: it learns rows in training, and turns noise into rows otherwise.

    Args:
        layer: an `automl.layers.row_generator.RowGenerator`.
        specs: inputs of the network.
        head: output of the network; its shape is what the layer must give.
        name: of the model.
    """
    import keras

    read = [spec for kind in ACCEPTS if (spec := part(specs, kind)) is not None]
    inputs = {spec.name: keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in read}
    return keras.Model(inputs, layer(list(inputs.values())), name=name)


def unfit_generator(name: str, task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why the template `name` cannot be used: it makes rows of numbers and categories out of noise."""
    strangers = sorted({spec.kind for spec in specs if spec.kind not in ACCEPTS})
    if strangers or n_columns_of(specs) == 0:
        found = ", ".join(strangers or sorted({spec.kind for spec in specs})) or "no inputs"
        return f"{name} generates numbers and categories of a table; this task has {found}"
    if part(specs, "noise") is None:
        return f"{name} makes rows out of noise; this task has no input of noise"
    return None
