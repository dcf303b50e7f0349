"""Oriented gradients of pictures as a layer: what a network reads, or what it is to predict, in place of pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras

from automl.picture_gradients import CELLS, PIXELS_SIDE, described, oriented_gradients

__all__ = ["GradientFeatures", "OrientedGradients"]


@keras.saving.register_keras_serializable(package="automl")
class OrientedGradients(keras.layers.Layer):  # type: ignore[misc]
    """How strong gradients of each orientation are in each cell of a picture, in blocks of two by two cells.

    For orientations ``u_k`` and gradients g, summed over the channels, a pixel's share is
    ``max(|g · u_k| - |g| cos(1.2 π / n), 0)``. Shares are averaged over cells, and the numbers of four cells that touch
    are divided by the root of their sum of squares. It has no weights.

    Args:
        cell: pixels of a cell's side.
        n_angles: orientations n.

    Input shape: ``(batch, height, width, channels)``, standardised. Output shape: ``(batch, rows, columns, 4 n)``, or
    ``(batch, rows, columns, n)`` where a side has less than two cells.

    Source: Dalal & Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR 2005, section 6; as the target
        of hidden patches: Wei et al., "Masked Feature Prediction for Self-Supervised Visual Pre-Training", CVPR 2022.
    """

    def __init__(self, cell: int = 4, n_angles: int = 9, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.cell, self.n_angles = int(cell), int(n_angles)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Measure the gradients."""
        x = keras.ops.cast(inputs, "float32")
        return oriented_gradients(x, [self.cell], self.n_angles, keras.ops, pooled)[0]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, rows, columns, numbers of a block)."""
        rows, columns = (-(-int(size or 0) // self.cell) for size in input_shape[1:3])
        if min(rows, columns) > 1:
            return (input_shape[0], rows - 1, columns - 1, 4 * self.n_angles)
        return (input_shape[0], rows, columns, self.n_angles)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "cell": self.cell, "n_angles": self.n_angles}


@keras.saving.register_keras_serializable(package="automl")
class GradientFeatures(keras.layers.Layer):  # type: ignore[misc]
    """Oriented gradients of several scales and shrunk pixels of pictures, as one vector. It has no weights.

    `automl.picture_gradients` computes the same numbers with NumPy.

    Args:
        counts: cells along the longer side, a number a scale.
        pixels_side: pixels are shrunk to at most so many along the longer side.
        n_angles: orientations.

    Input shape: ``(batch, height, width, channels)``, standardised. Output shape: ``(batch, numbers)``, float32.

    Source: Dalal & Triggs 2005 (see `OrientedGradients`); several scales: Bosch, Zisserman & Munoz, "Representing shape
        with a spatial pyramid kernel", CIVR 2007.
    """

    def __init__(
        self, counts: Sequence[int] = CELLS, pixels_side: int = PIXELS_SIDE, n_angles: int = 9, **kwargs: Any
    ) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.counts, self.pixels_side = tuple(int(count) for count in counts), int(pixels_side)
        self.n_angles = int(n_angles)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Describe the pictures."""
        ops = keras.ops
        x = ops.cast(inputs, "float32")
        parts = described(x, ops, pooled, self.counts, self.pixels_side, self.n_angles)
        flat = [ops.reshape(part, (-1, math.prod(int(size) for size in part.shape[1:]))) for part in parts]
        return ops.concatenate(flat, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        config = {"counts": list(self.counts), "pixels_side": self.pixels_side, "n_angles": self.n_angles}
        return {**super().get_config(), **config}


def pooled(x: Any, side: int) -> Any:
    """Means over squares, as `automl.picture_gradients.averaged` takes them with NumPy."""
    return keras.ops.average_pool(x, side, side, padding="same")
