"""Pictures of their own sizes → one array: each in the upper left corner of a common canvas, masks beside them.

Nothing is squeezed. Pictures that are too large for the memory or the time there is are scaled down, all by one factor,
so that a thing of some size looks alike in all of them; their masks by the nearest pixel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from automl.errors import DataError
from automl.goals.shared.masks import MOST_TILE, resized_mask
from automl.intake.brightness import full_scale, scaled, span, span_of_pictures
from automl.intake.decoding import decoded, unread_files, why_unread
from automl.intake.files import shown
from automl.intake.fingerprint import fingerprint
from automl.intake.frames import is_frame
from automl.intake.images import column_of_files, full_path
from automl.intake.limits import refuse_beyond
from automl.intake.picture_files import PictureSource, opened, quiet, upright_size
from automl.intake.pixels import as_uint8
from automl.records import Dataset, Finding, Mask, Task
from automl.system import resources
from automl.system.counts import counted

__all__ = ["on_canvas"]

MOST_SIDE = 2 * MOST_TILE
"""Pixels of the longer side of nearly all pictures, beyond which they are scaled down."""
USUAL = 0.9
"""Share of the pictures that is nearly all."""
MEMORY_SHARE = 1 / 8
"""Of what is free, for the pictures and one set of probabilities: several of these are held at a time."""
LEAST_SIDE = 8
LISTED = 20


def on_canvas(
    dataset: Dataset, task: Task, memory_mib: float | None = None, *, is_new: bool = False
) -> tuple[Dataset, Task]:
    """Decode pictures, put them on one canvas, and bring masks to the sizes that pictures have there.

    Args:
        dataset: inputs are a frame with one column of picture files, or an array of pictures; masks are its target, if
            there are any.
        task: of new rows with the canvas, range and scale of training.
        memory_mib: that may be taken; by default most of what is free.
        is_new: whether these are rows to predict.

    Returns:
        The dataset with inputs ``(n, height, width, channels)`` uint8 and `Dataset.extents`, rows left out whose
        picture cannot be read or has another size than its mask; the task with the canvas, range and scale.

    Raises:
        DataError: nothing is left, or it would take more memory than there is.
    """
    limit_mib = resources.available_mib() if memory_mib is None else memory_mib
    if is_frame(dataset.inputs):
        return _files(dataset, task, limit_mib, is_new)
    return _array(dataset, task, limit_mib, is_new)


def _array(dataset: Dataset, task: Task, limit_mib: float, is_new: bool) -> tuple[Dataset, Task]:
    values = np.asarray(dataset.inputs)
    limits = task.pixel_range or span(values if dataset.given is None else values[~dataset.given])
    images, noticed = as_uint8(values, limits)
    sizes = np.tile(np.array(images.shape[1:3], np.int64), (len(images), 1))
    factor = task.scale if is_new else _factor(sizes, len(task.classes), limit_mib)
    if factor < 1:
        height, width = _scaled_size(sizes[0], factor)
        images = np.stack([_resized(image, height, width) for image in images])
    dataset = replace(
        dataset, inputs=images, findings=(*dataset.findings, *noticed, *_scaling_findings(factor, sizes, is_new))
    )
    return _placed(dataset, task, list(images), sizes, factor, limits, is_new)


def _files(dataset: Dataset, task: Task, limit_mib: float, is_new: bool) -> tuple[Dataset, Task]:
    name = column_of_files(dataset, task, "image_path")
    paths = [full_path(value, dataset.root) for value in dataset.inputs[name]]
    sizes = _sizes(paths)
    known = sizes[sizes[:, 0] > 0]
    factor = task.scale if is_new else _factor(known, len(task.classes), limit_mib)
    dataset, kept, noticed = _same_sizes(dataset, sizes)
    paths, sizes = [paths[i] for i in kept], sizes[kept]
    found: list[np.ndarray | None] = [None] * len(paths)
    reasons: dict[int, str] = {}
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for i, size in enumerate(sizes):
        groups[_scaled_size(size, factor) if size[0] else (LEAST_SIDE, LEAST_SIDE)].append(i)
    for (height, width), rows in groups.items():
        some, why = decoded([paths[i] for i in rows], (height, width, None), limit_mib)
        for place, i in enumerate(rows):
            found[i] = some[place]
            if place in why:
                reasons[i] = why[place]
    limits = _evened(found, task.pixel_range, dataset.given, is_new)
    readable = np.flatnonzero([image is not None for image in found])
    if not len(readable):
        first = next(iter(reasons.values()), "no file is named")
        raise DataError(
            f"none of the {len(paths)} pictures of {dataset.name!r} can be read (the first: {first}); check the "
            "paths in "
            f"{name!r}, which are read relative to {shown(dataset.root or 'the current folder')!r}"
        )
    if reasons:
        noticed = (*noticed, _dropped(dataset, name, paths, reasons))
    dataset = _only(replace(dataset, findings=(*dataset.findings, *noticed)), readable)
    sizes = sizes[readable]
    dataset = replace(dataset, findings=(*dataset.findings, *_scaling_findings(factor, sizes, is_new)))
    images = [image for image in found if image is not None]
    return _placed(dataset, task, images, sizes, factor, limits, is_new)


def _placed(
    dataset: Dataset, task: Task, images: Sequence[np.ndarray], sizes: np.ndarray, factor: float,
    limits: tuple[float, float] | None, is_new: bool,
) -> tuple[Dataset, Task]:  # fmt: skip
    """All pictures on one canvas, which for new ones is no smaller than a network's tile."""
    shapes = np.array([image.shape[:2] for image in images], np.int64)
    height, width = shapes.max(axis=0).tolist()
    channels = 3 if any(image.ndim == 3 and image.shape[2] >= 3 for image in images) else 1
    if is_new:
        channels = task.image_shape[2]
        height, width = (max(n, min(MOST_TILE, own)) for n, own in zip((height, width), task.image_shape, strict=False))
    n_bytes = float(len(images) * height * width * channels)
    refuse_beyond(
        "the canvas of all pictures", 2 * n_bytes, resources.available_mib(), f"{len(images):,} of {height} x {width}"
    )
    canvas = np.zeros((len(images), height, width, channels), np.uint8)
    for row, image in enumerate(images):
        canvas[row, : image.shape[0], : image.shape[1]] = _channels(image, channels)
    target = dataset.target if is_new else _masks(dataset, task, shapes)
    digest = "" if is_new else fingerprint(dataset.fingerprint, canvas, *_codes(target))
    dataset = replace(
        dataset, inputs=canvas, target=target, extents=np.hstack([shapes, sizes]).astype(np.int64), fingerprint=digest
    )
    return dataset, replace(task, image_shape=canvas.shape[1:], pixel_range=limits, scale=factor)


