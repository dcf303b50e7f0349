"""Retrieval: a row is predicted from the training rows nearest to it in a learned embedding space.

A small network embeds each row, ``z = E(x)``. The prediction is the mean of the training rows' targets, weighted by
nearness (see `automl.layers.neighbours`): ``Σ_j softmax_j(-‖E(x) - E(x_j)‖) y_j``. Each training step compares its
batch with a fresh random sample of training rows, never a row with itself. Gradients pass through the embeddings of
both. The finished network holds the training rows' embeddings and targets, not the rows. Numbers are embedded as in
`mlp`.

Smooth targets and many classes gain most. Where two classes overlap, a plain network is as good (decision 10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.layers.fusion import declare_stems, fused_features
from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.tables import (
    ACCEPTS,
    DENSE_KNOBS,
    GOALS,
    ONE_HOT_UP_TO,
    SMALL_TABLE,
    batch_sizes,
    declare_embeddings,
    declare_hide_rate,
    no_table,
    table_starts,
)

MOST_KNOWN = 20_000
MANY_ROWS = 50_000


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare widths, embeddings and rates."""
    hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=2e-3)
    hp.Float("weight_decay", 1e-5, 1e-1, sampling="log", default=1e-3)
    hp.Float("dropout", 0.0, 0.5, default=0.1)
    declare_hide_rate(hp, specs)
    sizes = batch_sizes(facts.n_rows)
    hp.Choice("batch_size", sizes, default=sizes[-1])
    hp.Int("epochs", 5, 60, step=5, default=epochs_for(facts))
    hp.Choice("known", [max(1, min(facts.n_rows, MOST_KNOWN))])
    sizes = compared_for(facts.n_rows)
    hp.Choice("compared", sizes, default=1024 if 1024 in sizes else sizes[-1])
    hp.Choice("width", [128, 192, 256, 384, 512], default=256)
    hp.Int("layers", 0, 2, default=1)
    hp.Choice("dim", [32, 64, 128, 192], default=128)
    hp.Boolean("front_scale", default=True)
    declare_embeddings(hp, specs)
    declare_stems(hp, specs)


def compared_for(n_rows: int) -> list[int]:
    """How many training rows a step may compare with: fewer than twice those there are."""
    return [size for size in (512, 1024, 2048, 4096) if size == 512 or size < 2 * n_rows]


def epochs_for(facts: Facts) -> int:
    """The default number of epochs: few are enough, and each is costly."""
    return 30 if facts.n_rows < 5_000 else 15 if facts.n_rows < 20_000 else 10


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """One hidden layer, and embeddings as in `mlp`; on small tables next two layers, much dropout (decision 36)."""
    two = facts.n_classes == 2
    compared = 1024 if 1024 in compared_for(facts.n_rows) else 512
    first = {
        "batch_size": batch_sizes(facts.n_rows)[-1], "epochs": epochs_for(facts), "compared": compared, "width": 256,
        "layers": 1, "dim": 128, "front_scale": True, "numeric": "piecewise", "numeric_dim": 4 if two else 16,
        "bins": 32 if two else 64, "bins_by": "target", "category_dim": 8, "learning_rate": 2e-3,
        "weight_decay": 1e-3, "dropout": 0.3 if two else 0.1, "hide_rate": 0.02,
    }  # fmt: skip
    dropped = {
        **first, "batch_size": batch_sizes(facts.n_rows)[1], "compared": 512, "width": 192, "layers": 2, "dim": 32,
        "front_scale": False, "numeric": "periodic", "numeric_dim": 4, "bins": 8, "bins_by": "quantiles",
        "category_dim": 4, "weight_decay": 3.5e-3, "dropout": 0.35, "hide_rate": 0.035,
    }  # fmt: skip
    return table_starts(specs, [first, dropped] if facts.n_rows < SMALL_TABLE else [first])


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.neighbours import Neighbours
    from automl.layers.scale import FeatureScale

    inputs, features = fused_features(specs, choices, knobs, ONE_HOT_UP_TO)
    x = features.tensor
    if choices["front_scale"]:
        x = FeatureScale()(x)
    for _ in range(int(choices["layers"])):
        x = keras.layers.Dense(int(choices["width"]), kernel_initializer="he_normal")(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.Activation("relu")(x)
    x = KnobDropout(knobs["dropout"])(x)
    x = keras.layers.Dense(int(choices["dim"]))(x)
    return keras.Model(inputs, Neighbours(head.shape, int(choices["known"]), head.activation)(x), name="retrieval")


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """Just below `mlp`; lower where it gains nothing (two classes) or is costly (many rows)."""
    if facts.n_classes == 2:
        return 0.15
    return 0.9 if facts.n_rows <= MANY_ROWS else 0.25


RETRIEVAL = Template(
    name="retrieval",
    title="network that looks up similar rows (ModernNCA)",
    family="mlp",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=DENSE_KNOBS,
    starts=starts,
    unfit=partial(no_table, "retrieval"),
    source="Ye, Yin, Zhan & Chao (ModernNCA), ICLR 2025; Gorishniy, Rubachev & Babenko (numeric embeddings), NeurIPS "
    "2022",
    prior=prior,
    keeps_rows=True,
)
