"""What the forecasting templates share: the settings of a window, and the way from raw values to a scale and back.

They read these inputs, by spec name:

- "series" ``(longest context, channels)``: raw values, the targets first;
- "future" ``(horizon, features)``: what is known in advance (calendar, covariates);
- any categories: which series of the panel it is.

The encoder gives in the stats of "series" the "contexts" and "transforms" to choose among, the "season", and the least
and highest training values of the targets, "low" and "high".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.records import Facts, Head, InputKind, InputSpec, Task

__all__ = [
    "ACCEPTS",
    "Window",
    "context_for",
    "contexts_of",
    "declare_window",
    "forecast_head",
    "forecast_network",
    "known_skip",
    "linear_skip",
    "n_pasts",
    "n_targets",
    "own_pasts",
    "scaled_window",
    "series_of",
    "transform_for",
    "unfit_window",
    "usual",
    "with_known",
    "without_effect",
]  # fmt: skip

ACCEPTS: tuple[InputKind, ...] = ("series", "numbers", "categories")
AHEAD_SIZE = 4
LABEL_SIZE = 8
STEP_SIZE = 16


def series_of(specs: Sequence[InputSpec]) -> InputSpec | None:
    """The spec of the past."""
    return next((spec for spec in specs if spec.name == "series"), None)


def n_targets(series: InputSpec) -> int:
    """The number of targets in a series."""
    return int(series.stats.get("n_targets") or series.shape[-1])


def n_pasts(specs: Sequence[InputSpec], facts: Facts) -> int:
    """Pasts of single targets in an epoch, which is what an epoch costs where each target is read alone."""
    series = series_of(specs)
    return facts.n_rows * (1 if series is None else n_targets(series))


def contexts_of(specs: Sequence[InputSpec]) -> list[int]:
    """The contexts to choose among, ascending; the last one is the whole past."""
    series = series_of(specs)
    if series is None:
        return [1]
    return sorted({int(steps) for steps in series.stats.get("contexts", ())} | {int(series.shape[0])})


def transforms_of(specs: Sequence[InputSpec]) -> list[str]:
    """The transforms that all training values admit."""
    series = series_of(specs)
    return ["none"] if series is None else list(series.stats.get("transforms", ["none"]))


def context_for(specs: Sequence[InputSpec]) -> int:
    """The context to start with."""
    choices, series = contexts_of(specs), series_of(specs)
    start = None if series is None else series.stats.get("start")
    return int(start) if start in choices else choices[-1]


def without_effect(specs: Sequence[InputSpec]) -> frozenset[str]:
    """Names of the settings that cannot matter: of labels where there are none, and of targets where there is one."""
    series = series_of(specs)
    is_idle = {
        "hide_rate": not any(spec.kind == "categories" for spec in specs),
        "channels": series is None or n_targets(series) == 1,
        "context": len(contexts_of(specs)) == 1,
        "transform": len(transforms_of(specs)) == 1,
    }
    return frozenset(name for name, idle in is_idle.items() if idle)


def declare_window(hp: Any, specs: Sequence[InputSpec]) -> None:
    """Declare context, transform, location and the rate at which labels are hidden, where they matter."""
    idle = without_effect(specs)
    if "hide_rate" not in idle:
        hp.Float("hide_rate", 0.0, 0.2, default=0.02)
    if "context" not in idle:
        hp.Choice("context", contexts_of(specs), default=context_for(specs))
    if "transform" not in idle:
        hp.Choice("transform", transforms_of(specs), default=transform_for(specs))
    hp.Choice("location", ["mean", "last"], default="last")


def transform_for(specs: Sequence[InputSpec]) -> str:
    """The transform to start with: the logarithm of positive values, the root of values from zero, else none."""
    return transforms_of(specs)[-1]


def usual(specs: Sequence[InputSpec], start: Mapping[str, Any]) -> dict[str, Any]:
    """A start without the settings that cannot matter for the inputs."""
    idle = without_effect(specs)
    return {name: value for name, value in start.items() if name not in idle}


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The inputs of a network, on the scale that it works on.

    Attributes:
        inputs: by spec name.
        past: ``(batch, context, channels)``, the targets first, scaled.
        location: ``(batch, 1, targets)`` of each window, on the scale of the transform.
        spread: the same.
        ahead: ``(batch, horizon, features)`` of what is known in advance, standardised, or None.
        labels: ``(batch, features)`` of the series, or None.
    """

    inputs: Mapping[str, Any]
    past: Any
    location: Any
    spread: Any
    ahead: Any
    labels: Any


def scaled_window(
    choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head
) -> Window:  # fmt: skip
    """Inputs, cut to the context, transformed and scaled by the context's own location and spread."""
    import keras

    from automl.layers.categories import CategoryEmbedding
    from automl.layers.forecast import ContextScale, ValueTransform
    from automl.layers.pixels import ChannelScale

    size = int(head.shape[1])
    inputs = {spec.name: keras.Input(spec.shape, name=spec.name, dtype=spec.dtype) for spec in specs}
    series = next(spec for spec in specs if spec.name == "series")
    past, std = inputs["series"], list(map(float, series.stats["std"]))
    longest = int(series.shape[0])
    context = min(int(choices.get("context", longest)), longest)
    if context < longest:
        past = keras.layers.Cropping1D((longest - context, 0))(past)
    power = str(choices.get("transform", "none"))
    if power != "none":
        low = [0.01 * float(value) for value in series.stats["low"]]
        past = ValueTransform(power, size, low)(past)
        std = [*([1.0] * size), *std[size:]]
    past, location, spread = ContextScale(size, choices["location"], series.stats["mean"], std)(past)
    future = next((spec for spec in specs if spec.name == "future" and spec.shape[-1]), None)
    ahead = None
    if future is not None:
        ahead = ChannelScale(future.stats.get("mean", 0.0), future.stats.get("std", 1.0))(inputs["future"])
    labels = [
        keras.layers.Flatten()(
            CategoryEmbedding(spec.stats["sizes"], LABEL_SIZE, knobs.get("hide_rate", 0.0))(inputs[spec.name])
        )
        for spec in specs
        if spec.kind == "categories"
    ]
    label = keras.layers.Concatenate()(labels) if len(labels) > 1 else labels[0] if labels else None
    return Window(inputs, past, location, spread, ahead, label)


