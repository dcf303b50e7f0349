"""Fitted arrays on disk by run name, and the state of the trial under way: what `kill -9` must not take.

One ``.npz`` file a run, numbers only (no pickle), with a JSON description inside and a checksum at its end. A file
that cannot be read is put aside under another name, never trusted and never removed.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from automl.errors import FolderError
from automl.storage import files
from automl.storage.npz import read_npz, write_npz
from automl.system.resources import available_mib

__all__ = ["WeightStore"]

CHECKPOINT = "under-way"
CHECKPOINT_FACTOR = 4
KEPT_ASIDE = 4  # damaged files of earlier calls that stay, the newest
FREE_FACTOR = 3
MIB = 2**20
LEAST_BYTES = 64 * MIB
READ_SHARE = 0.25  # of the free memory: a file's content, its arrays and copies of them


class WeightStore:
    """Arrays by run name in one folder.

    Args:
        folder: made with the first file.
        keep: most runs that `retain` leaves.

    Attributes:
        unreadable: files that were put aside by this process.
        largest_bytes: of all runs' files written so far.

    Raises:
        FolderError: the folder is a link.
    """

    def __init__(self, folder: Path, keep: int = 8) -> None:
        self.folder, self.keep = folder, keep
        self.unreadable: list[str] = []
        self.largest_bytes = 0
        files.refuse_link(folder)
        with contextlib.suppress(OSError):
            files.clear_unfinished(folder)
            aside = sorted(folder.glob("*.unreadable"), key=lambda path: path.stat().st_ctime)
            for path in aside[:-KEPT_ASIDE]:
                path.unlink(missing_ok=True)
            self.largest_bytes = max((path.stat().st_size for path in self._runs()), default=0)

    def save(self, name: str, arrays: Sequence[np.ndarray], meta: Mapping[str, Any]) -> str | None:
        """Write a run's arrays and description at once; why that could not be done, or None.

        A failed write leaves what was there before.

        Args:
            name: of the run.
            arrays: numbers of any shape.
            meta: JSON types; no NaN.
        """
        problem = self._write(name, arrays, meta)
        if problem is None:
            with contextlib.suppress(OSError):
                self.largest_bytes = max(self.largest_bytes, self._path(name).stat().st_size)
        return problem

    def load(self, name: str) -> tuple[list[np.ndarray], dict[str, Any]] | None:
        """A run's arrays and description; None when there are none or they are damaged (then they are put aside)."""
        path = self._path(name)
        limit = max(LEAST_BYTES, READ_SHARE * available_mib() * MIB)
        try:
            files.refuse_link(self.folder)
            if not path.exists():
                return None
            content = files.read_bytes(path, limit)
        except FolderError:  # what is there is no file of ours
            return None
        found = _unpack(content, name, limit)
        if found is None:
            self._put_aside(path)
        return found

    def retain(self, names: Sequence[str]) -> None:
        """Remove the files of all runs but these; the checkpoint and what was put aside stay.

        Args:
            names: best first; those beyond `keep` go too.
        """
        if not self._is_ours():
            return
        kept = {self._path(name) for name in names[: self.keep]}
        for path in self._runs():
            if path not in kept:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)

    def checkpoint(self, arrays: Sequence[np.ndarray], meta: Mapping[str, Any]) -> str | None:
        """Write the state of the trial under way over the last one; why that could not be done, or None."""
        return self._write(CHECKPOINT, arrays, meta)

    def load_checkpoint(self) -> tuple[list[np.ndarray], dict[str, Any]] | None:
        """The state of the trial that was under way."""
        return self.load(CHECKPOINT)

    def drop_checkpoint(self) -> None:
        """The trial has ended."""
        if self._is_ours():
            with contextlib.suppress(OSError):
                self._path(CHECKPOINT).unlink(missing_ok=True)

    def _is_ours(self) -> bool:
        """Whether the folder is no link, which may have come into its place since it was first looked at."""
        try:
            files.refuse_link(self.folder)
        except FolderError:
            return False
        return True

    def damage(self) -> str:
        """What could not be read, in words; empty when all could."""
        if not self.unreadable:
            return ""
        return f"damaged files in {self.folder} were put aside: {', '.join(self.unreadable)}"

    @property
    def bound_mib(self) -> float:
        """Most disk space that the folder takes while nothing is put aside.

        That is `keep` runs and one being written, each as large as the largest, and twice a checkpoint (the last
        one and the next), which with the optimiser's moments is about four times a run.
        """
        return (self.keep + 1 + 2 * CHECKPOINT_FACTOR) * self.largest_bytes / 2**20

    def _write(self, name: str, arrays: Sequence[np.ndarray], meta: Mapping[str, Any]) -> str | None:
        what = "the state of the trial under way was" if name == CHECKPOINT else f"the model of {name} was"
        try:
            content = _pack(name, arrays, meta)
            files.refuse_link(self.folder)
            self.folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.folder).free
            if free < FREE_FACTOR * len(content):
                return (
                    f"{what} not kept: {free / 2**20:.0f} MiB are free beside {self.folder}; "
                    "the search goes on, but a killed run would have to fit it again"
                )
            files.write_bytes(self._path(name), content)
        except (OSError, FolderError, ValueError, MemoryError) as error:
            return f"{what} not kept: {error}; the search goes on without it"
        return None

    def _runs(self) -> list[Path]:
        checkpoint = self._path(CHECKPOINT)
        return [path for path in self.folder.glob("[!.]*.npz") if path != checkpoint]

    def _path(self, name: str) -> Path:
        return self.folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}.npz"

    def _put_aside(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            self.unreadable.append(files.put_aside(path).name)


def _pack(name: str, arrays: Sequence[np.ndarray], meta: Mapping[str, Any]) -> bytes:
    text = json.dumps({"name": name, "n_arrays": len(arrays), "meta": dict(meta)}, allow_nan=False).encode()
    buffer = io.BytesIO()
    named = {f"a{place}": np.asarray(array) for place, array in enumerate(arrays)}
    write_npz(buffer, {"meta": np.frombuffer(text, dtype=np.uint8), **named})
    content = buffer.getvalue()
    return content + zlib.crc32(content).to_bytes(4, "big")


def _unpack(content: bytes, name: str, limit_bytes: float) -> tuple[list[np.ndarray], dict[str, Any]] | None:
    """Arrays and description of a whole file; the folder may come from elsewhere, so sizes are known before."""
    if len(content) < 4 or zlib.crc32(content[:-4]) != int.from_bytes(content[-4:], "big"):
        return None
    try:
        found = read_npz(content[:-4], limit_bytes)
        facts = json.loads(found.pop("meta").tobytes())
        if facts["name"] != name or facts["n_arrays"] != len(found):
            return None
        return [found[f"a{place}"] for place in range(len(found))], dict(facts["meta"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):  # `ArraysError` is a ValueError
        return None
