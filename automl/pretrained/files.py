"""Files of a folder that others made: bounded, regular, and inside it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from automl.errors import DataError

__all__ = ["MAX_BYTES", "content", "json_of", "opened"]

MAX_BYTES = {"json": 64 << 20, "txt": 16 << 20, "safetensors": 4 << 30}
"""By ending: the most that a file may hold."""


def opened(folder: Path, name: str) -> int | None:
    """A descriptor of a file in the folder, to read; None where there is none of this name.

    Raises:
        DataError: it is a link, no regular file, or larger than files of its kind are.
    """
    path = folder / name
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        why = "it is a link" if path.is_symlink() else str(error.strerror or error)
        raise DataError(
            f"pretrained: {path} cannot be opened ({why}); links are not followed. Copy the files themselves into a "
            "folder (such as: cp -rL)"
        ) from error
    info, most = os.fstat(descriptor), MAX_BYTES[name.rpartition(".")[2]]
    if not stat.S_ISREG(info.st_mode) or info.st_size > most:
        os.close(descriptor)
        raise DataError(
            f"pretrained: expected {path} to be a file of at most {most >> 20:,} MiB; it is "
            f"{f'of {info.st_size >> 20:,} MiB' if stat.S_ISREG(info.st_mode) else 'no regular file'}. Check the folder"
        )
    return descriptor


def content(folder: Path, name: str) -> bytes | None:
    """What a file of the folder holds; None where there is none of this name."""
    descriptor = opened(folder, name)
    if descriptor is None:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MAX_BYTES[name.rpartition(".")[2]])


def json_of(folder: Path, name: str) -> dict[str, Any] | None:
    """The JSON object in a file of the folder; None where there is none of this name.

    Raises:
        DataError: it holds something else.
    """
    found = content(folder, name)
    if found is None:
        return None
    try:
        value = json.loads(found)
    except (ValueError, RecursionError) as error:
        raise DataError(f"pretrained: {folder / name} is no JSON ({type(error).__name__}); copy it again") from error
    if not isinstance(value, dict):
        raise DataError(f"pretrained: expected {folder / name} to hold a JSON object; it holds {type(value).__name__}")
    return value