def _channels(image: np.ndarray, n: int) -> np.ndarray:
    image = image[..., None] if image.ndim == 2 else image[..., :3] if image.shape[2] > 3 else image
    image = image[..., :1] if image.shape[2] == 2 else image  # grey with its opacity
    if image.shape[2] == n:
        return image
    if n == 1:
        return np.rint(image.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
    return np.repeat(image[..., :1], n, axis=2)


def _masks(dataset: Dataset, task: Task, shapes: np.ndarray) -> Any:
    """Masks at the sizes that their pictures have on the canvas."""
    import pandas as pd

    if dataset.target is None or not task.target:
        return dataset.target
    cells = dataset.target[task.target[0]].tolist()
    masks = [Mask(resized_mask(cell.codes, int(h), int(w))) for cell, (h, w) in zip(cells, shapes, strict=True)]
    return pd.DataFrame({task.target[0]: pd.Series(masks, dtype=object)})


def _codes(target: Any) -> list[np.ndarray]:
    return [] if target is None else [cell.codes for cell in target.iloc[:, 0].tolist()]


# --------------------------------------------------------------------------- sizes


def _sizes(paths: Sequence[PictureSource | None]) -> np.ndarray:
    """Height and width of each picture as a viewer shows it, ``(n, 2)``; 0 where it cannot be read."""
    sizes = np.zeros((len(paths), 2), np.int64)
    with quiet():
        for i, path in enumerate(paths):
            try:
                if path is not None:
                    with opened(path) as image:
                        sizes[i] = upright_size(image)
            except Exception:  # Pillow raises many kinds on damaged files; they are counted when decoded
                continue
    return sizes


def _factor(sizes: np.ndarray, n_classes: int, limit_mib: float) -> float:
    """By what all pictures are scaled, at most 1: so that nearly all fit `MOST_SIDE`, and probabilities the memory."""
    if not len(sizes):
        return 1.0
    longest = float(np.quantile(sizes.max(axis=1), USUAL))
    factor = min(1.0, MOST_SIDE / longest)
    n_bytes = len(sizes) * float(sizes.max(axis=0).prod()) * (4.0 + 4.0 * n_classes)
    room = MEMORY_SHARE * limit_mib * 2**20
    if n_bytes * factor**2 > room:
        factor = float(np.sqrt(room / n_bytes))
    return 1.0 if factor >= 1 else round(factor, 4)


def _scaled_size(size: np.ndarray, factor: float) -> tuple[int, int]:
    height, width = (max(1, round(float(n) * factor)) for n in size)
    return height, width


def _resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    from PIL import Image

    layers = [Image.fromarray(np.ascontiguousarray(image[..., k])) for k in range(image.shape[2])]
    made = [np.asarray(layer.resize((width, height), Image.Resampling.BILINEAR)) for layer in layers]
    return np.stack(made, axis=-1)


def _same_sizes(dataset: Dataset, sizes: np.ndarray) -> tuple[Dataset, np.ndarray, tuple[Finding, ...]]:
    """The rows whose mask is as large as its picture; the others are told.

    Raises:
        DataError: there are none.
    """
    everything = np.arange(dataset.n_rows)
    if dataset.target is None:
        return dataset, everything, ()
    cells = dataset.target.iloc[:, 0].tolist()
    if not all(isinstance(cell, Mask) for cell in cells):
        return dataset, everything, ()
    own = np.array([cell.codes.shape for cell in cells], np.int64)
    odd = (own != sizes).any(axis=1) & (sizes[:, 0] > 0)
    if not odd.any():
        return dataset, everything, ()
    row = int(np.flatnonzero(odd)[0])
    told = f"the first has {own[row][0]} x {own[row][1]} pixels, its picture {sizes[row][0]} x {sizes[row][1]}"
    if odd.all():
        raise DataError(
            f"no mask of {dataset.name} has the size of its picture ({told}); give each picture a mask of its own "
            "height "
            "and width"
        )
    numbers = dataset.row_numbers if dataset.row_numbers is not None else everything
    finding = Finding(
        "mask_sizes", "high", f"{counted(int(odd.sum()), 'mask')} of {len(odd)} have another size than the "
        "picture, and "
        f"these pairs were left out ({told}).", "Write these masks at the size of their pictures.",
        rows=tuple(int(numbers[i]) for i in np.flatnonzero(odd)[:LISTED]), count=int(odd.sum()),
    )  # fmt: skip
    kept = np.flatnonzero(~odd)
    return _only(dataset, kept), kept, (finding,)


def _scaling_findings(factor: float, sizes: np.ndarray, is_new: bool) -> tuple[Finding, ...]:
    if is_new or factor >= 1:
        return ()
    low, high = sizes.min(axis=0), sizes.max(axis=0)
    message = (
        f"Pictures of {low[0]} x {low[1]} to {high[0]} x {high[1]} pixels were scaled by {factor:.2f}, masks by "
        "the nearest "
        "pixel; scores are those of the scaled masks. Predicted masks come back at full size."
    )
    step = "Cut the pictures into smaller ones if what matters is only a few pixels wide."
    return (Finding("scaled_pictures", "low", message, step, count=len(sizes)),)


# --------------------------------------------------------------------------- rows and brightness


def _evened(
    found: list[np.ndarray | None], limits: tuple[float, float] | None, given: np.ndarray | None, is_new: bool
) -> tuple[float, float] | None:
    """Bring pictures of more than eight bits to 0 to 255, all by one range, in place; the range, None without such."""
    deep = [i for i, image in enumerate(found) if image is not None and image.dtype != np.uint8]
    if not deep:
        return limits if is_new else None
    used = np.ones(len(found), bool) if given is None else ~given
    if limits is None and is_new:
        ends = [(np.nanmin(image), np.nanmax(image)) for i in deep if (image := found[i]) is not None]
        limits = full_scale(float(min(low for low, _ in ends)), float(max(high for _, high in ends)))
    scale = limits or span_of_pictures(found, used) or span_of_pictures(found, ~used) or (0.0, 255.0)
    for i in deep:
        image = found[i]
        found[i] = None if image is None else scaled(image, scale)
    return scale


def _dropped(
    dataset: Dataset, name: str, paths: Sequence[PictureSource | None], reasons: dict[int, str]
) -> Finding:  # fmt: skip
    numbers = dataset.row_numbers if dataset.row_numbers is not None else np.arange(len(paths))
    return Finding(
        "unreadable_images", "high" if len(reasons) > 0.1 * len(paths) else "medium",
        f"{len(reasons)} of {len(paths)} images could not be read and their rows were left out "
        f"({why_unread(paths, reasons)}).", "Replace these files or remove their rows.", columns=(name,),
        rows=tuple(int(numbers[i]) for i in list(reasons)[:LISTED]), count=len(reasons),
        files=unread_files(paths, reasons),
    )  # fmt: skip


def _only(dataset: Dataset, rows: np.ndarray) -> Dataset:
    """These rows of everything."""
    if len(rows) == dataset.n_rows:
        return dataset

    def some(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[rows]

    numbers = np.arange(dataset.n_rows) if dataset.row_numbers is None else dataset.row_numbers
    return replace(
        dataset, inputs=dataset.inputs.iloc[rows].reset_index(drop=True),
        target=None if dataset.target is None else dataset.target.iloc[rows].reset_index(drop=True),
        groups=some(dataset.groups), times=some(dataset.times), series=some(dataset.series),
        weight=some(dataset.weight), given=some(dataset.given), row_numbers=numbers[rows],
    )  # fmt: skip
