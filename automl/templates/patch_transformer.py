"""A transformer over patches of the past, that forecasts all steps at once.

Each target is forecast from its own past, cut into overlapping patches that become tokens. The inputs are those of
`automl.templates.shared.forecasts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.forecasts import (
    ACCEPTS,
    context_for,
    contexts_of,
    declare_window,
    forecast_head,
    forecast_network,
    known_skip,
    linear_skip,
    n_pasts,
    scaled_window,
    transform_for,
    unfit_window,
    usual,
    with_known,
)

__all__ = ["PATCH_TRANSFORMER"]

HEADS = 4
MOST_TOKENS = 64
CHEAP_PASTS = 10_000


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare patches, tokens, layers, the window and rates."""
    hp.Float("learning_rate", 1e-4, 5e-3, sampling="log", default=1e-3)
    hp.Float("weight_decay", 1e-6, 1e-1, sampling="log", default=1e-3)
    hp.Float("dropout", 0.0, 0.5, default=0.1)
    hp.Choice("batch_size", [32, 64, 128, 256], default=batch_size_for(facts.n_rows))
    hp.Int("epochs", 5, 100, step=5, default=epochs_for(facts.n_rows))
    declare_window(hp, specs)
    hp.Choice("patch", patches(specs), default=patch_for(specs))
    hp.Choice("dim", [16, 32, 64, 128], default=32)
    hp.Int("layers", 1, 3, default=2)
    hp.Choice("skip", ["none", "linear"], default="linear")


def patches(specs: Sequence[InputSpec]) -> list[int]:
    """The patch lengths that leave the longest context two tokens or more."""
    longest = contexts_of(specs)[-1]
    return [patch for patch in (2, 4, 8, 16, 32) if patch == 2 or 2 * patch <= longest]


def patch_for(specs: Sequence[InputSpec]) -> int:
    """The shortest patch that leaves the usual context at most 24 tokens."""
    context, known = context_for(specs), patches(specs)
    return next((patch for patch in known if 2 * context / patch <= 24), known[-1])


def batch_size_for(n_rows: int) -> int:
    """The default batch size."""
    return 32 if n_rows < 4_000 else 64 if n_rows < 10_000 else 128


def epochs_for(n_rows: int) -> int:
    """The default number of epochs: the more windows, the fewer."""
    return 60 if n_rows < 500 else 10 if n_rows < 10_000 else 5


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """A small network with a linear skip connection first, then the paper's without one."""
    first: dict[str, Any] = {
        "learning_rate": 1e-3, "weight_decay": 1e-3, "dropout": 0.1, "hide_rate": 0.02,
        "batch_size": batch_size_for(facts.n_rows), "epochs": epochs_for(facts.n_rows), "context": context_for(specs),
        "transform": transform_for(specs),
        "location": "mean", "patch": patch_for(specs), "dim": 32, "layers": 2, "skip": "linear",
    }  # fmt: skip
    longer = [{**first, "context": steps} for steps in contexts_of(specs) if steps > first["context"]]
    return [usual(specs, start) for start in (first, *longer[:1], {**first, "skip": "none", "dim": 64, "dropout": 0.2})]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.attention import TokenAttention
    from automl.layers.dropout import KnobDropout
    from automl.layers.forecast import ChannelsApart, GroupEmbedding
    from automl.layers.positions import PositionEmbedding

    layers, dim = keras.layers, int(choices["dim"])
    n_targets = int(head.shape[1])
    window = scaled_window(choices, knobs, specs, head)
    x = ChannelsApart(n_targets)(window.past)  # (batch · targets, context, 1 + covariates)
    steps = int(x.shape[1])
    patch = min(int(choices["patch"]), steps)
    stride = max(1, patch // 2, -(-steps // MOST_TOKENS))
    oldest = (steps - patch) % stride
    if oldest:
        x = layers.Cropping1D((oldest, 0))(x)
    x = PositionEmbedding()(layers.Conv1D(dim, patch, strides=stride)(x))  # (batch · targets, tokens, dim)
    for _ in range(int(choices["layers"])):
        asked = TokenAttention(HEADS, knobs["dropout"])(layers.LayerNormalization()(x))
        x = layers.Add()([x, KnobDropout(knobs["dropout"])(asked)])
        wide = layers.Dense(2 * dim, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, KnobDropout(knobs["dropout"])(layers.Dense(dim)(wide))])
    x = layers.Reshape((int(x.shape[1]) * dim,))(layers.LayerNormalization()(x))
    x = GroupEmbedding(n_targets, 0)(x)  # (batch, targets, features)
    x = with_known(window, x, head, context_of_others=False)
    z = forecast_head(KnobDropout(knobs["dropout"])(x), head)
    if choices["skip"] == "linear":
        z = linear_skip(window, z, head)
    return forecast_network(window, known_skip(window, z, head), choices, specs, "patch_transformer")


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """Half of the usual prior, and a quarter where pasts are many: a trial takes ten times as long as a dense one.

    On sunspots it is ahead of all others by validation, on ETTh1 behind them (decision 39).
    """
    return 0.5 if n_pasts(specs, facts) <= CHEAP_PASTS else 0.25


PATCH_TRANSFORMER = Template(
    name="patch_transformer",
    title="transformer on patches of the past (PatchTST)",
    family="transformer",
    goals=("forecast",),
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "hide_rate"),
    starts=starts,
    unfit=partial(unfit_window, "patch_transformer"),
    prior=prior,
    source="Nie et al., A Time Series is Worth 64 Words (PatchTST), ICLR 2023",
)
