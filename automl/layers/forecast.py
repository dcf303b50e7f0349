"""Layers around a forecasting network: transforms and scaling of values, skip connections, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import keras
import numpy as np

__all__ = [
    "ChannelsApart", "ContextRestore", "ContextScale", "GroupEmbedding", "Interpolate", "SeasonalSkip",
    "ValueTransform", "ValueTransformBack",
]  # fmt: skip

MOST_GROWTH = 12.0
"""The logarithm of how often the highest training value a forecast may exceed it."""


@keras.saving.register_keras_serializable(package="automl")
class ValueTransform(keras.layers.Layer):  # type: ignore[misc]
    """Takes the square root or the logarithm of the target channels: ``√max(x, 0)`` or ``log max(x, low)``.

    Args:
        power: "sqrt" or "log".
        n_targets: number of leading channels that are transformed.
        low: least value whose logarithm is taken, one for each target.

    Input shape: ``(batch, time, channels)``. Output shape: the same.

    Source: Box and Cox, "An Analysis of Transformations", 1964 (λ = 1/2 up to a linear map, and λ = 0).
    """

    def __init__(self, power: str, n_targets: int, low: Sequence[float], **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.power, self.n_targets = power, int(n_targets)
        self.low = [float(value) for value in low]
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Transform the targets."""
        ops = keras.ops
        targets, others = inputs[..., : self.n_targets], inputs[..., self.n_targets :]
        if self.power == "sqrt":
            straight = ops.sqrt(ops.maximum(targets, 0.0))
        else:
            straight = ops.log(ops.maximum(targets, np.asarray(self.low, "float32")))
        return ops.concatenate([straight, others], axis=-1) if int(inputs.shape[-1]) > self.n_targets else straight

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "power": self.power, "n_targets": self.n_targets, "low": self.low}


@keras.saving.register_keras_serializable(package="automl")
class ValueTransformBack(keras.layers.Layer):  # type: ignore[misc]
    """The inverse of `ValueTransform` for forecasts: ``max(z, 0)²`` or ``exp z``, at most a huge multiple of `high`.

    Args:
        power: "sqrt" or "log".
        high: highest training value of each target.

    Input shape: ``(batch, horizon, n_targets, outputs)``. Output shape: the same.
    """

    def __init__(self, power: str, high: Sequence[float], **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.power = power
        self.high = [float(value) for value in high]
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Transform back."""
        ops = keras.ops
        if self.power == "sqrt":
            return ops.square(ops.maximum(inputs, 0.0))
        most = np.log(np.maximum(np.asarray(self.high, "float64"), 1e-12)) + MOST_GROWTH
        return ops.exp(ops.minimum(inputs, most.astype("float32")[:, None]))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "power": self.power, "high": self.high}


@keras.saving.register_keras_serializable(package="automl")
class Interpolate(keras.layers.Layer):  # type: ignore[misc]
    """Straight lines between evenly spaced knots, read at `length` evenly spaced places.

    Args:
        length: places on the last axis of the output.

    Input shape: ``(batch, rows, knots)``. Output shape: ``(batch, rows, length)``.

    Source: Challu et al., "N-HiTS", AAAI 2023, section 3.3 (hierarchical interpolation).
    """

    def __init__(self, length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length = int(length)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Interpolate."""
        n_knots = int(inputs.shape[-1])
        places = np.linspace(0.0, n_knots - 1.0, self.length)
        share = np.maximum(0.0, 1.0 - np.abs(np.arange(n_knots)[:, None] - places[None, :]))  # (knots, length)
        return keras.ops.matmul(inputs, keras.ops.convert_to_tensor(share, dtype=self.compute_dtype))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, rows, length)."""
        return (*tuple(input_shape)[:-1], self.length)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "length": self.length}


@keras.saving.register_keras_serializable(package="automl")
class ContextScale(keras.layers.Layer):  # type: ignore[misc]
    """Scales each window by its own context: ``z = (x - location) / spread``.

    Location is the context's mean or last value. Spread is its standard deviation, at least a thousandth of the
    location's magnitude. Channels after the first `n_targets` (covariates) are standardised by training moments
    instead, because their level carries information.

    Args:
        n_targets: number of leading channels that are scaled by context.
        location: "mean" or "last".
        mean: training means of all channels; only those of covariates are used.
        std: training standard deviations of all channels. Those of covariates scale; those of targets set the least
            spread of a window.

    Input shape: ``(batch, time, channels)`` raw values.
    Output shape: ``[(batch, time, channels), (batch, 1, n_targets) location, (batch, 1, n_targets) spread]``, float32.

    Source: Kim et al., "Reversible Instance Normalization" (RevIN), ICLR 2022; last value: Zeng et al., AAAI 2023.
    """

    def __init__(
        self, n_targets: int, location: Literal["mean", "last"], mean: Sequence[float], std: Sequence[float],
        **kwargs: Any,
    ) -> None:  # fmt: skip
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.n_targets, self.location = int(n_targets), location
        self.mean = [float(value) for value in mean]
        self.std = [float(value) if value > 0 else 1.0 for value in std]
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Scale, and return location and spread to undo it."""
        ops = keras.ops
        targets, others = inputs[..., : self.n_targets], inputs[..., self.n_targets :]
        last = targets[:, -1:, :]
        away = targets - last  # subtract first: float32 would lose the variance of large values
        middle = ops.mean(away, axis=1, keepdims=True)
        location = last + middle if self.location == "mean" else last
        floor = 1e-3 * ops.abs(last + middle) + 1e-6 * np.asarray(self.std[: self.n_targets], "float32")
        spread = ops.sqrt(ops.mean(ops.square(away - middle), axis=1, keepdims=True) + ops.square(floor))
        scaled = (targets - location) / spread
        if int(inputs.shape[-1]) > self.n_targets:
            mean = np.asarray(self.mean[self.n_targets :], "float32")
            std = np.asarray(self.std[self.n_targets :], "float32")
            scaled = ops.concatenate([scaled, ops.clip((others - mean) / std, -10.0, 10.0)], axis=-1)
        return scaled, location, spread

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> Any:
        """The input's shape, then (batch, 1, n_targets) twice."""
        moment = (input_shape[0], 1, self.n_targets)
        return tuple(input_shape), moment, moment

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        config = {"n_targets": self.n_targets, "location": self.location, "mean": self.mean, "std": self.std}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="automl")
class ContextRestore(keras.layers.Layer):  # type: ignore[misc]
    """Scales forecasts back to raw units: ``y = location + spread · z``.

    Input shape: ``[(batch, horizon, n_targets, 1 + q), (batch, 1, n_targets), (batch, 1, n_targets)]``.
    Output shape: ``(batch, horizon, n_targets, 1 + q)``, float32.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Scale back."""
        z, location, spread = inputs
        return location[..., None] + spread[..., None] * z

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The forecasts' shape."""
        return tuple(input_shape[0])


