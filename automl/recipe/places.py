"""Resolves and checks the paths of a recipe: data files, shipped data sets and the run folder."""

from __future__ import annotations

import difflib
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from automl.errors import RecipeError
from automl.recipe import shipped
from automl.recipe.words import cut
from automl.storage.files import as_named, sheet_of, shown

__all__ = ["check_out", "find"]


def find(key: str, value: str, root: Path) -> str:
    """The path that the user's text means, or the text itself if it names a shipped data set or backbone.

    Args:
        key: "data", "test" or "pretrained".
        value: what the user wrote.
        root: the folder that a relative path refers to.

    Raises:
        RecipeError: it does not exist, or no such set or backbone ships; the message gives the nearest names.
    """
    if shipped.is_name(value) and key == "pretrained":
        from automl.pretrained.shipped import FOLDERS  # with all that opens backbones, which few recipes need

        if value not in FOLDERS:
            raise RecipeError(
                f"pretrained: there is no backbone {cut(value, 100)!r}; those that ship are {', '.join(FOLDERS)}"
            )
        return value
    if shipped.is_name(value):
        if key == "test":
            raise RecipeError(f"test: {value!r} is a shipped set; give a file of test rows, or leave test out to split")
        shipped.check(value)
        return value
    if "://" in value:
        raise RecipeError(f"{key}: {cut(value, 200)!r} is an address; automl reads local files only: download it first")
    path = root / value
    with suppress(RuntimeError, ValueError):  # "~name" of an unknown user
        path = root / Path(value).expanduser()
    file, _ = sheet_of(str(path))
    if not _is_there(Path(file)) and not ("\\x" in value and _is_there(Path(as_named(str(path))))):
        raise RecipeError(f"{key}: {cut(value, 200)!r} does not exist in {root.resolve()}{path_hint(path)}")
    return str(path)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # no permission, too long, or a NUL in it
        return False


def path_hint(path: Path) -> str:
    """A hint for a path that does not exist: similar names in its folder."""
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
    """Refuse a run folder outside the current folder: a recipe from elsewhere must not write there.

    Raises:
        RecipeError: the run folder is outside.
    """
    if out is None:
        return
    try:
        here = Path.cwd().resolve()
        named = here / Path(out).expanduser()
        # After a symbolic link, ".." means another folder for the system than in the written path. Both must be inside.
        places = (Path(os.path.normpath(named)).resolve(), named.resolve())
        inside = all(place.is_relative_to(here) and place != here for place in places)
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise RecipeError(f"out: {cut(out, 200)!r} is not a valid folder name ({why}); choose another") from error
    if not inside:
        raise RecipeError(
            f"out: {cut(out, 200)!r} lies outside the current folder {here}; a recipe writes inside it only: "
            "choose another name, or pass --out on the command line"
        )


def opened(value: Any) -> tuple[Any, tuple[str, ...]]:
    """A shipped data set, loaded, with its target columns; any other value unchanged."""
    return shipped.load(value) if shipped.is_name(value) else (value, ())
