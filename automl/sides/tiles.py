"""Pictures larger than what a network sees at once: overlapping tiles, whose answers are averaged.

Source: Ronneberger, Fischer & Brox, "U-Net", MICCAI 2015, figure 2 (overlapping tiles); Isensee et al., "nnU-Net",
    Nature Methods 2021, methods (half-overlapping tiles, weights that fall towards their edges).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["MOST_PIXELS", "begins", "is_dense", "most_rows", "stitched"]

OVERLAP = 1 / 4
"""Of neighbouring tiles, at least."""
MOST_PIXELS = 2**20
"""Of the pictures that a network sees in one call: its layers hold some hundred numbers a pixel."""
LEAST_WEIGHT = 0.05


def is_dense(model: Any) -> bool:
    """Whether a network says something of each pixel of its picture."""
    output = tuple(model.outputs[0].shape)
    return len(output) == 4 and any(
        len(one.shape) == 4 and tuple(one.shape)[1:3] == output[1:3] for one in model.inputs
    )  # fmt: skip


def most_rows(model: Any, most: int) -> int:
    """How many rows a network sees in one call: fewer pictures of which each pixel is judged."""
    if not is_dense(model):
        return most
    return max(1, min(most, MOST_PIXELS // int(math.prod(tuple(model.outputs[0].shape)[1:3]))))


def begins(length: int, tile: int) -> list[int]:
    """First rows (or columns) of tiles that cover a length and overlap by `OVERLAP` at least."""
    if length <= tile:
        return [0]
    n = math.ceil((length - OVERLAP * tile) / (tile * (1 - OVERLAP)))
    return [round(k * (length - tile) / (n - 1)) for k in range(n)] if n > 1 else [0, length - tile]


def stitched(judge: Callable[[int, int], np.ndarray], canvas: Sequence[int], tile: Sequence[int]) -> np.ndarray:
    """The answers of all tiles as one.

    Args:
        judge: from the first row and column of a tile to what is said of it, ``(n, *tile, n_classes)``.
        canvas: height and width of the pictures.
        tile: height and width.

    Returns:
        ``(n, *canvas, n_classes)`` float32, weighted means where tiles overlap.
    """
    if tuple(canvas) == tuple(tile):
        return judge(0, 0)
    tops, lefts = (begins(int(length), int(side)) for length, side in zip(canvas, tile, strict=True))
    importance = np.outer(*(_weights(int(side)) for side in tile))[None, :, :, None]
    total: np.ndarray | None = None
    weights = np.zeros((1, *canvas, 1), np.float32)
    for top in tops:
        for left in lefts:
            said = judge(top, left)
            if total is None:
                total = np.zeros((len(said), *canvas, said.shape[-1]), np.float32)
            place = np.s_[:, top : top + tile[0], left : left + tile[1]]
            total[place] += said * importance
            weights[place] += importance
    assert total is not None
    return total / weights


def _weights(side: int) -> np.ndarray:
    """Weights of a tile's rows: they fall towards its edges, where less is seen around a pixel."""
    places = (np.arange(side) + 0.5) / side
    return np.maximum(1.0 - np.abs(2 * places - 1), LEAST_WEIGHT).astype(np.float32)
