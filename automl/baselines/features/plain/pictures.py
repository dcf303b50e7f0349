"""Small pixels and histograms of oriented gradients of pictures, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automl.baselines.features.plain.components import on_components

__all__ = ["oriented_gradients", "picture_blocks", "picture_features", "resized"]

BATCH_OF_PICTURES = 512
SMALL_SIDE = 16
"""Longer side of the pixels beside gradients."""


def picture_features(given: Mapping[str, np.ndarray], spec: Mapping[str, Any]) -> np.ndarray:
    """Oriented gradients at one or more scales, small pixels, or both, ``(n, n_features)`` float64.

    Args:
        given: "pictures" ``(n, h, w[, c])``, 0 to 255.
        spec: see `picture_blocks` and `on_components`.
    """
    pictures, parts = given["pictures"], []
    for i in range(0, max(len(pictures), 1), BATCH_OF_PICTURES):
        some = pictures[i : i + BATCH_OF_PICTURES]
        blocks = picture_blocks(some, spec["side"], spec["cells"], spec["cell"], spec["pixels"])
        parts.append(np.concatenate(blocks, axis=1))
    return on_components(np.concatenate(parts), spec)


def picture_blocks(images: np.ndarray, side: int, cells: Sequence[int], cell: int, pixels: bool) -> list[np.ndarray]:
    """Unscaled features of some pictures, a block for each scale and one for pixels, float32.

    Args:
        images: ``(n, h, w[, c])``, 0 to 255.
        side: longer side in pixels that gradients (or, without them, pixels) are taken at.
        cells: cells along the longer side, one number a scale; empty for no gradients.
        cell: pixels of a cell in place of `cells`; 0 for none.
        pixels: whether pixels (at most `SMALL_SIDE` a side beside gradients) count.
    """
    images = images[..., None] if images.ndim == 3 else images
    images = np.asarray(images, dtype=np.float32) / 255.0
    looked_at = resized(images, side)
    longer = max(looked_at.shape[1:3])
    widths = [cell] if cell else [max(2, round(longer / n)) for n in cells]
    blocks = []
    if widths:
        votes = gradient_votes(looked_at)
        blocks = [histograms_of_votes(*votes, width) for width in widths]
    if pixels or not widths:
        small = resized(images, min(side, SMALL_SIDE)) if widths else looked_at
        blocks.append(small.reshape(len(small), -1))
    return blocks


def resized(images: np.ndarray, side: int) -> np.ndarray:
    """Pictures ``(n, h, w, c)`` with their longer side at most `side`, by the mean over areas."""
    h, w = images.shape[1:3]
    factor = max(h, w) / side
    if factor <= 1:
        return images
    rows, columns = area_means(h, max(1, round(h / factor))), area_means(w, max(1, round(w / factor)))
    return np.asarray(np.einsum("ih,nhwc,jw->nijc", rows, images, columns, optimize=True), dtype=np.float32)


def area_means(size: int, new: int) -> np.ndarray:
    """Weights ``(new, size)`` of the mean over each new pixel's area."""
    edges = np.linspace(0, size, new + 1)
    left, right = np.arange(size), np.arange(size) + 1
    overlap = np.minimum(right, edges[1:, None]) - np.maximum(left, edges[:-1, None])
    return np.asarray(np.maximum(overlap, 0) * new / size, dtype=np.float32)


def oriented_gradients(images: np.ndarray, cell: int, n_angles: int = 9) -> np.ndarray:
    """Histograms of oriented gradients.

    The gradient of the channel where it is largest votes, by its size, for the two nearest of `n_angles` unsigned
    angles in its cell; blocks of 2 x 2 cells are normalised to unit length, clipped at 0.2 and normalised again.

    Args:
        images: ``(n, h, w, c)`` floats.
        cell: side of a cell in pixels.
        n_angles: angles between 0 and 180 degrees.

    Returns:
        ``(n, n_blocks * 4 * n_angles)`` float32.

    Source: Dalal & Triggs 2005, "Histograms of oriented gradients for human detection", sections 6.1 to 6.4.
    """
    return histograms_of_votes(*gradient_votes(images), cell, n_angles)


def gradient_votes(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The size of each pixel's gradient and its unsigned angle as a share of 180 degrees, both ``(n, h, w)``."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    dy = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    dx = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    strength = np.hypot(dx, dy)
    largest = strength.argmax(axis=-1)[..., None]
    size, across, down = (np.take_along_axis(one, largest, axis=-1)[..., 0] for one in (strength, dx, dy))
    return size, (np.arctan2(down, across) % np.pi) / np.pi


def histograms_of_votes(size: np.ndarray, angle: np.ndarray, cell: int, n_angles: int = 9) -> np.ndarray:
    """The normalised blocks of these votes."""
    n, h, w = size.shape
    cell = max(1, min(cell, h // 2, w // 2))
    n_rows, n_columns = max(1, h // cell), max(1, w // cell)
    top, left = (h - n_rows * cell) // 2, (w - n_columns * cell) // 2
    inside = (slice(None), slice(top, top + n_rows * cell), slice(left, left + n_columns * cell))
    size, position = size[inside], angle[inside] * n_angles - 0.5
    low = np.floor(position)
    share = position - low
    place = np.arange(n_rows).repeat(cell)[:, None] * n_columns + np.arange(n_columns).repeat(cell)
    place = (np.arange(n)[:, None, None] * (n_rows * n_columns) + place) * n_angles
    votes = np.zeros(n * n_rows * n_columns * n_angles)
    for step, weight in ((0, size * (1 - share)), (1, size * share)):
        bins = place + (low.astype(np.int64) + step) % n_angles
        votes += np.bincount(bins.ravel(), weight.ravel(), minlength=len(votes))
    cells = votes.reshape(n, n_rows, n_columns, n_angles).astype(np.float32)
    if min(n_rows, n_columns) < 2:
        blocks = cells.reshape(n, 1, -1)
    else:
        corners = [cells[:, :-1, :-1], cells[:, :-1, 1:], cells[:, 1:, :-1], cells[:, 1:, 1:]]
        blocks = np.concatenate(corners, axis=-1).reshape(n, -1, 4 * n_angles)  # (n, blocks, 4 * angles)
    for clip in (0.2, np.inf):
        blocks = np.minimum(blocks / np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + 1e-6), clip)
    return np.asarray(blocks.reshape(n, -1), dtype=np.float32)
