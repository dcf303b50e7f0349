"""Turns, flips and bends each picture in training, and turns what a network says of it back.

So the loss compares with the mask as it is: masks are never resampled, and nothing outside of the network has to know
how a picture was varied.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from automl.layers.knob import Knob

__all__ = ["RandomWarp", "WarpBack"]

WAVES = 3
"""Sines of which the bending along each axis is made."""
NUMBERS = 4 + 2 * WAVES * 4
"""Of a warp: a matrix, and of each axis and wave its amplitude, two frequencies and a phase."""


@keras.saving.register_keras_serializable(package="automl")
class RandomWarp(keras.layers.Layer):  # type: ignore[misc]
    """Shows each picture as another one in training: flipped, turned by quarters, turned a little, scaled and bent.

    The picture at p is the input at ``c + A (p - c + e(p))``, bilinearly, edges repeated: c is the centre, A a matrix
    and e a sum of slow waves. Without training the input is returned.

    Args:
        turn: s, largest turn as a share of half a turn; the size changes by up to the same share, from 1 - s to 1 + s.
        elastic: largest bending, as a share of the sides.
        flips: "all" (both axes, and quarter turns of square pictures), "left-right" or "none".
        seed: of the layer's own generator.

    Input shape: ``(batch, height, width, channels)``.
    Output shape: the same; and ``(batch, 28)``, the numbers of the warp, for `WarpBack`.

    Source: Ronneberger, Fischer & Brox, "U-Net", MICCAI 2015, section 3.1; Isensee et al., "nnU-Net", Nature Methods
        2021, supplementary note 4.
    """

    def __init__(
        self, turn: float | keras.Variable = 0.0, elastic: float | keras.Variable = 0.0, flips: str = "none",
        seed: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.turn, self.elastic, self.flips, self.seed = Knob(turn), Knob(elastic), str(flips), seed
        self.generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Warp in training; otherwise the input, and zeros."""
        ops = keras.ops
        n = ops.shape(inputs)[0]
        if not training:
            return inputs, ops.zeros((n, NUMBERS), "float32")
        height, width = (int(size) for size in inputs.shape[1:3])
        draw = keras.random.uniform((n, 5 + NUMBERS), dtype="float32", seed=self.generator)
        warp = ops.concatenate([self._matrix(draw[:, :5], height == width), self._waves(draw[:, 9:])], axis=1)
        rows, columns = _places(warp, height, width)
        return _sampled(inputs, *_forward(warp, rows, columns, height, width))[0], warp

    def _matrix(self, draw: Any, is_square: bool) -> Any:
        """``(batch, 4)``: turn, scale, flips and quarter turns in one."""
        ops = keras.ops
        strength = self.turn.read()
        angle = strength * math.pi * (2 * draw[:, 0] - 1)
        scale = 1.0 + strength * (2 * draw[:, 1] - 1)
        ones = ops.ones_like(angle)
        up = ops.where(draw[:, 2] < 0.5, -ones, ones) if self.flips == "all" else ones
        left = ops.where(draw[:, 3] < 0.5, -ones, ones) if self.flips != "none" else ones
        if self.flips == "all" and is_square:
            angle = angle + ops.where(draw[:, 4] < 0.5, ones, 0 * ones) * (math.pi / 2)
        cos, sin = ops.cos(angle) * scale, ops.sin(angle) * scale
        return ops.stack([up * cos, -up * sin, left * sin, left * cos], axis=1)

    def _waves(self, draw: Any) -> Any:
        """``(batch, 2 WAVES 4)``: amplitudes as shares of the side, waves a picture, phases."""
        ops = keras.ops
        parts = ops.reshape(draw, (-1, 2 * WAVES, 4))
        size = self.elastic.read() * (2 * parts[..., :1] - 1) / WAVES
        frequencies = 4.0 * parts[..., 1:3] - 2.0  # at most two waves a side
        return ops.reshape(ops.concatenate([size, frequencies, parts[..., 3:]], axis=-1), (-1, 2 * WAVES * 4))

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        """The input's shape, and the numbers of the warp."""
        return (
            keras.KerasTensor(inputs.shape, dtype=inputs.dtype),
            keras.KerasTensor((inputs.shape[0], NUMBERS), dtype="float32"),
        )

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; strengths as their present values, floats."""
        config = {"turn": self.turn.number(), "elastic": self.elastic.number(), "flips": self.flips}
        return {**super().get_config(), **config, "seed": self.seed}


@keras.saving.register_keras_serializable(package="automl")
class WarpBack(keras.layers.Layer):  # type: ignore[misc]
    """Undoes `RandomWarp` on what a network says of each pixel; without training the input is returned.

    Pixels that the warped picture did not show become 0: logits that say nothing, and learn nothing.

    Input: ``[(batch, height, width, channels), (batch, 28)]``. Output shape: that of the first.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Look up where each pixel was shown."""
        x, warp = inputs
        if not training:
            return keras.ops.cast(x, "float32")
        height, width = (int(size) for size in x.shape[1:3])
        rows, columns = _backward(warp, *_places(warp, height, width), height, width)
        back, shown = _sampled(keras.ops.cast(x, "float32"), rows, columns)
        return back * shown[..., None]

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        """The first input's shape."""
        return keras.KerasTensor(inputs[0].shape, dtype="float32")


