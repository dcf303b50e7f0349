"""Vectors of a dataset's texts, computed once for both sides."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import AutomlError, DataError, RecipeError
from automl.pretrained.folder import Backbone, open_backbone
from automl.records import UNUSED_KINDS, Finding
from automl.storage.files import read_bytes, write_bytes
from automl.storage.npz import ArraysError, read_npz, write_npz

if TYPE_CHECKING:
    from automl.records import Dataset, Task

__all__ = ["backbone_of", "embedded", "relocated", "store", "with_backbone", "with_vectors"]

FILE = "vectors.npz"
LARGEST_SHARE = 0.75
"""Of the time of a contest that vectors may take."""
CHUNK = 256
TRUSTED_SHARE, TRUSTED_SECONDS = 0.1, 10.0
"""Of the time of a contest: how long vectors are made before it is said how long they all would take."""


def backbone_of(task: Task) -> dict[str, Any] | None:
    """What the task says of its backbone: "folder", "name", "kind", "dim" and "digest"; None without one."""
    found = next((column.reading["backbone"] for column in task.columns if "backbone" in column.reading), None)
    if found is None:
        return None
    types = {"folder": str, "name": str, "kind": str, "digest": str, "dim": int}
    if not isinstance(found, Mapping) or not all(type(found.get(name)) is kind for name, kind in types.items()):
        raise DataError("pretrained: what the model says of its backbone is damaged; save the model again")
    return dict(found)


def with_backbone(task: Task, folder: str | Path) -> Task:
    """The task, with the backbone in a folder noted in the reading of its text columns.

    A task that names one already keeps it; the folder is then where it lies now.

    Raises:
        RecipeError: the inputs are no texts. DataError: the folder holds no backbone, or another one than the task's.
    """
    texts = [column.name for column in task.columns if column.kind == "text"]
    used = [column for column in task.columns if column.kind not in UNUSED_KINDS]
    if not texts or len(texts) < len(used):
        raise RecipeError(
            f"pretrained: only texts are read by a backbone, and the inputs are of modality {task.modality!r}; leave "
            "pretrained out, or drop the columns that are no texts"
        )
    backbone, known = _open(str(folder)), backbone_of(task)
    if known is not None and known["digest"] != backbone.digest:
        raise DataError(_another(known, backbone))
    said = {
        "folder": str(backbone.folder), "name": backbone.name, "kind": backbone.kind, "dim": backbone.dim,
        "digest": backbone.digest,
    }  # fmt: skip
    columns = tuple(
        dataclasses.replace(c, reading={**c.reading, "backbone": said}) if c.name in texts else c for c in task.columns
    )
    return dataclasses.replace(task, columns=columns)


def relocated(task: Task, folder: str | Path) -> Task:
    """The task of a saved model whose backbone lies in another folder now.

    Raises:
        RecipeError: the model reads no backbone. DataError: the folder holds another one.
    """
    if backbone_of(task) is None:
        raise RecipeError("pretrained: this model was trained without a backbone; leave pretrained out")
    return with_backbone(task, folder)


def embedded(dataset: Dataset, task: Task, seconds: float = math.inf, run_folder: Path | None = None) -> Dataset:
    """The dataset with vectors of its texts; and a finding that says whose vectors both sides read.

    Args:
        dataset: typed, with the task's text columns.
        task: with its backbone, see `with_backbone`.
        seconds: of the contest; vectors may take most of them.
        run_folder: of an earlier call, whose vectors are taken if they are of the same texts and backbone.

    Raises:
        DataError: the backbone is not where it was, or vectors would take too long.
    """
    known = backbone_of(task)
    assert known is not None
    texts, begun = _texts(dataset, task), time.monotonic()
    key = _key(texts, known["digest"])
    vectors = None if run_folder is None else _stored(run_folder, key, (len(texts), int(known["dim"])))
    if vectors is None:
        vectors = _computed(_checked(known), texts, seconds)
    message = (
        f"Both sides read vectors of the texts that a backbone made which was trained elsewhere: {known['name']!r} "
        f"({known['kind']}, {known['dim']:,} numbers a text, {time.monotonic() - begun:.1f} s). So the verdict is on "
        "what is learnt on top of these vectors, and not on the backbone."
    )
    finding = Finding(
        "pretrained", "low", message, "Leave pretrained out to compare models trained on your rows alone."
    )
    return dataclasses.replace(dataset, vectors=vectors, findings=(*dataset.findings, finding))


def with_vectors(dataset: Dataset, task: Task) -> Dataset:
    """New rows with vectors of their texts; rows of a task without a backbone pass unchanged."""
    known = backbone_of(task)
    if known is None:
        return dataset
    return dataclasses.replace(dataset, vectors=_computed(_checked(known), _texts(dataset, task), math.inf))


def store(run_folder: Path, dataset: Dataset, task: Task) -> None:
    """Store the vectors in the folder of a run, for a call that resumes it."""
    known = backbone_of(task)
    if known is None or dataset.vectors is None:
        return
    key = np.frombuffer(bytes.fromhex(_key(_texts(dataset, task), known["digest"])), np.uint8)
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


def _texts(dataset: Dataset, task: Task) -> list[str]:
    """The text of each row: its columns, one under another."""
    columns = [column.name for column in task.columns if column.kind == "text"]
    cells = zip(*(dataset.inputs[name] for name in columns), strict=True)
    return ["\n".join(cell for cell in row if isinstance(cell, str)) for row in cells]


def _key(texts: Sequence[str], digest: str) -> str:
    found = hashlib.sha256(digest.encode())
    for text in texts:
        found.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    return found.hexdigest()


def _computed(backbone: Backbone, texts: Sequence[str], seconds: float) -> np.ndarray:
    """A vector ``(n, dim)`` for each text; equal texts are computed once."""
    places = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    distinct = list(places)
    parts: list[np.ndarray] = []
    begun = time.monotonic()
    for begin in range(0, len(distinct), CHUNK):
        parts.append(backbone.vectors(distinct[begin : begin + CHUNK]))
        spent = time.monotonic() - begun
        expected = spent * len(distinct) / min(begin + CHUNK, len(distinct))
        # The first texts are slow, since weights are read from the disk as they are needed.
        if spent >= min(TRUSTED_SHARE * seconds, TRUSTED_SECONDS) and expected > LARGEST_SHARE * seconds:
            raise DataError(
                f"pretrained: vectors of {len(distinct):,} texts by {backbone.name!r} would take some {expected:,.0f} "
                f"s of a budget of {seconds:,.0f} s. Raise the budget to {3 * expected:,.0f} s, pass fewer rows, or "
                "take a smaller backbone (static vectors of words take a second)"
            )
    found = np.concatenate(parts) if parts else np.zeros((0, backbone.dim), np.float32)
    return np.nan_to_num(found[[places[text] for text in texts]]).astype(np.float32)


def _checked(known: dict[str, Any]) -> Backbone:
    """The backbone that a task names.

    Raises:
        DataError: it is not where it was, or is another one now.
    """
    try:
        backbone = _open(str(known["folder"]))
    except DataError as error:
        raise DataError(
            f"{error}. The model reads vectors of the backbone {known['name']!r}: name the folder where it lies now, "
            "as automl.load(model, pretrained=FOLDER) or automl predict --pretrained FOLDER"
        ) from error
    if backbone.digest != known["digest"]:
        raise DataError(_another(known, backbone))
    return backbone


def _another(known: dict[str, Any], backbone: Backbone) -> str:
    return (
        f"pretrained: {backbone.folder} holds another backbone than the model was trained with (its files have the "
        f"SHA-256 {backbone.digest[:12]}, expected {str(known['digest'])[:12]} of {known['name']!r}); name the folder "
        "that holds that one"
    )


@functools.lru_cache(maxsize=2)
def _open(folder: str) -> Backbone:
    """A backbone stays open for the next call."""
    return open_backbone(folder)
