"""Image files → one uint8 array; what cannot be read is left out, counted and listed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from automl.errors import DataError
from automl.intake.brightness import span
from automl.intake.decoding import decoded_alike, joined, unread_files, why_unread
from automl.intake.files import as_named, shown
from automl.intake.fingerprint import fingerprint
from automl.intake.frames import is_frame
from automl.intake.inline import as_inline
from automl.intake.picture_files import PictureSource, opened, quiet, upright_size
from automl.intake.pixels import LONGEST, as_uint8, fitted, wanted
from automl.intake.raw import listed
from automl.records import Dataset, Finding, Kind, Severity, Task

__all__ = [
    "column_of_files", "common_size", "dropped", "full_path", "only_readable", "pictures", "pictures_and_range",
]  # fmt: skip

SAMPLE = 256
"""Files whose size is looked at to choose the common one."""
OTHER_SHAPE, OTHER_SIZE, MIXED_SHARE = 1.25, 2.0, 0.05
"""Ratios of aspect and area to the common ones beyond which a file is of another size; the share that makes mixed."""


def pictures(
    dataset: Dataset,
    task: Task,
    size: int | Sequence[int] | None = None,
    limits: tuple[float, float] | None = None,
    memory_mib: float | None = None,
) -> Dataset:
    """Turn the images of a dataset into one array ``(n, h, w, c)`` uint8 (see `pictures_and_range`)."""
    return pictures_and_range(dataset, task, size, limits, memory_mib)[0]


def pictures_and_range(
    dataset: Dataset,
    task: Task,
    size: int | Sequence[int] | None = None,
    limits: tuple[float, float] | None = None,
    memory_mib: float | None = None,
) -> tuple[Dataset, tuple[float, float] | None]:
    """Turn the images of a dataset into one array ``(n, h, w, c)`` uint8.

    Image files are decoded in threads: upright (EXIF orientation), transparency on white, c = 1 where all are
    grey, else 3. Arrays, and files of more than eight bits, are scaled to 0..255, all by the same range. Rows whose
    image cannot be read are dropped, with a finding.

    Args:
        dataset: inputs are a frame with one image_path column, or an array of images.
        size: (height, width) or (height, width, channels) wanted, as at prediction the shape trained on. By
            default the median size of the files, or the array's own, made no longer than 64 pixels a side.
        limits: what becomes 0 and 255; by default read off the values of rows that are no test rows of the user's.
        memory_mib: that decoding may take; by default most of what is free.

    Returns:
        The dataset, and the limits that were used; None for files of eight bits.

    Raises:
        DataError: no image can be read.
    """
    wish = wanted(size)
    if not is_frame(dataset.inputs):
        values = np.asarray(dataset.inputs)
        limits = limits or span(values if dataset.given is None else values[~dataset.given])
        images, findings = as_uint8(values, limits)
        images, noticed = fitted(images, wish)
        return replace(dataset, inputs=images, findings=(*dataset.findings, *findings, *noticed)), limits
    name = column_of_files(dataset, task, "image_path")
    paths = [full_path(value, dataset.root) for value in dataset.inputs[name]]
    findings = dataset.findings
    is_new = wish is not None
    if wish is None:
        sizes = sizes_of(paths)
        wish = (*common_of(sizes), None)
        findings += mixed_sizes(sizes, name, wish[:2])
    found, reasons, noticed, limits = decoded_alike(paths, wish, name, dataset.given, limits, is_new, memory_mib)
    findings += noticed
    readable = np.flatnonzero([image is not None for image in found])
    if not len(readable):
        first = next(iter(reasons.values()), "no file is named")
        raise DataError(
            f"none of the {len(paths)} images of {dataset.name!r} can be read (the first: {first}); check the paths in "
            f"{name!r}, which are read relative to {shown(dataset.root or 'the current folder')!r}"
        )
    images = joined([found[i] for i in readable], wish)
    if len(readable) < len(paths):
        findings += (dropped(dataset, name, paths, reasons, "images"),)
    digest = fingerprint(dataset.fingerprint, images)
    return only_readable(replace(dataset, findings=findings, fingerprint=digest), readable, images), limits


def column_of_files(dataset: Dataset, task: Task, kind: Kind) -> str:
    """The first column of paths of this kind.

    Raises:
        DataError: there is none.
    """
    names = [column.name for column in task.columns if column.kind == kind and column.name in dataset.inputs]
    if not names:
        raise DataError(
            f"expected a column of the kind {kind} in {dataset.name!r}, got {listed(dataset.inputs.columns)}; "
            f"name it with columns={{'name': {kind!r}}}"
        )
    return names[0]


def full_path(value: Any, root: str | None) -> PictureSource | None:
    """A cell as a path, relative ones against the root, or as the image that it holds; None where it names nothing.

    A name that is not UTF-8 stands in a cell as `files.shown` spells it, or as another encoding reads it.
    """
    if not isinstance(value, str | os.PathLike) or not str(value).strip():
        return None
    text = str(value).strip()
    if (inline := as_inline(text)) is not None:
        return inline
    path = _below(root, text.replace("\\", "/") if os.sep == "/" else text)
    if text.isascii() and "\\x" not in text:
        return path
    others = as_named(text), *(_encoded(text, encoding) for encoding in ("cp1252", "latin-1"))
    return next((own for own in (path, *(_below(root, other) for other in others)) if _is_there(own)), path)


def _below(root: str | None, text: str) -> Path:
    path = Path(text)
    if text.startswith("~"):
        with suppress(RuntimeError):  # no such user's home: a file of that name
            path = path.expanduser()
    return path if path.is_absolute() or root is None else Path(root) / path


def _encoded(text: str, encoding: str) -> str:
    """A name whose bytes were read by this encoding in the index, as the system gives it."""
    return os.fsdecode(text.encode(encoding, "replace"))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def common_size(paths: Sequence[PictureSource | None]) -> tuple[int, int]:
    """Median height and width of a sample of the files, shrunk to at most `LONGEST`."""
    return common_of(sizes_of(paths))


def sizes_of(paths: Sequence[PictureSource | None]) -> np.ndarray:
    """Height and width of a sample of the files, upright, ``(n, 2)`` pixels; those that cannot be read are left out."""
    named = [path for path in paths if path is not None]
    places = np.linspace(0, len(named) - 1, min(len(named), SAMPLE)).astype(int)
    sizes = []
    with quiet():
        for place in places:
            try:
                with opened(named[place]) as image:
                    sizes.append(upright_size(image))
            except Exception:  # Pillow raises many kinds on damaged files; they are counted when decoded
                continue
    return np.array(sizes, np.float64).reshape(-1, 2)


def common_of(sizes: np.ndarray) -> tuple[int, int]:
    """Median height and width, shrunk to at most `LONGEST`."""
    if not len(sizes):
        return LONGEST, LONGEST
    height, width = np.median(sizes, axis=0)
    scale = min(1.0, LONGEST / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def mixed_sizes(sizes: np.ndarray, name: str, wish: tuple[int, int]) -> tuple[Finding, ...]:
    """Whether many of the files have another shape, or another size, than most: those are squeezed or blurred.

    Args:
        sizes: ``(n, 2)`` height and width of sampled files.
        name: of their column.
        wish: what all are brought to.
    """
    if len(sizes) < 2:
        return ()
    aspects, areas = np.log(sizes[:, 0] / sizes[:, 1]), np.log(sizes.prod(axis=1))
    odd_shape = np.abs(aspects - np.median(aspects)) > np.log(OTHER_SHAPE)
    odd_size = np.abs(areas - np.median(areas)) > np.log(OTHER_SIZE)
    odd = odd_shape | odd_size
    if odd.mean() < MIXED_SHARE:
        return ()
    low, high = sizes[areas.argmin()], sizes[areas.argmax()]
    message = (
        f"{int(odd.sum()):,} of {len(sizes):,} sampled images have another shape or size than most (from "
        f"{low[0]:.0f} x {low[1]:.0f} to {high[0]:.0f} x {high[1]:.0f} pixels); all are brought to {wish[0]} x "
        f"{wish[1]}, which squeezes or blurs them."
    )
    severity: Severity = "medium" if odd_shape.mean() >= 0.5 else "low"
    step = "Crop them to one shape first, if what matters would be squeezed."
    return (Finding("mixed_sizes", severity, message, step, columns=(name,), count=int(odd.sum())),)


def dropped(
    dataset: Dataset, name: str, paths: Sequence[PictureSource | None], reasons: dict[int, str], what: str
) -> Finding:
    """That rows were left out since their files cannot be read.

    Args:
        dataset: that names the files.
        name: of the column.
        paths: of all rows.
        reasons: of those that cannot be read, by row.
        what: they are, in the plural.
    """
    numbers = dataset.row_numbers if dataset.row_numbers is not None else np.arange(len(paths))
    named = why_unread(paths, reasons)
    return Finding(
        f"unreadable_{what}",
        "high" if len(reasons) > 0.1 * len(paths) else "medium",
        f"{len(reasons)} of {len(paths)} {what} could not be read and their rows were left out ({named}).",
        "Replace these files or remove their rows.",
        columns=(name,),
        rows=tuple(int(numbers[i]) for i in list(reasons)[:20]),
        count=len(reasons),
        files=unread_files(paths, reasons),
    )


def only_readable(dataset: Dataset, readable: np.ndarray, images: np.ndarray) -> Dataset:
    """These rows of everything, with these images, or spectrograms, as inputs."""

    def some(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[readable]

    target = None if dataset.target is None else dataset.target.iloc[readable].reset_index(drop=True)
    return replace(
        dataset,
        inputs=images,
        target=target,
        groups=some(dataset.groups),
        times=some(dataset.times),
        series=some(dataset.series),
        weight=some(dataset.weight),
        given=some(dataset.given),
        row_numbers=some(dataset.row_numbers),
        sources=some(dataset.sources),
    )
