"""Texts as weighted n-grams of words and of characters: what a network needs for a bag of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from automl.modalities.shared.categories import strings
from automl.modalities.shared.specs import check_equal
from automl.records import MIN_LEVEL_ROWS, NGRAM_BITS, InputSpec

__all__ = ["BUCKETS", "MAX_CHARACTERS", "NGrams", "character_counts", "fit_ngrams", "restore_ngrams", "word_counts"]

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
_SHARED: Mapping[str, Any] = {"n_features": BUCKETS, "norm": None, "alternate_sign": False, "dtype": np.float32}
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
        """N-grams ``(n, length)`` int32, see `InputSpec`."""
        out = np.zeros((len(frame), self.length), np.int32)
        for begin in range(0, len(frame), CHUNK_ROWS):
            some = frame.iloc[begin : begin + CHUNK_ROWS]
            row, code, weight = self._weighed(_counts(some, self.columns))
            read = self._largest(row, weight, len(some))
            row, code, weight = row[read], code[read], weight[read]
            packed = code + (
                np.clip(np.rint(weight * LARGEST_WEIGHT), 1, LARGEST_WEIGHT).astype(np.int64) << NGRAM_BITS
            )
            out[begin + row, np.arange(len(row)) - np.searchsorted(row, row)] = packed
        return out

    def _largest(self, row: np.ndarray, weight: np.ndarray, n_rows: int) -> np.ndarray:
        """Places of the n-grams that rows have room for, row after row."""
        is_long = (np.bincount(row, minlength=n_rows) > self.length)[row]
        long = np.flatnonzero(is_long)
        long = long[np.lexsort((long, -weight[long], row[long]))]
        within = np.arange(len(long)) - np.searchsorted(row[long], row[long])
        is_read = ~is_long
        is_read[long[within < self.length]] = True
        read = np.flatnonzero(is_read)
        return read[np.argsort(row[read], kind="stable")]

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


def word_counts(texts: Sequence[str], longest: int) -> Any:
    """How often each bucket of n-grams of words occurs in each text: a sparse matrix ``(n, BUCKETS)`` float32.

    Args:
        texts: any.
        longest: words of the largest n-gram.
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    words = HashingVectorizer(ngram_range=(1, longest), token_pattern=r"(?u)\b\w+\b|[!?]", **_SHARED)
    return words.transform(texts)


def character_counts(texts: Sequence[str], longest: int) -> Any:
    """The same of n-grams of two characters and more inside words, as scikit-learn's "char_wb" has them.

    Each distinct word is looked at once: that takes a tenth of the time.

    Args:
        texts: any.
        longest: characters of the largest n-gram.
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    places: dict[str, int] = {}
    split = [[places.setdefault(word, len(places)) for word in text.lower().split()] for text in texts]
    ends = np.cumsum([0, *map(len, split)])
    if not places:
        return sparse.csr_matrix((len(texts), BUCKETS), dtype=np.float32)
    inside = HashingVectorizer(analyzer="char_wb", ngram_range=(2, longest), lowercase=False, **_SHARED)
    at = np.concatenate([np.asarray(words, np.int64) for words in split])
    shape = (len(texts), len(places))
    words = sparse.csr_matrix((np.ones(len(at), np.float32), at, ends), shape=shape)
    counts = (words @ inside.transform(list(places))).tocsr()
    counts.sort_indices()
    return counts


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
    return word_counts(texts, WORDS), character_counts(texts, CHARACTERS)
