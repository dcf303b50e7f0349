"""Standardisation of the channels of images and series, and fixed filters of patches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

__all__ = ["ChannelScale", "PatchFilters"]


@keras.saving.register_keras_serializable(package="automl")
class ChannelScale(keras.layers.Layer):  # type: ignore[misc]
    """Standardises each channel (the last axis) by stored moments: ``y = (x - mean) / std``.

    The moments are kept in the config. `keras.layers.Normalization` keeps them as weights, and its ONNX export asks for
    them as inputs.

    Args:
        mean: of each channel over the training rows, or one for all channels.
        std: of each channel over the training rows, or one for all channels; 0 counts as 1.

    Input shape: ``(batch, ..., channels)``, any dtype. Output shape: the same, in the layer's compute dtype.
    """

    def __init__(self, mean: Sequence[float] | float, std: Sequence[float] | float, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)  # half precision would round uint8 and large values
        self.mean = [float(value) for value in np.atleast_1d(mean)]
        self.std = [float(value) if value > 0 else 1.0 for value in np.atleast_1d(std)]
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Standardise the channels."""
        x = keras.ops.cast(inputs, "float32")
        x = (x - np.asarray(self.mean, "float32")) / np.asarray(self.std, "float32")
        return keras.ops.cast(x, self.compute_dtype)

    def compute_output_spec(self, inputs: Any) -> Any:
        """The input's shape in the compute dtype."""
        return keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        config = {key: value for key, value in super().get_config().items() if key != "autocast"}
        return {**config, "mean": self.mean, "std": self.std}


@keras.saving.register_keras_serializable(package="automl")
class PatchFilters(keras.layers.Layer):  # type: ignore[misc]
    """Answers of fixed filters to each patch of an image, and their negatives: ``relu([f * x, -f * x])``.

    Args:
        n_filters: number of filters.
        side: side of a patch in pixels.
        stride: of the convolution.
        filters: ``(n_filters, side * side * channels)``; None for a layer that is loaded, whose weights are read.

    Input shape: ``(batch, height, width, channels)``.
    Output shape: ``(batch, height / stride, width / stride, 2 n_filters)``.

    Source: Jordan, "94 % on CIFAR-10 in 3.29 seconds on a single GPU", 2024, section 3.2 (frozen whitening layer).
    """

    def __init__(
        self,
        n_filters: int,
        side: int,
        stride: int = 1,
        filters: Sequence[Sequence[float]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.n_filters, self.side, self.stride = int(n_filters), int(side), int(stride)
        self.filters = None if filters is None else np.asarray(filters, "float32")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the kernel, which is not trained."""
        shape = (self.side, self.side, int(input_shape[-1] or 0), self.n_filters)

        def start(shape: tuple[int, ...], dtype: str | None = None) -> Any:
            if self.filters is None:
                return keras.ops.zeros(shape, dtype)
            kernel = self.filters.reshape(self.n_filters, self.side, self.side, -1).transpose(1, 2, 3, 0)
            return keras.ops.convert_to_tensor(kernel, dtype)

        self.kernel = self.add_weight(shape=shape, initializer=start, trainable=False, name="kernel")

    def call(self, inputs: Any) -> Any:
        """Apply the filters."""
        answers = keras.ops.conv(inputs, self.kernel, strides=self.stride, padding="same")
        return keras.ops.relu(keras.ops.concatenate([answers, -answers], axis=-1))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, height / stride, width / stride, 2 n_filters), rounded up."""
        height, width = (None if size is None else -(-size // self.stride) for size in input_shape[1:3])
        return (input_shape[0], height, width, 2 * self.n_filters)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the filters are weights."""
        config = {"n_filters": self.n_filters, "side": self.side, "stride": self.stride}
        return {**super().get_config(), **config}
