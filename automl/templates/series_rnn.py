"""A recurrent network that classifies whole series or predicts a value for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.records import Facts, Head, InputSpec, Task, Template
from automl.templates.shared.predictor import predictor
from automl.templates.shared.tables import GOALS


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare cell, stem, pooling and rates."""
    hp.Float("learning_rate", 5e-4, 2e-2, sampling="log", default=5e-3)
    hp.Float("weight_decay", 1e-5, 1e-1, sampling="log", default=1e-3)
    hp.Float("dropout", 0.0, 0.6, default=0.2)
    hp.Choice("batch_size", [16, 32, 64, 128], default=batch_size_for(facts.n_rows))
    hp.Int("epochs", 10, 120, step=10, default=epochs_for(facts.n_rows))
    hp.Choice("cell", ["gru", "lstm"], default="gru")
    hp.Choice("units", [32, 48, 64, 96], default=48)
    hp.Choice("direction", ["one", "both"], default="both")
    hp.Choice("stem", ["none", "one", "three"], default="three")
    hp.Choice("filters", [32, 48, 64, 96], default=48)
    hp.Choice("stride", strides(specs), default=stride_for(specs))
    hp.Choice("scaling", ["training", "instance"], default="training")
    hp.Choice("pool", ["last", "mean", "max", "attention"], default="mean")


def strides(specs: Sequence[InputSpec]) -> list[int]:
    """The strides that leave a series of two steps or more."""
    steps = max((spec.shape[0] for spec in specs), default=1)
    return [stride for stride in (1, 2, 4, 8, 16, 32) if stride == 1 or 2 * stride <= steps]


def stride_for(specs: Sequence[InputSpec]) -> int:
    """The stride, a power of two, that shortens a series to at most 64 steps for the recurrent layer."""
    steps = max((spec.shape[0] for spec in specs), default=1)
    return next((stride for stride in (1, 2, 4, 8, 16) if steps / stride <= 64), 32)


def batch_size_for(n_rows: int) -> int:
    """The default batch size: at least some twenty steps per epoch."""
    return 16 if n_rows < 700 else 32 if n_rows < 2_500 else 64


def epochs_for(n_rows: int) -> int:
    """The default number of epochs: the more series, the fewer."""
    return 60 if n_rows < 1_000 else 40 if n_rows < 4_000 else 20


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """Convolutions under a GRU, then the classical LSTM, then instance scaling."""
    first = {
        "learning_rate": 5e-3, "weight_decay": 1e-3, "dropout": 0.2, "batch_size": batch_size_for(facts.n_rows),
        "epochs": epochs_for(facts.n_rows), "cell": "gru", "units": 48, "direction": "one", "stem": "three",
        "filters": 48, "stride": stride_for(specs), "scaling": "training", "pool": "mean",
    }  # fmt: skip
    return [
        first,
        {**first, "cell": "lstm", "direction": "both", "stem": "one", "pool": "attention"},
        {**first, "filters": 96, "units": 64, "scaling": "instance", "pool": "max", "dropout": 0.3},
    ]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.forecast import ContextScale
    from automl.layers.pixels import ChannelScale
    from automl.layers.pooling import AttentionPool

    (spec,) = specs
    inputs = keras.Input(spec.shape, name=spec.name, dtype=spec.dtype)  # (batch, steps, channels)
    x = ChannelScale(spec.stats["mean"], spec.stats["std"])(inputs)
    if choices["scaling"] == "instance":
        n_channels = int(spec.shape[-1])
        x, level, spread = ContextScale(n_channels, "mean", [0.0] * n_channels, [1.0] * n_channels)(x)
        # Scaling removes level and spread from the series, so the network gets them as features.
        moments = keras.layers.Flatten()(keras.layers.Concatenate()([level, spread]))
    parts = [moments] if choices["scaling"] == "instance" else []

    x = stem(x, str(choices["stem"]), int(choices["filters"]), int(choices["stride"]))
    if choices["stem"] != "none":
        parts.append(keras.layers.GlobalAveragePooling1D()(x))
        parts.append(keras.layers.GlobalMaxPooling1D()(x))
    x = KnobDropout(knobs["dropout"], shared_axes=(1,))(x)
    pool = str(choices["pool"])
    cell = keras.layers.LSTM if choices["cell"] == "lstm" else keras.layers.GRU
    layer = cell(int(choices["units"]), return_sequences=pool != "last")
    x = (keras.layers.Bidirectional(layer) if choices["direction"] == "both" else layer)(x)
    if pool == "attention":
        x = AttentionPool()(x)
    elif pool != "last":
        x = (keras.layers.GlobalMaxPooling1D() if pool == "max" else keras.layers.GlobalAveragePooling1D())(x)
    return predictor(spec, inputs, [x, *parts], knobs["dropout"], head, "series_rnn")


def stem(x: Any, kind: str, filters: int, stride: int) -> Any:
    """Convolutions that shorten a series by the factor `stride`; "none" averages neighbouring steps instead.

    Source: Karim et al., "LSTM Fully Convolutional Networks", IEEE Access 2018 (widths 8, 5, 3).
    """
    import keras

    if kind == "none":
        return keras.layers.AveragePooling1D(stride, padding="same")(x) if stride > 1 else x
    first = min(stride, 4) if kind == "three" else stride
    plan = [(8, first), (5, stride // first), (3, 1)] if kind == "three" else [(max(8, stride), first)]
    for width, step in plan:
        x = keras.layers.Conv1D(
            filters, width, strides=step, padding="same", use_bias=False, kernel_initializer="he_normal"
        )(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.Activation("relu")(x)
    return x


def prior(specs: Sequence[InputSpec], facts: Facts) -> float:
    """It waits until the sixth trial: decision 40 has the figures."""
    return 1 / 6


def unfit(task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why this template cannot be used: it reads exactly one series."""
    if [spec.kind for spec in specs] != ["series"]:
        return f"series_rnn reads one series; this task has {', '.join(spec.kind for spec in specs) or 'no inputs'}"
    return None


SERIES_RNN = Template(
    name="series_rnn",
    title="recurrent network (GRU or LSTM)",
    family="rnn",
    goals=GOALS,
    accepts=("series",),
    space=space,
    build=build,
    knobs=("learning_rate", "weight_decay", "dropout"),
    starts=starts,
    unfit=unfit,
    prior=prior,
    source="Hochreiter & Schmidhuber (LSTM), 1997; Cho et al. (GRU), 2014; Karim et al. (LSTM-FCN), 2018",
)
