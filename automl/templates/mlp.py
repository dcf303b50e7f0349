"""A dense network for tables: numbers and categories, embedded, through two to four hidden layers.

The order of things is RealMLP's (robust scaling, smooth clipping, numeric embeddings); members that share weights
are TabM's. On 2 cores a plain network of this kind comes near boosted trees in a minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, Head, InputKind, InputSpec, Task, Template

ACCEPTS: tuple[InputKind, ...] = ("numbers", "categories")


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare widths, embeddings and rates."""
    hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=2e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=1e-2)
    hp.Float("dropout", 0.0, 0.5, default=0.15)
    hp.Float("hide_rate", 0.0, 0.1, default=0.02)
    hp.Float("label_smoothing", 0.0, 0.2, default=0.0)
    sizes = batch_sizes(facts.n_rows)
    hp.Choice("batch_size", sizes, default=sizes[-2])
    hp.Int("epochs", 10, 80, step=5, default=epochs_for(facts))
    hp.Choice("width", [128, 192, 256, 384, 512], default=256)
    hp.Int("layers", 2, 4, default=3)
    hp.Choice("block", ["plain", "residual"], default="plain")
    hp.Choice("norm", ["none", "batch", "layer"], default="batch")
    hp.Choice("activation", ["relu", "silu", "selu"], default="relu")
    hp.Choice("numeric", ["plain", "piecewise", "periodic"], default="piecewise")
    hp.Choice("numeric_dim", [4, 8, 12, 16], default=8)
    hp.Choice("bins", [8, 16, 32, 64], default=32)
    hp.Choice("category_dim", [4, 8, 16], default=8)
    hp.Choice("members", [1, 4, 8], default=1)


def batch_sizes(n_rows: int) -> list[int]:
    """Batch sizes that leave at least some eight steps an epoch."""
    return [32, 64, 128] if n_rows < 2_000 else [64, 128, 256] if n_rows < 10_000 else [128, 256, 512]


