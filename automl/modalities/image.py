"""Pictures: files or arrays, as uint8 arrays of one size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from automl import goals, pretrained
from automl.errors import DataError
from automl.intake import on_canvas, pictures, pictures_and_range
from automl.modalities.shared import generated_items
from automl.modalities.shared.cells import names_of
from automl.modalities.shared.picture_components import component_stats
from automl.modalities.shared.specs import check_equal, evenly, restore_spec, spec_state
from automl.modalities.shared.tiles import TileEncoder, fit_tiles, restore_tiles
from automl.modalities.shared.vectors import vectors_of, vectors_specs
from automl.pretrained.channels import with_channels
from automl.records import ArrayForm, Column, Dataset, InputSpec, Modality, Split, TargetCodec, Task

__all__ = [
    "IMAGE", "ImageEncoder", "Pictures", "example_pictures", "fit", "fit_pictures", "grey_means", "restore",
    "restore_pictures", "whitening_filters",
]  # fmt: skip

MAX_SIDE = 128
AUDITED_SIDE = 12
EXAMPLE_SIDE = 16
PATCH_SIDE, PATCHES_A_PICTURE, FILTER_PICTURES, MOST_FILTERS = 3, 20, 1_000, 16
WHITENING = 0.01
"""Added to each eigenvalue, so that the noise of flat patches is not blown up."""
LEAST_SIDE, WIDEST = 8, 3
"""An array of three dimensions may be grey pictures where both sides are so long, neither this many times the other."""


@dataclass(eq=False)
class ImageEncoder:
    """Pictures → the spec's height, width and number of channels, uint8; and vectors that a backbone made of them.

    Attributes:
        specs: "image"; and, with a backbone, "vectors".
    """

    specs: tuple[InputSpec, ...]

    def transform(self, dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Pictures ``(n, h, w, c)`` uint8 under "image", resized where the dataset's size is another; "vectors"."""
        spec = self.specs[0]
        arrays = {spec.name: _shaped(_pictures(dataset, rows), spec.shape)}
        if len(self.specs) > 1:
            arrays["vectors"] = vectors_of(dataset, rows, self.specs[1].shape[0], "pictures")
        return arrays

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        return {"encoder": "image", "specs": [spec_state(spec) for spec in self.specs]}


def fit(dataset: Dataset, task: Task, split: Split, codec: TargetCodec | None = None) -> ImageEncoder | TileEncoder:
    """Fix the size and measure the training pictures' channels; sides over `MAX_SIDE` are scaled down.

    Where models learn no target, principal components of the pictures' gradients are measured, too.
    """
    if goals.named(task).in_pixels:
        return fit_tiles(dataset, split)
    read = partial(_pictures, dataset)
    spec = picture_spec("image", read, split.train)
    if not goals.named(task).needs_target:
        moments = np.array(spec.stats["mean"]), np.array(spec.stats["std"])
        found = component_stats(lambda rows: _shaped(read(rows), spec.shape), split.train, *moments)
        spec = replace(spec, stats={**spec.stats, "gradients": found}) if found else spec
    return ImageEncoder((spec, *vectors_specs(dataset, split.train)))


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
    std = np.where(std > 1e-3, std, 1.0)
    stats: dict[str, Any] = {"mean": mean.tolist(), "std": std.tolist()}
    if min(shape[:2]) >= PATCH_SIDE:
        patches = (_patches(read, evenly(rows, FILTER_PICTURES), shape) - mean) / std
        stats["patch_filters"] = whitening_filters(patches.reshape(len(patches), -1)).tolist()
    return InputSpec(name, "image", shape, "uint8", stats={**stats, "columns": [column]} if column else stats)


