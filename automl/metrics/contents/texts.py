"""Texts as features: components of weighted counts of words, characters and turns, and how a text is written."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np

from automl.metrics.contents.components import Components, Standard, by_content, joined

__all__ = ["Features"]

MOST_FITTED = 1_000
PLACE_BITS = 13
"""Words and pairs of words, runs of three characters, and turns are hashed to 2¹³ places each."""
N_TOPICS, N_TURNS, N_NEAR = 50, 30, 100
N_COMPONENTS = 48
N_FREQUENT = 60
TURN_SHARE = STYLE_SHARE = 0.5
"""Of the variance of topics, that turns have, and style has at most."""
LITTLE = 0.02
"""Standard deviation of a share or a logarithm that counts as little."""
PRIMES = np.array([2_654_435_761, 2_246_822_519, 3_266_489_917], np.uint64)
"""Multipliers of a hash."""
WORD = re.compile(r"\w+|[^\w\s]")


class Features:
    """Features of texts, fitted on reference texts.

    *Topics* are components of counts of words, pairs of words and runs of three characters. *Turns* are pairs of
    neighbours, where only frequent words count as themselves and others by their last two letters, so that an order of
    words that no text has is seen although each pair of words is rare.

    Args:
        items: ``(n,)`` strings.

    Source: Deerwester et al., "Indexing by latent semantic analysis", JASIS 41 (1990).
    """

    def __init__(self, items: np.ndarray) -> None:
        texts = by_content(items, MOST_FITTED)
        counts = Counter(word for text in texts.tolist() for word in WORD.findall(text.lower()))
        self.frequent = {word for word, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:N_FREQUENT]}
        self.topics = Topics([_words(texts), _trigrams(texts)], N_NEAR)
        self.turns = Topics([_pairs(texts, self.frequent)], N_TURNS)
        style = _style(texts)
        self.standard = Standard(style, LITTLE)
        self.components = Components(self._all(texts), N_COMPONENTS)

    def transform(self, items: np.ndarray) -> np.ndarray:
        """``(n, at most 48)`` float64; the variances of reference texts add up to 1."""
        return self.components.transform(self._all(items))

    def columns(self, items: np.ndarray) -> np.ndarray:
        """For a classifier: topics, turns and style, ``(n, at most 86)``."""
        topics, turns = self._topics(items)[:, :N_TOPICS], self.turns.transform([_pairs(items, self.frequent)])
        return np.concatenate([topics, turns, _style(items)], axis=1)

    def points(self, items: np.ndarray) -> np.ndarray:
        """For nearest neighbours: topics ``(n, at most 100)``; the mean squared distance is 1."""
        return joined([(0.5, self._topics(items))])

    def _topics(self, items: np.ndarray) -> np.ndarray:
        return self.topics.transform([_words(items), _trigrams(items)])

    def _all(self, items: np.ndarray) -> np.ndarray:
        style = self.standard.transform(_style(items))
        turns = self.turns.transform([_pairs(items, self.frequent)])
        parts = [(1.0, self._topics(items)[:, :N_TOPICS]), (TURN_SHARE, turns), (STYLE_SHARE / style.shape[1], style)]
        return joined(parts)


class Topics:
    """Components of counts by rarity, scaled so that the variances of reference texts add up to 1.

    Args:
        counts: sparse counts ``(n, n_places)`` of each sort; each sort of a text has length 1.
        most: components that are kept.
    """

    def __init__(self, counts: list[Any], most: int) -> None:
        from sklearn.utils.extmath import randomized_svd

        self.rarity = [_rarity(one) for one in counts]
        weighted = self._weighted(counts)
        n = max(1, min(most, min(weighted.shape) - 1))
        self.axes = randomized_svd(weighted, n, n_iter=4, random_state=0)[2].T
        found = weighted @ self.axes
        self.mean = found.mean(axis=0)
        total = float(found.var(axis=0).sum())
        self.scale = 1.0 / np.sqrt(total) if total > 0 else 0.0

    def transform(self, counts: list[Any]) -> np.ndarray:
        """``(n, n_components)`` float64."""
        return np.asarray((self._weighted(counts) @ self.axes - self.mean) * self.scale)

    def _weighted(self, counts: list[Any]) -> Any:
        from scipy import sparse

        parts = [_weighted(one, rarity) for one, rarity in zip(counts, self.rarity, strict=True)]
        return sparse.hstack(parts, format="csr")


def _weighted(counts: Any, rarity: np.ndarray) -> Any:
    """One plus the logarithm of each count, times the rarity; each text has length 1, or 0."""
    from scipy import sparse

    damped = counts.copy()
    damped.data = 1.0 + np.log(damped.data)
    damped = damped @ sparse.diags(rarity)
    lengths = np.sqrt(np.asarray(damped.multiply(damped).sum(axis=1)).ravel())
    return sparse.diags(1.0 / np.maximum(lengths, 1e-12)) @ damped


def _rarity(counts: Any) -> np.ndarray:
    """Inverse document frequencies as in scikit-learn, ``(n_places,)``."""
    n_with = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1.0 + counts.shape[0]) / (1.0 + n_with)) + 1.0)


def _words(texts: np.ndarray) -> Any:
    """Counts of words and pairs of words."""
    return _hashed([WORD.findall(text.lower()) for text in texts.tolist()], (1, 2))


def _pairs(texts: np.ndarray, frequent: set[str]) -> Any:
    """Counts of pairs of neighbours; rare words count by their endings, figures as one."""
    kinds = []
    for text in texts.tolist():
        words = WORD.findall(text.lower())
        kinds.append([w if w in frequent else "0" if w.isdigit() else f"~{w[-2:]}" for w in ("^", *words, "$")])
    return _hashed(kinds, (2, 2))


def _hashed(lists: list[list[str]], sizes: tuple[int, int]) -> Any:
    from scipy import sparse
    from sklearn.feature_extraction.text import HashingVectorizer

    if not lists:
        return sparse.csr_matrix((0, 2**PLACE_BITS))
    made = HashingVectorizer(
        n_features=2**PLACE_BITS, ngram_range=sizes, analyzer=_NGrams(sizes), alternate_sign=False, norm=None
    )  # fmt: skip
    return made.transform(lists)


class _NGrams:
    """Runs of neighbours of a list, joined by blanks."""

    def __init__(self, sizes: tuple[int, int]) -> None:
        self.sizes = range(sizes[0], sizes[1] + 1)

    def __call__(self, words: list[str]) -> list[str]:
        return [" ".join(words[k : k + size]) for size in self.sizes for k in range(len(words) - size + 1)]


def _trigrams(texts: np.ndarray) -> Any:
    """Counts of runs of three characters, the first of which begins before the text."""
    from scipy import sparse

    width = max(texts.dtype.itemsize // 4, 1)
    codes = np.ascontiguousarray(texts.astype(f"U{width}")).view(np.uint32).reshape(len(texts), width)
    codes = np.pad(codes.astype(np.uint64), ((0, 0), (1, 1)))
    hashed = codes[:, :-2] * PRIMES[0] + codes[:, 1:-1] * PRIMES[1] + codes[:, 2:] * PRIMES[2]
    places = ((hashed & np.uint64(0xFFFFFFFF)) >> np.uint64(32 - PLACE_BITS)).astype(np.int64)
    row, column = np.nonzero(codes[:, 1:-1])
    shape = (len(texts), 2**PLACE_BITS)
    made = sparse.csr_matrix((np.ones(len(row)), (row, places[row, column])), shape=shape)
    made.sum_duplicates()
    return made


def _style(texts: np.ndarray) -> np.ndarray:
    """Lengths in characters and words, and shares of different words, punctuation, capitals and digits, ``(n, 6)``."""
    rows = [_style_of(text) for text in texts.tolist()]
    return np.array(rows, np.float64).reshape(-1, 6)


def _style_of(text: str) -> tuple[float, ...]:
    words, n = text.lower().split(), max(len(text), 1)
    marks = sum(not c.isalnum() and not c.isspace() for c in text)
    return (
        float(np.log1p(len(text))), float(np.log1p(len(words))), len(set(words)) / max(len(words), 1), marks / n,
        sum(map(str.isupper, text)) / n, sum(map(str.isdigit, text)) / n,
    )  # fmt: skip
