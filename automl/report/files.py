"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from automl.errors import FolderError

__all__ = ["put"]


def put(folder: Path, files: Mapping[str, str]) -> None:
    """Write texts into a folder: all under temporary names first, then each renamed into place.

    Args:
        folder: where to; it must exist. files: name → content.

    Raises:
        FolderError: the disk is full or the folder is not writable; files of these names are as they were.
    """
    waiting: list[tuple[Path, Path]] = []
    try:
        for name, text in files.items():
            temporary = folder / f".{name}.{secrets.token_hex(4)}.tmp"
            waiting.append((temporary, folder / name))
            with open(temporary, "xb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
        for temporary, final in waiting:
            os.replace(temporary, final)
        sync(folder)
    except OSError as error:
        raise FolderError(
            f"cannot write {', '.join(files)} into {folder}: {error.strerror or error}; "
            "free some space or give a folder that you may write to (what was there before is unchanged)"
        ) from error
    finally:
        for temporary, _ in waiting:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Make the renames last, where the system lets a folder be synchronised."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
