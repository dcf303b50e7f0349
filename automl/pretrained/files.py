"""Files of a folder that others made: bounded, regular, and inside it."""

from __future__ import annotations

import json
import math
import os
import stat
from pathlib import Path
from typing import Any

from automl.errors import DataError

__all__ = ["MAX_BYTES", "content", "json_of", "object_in", "opened"]

MAX_BYTES = {"json": 64 << 20, "txt": 16 << 20, "safetensors": 4 << 30, "h5": 2 << 30, "keras": 2 << 30}
"""By ending: the most that a file may hold."""


def opened(folder: Path, name: str, most_bytes: float = math.inf) -> int | None:
    """A descriptor of a file in the folder, to read; None where there is none of this name.

    Args:
        folder: where it lies.
        name: of the file.
        most_bytes: that it may hold, if less than `MAX_BYTES`.

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
    info, most = os.fstat(descriptor), int(min(MAX_BYTES[name.rpartition(".")[2]], most_bytes))
    if not stat.S_ISREG(info.st_mode) or info.st_size > most:
        os.close(descriptor)
        raise DataError(
            f"pretrained: expected {path} to be a file of at most {most >> 20:,} MiB; it is "
            f"{f'of {info.st_size >> 20:,} MiB' if stat.S_ISREG(info.st_mode) else 'no regular file'}. Check the folder"
        )
    return descriptor


def content(folder: Path, name: str, most_bytes: float = math.inf) -> bytes | None:
    """What a file of the folder holds; None where there is none of this name; see `opened`."""
    descriptor = opened(folder, name, most_bytes)
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
    return object_in(found, folder / name)


def object_in(found: bytes, path: Path) -> dict[str, Any]:
    """The JSON object in the content of a file.

    Args:
        found: the content.
        path: of the file, for messages.

    Raises:
        DataError: it holds something else.
    """
    try:
        value = json.loads(found)
    except (ValueError, RecursionError) as error:
        raise DataError(f"pretrained: {path} is no JSON ({type(error).__name__}); copy it again") from error
    if not isinstance(value, dict):
        raise DataError(f"pretrained: expected {path} to hold a JSON object; it holds {type(value).__name__}")
    return value
