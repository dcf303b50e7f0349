"""Folders of pictures with masks: ``images/`` beside ``masks/``, or ``name.png`` beside ``name_mask.png``.

Pairs have one name but for its ending and a word for the mask. What has no partner is left out, counted and listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from automl.errors import DataError
from automl.intake.files import open_file, shown
from automl.intake.folder_layout import PART_WORDS, Tree, parts, visible_children
from automl.intake.raw import Raw, listed
from automl.records import Finding
from automl.system.counts import counted

__all__ = ["holds_boxes", "mask_folder", "refuse_boxes"]

PICTURES = frozenset({
    "image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "input", "inputs", "raw",
    "jpegimages",
    "original", "originals",
})  # fmt: skip
MASKS = frozenset({
    "mask", "masks", "label", "labels", "seg", "segs", "segmentation", "segmentations", "segmentationclass", "gt",
    "groundtruth", "annotation", "annotations", "target", "targets", "matte", "mattes", "trimap",
    "trimaps", "1st_manual",
})  # fmt: skip
_SUFFIX = re.compile(
    r"[ _.\-](?:mask|masks|seg|segmentation|label|labels|gt|groundtruth|ground_truth|annotation|matte|l)$"
)
_PREFIX = re.compile(r"^(?:mask|seg|label|gt)[ _.\-]")
_OF_PICTURE = re.compile(r"[ _.\-](?:image|img|input|raw|sat)$|^(?:image|img|input)[ _.\-](?=.*\D)")
LISTED = 20
LEAST_PAIRED = 0.5
"""Share of the pictures of one folder that need a mask beside them, for the names to mean that."""
HEAD_BYTES = 4096
_BOX = re.compile(rb"\s*\d+(?:\s+[01]?\.\d+|\s+[01]){4}\s")


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Files that belong together, and those that lack a partner.

    Attributes:
        pictures: of the pairs.
        masks: in the order of `pictures`.
        lone_pictures: without a mask.
        lone_masks: without a picture.
        tests: whether each pair is of the user's own test part; empty without such a part.
    """

    pictures: list[Path]
    masks: list[Path]
    lone_pictures: list[Path]
    lone_masks: list[Path]
    tests: list[bool]


def mask_folder(folder: Path, base: Path, tree: Tree) -> Raw | None:
    """The pairs of a folder as rows; None where its names say nothing of masks.

    Args:
        folder: that the user named, to which paths are relative.
        base: the folder within that holds all there is.
        tree: of the folder.

    Raises:
        DataError: names speak of masks, and no picture has one; or what lies in the place of masks are boxes.
    """
    found = _found(base, tree)
    if found is None:
        return None
    where = f"the folder {shown(folder.name)!r}"
    if not found.pictures:
        raise DataError(
            f"{where} has folders of pictures and of masks, and no file of one has the name of a file of the "
            "other (pictures: "
            f"{listed((shown(path.name) for path in found.lone_pictures), 3)}; masks: "
            f"{listed((shown(path.name) for path in found.lone_masks), 3)}); expected pairs such as images/a.png "
            "and masks/a.png, "
            "or a_mask.png"
        )
    return _raw(folder, found, where)


def _found(base: Path, tree: Tree) -> _Pairs | None:
    subfolders = tree.filled(base)
    named = parts(subfolders)
    if named:
        inside = {path: _two(path, tree) for path in named}
        if not any(inside.values()):
            return None
        each = [(path, _paired(*two, tree)) for path, two in inside.items() if two is not None]
        each.sort(key=lambda pair: named[pair[0]] == "test")
        tests = [named[path] == "test" for path, own in each for _ in own.pictures]
        return _joined([own for _, own in each], tests if any(tests) else [])
    two = _two(base, tree)
    if two is not None:
        own = _paired(*two, tree)
        tests = [_is_test(path.relative_to(two[0])) for path in own.pictures]
        order = sorted(range(len(tests)), key=lambda i: tests[i])
        if not any(tests) or all(tests):
            return own
        return _Pairs(
            [own.pictures[i] for i in order], [own.masks[i] for i in order], own.lone_pictures, own.lone_masks,
            [tests[i] for i in order],
        )  # fmt: skip
    return None if subfolders else _in_one_folder(base, tree)


def _joined(each: Sequence[_Pairs], tests: list[bool]) -> _Pairs:
    return _Pairs(
        [p for one in each for p in one.pictures], [p for one in each for p in one.masks],
        [p for one in each for p in one.lone_pictures], [p for one in each for p in one.lone_masks], tests,
    )  # fmt: skip


def _two(base: Path, tree: Tree) -> tuple[Path, Path] | None:
    """The subfolder of pictures and that of masks, by their names."""
    children = {_plain(child.name): child for child in tree.subfolders(base)}
    pictures = [child for name, child in children.items() if name in PICTURES]
    masks = [child for name, child in children.items() if name in MASKS]
    if len(pictures) != 1 or len(masks) != 1:
        return None
    return (pictures[0], masks[0]) if _pictures(pictures[0], tree) else None


def _plain(name: str) -> str:
    return re.sub(r"[ _\-]", "", name.lower()) if name.lower() not in MASKS else name.lower()


def _pictures(folder: Path, tree: Tree) -> list[Path]:
    return [path for path in tree.files(folder) if tree.sort(path) == "image"]


def _paired(images: Path, masks: Path, tree: Tree) -> _Pairs:
    """Pictures and masks of one name, below folders of one name."""
    refuse_boxes(tree.files(masks), shown(masks.name))
    own, theirs = _pictures(images, tree), _pictures(masks, tree)
    if not theirs:
        raise DataError(
            f"the folder {shown(masks.name)!r} beside {shown(images.name)!r} holds no pictures: expected a mask "
            "for each picture, as PNG"
        )
    return _matched(own, theirs, images, masks)


