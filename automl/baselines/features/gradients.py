"""Histograms of oriented gradients and small pixels of pictures, scaled by what training rows show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from automl.baselines.features.description import Description, matrix
from automl.baselines.features.plain.pictures import oriented_gradients, picture_blocks, resized
from automl.baselines.features.projection import Projected
from automl.baselines.model import remembered, rows_key
from automl.records import Dataset

__all__ = ["BATCH", "PictureFeatures", "oriented_gradients", "pictures_of", "resized"]

BATCH = 512
PICTURES = {"pictures": "pictures of this height, width and channels, 0 to 255 as in training"}


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
        return picture_blocks(images, self.side, self.cells or (), self.cell, self.pixels)

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

    def describe(self) -> Description:
        """What an exported reader makes them of."""
        settings = {
            "side": self.side, "cells": list(self.cells or ()), "cell": self.cell, "pixels": self.pixels,
            **self._description(),
        }  # fmt: skip
        return Description(
            "automl.baselines.features.plain.pictures:picture_features",
            settings,
            PICTURES,
            parts=matrix(self._n_columns()),
        )

    def sources(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The pictures of these rows."""
        return {"pictures": np.asarray(pictures_of(dataset, self.column)[rows])}


def pictures_of(dataset: Dataset, column: str = "") -> Any:
    """The pictures of a dataset ``(n, h, w[, c])`` uint8, or those of a table's image column."""
    return dataset.pictures[column] if column else dataset.inputs
