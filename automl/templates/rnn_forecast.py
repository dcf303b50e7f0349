"""A recurrent network that forecasts all steps at once, scaled by each window's own context.

The inputs are those of `automl.templates.shared.forecasts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.forecasts import (
    ACCEPTS,
    Window,
    context_for,
    contexts_of,
    declare_window,
    forecast_network,
    linear_skip,
    n_targets,
    scaled_window,
    series_of,
    transform_for,
    unfit_window,
    usual,
    without_effect,
)

__all__ = ["RNN_FORECAST"]


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare cell, patches, scaling, skip connection and rates."""
    hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=2e-3)
    hp.Float("weight_decay", 1e-6, 1e-1, sampling="log", default=1e-3)
    hp.Float("dropout", 0.0, 0.5, default=0.1)
    hp.Choice("batch_size", [32, 64, 128, 256], default=batch_size_for(facts.n_rows))
    hp.Int("epochs", 5, 100, step=5, default=epochs_for(facts.n_rows))
    hp.Choice("cell", ["gru", "lstm"], default="gru")
    hp.Choice("units", [32, 64, 128], default=64)
    hp.Choice("patch", patches(specs), default=patch_for(specs))
    declare_window(hp, specs)
    hp.Choice("skip", ["none", "seasonal", "linear"], default="linear")
    if "channels" not in without_effect(specs):
        hp.Choice("channels", ["apart", "joint"], default="apart")
    hp.Choice("step_dim", [8, 16, 32], default=16)


def patches(specs: Sequence[InputSpec]) -> list[int]:
    """The patch lengths that are shorter than the longest context."""
    steps = contexts_of(specs)[-1]
    return [patch for patch in (1, 2, 4, 8, 16) if patch == 1 or patch < steps]


def patch_for(specs: Sequence[InputSpec]) -> int:
    """The patch length that leaves the recurrent layer at most 24 steps, or 8 where there are several targets."""
    series = series_of(specs)
    if series is None:
        return 1
    most = 8 if n_targets(series) > 1 else 24
    return next((patch for patch in (1, 2, 4, 8) if context_for(specs) / patch <= most), 16)


def batch_size_for(n_rows: int) -> int:
    """The default batch size: at least some twenty steps per epoch, and not too many."""
    return 32 if n_rows < 4_000 else 64 if n_rows < 10_000 else 128


def epochs_for(n_rows: int) -> int:
    """The default number of epochs: the more windows, the fewer."""
    return 60 if n_rows < 500 else 10 if n_rows < 10_000 else 5


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """A GRU with a linear skip connection first; below 500 windows, a smaller GRU with the seasonal one first.

    On 85 windows of a monthly series the linear skip connection was worse than the seasonal naive forecast. The
    seasonal skip connection starts from that forecast.
    """
    season = next((int(spec.stats.get("season") or 1) for spec in specs if spec.name == "series"), 1)
    few = facts.n_rows < 500
    first = {
        "learning_rate": 2e-3, "weight_decay": 1e-3, "dropout": 0.1, "hide_rate": 0.02,
        "batch_size": batch_size_for(facts.n_rows), "epochs": epochs_for(facts.n_rows), "cell": "gru", "units": 64,
        "patch": patch_for(specs), "context": context_for(specs), "transform": transform_for(specs),
        "location": "last", "skip": "linear", "channels": "apart", "step_dim": 16,
    }  # fmt: skip
    seasonal = {**first, "location": "mean", "skip": "seasonal"} if season > 1 else {**first, "skip": "none"}
    if few:
        seasonal |= {"units": 32, "dropout": 0.3, "learning_rate": 1e-3}
    joint = {**first, "cell": "lstm", "channels": "joint", "location": "mean", "dropout": 0.2}
    ordered = [seasonal, first, joint] if few else [first, seasonal, joint]
    return [usual(specs, start) for start in ordered]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.forecast import SeasonalSkip

    horizon, size, n_outputs = (int(number) for number in head.shape)
    window = scaled_window(choices, knobs, specs, head)
    n_groups = size if choices.get("channels", "joint") == "apart" else 1
    memory = remember(window, choices, knobs, n_groups)  # (batch, groups, features)
    z = foretell(memory, window, choices, knobs, head)  # (batch, groups, horizon, targets / groups · outputs)
    z = keras.layers.Reshape((horizon, size, n_outputs))(keras.layers.Permute((2, 1, 3))(z))
    if choices["skip"] == "linear":
        z = linear_skip(window, z, head)
    elif choices["skip"] == "seasonal":
        series = next(spec for spec in specs if spec.name == "series")
        past = SeasonalSkip(horizon, int(series.stats.get("season") or 1))(window.past[:, :, :size])
        z = keras.layers.Add(dtype="float32")([z, keras.layers.Reshape((horizon, size, 1))(past)])
    return forecast_network(window, z, choices, specs, "rnn_forecast")


