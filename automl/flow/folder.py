"""The run folder: made, refused or resumed."""

from __future__ import annotations

import re
import time
from pathlib import Path

from automl.errors import FolderError

__all__ = ["open_folder"]

RUNS = Path("automl-runs")


def open_folder(out: str | None, name: str, resume: bool) -> Path:
    """The folder of this run, created.

    Args:
        out: as the user gave it, or None for a new one under ``automl-runs``. name: of the data, for a new one.
        resume: whether an existing run may be gone on with.

    Raises:
        FolderError: it holds a run and `resume` is off; it holds other things; it cannot be written.
    """
    if out is None:
        folder = _unused(RUNS / f"{_slug(name)}-{time.strftime('%Y%m%d-%H%M%S')}")
    else:
        folder = Path(out)
        if folder.is_file():
            raise FolderError(f"--out {folder} is a file; give a folder that is new or empty")
        if folder.is_dir() and any(folder.iterdir()):
            if not resume:
                raise FolderError(
                    f"{folder} is not empty; give another --out, or --resume to go on with the run that it holds"
                )
            if not (folder / "trials.log").exists():
                raise FolderError(
                    f"{folder} holds no run to resume (no trials.log); give a folder that is new or empty"
                )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_bytes(b"automl")
        probe.unlink()
    except OSError as error:
        raise FolderError(
            f"cannot write into {folder}: {error.strerror}; free some space or give another --out"
        ) from error
    return folder


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:40] or "data"


def _unused(folder: Path) -> Path:
    candidate, number = folder, 2
    while candidate.exists():
        candidate, number = Path(f"{folder}-{number}"), number + 1
    return candidate
