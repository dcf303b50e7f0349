"""A recurrent network that forecasts all steps at once, scaled by each window's own context.

It reads these inputs, by spec name:

- "series" ``(context, channels)``: raw values, the targets first;
- "future" ``(horizon, features)``: what is known in advance (calendar, covariates);
- any categories: which series of the panel it is.

The encoder may give ``stats["season"]`` in the "series" spec. It is the season of the seasonal skip connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, Head, InputSpec, Task, Template


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare cell, patches, scaling, skip connection and rates."""
    hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=2e-3)
    hp.Float("weight_decay", 1e-6, 1e-1, sampling="log", default=1e-3)
    hp.Float("dropout", 0.0, 0.5, default=0.1)
    if "hide_rate" not in without_effect(specs):
        hp.Float("hide_rate", 0.0, 0.2, default=0.02)
    hp.Choice("batch_size", [32, 64, 128, 256], default=batch_size_for(facts.n_rows))
    hp.Int("epochs", 5, 100, step=5, default=epochs_for(facts.n_rows))
    hp.Choice("cell", ["gru", "lstm"], default="gru")
    hp.Choice("units", [32, 64, 128], default=64)
    hp.Choice("patch", patches(specs), default=patch_for(specs))
    hp.Choice("location", ["mean", "last"], default="last")
    hp.Choice("skip", ["none", "seasonal", "linear"], default="linear")
    if "channels" not in without_effect(specs):
        hp.Choice("channels", ["apart", "joint"], default="apart")
    hp.Choice("step_dim", [8, 16, 32], default=16)


def without_effect(specs: Sequence[InputSpec]) -> frozenset[str]:
    """Names of the settings that cannot matter: of labels where there are none, and of targets where there is one."""
    series = [spec for spec in specs if spec.name == "series"]
    is_idle = {
        "hide_rate": not any(spec.kind == "categories" for spec in specs),
        "channels": max((n_targets(spec) for spec in series), default=1) == 1,
    }
    return frozenset(name for name, idle in is_idle.items() if idle)


def n_targets(series: InputSpec) -> int:
    """The number of targets in a series."""
    return int(series.stats.get("n_targets") or series.shape[-1])


def patches(specs: Sequence[InputSpec]) -> list[int]:
    """The patch lengths that are shorter than the series."""
    steps = max((int(spec.shape[0]) for spec in specs if spec.name == "series"), default=1)
    return [patch for patch in (1, 2, 4, 8, 16) if patch == 1 or patch < steps]


def patch_for(specs: Sequence[InputSpec]) -> int:
    """The patch length that leaves the recurrent layer at most 24 steps, or 8 where there are several targets."""
    series = next((spec for spec in specs if spec.name == "series"), None)
    if series is None:
        return 1
    most = 8 if n_targets(series) > 1 else 24
    return next((patch for patch in (1, 2, 4, 8) if series.shape[0] / patch <= most), 16)


def batch_size_for(n_rows: int) -> int:
    """The default batch size: at least some twenty steps per epoch, and not too many."""
    return 32 if n_rows < 4_000 else 64 if n_rows < 10_000 else 128


def epochs_for(n_rows: int) -> int:
    """The default number of epochs: the more windows, the fewer."""
    return 60 if n_rows < 500 else 30 if n_rows < 4_000 else 15 if n_rows < 10_000 else 8


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """A GRU with a linear skip connection first; below 500 windows, a smaller GRU with the seasonal one first.

    On 85 windows of a monthly series the linear skip connection was worse than the seasonal naive forecast. The
    seasonal skip connection starts from that forecast.
    """
    season = next((int(spec.stats.get("season") or 1) for spec in specs if spec.name == "series"), 1)
    few = facts.n_rows < 500
    usual = {
        "learning_rate": 2e-3, "weight_decay": 1e-3, "dropout": 0.1, "hide_rate": 0.02,
        "batch_size": batch_size_for(facts.n_rows), "epochs": epochs_for(facts.n_rows), "cell": "gru", "units": 64,
        "patch": patch_for(specs), "location": "last", "skip": "linear", "channels": "apart", "step_dim": 16,
    }  # fmt: skip
    seasonal = {**usual, "location": "mean", "skip": "seasonal"} if season > 1 else {**usual, "skip": "none"}
    if few:
        seasonal |= {"units": 32, "dropout": 0.3, "learning_rate": 1e-3}
    joint = {**usual, "cell": "lstm", "channels": "joint", "location": "mean", "dropout": 0.2}
    idle = without_effect(specs)
    ordered = [seasonal, usual, joint] if few else [usual, seasonal, joint]
    return [{name: value for name, value in start.items() if name not in idle} for start in ordered]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.forecast import ContextRestore, ContextScale, SeasonalSkip

    horizon, n_targets, n_outputs = (int(size) for size in head.shape)
    inputs = {spec.name: keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in specs}
    series = next(spec for spec in specs if spec.name == "series")
    scale = ContextScale(n_targets, choices["location"], series.stats["mean"], series.stats["std"])
    z, location, spread = scale(inputs["series"])  # (batch, context, channels), (batch, 1, targets) twice

    n_groups = n_targets if choices.get("channels", "joint") == "apart" else 1
    memory = remember(z, inputs, specs, choices, knobs, n_groups)  # (batch, groups, features)
    z_hat = foretell(
        memory, inputs, specs, choices, knobs, head
    )  # (batch, groups, horizon, targets / groups · outputs)
    z_hat = keras.layers.Permute((2, 1, 3))(z_hat)
    z_hat = keras.layers.Reshape((horizon, n_targets, n_outputs))(z_hat)
    if choices["skip"] != "none":
        past = z[:, :, :n_targets]
        if choices["skip"] == "seasonal":
            past = SeasonalSkip(horizon, int(series.stats.get("season") or 1))(past)
        else:  # one linear map from the past to the horizon, shared by all targets (Zeng et al., AAAI 2023)
            past = keras.layers.Permute((2, 1))(past)
            past = keras.layers.Dense(horizon, kernel_initializer="zeros", dtype="float32", name="look_back")(past)
            past = keras.layers.Permute((2, 1))(past)
        past = keras.layers.Reshape((horizon, n_targets, 1))(past)
        z_hat = keras.layers.Add(dtype="float32")([z_hat, past])
    return keras.Model(inputs, ContextRestore()([z_hat, location, spread]), name="rnn_forecast")


