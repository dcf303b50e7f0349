"""Pictures as uint8 arrays of one size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from automl.errors import DataError
from automl.modalities.shared.specs import restore_spec, spec_state
from automl.records import Dataset, InputSpec, Split, Task

__all__ = ["ImageEncoder", "Pictures", "fit", "fit_pictures", "restore", "restore_pictures"]

MAX_SIDE = 128
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


@dataclass(eq=False)
class ImageEncoder:
    """Pictures → the spec's height, width and number of channels, uint8."""

    specs: tuple[InputSpec, ...]

    def transform(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Pictures ``(n, h, w, c)`` uint8 under "image", resized where the dataset's size is another."""
        spec = self.specs[0]
        return {spec.name: _shaped(_pictures(dataset, rows), spec.shape)}

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        return {"encoder": "image", "specs": [spec_state(spec) for spec in self.specs]}


def fit(dataset: Dataset, task: Task, split: Split) -> ImageEncoder:
    """Fix the size and measure the training pictures' channels; sides over `MAX_SIDE` are scaled down."""
    return ImageEncoder((picture_spec("image", partial(_pictures, dataset), split.train),))


def picture_spec(name: str, read: Callable[[np.ndarray], np.ndarray], rows: np.ndarray, column: str = "") -> InputSpec:
    """Size, and moments of each channel, measured in parts so that no second copy of all pictures is held.

    Args:
        name: of the input.
        read: row numbers → pictures ``(n, h, w, c)`` uint8.
        rows: training rows, at least one.
        column: whose pictures they are, in a table.
    """
    _, height, width, channels = read(rows[:1]).shape
    shrink = min(1.0, MAX_SIDE / max(height, width))
    shape = (max(1, round(height * shrink)), max(1, round(width * shrink)), channels)
    total = np.zeros(channels)
    squares = np.zeros(channels)
    for some in np.array_split(rows, max(1, len(rows) // 512)):
        chunk = _shaped(read(some), shape).reshape(-1, channels).astype(np.float64)
        total += chunk.sum(axis=0)
        squares += (chunk**2).sum(axis=0)
    n_pixels = len(rows) * shape[0] * shape[1]
    mean = total / n_pixels
    std = np.sqrt(np.maximum(squares / n_pixels - mean**2, 0.0))
    stats: dict[str, Any] = {"mean": mean.tolist(), "std": np.where(std > 1e-3, std, 1.0).tolist()}
    return InputSpec(name, "image", shape, "uint8", stats={**stats, "columns": [column]} if column else stats)


@dataclass(eq=False)
class Pictures:
    """An image column of a table → pictures of the spec's size; one that is missing has the training mean throughout.

    Attributes:
        column: name.
        shape: height, width, channels.
        blank: mean of each channel, 0 to 255.
    """

    column: str
    shape: tuple[int, ...]
    blank: list[int]

    def transform(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Pictures ``(n, h, w, c)`` uint8."""
        there = dataset.inputs[self.column].notna().to_numpy()[rows]
        out = np.empty((len(rows), *self.shape), np.uint8)
        out[~there] = self.blank
        if there.any():
            out[there] = _shaped(_beside(dataset, self.column, rows[there]), self.shape)
        return out

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        return {"column": self.column, "shape": list(self.shape), "blank": self.blank}


def restore_pictures(state: Mapping[str, Any]) -> Pictures:
    """The part that `Pictures.state` described."""
    return Pictures(state["column"], tuple(int(n) for n in state["shape"]), [int(n) for n in state["blank"]])


def fit_pictures(dataset: Dataset, rows: np.ndarray, columns: Sequence[str]) -> dict[str, tuple[Pictures, InputSpec]]:
    """One input a column that has pictures in the training rows: "image", "image_2" and so on.

    Args:
        dataset: a table with `Dataset.pictures`.
        rows: training rows.
        columns: image columns.
    """
    found: dict[str, tuple[Pictures, InputSpec]] = {}
    for column in columns:
        there = rows[dataset.inputs[column].notna().to_numpy()[rows]]
        if not len(there):
            continue
        name = f"image_{len(found) + 1}" if found else "image"
        spec = picture_spec(name, partial(_beside, dataset, column), there, column)
        found[name] = Pictures(column, spec.shape, [round(value) for value in spec.stats["mean"]]), spec
    return found


def restore(state: Mapping[str, Any]) -> ImageEncoder:
    """The encoder that `ImageEncoder.state` described."""
    return ImageEncoder(tuple(restore_spec(spec) for spec in state["specs"]))


def _pictures(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    inputs = dataset.inputs
    if not isinstance(inputs, np.ndarray) or inputs.dtype != np.uint8 or inputs.ndim not in (3, 4):
        found = f"{inputs.dtype} {inputs.shape}" if isinstance(inputs, np.ndarray) else type(inputs).__name__
        raise DataError(
            f"expected pictures as a uint8 array (n, height, width[, channels]); {dataset.name} holds {found}. "
            "Give paths to picture files or an array of pictures"
        )
    chosen: np.ndarray = inputs[rows]
    return chosen[..., None] if chosen.ndim == 3 else chosen


def _beside(dataset: Dataset, column: str, rows: np.ndarray) -> np.ndarray:
    chosen: np.ndarray = dataset.pictures[column][rows]
    return chosen


def _shaped(pictures: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Pictures with the wanted channels and size."""
    pictures = _channels(pictures, shape[2])
    if pictures.shape[1:] == tuple(shape):
        return pictures
    out = np.empty((len(pictures), *shape), np.uint8)
    for row, picture in enumerate(pictures):
        out[row] = _resized(picture, shape[0], shape[1])
    return out


def _resized(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    from PIL import Image

    layers = [Image.fromarray(np.ascontiguousarray(layer)) for layer in np.moveaxis(picture, -1, 0)]
    size = (width, height)
    return np.stack([np.asarray(layer.resize(size, Image.Resampling.BILINEAR)) for layer in layers], axis=-1)


def _channels(pictures: np.ndarray, wanted: int) -> np.ndarray:
    """Grey ↔ colour; an alpha channel is dropped or added opaque."""
    found = pictures.shape[-1]
    if found == wanted:
        return pictures
    if found == 2 or found == 4:
        return _channels(pictures[..., : found - 1], wanted)
    if wanted == 2 or wanted == 4:
        opaque = np.full((*pictures.shape[:-1], 1), 255, np.uint8)
        return np.concatenate([_channels(pictures, wanted - 1), opaque], axis=-1)
    if found == 3 and wanted == 1:
        return np.asarray(np.rint(pictures @ _LUMA)[..., None], np.uint8)
    if found == 1:
        return np.repeat(pictures, wanted, axis=-1)
    raise DataError(f"expected pictures with {wanted} channels; these have {found}. Give pictures of the same sort")
