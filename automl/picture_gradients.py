"""Oriented gradients of pictures, for NumPy and for Keras.

The encoder measures principal components of them with NumPy, before Keras is loaded; `automl.layers.gradients` computes
the same numbers inside a network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["CELLS", "PIXELS_SIDE", "averaged", "cells_for", "described", "oriented_gradients", "shrinking"]

SHARPNESS = 1.2
"""Half the width of an orientation's share, in orientations."""
FLOOR = 2e-3
"""Added to the energy of a block, so that flat ones stay near 0; for standardised pixels."""
GRADIENTS_SIDE, PIXELS_SIDE = 48, 32
"""Pictures are shrunk to at most so many pixels along the longer side before gradients, or pixels, are read."""
CELLS = (7, 4)
"""Cells along the longer side, of each scale."""
GRADIENTS_WEIGHT, PIXELS_WEIGHT = 3.0, 7.0
"""A block of gradients has at most the first as its norm, all pixels together about the second."""


def averaged(x: np.ndarray, side: int) -> np.ndarray:
    """Means over squares ``(n, rows, columns, channels)`` of pictures; what a square has beyond the edge is left out.

    Squares are laid like those of a pooling layer with the padding "same": what is missing to whole ones is missing at
    both ends.

    Args:
        x: ``(n, height, width, channels)``.
        side: of a square, in pixels.
    """
    for axis in (1, 2):
        size = x.shape[axis]
        n = -(-size // side)
        before = (n * side - size) // 2
        begins = np.maximum(np.arange(n) * side - before, 0)
        counts = np.diff(np.append(begins, size)).reshape([-1 if a == axis else 1 for a in range(x.ndim)])
        x = np.add.reduceat(x, begins, axis=axis) / counts.astype(x.dtype)
    return x


def oriented_gradients(
    x: Any, cells: Sequence[int], n_angles: int, ops: Any, pool: Callable[[Any, int], Any]
) -> list[Any]:
    """Blocks of two by two cells ``(n, rows, columns, 4 n_angles)``; see `automl.layers.gradients.OrientedGradients`.

    Args:
        x: standardised pictures ``(n, height, width, channels)``, float32.
        cells: pixels of a cell's side, one number a scale.
        n_angles: orientations.
        ops: `numpy` or `keras.ops`.
        pool: means over squares, such as `averaged`.

    Returns:
        The blocks of each scale.
    """
    x = ops.mean(x, axis=-1)
    along = ops.pad(x[:, :, 2:] - x[:, :, :-2], [[0, 0], [0, 0], [1, 1]]) if x.shape[2] > 2 else 0.0 * x
    down = ops.pad(x[:, 2:] - x[:, :-2], [[0, 0], [1, 1], [0, 0]]) if x.shape[1] > 2 else 0.0 * x
    angles = (np.arange(n_angles) * np.pi / n_angles).astype("float32")
    size = ops.sqrt(ops.square(along) + ops.square(down) + 1e-6)[..., None]
    seen = ops.abs(along[..., None] * np.cos(angles) + down[..., None] * np.sin(angles))
    shares = ops.maximum(seen - math.cos(SHARPNESS * math.pi / n_angles) * size, 0.0)
    return [_blocks(pool(shares, cell), ops) for cell in cells]


def _blocks(cells: Any, ops: Any) -> Any:
    """Cells in blocks of two by two where there are so many, each block divided by the root of its sum of squares."""
    if min(int(size) for size in cells.shape[1:3]) > 1:
        corners = [cells[:, :-1, :-1], cells[:, 1:, :-1], cells[:, :-1, 1:], cells[:, 1:, 1:]]
        cells = ops.concatenate(corners, axis=-1)
    return cells / ops.sqrt(ops.sum(ops.square(cells), axis=-1, keepdims=True) + FLOOR)


def shrinking(height: int, width: int, side: int = GRADIENTS_SIDE) -> int:
    """The whole factor by which pictures are shrunk to at most `side` pixels along the longer side."""
    return -(-max(height, width) // side)


def cells_for(height: int, width: int, counts: Sequence[int] = CELLS) -> list[int]:
    """Pixels of a cell's side for each number of cells along the longer side, after pictures were shrunk; distinct.

    Args:
        height: of the pictures as they came.
        width: likewise.
        counts: cells along the longer side, a number a scale.
    """
    longer = -(-max(height, width) // shrinking(height, width))
    return sorted({max(2, round(longer / count)) for count in counts})


def described(
    x: Any, ops: Any, pool: Callable[[Any, int], Any], counts: Sequence[int] = CELLS, pixels_side: int = PIXELS_SIDE,
    n_angles: int = 9,
) -> list[Any]:  # fmt: skip
    """Gradients of several scales and shrunk pixels of pictures, weighted, a list of ``(n, rows, columns, numbers)``.

    Args:
        x: standardised pictures ``(n, height, width, channels)``, float32.
        ops: `numpy` or `keras.ops`.
        pool: means over squares, such as `averaged`.
        counts: cells along the longer side, a number a scale.
        pixels_side: pixels are shrunk to at most so many along the longer side.
        n_angles: orientations.
    """
    height, width, channels = (int(size) for size in x.shape[1:])
    factors = shrinking(height, width), shrinking(height, width, pixels_side)
    looked_at, pixels = (pool(x, factor) if factor > 1 else x for factor in factors)
    blocks = oriented_gradients(looked_at, cells_for(height, width, counts), n_angles, ops, pool)
    n_pixels = int(pixels.shape[1]) * int(pixels.shape[2]) * channels
    return [*(GRADIENTS_WEIGHT * block for block in blocks), PIXELS_WEIGHT / math.sqrt(n_pixels) * pixels]
