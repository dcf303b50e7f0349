"""Pictures on a canvas, of which a network sees tiles; what is beyond a picture on the canvas tells nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.goals.shared.masks import tile_of
from automl.modalities.shared.specs import check_equal, restore_spec, spec_state
from automl.pretrained.channels import with_channels
from automl.records import Dataset, InputSpec, Split

__all__ = ["TileEncoder", "fit_tiles", "restore_tiles"]


@dataclass(eq=False)
class TileEncoder:
    """Pictures on their canvas, uint8: a network sees tiles of the spec's height and width, no larger than the canvas.

    Attributes:
        specs: "image".
    """

    specs: tuple[InputSpec, ...]

    def transform(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Pictures ``(n, height, width, c)`` uint8 under "image", no smaller than a tile."""
        spec = self.specs[0]
        pictures = with_channels(_pictures(dataset, rows), spec.shape[2])
        lacking = [max(0, side - own) for side, own in zip(spec.shape[:2], pictures.shape[1:3], strict=True)]
        if any(lacking):
            pictures = np.pad(pictures, ((0, 0), (0, lacking[0]), (0, lacking[1]), (0, 0)))
        return {spec.name: pictures}

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        return {"encoder": "tiles", "specs": [spec_state(spec) for spec in self.specs]}


def fit_tiles(dataset: Dataset, split: Split) -> TileEncoder:
    """Measure the training pictures' channels, without what is beyond them on the canvas.

    Args:
        dataset: pictures on a canvas.
        split: who trains.
    """
    canvas = np.shape(dataset.inputs)
    n_channels = canvas[3] if len(canvas) == 4 else 1
    n_pixels, total, squares = 0, np.zeros(n_channels), np.zeros(n_channels)
    for row in split.train:
        picture = _pictures(dataset, np.array([row]))[0]
        if dataset.extents is not None:
            picture = picture[: dataset.extents[row][0], : dataset.extents[row][1]]
        values = picture.reshape(-1, n_channels).astype(np.float64)
        n_pixels += len(values)
        total += values.sum(axis=0)
        squares += (values**2).sum(axis=0)
    mean = total / n_pixels
    std = np.sqrt(np.maximum(squares / n_pixels - mean**2, 0.0))
    stats = {"mean": mean.tolist(), "std": np.where(std > 1e-3, std, 1.0).tolist()}
    return TileEncoder((InputSpec("image", "image", (*tile_of(canvas[1:3]), n_channels), "uint8", stats=stats),))


def restore_tiles(state: Mapping[str, Any]) -> TileEncoder:
    """The encoder that `TileEncoder.state` described."""
    specs = tuple(restore_spec(spec) for spec in state["specs"])
    check_equal("the kinds of inputs of tiles", [spec.kind for spec in specs], ["image"])
    return TileEncoder(specs)


def _pictures(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    chosen: np.ndarray = np.asarray(dataset.inputs)[rows]
    return chosen[..., None] if chosen.ndim == 3 else chosen
