"""The run folder: made, refused or resumed."""

from __future__ import annotations

import re
import time
from pathlib import Path

from automl import folder as folders
from automl.errors import FolderError
from automl.flow.timekeeping import TIME_FILE

__all__ = ["check_folder", "open_folder"]

RUNS = Path("automl-runs")


def check_folder(out: str | None, resume: bool) -> None:
    """Refuse an output folder that is in use, before any time is spent on the data.

    Raises:
        FolderError: it is a file, holds a run and `resume` is off, or `resume` is on and it holds none.
    """
    if out is None:
        return
    folder = Path(out)
    if folder.is_file():
        raise FolderError(f"--out {folder} is a file; give a folder that is new or empty")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not resume:
        raise FolderError(f"{folder} is not empty; give another --out, or --resume to go on with the run that it holds")
    if not any((folder / name).exists() for name in ("trials.log", TIME_FILE)):
        raise FolderError(f"{folder} holds no run to resume (no trials.log); give a folder that is new or empty")


def open_folder(out: str | None, name: str) -> Path:
    """The folder of this run, created and found writable.

    Args:
        out: as the user gave it, or None for a new one under ``automl-runs``. name: of the data, for a new one.

    Raises:
        FolderError: it cannot be written.
    """
    folder = Path(out) if out is not None else _unused(RUNS / f"{_slug(name)}-{time.strftime('%Y%m%d-%H%M%S')}")
    with folders.guard(folder):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_bytes(b"automl")
        probe.unlink()
    return folder


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:40] or "data"


def _unused(folder: Path) -> Path:
    candidate, number = folder, 2
    while candidate.exists():
        candidate, number = Path(f"{folder}-{number}"), number + 1
    return candidate
