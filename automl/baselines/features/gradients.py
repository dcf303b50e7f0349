"""Histograms of oriented gradients and small pixels of pictures, in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from automl.baselines.features.projection import Projected
from automl.baselines.model import remembered, rows_key
from automl.records import Dataset

__all__ = ["BATCH", "PictureFeatures", "oriented_gradients", "pictures_of", "resized"]

BATCH = 512
SMALL_SIDE = 16
"""Longer side of the pixels beside gradients."""


class PictureFeatures(Projected):
    """Oriented gradients at one or more scales, small pixels, or both; on principal components if asked for.

    Args:
        side: longer side in pixels that gradients (or, without them, pixels) are taken at.
        cells: cells along the longer side, one number a scale; empty for no gradients.
        pixels: whether pixels (at most 16 a side beside gradients) count.
        components: principal components kept; 0 for the features themselves.
        seed: of the decomposition.
        column: a table's image column to read; empty where the dataset is pictures.
    """

    column = ""  # of models stored before there were such columns
    cells: list[int] | None = None  # of models stored before there were scales: `cell` pixels a cell

    def __init__(
        self, side: int, cells: Sequence[int], pixels: bool, components: int = 0, seed: int = 0, column: str = ""
    ) -> None:
        self.categories: list[bool] = []
        self.side = side
        self.cell = 0
        self.cells = [int(n_cells) for n_cells in cells]
        self.pixels = pixels
        self.components = components
        self.seed = seed
        self.column = column
        self.center: np.ndarray | None = None
        self.scale: np.ndarray | None = None
        self.projection: Any = None

    def _blocks(self, images: np.ndarray) -> list[np.ndarray]:
        """Unscaled features of some pictures, a block for each scale and one for pixels, float32."""
        images = images[..., None] if images.ndim == 3 else images
        images = np.asarray(images, dtype=np.float32) / 255.0
        looked_at = resized(images, self.side)
        longer = max(looked_at.shape[1:3])
        widths = [self.cell] if self.cell else [max(2, round(longer / n)) for n in self.cells or ()]
        blocks = []
        if widths:
            votes = _votes(looked_at)
            blocks = [_histograms(*votes, width) for width in widths]
        if self.pixels or not widths:
            small = resized(images, min(self.side, SMALL_SIDE)) if widths else looked_at
            blocks.append(small.reshape(len(small), -1))
        return blocks

    def _raw(self, dataset: Dataset, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Unscaled features of these rows, float32; the widths of their blocks."""
        pictures, parts, widths = pictures_of(dataset, self.column), [], np.zeros(0, np.int64)
        for i in range(0, max(len(rows), 1), BATCH):
            blocks = self._blocks(np.asarray(pictures[rows[i : i + BATCH]]))
            widths = np.array([block.shape[1] for block in blocks])
            parts.append(np.concatenate(blocks, axis=1))
        return np.concatenate(parts), widths

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        """Learn the scale of each block and the projection."""
        scales = "-".join(map(str, self.cells or ()))
        key = ("pictures", self.column, self.side, scales, self.pixels, *rows_key(dataset, rows))
        raw, widths = remembered(key, lambda: self._raw(dataset, rows))
        self.center = raw.mean(axis=0)
        # One scale for each block keeps what is large within a block large; gradients say more than pixels.
        squares = np.add.reduceat(raw.var(axis=0, dtype=np.float64), np.cumsum(widths) - widths)
        units = np.maximum(np.sqrt(squares), 1e-6)
        if self.cells and self.pixels:
            units[-1] *= 2.0
        self.scale = np.repeat(units / np.sqrt(raw.shape[1]), widths).astype(np.float32)
        return self._fit_projection(raw, self._more(dataset, key, lambda other, some: self._raw(other, some)[0]))

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The features of other rows."""
        return self._projected(self._raw(dataset, rows)[0])


def pictures_of(dataset: Dataset, column: str = "") -> Any:
    """The pictures of a dataset ``(n, h, w[, c])`` uint8, or those of a table's image column."""
    return dataset.pictures[column] if column else dataset.inputs


def resized(images: np.ndarray, side: int) -> np.ndarray:
    """Pictures ``(n, h, w, c)`` with their longer side at most `side`, by the mean over areas."""
    h, w = images.shape[1:3]
    factor = max(h, w) / side
    if factor <= 1:
        return images
    rows, columns = _areas(h, max(1, round(h / factor))), _areas(w, max(1, round(w / factor)))
    return np.asarray(np.einsum("ih,nhwc,jw->nijc", rows, images, columns, optimize=True), dtype=np.float32)


def _areas(size: int, new: int) -> np.ndarray:
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
    return _histograms(*_votes(images), cell, n_angles)


def _votes(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The size of each pixel's gradient and its unsigned angle as a share of 180 degrees, both ``(n, h, w)``."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    dy = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    dx = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    strength = np.hypot(dx, dy)
    largest = strength.argmax(axis=-1)[..., None]
    size, across, down = (np.take_along_axis(one, largest, axis=-1)[..., 0] for one in (strength, dx, dy))
    return size, (np.arctan2(down, across) % np.pi) / np.pi


def _histograms(size: np.ndarray, angle: np.ndarray, cell: int, n_angles: int = 9) -> np.ndarray:
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
