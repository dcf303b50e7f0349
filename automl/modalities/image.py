"""Pictures as uint8 arrays of one size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.errors import DataError
from automl.modalities.specs import restore_spec, spec_state
from automl.records import Dataset, InputSpec, Split, Task

__all__ = ["ImageEncoder", "fit", "restore"]

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
    _, height, width, channels = _pictures(dataset, split.train[:1]).shape
    shrink = min(1.0, MAX_SIDE / max(height, width))
    shape = (max(1, round(height * shrink)), max(1, round(width * shrink)), channels)
    total = np.zeros(channels)
    squares = np.zeros(channels)
    for rows in np.array_split(split.train, max(1, len(split.train) // 512)):
        chunk = _shaped(_pictures(dataset, rows), shape).reshape(-1, channels).astype(np.float64)
        total += chunk.sum(axis=0)
        squares += (chunk**2).sum(axis=0)
    n_pixels = len(split.train) * shape[0] * shape[1]
    mean = total / n_pixels
    std = np.sqrt(np.maximum(squares / n_pixels - mean**2, 0.0))
    stats = {"mean": mean.tolist(), "std": np.where(std > 1e-3, std, 1.0).tolist()}
    return ImageEncoder((InputSpec("image", "image", shape, "uint8", stats=stats),))


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
