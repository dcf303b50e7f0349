"""Folders with one subfolder a class, of images or of .txt files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from automl.errors import DataError
from automl.intake.files import IMAGE_SUFFIXES, as_text, open_file, shown
from automl.intake.limits import refuse_beyond, whole_mib
from automl.intake.raw import Raw, listed
from automl.intake.tables import is_table
from automl.records import Finding

LISTED_FILES = 20

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read", "table_in", "texts"]

TRAIN_NAMES = frozenset({"train", "training", "val", "valid", "validation"})
TEXT_GROWTH = 4
"""Bytes of a character in memory, at most."""
TEST_NAMES = frozenset({"test", "testing"})


def read(folder: Path) -> Raw:
    """Read a folder of classes; column "image" (paths relative to it) or "text", target "class".

    A folder with the subfolders train and test (and val), each with one subfolder a class, is read as its own split.
    Images or texts without subfolders make rows without target.

    Raises:
        DataError: nothing in it that can be read.
    """
    where = f"the folder {shown(folder.name)!r}"
    children = _children(folder)
    subfolders = [child for child in children if child.is_dir()]
    parts = {child.name.lower() for child in subfolders}
    if parts & TRAIN_NAMES and parts & TEST_NAMES and parts <= TRAIN_NAMES | TEST_NAMES:
        return _parted(folder, subfolders, where)
    if not children:
        raise DataError(f"{where} is empty: expected one subfolder a class with images or .txt files, or a table")
    files, classes, empty = [], [], []
    for subfolder in subfolders:
        _refuse_loop(folder, subfolder, where)
        found = [path for path in sorted(subfolder.rglob("*")) if _is_visible(path, subfolder) and path.is_file()]
        usable = [path for path in found if _sort(path)]
        files += usable
        classes += [shown(subfolder.name)] * len(usable)
        if not usable:
            empty.append(shown(subfolder.name))
    if not files:
        return _flat(folder, [child for child in children if _sort(child)], where)
    raw = _rows(folder, files, where)
    kept = raw.rows if raw.rows is not None else np.arange(len(files))
    findings = raw.findings
    if empty:
        message = f"{len(empty)} subfolders of {where} hold no images or .txt files: {listed(empty)}."
        findings += (Finding("empty_classes", "medium", message, "Remove them or fill them.", count=len(empty)),)
    loose = [child for child in children if child.is_file()]
    if loose:
        message = f"{len(loose)} files beside the class folders of {where} were not read ({_sorts_of(loose)})."
        findings += (
            Finding(
                "unused_files",
                "low",
                message,
                "Move them to their class if they have one.",
                count=len(loose),
                files=tuple(shown(path.name) for path in loose[:LISTED_FILES]),
            ),
        )
    import pandas as pd

    labels = np.asarray(classes, dtype=object)[kept]
    target = pd.DataFrame({"class": labels})
    return Raw(
        shown(folder.resolve().name), where, raw.inputs, target, root=str(folder), findings=findings, names=raw.names,
        unread=raw.unread,
    )  # fmt: skip


def _refuse_loop(folder: Path, subfolder: Path, where: str) -> None:
    """A class is never the whole: a link upwards would lead to all there is, and round again."""
    if subfolder.is_symlink() and folder.resolve().is_relative_to(subfolder.resolve()):
        raise DataError(f"{where}: its subfolder {shown(subfolder.name)!r} is a link to a folder around it; remove it")


def _sorts_of(paths: list[Path]) -> str:
    """The endings of files, whose names may be anybody's."""
    return listed(sorted({path.suffix.lower() or "without an ending" for path in paths}), 5)


def _parted(folder: Path, subfolders: list[Path], where: str) -> Raw:
    import pandas as pd

    for subfolder in subfolders:
        _refuse_loop(folder, subfolder, where)
    raws = [read(subfolder) for subfolder in subfolders]
    if any(raw.target is None for raw in raws) or len({tuple(raw.inputs.columns) for raw in raws}) > 1:
        raise DataError(
            f"{where}: expected one subfolder a class, all of images or all of texts, in "
            f"{listed(shown(str(s)) for s in subfolders)}"
        )
    for subfolder, raw in zip(subfolders, raws, strict=True):
        if "image" in raw.inputs:
            raw.inputs["image"] = shown(subfolder.name) + "/" + raw.inputs["image"]
    tested = [subfolder.name.lower() in TEST_NAMES for subfolder in subfolders]
    given = np.repeat(tested, [len(raw.inputs) for raw in raws])
    order = np.argsort(given, kind="stable")
    inputs = pd.concat([raw.inputs for raw in raws], ignore_index=True).iloc[order].reset_index(drop=True)
    target = pd.concat([raw.target for raw in raws], ignore_index=True).iloc[order].reset_index(drop=True)
    message = (
        f"{where} parts its rows itself; those of {listed(sorted(shown(s.name) for s in subfolders))} are used so."
    )
    note = Finding(
        "given_split", "low", message[0].upper() + message[1:], "Pass one of them alone to have it parted anew."
    )
    findings = (*(finding for raw in raws for finding in raw.findings), note)
    name = shown(folder.resolve().name)
    parts = (f"{shown(s.name)}/{raw.names[i]}" for s, raw in zip(subfolders, raws, strict=True) for i in raw.read)
    names = tuple(np.array(list(parts), dtype=object)[order])
    return Raw(name, where, inputs, target, given=given[order], root=str(folder), findings=findings, names=names)