def _matched(own: Sequence[Path], theirs: Sequence[Path], images: Path, masks: Path) -> _Pairs:
    """Pairs of files, in the order of the pictures: those of one name, then those whose names differ by a known word.

    Where several files have one name, the first of them has the partner.
    """
    found: dict[Path, Path] = {}
    for key in (_stem, _key):
        free = [path for path in theirs if path not in found.values()]
        by_key = {key(path, masks, is_mask=True): path for path in reversed(free)}
        for path in own:
            if path not in found and (mask := by_key.pop(key(path, images, is_mask=False), None)) is not None:
                found[path] = mask
    both, taken = [path for path in own if path in found], set(found.values())
    return _Pairs(
        both, [found[path] for path in both], [path for path in own if path not in found],
        [path for path in theirs if path not in taken], [],
    )  # fmt: skip


def _stem(path: Path, base: Path, is_mask: bool) -> str:
    return (path.relative_to(base).parent / path.stem.lower()).as_posix()


def _key(path: Path, base: Path, is_mask: bool) -> str:
    stem = path.stem.lower()
    stem = _PREFIX.sub("", _SUFFIX.sub("", stem)) if is_mask else _OF_PICTURE.sub("", stem)
    return (path.relative_to(base).parent / stem).as_posix()


def _is_test(path: Path) -> bool:
    return len(path.parts) > 1 and PART_WORDS.get(path.parts[0].lower()) == "test"


def _in_one_folder(base: Path, tree: Tree) -> _Pairs | None:
    """Pictures and masks in one folder, told apart by a word at the end of the masks' names."""
    files = [path for path in visible_children(base) if path.is_file() and tree.sort(path) == "image"]
    theirs = [path for path in files if _SUFFIX.search(path.stem.lower())]
    own = [path for path in files if not _SUFFIX.search(path.stem.lower())]
    found = _matched(own, theirs, base, base)
    return found if len(found.pictures) >= max(2, LEAST_PAIRED * len(own)) else None


def _raw(folder: Path, found: _Pairs, where: str) -> Raw:
    import pandas as pd

    def names(paths: Sequence[Path]) -> list[str]:
        return [shown(path.relative_to(folder).as_posix()) for path in paths]

    findings = tuple(_lone(found, where))
    pictures = names(found.pictures)
    given = np.array(found.tests, bool) if found.tests else None
    if given is not None:
        step = "Pass a folder of one part alone to have it parted anew."
        findings += (Finding("given_split", "low", f"{where[0].upper()}{where[1:]} parts its rows itself.", step),)
    return Raw(
        shown(folder.resolve().name), where, pd.DataFrame({"image": pictures}).astype(object),
        pd.DataFrame({"mask": names(found.masks)}).astype(object), given=given, root=str(folder), findings=findings,
        kinds={"image": "image_path", "mask": "image_path"}, names=tuple(pictures),
    )  # fmt: skip


def _lone(found: _Pairs, where: str) -> Iterator[Finding]:
    for what, other, paths in (
        ("picture", "mask", found.lone_pictures), ("mask", "picture", found.lone_masks),
    ):  # fmt: skip
        if paths:
            n_all = len(paths) + len(found.pictures)
            message = (
                f"{counted(len(paths), what)} of {n_all} in {where} {'has' if len(paths) == 1 else 'have'} no "
                f"{other} of the same name, or one that another {what} has, and "
                f"{'was' if len(paths) == 1 else 'were'} left out: "
                f"{listed((shown(path.name) for path in paths), 3)}."
            )
            step = f"Add the {other}s; one without anything to mark is a mask of zeros." if what == "picture" else ""
            files = tuple(shown(path.name) for path in paths[:LISTED])
            severity = "high" if len(paths) > 0.1 * n_all else "medium"
            yield Finding(
                f"missing_{other}s", severity, message, step or "Add the pictures, or remove these masks.",  # type: ignore[arg-type]
                count=len(paths), files=files,
            )  # fmt: skip


# --------------------------------------------------------------------------- boxes


def refuse_boxes(files: Sequence[Path], where: str) -> None:
    """Annotations of boxes are refused: objects in pictures are not detected here.

    Args:
        files: that may hold annotations.
        where: for the message.

    Raises:
        DataError: the first of them holds boxes, as COCO, Pascal VOC and YOLO write them.
    """
    kind = holds_boxes(files)
    if kind:
        raise DataError(
            f"{where!r} holds boxes around objects ({kind} annotations). Detection of objects is not built: "
            "automl learns one "
            "class for a picture (a folder for each class), or a class for each pixel (a folder images and a "
            "folder masks, "
            "with a PNG for each picture); make masks of the boxes, or cut the objects out"
        )


def holds_boxes(files: Sequence[Path]) -> str:
    """Whose form of boxes the first annotation among some files is: "COCO", "Pascal VOC", "YOLO", or ""."""
    for suffix, kind in ((".xml", "Pascal VOC"), (".json", "COCO"), (".txt", "YOLO")):
        for path in [path for path in files if path.suffix.lower() == suffix][:3]:
            if path.name.lower() in ("classes.txt", "readme.txt"):
                continue
            try:
                with open_file(path) as file:
                    head = file.read(HEAD_BYTES)
            except OSError:
                continue
            if suffix == ".xml" and b"<annotation" in head and b"<object" in head:
                return kind
            if suffix == ".json" and b'"images"' in head + b" " and (b'"annotations"' in head or b'"bbox"' in head):
                return kind
            if suffix == ".txt" and _BOX.match(head + b"\n"):
                return kind
    return ""
