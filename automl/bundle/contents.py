"""The files of a bundle's folder: which may lie there, and each read once, within a limit, hashed as it is read."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from automl.errors import BundleError, FolderError
from automl.storage.files import open_regular
from automl.storage.trusted import spendable_bytes

__all__ = ["INDEX", "NAMES", "check_files", "check_folder", "found_in", "read_file", "read_listed"]

INDEX = "bundle.json"
NAMES = re.compile(r"(deep-\d{1,4}\.keras|(shallow|floor)-\d{1,4}\.skops|encoder\.json|encoder\.npz|report\.html)")
MIB = 2**20
MOST_INDEX_BYTES = 64 * MIB
BLOCK = 2**20


def found_in(folder: str | os.PathLike[str]) -> Path:
    """The folder of the bundle: this one, or ``model`` in a run folder.

    The folder that was named may be a link; nothing inside it may.

    Raises:
        BundleError: there is none, or what is there is a link.
    """
    path = Path(folder)
    for place in (path, path / "model"):
        if os.path.lexists(place / INDEX):
            if place != path:
                _refuse_link(place)
            return place
    raise BundleError(f"{path} holds no saved model ({INDEX}); give a run folder or what result.save() wrote")


def check_folder(path: Path, content: Mapping[str, Any]) -> None:
    """Check that all that `bundle.json` lists is there, and nothing else: no link, no folder, no other file.

    Raises:
        BundleError: something is missing, or something lies there that no bundle has.
    """
    for name in content["files"]:
        if not isinstance(name, str) or not NAMES.fullmatch(name):
            raise BundleError(f"{path}: bundle.json lists {name!r}, which is no file of a bundle; nothing was opened")
    try:
        found = set(os.listdir(path))
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({error.strerror}); copy the whole folder again") from error
    for name in sorted(found - content["files"].keys() - {INDEX}):
        raise BundleError(
            f"{path} holds {name!r}, which bundle.json does not list; nothing was opened: a bundle holds only what "
            "automl saved, so remove it if you put it there, or use an unaltered copy"
        )
    for name in content["files"]:
        file = path / name
        if name not in found:
            raise BundleError(f"{file} is missing; copy the whole folder again, or save the model again")
        _refuse_link(file)
        if not stat.S_ISREG(file.lstat().st_mode):
            raise BundleError(f"{file} is no regular file; copy the whole folder again")


def check_files(path: Path, content: Mapping[str, Any]) -> None:
    """Check the hash of every file that will be read later; it is then hashed again.

    Raises:
        BundleError: a file was altered or damaged, or is larger than could be read.
    """
    limit = spendable_bytes()
    for name, expected in content["files"].items():
        _refuse_size(path / name, (path / name).lstat().st_size, limit)  # a file of holes alone is hashed for minutes
        digest = hashlib.sha256()
        for block in _blocks(path / name):
            digest.update(block)
        if digest.hexdigest() != expected:
            raise BundleError(f"{path / name} was altered or damaged after it was saved; use an unaltered copy")


def read_listed(path: Path, content: Mapping[str, Any], name: str) -> bytes:
    """The content of a file, which has the hash that `bundle.json` gives it.

    Raises:
        BundleError: it is gone, was altered since, or is too large.
    """
    found = read_file(path / name)
    if hashlib.sha256(found).hexdigest() != content["files"][name]:
        raise BundleError(f"{path / name} was altered or damaged after it was saved; use an unaltered copy")
    return found


def read_file(file: Path, limit_bytes: float | None = None) -> bytes:
    """The content of a file inside a bundle, read once.

    Args:
        file: no link, no pipe.
        limit_bytes: most that it may hold; by default half of the memory that is free.

    Raises:
        BundleError: it cannot be read, or is larger.
    """
    limit = spendable_bytes() if limit_bytes is None else limit_bytes
    parts, size = [], 0
    for block in _blocks(file):
        size += len(block)
        _refuse_size(file, size, limit)
        parts.append(block)
    return b"".join(parts)


def _refuse_size(file: Path, n_bytes: int, limit_bytes: float) -> None:
    if n_bytes > limit_bytes:
        raise BundleError(
            f"{file} is larger than the {limit_bytes / MIB:,.0f} MiB that it may take here; "
            "open it where more memory is free, or use an unaltered copy"
        )


def _blocks(file: Path) -> Iterator[bytes]:
    _refuse_link(file)
    try:
        with _opened(file) as source:
            while block := source.read(BLOCK):
                yield block
    except FolderError as error:
        raise BundleError(f"{file} cannot be read ({error}); copy the whole folder again") from error
    except OSError as error:
        raise BundleError(f"{file} cannot be read ({error.strerror}); copy the whole folder again") from error


def _opened(file: Path) -> IO[bytes]:
    return os.fdopen(open_regular(file, os.O_RDONLY | getattr(os, "O_BINARY", 0)), "rb")


def _refuse_link(file: Path) -> None:
    if file.is_symlink():
        raise BundleError(f"{file} is a link, not a file; copy the whole folder again")