def _flat(folder: Path, files: list[Path], where: str) -> Raw:
    if not files:
        seen = listed([shown(child.name) for child in _children(folder)], 5)
        raise DataError(
            f"{where} holds no images (.png, .jpg, ...) and no .txt files, only {seen}: "
            "expected one subfolder a class, or pass one table file"
        )
    raw = _rows(folder, files, where)
    return Raw(
        shown(folder.resolve().name), where, raw.inputs, root=str(folder), findings=raw.findings, names=raw.names,
        unread=raw.unread,
    )  # fmt: skip


def _rows(folder: Path, files: list[Path], where: str) -> Raw:
    """A frame of what most of the files are; the others are counted and left out."""
    import pandas as pd

    sorts = np.array([_sort(path) for path in files])
    main = "image" if (sorts == "image").sum() >= (sorts == "text").sum() else "text"
    kept = np.flatnonzero(sorts == main)
    findings: tuple[Finding, ...] = ()
    if len(kept) < len(files):
        count = len(files) - len(kept)
        message = f"{count} files of {where} are not of the sort of the others ({main}) and were left out."
        findings = (Finding("unused_files", "medium", message, "Keep files of one sort in a folder.", count=count),)
    chosen = [files[i] for i in kept]
    names = tuple(shown(path.relative_to(folder).as_posix()) for path in chosen)
    unread: tuple[int, ...] = ()
    if main == "image":
        frame = pd.DataFrame({"image": list(names)})
    else:
        frame, unread, noticed = texts(chosen)
        findings += noticed
        kept = np.delete(kept, unread)
    frame = frame.astype(object)
    return Raw(shown(folder.name), where, frame, rows=kept, findings=findings, names=names, unread=unread)


def texts(paths: list[Path]) -> tuple[pd.DataFrame, tuple[int, ...], tuple[Finding, ...]]:
    """The contents of text files as a frame with the column "text"; those that cannot be read are left out.

    Args:
        paths: of the files.

    Returns:
        The frame, the positions of the files that cannot be read, and what was noticed.

    Raises:
        DataError: none can be read.
    """
    import pandas as pd

    contents, odd, unread = [], [], list[int]()
    n_bytes = sum(path.stat().st_size for path in paths)
    refuse_beyond(f"the {len(paths):,} texts", TEXT_GROWTH * n_bytes, whole_mib(None), "their characters")
    for position, path in enumerate(paths):
        try:
            text, findings = _text_of(path)
        except DataError:
            if len(unread) == len(paths) - 1:
                raise
            unread.append(position)
            continue
        contents.append(text)
        odd += [path] if findings else []
    noticed = _unread_texts(paths, unread)
    if odd:
        message = f"{len(odd)} files are not plain UTF-8 and were read as best they could."
        files = tuple(shown(path.name) for path in odd[:LISTED_FILES])
        noticed += (Finding("encoding", "low", message, "Save them as UTF-8.", count=len(odd), files=files),)
    return pd.DataFrame({"text": pd.Series(contents, dtype=object)}), tuple(unread), noticed


def _text_of(path: Path) -> tuple[str, tuple[Finding, ...]]:
    try:
        with open_file(path) as file:
            content = file.read() or b""
    except OSError as error:
        why = error.strerror or error
        raise DataError(f"cannot read {shown(path.name)!r}: {why}; check its permissions") from error
    return as_text(content, shown(path.name))


def _unread_texts(paths: list[Path], unread: list[int]) -> tuple[Finding, ...]:
    if not unread:
        return ()
    message = f"{len(unread)} of {len(paths)} text files could not be read and were left out."
    files = tuple(shown(paths[position].name) for position in unread[:LISTED_FILES])
    step = "Replace these files or remove them."
    return (Finding("unreadable_texts", "medium", message, step, count=len(unread), files=files),)


def table_in(folder: Path) -> Path | None:
    """The one table file of a folder that has no subfolders with classes of its own (an index of images, say)."""
    found = [child for child in _children(folder) if child.is_file() and is_table(child) and child.suffix != ".txt"]
    return found[0] if len(found) == 1 else None


def _children(folder: Path) -> list[Path]:
    return [child for child in sorted(folder.iterdir()) if _is_visible(child, folder)]


def _is_visible(path: Path, folder: Path) -> bool:
    names = path.relative_to(folder).parts
    return not any(name.startswith(".") or name in {"__MACOSX", "Thumbs.db", "desktop.ini"} for name in names)


def _sort(path: Path) -> str:
    """Return "image", "text", or "" for a file that is neither."""
    suffix = path.suffix.lower()
    return "image" if suffix in IMAGE_SUFFIXES else "text" if suffix == ".txt" else ""
