"""Stacks of dense networks, each reading the past at its own resolution and explaining what the ones before left over.

A stack pools the past, and gives a few knots of the horizon and of the past, between which lines are drawn; what it
explains of the past is taken away before the next, finer stack. Each target is forecast from its own past. The inputs
are those of `automl.templates.shared.forecasts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.mlp_forecast import batch_size_for
from automl.templates.shared.forecasts import (
    ACCEPTS,
    context_for,
    contexts_of,
    declare_window,
    forecast_network,
    known_skip,
    linear_skip,
    n_pasts,
    own_pasts,
    scaled_window,
    series_of,
    transform_for,
    unfit_window,
    usual,
    with_known,
)

__all__ = ["NHITS"]

POOLS = {"coarse": (8, 4, 1), "fine": (4, 2, 1), "two": (2, 1)}


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare stacks, width, the window and rates."""
    hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=1e-3)
    hp.Float("weight_decay", 1e-6, 1e-1, sampling="log", default=1e-3)
    hp.Float("dropout", 0.0, 0.5, default=0.1)
    hp.Choice(
        "batch_size",
        [32, 64, 128, 256, 512],
        default=batch_size_for(specs, facts),
    )
    hp.Choice("epochs", [3, 5, 8, 12, 20, 30, 60], default=epochs_for(n_pasts(specs, facts)))
    declare_window(hp, specs)
    hp.Choice("stacks", list(POOLS), default=stacks_for(specs))
    hp.Choice("width", [32, 64, 128, 160, 256], default=width_for(facts.n_rows))
    hp.Int("layers", 1, 3, default=2)
    hp.Choice("skip", ["none", "linear"], default="linear")


def epochs_for(n_pasts: int) -> int:
    """The default number of epochs: the more pasts of targets, the fewer. Stacks fit quickly, and then overfit."""
    return 60 if n_pasts < 500 else 5 if n_pasts < 40_000 else 3


def location_for(specs: Sequence[InputSpec]) -> str:
    """The mean of a past that has a season; the last value of one that has none, whose mean is of long ago."""
    series = series_of(specs)
    return "mean" if series is not None and int(series.stats.get("season") or 1) > 1 else "last"


def stacks_for(specs: Sequence[InputSpec]) -> str:
    """The coarse stacks need a past of 32 steps."""
    return "coarse" if context_for(specs) >= 32 else "two"


def width_for(n_rows: int) -> int:
    """The default width: narrow where windows are few."""
    return 64 if n_rows < 500 else 160


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """The usual context first, then a longer one, then one without the linear skip connection."""
    first: dict[str, Any] = {
        "learning_rate": 1e-3, "weight_decay": 1e-3, "dropout": 0.1, "hide_rate": 0.02,
        "batch_size": batch_size_for(specs, facts), "epochs": epochs_for(n_pasts(specs, facts)),
        "context": context_for(specs), "transform": transform_for(specs),
        "location": location_for(specs), "stacks": stacks_for(specs), "width": width_for(facts.n_rows), "layers": 2,
        "skip": "linear",
    }  # fmt: skip
    longer = [{**first, "context": steps} for steps in contexts_of(specs) if steps > first["context"]]
    return [usual(specs, start) for start in (first, *longer[:1], {**first, "skip": "none", "stacks": "fine"})]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.forecast import Interpolate
    from automl.layers.output import starting_quantiles

    layers = keras.layers
    horizon, n_targets, n_outputs = (int(size) for size in head.shape)
    small = keras.initializers.RandomNormal(stddev=0.01)
    window = scaled_window(choices, knobs, specs, head)
    left = own_pasts(window, head)  # (batch, targets, context): what is not explained yet
    context = int(left.shape[-1])
    pools = [pool for pool in POOLS[choices["stacks"]] if pool == 1 or 2 * pool <= context]
    forecasts = []
    for number, pool in enumerate(pools):
        x = left
        if pool > 1:
            x = layers.Permute((2, 1))(layers.MaxPooling1D(pool)(layers.Permute((2, 1))(left)))
        x = with_known(window, x, head)
        for _ in range(int(choices["layers"])):
            x = KnobDropout(knobs["dropout"])(layers.Dense(int(choices["width"]), activation="relu")(x))
        n_ahead, n_back = min(horizon, max(2, horizon // pool)), min(context, max(4, context // pool))
        bias = starting_quantiles(head.quantiles) if number == 0 else [0.0] * n_outputs
        start = keras.initializers.Constant([value for value in bias for _ in range(n_ahead)])
        ahead = layers.Dense(
            n_outputs * n_ahead, kernel_initializer=small, bias_initializer=start, dtype="float32", name=f"ahead_{pool}"
        )(x)
        ahead = Interpolate(horizon, dtype="float32")(layers.Reshape((n_targets * n_outputs, n_ahead))(ahead))
        forecasts.append(ahead)
        if number < len(pools) - 1:
            back = layers.Dense(n_back, kernel_initializer=small)(x)
            left = layers.Subtract()([left, Interpolate(context)(back)])
    z = layers.Add(dtype="float32")(forecasts) if len(forecasts) > 1 else forecasts[0]
    z = layers.Permute((3, 1, 2))(layers.Reshape((n_targets, n_outputs, horizon))(z))
    if choices["skip"] == "linear":
        z = linear_skip(window, z, head)
    return forecast_network(window, known_skip(window, z, head), choices, specs, "nhits")


NHITS = Template(
    name="nhits",
    title="hierarchical dense forecasting network (N-HiTS)",
    family="mlp",
    goals=("forecast",),
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "hide_rate"),
    starts=starts,
    unfit=partial(unfit_window, "nhits"),
    source="Challu et al., N-HiTS: Neural Hierarchical Interpolation for Time Series Forecasting, AAAI 2023",
)