@keras.saving.register_keras_serializable(package="automl")
class SeasonalSkip(keras.layers.Layer):  # type: ignore[misc]
    """Repeats the last season of the context over the horizon (season 1: the last value).

    Args:
        horizon: steps ahead.
        season: steps of one season, cut to the context's length.

    Input shape: ``(batch, time, channels)``. Output shape: ``(batch, horizon, channels)``.
    """

    def __init__(self, horizon: int, season: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.horizon, self.season = int(horizon), max(int(season), 1)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Repeat the last season."""
        length = int(inputs.shape[1])
        season = min(self.season, length)
        places = length - season + np.arange(self.horizon) % season
        return keras.ops.take(inputs, places.astype("int32"), axis=1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, horizon, channels)."""
        return (input_shape[0], self.horizon, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "horizon": self.horizon, "season": self.season}


@keras.saving.register_keras_serializable(package="automl")
class ChannelsApart(keras.layers.Layer):  # type: ignore[misc]
    """Makes each target channel a row of its own, together with the covariates, so that one network serves all targets.

    Args:
        n_targets: number of leading channels that are targets.

    Input shape: ``(batch, time, channels)``.
    Output shape: ``(batch · n_targets, time, 1 + channels - n_targets)``; the targets of one row are consecutive.

    Source: Nie et al., "A Time Series is Worth 64 Words" (channel independence), ICLR 2023.
    """

    def __init__(self, n_targets: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_targets = int(n_targets)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Split the targets into rows."""
        ops = keras.ops
        time, channels = int(inputs.shape[1]), int(inputs.shape[2])
        alone = ops.transpose(inputs[..., : self.n_targets], (0, 2, 1))[..., None]  # (batch, targets, time, 1)
        n_others = channels - self.n_targets
        if n_others:
            others = ops.repeat(inputs[:, None, :, self.n_targets :], self.n_targets, axis=1)
            alone = ops.concatenate([alone, others], axis=-1)
        return ops.reshape(alone, (-1, time, 1 + n_others))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(None, time, 1 + covariates)."""
        return (None, input_shape[1], 1 + int(input_shape[2] or 0) - self.n_targets)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "n_targets": self.n_targets}


@keras.saving.register_keras_serializable(package="automl")
class GroupEmbedding(keras.layers.Layer):  # type: ignore[misc]
    """Joins the rows made by `ChannelsApart` again and adds a learned vector that identifies each group.

    Args:
        groups: number of consecutive rows that belong to one input row.
        dim: size of the learned vector; 0 for none.

    Input shape: ``(batch · groups, features)`` or ``(batch, groups, features)``.
    Output shape: ``(batch, groups, features + dim)``.
    """

    def __init__(self, groups: int, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.groups, self.dim = int(groups), int(dim)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make a vector for each group."""
        normal = keras.initializers.RandomNormal(stddev=0.1)
        if self.dim:
            self.vectors = self.add_weight(shape=(1, self.groups, self.dim), initializer=normal, name="vectors")

    def call(self, inputs: Any) -> Any:
        """Join the rows and append the vectors."""
        x = keras.ops.reshape(inputs, (-1, self.groups, int(inputs.shape[-1])))
        if not self.dim:
            return x
        vectors = keras.ops.repeat(self.vectors, keras.ops.shape(x)[0], axis=0)
        return keras.ops.concatenate([x, vectors], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, groups, features + dim)."""
        return (None, self.groups, int(input_shape[-1] or 0) + self.dim)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "groups": self.groups, "dim": self.dim}
