"""Standardisation of the channels of images and series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

__all__ = ["ChannelScale"]


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
