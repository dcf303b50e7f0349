"""Texts as weighted n-grams of words and characters, hashed into buckets as scikit-learn hashes them, in NumPy.

Source: hashing, Weinberger et al. 2009; Appleby, MurmurHash3 (2011), which is in the public domain.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["BUCKETS_OF_NGRAMS", "buckets_of", "character_ngrams", "text_features", "word_ngrams"]

BUCKETS_OF_NGRAMS = 2**20
USUAL_BYTES = 64
WORD_OR_MARK = re.compile(r"\b\w+\b|[!?]")


def text_features(given: Mapping[str, Any], spec: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Columns and TF-IDF weights of each row's n-grams, ``(n, k)`` int32 and float64, zeros where a row has fewer.

    Args:
        given: cells by column, ``(n,)`` each.
        spec: "columns", "separate", "word_ngrams", "char_ngrams", and of each block "kept" buckets, ascending, and
            their "idf"; see `automl.baselines.features.words`.
    """
    n = len(given[spec["columns"][0]])
    cells = [[str(v) if v is not None and v == v else "" for v in given[name]] for name in spec["columns"]]
    texts = cells if spec["separate"] else [["\n".join(row) for row in zip(*cells, strict=True)]]
    if not sum(map(len, spec["kept"])):  # the only column holds ones
        return np.zeros((n, 1), np.int32), np.ones((n, 1))
    rows: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in range(n)]
    first, block = 0, 0
    for text in texts:
        for grams_of, longest in ((word_ngrams, spec["word_ngrams"]), (character_ngrams, spec["char_ngrams"])):
            if not longest:
                continue
            kept, idf = np.asarray(spec["kept"][block]), np.asarray(spec["idf"][block], np.float32)
            if len(kept):
                for row, one in zip(rows, text, strict=True):
                    codes, weights = weighed_ngrams(grams_of(one, longest), kept, idf)
                    row.append((first + codes, weights))
            first, block = first + len(kept), block + 1
    return padded_rows(rows)


def padded_rows(rows: Sequence[Sequence[tuple[np.ndarray, np.ndarray]]]) -> tuple[np.ndarray, np.ndarray]:
    """Codes and weights of rows of unequal length as two arrays ``(n, k)``, zeros where a row has fewer."""
    width = max([1, *(sum(len(codes) for codes, _ in row) for row in rows)])
    codes, weights = np.zeros((len(rows), width), np.int32), np.zeros((len(rows), width))
    for place, row in enumerate(rows):
        at = 0
        for own, weight in row:
            codes[place, at : at + len(own)], weights[place, at : at + len(own)] = own, weight
            at += len(own)
    return codes, weights


def weighed_ngrams(counts: Mapping[str, int], buckets: np.ndarray, idf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places among the buckets that are read and weights of unit length of a text's n-grams.

    Args:
        counts: of the text's n-grams.
        buckets: those that are read, ascending.
        idf: of each, float32.
    """
    found, where = np.unique(buckets_of(list(counts)), return_inverse=True)
    amounts_of = np.bincount(where, np.fromiter(counts.values(), np.float64, len(counts)), len(found))
    at = np.minimum(np.searchsorted(buckets, found), len(buckets) - 1)
    is_read = buckets[at] == found
    at = at[is_read]
    values = (1 + np.log(amounts_of[is_read].astype(np.float32))) * idf[at]
    length = np.sqrt((values.astype(np.float64) ** 2).sum())
    return at, values / np.maximum(length, 1e-12)


def word_ngrams(text: str, longest: int) -> Counter[str]:
    """How often each n-gram of one to so many words, exclamation and question marks occurs."""
    words = WORD_OR_MARK.findall(text.lower())
    return Counter(
        " ".join(words[at : at + size]) for size in range(1, longest + 1) for at in range(len(words) - size + 1)
    )


def character_ngrams(text: str, longest: int) -> Counter[str]:
    """How often each n-gram of two to so many characters inside words occurs; a space stands at both ends of a word."""
    counts: Counter[str] = Counter()
    for word, n in Counter(text.lower().split()).items():
        inside = f" {word} "
        for size in range(2, longest + 1):
            for at in range(max(len(inside) - size, 0) + 1):
                counts[inside[at : at + size]] += n
            if len(inside) <= size:  # a longer one is the same, and is counted once
                break
    return counts


def buckets_of(grams: Sequence[str]) -> np.ndarray:
    """The bucket of each n-gram, ``(n,)``: MurmurHash3 (32 bits, seed 0) of its UTF-8 bytes, its magnitude's rest."""
    content = [gram.encode("utf-8", "surrogatepass") for gram in grams]
    longest = max(map(len, content), default=0)
    hashed = murmur_hashes(content) if longest <= USUAL_BYTES else hashes_by_length(content)
    signed = hashed.view(np.int32).astype(np.int64)
    magnitude = np.where(signed == -(2**31), 2**31 - 1 - (BUCKETS_OF_NGRAMS - 1), np.abs(signed))
    return np.asarray(magnitude % BUCKETS_OF_NGRAMS)


def hashes_by_length(content: Sequence[bytes]) -> np.ndarray:
    """The same as `murmur_hashes`, of those of about one length at a time: one table of all would hold each in the room
    of the longest.
    """
    hashed = np.zeros(len(content), np.uint32)
    sizes = np.array([max(len(one), USUAL_BYTES).bit_length() for one in content])
    for size in np.unique(sizes):
        which = np.flatnonzero(sizes == size).tolist()
        hashed[which] = murmur_hashes([content[place] for place in which])
    return hashed


def murmur_hashes(content: Sequence[bytes]) -> np.ndarray:
    """The hash of each sequence of bytes, ``(n,)`` uint32; takes memory as if all were as long as the longest."""
    lengths = np.array([len(one) for one in content], np.uint32)
    width = int(-(-int(lengths.max(initial=0)) // 4) * 4) or 4
    table = np.frombuffer(b"".join(one.ljust(width, b"\0") for one in content), "<u4").reshape(len(content), width // 4)
    h = np.zeros(len(content), np.uint32)
    for place in range(width // 4):
        k = murmur_mixed(table[:, place])
        whole = lengths >= 4 * (place + 1)
        tail = ~whole & (lengths > 4 * place)
        mixed = h ^ k
        turned = ((mixed << np.uint32(13)) | (mixed >> np.uint32(19))) * np.uint32(5) + np.uint32(0xE6546B64)
        h = np.where(whole, turned, np.where(tail, mixed, h))
    h ^= lengths
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return np.asarray(h ^ (h >> np.uint32(16)))


def murmur_mixed(block: np.ndarray) -> np.ndarray:
    """Blocks of four bytes ``(n,)`` uint32, mixed."""
    k = block * np.uint32(0xCC9E2D51)
    return ((k << np.uint32(15)) | (k >> np.uint32(17))) * np.uint32(0x1B873593)
