"""Checks and reads the files of a bundle: only listed files, each within a size limit and with the right hash."""

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

__all__ = ["BACKBONE", "INDEX", "NAMES", "check_files", "check_folder", "found_in", "read_file", "read_listed"]

INDEX = "bundle.json"
NAMES = re.compile(
    r"(deep-\d{1,4}\.keras|(shallow|floor)-\d{1,4}\.skops|encoder\.json|encoder\.npz|report\.html"
    r"|backbone-(config\.json|image_converter\.json|preprocessor\.json|model(\.weights)?\.h5|model\.keras))"
)
BACKBONE = "backbone-"
"""What the names of a held backbone's files begin with."""
MIB = 2**20
MOST_INDEX_BYTES = 64 * MIB
BLOCK = 2**20


def found_in(folder: str | os.PathLike[str]) -> Path:
    """The folder of the bundle: the given folder, or its subfolder ``model`` if it is a run folder.

    The given folder may be a symbolic link; nothing inside it may be one.

    Raises:
        BundleError: there is no bundle, or the subfolder is a link.
    """
    path = Path(folder)
    for place in (path, path / "model"):
        if os.path.lexists(place / INDEX):
            if place != path:
                _refuse_link(place)
            return place
    raise BundleError(f"{path} holds no saved model ({INDEX}); give a run folder or what result.save() wrote")


def check_folder(path: Path, content: Mapping[str, Any]) -> None:
    """Check that the folder holds all files that `bundle.json` lists and nothing else: no link, folder or other file.

    Raises:
        BundleError: a file is missing, or there is something that no bundle has.
    """
    for name in content["files"]:
        if not isinstance(name, str) or not NAMES.fullmatch(name):
            raise BundleError(f"{path}: bundle.json lists {name!r}, which is no file of a bundle; nothing was opened")
    try:
        present = set(os.listdir(path))
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({error.strerror}); copy the whole folder again") from error
    for name in sorted(present - content["files"].keys() - {INDEX}):
        raise BundleError(
            f"{path} holds {name!r}, which bundle.json does not list; nothing was opened: a bundle holds only what "
            "automl saved, so remove it if you put it there, or use an unaltered copy"
        )
    for name in content["files"]:
        file = path / name
        if name not in present:
            raise BundleError(f"{file} is missing; copy the whole folder again, or save the model again")
        _refuse_link(file)
        if not stat.S_ISREG(file.lstat().st_mode):
            raise BundleError(f"{file} is no regular file; copy the whole folder again")


def check_files(path: Path, content: Mapping[str, Any]) -> None:
    """Check the hash of every file. Each file is hashed again when it is read.

    Raises:
        BundleError: a file was changed or damaged, or is too large to be read.
    """
    limit = spendable_bytes()
    for name, expected in content["files"].items():
        _refuse_size(path / name, (path / name).lstat().st_size, limit)  # hashing a huge sparse file takes minutes
        digest = hashlib.sha256()
        for block in _blocks(path / name):
            digest.update(block)
        if digest.hexdigest() != expected:
            raise BundleError(f"{path / name} was altered or damaged after it was saved; use an unaltered copy")


def read_listed(path: Path, content: Mapping[str, Any], name: str) -> bytes:
    """Read a file and check that it has the hash given in `bundle.json`.

    Raises:
        BundleError: it is missing, was changed, or is too large.
    """
    data = read_file(path / name)
    if hashlib.sha256(data).hexdigest() != content["files"][name]:
        raise BundleError(f"{path / name} was altered or damaged after it was saved; use an unaltered copy")
    return data


def read_file(file: Path, limit_bytes: float | None = None) -> bytes:
    """Read a file of a bundle.

    Args:
        file: its path; a link or pipe is refused.
        limit_bytes: largest size allowed; None for half of the free memory.

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
