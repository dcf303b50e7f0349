"""Levels and members of lists that new rows spell otherwise than training did: in another case, with other blanks."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from automl.detect.columns.notation import Anew, replaced
from automl.detect.parse import members
from automl.records import Column

__all__ = ["levels_anew", "lists_anew", "unknown"]

SEPARATORS = (",", ";", "|", "/")
SPELLED = "in another spelling"
LONGEST_NUMBER = 30


def levels_anew(values: np.ndarray, column: Column) -> Anew:
    """A column of words, ``(n,)`` str or None, with levels of training in its spelling."""
    known = column.seen.get("levels")
    if known is None:
        return values, Counter()
    codes, different = _distinct(values)
    anew = {
        place: (ours, "" if _number_of(text) is not None else SPELLED)
        for place, text, ours in _nearest(different, known)
    }
    return replaced(values, codes, anew) if anew else (values, Counter())


def lists_anew(values: np.ndarray, column: Column) -> Anew:
    """A column of lists, ``(n,)`` str or None, whose cells part known members by another separator."""
    known, ours = set(column.seen.get("levels", ())), str(column.reading.get("separator") or "").strip()
    if not known or not ours:
        return values, Counter()
    codes, different = _distinct(values)
    anew = {}
    for place, text in enumerate(different):
        if known.issuperset(members(text, ours)):
            continue
        for separator in SEPARATORS:
            parts = members(text, separator)
            if separator != ours and len(parts) > 1 and known.issuperset(parts):
                anew[place] = (f"{ours} ".join(parts), f"as lists parted by {separator!r}")
                break
    return replaced(values, codes, anew) if anew else (values, Counter())


def unknown(values: np.ndarray, column: Column) -> np.ndarray:
    """Which cells ``(n,)`` hold a level, or a member of a list, that no five training rows had."""
    if "levels" not in column.seen:
        return np.zeros(len(values), bool)
    known, ours = set(column.seen["levels"]), str(column.reading.get("separator") or "").strip()
    codes, different = _distinct(values)
    parts = [members(text, ours) if column.kind == "list" and ours else [text] for text in different]
    found = np.array([*(not known.issuperset(part) for part in parts), False])
    return np.asarray(found[codes])


def _distinct(values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    import pandas as pd

    codes, uniques = pd.factorize(values)
    return codes, [str(text) for text in uniques]


def _nearest(texts: Iterable[str], known: Iterable[str]) -> list[tuple[int, str, str]]:
    """Place and text of each that is no known level, and the one level that it spells otherwise."""
    exact, folded = set(known), _folded(known)
    found = []
    for place, text in enumerate(texts):
        levels = folded.get(fold(text), [])
        if text not in exact and len(levels) == 1:
            found.append((place, text, levels[0]))
    return found


def _folded(known: Iterable[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for level in known:
        found.setdefault(fold(level), []).append(level)
    return found


def fold(text: str) -> str:
    """What different spellings of a word have in common; of a number, its value."""
    value = _number_of(text)
    if value is not None:
        return repr(value)
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("_", " ").replace("-", " ").split())


def _number_of(text: str) -> float | None:
    if not text.isascii() or "_" in text or not any(map(str.isdigit, text)) or len(text) > LONGEST_NUMBER:
        return None
    try:
        return float(text)
    except ValueError:
        return None
