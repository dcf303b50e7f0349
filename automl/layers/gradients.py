"""Oriented gradients of pictures as a layer: what a network reads, or what it is to predict, in place of pixels."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

__all__ = ["OrientedGradients"]

SHARPNESS = 1.2
"""Half the width of an orientation's share, in orientations."""
FLOOR = 2e-3
"""Added to the energy of a block, so that flat ones stay near 0; for standardised pixels."""


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
        ops = keras.ops
        x = ops.mean(ops.cast(inputs, "float32"), axis=-1)
        along = ops.pad(x[:, :, 2:] - x[:, :, :-2], [[0, 0], [0, 0], [1, 1]]) if x.shape[2] > 2 else 0.0 * x
        down = ops.pad(x[:, 2:] - x[:, :-2], [[0, 0], [1, 1], [0, 0]]) if x.shape[1] > 2 else 0.0 * x
        angles = (np.arange(self.n_angles) * np.pi / self.n_angles).astype("float32")
        size = ops.sqrt(ops.square(along) + ops.square(down) + 1e-6)[..., None]
        seen = ops.abs(along[..., None] * np.cos(angles) + down[..., None] * np.sin(angles))
        shares = ops.relu(seen - math.cos(SHARPNESS * math.pi / self.n_angles) * size)
        cells = ops.average_pool(shares, self.cell, self.cell, padding="same")
        if min(int(size) for size in cells.shape[1:3]) > 1:
            corners = [cells[:, :-1, :-1], cells[:, 1:, :-1], cells[:, :-1, 1:], cells[:, 1:, 1:]]
            cells = ops.concatenate(corners, axis=-1)
        return cells / ops.sqrt(ops.sum(ops.square(cells), axis=-1, keepdims=True) + FLOOR)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, rows, columns, numbers of a block)."""
        rows, columns = (-(-int(size or 0) // self.cell) for size in input_shape[1:3])
        if min(rows, columns) > 1:
            return (input_shape[0], rows - 1, columns - 1, 4 * self.n_angles)
        return (input_shape[0], rows, columns, self.n_angles)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "cell": self.cell, "n_angles": self.n_angles}
