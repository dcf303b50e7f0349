"""Generated pictures and series in the form in which arrays were given, and written to files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from automl.errors import FolderError, RecipeError
from automl.goals.shared.samples import PICTURE, SERIES

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Task

__all__ = ["Items", "as_given", "check_path", "holds_items", "write_items"]

ARRAY_ENDING = ".npz"
BYTES = 256
INDEX = "items.csv"
MOST_ARRAY_BYTES = 4 * 1024**3


class Items(NamedTuple):
    """Generated items and the class of each, as in ``X, y = result.sample(100)``.

    Attributes:
        X: pictures or series, in the form of the array that was learnt from.
        y: classes ``(n,)`` as strings.
    """

    X: np.ndarray
    y: np.ndarray


def holds_items(frame: pd.DataFrame) -> str | None:
    """Name of the column that holds pictures or series; None where the rows are those of a table."""
    for name in (PICTURE, SERIES):
        if name in frame and len(frame) and isinstance(frame[name].iloc[0], np.ndarray):
            return name
    return None


def as_given(frame: pd.DataFrame, task: Task) -> pd.DataFrame | np.ndarray | Items:
    """Rows of a table as they are; pictures and series as an array, beside their classes if there are some.

    Args:
        frame: from the goal's `to_frame`.
        task: knows in which form pictures were given: of ``(n, h, w)`` or ``(n, h, w, c)``, and in which range.
    """
    form = holds_items(frame)
    if form is None:
        return frame
    items = np.stack(frame[form].tolist())
    if form == PICTURE:
        items = _as_pictures_came(items, task)
    labels = [name for name in frame if name != form]
    return Items(items, frame[labels[0]].to_numpy(object)) if labels else items


def check_path(path: Path, is_item: bool, endings: tuple[str, ...]) -> None:
    """Refuse a file to write to whose ending says another form than that of what is generated.

    Args:
        path: as the user named it.
        is_item: whether pictures or series are generated.
        endings: of files of tables.

    Raises:
        RecipeError: it is so.
    """
    ending = path.suffix.lower()
    if is_item and ending not in (ARRAY_ENDING, ""):
        raise RecipeError(
            f"--out: generated arrays are written to a name ending in {ARRAY_ENDING}, or pictures to a new folder (a "
            f"name without an ending); got {str(path)!r}"
        )
    if not is_item and ending not in endings:
        raise RecipeError(f"--out: expected a name ending in one of {', '.join(endings)}, got {str(path)!r}")


def write_items(frames: Iterator[pd.DataFrame], path: Path, task: Task, n: int) -> None:
    """Write generated pictures or series: arrays X and y to an .npz file, or a PNG file for each picture to a folder.

    The folder holds ``items.csv`` beside, with the path of each picture and its class, which can be read as data.

    Args:
        frames: from `automl.predict.sampling.chunks`.
        path: ends in .npz, or in nothing.
        task: of the model.
        n: items in all.

    Raises:
        RecipeError: series cannot be written to a folder, or the array would be too large.
        FolderError: it could not be written; whatever was at `path` before is still there.
    """
    if path.suffix.lower() == ARRAY_ENDING:
        _write_arrays(frames, path, task, n)
        return
    _write_folder(frames, path)


def _write_arrays(frames: Iterator[pd.DataFrame], path: Path, task: Task, n: int) -> None:
    from automl.storage.files import streamed

    parts: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    for frame in frames:
        made = as_given(frame, task)
        items, classes = (made.X, made.y) if isinstance(made, Items) else (np.asarray(made), None)
        if not parts and n * items[:1].nbytes > MOST_ARRAY_BYTES:
            raise RecipeError(
                f"n: {n:,} items would make an array of {n * items[:1].nbytes / 1024**3:.0f} GiB; write pictures to a "
                "folder (--out FOLDER), or fewer items with several seeds"
            )
        parts.append(items)
        labels += [] if classes is None else [classes.astype(str)]
    arrays = {"X": np.concatenate(parts), **({"y": np.concatenate(labels)} if labels else {})}
    with streamed(path) as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _write_folder(frames: Iterator[pd.DataFrame], path: Path) -> None:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FolderError(f"{path} is there already: expected the name of a new or an empty folder for pictures")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    except OSError as error:
        raise FolderError(f"cannot write to {path.parent} ({error.strerror}); name another folder") from error
    try:
        _write_pictures(frames, made)
        os.chmod(made, 0o755)
        os.replace(made, path)
    except OSError as error:
        raise FolderError(f"cannot write pictures to {path} ({error.strerror or error})") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _write_pictures(frames: Iterator[pd.DataFrame], folder: Path) -> None:
    from PIL import Image

    for number, frame in enumerate(frames):
        if holds_items(frame) != PICTURE:
            raise RecipeError(f"--out: series are written to a name ending in {ARRAY_ENDING}")
        names = [f"{place:08d}.png" for place in frame.index]
        for name, picture in zip(names, frame[PICTURE], strict=True):
            Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).save(folder / name)
        index = frame.drop(columns=PICTURE)
        index.insert(0, "path", names)
        with (folder / INDEX).open("a", encoding="utf-8", newline="") as file:
            index.to_csv(file, index=False, header=number == 0)


def _as_pictures_came(pictures: np.ndarray, task: Task) -> np.ndarray:
    """Pictures ``(n, h, w, c)`` uint8 with the range and the number of dimensions of those that were given."""
    if len(task.image_shape) == 2:
        pictures = pictures[..., 0]
    low, high = task.pixel_range or (0.0, 255.0)
    if (low, high) == (0.0, 255.0):
        return pictures
    return (low + pictures.astype(np.float32) * np.float32((high - low) / (BYTES - 1))).astype(np.float32)
