"""Layers that read whole series: fixed trend filters, positions in time, and attention that knows distances."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from automl.layers.dropout import KnobDropout

__all__ = ["LastStep", "RelativeAttention", "TimePositions", "TrendFilters"]

TREND_SIZES = (2, 4, 8, 16, 32, 64)


@keras.saving.register_keras_serializable(package="automl")
class TrendFilters(keras.layers.Layer):  # type: ignore[misc]
    """Convolutions that are not learned: they detect rises, falls and peaks of 2 to 64 steps, ``y = max(w * x, 0)``.

    Filters longer than the series are left out. All are padded to one length, so that one convolution computes them.

    Input shape: ``(batch, steps, channels)``. Output shape: ``(batch, steps, filters)``, 17 filters for long series.

    Source: Ismail-Fawaz, Devanne, Weber & Forestier, "Deep Learning For Time Series Classification Using New
        Hand-Crafted Convolution Filters", IEEE Big Data 2022; used in LITE, DSAA 2023.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the filters, as constants."""
        _, steps, channels = input_shape
        filters = trend_filters(int(steps or 1))
        kernel = np.repeat(filters.T[:, None, :], int(channels or 1), axis=1)  # (size, channels, filters)
        self.kernel = kernel.astype("float32")

    def call(self, inputs: Any) -> Any:
        """Convolve with all filters."""
        kernel = keras.ops.cast(keras.ops.convert_to_tensor(self.kernel), inputs.dtype)
        convolved = keras.ops.conv(inputs, kernel, padding="same", data_format="channels_last")
        return keras.ops.relu(convolved)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, steps, filters)."""
        return (input_shape[0], input_shape[1], len(trend_filters(int(input_shape[1] or 1))))


def trend_filters(steps: int) -> np.ndarray:
    """Filters that fit into so many steps, centred in rows of one length: ``(filters, size)``, each of unit norm."""
    made: list[np.ndarray] = []
    for size in TREND_SIZES:
        rising = np.where(np.arange(size) % 2 == 0, -1.0, 1.0)
        made += [rising, -rising]
        if size > 2:
            half = (np.linspace(0, 1, size // 4 + 1)[1:]) ** 2
            bump = np.concatenate([half, half[::-1]])
            made.append(np.concatenate([-bump, 2 * bump, -bump]))
    made = [one for one in made if len(one) <= steps] or made[:2]
    longest = max(map(len, made))
    rows = np.zeros((len(made), longest))
    for row, one in zip(rows, made, strict=True):
        begin = (longest - len(one)) // 2
        row[begin : begin + len(one)] = one / np.linalg.norm(one)
    return rows


@keras.saving.register_keras_serializable(package="automl")
class TimePositions(keras.layers.Layer):  # type: ignore[misc]
    """Adds sines and cosines of the step, whose frequencies depend on length and width (tAPE).

    ``p_t,2k = sin(t ω_k d / L)``, ``p_t,2k+1 = cos(t ω_k d / L)`` with ``ω_k = 10000^(-2k/d)``: neighbouring steps of a
    short series and of a narrow embedding are told apart as well as those of a long one.

    Input shape: ``(batch, steps, dim)``. Output shape: the same.

    Source: Foumani, Tan, Webb & Salehi, "Improving position encoding of transformers for multivariate time series
        classification" (ConvTran), Data Mining and Knowledge Discovery 38 (2024), equation 13.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the table of positions, a constant."""
        steps, dim = int(input_shape[1] or 1), int(input_shape[2] or 1)
        rates = 10_000.0 ** (-2 * (np.arange(dim) // 2) / dim) * dim / steps
        angles = np.arange(steps)[:, None] * rates
        self.table = np.where(np.arange(dim) % 2 == 0, np.sin(angles), np.cos(angles)).astype("float32")

    def call(self, inputs: Any) -> Any:
        """Add the positions."""
        return inputs + keras.ops.cast(keras.ops.convert_to_tensor(self.table), inputs.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return input_shape


@keras.saving.register_keras_serializable(package="automl")
class RelativeAttention(keras.layers.Layer):  # type: ignore[misc]
    """Multi-head attention with a learned weight for each distance (eRPE): ``(softmax(Q Kᵀ / √d) + W_{i-j}) V``.

    Args:
        heads: number of heads; must divide `dim`.
        dropout: rate for the attention weights, a float or a knob.
        seed: of the layer's own generator.

    Input shape: ``(batch, steps, dim)``. Output shape: the same.

    Source: Foumani et al. 2024 (see `TimePositions`), equation 15.
    """

    def __init__(
        self, heads: int, dropout: float | keras.Variable = 0.0, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.heads, self.seed = int(heads), seed
        self.drop = KnobDropout(dropout, seed=seed)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights of queries, keys, values, the output and the distances."""
        steps, dim = int(input_shape[1] or 1), int(input_shape[2] or 1)
        if dim % self.heads:
            raise ValueError(f"expected a size divisible by {self.heads} heads, got {dim}")
        self.mixed = self.add_weight(shape=(dim, 3 * dim), initializer="glorot_uniform", name="query_key_value")
        self.out = self.add_weight(shape=(dim, dim), initializer="glorot_uniform", name="out")
        self.offset = self.add_weight(shape=(dim,), initializer="zeros", name="bias")
        small = keras.initializers.TruncatedNormal(stddev=0.02)
        self.distance = self.add_weight(shape=(self.heads * (2 * steps - 1),), initializer=small, name="distance")
        self.places = (np.arange(steps)[:, None] - np.arange(steps)[None, :] + steps - 1).astype("int32")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Apply attention."""
        ops = keras.ops
        steps, dim = int(inputs.shape[1]), int(inputs.shape[2])
        size = dim // self.heads
        parted = ops.reshape(ops.matmul(inputs, self.mixed), (-1, steps, 3, self.heads, size))
        q, k, v = (ops.transpose(parted[:, :, i], (0, 2, 1, 3)) for i in range(3))  # (batch, heads, steps, size)
        scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) / math.sqrt(size)
        # One step gets all the weight; Keras warns of a softmax over one number.
        shares = ops.softmax(scores, axis=-1) if steps > 1 else ops.ones_like(scores)
        distance = ops.take(ops.reshape(self.distance, (self.heads, 2 * steps - 1)), self.places, axis=1)
        weights = self.drop(shares + ops.cast(distance, shares.dtype), training=training)
        joined = ops.reshape(ops.transpose(ops.matmul(weights, v), (0, 2, 1, 3)), (-1, steps, dim))
        return ops.matmul(joined, self.out) + self.offset

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the rate as its present value, a float."""
        config = {"heads": self.heads, "seed": self.seed, "dropout": self.drop.rate.number()}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="automl")
class LastStep(keras.layers.Layer):  # type: ignore[misc]
    """The last step alone: ``(batch, steps, features)`` → ``(batch, features)``."""

    def call(self, inputs: Any) -> Any:
        """Return the last step."""
        return inputs[:, -1]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, features)."""
        return (input_shape[0], input_shape[2])
