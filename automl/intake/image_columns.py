"""Image columns of a table: decoded beside it, so that they are inputs like its other columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from automl.errors import DataError
from automl.intake.decoding import decoded_alike, joined, unread_files, why_unread
from automl.intake.files import shown
from automl.intake.fingerprint import fingerprint
from automl.intake.images import common_size, full_path
from automl.intake.inline import InlinePicture
from automl.intake.picture_files import PictureSource
from automl.records import UNUSED_KINDS, Column, Dataset, Finding, Task
from automl.system import shell

__all__ = ["pictured"]

MOST_BYTES = 512 << 20
"""Pictures of all image columns of a table together; where there are more rows, they are made smaller."""
LEAST_SIDE = 8


def pictured(dataset: Dataset, task: Task, memory_mib: float | None = None) -> tuple[Dataset, Task]:
    """Decode the image columns of a table into `Dataset.pictures`; a table without any passes unchanged.

    Every row stays: one without a picture, or whose file cannot be read, gets a blank picture, and its path becomes
    None, which both sides read as "missing". A column of which no file can be read is left out where its kind was
    guessed; a column read before (its reading holds the shape) must have one readable file among those it names.

    Args:
        dataset: a frame typed by `task.columns`.
        task: whose columns say which hold images.
        memory_mib: that decoding may take; by default most of what is free.

    Returns:
        The dataset, and the task with each image column's shape in its reading.

    Raises:
        DataError: no file of a column can be read that the user named, that a model was trained with, or that is
            the only one to learn from.
    """
    images = [c for c in task.columns if c.kind == "image_path" and c.name in dataset.inputs]
    for column in images:
        dataset, found = _decoded(dataset, column, len(images), memory_mib)
        task = replace(task, columns=tuple(found if c is column else c for c in task.columns))
        if found.kind == "image_path" and "shape" not in column.reading:
            height, width, channels = found.reading["shape"]
            look = "in colour" if channels == 3 else "in grey"
            why = f"pictures of {column.name!r} are read as {height} x {width} pixels {look}"
            task = replace(task, evidence=(*task.evidence, why))
    if images and not any(c.kind not in UNUSED_KINDS for c in task.columns):
        raise DataError(f"no column of {dataset.name} can be learnt from: {dataset.findings[-1].message}")
    return dataset, task


def _decoded(dataset: Dataset, column: Column, n_columns: int, memory_mib: float | None) -> tuple[Dataset, Column]:
    """One column's pictures, and the column as it was found to be."""
    paths = [full_path(value, dataset.root) for value in dataset.inputs[column.name]]
    known = column.reading.get("shape")
    findings: tuple[Finding, ...] = ()
    if known is None:
        size = common_size(paths)
        smaller = _within(size, len(paths), n_columns)
        if smaller != size:
            message = (
                f"Pictures of {column.name!r} were made {smaller[0]} x {smaller[1]} pixels (from {size[0]} x "
                f"{size[1]}), so that {len(paths):,} of them take at most {MOST_BYTES >> 20} MiB."
            )
            step = "Crop them to what matters if details are lost."
            findings = (Finding("images_resized", "low", message, step, columns=(column.name,), count=len(paths)),)
        wish: tuple[int, int, int | None] = (*smaller, None)
    else:
        wish = (int(known[0]), int(known[1]), int(known[2]))
    told = column.reading.get("range")
    limits = None if told is None else (float(told[0]), float(told[1]))
    found, reasons, noticed, limits = decoded_alike(
        paths, wish, column.name, dataset.given, limits, known is not None, memory_mib
    )
    findings += noticed
    there = np.array([image is not None for image in found], dtype=bool)
    broken = {row: why for row, why in reasons.items() if paths[row] is not None}
    if not there.any() and (broken or known is None):
        return _none(dataset, column, paths, broken)
    if broken:
        findings += (_blank(dataset, column, paths, broken),)
    blank = np.zeros(wish[:2], np.uint8)
    for row in np.flatnonzero(~there):
        found[row] = blank
    images = joined(found, wish)
    frame: pd.DataFrame = dataset.inputs
    if not there.all():
        frame = frame.assign(**{column.name: frame[column.name].astype(object).where(there, None)})
    if any(isinstance(path, InlinePicture) for path in paths):
        frame = frame.assign(**{column.name: _named(frame[column.name], paths)})
    reading = {"shape": [int(size) for size in images.shape[1:]], **({} if limits is None else {"range": [*limits]})}
    dataset = replace(
        dataset,
        inputs=frame,
        pictures={**dataset.pictures, column.name: images},
        findings=(*dataset.findings, *findings),
        fingerprint=fingerprint(dataset.fingerprint, images),
    )
    return dataset, replace(column, reading=reading)