def _patches(read: Callable[[np.ndarray], np.ndarray], rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Patches at random places of these pictures, ``(n, 3, 3, c)`` float64; the same ones for the same rows."""
    rng, parts = np.random.default_rng(0), []
    steps = np.arange(PATCH_SIDE)
    for some in np.array_split(rows, max(1, len(rows) // 256)):
        chunk = _shaped(read(some), shape)
        which = np.repeat(np.arange(len(chunk)), PATCHES_A_PICTURE)
        top, left = (rng.integers(0, shape[axis] - PATCH_SIDE + 1, len(which)) for axis in (0, 1))
        parts.append(chunk[which[:, None, None], top[:, None, None] + steps[:, None], left[:, None, None] + steps])
    return np.concatenate(parts).astype(np.float64)


def whitening_filters(patches: np.ndarray) -> np.ndarray:
    """Filters ``(n_filters, numbers)`` whose answers to patches are uncorrelated and of variance 1 or less.

    They are the eigenvectors of the patches' covariance, those of the largest eigenvalues, each divided by the root of
    its eigenvalue.

    Args:
        patches: standardised, ``(n, numbers)``.

    Source: Coates, Lee & Ng 2011, section 3.1.1; as a network's first layer: Jordan, "94 % on CIFAR-10 in 3.29 seconds
        on a single GPU", 2024, section 3.2.
    """
    covariance = np.cov(patches, rowvar=False) if len(patches) > 1 else np.zeros((patches.shape[1],) * 2)
    values, vectors = np.linalg.eigh(covariance)
    filters = (vectors / np.sqrt(np.maximum(values, 0.0) + WHITENING)).T[::-1][:MOST_FILTERS]
    largest = np.take_along_axis(filters, np.abs(filters).argmax(axis=1)[:, None], axis=1)
    signed: np.ndarray = np.round(filters * np.where(largest < 0, -1.0, 1.0), 6)
    return signed


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
            out[there] = _shaped(_pictures_of_column(dataset, self.column, rows[there]), self.shape)
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
        spec = picture_spec(name, partial(_pictures_of_column, dataset, column), there, column)
        found[name] = Pictures(column, spec.shape, [round(value) for value in spec.stats["mean"]]), spec
    return found


def restore(state: Mapping[str, Any]) -> ImageEncoder:
    """The encoder that `ImageEncoder.state` described."""
    specs = tuple(restore_spec(spec) for spec in state["specs"])
    kinds = ["image", "vectors"][: len(specs)]
    check_equal("the kinds of inputs of a picture", [spec.kind for spec in specs], kinds)
    check_equal("the names of vectors", [spec.name for spec in specs[1:]], kinds[1:])
    return ImageEncoder(specs)


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


def _pictures_of_column(dataset: Dataset, column: str, rows: np.ndarray) -> np.ndarray:
    chosen: np.ndarray = dataset.pictures[column][rows]
    return chosen


def _shaped(pictures: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Pictures with the wanted channels and size."""
    pictures = with_channels(pictures, shape[2])
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


# --------------------------------------------------------------------------- the record


def _recognises(inputs: Any, columns: Sequence[Column]) -> str | None:
    if isinstance(inputs, np.ndarray):
        return _in_array(inputs)
    if len(columns) == 1 and columns[0].kind == "image_path":
        return f"the only feature is a column of image paths ({names_of(columns)})"
    return None


def _in_array(array: np.ndarray) -> str | None:
    shape = array.shape
    if array.ndim == 4 and shape[3] <= 4 and min(shape[1:3]) >= 4:
        return f"an array of shape {shape} is images (rows, height, width, channels)"
    if array.ndim != 3 or not near_square(shape):
        return None
    if array.dtype == np.uint8 or (in_pixels(array) and shape[1] == shape[2]):
        low, high = ends(array)
        return f"an array of shape {shape} with values from {low:g} to {high:g} is grey images"
    return None


def near_square(shape: Sequence[int]) -> bool:
    """Whether rows of this shape (rows, height, width) may be pictures."""
    return min(shape[1:]) >= LEAST_SIDE and max(shape[1:]) <= WIDEST * min(shape[1:])


def in_pixels(array: np.ndarray) -> bool:
    """Whether values may be brightness: whole numbers from 0 to 255, or shares of 1."""
    low, high = ends(array)
    whole = array.dtype.kind in "ui" or bool((array[:100] == np.round(array[:100])).all())
    return array.dtype == np.uint8 or (low >= 0 and (high <= 1 or (high <= 255 and whole)))


def ends(array: np.ndarray) -> tuple[float, float]:
    """Least and largest value."""
    return (float(np.nanmin(array)), float(np.nanmax(array))) if array.size else (0.0, 0.0)


def _decode(dataset: Dataset, task: Task, memory_mib: float | None) -> tuple[Dataset, Task]:
    if goals.named(task).in_pixels:
        return on_canvas(dataset, task, memory_mib)
    is_flat = isinstance(dataset.inputs, np.ndarray) and dataset.inputs.ndim == 3
    dataset, limits = pictures_and_range(dataset, task, memory_mib=memory_mib)
    shape = dataset.inputs.shape[1:]
    if is_flat and goals.named(task).makes_rows:
        shape = shape[:2]  # new ones are handed back in this form
    return dataset, replace(task, image_shape=shape, pixel_range=limits)


def _ready(dataset: Dataset, task: Task, read: Any) -> Dataset:
    if goals.named(task).in_pixels:
        return on_canvas(dataset, task, is_new=True)[0]
    return pretrained.with_vectors(pictures(dataset, task, task.image_shape or None, task.pixel_range), task)


def _is_one(array: np.ndarray) -> bool:
    colour = array.ndim == 3 and array.shape[2] in {3, 4} and array.shape[0] > 4
    return array.ndim == 2 or colour


def grey_means(images: np.ndarray, side: int) -> np.ndarray:
    """Images ``(n, h, w[, c])`` as grey block means ``(n, side, side)`` float32, 0 to 255 as they came."""
    grey = images.astype(np.float32) if images.ndim == 3 else images.mean(axis=3, dtype=np.float32)
    for axis in (1, 2):
        size = grey.shape[axis]
        edges = np.linspace(0, size, side + 1).astype(int)
        starts = np.minimum(edges[:-1], size - 1)
        widths = np.maximum(edges[1:] - starts, 1)
        summed = np.concatenate(
            [np.zeros_like(grey.take([0], axis=axis)), np.cumsum(grey, axis=axis, dtype=np.float64)], axis=axis
        )
        parts = summed.take(starts + widths, axis=axis) - summed.take(starts, axis=axis)
        grey = (parts / widths.reshape([-1 if a == axis else 1 for a in range(3)])).astype(np.float32)
    return grey


def _matrix(part: np.ndarray) -> np.ndarray:
    return grey_means(part, AUDITED_SIDE).reshape(len(part), -1)


def _example(signal: np.ndarray, rng: np.random.Generator) -> tuple[Dataset, tuple[Column, ...]]:
    return Dataset("example", example_pictures(signal, rng)), ()


def example_pictures(signal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Grey pictures ``(n, 16, 16, 1)`` that are the brighter, the larger the signal is."""
    noise = rng.normal(120, 20, (len(signal), EXAMPLE_SIDE, EXAMPLE_SIDE, 1))
    made: np.ndarray = np.clip(noise + 40 * signal[:, None, None, None], 0, 255).astype("uint8")
    return made


IMAGE = Modality(
    name="image",
    items="images",
    recognises=_recognises,
    decode=_decode,
    ready=_ready,
    fit=fit,
    restore={"image": restore, "tiles": restore_tiles, "items": generated_items.restore_items},
    example=_example,
    array=ArrayForm("(n, height, width[, channels])", (3, 4), _is_one, lambda dataset: dataset, kind="image_path"),
    takes_array=True,
    matrix=_matrix,
    generator=generated_items.fit_generator,
    restore_codec={"items": generated_items.restore_item_codec},
    generated_metric="feature_distance",
)
