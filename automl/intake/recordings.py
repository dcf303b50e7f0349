"""Whom or what a sound is of, by its name: ``speaker03_word_1.wav``, ``0a7c_nohash_0.wav``, ``7_jackson_32.wav``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

import numpy as np

from automl.intake.files import SOUND_SUFFIXES
from automl.intake.folders import SORT_KINDS
from automl.intake.frames import is_frame
from automl.intake.raw import Raw
from automl.records import Recipe

__all__ = ["GROUPS", "Recordings", "recordings", "with_group_of_names", "with_groups_of_names"]

GROUPS = ("speaker", "session", "machine", "recording")
"""What files may be of, as ``group`` names it."""
_WORDS = {
    "speaker": "speaker|spkr?|actor|subject|subj|person|participant|patient|user|voice|singer|child",
    "session": "session|sess|day",
    "machine": "machine|device|engine|motor|pump|fan|valve|unit",
    "recording": "recording|rec|tape|track|clip|scene",
}
_NAMED = {
    word: re.compile(rf"(?:^|[_\-. /])(?:{found})[_\-. ]?(\d\w*)", re.IGNORECASE) for word, found in _WORDS.items()
}
_NOHASH = re.compile(r"^(.+)_nohash_\d+$", re.IGNORECASE)
_PARTS = re.compile(r"[_\-.\s]+")
NEARLY_ALL = 0.8
"""Share of the files whose names must be of one form."""
LEAST_GROUPS, LEAST_FILES, SHORTEST = 3, 2.0, 2
AGAIN = 1.5
"""Files of a group and a class, in the mean."""
ACROSS = 0.5
"""Share of the groups that have files of two classes or more."""


@dataclass(frozen=True, slots=True, eq=False)
class Recordings:
    """What names tell.

    Attributes:
        word: what the files are of: one of `GROUPS`.
        keys: ``(n,)`` which of them, as text; None where a name does not tell.
        is_named: whether the names say the word, or are of a form that is known; else parts of them come again.
    """

    word: str
    keys: np.ndarray
    is_named: bool


def recordings(names: Sequence[str | None], classes: Sequence[object] | None = None) -> Recordings | None:
    """Groups of files, told by their names.

    Args:
        names: paths of the files; None where there is none.
        classes: of the files, to tell groups from them; None without any.

    Returns:
        None where names tell of no groups, of one, or of as many as there are files.
    """
    paths = [None if name is None else PurePath(str(name).replace("\\", "/")) for name in names]
    stems = [None if path is None else path.stem for path in paths]
    hashed = [None if stem is None or (match := _NOHASH.match(stem)) is None else match[1] for stem in stems]
    if _tell(hashed):
        return Recordings("speaker", _array(hashed), True)
    for word, pattern in _NAMED.items():
        keys = [None if path is None else _last(pattern, "/".join((*path.parts[-3:-1], path.stem))) for path in paths]
        if _tell(keys) and (word == "speaker" or _come_again(keys, classes)):
            return Recordings(word, _array(keys), True)
    parts = [None if stem is None else _PARTS.split(stem) for stem in stems]
    counts = Counter(len(own) for own in parts if own)
    if not counts or classes is None:
        return None
    n_parts = counts.most_common(1)[0][0]
    for place in range(n_parts if n_parts > 1 else 0):
        keys = [own[place] if own is not None and len(own) == n_parts else None for own in parts]
        if _tell(keys) and _may_be_names(keys) and _lie_across(keys, classes) and _come_again(keys, classes):
            return Recordings("recording", _array(keys), False)
    return None


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.findall(text)
    return str(found[-1]).split("_")[0] if found else None


def _array(keys: Sequence[str | None]) -> np.ndarray:
    return np.array(list(keys), dtype=object)


def _tell(keys: Sequence[str | None]) -> bool:
    """Whether nearly all files have a key, and several share each."""
    known = [key for key in keys if key]
    n_groups = len(set(known))
    return len(known) >= NEARLY_ALL * len(keys) > 0 and n_groups > 1 and len(known) >= LEAST_FILES * n_groups


def _may_be_names(keys: Sequence[str | None]) -> bool:
    """Whether parts are words or codes and no counters."""
    known = [key for key in keys if key]
    are_words = np.mean([len(key) >= SHORTEST and any(map(str.isalpha, key)) for key in known])
    return bool(are_words >= NEARLY_ALL) and len(set(known)) >= LEAST_GROUPS


def _lie_across(keys: Sequence[str | None], classes: Sequence[object]) -> bool:
    """Whether groups have files of several classes: a part that names the class is none."""
    found: dict[str, set[object]] = {}
    for key, own in zip(keys, classes, strict=True):
        if key:
            found.setdefault(key, set()).add(own)
    return bool(np.mean([len(of) > 1 for of in found.values()]) >= ACROSS)


def _come_again(keys: Sequence[str | None], classes: Sequence[object] | None) -> bool:
    """Whether a group has several files of a class: numbers that count the files of each class have one."""
    if classes is None:
        return True
    pairs = Counter((key, str(own)) for key, own in zip(keys, classes, strict=True) if key)
    return sum(pairs.values()) >= AGAIN * len(pairs)


def with_group_of_names(raw: Raw, recipe: Recipe) -> Raw:
    """A table of sound files with the column of groups that the recipe asks for, where only their names tell it.

    Args:
        raw: as read.
        recipe: whose `group` may be one of `GROUPS`.
    """
    return with_groups_of_names((raw,), recipe)[0]


def with_groups_of_names(parts: Sequence[Raw], recipe: Recipe) -> tuple[Raw, ...]:
    """Parts of one data set with that column, told from the names of all parts together: a few files tell nothing.

    Args:
        parts: as read. One that has the column keeps it; where names tell another one, no part gets any.
        recipe: whose `group` may be one of `GROUPS`.
    """
    group, whole = recipe.group, tuple(parts)
    if group not in GROUPS or not all(is_frame(raw.inputs) for raw in whole):
        return whole
    column = next((name for name in whole[0].inputs.columns if _holds_sounds(whole[0], name)), None)
    if column is None or not all(column in raw.inputs for raw in whole) or all(group in raw.inputs for raw in whole):
        return whole
    names = [cell if isinstance(cell, str) else None for raw in whole for cell in raw.inputs[column]]
    classes = [_classes(raw, recipe) for raw in whole]
    known = [own for own in classes if own is not None]
    found = recordings(names, [one for own in known for one in own] if len(known) == len(whole) else None)
    if found is None:
        return whole
    ends = np.cumsum([len(raw.inputs) for raw in whole])
    keys = np.split(found.keys, ends[:-1])
    if any(
        group in raw.inputs and _texts(raw.inputs[group]) != _texts(own) for raw, own in zip(whole, keys, strict=True)
    ):
        return whole
    return tuple(replace(raw, inputs=raw.inputs.assign(**{group: own})) for raw, own in zip(whole, keys, strict=True))


def _texts(cells: Iterable[object]) -> list[str | None]:
    return [None if cell is None or cell != cell else str(cell) for cell in cells]


def _classes(raw: Raw, recipe: Recipe) -> list[object] | None:
    """The first target of each file, or None."""
    targets = raw.target
    if targets is None and recipe.target and set(recipe.target) <= set(raw.inputs.columns):
        targets = raw.inputs[list(recipe.target)]
    return None if targets is None else targets.iloc[:, 0].tolist()


def _holds_sounds(raw: Raw, name: str) -> bool:
    if raw.kinds.get(name) == SORT_KINDS["sound"]:
        return True
    cells = [cell for cell in raw.inputs[name].head(50) if isinstance(cell, str)]
    return bool(cells) and all(PurePath(cell).suffix.lower() in SOUND_SUFFIXES for cell in cells)
