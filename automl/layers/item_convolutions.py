"""Convolutional readers and makers of pictures that work at a half and a quarter of the size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

__all__ = ["PictureMaker", "PictureReader", "depth_to_space", "space_to_depth"]

SMALL = 0.01
"""Of the usual variance of the kernels that end a branch, so that it begins near nothing."""
SLOPE = 0.2


def space_to_depth(pictures: Any) -> Any:
    """``(batch, h, w, c)`` of even sides as ``(batch, h/2, w/2, 4 c)``: squares of four pixels become channels."""
    ops = keras.ops
    _, height, width, channels = pictures.shape
    apart = ops.reshape(pictures, (-1, height // 2, 2, width // 2, 2, channels))
    return ops.reshape(ops.transpose(apart, (0, 1, 3, 2, 4, 5)), (-1, height // 2, width // 2, 4 * channels))


def depth_to_space(maps: Any) -> Any:
    """``(batch, h, w, 4 c)`` as ``(batch, 2 h, 2 w, c)``, the inverse of `space_to_depth`."""
    ops = keras.ops
    _, height, width, channels = maps.shape
    apart = ops.reshape(maps, (-1, height, width, 2, 2, channels // 4))
    return ops.reshape(ops.transpose(apart, (0, 1, 3, 2, 4, 5)), (-1, 2 * height, 2 * width, channels // 4))


def quarters(size: int) -> int:
    """A quarter of a side, rounded up."""
    return -(-size // 4)


@keras.saving.register_keras_serializable(package="automl")
class PictureMaker(keras.layers.Layer):  # type: ignore[misc]
    """Pictures of codes: a dense layer, convolutions at a quarter and at a half of the size, then pixels.

    Squares of four channels become squares of pixels, so nothing is computed at the full size. What is beyond the
    picture where its sides are no multiples of 4 is cut off. The last kernel begins small.

    Args:
        item_shape: ``(h, w, c)`` of a picture.
        channels: of the maps at half the size; twice as many at a quarter.

    Input shape: ``(batch, features)``. Output shape: ``(batch, h, w, c)``, float32.

    Source: sub-pixel convolutions: Shi et al., "Real-Time Single Image and Video Super-Resolution", CVPR 2016,
        equation 4.
    """

    def __init__(self, item_shape: Sequence[int], channels: int = 32, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.item_shape, self.channels = tuple(int(size) for size in item_shape), int(channels)
        small = keras.initializers.VarianceScaling(SMALL)
        self.first = keras.layers.Dense(self._quarter[0] * self._quarter[1] * 2 * self.channels, dtype="float32")
        self.quarter = [_conv(2 * self.channels), _conv(4 * self.channels)]
        self.half = [_conv(self.channels)]
        self.last = _conv(4 * self.item_shape[2], small)

    @property
    def _quarter(self) -> tuple[int, int]:
        return quarters(self.item_shape[0]), quarters(self.item_shape[1])

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        self.first.build(input_shape)
        sizes = [2 * self.channels, 2 * self.channels, self.channels, self.channels]
        for layer, size in zip([*self.quarter, *self.half, self.last], sizes, strict=True):
            layer.build((None, None, None, size))

    def call(self, inputs: Any) -> Any:
        """Make pictures."""
        ops = keras.ops
        height, width, _ = self.item_shape
        maps = ops.reshape(self.first(inputs), (-1, *self._quarter, 2 * self.channels))
        maps = maps + self.quarter[0](ops.leaky_relu(maps, SLOPE))
        maps = depth_to_space(self.quarter[1](ops.leaky_relu(maps, SLOPE)))
        maps = maps + self.half[0](ops.leaky_relu(maps, SLOPE))
        return depth_to_space(self.last(ops.leaky_relu(maps, SLOPE)))[:, :height, :width]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, h, w, c)."""
        return (input_shape[0], *self.item_shape)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "item_shape": list(self.item_shape), "channels": self.channels}


@keras.saving.register_keras_serializable(package="automl")
class PictureReader(keras.layers.Layer):  # type: ignore[misc]
    """Features of pictures: convolutions at a half, a quarter and an eighth of the size, laid flat.

    Args:
        item_shape: ``(h, w, c)`` of a picture; sides that are no multiples of 4 are filled up with zeros.
        channels: of the maps at half the size; twice as many at a quarter, four times as many at an eighth.

    Input shape: ``(batch, h, w, c)``. Output shape: ``(batch, features)``, float32.

    Source: Radford, Metz & Chintala (DCGAN), ICLR 2016, section 3.
    """

    def __init__(self, item_shape: Sequence[int], channels: int = 32, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.item_shape, self.channels = tuple(int(size) for size in item_shape), int(channels)
        self.layers = [_conv(self.channels), _conv(2 * self.channels, strides=2), _conv(4 * self.channels, strides=2)]

    @property
    def n_features(self) -> int:
        """Numbers of the output."""
        height, width = (-(-quarters(size) // 2) for size in self.item_shape[:2])
        return height * width * 4 * self.channels

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        sizes = [4 * self.item_shape[2], self.channels, 2 * self.channels]
        for layer, size in zip(self.layers, sizes, strict=True):
            layer.build((None, None, None, size))

    def call(self, inputs: Any) -> Any:
        """Read pictures."""
        ops = keras.ops
        height, width, _ = self.item_shape
        more = [[0, 0], [0, 4 * quarters(height) - height], [0, 4 * quarters(width) - width], [0, 0]]
        maps = space_to_depth(ops.pad(inputs, more))
        for layer in self.layers:
            maps = ops.leaky_relu(layer(maps), SLOPE)
        return ops.reshape(maps, (-1, self.n_features))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, features)."""
        return (input_shape[0], self.n_features)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "item_shape": list(self.item_shape), "channels": self.channels}


def _conv(channels: int, initial: Any = "he_normal", strides: int = 1) -> Any:
    return keras.layers.Conv2D(
        channels, 3, strides=strides, padding="same", kernel_initializer=initial, dtype="float32"
    )
