"""TabM: an ensemble inside one network; its members share all large weights.

Member i reads the same features x through adapters of its own (those of BatchEnsemble, initialised as in TabM):
``h_i = ReLU(s_i ⊙ W (r_i ⊙ x) + b_i)``. Only the first r is random, one number for each column; all other r and s start
at one. Each member has its own output layer and its own loss. The members' predictions (values or probabilities) are
averaged. Numbers are embedded piecewise linearly, in bins from a tree fitted to the target. The features of a free text
or an image count as one column.
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


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare widths, embeddings and rates."""
    hp.Float("learning_rate", 3e-4, 2e-2, sampling="log", default=4e-3)
    hp.Float("weight_decay", 1e-5, 3e-1, sampling="log", default=1e-2)
    hp.Float("dropout", 0.0, 0.5, default=0.1)
    declare_hide_rate(hp, specs)
    sizes = batch_sizes(facts.n_rows)
    hp.Choice("batch_size", sizes, default=sizes[-2])
    hp.Int("epochs", 10, 80, step=5, default=epochs_for(facts))
    hp.Choice("width", [96, 128, 192, 256, 384], default=192)
    hp.Int("layers", 1, 4, default=2)
    hp.Choice("members", [4, 8, 16, 32], default=8)
    hp.Choice("adapters", ["mini", "full"], default="full")
    hp.Choice("norm", ["none", "batch"], default="none")
    declare_embeddings(hp, specs, (4, 8, 12, 16, 24), 12)
    declare_stems(hp, specs)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """Four members with batch norm, the fastest; then eight without it, the best where there is more time.

    Chosen on validation rows (decision 10). Binary tasks gain from a smaller network with more dropout, as in `mlp`.
    On small tables eight members with periodic embeddings and much dropout come first (decision 36).
    """
    sizes = batch_sizes(facts.n_rows)
    two = facts.n_classes == 2
    costly = {
        "batch_size": sizes[-2], "epochs": epochs_for(facts), "width": 128 if two else 192, "layers": 2 if two else 3,
        "members": 8, "adapters": "full", "norm": "none", "numeric": "piecewise",
        "numeric_dim": 8 if two else 16, "bins": 32 if two else 64, "bins_by": "target", "category_dim": 8,
        "learning_rate": 8e-3, "weight_decay": 0.1 if two else 1e-2, "dropout": 0.3 if two else 0.1, "hide_rate": 0.02,
    }  # fmt: skip
    fast = {**costly, "members": 4, "norm": "batch", "learning_rate": 2.5e-3}
    if facts.n_rows >= SMALL_TABLE:
        return table_starts(specs, [fast, costly])
    dropped = {
        **costly, "batch_size": sizes[0], "width": 256, "layers": 3, "numeric": "periodic", "numeric_dim": 12,
        "bins": 32, "learning_rate": 4.6e-3, "weight_decay": 7e-3, "dropout": 0.36, "hide_rate": 0.06,
    }  # fmt: skip
    shared = {
        **costly, "batch_size": sizes[1], "width": 128, "layers": 4, "adapters": "mini", "norm": "batch",
        "numeric": "periodic", "numeric_dim": 4, "bins": 8, "bins_by": "quantiles", "learning_rate": 2.9e-3,
        "weight_decay": 7e-3, "dropout": 0.35, "hide_rate": 0.035,
    }  # fmt: skip
    return table_starts(specs, [dropped, costly, shared, fast])


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.members import MemberScale
    from automl.layers.output import RawOutput, starting_bias

    inputs, features = fused_features(specs, choices, knobs, ONE_HOT_UP_TO)
    members, full = int(choices["members"]), choices["adapters"] == "full"
    x = MemberScale(members, "signs", features.sizes)(features.tensor)
    for number in range(int(choices["layers"])):
        if full and number:
            x = MemberScale(members)(x)
        x = keras.layers.Dense(int(choices["width"]), use_bias=not full, kernel_initializer="he_normal")(x)
        if choices["norm"] == "batch":
            x = keras.layers.BatchNormalization(momentum=0.9)(x)
        if full:
            x = MemberScale(members, bias=True)(x)
        x = KnobDropout(knobs["dropout"])(keras.layers.Activation("relu")(x))
    output = RawOutput(head.shape, starting_bias(head), members, link=head.activation)(x)
    return keras.Model(inputs, output, name="tabm")


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """Halved for all but binary tasks: there `retrieval` is better in the same time and comes first (decision 10).

    On small tables it comes right after `mlp`, whatever the task (decision 36).
    """
    return 1.0 if facts.n_classes == 2 else 0.95 if facts.n_rows < SMALL_TABLE else 0.5


TABM = Template(
    name="tabm",
    title="ensemble of dense networks in one (TabM)",
    family="mlp",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=DENSE_KNOBS,
    starts=starts,
    unfit=partial(no_table, "tabm"),
    source="Gorishniy, Kotelnikov & Babenko (TabM), ICLR 2025; Gorishniy et al. (numeric embeddings), NeurIPS 2022",
    prior=prior,
)
