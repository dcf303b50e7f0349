"""The run folder: made, refused or resumed."""

from __future__ import annotations

import re
import time
from pathlib import Path

from automl.errors import FolderError
from automl.storage import files as folders
from automl.system import shell

__all__ = ["ENVIRONMENT_FILE", "MARKS", "RECIPE_FILE", "ROWS_FOLDER", "check_folder", "open_folder"]

RECIPE_FILE = "recipe.yaml"
"""What was asked for, with paths that hold wherever the run folder is."""

RUNS = Path("automl-runs")
ENVIRONMENT_FILE = "environment.json"
"""What the run rests on: versions, the machine, the data's fingerprint."""
ROWS_FOLDER = "rows"
"""Of an update: the rows of the earlier run and the new ones."""
MARKS = ("trials.log", "shallow.log", "spent.json")
# What a run that was killed at its very start leaves.
LEFTOVER = re.compile(r"rows|\.lock|\.writable|\.(writable|spent\.json)\..*\.tmp")


def check_folder(out: str | None, resume: bool) -> None:
    """Refuse an output folder that is in use, before any time is spent on the data.

    Raises:
        FolderError: it is a file, holds a run and `resume` is off, or `resume` is on and it holds none, or another
            process is writing it, or it holds links or pipes.
    """
    if out is None:
        return
    if "\0" in out:
        raise FolderError(f"{shell.flag('--out', out)} is no name that a folder may have; give another")
    folder = _meant(out)
    with folders.guard(folder):
        if folder.exists() and not folder.is_dir():
            raise FolderError(f"{shell.flag('--out', str(folder))} is a file; give a folder that is new or empty")
    if not folder.is_dir():
        return
    with folders.guard(folder):
        unused = all(LEFTOVER.fullmatch(path.name) for path in folder.iterdir())
    if unused:
        folders.check_plain(folder)
        return
    if not resume:
        raise FolderError(f"{folder} is not empty; give another --out, or --resume to go on with the run that it holds")
    if not any((folder / name).exists() for name in MARKS):
        raise FolderError(f"{folder} holds no run to resume (no {MARKS[0]}); give a folder that is new or empty")
    folders.check_plain(folder)
    with folders.locked(folder):  # found out now rather than once the data is read
        pass


def open_folder(out: str | None, name: str) -> Path:
    """The folder of this run, created and found writable.

    Args:
        out: as the user gave it, or None for a new one under ``automl-runs``.
        name: of the data, for a new one.

    Raises:
        FolderError: it cannot be written, or it holds links or pipes.
    """
    folder = (
        _meant(out) if out is not None else folders.unused(RUNS / f"{_slug(name)}-{time.strftime('%Y%m%d-%H%M%S')}")
    )
    with folders.guard(folder):
        folder.mkdir(parents=True, exist_ok=True)
    folders.check_plain(folder)  # once more: reading the data took a while
    folders.probe(folder)
    return folder


def _meant(out: str) -> Path:
    """The folder that a recipe's word means: one whose name is not UTF-8 comes as `files.shown` spells it."""
    literal, named = Path(out), folders.as_named(out)
    with folders.guard(literal):
        return literal if literal.exists() or folders.shown(named) != out else Path(named)


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:40] or "data"
