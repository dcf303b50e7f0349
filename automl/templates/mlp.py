"""A dense network for tables: embedded numbers and categories, then two to four hidden layers.

Each free text or image among the columns is read by a stem of its own; its features are concatenated with the others.

Much of it is taken from RealMLP (Holzmüller, Grinsztajn & Steinwart, NeurIPS 2024, section 3):

- robust scaling with smooth clipping ``z / sqrt(1 + (z / 3)²)``;
- one-hot encoding of a column with few levels, a learned embedding where there are more;
- a learned factor for each feature before features are mixed, ``x ← s ⊙ x``;
- numeric embeddings;
- a short memory of the optimizer's second moment (β₂ = 0.95).

Before the hidden layers features may be crossed, ``x ← x₀ ⊙ (U V x + b) + x`` (DCN V2, Wang et al., WWW 2021). This
multiplies features with each other, which dense layers learn only slowly. Three things differ from RealMLP because
training takes seconds here: batch norm, bins in place of periodic embeddings, and a single cosine schedule
(decision 10). On 2 cores a plain network of this kind comes near boosted trees in a minute.
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
    epochs_for,
    no_table,
    table_starts,
)

CROSS_RANK = 64


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare widths, embeddings and rates."""
    hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=2e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=1e-2)
    hp.Float("dropout", 0.0, 0.5, default=0.15)
    declare_hide_rate(hp, specs)
    sizes = batch_sizes(facts.n_rows)
    hp.Choice("batch_size", sizes, default=sizes[-2])
    hp.Int("epochs", 10, 80, step=5, default=epochs_for(facts))
    hp.Choice("width", [128, 192, 256, 384, 512], default=256)
    hp.Int("layers", 2, 4, default=3)
    hp.Choice("block", ["plain", "residual"], default="plain")
    hp.Choice("norm", ["none", "batch", "layer"], default="batch")
    hp.Choice("activation", ["relu", "silu", "selu", "mish"], default="relu")
    hp.Boolean("front_scale", default=True)
    hp.Int("crosses", 0, 3, default=0)
    declare_embeddings(hp, specs)
    declare_stems(hp, specs)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """First a network with batch norm and bins chosen by the target, then a deeper one without numeric embeddings.

    The settings were chosen on validation rows. Regression and multiclass tasks gain from crosses, fine bins and little
    dropout; binary tasks gain from the opposite. Small tables gain most from much dropout without batch norm and from
    periodic embeddings; these starts come first there (decision 36).
    """
    sizes = batch_sizes(facts.n_rows)
    two = facts.n_classes == 2
    dropped = {
        "batch_size": sizes[0], "epochs": epochs_for(facts), "width": 384, "layers": 4, "block": "plain",
        "norm": "none", "activation": "mish", "front_scale": False, "crosses": 0, "numeric": "periodic",
        "numeric_dim": 8, "bins": 32, "bins_by": "target", "category_dim": 8, "learning_rate": 3e-3,
        "weight_decay": 7e-3, "dropout": 0.36, "hide_rate": 0.06,
    }  # fmt: skip
    residual = {
        "batch_size": sizes[2], "epochs": epochs_for(facts), "width": 128, "layers": 4, "block": "residual",
        "norm": "none", "activation": "relu", "front_scale": True, "crosses": 1, "numeric": "periodic",
        "numeric_dim": 8, "bins": 16, "bins_by": "quantiles", "category_dim": 4, "learning_rate": 5e-4,
        "weight_decay": 1.2e-2, "dropout": 0.1, "hide_rate": 0.007,
    }  # fmt: skip
    first = {
        "batch_size": sizes[-2], "epochs": epochs_for(facts), "width": 256, "layers": 3, "block": "plain",
        "norm": "batch", "activation": "relu", "front_scale": True, "crosses": 0 if two else 2, "numeric": "piecewise",
        "numeric_dim": 4 if two else 16, "bins": 32 if two else 64, "bins_by": "target", "category_dim": 8,
        "learning_rate": 2e-3, "weight_decay": 0.1 if two else 1e-2, "dropout": 0.3 if two else 0.1, "hide_rate": 0.02,
    }  # fmt: skip
    plain = {**first, "numeric": "plain", "layers": 4, "block": "residual", "activation": "silu"}
    few = facts.n_rows < SMALL_TABLE
    return table_starts(specs, [dropped, residual, plain, first] if few else [first, plain])


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.output import RawOutput, starting_bias
    from automl.layers.scale import FeatureScale

    inputs, features = fused_features(specs, choices, knobs, ONE_HOT_UP_TO)
    x = features.tensor
    if choices["front_scale"]:
        x = FeatureScale()(x)
    x = crossed(x, int(choices["crosses"]))
    for _ in range(int(choices["layers"])):
        before = x
        x = keras.layers.Dense(int(choices["width"]), kernel_initializer="he_normal")(x)
        if choices["norm"] == "batch":
            x = keras.layers.BatchNormalization(momentum=0.9)(x)
        elif choices["norm"] == "layer":
            x = keras.layers.LayerNormalization()(x)
        x = keras.layers.Activation(choices["activation"])(x)
        x = KnobDropout(knobs["dropout"])(x)
        if choices["block"] == "residual" and before.shape[-1] == x.shape[-1]:
            x = keras.layers.Add()([before, x])
    return keras.Model(inputs, RawOutput(head.shape, starting_bias(head))(x), name="mlp")


def crossed(x: Any, n_crosses: int) -> Any:
    """Features and their products: ``(batch, size)`` → ``(batch, size)``.

    Source: Wang et al., "DCN V2", WWW 2021, section 3.4 (stacked) and 4 (low rank).
    """
    import keras

    first = x
    for _ in range(n_crosses):
        mixed = keras.layers.Dense(CROSS_RANK, use_bias=False)(x)
        mixed = keras.layers.Dense(first.shape[-1])(mixed)
        x = keras.layers.Add()([keras.layers.Multiply()([first, mixed]), x])
    return x


MLP = Template(
    name="mlp",
    title="dense network (MLP)",
    family="mlp",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=DENSE_KNOBS,
    starts=starts,
    unfit=partial(no_table, "mlp"),
    source="Holzmüller, Grinsztajn & Steinwart (RealMLP), NeurIPS 2024; Gorishniy, Rubachev & Babenko (numeric "
    "embeddings), NeurIPS 2022",
)
