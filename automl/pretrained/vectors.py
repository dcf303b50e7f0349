"""Vectors of a dataset's texts or pictures, computed once for both sides."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import AutomlError, DataError, RecipeError
from automl.pretrained.deferred import Deferred
from automl.pretrained.folder import Backbone, open_backbone
from automl.pretrained.pictures import PictureBackbone, backbone_from, open_picture_backbone
from automl.pretrained.shipped import FOLDERS, place_of
from automl.records import FILE_KINDS, UNUSED_KINDS, Finding
from automl.storage.files import read_bytes, write_bytes
from automl.storage.npz import ArraysError, read_npz, write_npz
from automl.system.counts import noun

if TYPE_CHECKING:
    from automl.records import Column, Dataset, Task

__all__ = [
    "backbone_of", "embedded", "files_of", "hold", "reads_pictures", "relocated", "store", "with_backbone",
    "with_vectors",
]  # fmt: skip

FILE = "vectors.npz"
LARGEST_SHARE = 0.75
"""Of the time of a contest that vectors may take."""
CHUNK = 256
TRUSTED_SHARE, TRUSTED_SECONDS = 0.1, 10.0
"""Of the time of a contest: how long vectors are made before it is said how long they all would take."""
TELL_SECONDS = 5.0
"""Between two lines of progress."""

_bundled: dict[str, Callable[[], Mapping[str, bytes]]] = {}
"""What saved models hold of their backbones: the digest → a function that reads the files."""


def reads_pictures(task: Task) -> bool:
    """Whether the inputs are pictures alone, or the spectrograms of sounds."""
    used = [column.kind for column in task.columns if column.kind not in UNUSED_KINDS]
    return bool(task.image_shape) and used in ([], *([kind] for kind in FILE_KINDS))


def backbone_of(task: Task) -> dict[str, Any] | None:
    """What the task says of its backbone: "folder", "name", "kind", "dim" and "digest"; None without one."""
    # Models of before name it in the reading of their text columns.
    readings: list[Any] = [column.reading["backbone"] for column in task.columns if "backbone" in column.reading]
    if not task.backbone and not readings:
        return None
    found = task.backbone or readings[0]
    types = {"folder": str, "name": str, "kind": str, "digest": str, "dim": int}
    if not isinstance(found, Mapping) or not all(type(found.get(name)) is kind for name, kind in types.items()):
        raise DataError("pretrained: what the model says of its backbone is damaged; save the model again")
    return dict(found)


def with_backbone(task: Task, folder: str | Path) -> Task:
    """The task, with the backbone in a folder noted.

    A task that names one already keeps it; the folder is then where it lies now.

    Raises:
        RecipeError: the inputs are neither texts nor pictures. DataError: the folder holds no backbone for them, or
            another one than the task's. MissingExtra: it needs a library that is not installed.
    """
    used = [column for column in task.columns if column.kind not in UNUSED_KINDS]
    are_texts = bool(used) and all(column.kind == "text" for column in used)
    if not are_texts and not reads_pictures(task):
        raise RecipeError(
            "pretrained: only texts or pictures are read by a backbone, and the inputs are of modality "
            f"{task.modality!r}; leave pretrained out, or drop the columns that are something else"
        )
    backbone, known = _open(str(folder), reads_pictures(task)), backbone_of(task)
    if known is not None and known["digest"] != backbone.digest:
        raise DataError(_another(known, backbone))
    place = str(folder) if str(folder) in FOLDERS else str(backbone.folder)
    said = {
        "folder": place, "name": backbone.name, "kind": backbone.kind, "dim": backbone.dim,
        "digest": backbone.digest,
    }  # fmt: skip
    return dataclasses.replace(task, backbone=said, columns=tuple(_without_backbone(c) for c in task.columns))


def _without_backbone(column: Column) -> Column:
    reading = {key: value for key, value in column.reading.items() if key != "backbone"}
    return column if len(reading) == len(column.reading) else dataclasses.replace(column, reading=reading)


def relocated(task: Task, folder: str | Path) -> Task:
    """The task of a saved model whose backbone lies in another folder now.

    Raises:
        RecipeError: the model reads no backbone. DataError: the folder holds another one.
    """
    if backbone_of(task) is None:
        raise RecipeError("pretrained: this model was trained without a backbone; leave pretrained out")
    return with_backbone(task, folder)


def embedded(
    dataset: Dataset,
    task: Task,
    seconds: float = math.inf,
    run_folder: Path | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> Dataset:
    """The dataset with vectors of its texts or pictures; and a finding that says whose vectors both sides read.

    Args:
        dataset: typed, with the task's text columns; or decoded pictures.
        task: with its backbone, see `with_backbone`.
        seconds: of the contest; vectors may take most of them.
        run_folder: of an earlier call, whose vectors are taken if they are of the same items and backbone.
        tell: takes lines of progress.

    Raises:
        DataError: the backbone is not where it was, or vectors would take too long.
    """
    known = backbone_of(task)
    assert known is not None
    items, begun = _items(dataset, task), time.monotonic()
    key = _key(items, known["digest"])
    vectors = None if run_folder is None else _stored(run_folder, key, (len(items), int(known["dim"])))
    if vectors is None:
        vectors = _computed(_checked(known, task), items, seconds, tell)
    one = word(items, 1)
    message = (
        f"Both sides read vectors of the {one}s that a backbone made which was trained elsewhere: {known['name']!r} "
        f"({known['kind']}, {known['dim']:,} numbers a {one}, {time.monotonic() - begun:.1f} s). So the verdict is on "
        "what is learnt on top of these vectors, and not on the backbone."
    )
    finding = Finding(
        "pretrained", "low", message, "Leave pretrained out to compare models trained on your rows alone."
    )
    return dataclasses.replace(dataset, vectors=vectors, findings=(*dataset.findings, finding))


def with_vectors(dataset: Dataset, task: Task) -> Dataset:
    """New rows with vectors of their texts or pictures; rows of a task without a backbone pass unchanged.

    The backbone is opened now, and computes once a model reads the vectors: one that does not pays nothing for them.
    """
    known = backbone_of(task)
    if known is None:
        return dataset
    backbone, items = _checked(known, task), _items(dataset, task)
    vectors: Any = Deferred(lambda: _computed(backbone, items, math.inf), len(items), backbone.dim)
    return dataclasses.replace(dataset, vectors=vectors)


def files_of(task: Task) -> Mapping[str, bytes]:
    """The files of the task's backbone for a saved model to hold; empty where it names its folder only.

    Raises:
        DataError: the backbone is not where it was.
    """
    known = backbone_of(task)
    if known is None or not reads_pictures(task):
        return {}
    backbone = _checked(known, task)
    return backbone.files if isinstance(backbone, PictureBackbone) else {}


def hold(task: Task, read: Callable[[], Mapping[str, bytes]]) -> None:
    """Take the backbone of a saved model's task from the files that the model holds, wherever its folder is now.

    Args:
        task: with its backbone.
        read: returns the files as `files_of` gave them.
    """
    known = backbone_of(task)
    if known is not None:
        _bundled[known["digest"]] = read


def store(run_folder: Path, dataset: Dataset, task: Task) -> None:
    """Store the vectors in the folder of a run, for a call that resumes it."""
    known = backbone_of(task)
    if known is None or dataset.vectors is None:
        return
    key = np.frombuffer(bytes.fromhex(_key(_items(dataset, task), known["digest"])), np.uint8)
    content = io.BytesIO()
    write_npz(content, {"key": key, "vectors": dataset.vectors})
    write_bytes(run_folder / FILE, content.getvalue())


def _stored(run_folder: Path, key: str, shape: tuple[int, int]) -> np.ndarray | None:
    """The vectors in a run folder, or None where they are of other texts, damaged or not there."""
    try:
        limit = 4.0 * math.prod(shape) + 2**16
        arrays = read_npz(read_bytes(run_folder / FILE, limit), limit)
    except (ArraysError, AutomlError, OSError):
        return None
    found, vectors = arrays.get("key"), arrays.get("vectors")
    if found is None or vectors is None or found.tobytes().hex() != key:
        return None
    return vectors if vectors.shape == shape and vectors.dtype == np.float32 and np.isfinite(vectors).all() else None


def _items(dataset: Dataset, task: Task) -> Sequence[str] | np.ndarray:
    """The text of each row, its columns one under another; or its picture, ``(n, h, w, c)`` uint8."""
    if reads_pictures(task):
        pictures: np.ndarray = dataset.inputs
        return pictures[..., None] if pictures.ndim == 3 else pictures
    columns = [column.name for column in task.columns if column.kind == "text"]
    cells = zip(*(dataset.inputs[name] for name in columns), strict=True)
    return ["\n".join(cell for cell in row if isinstance(cell, str)) for row in cells]


def word(items: Sequence[str] | np.ndarray, n: int = 2) -> str:
    """What the items are called."""
    return noun(n, "picture" if isinstance(items, np.ndarray) else "text")


def _key(items: Sequence[str] | np.ndarray, digest: str) -> str:
    found = hashlib.sha256(digest.encode())
    if isinstance(items, np.ndarray):
        found.update(repr(items.shape).encode())
        for some in np.array_split(items, max(1, len(items) // 1_024)):
            found.update(np.ascontiguousarray(some).data)
        return found.hexdigest()
    for text in items:
        found.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    return found.hexdigest()


def _computed(
    backbone: Backbone | PictureBackbone,
    items: Sequence[str] | np.ndarray,
    seconds: float,
    tell: Callable[[str], None] = lambda text: None,
) -> np.ndarray:
    """A vector ``(n, dim)`` for each text or picture; equal texts are computed once."""
    if isinstance(items, np.ndarray):
        assert isinstance(backbone, PictureBackbone)
        found = _in_parts(backbone.vectors, items, backbone.batch, backbone, seconds, tell)
    else:
        assert isinstance(backbone, Backbone)
        places = {text: i for i, text in enumerate(dict.fromkeys(items))}
        distinct = _in_parts(backbone.vectors, list(places), CHUNK, backbone, seconds, tell)
        found = distinct[[places[text] for text in items]]
    finite: np.ndarray = np.nan_to_num(found).astype(np.float32)
    return finite


def _in_parts(
    compute: Callable[[Any], np.ndarray],
    items: Any,
    chunk: int,
    backbone: Backbone | PictureBackbone,
    seconds: float,
    tell: Callable[[str], None],
) -> np.ndarray:
    """Vectors, some items at a time.

    Raises:
        DataError: they would take most of the time.
    """
    parts: list[np.ndarray] = []
    n, begun, told = len(items), time.monotonic(), time.monotonic()
    first = 0.0
    for begin in range(0, n, chunk):
        parts.append(compute(items[begin : begin + chunk]))
        done, spent = min(begin + chunk, n), time.monotonic() - begun
        # The first part is slow: weights are read from the disk as they are needed, and the network is traced.
        if not begin:
            first = spent
        expected = first + (spent - first) * (n - chunk) / (done - chunk) if done > chunk else spent
        is_known = begin or done == n
        if is_known and spent >= min(TRUSTED_SHARE * seconds, TRUSTED_SECONDS) and expected > LARGEST_SHARE * seconds:
            raise DataError(
                f"pretrained: vectors of {n:,} {word(items)} by {backbone.name!r} would take some {expected:,.0f} "
                f"s of a budget of {seconds:,.0f} s. Raise the budget to {3 * expected:,.0f} s, pass fewer rows, or "
                f"take a smaller backbone{_smaller(backbone)}"
            )
        if time.monotonic() - told > TELL_SECONDS and done < n:
            told = time.monotonic()
            tell(f"vectors of {done:,} of {n:,} {word(items)} by {backbone.name!r}")
    return np.concatenate(parts) if parts else np.zeros((0, backbone.dim), np.float32)


def _smaller(backbone: Backbone | PictureBackbone) -> str:
    if isinstance(backbone, PictureBackbone):
        return " or a smaller input_size"
    return " (static vectors of words take a second)"


def _checked(known: dict[str, Any], task: Task) -> Backbone | PictureBackbone:
    """The backbone that a task names: what its saved model holds, or what lies in its folder.

    Raises:
        DataError: it is not where it was, or is another one now.
    """
    if known["digest"] in _bundled and reads_pictures(task):
        backbone: Backbone | PictureBackbone = _open_held(known["digest"])
    else:
        try:
            backbone = _open(str(known["folder"]), reads_pictures(task))
        except DataError as error:
            raise DataError(
                f"{error}. The model reads vectors of the backbone {known['name']!r}: name the folder where it lies "
                "now, as automl.load(model, pretrained=FOLDER) or automl predict --pretrained FOLDER"
            ) from error
    if backbone.digest != known["digest"]:
        raise DataError(_another(known, backbone))
    return backbone


def _another(known: dict[str, Any], backbone: Backbone | PictureBackbone) -> str:
    return (
        f"pretrained: {backbone.folder} holds another backbone than the model was trained with (its files have the "
        f"SHA-256 {backbone.digest[:12]}, expected {str(known['digest'])[:12]} of {known['name']!r}); name the folder "
        "that holds that one"
    )


@functools.lru_cache(maxsize=2)
def _open(folder: str, is_pictures: bool = False) -> Backbone | PictureBackbone:
    """A backbone stays open for the next call."""
    place = place_of(folder)
    return open_picture_backbone(place) if is_pictures else open_backbone(place)


@functools.lru_cache(maxsize=2)
def _open_held(digest: str) -> PictureBackbone:
    """The backbone that a saved model holds."""
    return backbone_from(_bundled[digest](), Path("the saved model"))
