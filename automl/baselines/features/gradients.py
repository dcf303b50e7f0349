"""Histograms of oriented gradients and small pixels of pictures, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from automl.baselines.model import remembered, rows_key
from automl.records import Dataset

__all__ = ["PictureFeatures", "oriented_gradients", "resized"]

BATCH = 512


class PictureFeatures:
    """Oriented gradients, small pixels, or both; on principal components if asked for.

    Args:
        side: longer side in pixels that gradients (or, without them, pixels) are taken at.
        cell: pixels of a gradient cell; 0 for none.
        pixels: whether pixels (at most 16 a side beside gradients) count.
        components: principal components kept; 0 for the features themselves.
        seed: of the decomposition.
        column: a table's image column to read; empty where the dataset is pictures.
    """

    column = ""  # of models stored before there were such columns

    def __init__(
        self, side: int, cell: int, pixels: bool, components: int = 0, seed: int = 0, column: str = ""
    ) -> None:
        self.categories: list[bool] = []
        self.side = side
        self.cell = cell
        self.pixels = pixels
        self.components = components
        self.seed = seed
        self.column = column
        self.center: np.ndarray | None = None
        self.scale: np.ndarray | None = None
        self.projection: Any = None

    def _raw(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Unscaled features of these rows, float32."""
        parts = []
        for i in range(0, max(len(rows), 1), BATCH):
            images = np.asarray(self._pictures(dataset)[rows[i : i + BATCH]], dtype=np.float32) / 255.0
            images = images[..., None] if images.ndim == 3 else images
            blocks = []
            if self.cell:
                blocks.append(oriented_gradients(resized(images, self.side), self.cell))
            if self.pixels or not self.cell:
                small = resized(images, min(self.side, 16) if self.cell else self.side)
                blocks.append(small.reshape(len(small), -1))
            parts.append(np.concatenate(blocks, axis=1))
        return np.concatenate(parts)

    def fit(self, dataset: Dataset, rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        """Learn the scale of each block and the projection."""
        key = ("pictures", self.column, self.side, self.cell, self.pixels, *rows_key(dataset, rows))
        raw = remembered(key, lambda: self._raw(dataset, rows))
        self.center = raw.mean(axis=0)
        # One scale for all gradients and one for all pixels keeps what is large within a block large.
        n_pixels = raw.shape[1] if not self.cell else 0
        if self.cell and self.pixels:
            n_pixels = raw.shape[1] - self._n_gradients(dataset)
        spread = raw.std(axis=0)
        scale = np.empty(raw.shape[1], dtype=np.float32)
        for block in (slice(0, raw.shape[1] - n_pixels), slice(raw.shape[1] - n_pixels, None)):
            if len(spread[block]):
                scale[block] = max(float(np.sqrt((spread[block] ** 2).sum())), 1e-6)
        if self.cell and self.pixels:
            scale[raw.shape[1] - n_pixels :] *= 2.0  # gradients say more than pixels
        self.scale = scale / np.sqrt(raw.shape[1])
        X = (raw - self.center) / self.scale
        if self.components:
            size = int(min(self.components, *X.shape))
            self.projection = PCA(size, svd_solver="randomized", random_state=self.seed).fit(X)
            X = self.projection.transform(X)
        return np.asarray(X, dtype=np.float64)

    def _n_gradients(self, dataset: Dataset) -> int:
        image = np.asarray(self._pictures(dataset)[:1], dtype=np.float32)
        image = image[..., None] if image.ndim == 3 else image
        return int(oriented_gradients(resized(image, self.side), self.cell).shape[1])

    def _pictures(self, dataset: Dataset) -> Any:
        return dataset.pictures[self.column] if self.column else dataset.inputs

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """The features of other rows."""
        X = (self._raw(dataset, rows) - self.center) / self.scale
        if self.projection is not None:
            X = self.projection.transform(X)
        return np.asarray(X, dtype=np.float64)


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
    n, h, w, _ = images.shape
    cell = max(1, min(cell, h // 2, w // 2))
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    dy = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    dx = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    strength = np.hypot(dx, dy)
    largest = strength.argmax(axis=-1)[..., None]
    size = np.take_along_axis(strength, largest, axis=-1)[..., 0]
    angle = np.arctan2(np.take_along_axis(dy, largest, -1)[..., 0], np.take_along_axis(dx, largest, -1)[..., 0])
    position = (angle % np.pi) / np.pi * n_angles - 0.5
    low = np.floor(position)
    share = position - low
    n_rows, n_columns = max(1, h // cell), max(1, w // cell)
    top, left = (h - n_rows * cell) // 2, (w - n_columns * cell) // 2
    cells = np.zeros((n, n_rows, n_columns, n_angles), dtype=np.float32)
    for k in range(n_angles):
        votes = size * ((low % n_angles == k) * (1 - share) + ((low + 1) % n_angles == k) * share)
        votes = votes[:, top : top + n_rows * cell, left : left + n_columns * cell]
        cells[..., k] = votes.reshape(n, n_rows, cell, n_columns, cell).sum(axis=(2, 4))
    if min(n_rows, n_columns) < 2:
        blocks = cells.reshape(n, 1, -1)
    else:
        corners = [cells[:, :-1, :-1], cells[:, :-1, 1:], cells[:, 1:, :-1], cells[:, 1:, 1:]]
        blocks = np.concatenate(corners, axis=-1).reshape(n, -1, 4 * n_angles)  # (n, blocks, 4 * angles)
    for clip in (0.2, np.inf):
        blocks = np.minimum(blocks / np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + 1e-6), clip)
    return np.asarray(blocks.reshape(n, -1), dtype=np.float32)
