"""Where a recipe's words point: data files, shipped sets and the run folder."""

from __future__ import annotations

import difflib
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from automl.errors import RecipeError
from automl.recipe import shipped
from automl.recipe.words import cut
from automl.storage.files import as_named, shown

__all__ = ["check_out", "find"]


def find(key: str, value: str, root: Path) -> str:
    """The path that a word means, or the word itself for a shipped set.

    Args:
        key: "data" or "test".
        value: what the user wrote.
        root: against which a relative path is read.

    Raises:
        RecipeError: nothing is there; the nearest names in that folder are given.
    """
    if shipped.is_name(value):
        if key == "test":
            raise RecipeError(f"test: {value!r} is a shipped set; give a file of test rows, or leave test out to split")
        shipped.check(value)
        return value
    if "://" in value:
        raise RecipeError(f"{key}: {cut(value, 200)!r} is an address; automl reads local files only: download it first")
    path = root / value
    with suppress(RuntimeError, ValueError):  # no such user's home
        path = root / Path(value).expanduser()
    if not _is_there(path) and not ("\\x" in value and _is_there(Path(as_named(str(path))))):
        raise RecipeError(f"{key}: {cut(value, 200)!r} does not exist in {root.resolve()}{near(path)}")
    return str(path)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # it may not be looked at, is too long, or holds a NUL
        return False


def near(path: Path) -> str:
    """What lies near a path that does not exist."""
    try:
        if not path.parent.is_dir():
            return f"; there is no folder {cut(str(path.parent), 200)!r}: check the path"
        names = sorted(shown(entry.name) for entry in path.parent.iterdir() if not entry.name.startswith("."))
    except (OSError, ValueError):
        return ""
    close = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    if close:
        return f"; did you mean {' or '.join(repr(name) for name in close)}?"
    return "; check the path" if names else "; that folder is empty"


def check_out(out: str | None) -> None:
    """Refuse a run folder outside the current one, which a recipe from elsewhere has no business writing to.

    Raises:
        RecipeError: it is outside.
    """
    if out is None:
        return
    try:
        here = Path.cwd().resolve()
        named = here / Path(out).expanduser()
        # ".." after a link leads elsewhere for the system than for a reader of the name: both must stay inside
        places = (Path(os.path.normpath(named)).resolve(), named.resolve())
        inside = all(place.is_relative_to(here) and place != here for place in places)
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise RecipeError(
            f"out: {cut(out, 200)!r} is no name that a folder may have ({why}); choose another"
        ) from error
    if not inside:
        raise RecipeError(
            f"out: {cut(out, 200)!r} lies outside the current folder {here}; a recipe writes inside it only: "
            "choose another name, or pass --out on the command line"
        )


def opened(value: Any) -> tuple[Any, tuple[str, ...]]:
    """A shipped set loaded, with its target columns; anything else as it is."""
    return shipped.load(value) if shipped.is_name(value) else (value, ())
