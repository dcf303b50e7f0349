"""How a folder is laid out: which files count, and which subfolders are parts of the data and not classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from automl.errors import DataError
from automl.intake.files import MEDIA_SUFFIXES, TABLE_SUFFIXES, open_file, shown

__all__ = ["Part", "Tree", "innermost", "is_picture", "is_sound", "parts", "sort_of_file", "visible_children"]

Part = Literal["train", "validation", "test"]

IGNORED = frozenset({
    "__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "picasa.ini", "@eadir", "@tmp", "@recycle", "#recycle",
    "#snapshot", "$recycle.bin", "system volume information", "lost+found", "__pycache__", "_vti_cnf",
})  # fmt: skip
"""Names, in small letters, of what operating systems and storage devices add to folders."""
PART_WORDS: dict[str, Part] = {
    **dict.fromkeys(("train", "training", "trn", "trainset", "trainingset", "traindata", "trainingdata"), "train"),
    **dict.fromkeys(
        ("val", "valid", "validation", "validate", "dev", "development", "valset", "validset", "validationset",
         "devset"), "validation",
    ),
    **dict.fromkeys(
        ("test", "testing", "tst", "eval", "evaluation", "holdout", "heldout", "testset", "testingset", "evalset",
         "testdata", "testingdata"), "test",
    ),
}  # fmt: skip
NEUTRAL = frozenset({
    "set", "data", "dataset", "split", "part", "fold", "folder", "image", "images", "img", "imgs", "picture",
    "pictures", "photos", "audio", "sound", "sounds", "wav", "wavs", "clips",
    "text", "texts", "files", "samples", "examples", "hold", "held", "out",
})  # fmt: skip
"""Words beside the one that names a part."""
DEEPEST = 20
HEAD_BYTES = 32
_TOKEN = re.compile(r"[^\W\d_]+")
_NETPBM = re.compile(rb"P[1-6]\s+[#\d]")
BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})


# --------------------------------------------------------------------------- files


def is_visible(path: Path, folder: Path) -> bool:
    """Whether nothing on the way from a folder to a path is hidden, or belongs to an operating system."""
    return not any(map(_is_ignored, path.relative_to(folder).parts))


def _is_ignored(name: str) -> bool:
    lower = name.lower()
    return name.startswith((".", "~$")) or name.endswith("~") or lower in IGNORED or lower.startswith("thumbs.db:")


def visible_children(folder: Path) -> list[Path]:
    """Files and subfolders, in order of their names."""
    return [child for child in sorted(folder.iterdir()) if is_visible(child, folder)]


def sort_of_file(path: Path) -> str:
    """Return "image", "sound", "text", or "" for a file that is none: by its ending, else by its first bytes."""
    suffix = path.suffix.lower()
    for sort, suffixes in MEDIA_SUFFIXES.items():
        if suffix in suffixes:
            return sort
    if suffix == ".txt":
        return "text"
    if suffix in TABLE_SUFFIXES:
        return ""
    try:
        with open_file(path) as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return ""
    if is_picture(head):
        return "image"
    if is_sound(head):
        return "sound"
    unnamed = suffix in {"", ".text"} or suffix[1:].isdigit()
    return "text" if unnamed and _is_text(head) else ""


def is_picture(head: bytes) -> bool:
    """Whether a file that begins so is of a format that is decoded."""
    if head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")):
        return True
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return True
    if head[:2] == b"BM":
        return int.from_bytes(head[14:18], "little") in BMP_HEADERS
    return _NETPBM.match(head) is not None


def is_sound(head: bytes) -> bool:
    """Whether a file that begins so is WAV, FLAC, OGG, AIFF or MP3 with a tag."""
    container = (head[:4], head[8:12])
    return container in ((b"RIFF", b"WAVE"), (b"FORM", b"AIFF")) or head.startswith((b"fLaC", b"OggS", b"ID3"))


def _is_text(head: bytes) -> bool:
    return bool(head) and not any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)


class Tree:
    """The files below a folder, each looked at once."""

    def __init__(self) -> None:
        self._found: dict[Path, list[Path]] = {}
        self._sorts: dict[Path, str] = {}

    def files(self, folder: Path) -> list[Path]:
        """All visible files below a folder, in order of their paths."""
        if folder not in self._found:
            below = sorted(folder.rglob("*"))
            self._found[folder] = [path for path in below if is_visible(path, folder) and path.is_file()]
        return self._found[folder]

    def sort(self, path: Path) -> str:
        """Return "image", "sound", "text" or "" of a file."""
        if path not in self._sorts:
            self._sorts[path] = sort_of_file(path)
        return self._sorts[path]

    def usable(self, folder: Path) -> list[Path]:
        """The images, sounds and texts below a folder."""
        return [path for path in self.files(folder) if self.sort(path)]

    def filled(self, folder: Path) -> list[Path]:
        """The subfolders that hold images, sounds or texts.

        Raises:
            DataError: one of them is a link to a folder around it, which would lead to all there is, and round again.
        """
        return [child for child in self.subfolders(folder) if self.usable(child)]

    def subfolders(self, folder: Path) -> list[Path]:
        """All visible subfolders.

        Raises:
            DataError: as of `filled`.
        """
        found = [child for child in visible_children(folder) if child.is_dir()]
        for child in found:
            if child.is_symlink() and folder.resolve().is_relative_to(child.resolve()):
                raise DataError(
                    f"the folder {shown(folder.name)!r}: its subfolder {shown(child.name)!r} is a link to a folder "
                    "around it; remove it"
                )
        return found


# --------------------------------------------------------------------------- parts


def parts(subfolders: Sequence[Path]) -> dict[Path, Part]:
    """The subfolders whose names say that they hold training, validation or test rows.

    A name may hold other words, if these are neutral ("training_set") or common to all such names ("seg_train",
    "seg_test").

    Args:
        subfolders: of one folder.

    Returns:
        Nothing unless one of them holds training rows and another one validation or test rows.
    """
    found: dict[Path, tuple[Part, frozenset[str]]] = {}
    for subfolder in subfolders:
        named = _part_of(subfolder.name)
        if named is not None:
            found[subfolder] = named
    if len({other for _, other in found.values()}) > 1:
        found = {path: named for path, named in found.items() if not named[1]}
    if {part for part, _ in found.values()} in ({"train"}, {"validation"}, {"test"}, {"validation", "test"}, set()):
        return {}
    return {path: part for path, (part, _) in found.items()}


def _part_of(name: str) -> tuple[Part, frozenset[str]] | None:
    """The part that a name speaks of, and its other words."""
    words = [word.lower() for word in _TOKEN.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name))]
    joined = PART_WORDS.get("".join(words))
    if joined is not None:
        return joined, frozenset()
    spoken = [word for word in words if word in PART_WORDS]
    others = frozenset(words) - set(spoken) - NEUTRAL
    if {"hold", "out"} <= set(words) or {"held", "out"} <= set(words):
        return ("test", others) if not spoken else None
    return (PART_WORDS[spoken[0]], others) if len(spoken) == 1 else None


def innermost(folder: Path, tree: Tree, classes: frozenset[str] = frozenset()) -> Path:
    """The folder around the classes or parts: single subfolders that hold all there is are seen through.

    Args:
        folder: to begin with.
        tree: of it.
        classes: names that are known to be classes, which are never seen through.
    """
    for _ in range(DEEPEST):
        if any(tree.sort(child) for child in visible_children(folder) if child.is_file()):
            return folder
        filled = tree.filled(folder)
        if len(filled) != 1 or filled[0].name in classes or not tree.filled(filled[0]):
            return folder
        folder = filled[0]
    return folder