def epochs_for(facts: Facts) -> int:
    """Fewer passes over more rows; two classes are learned sooner than values or many classes."""
    n_rows = facts.n_rows
    epochs = 60 if n_rows < 5_000 else 40 if n_rows < 20_000 else 25 if n_rows < 50_000 else 15
    return max(epochs // 10 * 5, 10) if facts.n_classes == 2 else epochs


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """One network with batch norm; then members that share weights; then a deeper one without embedded numbers.

    Chosen on validation rows: values and many classes gain from fine bins and little dropout, two classes from the
    opposite. Four members were the best of both, at some one and a half times the time.
    """
    sizes = batch_sizes(facts.n_rows)
    two = facts.n_classes == 2
    first = {
        "batch_size": sizes[-2], "epochs": epochs_for(facts), "width": 256, "layers": 3, "block": "plain",
        "norm": "batch", "activation": "relu", "numeric": "piecewise", "numeric_dim": 4 if two else 16,
        "bins": 32 if two else 64, "category_dim": 8, "members": 1, "learning_rate": 2e-3,
        "weight_decay": 0.1 if two else 1e-2, "dropout": 0.3 if two else 0.1, "hide_rate": 0.02,
    }  # fmt: skip
    return [
        first,
        {**first, "members": 4, "width": 128 if two else 192},
        {**first, "numeric": "plain", "layers": 4, "block": "residual", "activation": "silu"},
    ]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.members import MemberScale
    from automl.layers.output import RawOutput, starting_bias
    from automl.layers.realmlp import BlendedActivation, FeatureScale, ScaledDense
    from automl.layers.table import category_features, number_features

    inputs = {spec.name: keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in specs}
    parts = []
    for spec in specs:
        if spec.kind == "categories":
            up_to = int(choices.get("one_hot", 0))
            parts += category_features(inputs[spec.name], spec, int(choices["category_dim"]), knobs["hide_rate"], up_to)
        else:
            if choices.get("quantile_bins"):
                import dataclasses

                spec = dataclasses.replace(spec, stats={k: v for k, v in spec.stats.items() if k != "splits"})
            dim = int(choices["numeric_dim"])
            parts.append(number_features(inputs[spec.name], spec, choices["numeric"], dim, int(choices["bins"])))
    tensors = [part.tensor for part in parts]
    x = keras.layers.Concatenate()(tensors) if len(tensors) > 1 else tensors[0]

    if choices.get("front_scale"):
        x = FeatureScale()(x)
    if choices["block"] == "scaled":
        for _ in range(int(choices["layers"])):
            x = ScaledDense(int(choices["width"]))(x)
            x = (
                BlendedActivation(choices["activation"])(x)
                if choices.get("blend", 1)
                else keras.layers.Activation(choices["activation"])(x)
            )
            x = KnobDropout(knobs["dropout"])(x)
        rate = 1 / float(x.shape[-1]) ** 0.5
        output = RawOutput(head.shape, starting_bias(head), rate=rate)(x)
        return keras.Model(inputs, output, name="mlp")
    members = int(choices["members"])
    if members > 1:
        x = MemberScale(members, start="signs")(x)
    for _ in range(int(choices["layers"])):
        before = x
        x = keras.layers.Dense(int(choices["width"]), kernel_initializer="he_normal")(x)
        if choices["norm"] == "batch":
            x = keras.layers.BatchNormalization(momentum=0.9)(x)
        elif choices["norm"] == "layer":
            x = keras.layers.LayerNormalization()(x)
        if members > 1:
            x = MemberScale(members)(x)
        x = keras.layers.Activation(choices["activation"])(x)
        x = KnobDropout(knobs["dropout"])(x)
        if choices["block"] == "residual" and before.shape[-1] == x.shape[-1]:
            x = keras.layers.Add()([before, x])
    output = RawOutput(head.shape, starting_bias(head), members=members if members > 1 else 0)(x)
    return keras.Model(inputs, output, name="mlp")


def read(x: Any, spec: InputSpec, choices: Mapping[str, Any], knobs: Mapping[str, Any]) -> Any:
    """Bring one input to ``(batch, features)``."""
    import keras

    from automl.layers.categories import CategoryEmbedding
    from automl.layers.numbers import PeriodicEmbedding, PiecewiseLinearEmbedding, RobustScale, bin_edges

    if spec.kind == "categories":
        dim = int(choices["category_dim"])
        return keras.layers.Flatten()(CategoryEmbedding(spec.stats["sizes"], dim, knobs["hide_rate"])(x))
    n_columns = int(spec.shape[0])
    median = spec.stats.get("median") or [0.0] * n_columns
    scale = spec.stats.get("scale") or [1.0] * n_columns
    quantiles = spec.stats.get("quantiles")
    if spec.name == "texts" or choices["numeric"] == "plain" or not quantiles:
        return RobustScale(median, scale)(x)
    dim = int(choices["numeric_dim"])
    if choices["numeric"] == "piecewise":
        edges = [bin_edges(column, int(choices["bins"])) for column in quantiles]
        return keras.layers.Flatten()(PiecewiseLinearEmbedding(edges, dim)(x))
    return keras.layers.Flatten()(PeriodicEmbedding(16, dim)(RobustScale(median, scale)(x)))


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """It reads numbers and categories only."""
    strangers = sorted({spec.kind for spec in specs if spec.kind not in ACCEPTS})
    if strangers or not specs:
        return f"mlp reads numbers and categories; this task has {', '.join(strangers) or 'no inputs'}"
    return None


MLP = Template(
    name="mlp",
    family="mlp",
    goals=("binary", "multiclass", "multilabel", "regression"),
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "hide_rate", "label_smoothing"),
    starts=starts,
    unfit=unfit,
    source="Holzmüller et al. (RealMLP), NeurIPS 2024; Gorishniy et al. (numeric embeddings), NeurIPS 2022; "
    "Gorishniy et al. (TabM), ICLR 2025",
)