def forecast_network(window: Window, z: Any, choices: Mapping[str, Any], specs: Sequence[InputSpec], name: str) -> Any:
    """The network of forecasts ``(batch, horizon, targets, outputs)`` on the window's scale, brought back from it."""
    import keras

    from automl.layers.forecast import ContextRestore, ValueTransformBack

    series = next(spec for spec in specs if spec.name == "series")
    y = ContextRestore()([z, window.location, window.spread])
    power = str(choices.get("transform", "none"))
    if power != "none":
        y = ValueTransformBack(power, series.stats["high"])(y)
    return keras.Model(dict(window.inputs), y, name=name)


def own_pasts(window: Window, head: Head) -> Any:
    """The past of each target alone: ``(batch, targets, context)``."""
    import keras

    past, size = window.past, int(head.shape[1])
    return keras.layers.Permute((2, 1))(past if int(past.shape[-1]) == size else past[:, :, :size])


def with_known(window: Window, x: Any, head: Head, context_of_others: bool = True) -> Any:
    """Vectors ``(batch, groups, features)`` with what is known in advance, of covariates' pasts, labels and the group.

    Args:
        window: the inputs.
        x: vectors, a group being one target or all of them.
        head: of the network.
        context_of_others: whether to add the past of covariates.
    """
    import keras

    from automl.layers.forecast import GroupEmbedding

    layers, n_groups, size = keras.layers, int(x.shape[1]), int(head.shape[1])
    shared = []
    if window.ahead is not None:
        shared.append(layers.Flatten()(layers.Dense(AHEAD_SIZE)(window.ahead)))
    if context_of_others and int(window.past.shape[-1]) > size:
        shared.append(layers.Flatten()(layers.Dense(1)(window.past[:, :, size:])))
    if window.labels is not None:
        shared.append(window.labels)
    if shared:
        all_of_them = layers.Concatenate()(shared) if len(shared) > 1 else shared[0]
        x = layers.Concatenate()([x, layers.RepeatVector(n_groups)(all_of_them)])
    return GroupEmbedding(n_groups, LABEL_SIZE if n_groups > 1 else 0)(x)


def forecast_head(x: Any, head: Head, name: str = "steps") -> Any:
    """Forecasts ``(batch, horizon, targets, outputs)`` from vectors of groups, near zero before training."""
    import keras

    from automl.layers.output import starting_quantiles

    horizon, size, n_outputs = (int(number) for number in head.shape)
    n_groups = int(x.shape[1])
    each = size // n_groups
    x = keras.layers.Dense(
        horizon * each * n_outputs,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
        bias_initializer=keras.initializers.Constant(starting_quantiles(head.quantiles) * (horizon * each)),
        dtype="float32",
        name=name,
    )(x)
    x = keras.layers.Reshape((n_groups, horizon, each * n_outputs))(x)
    x = keras.layers.Permute((2, 1, 3))(x)
    return keras.layers.Reshape((horizon, size, n_outputs))(x)


def linear_skip(window: Window, z: Any, head: Head) -> Any:
    """Forecasts and one linear map from the past to the horizon, shared by all targets.

    Source: Zeng et al., "Are Transformers Effective for Time Series Forecasting?", AAAI 2023.
    """
    import keras

    horizon, size, _ = (int(number) for number in head.shape)
    past = keras.layers.Dense(horizon, kernel_initializer="zeros", dtype="float32", name="look_back")(
        own_pasts(window, head)
    )
    past = keras.layers.Reshape((horizon, size, 1))(keras.layers.Permute((2, 1))(past))
    return keras.layers.Add(dtype="float32")([z, past])


def known_skip(window: Window, z: Any, head: Head) -> Any:
    """Forecasts and what each step's own calendar and known covariates add, by one small network for all steps.

    Source: Das et al., "Long-term Forecasting with TiDE", TMLR 2023, section 4 (temporal decoder).
    """
    import keras

    if window.ahead is None:
        return z
    horizon, size, n_outputs = (int(number) for number in head.shape)
    hidden = keras.layers.Dense(STEP_SIZE, activation="relu")(window.ahead)
    both = keras.layers.Concatenate()([window.ahead, hidden])
    added = keras.layers.Dense(size * n_outputs, kernel_initializer="zeros", dtype="float32", name="known")(both)
    return keras.layers.Add(dtype="float32")([z, keras.layers.Reshape((horizon, size, n_outputs))(added)])


def unfit_window(name: str, task: Task, specs: Sequence[InputSpec]) -> str | None:
    """Why a template cannot be used: it needs a "series" input, and may also read "future" and categories."""
    if task.horizon is None:
        return f"{name} needs a horizon; this task has none"
    if series_of(specs) is None:
        return f"{name} needs an input named series; this task has {', '.join(spec.name for spec in specs)}"
    strangers = [spec.name for spec in specs if spec.name not in ("series", "future") and spec.kind != "categories"]
    return f"{name} cannot read {', '.join(strangers)}" if strangers else None
