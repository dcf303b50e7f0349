"""Each column as plain numbers: what a forest of the audit reads. Nothing is learned from a target."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from automl.records import ORDERED_KINDS, Column

__all__ = ["WORDED", "as_numbers", "chosen", "evenly", "words_of_each"]

MODEL_COLUMNS, MODEL_TEXTS = 200, 10
"""The most columns that a forest reads, and the most of words among them."""
WORDED = ("text", "list", "url")
"""Kinds that are read as words."""
HASHED_WORDS = 64
WORDS = 200
LEAST_WORDS, ALL_WORDS = 10, 800_000
"""Least words of a text, and words of all texts together, that a matrix counts."""


def chosen(columns: Sequence[Column], first: Sequence[str] = ()) -> list[Column]:
    """Some columns, in their order, few enough for a forest.

    Args:
        columns: to choose from.
        first: names of columns to prefer where there are too many, best first; half of the places are theirs, and the
            others are spread evenly.
    """
    texts = _some([c for c in columns if c.kind in WORDED], first, MODEL_TEXTS)
    return _some([c for c in columns if c.kind not in WORDED or c in texts], first, MODEL_COLUMNS)


def _some(columns: list[Column], first: Sequence[str], most: int) -> list[Column]:
    """At most so many of the columns: the preferred, then evenly spread ones."""
    if len(columns) <= most:
        return columns
    place = {name: i for i, name in enumerate(first)}
    best = sorted((c for c in columns if c.name in place), key=lambda c: place[c.name])[: most // 2]
    names = {c.name for c in best}
    rest = [c for c in columns if c.name not in names]
    names |= {rest[i].name for i in evenly(np.arange(len(rest)), most - len(best))}
    return [c for c in columns if c.name in names]


def evenly(rows: np.ndarray, most: int) -> np.ndarray:
    """At most `most` of these rows, at equal distances."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(int)]


def words_of_each(n_texts: int) -> int:
    """How many words of each of so many texts are counted."""
    return int(np.clip(ALL_WORDS // max(n_texts, 1), LEAST_WORDS, WORDS))


def as_numbers(series: pd.Series, kind: str, most_words: int = WORDS) -> np.ndarray:
    """One typed column as ``(n, width)`` numbers without gaps: a missing cell gets a number below every value.

    Args:
        series: the column.
        kind: of the column.
        most_words: of a text, to count.
    """
    if kind in ORDERED_KINDS:
        values = series.to_numpy()
        if kind == "datetime":
            values = np.where(np.isnat(values), np.nan, values.astype("datetime64[s]").astype(np.float64))
        values = values.astype(np.float64)
        bad = ~np.isfinite(values)
        if bad.any():
            low = values[~bad].min() if not bad.all() else 0.0
            values = np.where(bad, low - max(1.0, abs(low)), values)
        return np.asarray(np.clip(values, -1e30, 1e30))[:, None]
    if kind in WORDED:
        return worded(series, most_words)
    codes, levels = pd.factorize(series)
    counts = np.bincount(codes + 1, minlength=len(levels) + 1)[1:]
    # ties are broken by spelling, so that the order of rows does not matter
    order = sorted(range(len(levels)), key=lambda i: (-counts[i], str(levels[i])))
    rank = np.empty(len(levels) + 1)
    rank[order] = np.arange(len(levels))
    rank[-1] = -1.0
    return np.asarray(rank[codes])[:, None]


def worded(series: pd.Series, most_words: int) -> np.ndarray:
    """Texts as length, number of words, share of letters beyond ASCII, and counts of hashed words."""
    out = np.zeros((len(series), 3 + HASHED_WORDS))
    for i, value in enumerate(series.tolist()):
        if not isinstance(value, str) or not value:
            continue
        words = value.casefold().split()
        out[i, :3] = len(value), len(words), sum(c > "\x7f" for c in value[:1000]) / min(len(value), 1000)
        for word in words[:most_words]:
            out[i, 3 + zlib.crc32(word.encode()) % HASHED_WORDS] += 1
    return out
