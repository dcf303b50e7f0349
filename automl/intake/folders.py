"""Folders with one subfolder a class, of images, sounds or texts; subfolders named train, val, test are their parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from automl.errors import DataError
from automl.intake.encodings import as_text
from automl.intake.files import MEDIA_SUFFIXES, open_file, shown
from automl.intake.folder_layout import Part, Tree, innermost, parts, visible_children
from automl.intake.limits import refuse_beyond, whole_mib
from automl.intake.mask_folders import mask_folder, refuse_boxes
from automl.intake.raw import Raw, listed
from automl.intake.tables import is_table
from automl.records import Finding, Kind, Severity
from automl.system.counts import counted, noun

LISTED_FILES = 20

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SORT_KINDS", "has_subfolders", "read", "table_in", "tables_in", "texts"]

ORDER: tuple[Part, ...] = ("train", "validation", "test")
SORT_KINDS: dict[str, Kind] = {"image": "image_path", "sound": "audio_path"}
"""Of the column that holds paths of files of a sort, which is named like the sort."""
TEXT_GROWTH = 4
"""Bytes of a character in memory, at most."""


@dataclass(frozen=True, slots=True)
class _Files:
    """Files that make rows.

    Attributes:
        paths: of images, sounds and texts.
        classes: of the files; empty if they have none.
        parts: of the files; empty if the folder is not parted.
        findings: what was left out.
    """

    paths: list[Path]
    classes: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()


def read(folder: Path) -> Raw:
    """Read a folder of classes; column "image" or "sound" (paths relative to it) or "text", target "class".

    Subfolders named as parts (train, validation, test and the like), each with one subfolder a class, are read as the
    data's own split. A single folder around classes or parts is seen through. Images or texts without subfolders make
    rows without target.

    Raises:
        DataError: nothing in it that can be read.
    """
    where = f"the folder {shown(folder.name)!r}"
    if not visible_children(folder):
        raise DataError(
            f"{where} is empty: expected one subfolder a class with images, sounds or .txt files, or a table"
        )
    tree = Tree()
    base = innermost(folder, tree)
    masked = mask_folder(folder, base, tree)
    if masked is not None:
        return masked
    refuse_boxes([path for path in tree.files(base) if path.suffix.lower() in {".xml", ".json", ".txt"}], folder.name)
    found = _found(base, tree, where)
    raw = _raw(folder, found, tree, where)
    if base != folder and found.classes:
        inner = shown(base.relative_to(folder).as_posix())
        message = f"The classes of {where} were looked for in its subfolder {inner!r}, which holds all there is."
        step = "Pass that subfolder itself to have no other looked at."
        raw = replace(raw, findings=(*raw.findings, Finding("nested_folder", "low", message, step)))
    return raw


def _found(base: Path, tree: Tree, where: str) -> _Files:
    subfolders = tree.filled(base)
    if named := parts(subfolders):
        return _parted(base, named, tree, where)
    if inner := _parted_classes(subfolders, tree):
        return inner
    if not subfolders:
        return _flat(base, tree, where)
    return _classes(base, subfolders, tree, where)


# --------------------------------------------------------------------------- layouts


def _classes(base: Path, subfolders: Sequence[Path], tree: Tree, where: str) -> _Files:
    """One subfolder a class."""
    paths = [path for subfolder in subfolders for path in tree.usable(subfolder)]
    classes = [shown(subfolder.name) for subfolder in subfolders for _ in tree.usable(subfolder)]
    odd = [path for subfolder in subfolders for path in tree.files(subfolder) if not tree.sort(path)]
    findings: tuple[Finding, ...] = ()
    if odd:
        message = (
            f"{_many(odd)} of {where} {_are(odd)} no images, sounds or texts and {_was(odd)} left out "
            f"({_endings(odd)}): {_examples(odd, base)}."
        )
        step = "Convert them if they should count."
        findings += (_unused("medium" if len(odd) > 0.01 * len(paths) else "low", message, step, odd),)
    empty = [shown(child.name) for child in tree.subfolders(base) if not tree.usable(child)]
    if empty:
        message = (
            f"{counted(len(empty), 'subfolder')} of {where} without images, sounds or .txt files: {listed(empty)}."
        )
        findings += (Finding("empty_classes", "medium", message, "Remove them or fill them.", count=len(empty)),)
    return _Files(paths, classes, findings=findings + _loose(base, where, "class"))


def _loose(base: Path, where: str, sort: str) -> tuple[Finding, ...]:
    loose = [child for child in visible_children(base) if child.is_file()]
    if not loose:
        return ()
    message = f"{_many(loose)} beside the {sort} folders of {where} {_was(loose)} not read ({_endings(loose)})."
    return (_unused("low", message, "Move them to their class if they have one.", loose),)


def _parted(base: Path, named: dict[Path, Part], tree: Tree, where: str) -> _Files:
    """Subfolders that are parts, each with one subfolder a class."""
    training = [_part(path, tree, where, frozenset()) for path, part in named.items() if part == "train"]
    classes = frozenset(name for found in training for name in found.classes)
    found = {path: _part(path, tree, where, classes) for path in named}
    if not all(files.classes for path, files in found.items() if named[path] == "train"):
        raise DataError(
            f"{where}: expected one subfolder a class, all of images, sounds or texts, in "
            f"{listed(shown(str(path)) for path, part in named.items() if part == 'train')}"
        )
    used = [path for path, files in found.items() if classes & set(files.classes)]
    used.sort(key=lambda path: ORDER.index(named[path]))
    findings = tuple(finding for path in used for finding in found[path].findings) + _loose(base, where, "part")
    unlabelled = [path for path in named if path not in used]
    if unlabelled:
        message = (
            f"{listed(_names(unlabelled))} of {where} {'has' if len(unlabelled) == 1 else 'have'} none of the classes "
            f"of the training rows ({listed(sorted(classes), 5)}) and {_was(unlabelled)} left out."
        )
        step = "Predict such rows after the fit, or give them one subfolder a class."
        findings += (_unused("medium", message, step, [p for path in unlabelled for p in tree.usable(path)]),)
    others = [path for path in tree.filled(base) if path not in named]
    if others:
        message = (
            f"{listed(_names(others))} of {where} {_was(others)} left out: the rows are those of "
            f"{listed(_names(used))}."
        )
        step = "Pass one part alone, or name the folder after a part, if they should count."
        findings += (_unused("medium", message, step, [p for path in others for p in tree.usable(path)]),)
    return _Files(
        [path for one in used for path in found[one].paths],
        [name for one in used for name in found[one].classes],
        [named[one] for one in used for _ in found[one].paths],
        (*findings, _given({path: named[path] for path in used}, where)),
    )


def _part(path: Path, tree: Tree, where: str, classes: frozenset[str]) -> _Files:
    base = innermost(path, tree, classes)
    subfolders = tree.filled(base)
    inside = f"{shown(path.name)!r} of {where}"
    return _classes(base, subfolders, tree, inside) if subfolders else _Files([])


def _parted_classes(subfolders: Sequence[Path], tree: Tree) -> _Files | None:
    """Classes each of which is parted: cats/train, cats/test, dogs/train, dogs/test."""
    if len(subfolders) < 2:
        return None
    inner = {path: parts(tree.filled(path)) for path in subfolders}
    if not all(named and set(named) == set(tree.filled(path)) for path, named in inner.items()):
        return None
    found = [(part, path, held) for path, named in inner.items() for held, part in named.items()]
    found.sort(key=lambda one: ORDER.index(one[0]))
    rows = [(file, shown(path.name), part) for part, path, held in found for file in tree.usable(held)]
    held_parts = {held: part for part, _, held in found}
    return _Files(
        [file for file, _, _ in rows],
        [name for _, name, _ in rows],
        [part for _, _, part in rows],
        (_given(held_parts, "each class"),),
    )


def _given(named: dict[Path, Part], where: str) -> Finding:
    """What the parts of a folder are used as."""
    of = {sort: _names([path for path, part in named.items() if part == sort]) for sort in ("train", "validation")}
    tests = _names([path for path, part in named.items() if part == "test"])
    message = f"{where} parts its rows itself: {listed(of['train'])} are training rows"
    step = "Pass one of them alone to have it parted anew."
    if tests:
        message += f", {listed(tests)} are the test rows"
    if of["validation"]:
        message += f"; {listed(of['validation'])} are further training rows, of which validation rows are drawn anew"
        if not tests:
            step = f"Pass the folder {of['train'][0]!r} as data and {of['validation'][0]!r} as test to be judged on it."
    return Finding("given_split", "low", message[0].upper() + message[1:] + ".", step)


def _flat(base: Path, tree: Tree, where: str) -> _Files:
    files = [child for child in visible_children(base) if child.is_file()]
    usable = [path for path in files if tree.sort(path)]
    if not usable:
        seen = listed([shown(child.name) for child in visible_children(base)], 5)
        raise DataError(
            f"{where} holds no images (.png, .jpg, ...), sounds (.wav, ...) or .txt files, only {seen}: "
            "expected one subfolder a class, or pass one table file"
        )
    odd = [path for path in files if not tree.sort(path)]
    if not odd:
        return _Files(usable)
    message = (
        f"{_many(odd)} of {where} {_are(odd)} no images, sounds or texts and {_was(odd)} left out ({_endings(odd)})."
    )
    return _Files(usable, findings=(_unused("low", message, "Convert them if they should count.", odd),))


# --------------------------------------------------------------------------- rows


def _raw(folder: Path, found: _Files, tree: Tree, where: str) -> Raw:
    """Rows of what most of the files are; the others are counted and left out."""
    import pandas as pd

    sorts = np.array([tree.sort(path) for path in found.paths])
    main = max((*MEDIA_SUFFIXES, "text"), key=lambda sort: int((sorts == sort).sum()))
    kept = np.flatnonzero(sorts == main)
    findings: tuple[Finding, ...] = ()
    if len(kept) < len(sorts):
        others = [found.paths[i] for i in np.flatnonzero(sorts != main)]
        message = (
            f"{_many(others)} of {where} {_are(others)} not of the sort of the others ({main}) and {_was(others)} "
            f"left out: "
            f"{_examples(others, folder)}."
        )
        findings = (_unused("medium", message, "Keep files of one sort in a folder.", others),)
    chosen = [found.paths[i] for i in kept]
    names = tuple(shown(path.relative_to(folder).as_posix()) for path in chosen)
    unread: tuple[int, ...] = ()
    kinds: dict[str, Kind] = {}
    if main in MEDIA_SUFFIXES:
        frame = pd.DataFrame({main: list(names)})
        kinds[main] = SORT_KINDS[main]
        findings += _told_endings(chosen, main, folder, where)
    else:
        frame, unread, noticed = texts(chosen)
        findings += noticed
        kept = np.delete(kept, unread)
    labels = np.asarray(found.classes, dtype=object)[kept] if found.classes else None
    given = np.array([part == "test" for part in found.parts])[kept] if "test" in found.parts else None
    return Raw(
        shown(folder.resolve().name), where, frame.astype(object),
        None if labels is None else pd.DataFrame({"class": labels}), given=given, root=str(folder),
        rows=kept if labels is None else None, findings=(*findings, *found.findings), kinds=kinds,
        names=names, unread=unread,
    )  # fmt: skip


def _told_endings(paths: Sequence[Path], sort: str, folder: Path, where: str) -> tuple[Finding, ...]:
    """Which files are read as images or sounds for what they hold, whatever their names end in."""
    odd = [path for path in paths if path.suffix.lower() not in MEDIA_SUFFIXES[sort]]
    if not odd:
        return ()
    message = (
        f"{_many(odd)} of {where} {_are(odd)} read as {sort}s for what they hold, whatever their names end in "
        f"({_endings(odd)}): {_examples(odd, folder)}."
    )
    files = tuple(shown(path.name) for path in odd[:LISTED_FILES])
    return (
        Finding(f"{sort}_endings", "low", message, "Remove them if they do not count.", count=len(odd), files=files),
    )


def _unused(severity: Severity, message: str, step: str, paths: Sequence[Path]) -> Finding:
    files = tuple(shown(path.name) for path in paths[:LISTED_FILES])
    return Finding("unused_files", severity, message, step, count=len(paths), files=files)


def _endings(paths: Sequence[Path]) -> str:
    """The endings of files, whose names may be anybody's, the commonest first, and how many have each."""
    counts = Counter(path.suffix.lower() or "without an ending" for path in paths)
    named = ", ".join(f"{shown(suffix)[:20]!r}: {n}" for suffix, n in counts.most_common(5))
    return named + (f" and {len(counts) - 5} more" if len(counts) > 5 else "")


def _examples(paths: Sequence[Path], folder: Path) -> str:
    return listed((shown(path.relative_to(folder).as_posix()) for path in paths), 3)


def _names(paths: Sequence[Path]) -> list[str]:
    return list(dict.fromkeys(shown(path.name) for path in sorted(paths)))


def _many(paths: Sequence[Path]) -> str:
    return counted(len(paths), "file")


def _are(paths: Sequence[Path]) -> str:
    return noun(len(paths), "is", "are")


def _was(paths: Sequence[Path]) -> str:
    return noun(len(paths), "was", "were")


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


# --------------------------------------------------------------------------- tables in folders


def table_in(folder: Path) -> Path | None:
    """The one table file of a folder that has no subfolders with classes of its own (an index of images, say)."""
    found = [path for path in tables_in(folder) if path.suffix != ".txt"]
    return found[0] if len(found) == 1 else None


def tables_in(folder: Path) -> list[Path]:
    """The visible table files of a folder."""
    return [child for child in visible_children(folder) if child.is_file() and is_table(child)]


def has_subfolders(folder: Path) -> bool:
    """Whether a folder has a visible subfolder."""
    return any(child.is_dir() for child in visible_children(folder))
