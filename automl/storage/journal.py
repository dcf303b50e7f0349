"""What was tried, one checksummed line a trial, appended and flushed, so that a killed run can go on."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

from automl.errors import FolderError
from automl.storage import files
from automl.storage.values import Misfit, parse

__all__ = ["Journal"]

T = TypeVar("T")

# A trial's two lines take some 10 kB, and a search of days leaves some thousands of them.
MOST_BYTES = 256 * 2**20
MOST_LINE_BYTES = 4 * 2**20
MOST_LINES = 100_000

# What each fingerprint stands for, in the user's words.
WORDS = {
    "data": "data",
    "split": "split into training, validation and test rows",
    "recipe": "recipe (target, goal, metric, kinds of columns, templates or seed)",
}


class Journal:
    """Append-only lines ``crc32 json`` in one file; the first line holds the fingerprints of what is searched.

    Nothing here depends on the time of day. A half line at the end (killed while writing) and damaged lines between
    others are left out and counted. A file whose first line is damaged is put aside, for without it nobody knows
    what its trials were trials of. A checksum keeps nobody from writing lines of their own: what they say is checked
    by whoever reads them, see `understood`.

    Args:
        path: the file; None keeps nothing.
        fingerprints: of data, split, recipe and spaces ("space of <template>").

    Attributes:
        earlier: entries that were found.
        unreadable: lines that could not be read.
        misfits: why others were left out.
        put_aside: where a file went that was no journal, or None.

    Raises:
        FolderError: the file was written for other fingerprints (says which changed), is larger than any that automl
            writes, is a link or no regular file, or cannot be written.
    """

    def __init__(self, path: Path | None, fingerprints: Mapping[str, str]) -> None:
        self.path = path
        self.entries_before: list[dict[str, Any]] = []
        self.unreadable = 0
        self.misfits: list[str] = []
        self.put_aside: Path | None = None
        self._mend = ""
        self._first = b""
        if path is None:
            return
        files.refuse_link(path)
        with files.guard(path):
            found = path.exists() and self._read(path, fingerprints)
        if not found:
            self._first = _encode({"fingerprints": dict(fingerprints)})
            try:
                self._append(self._first)
            except FolderError as error:  # a full disk ends no search: it may have space again for the first entry
                if getattr(error.__cause__, "errno", None) not in files.FULL:
                    raise

    def _read(self, path: Path, fingerprints: Mapping[str, str]) -> bool:
        """Take in what is there; whether it goes on from here."""
        with os.fdopen(files.open_regular(path, os.O_RDONLY), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                return False
            lines = list(_lines(file, path, size))
            file.seek(-1, os.SEEK_END)
            ended = file.read(1) == b"\n"
        entries = [entry for entry in lines if entry is not None]
        self.unreadable = len(lines) - len(entries)
        if lines[0] is None or not isinstance(lines[0].get("fingerprints"), dict):
            self.put_aside = files.put_aside(path)
            return False
        self._mend = "" if ended else "\n"  # a half line must not swallow the next
        known = entries[0]["fingerprints"]
        changed = sorted(key for key in {*known, *fingerprints} if known.get(key) != fingerprints.get(key))
        if changed:
            raise FolderError(
                f"{path.parent} holds a run of something else: the {', the '.join(map(_in_words, changed))} differed "
                f"then; give a new folder (--out), or start over by removing {path.parent}"
            )
        self.entries_before = entries[1:]
        return True

    @property
    def n_lines(self) -> int:
        """How many lines of entries were found, readable or not: no honest number in them is far beyond it."""
        return len(self.entries_before) + self.unreadable + len(self.misfits)

    def understood(self, read: Callable[[Mapping[str, Any]], T]) -> list[T]:
        """What earlier entries say; those that this run cannot have written are left out and counted.

        Args:
            read: makes an entry's lasting form; raises `Misfit` where it holds what does not fit.
        """
        found: list[T] = []
        understood_entries: list[dict[str, Any]] = []
        for entry in self.entries_before:
            try:
                found.append(read(entry))
            except Misfit as error:
                self.misfits.append(str(error))
            else:
                understood_entries.append(entry)
        self.entries_before = understood_entries
        return found

    def damage(self) -> str:
        """What of an earlier call could not be read, in words; empty when all could."""
        if self.path is None or not (self.unreadable or self.misfits or self.put_aside):
            return ""
        if self.put_aside is not None:
            return (
                f"{self.path.name} could not be read from its start, so it was put aside as {self.put_aside.name} "
                "and its trials are not used"
            )
        n_trials = len({entry["name"] for entry in self.entries_before if isinstance(entry.get("name"), str)})
        lost = f"; {_count(self.unreadable, 'line')} could not be read and left out" if self.unreadable else ""
        if self.misfits:
            lost += f"; {_count(len(self.misfits), 'line')} cannot be of this run and left out ({self.misfits[0]})"
        return f"{self.path.name}: {_count(n_trials, 'trial')} found{lost}"

    def write(self, entry: Mapping[str, Any]) -> None:
        """Append one entry and wait until it is on disk.

        Raises:
            FolderError: it could not be written; earlier entries are as they were, and later ones may be written.
        """
        if self.path is None:
            return
        self._append(self._first + _encode(entry))

    def _append(self, lines: bytes) -> None:
        """Add whole lines; `_first` waits as long as no write has come through."""
        if self.path is None:
            return
        if self._first:  # nothing else is in the file, and half a first line would put all of it aside
            with files.guard(self.path):
                self.path.unlink(missing_ok=True)
        mend, self._mend = self._mend, "\n"  # until it is known that all of the lines were written
        handle = files.open_regular(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        with files.guard(self.path), os.fdopen(handle, "ab") as file:
            file.write((b"" if self._first else mend.encode()) + lines)
            file.flush()
            os.fsync(file.fileno())
        self._mend, self._first = "", b""


def _in_words(key: str) -> str:
    return f"search {key}" if key.startswith("space of ") else WORDS.get(key, key)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _encode(entry: Mapping[str, Any]) -> bytes:
    text = json.dumps(entry, sort_keys=True, allow_nan=False)
    return f"{zlib.crc32(text.encode()):08x} {text}\n".encode()


def _lines(file: IO[bytes], path: Path, size: int) -> Iterator[dict[str, Any] | None]:
    """Each line's entry, None where it cannot be read.

    Raises:
        FolderError: the file, or the number of its lines, is larger than a search makes it.
    """
    if size > MOST_BYTES:
        raise _too_large(path, f"{size / 2**20:,.0f} MiB")
    n_lines = 0
    while line := file.readline(MOST_LINE_BYTES):
        n_lines += 1
        if n_lines > MOST_LINES:
            raise _too_large(path, f"more than {MOST_LINES:,} lines")
        if len(line) < MOST_LINE_BYTES or line.endswith(b"\n"):
            yield _decode(line.rstrip(b"\r\n"))
            continue
        while line and not line.endswith(b"\n"):  # passed over piece by piece
            line = file.readline(MOST_LINE_BYTES)
        yield None


def _too_large(path: Path, what: str) -> FolderError:
    return FolderError(
        f"{path} has {what}, more than any search leaves, so it is not read; give a new folder (--out), or remove the "
        "file to start over"
    )


def _decode(line: bytes) -> dict[str, Any] | None:
    checksum, _, text = line.partition(b" ")
    try:
        if len(checksum) != 8 or int(checksum, 16) != zlib.crc32(text):
            return None
        entry = parse(text)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
