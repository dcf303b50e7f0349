"""What was tried, one checksummed line a trial, appended and flushed, so that a killed run can go on."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automl.errors import FolderError

__all__ = ["Journal"]


class Journal:
    """Append-only lines ``crc32 json`` in one file; the first line holds the fingerprints of what is searched.

    Args:
        path: the file; None keeps nothing. fingerprints: of data, split, recipe and spaces.

    Raises:
        FolderError: the file was written for other fingerprints (says which changed).
    """

    def __init__(self, path: Path | None, fingerprints: Mapping[str, str]) -> None:
        self.path = path
        self.earlier: list[dict[str, Any]] = []
        self.unreadable = 0
        self._mend = ""
        if path is None:
            return
        if path.exists():
            self._read(path, fingerprints)
        if not path.exists():
            self.write({"fingerprints": dict(fingerprints)})

    def _read(self, path: Path, fingerprints: Mapping[str, str]) -> None:
        entries = []
        content = path.read_bytes()
        if content and not content.endswith(b"\n"):  # killed while writing: the half line must not swallow the next
            self._mend = "\n"
        for line in content.splitlines():
            entry = _decode(line)
            if entry is None:
                self.unreadable += 1
            else:
                entries.append(entry)
        if not entries or "fingerprints" not in entries[0]:
            path.replace(path.with_suffix(".unreadable"))
            return
        known = entries[0]["fingerprints"]
        changed = sorted(key for key in {*known, *fingerprints} if known.get(key) != fingerprints.get(key))
        if changed:
            raise FolderError(
                f"{path.parent} holds a run whose {', '.join(changed)} differed from now; "
                "give another --out, or remove that folder to start over"
            )
        self.earlier = entries[1:]

    def write(self, entry: Mapping[str, Any]) -> None:
        """Append one entry and wait until it is on disk."""
        if self.path is None:
            return
        text = json.dumps(entry, sort_keys=True, allow_nan=False)
        line = f"{self._mend}{zlib.crc32(text.encode()):08x} {text}\n".encode()
        self._mend = ""
        try:
            with self.path.open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self._mend = "\n"  # part of the line may have been written
            raise FolderError(
                f"cannot write {self.path}: {error.strerror}; free some space or give another --out"
            ) from error


def _decode(line: bytes) -> dict[str, Any] | None:
    checksum, _, text = line.partition(b" ")
    try:
        if int(checksum, 16) != zlib.crc32(text):
            return None
        entry = json.loads(text)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