def _places(warp: Any, height: int, width: int) -> tuple[Any, Any]:
    """Row and column of each pixel, counted from the centre, ``(batch, height, width)``."""
    ops = keras.ops
    rows, columns = np.meshgrid(
        np.arange(height, dtype="float32") - (height - 1) / 2,
        np.arange(width, dtype="float32") - (width - 1) / 2, indexing="ij",
    )  # fmt: skip
    zeros = ops.zeros((ops.shape(warp)[0], 1, 1), "float32")
    return rows + zeros, columns + zeros


def _bent(warp: Any, rows: Any, columns: Any, height: int, width: int) -> tuple[Any, Any]:
    """How far pixels are moved along both axes."""
    ops = keras.ops
    waves = ops.reshape(warp[:, 4:], (-1, 2, WAVES, 4, 1, 1))
    moved = []
    for axis, side in enumerate((height, width)):
        total: Any = 0.0
        for wave in range(WAVES):
            size, along, across, phase = (waves[:, axis, wave, k] for k in range(4))
            total = total + size * side * ops.sin(
                2 * math.pi * (along * rows / height + across * columns / width + phase)
            )
        moved.append(total)
    return moved[0], moved[1]


def _forward(warp: Any, rows: Any, columns: Any, height: int, width: int) -> tuple[Any, Any]:
    down, right = _bent(warp, rows, columns, height, width)
    a, b, c, d = (warp[:, k, None, None] for k in range(4))
    rows, columns = rows + down, columns + right
    return a * rows + b * columns, c * rows + d * columns


def _backward(warp: Any, rows: Any, columns: Any, height: int, width: int) -> tuple[Any, Any]:
    """The inverse of `_forward`, in two steps of fixed-point iteration: waves are slow and small."""
    a, b, c, d = (warp[:, k, None, None] for k in range(4))
    det = a * d - b * c
    straight = (d * rows - b * columns) / det, (a * columns - c * rows) / det
    place = straight
    for _ in range(2):
        down, right = _bent(warp, *place, height, width)
        place = straight[0] - down, straight[1] - right
    return place


def _sampled(images: Any, rows: Any, columns: Any) -> tuple[Any, Any]:
    """Images at places counted from the centre, bilinearly, edges repeated; and 1 where a place lies within, else 0."""
    ops = keras.ops
    height, width, channels = (int(size) for size in images.shape[1:])
    rows, columns = rows + (height - 1) / 2, columns + (width - 1) / 2
    within = (rows > -0.5) & (rows < height - 0.5) & (columns > -0.5) & (columns < width - 0.5)
    rows, columns = ops.clip(rows, 0.0, height - 1.0), ops.clip(columns, 0.0, width - 1.0)
    top, left = ops.floor(rows), ops.floor(columns)
    below, beside = (ops.cast(part, images.dtype)[..., None] for part in (rows - top, columns - left))
    flat = ops.reshape(images, (-1, channels))
    first = ops.arange(ops.shape(images)[0], dtype="int32")[:, None, None] * (height * width)
    at = [ops.cast(top, "int32"), ops.cast(left, "int32")]
    down, right = ops.minimum(at[0] + 1, height - 1), ops.minimum(at[1] + 1, width - 1)

    def pixel(row: Any, column: Any) -> Any:
        return ops.take(flat, first + row * width + column, axis=0)  # (batch, height, width, channels)

    upper = pixel(at[0], at[1]) * (1 - beside) + pixel(at[0], right) * beside
    lower = pixel(down, at[1]) * (1 - beside) + pixel(down, right) * beside
    return upper * (1 - below) + lower * below, ops.cast(within, "float32")
