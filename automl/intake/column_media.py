"""What the cells of a column may name: images and sounds, each one record that says how they are decoded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.intake.decoding import decoded_alike, joined
from automl.intake.images import common_size
from automl.intake.picture_files import PictureSource
from automl.intake.sound_files import soundfile
from automl.intake.sound_findings import sound_findings
from automl.intake.sounds import form_of_files, spectrograms
from automl.intake.spectrograms import SoundForm
from automl.records import Column, Dataset, Finding, Kind

__all__ = ["MEDIA", "MOST_BYTES", "Decoded", "Medium"]

MOST_BYTES = 512 << 20
"""Pictures of all image columns of a table together; where there are more rows, they are made smaller."""
LEAST_SIDE = 8

Sources = Sequence[PictureSource | None]


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A column's pictures or spectrograms.

    Attributes:
        arrays: ``(n, h, w, c)`` uint8; blank in rows where there is none.
        there: ``(n,)`` bool, whether a row has one.
        reasons: why files cannot be read, by row; rows that name none are among them.
        findings: what was noticed.
        reading: what new rows need to be read alike, for `Column.reading`.
    """

    arrays: np.ndarray
    there: np.ndarray
    reasons: dict[int, str]
    findings: tuple[Finding, ...]
    reading: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Medium:
    """What the cells of a column name.

    Attributes:
        noun: in the singular, as findings and checks are named by it.
        blank: what a row without one shows.
        read: from the dataset, the column, its sources, the number of such columns and the memory in MiB to what was
            decoded.
        describe: from a column's reading to how it is read, in words.
    """

    noun: str
    blank: str
    read: Callable[[Dataset, Column, Sources, int, float | None], Decoded]
    describe: Callable[[str, Mapping[str, Any]], str]


def _images(
    dataset: Dataset, column: Column, paths: Sources, n_columns: int, memory_mib: float | None
) -> Decoded:  # fmt: skip
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
    scale = column.reading.get("range")
    limits = None if scale is None else (float(scale[0]), float(scale[1]))
    found, reasons, noticed, limits = decoded_alike(
        paths, wish, column.name, dataset.given, limits, known is not None, memory_mib
    )
    there = np.array([image is not None for image in found], dtype=bool)
    blank = np.zeros(wish[:2], np.uint8)
    for row in np.flatnonzero(~there):
        found[row] = blank
    arrays = joined(found, wish)
    reading = {"shape": [int(size) for size in arrays.shape[1:]], **({} if limits is None else {"range": [*limits]})}
    return Decoded(arrays, there, reasons, findings + noticed, reading)


def _within(size: tuple[int, int], n_rows: int, n_columns: int) -> tuple[int, int]:
    """Height and width in proportion, so that all pictures in colour stay within `MOST_BYTES`."""
    wanted = max(n_rows, 1) * max(n_columns, 1) * size[0] * size[1] * 3
    if wanted <= MOST_BYTES:
        return size
    shrink = float(np.sqrt(MOST_BYTES / wanted))
    return max(LEAST_SIDE, int(size[0] * shrink)), max(LEAST_SIDE, int(size[1] * shrink))


def _image_words(name: str, reading: Mapping[str, Any]) -> str:
    height, width, channels = reading["shape"]
    look = "in colour" if channels == 3 else "in grey"
    return f"pictures of {name!r} are read as {height} x {width} pixels {look}"


def _sounds(
    dataset: Dataset, column: Column, paths: Sources, n_columns: int, memory_mib: float | None
) -> Decoded:  # fmt: skip
    soundfile()
    own = [path if hasattr(path, "exists") else None for path in paths]  # a cell may hold an image, never a sound
    known = column.reading.get("sound")
    form = form_of_files(own) if known is None else SoundForm.read(known)  # type: ignore[arg-type]
    found, heard, reasons = spectrograms(own, form)  # type: ignore[arg-type]
    there = np.array([picture is not None for picture in found], dtype=bool)
    arrays = np.zeros((len(found), *form.shape), np.uint8)
    for row, picture in enumerate(found):
        if picture is not None:
            arrays[row] = picture
    numbers = np.arange(len(paths)) if dataset.row_numbers is None else dataset.row_numbers
    findings = sound_findings(heard, form, numbers, column.name, is_new=known is not None)
    return Decoded(arrays, there, reasons, findings, {"shape": list(form.shape), "sound": form.settings()})


def _sound_words(name: str, reading: Mapping[str, Any]) -> str:
    form = SoundForm.read(reading["sound"])
    return (
        f"sounds of {name!r} are read as {form.seconds:.2f} s at {form.rate:,} samples a second, spectrograms of "
        f"{form.shape[0]} bands and {form.shape[1]} frames"
    )


MEDIA: dict[Kind, Medium] = {
    "image_path": Medium("image", "a blank picture", _images, _image_words),
    "audio_path": Medium("sound", "silence", _sounds, _sound_words),
}
"""By the kind of the column."""
