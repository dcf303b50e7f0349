"""A residual network of dense layers beside a linear map, from the past of a window to all steps ahead.

Each target is forecast from its own past by one network, which a learned vector tells which target it is, or all
targets together. The inputs are those of `automl.templates.shared.forecasts`.
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
    own_pasts,
    scaled_window,
    transform_for,
    unfit_window,
    usual,
    with_known,
    without_effect,
)

__all__ = ["MLP_FORECAST"]


MANY_PASTS = 40_000


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare width, blocks, the window and rates."""
    hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=2e-3)
    hp.Float("weight_decay", 1e-6, 1e-1, sampling="log", default=1e-3)
    hp.Float("dropout", 0.0, 0.5, default=0.2)
    hp.Choice(
        "batch_size",
        [32, 64, 128, 256, 512],
        default=batch_size_for(specs, facts),
    )
    hp.Choice("epochs", [3, 5, 8, 12, 20, 30, 60], default=epochs_for(n_pasts(specs, facts)))
    declare_window(hp, specs)
    hp.Choice("width", [32, 64, 128, 192, 256], default=width_for(n_pasts(specs, facts)))
    hp.Int("blocks", 1, 3, default=2)
    if "channels" not in without_effect(specs):
        hp.Choice("channels", ["apart", "joint"], default="apart")


def batch_size_for(specs: Sequence[InputSpec], facts: Facts) -> int:
    """The default batch size: at least some forty steps per epoch; fewer windows where each holds several targets."""
    size = 32 if facts.n_rows < 1_500 else 64 if facts.n_rows < 6_000 else 128
    each = n_pasts(specs, facts) // max(facts.n_rows, 1)
    return int(max(32, size // 2 ** max(each - 1, 0).bit_length()))


def epochs_for(n_pasts: int) -> int:
    """The default number of epochs: the more pasts of targets, the fewer. Windows overlap, so that few suffice."""
    return 30 if n_pasts < 500 else 8 if n_pasts < 10_000 else 5 if n_pasts < MANY_PASTS else 3


def width_for(n_pasts: int) -> int:
    """The default width: narrow where windows are few, and narrower where they take long."""
    return 64 if n_pasts < 500 else 192 if n_pasts < MANY_PASTS else 128


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """The usual context first, then others, the cheapest first."""
    first: dict[str, Any] = {
        "learning_rate": 2e-3, "weight_decay": 1e-3, "dropout": 0.2, "hide_rate": 0.02,
        "batch_size": batch_size_for(specs, facts), "epochs": epochs_for(n_pasts(specs, facts)),
        "context": context_for(specs), "transform": transform_for(specs),
        "location": "last", "width": width_for(n_pasts(specs, facts)), "blocks": 2, "channels": "apart",
    }  # fmt: skip
    longer = [steps for steps in contexts_of(specs) if steps > first["context"]]
    other = {**first, "transform": "none", "context": [*longer, first["context"]][0], "location": "mean"}
    return [usual(specs, start) for start in (first, other, {**first, "dropout": 0.4, "width": 64, "blocks": 1})]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout

    layers, width = keras.layers, int(choices["width"])
    window = scaled_window(choices, knobs, specs, head)
    x = own_pasts(window, head)  # (batch, targets, context)
    if choices.get("channels", "apart") == "joint":
        x = layers.Reshape((1, int(x.shape[1]) * int(x.shape[2])))(x)
    x = with_known(window, x, head)
    for _ in range(int(choices["blocks"])):
        straight = layers.Dense(width)(x)
        bent = layers.Dense(width)(layers.Dense(width, activation="relu")(x))
        x = layers.LayerNormalization()(layers.Add()([straight, KnobDropout(knobs["dropout"])(bent)]))
    z = known_skip(window, linear_skip(window, forecast_head(x, head), head), head)
    return forecast_network(window, z, choices, specs, "mlp_forecast")


MLP_FORECAST = Template(
    name="mlp_forecast",
    title="dense forecasting network (TiDE-like MLP)",
    family="mlp",
    goals=("forecast",),
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "hide_rate"),
    starts=starts,
    unfit=partial(unfit_window, "mlp_forecast"),
    source="Das et al. (TiDE: residual dense blocks and a linear skip connection), TMLR 2023; Zeng et al., AAAI 2023",
)
