"""The weights of the best trials on disk, and the state of the one under way: what `kill -9` must not take.

One ``.npz`` file a run, numbers only (no pickle), with a JSON description and a checksum inside. A file that cannot be
read is put aside under another name, never trusted and never removed.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from automl import folder as files
from automl.errors import FolderError

__all__ = ["WeightStore"]

CHECKPOINT = "under-way"
FREE_FACTOR = 3


class WeightStore:
    """Weights by run name in one folder.

    Args:
        folder: made with the first file.

    Attributes:
        unreadable: files that were put aside.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.unreadable: list[str] = []

    def save(self, name: str, arrays: Sequence[np.ndarray], meta: Mapping[str, Any]) -> str | None:
        """Write a run's arrays and description at once; why that could not be done, or None.

        A failed write leaves what was there before.
        """
        content = _pack(arrays, meta)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.folder).free
            if free < FREE_FACTOR * len(content):
                return (
                    f"the weights of {name} were not kept: {free / 2**20:.0f} MiB are free beside {self.folder}; "
                    "the search goes on, but a killed run would have to fit them again"
                )
            files.write_bytes(self._path(name), content)
        except (OSError, FolderError) as error:
            return f"the weights of {name} were not kept: {error}; the search goes on without them"
        return None

    def load(self, name: str) -> tuple[list[np.ndarray], dict[str, Any]] | None:
        """A run's arrays and description; None when there are none or they are damaged (then they are put aside)."""
        path = self._path(name)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        found = _unpack(content)
        if found is None:
            self._put_aside(path)
        return found

    def retain(self, names: Sequence[str]) -> None:
        """Remove the weights of all runs but these (the checkpoint stays)."""
        kept = {self._path(name) for name in names} | {self._path(CHECKPOINT)}
        for path in self.folder.glob("*.npz") if self.folder.is_dir() else ():
            if path not in kept:
                path.unlink(missing_ok=True)

    def checkpoint(self, arrays: Sequence[np.ndarray], meta: Mapping[str, Any]) -> str | None:
        """Write the state of the trial under way over the last one; why that could not be done, or None."""
        return self.save(CHECKPOINT, arrays, meta)

    def load_checkpoint(self) -> tuple[list[np.ndarray], dict[str, Any]] | None:
        """The state of the trial that was under way."""
        return self.load(CHECKPOINT)

    def drop_checkpoint(self) -> None:
        """The trial has ended."""
        self._path(CHECKPOINT).unlink(missing_ok=True)

    @property
    def used_mib(self) -> float:
        """Disk space in use: bounded by the runs retained and one checkpoint of some four times a run's size."""
        if not self.folder.is_dir():
            return 0.0
        return sum(path.stat().st_size for path in self.folder.glob("*.npz")) / 2**20

    def _path(self, name: str) -> Path:
        return self.folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}.npz"

    def _put_aside(self, path: Path) -> None:
        target, number = path.with_suffix(".unreadable"), 2
        while target.exists():
            target, number = path.with_suffix(f".{number}.unreadable"), number + 1
        os.replace(path, target)
        self.unreadable.append(target.name)


def _pack(arrays: Sequence[np.ndarray], meta: Mapping[str, Any]) -> bytes:
    text = json.dumps({**meta, "n_arrays": len(arrays)}, allow_nan=False).encode()
    buffer = io.BytesIO()
    named = {f"a{place}": np.asarray(array) for place, array in enumerate(arrays)}
    np.savez(buffer, allow_pickle=False, meta=np.frombuffer(text, dtype=np.uint8), **named)
    content = buffer.getvalue()
    return content + zlib.crc32(content).to_bytes(4, "big")


def _unpack(content: bytes) -> tuple[list[np.ndarray], dict[str, Any]] | None:
    if len(content) < 4 or zlib.crc32(content[:-4]) != int.from_bytes(content[-4:], "big"):
        return None
    try:
        with np.load(io.BytesIO(content[:-4]), allow_pickle=False) as found:
            meta = json.loads(found["meta"].tobytes())
            return [found[f"a{place}"] for place in range(meta.pop("n_arrays"))], meta
    except (ValueError, KeyError, OSError, zipfile.BadZipFile):
        return None
