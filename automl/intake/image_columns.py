"""Columns of images and sounds of a table: decoded beside it, so that they are inputs like its other columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from automl.errors import DataError
from automl.intake.column_media import MEDIA
from automl.intake.decoding import unread_files, why_unread
from automl.intake.files import shown
from automl.intake.fingerprint import fingerprint
from automl.intake.images import full_path
from automl.intake.inline import InlinePicture
from automl.intake.picture_files import PictureSource
from automl.records import FILE_KINDS, UNUSED_KINDS, Column, Dataset, Finding, Task
from automl.system import shell

__all__ = ["pictured"]


def pictured(dataset: Dataset, task: Task, memory_mib: float | None = None) -> tuple[Dataset, Task]:
    """Decode the columns of images and sounds of a table into `Dataset.pictures`; a table without any passes unchanged.

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
    images = [c for c in task.columns if c.kind in FILE_KINDS and c.name in dataset.inputs]
    for column in images:
        dataset, found = _decoded(dataset, column, len(images), memory_mib)
        task = replace(task, columns=tuple(found if c is column else c for c in task.columns))
        if found.kind in FILE_KINDS and "shape" not in column.reading:
            why = MEDIA[found.kind].describe(column.name, found.reading)
            task = replace(task, evidence=(*task.evidence, why))
    if images and not any(c.kind not in UNUSED_KINDS for c in task.columns):
        raise DataError(f"no column of {dataset.name} can be learnt from: {dataset.findings[-1].message}")
    return dataset, task


def _decoded(dataset: Dataset, column: Column, n_columns: int, memory_mib: float | None) -> tuple[Dataset, Column]:
    """One column's pictures or spectrograms, and the column as it was found to be."""
    medium = MEDIA[column.kind]
    paths = [full_path(value, dataset.root) for value in dataset.inputs[column.name]]
    found = medium.read(dataset, column, paths, n_columns, memory_mib)
    there = found.there
    broken = {row: why for row, why in found.reasons.items() if paths[row] is not None}
    if not there.any() and (broken or "shape" not in column.reading):
        return _none(dataset, column, paths, broken)
    findings = found.findings
    if broken:
        findings += (_blank(dataset, column, paths, broken),)
    frame: pd.DataFrame = dataset.inputs
    if not there.all():
        frame = frame.assign(**{column.name: frame[column.name].astype(object).where(there, None)})
    if any(isinstance(path, InlinePicture) for path in paths):
        frame = frame.assign(**{column.name: _named(frame[column.name], paths)})
    dataset = replace(
        dataset,
        inputs=frame,
        pictures={**dataset.pictures, column.name: found.arrays},
        findings=(*dataset.findings, *findings),
        fingerprint=fingerprint(dataset.fingerprint, found.arrays),
    )
    return dataset, replace(column, reading=found.reading)


def _named(cells: pd.Series, paths: Sequence[PictureSource | None]) -> pd.Series:
    """Cells with a digest in place of each image that they hold: the pixels are held, and reports show cells."""
    named = [
        f"image {fingerprint(path.text)[:12]}" if isinstance(path, InlinePicture) and isinstance(cell, str) else cell
        for cell, path in zip(cells, paths, strict=True)
    ]
    return pd.Series(named, index=cells.index, dtype=object)


def _none(
    dataset: Dataset, column: Column, paths: Sequence[PictureSource | None], broken: dict[int, str]
) -> tuple[Dataset, Column]:
    """No picture at all: an error where pictures were meant, else the column is left out."""
    noun = MEDIA[column.kind].noun
    message = (
        f"none of the {len(broken) or len(paths):,} {noun}s that {column.name!r} of {dataset.name} names can be read"
    )
    without = f"pass {shell.columns_flag(column.name, 'unknown')} to do without"
    if "shape" in column.reading:
        without = f"leave these cells empty to predict without {noun}s"
    step = (
        f"Paths are read relative to {shown(dataset.root or 'the current folder')!r}, and web addresses are not "
        f"fetched: correct them, or {without}."
    )
    if column.evidence == "set by you" or "shape" in column.reading:
        first = next(iter(broken.values()), "no file is named")
        raise DataError(f"{message} (the first: {first}); {step[0].lower()}{step[1:]}")
    told = f"{message[0].upper()}{message[1:]} ({why_unread(paths, broken) or 'no file is named'})"
    finding = Finding(
        f"unreadable_{noun}s", "high", f"{told}; the column is left out.", step, columns=(column.name,),
        rows=_rows(dataset, broken), count=len(broken), files=unread_files(paths, broken),
    )  # fmt: skip
    why = f"{column.evidence}, but none of the files can be read"
    return replace(dataset, findings=(*dataset.findings, finding)), Column(column.name, "unknown", 0.5, why)


def _blank(dataset: Dataset, column: Column, paths: Sequence[PictureSource | None], broken: dict[int, str]) -> Finding:
    n_named = sum(path is not None for path in paths)
    named, medium = why_unread(paths, broken), MEDIA[column.kind]
    return Finding(
        f"unreadable_{medium.noun}s", "high" if len(broken) > 0.1 * n_named else "medium",
        f"{len(broken):,} of {n_named:,} {medium.noun}s that {column.name!r} names could not be read ({named}); "
        f"their rows are kept with {medium.blank}, marked as missing.",
        f"Replace these files; paths are read relative to {shown(dataset.root or 'the current folder')!r}.",
        columns=(column.name,), rows=_rows(dataset, broken), count=len(broken), files=unread_files(paths, broken),
    )  # fmt: skip


def _rows(dataset: Dataset, broken: dict[int, str]) -> tuple[int, ...]:
    numbers = dataset.row_numbers if dataset.row_numbers is not None else np.arange(dataset.n_rows)
    return tuple(int(numbers[row]) for row in list(broken)[:20])
