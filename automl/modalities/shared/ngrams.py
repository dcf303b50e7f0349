"""Texts as weighted n-grams of words and of characters: what a network needs for a bag of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl.modalities.shared.categories import strings
from automl.modalities.shared.specs import check_equal
from automl.records import MIN_LEVEL_ROWS, NGRAM_BITS, InputSpec

__all__ = ["BUCKETS", "MAX_CHARACTERS", "NGrams", "analysers", "fit_ngrams", "restore_ngrams"]

BUCKETS = 2**20
CHUNK_ROWS = 4_096
WORDS, CHARACTERS = 2, 5
"""Largest n-gram of words (from single words on), and of characters (from pairs on, inside words)."""
MOST_FEATURES = (24_000, 40_000)
"""Of words and of characters: the matrices of a network have a row for each."""
MAX_LENGTH = 640
MAX_CHARACTERS = 10_000
MOST_IDS = 2**27
"""Of all training rows together (512 MiB): beyond, each row keeps fewer, those of the largest weight."""
LARGEST_WEIGHT = 2 ** (31 - NGRAM_BITS) - 1


@dataclass(eq=False)
class NGrams:
    """Text columns → n-grams with their TF-IDF weights, those of the largest weight where a row has too many.

    N-grams are hashed. So no word is stored; one of fewer than `MIN_LEVEL_ROWS` training rows is left out.

    Attributes:
        columns: names, joined in this order.
        buckets: for words and for characters, the buckets that are read, ascending.
        idf: their inverse document frequencies.
        length: n-grams a row.

    Source: hashing, Weinberger et al. 2009; sublinear TF-IDF, Manning, Raghavan & Schütze 2008, section 6.4.
    """

    columns: list[str]
    buckets: list[np.ndarray]
    idf: list[np.ndarray]
    length: int

    @property
    def size(self) -> int:
        """N-grams that are read, and the padding."""
        return 1 + sum(map(len, self.buckets))

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        """N-grams ``(n, length)`` int32, see `InputSpec`; ordered by weight, the largest first."""
        out = np.zeros((len(frame), self.length), np.int32)
        for begin in range(0, len(frame), CHUNK_ROWS):
            some = frame.iloc[begin : begin + CHUNK_ROWS]
            row, code, weight = self._weighed(_counts(some, self.columns))
            order = np.lexsort((code, -weight, row))
            row, code, weight = row[order], code[order], weight[order]
            place = np.arange(len(row)) - np.searchsorted(row, row)
            short = place < self.length
            packed = code + (
                np.clip(np.rint(weight * LARGEST_WEIGHT), 1, LARGEST_WEIGHT).astype(np.int64) << NGRAM_BITS
            )
            out[begin + row[short], place[short]] = packed[short]
        return out

    def _weighed(self, counts: Sequence[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row, id and weight of each n-gram; words and characters of a row have unit length each."""
        parts, first = [], 1
        for block, buckets, idf in zip(counts, self.buckets, self.idf, strict=True):
            at = np.minimum(np.searchsorted(buckets, block.indices), max(len(buckets) - 1, 0))
            known = (buckets[at] == block.indices) if len(buckets) else np.zeros(len(block.indices), bool)
            row = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))[known]
            value = (1 + np.log(block.data[known])) * idf[at[known]]
            length = np.sqrt(np.bincount(row, weights=value.astype(np.float64) ** 2, minlength=block.shape[0]))
            parts.append((row, first + at[known], value / np.maximum(length, 1e-12)[row]))
            first += len(buckets)
        row, code, weight = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return row, code.astype(np.int64), weight

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays."""
        return {"columns": self.columns, "buckets": self.buckets, "idf": self.idf, "length": self.length}


def fit_ngrams(
    frame: pd.DataFrame, columns: list[str], most_rows: int | None = None
) -> tuple[NGrams, InputSpec] | None:
    """Choose the n-grams of training rows and weigh them by rarity; None where none comes back.

    Args:
        frame: training rows.
        columns: text columns.
        most_rows: that are read, evenly taken; None for all.
    """
    n_rows = len(frame)
    if most_rows is not None and n_rows > most_rows:
        frame = frame.take(np.linspace(0, n_rows - 1, most_rows).astype(np.int64))
    if not columns or not len(frame):
        return None
    seen = np.zeros((2, BUCKETS), np.int64)
    n_chunks = -(-len(frame) // CHUNK_ROWS)
    first: tuple[Any, Any] | None = None  # of rows from everywhere: how long texts are shows in them
    for chunk in range(n_chunks):
        counts = _counts(frame.iloc[chunk::n_chunks], columns)
        first = first or counts
        for block, of_block in enumerate(counts):
            seen[block] += np.bincount(of_block.indices, minlength=BUCKETS)
    assert first is not None
    buckets = [_commonest(of_block, most) for of_block, most in zip(seen, MOST_FEATURES, strict=True)]
    if not sum(map(len, buckets)):
        return None
    idf = [(np.log((1 + len(frame)) / (1 + of_block[which])) + 1).astype(np.float32)
           for of_block, which in zip(seen, buckets, strict=True)]  # fmt: skip
    part = NGrams(list(columns), buckets, idf, 0)
    usual = float(np.quantile(np.bincount(part._weighed(first)[0], minlength=first[0].shape[0]), 0.98))
    longest = min(MAX_LENGTH, max(8, MOST_IDS // max(n_rows, 1)))
    part.length = int(min(max(8 * np.ceil(usual / 8), 8), longest))
    spec = InputSpec("ngrams", "ngrams", (part.length,), "int32", part.size, {"columns": list(columns)})
    return part, spec


def restore_ngrams(state: Mapping[str, Any], spec: InputSpec) -> NGrams:
    """The part that `NGrams.state` described.

    Args:
        state: of the part.
        spec: of its input, which was bounded.

    Raises:
        ValueError: the two do not agree, or an array is none of ours.
    """
    buckets = [np.asarray(which, np.int64) for which in state["buckets"]]
    idf = [np.asarray(weights, np.float32) for weights in state["idf"]]
    part = NGrams([str(name) for name in state["columns"]], buckets, idf, int(state["length"]))
    check_equal("the number of n-grams a row", part.length, spec.shape[0])
    check_equal("the number of n-grams", part.size, spec.size)
    check_equal("the number of weights of n-grams", [len(one) for one in idf], [len(one) for one in buckets])
    check_equal("the number of blocks of n-grams", len(buckets), 2)
    is_sound = all(
        one.ndim == 1 and (np.diff(one) > 0).all() and (not len(one) or 0 <= one[0] <= one[-1] < BUCKETS)
        for one in buckets
    ) and all(np.isfinite(one).all() for one in idf)
    check_equal("that n-grams are buckets in order with finite weights", is_sound, True)
    return part


def analysers(word_ngrams: int, char_ngrams: int) -> list[Any]:
    """What counts hashed n-grams of texts: of words, and of characters inside words.

    Args:
        word_ngrams: largest n-gram of words; 0 for none.
        char_ngrams: largest n-gram of characters; 0 for none.
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    shared = {"n_features": BUCKETS, "norm": None, "alternate_sign": False, "dtype": np.float32}
    found = []
    if word_ngrams:
        pattern = r"(?u)\b\w+\b|[!?]"
        found.append(HashingVectorizer(ngram_range=(1, word_ngrams), token_pattern=pattern, **shared))
    if char_ngrams:
        found.append(HashingVectorizer(analyzer="char_wb", ngram_range=(2, char_ngrams), **shared))
    return found


def _commonest(seen: np.ndarray, most: int) -> np.ndarray:
    """Buckets of enough rows, at most so many of them, ascending."""
    buckets = np.flatnonzero(seen >= MIN_LEVEL_ROWS)
    if len(buckets) > most:
        buckets = np.sort(buckets[np.argsort(-seen[buckets], kind="stable")[:most]])
    return buckets.astype(np.int64)


def _counts(frame: pd.DataFrame, columns: list[str]) -> tuple[Any, Any]:
    """How often each bucket occurs in each row: n-grams of words, and of characters inside words."""
    cells = zip(*([text or "" for text in strings(frame[name])] for name in columns), strict=True)
    texts = ["\n".join(text[:MAX_CHARACTERS] for text in row) for row in cells]
    words, characters = analysers(WORDS, CHARACTERS)
    return words.transform(texts), characters.transform(texts)