def remember(
    z: Any, inputs: Mapping[str, Any], specs: Sequence[InputSpec], choices: Mapping[str, Any],
    knobs: Mapping[str, Any], n_groups: int,
) -> Any:  # fmt: skip
    """Encode the past as ``(batch, groups, features)``: a group is one target read alone, or all read together."""
    import keras

    from automl.layers.categories import CategoryEmbedding
    from automl.layers.dropout import KnobDropout
    from automl.layers.forecast import ChannelsApart, GroupEmbedding

    x = ChannelsApart(n_groups)(z) if n_groups > 1 else z  # (batch · groups, context, channels)
    patch, steps = int(choices["patch"]), int(x.shape[1])
    if patch > 1 and steps > patch:
        x = keras.layers.Cropping1D((steps % patch, 0))(x)  # drops the oldest steps
        x = keras.layers.Reshape((steps // patch, patch * int(x.shape[-1])))(x)
    x = keras.layers.Dense(int(choices["units"]), activation="relu")(x)
    cell = keras.layers.LSTM if choices["cell"] == "lstm" else keras.layers.GRU
    x = cell(int(choices["units"]))(x)
    x = GroupEmbedding(n_groups, 8 if n_groups > 1 else 0)(x)  # (batch, groups, units + 8)
    hide_rate = knobs.get("hide_rate", 0.0)
    labels = [
        keras.layers.Flatten()(CategoryEmbedding(spec.stats["sizes"], 8, hide_rate)(inputs[spec.name]))
        for spec in specs
        if spec.kind == "categories"
    ]
    for label in labels:
        x = keras.layers.Concatenate()([x, keras.layers.RepeatVector(n_groups)(label)])
    return KnobDropout(knobs["dropout"])(x)


def foretell(
    memory: Any, inputs: Mapping[str, Any], specs: Sequence[InputSpec], choices: Mapping[str, Any],
    knobs: Mapping[str, Any], head: Head,
) -> Any:  # fmt: skip
    """Scaled forecasts ``(batch, groups, horizon, targets / groups · outputs)`` from the past and the known future."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.output import starting_quantiles
    from automl.layers.pixels import ChannelScale

    horizon, n_targets, n_outputs = (int(size) for size in head.shape)
    n_groups, dim = int(memory.shape[1]), int(choices["step_dim"])
    x = keras.layers.Dense(horizon * dim)(memory)
    x = keras.layers.Reshape((n_groups, horizon, dim))(x)
    for spec in specs:
        if spec.name == "future" and spec.shape[-1]:
            known = ChannelScale(spec.stats.get("mean", 0.0), spec.stats.get("std", 1.0))(inputs["future"])
            known = keras.layers.Dense(dim)(keras.layers.Dense(2 * dim, activation="relu")(known))
            x = keras.layers.Add()([x, keras.layers.Reshape((1, horizon, dim))(known)])
    x = KnobDropout(knobs["dropout"])(keras.layers.Activation("relu")(x))
    bias = starting_quantiles(head.quantiles) * (n_targets // n_groups)
    # Three dimensions, not four: with a single group oneDNN's matrix product of TensorFlow 2.19 and 2.20, which Keras
    # before 3.15 calls here, writes beyond its memory.
    x = keras.layers.Reshape((n_groups * horizon, dim))(x)
    x = keras.layers.Dense(
        n_targets // n_groups * n_outputs,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        bias_initializer=keras.initializers.Constant(bias),
        dtype="float32",
        name="steps",
    )(x)
    return keras.layers.Reshape((n_groups, horizon, n_targets // n_groups * n_outputs))(x)


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it needs a "series" input, and may also read "future" and categories."""
    if task.horizon is None:
        return "rnn_forecast needs a horizon; this task has none"
    if not any(spec.name == "series" for spec in specs):
        return f"rnn_forecast needs an input named series; this task has {', '.join(spec.name for spec in specs)}"
    strangers = [spec.name for spec in specs if spec.name not in ("series", "future") and spec.kind != "categories"]
    return f"rnn_forecast cannot read {', '.join(strangers)}" if strangers else None


RNN_FORECAST = Template(
    name="rnn_forecast",
    family="rnn",
    goals=("forecast",),
    accepts=("series", "numbers", "categories"),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout", "hide_rate"),
    starts=starts,
    unfit=unfit,
    source="Wen et al. (direct multi-horizon quantiles), 2017; Kim et al. (RevIN), ICLR 2022; Zeng et al. (linear look "
    "back), AAAI 2023; Lin et al. (SegRNN patches), 2023",
)
