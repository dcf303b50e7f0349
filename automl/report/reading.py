"""Reading ``report.json``, which anybody may have written: its form is checked before a page is made of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from automl.errors import FolderError
from automl.storage import files as folders
from automl.storage.values import Misfit, listed, mapping, parse, text, whole

__all__ = ["SCHEMA", "picture", "read", "read_result", "sound"]

SCHEMA = 1
MOST_BYTES = 2**25
RESULT_BYTES = 2**28
MOST_RUNS = 1_000_000
MOST_SECTIONS = 200
MOST_WORDS = 2000
PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]*")
SOUND = re.compile(r"data:audio/(?:wav|ogg);base64,[A-Za-z0-9+/=]*")


def read(folder: Path) -> dict[str, Any]:
    """The stored report of a run folder.

    Raises:
        FolderError: there is none, it is a link or no regular file, too large, or none that automl has written.
    """
    path = folder / "report.json"
    folders.refuse_link(path)
    with folders.guard(path):
        if not path.exists():
            raise FolderError(f"{folder} holds no finished run (no report.json); give a folder that `automl fit` wrote")
    content = folders.read_bytes(path, MOST_BYTES)
    try:
        return _checked(parse(content))
    except Misfit as error:
        raise FolderError(
            f"{path} is no stored report of this version of automl ({error}); was it altered? Make it with the version "
            "that ran, or run the contest again"
        ) from error


def read_result(folder: Path) -> dict[str, Any]:
    """The content of ``result.json`` of a run folder; its fields are not checked beyond the list of runs.

    Raises:
        FolderError: there is none, it is a link or no regular file, too large, or none that automl has written.
    """
    path = folder / "result.json"
    folders.refuse_link(path)
    with folders.guard(path):
        if not path.exists():
            raise FolderError(f"{folder} holds no finished run (no result.json); give a folder that `automl fit` wrote")
    try:
        content = parse(folders.read_bytes(path, RESULT_BYTES))
        if not isinstance(content, dict):
            raise Misfit("expected a mapping")
        listed(content, "runs", MOST_RUNS)
        return content
    except Misfit as error:
        raise FolderError(f"{path} is no result of automl ({error}); was it altered? Run the contest again") from error


def _checked(content: Any) -> dict[str, Any]:
    """The report, after a check of every field that pages are made of."""
    if not isinstance(content, dict):
        raise Misfit("expected a mapping")
    whole(content, "schema", SCHEMA, SCHEMA)
    text(content, "automl_version", MOST_WORDS)
    head = mapping(content, "head")
    for name in ("name", "task", "metric", *(("started",) if "started" in head else ())):
        text(head, name, MOST_WORDS)
    sections = listed(content, "sections", MOST_SECTIONS)
    if not sections:
        raise Misfit("sections: expected one or more, got none")
    for place, part in enumerate(sections):
        if not isinstance(part, dict):
            raise Misfit(f"section {place}: expected a mapping")
        try:
            text(part, "name", MOST_WORDS)
            text(part, "title", MOST_WORDS)
            for name in ("plugin", "group"):
                if name in part:
                    text(part, name, MOST_WORDS)
            for name, kind in (("data", mapping), ("problem", text)):
                if part.setdefault(name, None) is not None:
                    kind(part, name)
        except Misfit as error:
            raise Misfit(f"section {place}: {error}") from error
    return content


def picture(value: Any) -> str:
    """A stored picture if it is a PNG within the page; no other address and no markup is accepted.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, str) or not PICTURE.fullmatch(value):
        raise ValueError("a picture is not a PNG within the page")
    return value


def sound(value: Any) -> str:
    """A stored sound if it is a WAV or OGG within the page; no other address and no markup is accepted.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, str) or not SOUND.fullmatch(value):
        raise ValueError("a sound is not a WAV or OGG within the page")
    return value