def _named(cells: pd.Series, paths: Sequence[PictureSource | None]) -> pd.Series:
    """Cells with a digest in place of each image that they hold: the pixels are held, and reports show cells."""
    named = [
        f"image {fingerprint(path.text)[:12]}" if isinstance(path, InlinePicture) and isinstance(cell, str) else cell
        for cell, path in zip(cells, paths, strict=True)
    ]
    return pd.Series(named, index=cells.index, dtype=object)


def _within(size: tuple[int, int], n_rows: int, n_columns: int) -> tuple[int, int]:
    """Height and width in proportion, so that all pictures in colour stay within `MOST_BYTES`."""
    wanted = max(n_rows, 1) * max(n_columns, 1) * size[0] * size[1] * 3
    if wanted <= MOST_BYTES:
        return size
    shrink = float(np.sqrt(MOST_BYTES / wanted))
    return max(LEAST_SIDE, int(size[0] * shrink)), max(LEAST_SIDE, int(size[1] * shrink))


def _none(
    dataset: Dataset, column: Column, paths: Sequence[PictureSource | None], broken: dict[int, str]
) -> tuple[Dataset, Column]:
    """No picture at all: an error where pictures were meant, else the column is left out."""
    message = (
        f"none of the {len(broken) or len(paths):,} images that {column.name!r} of {dataset.name} names can be read"
    )
    without = f"pass {shell.columns_flag(column.name, 'unknown')} to do without"
    if "shape" in column.reading:
        without = "leave these cells empty to predict without pictures"
    step = (
        f"Paths are read relative to {shown(dataset.root or 'the current folder')!r}, and web addresses are not "
        f"fetched: correct them, or {without}."
    )
    if column.evidence == "set by you" or "shape" in column.reading:
        first = next(iter(broken.values()), "no file is named")
        raise DataError(f"{message} (the first: {first}); {step[0].lower()}{step[1:]}")
    told = f"{message[0].upper()}{message[1:]} ({why_unread(paths, broken) or 'no file is named'})"
    finding = Finding(
        "unreadable_images", "high", f"{told}; the column is left out.", step, columns=(column.name,),
        rows=_rows(dataset, broken), count=len(broken), files=unread_files(paths, broken),
    )  # fmt: skip
    why = f"{column.evidence}, but none of the files can be read"
    return replace(dataset, findings=(*dataset.findings, finding)), Column(column.name, "unknown", 0.5, why)


def _blank(dataset: Dataset, column: Column, paths: Sequence[PictureSource | None], broken: dict[int, str]) -> Finding:
    n_named = sum(path is not None for path in paths)
    named = why_unread(paths, broken)
    return Finding(
        "unreadable_images", "high" if len(broken) > 0.1 * n_named else "medium",
        f"{len(broken):,} of {n_named:,} images that {column.name!r} names could not be read ({named}); their rows are "
        "kept with a blank picture, marked as missing.",
        f"Replace these files; paths are read relative to {shown(dataset.root or 'the current folder')!r}.",
        columns=(column.name,), rows=_rows(dataset, broken), count=len(broken), files=unread_files(paths, broken),
    )  # fmt: skip


def _rows(dataset: Dataset, broken: dict[int, str]) -> tuple[int, ...]:
    numbers = dataset.row_numbers if dataset.row_numbers is not None else np.arange(dataset.n_rows)
    return tuple(int(numbers[row]) for row in list(broken)[:20])