def remember(window: Window, choices: Mapping[str, Any], knobs: Mapping[str, Any], n_groups: int) -> Any:
    """Encode the past as ``(batch, groups, features)``: a group is one target read alone, or all read together."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.forecast import ChannelsApart, GroupEmbedding

    x = ChannelsApart(n_groups)(window.past) if n_groups > 1 else window.past  # (batch · groups, context, channels)
    patch, steps = int(choices["patch"]), int(x.shape[1])
    if patch > 1 and steps > patch:
        x = keras.layers.Cropping1D((steps % patch, 0))(x)  # drops the oldest steps
        x = keras.layers.Reshape((steps // patch, patch * int(x.shape[-1])))(x)
    x = keras.layers.Dense(int(choices["units"]), activation="relu")(x)
    cell = keras.layers.LSTM if choices["cell"] == "lstm" else keras.layers.GRU
    x = cell(int(choices["units"]))(x)
    x = GroupEmbedding(n_groups, 8 if n_groups > 1 else 0)(x)  # (batch, groups, units + 8)
    if window.labels is not None:
        x = keras.layers.Concatenate()([x, keras.layers.RepeatVector(n_groups)(window.labels)])
    return KnobDropout(knobs["dropout"])(x)


def foretell(
    memory: Any, window: Window, choices: Mapping[str, Any], knobs: Mapping[str, Any], head: Head
) -> Any:  # fmt: skip
    """Scaled forecasts ``(batch, groups, horizon, targets / groups · outputs)`` from the past and the known future."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.output import starting_quantiles

    horizon, size, n_outputs = (int(size) for size in head.shape)
    n_groups, dim = int(memory.shape[1]), int(choices["step_dim"])
    x = keras.layers.Dense(horizon * dim)(memory)
    x = keras.layers.Reshape((n_groups, horizon, dim))(x)
    if window.ahead is not None:
        known = keras.layers.Dense(dim)(keras.layers.Dense(2 * dim, activation="relu")(window.ahead))
        x = keras.layers.Add()([x, keras.layers.Reshape((1, horizon, dim))(known)])
    x = KnobDropout(knobs["dropout"])(keras.layers.Activation("relu")(x))
    bias = starting_quantiles(head.quantiles) * (size // n_groups)
    # Three dimensions, not four: with a single group oneDNN's matrix product of TensorFlow 2.19 and 2.20, which Keras
    # before 3.15 calls here, writes beyond its memory.
    x = keras.layers.Reshape((n_groups * horizon, dim))(x)
    x = keras.layers.Dense(
        size // n_groups * n_outputs,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        bias_initializer=keras.initializers.Constant(bias),
        dtype="float32",
        name="steps",
    )(x)
    return keras.layers.Reshape((n_groups, horizon, size // n_groups * n_outputs))(x)


RNN_FORECAST = Template(
    name="rnn_forecast",
    title="recurrent forecasting network (GRU or LSTM)",
    family="rnn",
    goals=("forecast",),
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "hide_rate"),
    starts=starts,
    unfit=partial(unfit_window, "rnn_forecast"),
    source="Wen et al. (direct multi-horizon quantiles), 2017; Kim et al. (RevIN), ICLR 2022; Zeng et al. (linear look "
    "back), AAAI 2023; Lin et al. (SegRNN patches), 2023",
)
