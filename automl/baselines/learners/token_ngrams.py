"""Shallow models of texts as ids of tokens: independent tokens, and n-grams that back off to shorter ones.

They hold plain numbers and NumPy arrays only, so that skops can store them and a stored one can be checked. What they
draw is a function of the noise alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from automl.baselines.learners.sampler import inside
from automl.goals.shared.subwords import END, FIRST_TOKEN, MOST_STORED_TOKENS, PADDING, UNKNOWN
from automl.records import MIN_LEVEL_ROWS

__all__ = ["TextSampler", "TokenFrequencies", "TokenNGrams"]

BASE = MOST_STORED_TOKENS
"""Ids are digits of this base in the number of an n-gram; five of them fit into 63 bits."""
MOST_ORDER = 5
MOST_TOKENS_READ = 5_000_000
"""Of training texts, so that time and memory stay bounded."""
MADE_TEXTS, ENDING_SEED = 2_000, 0
PRIOR_TEXTS = 10.0
EPSILON = 1e-3
TINY = 1e-12
LEAST_SHARE = 1e-9
"""Of a token in a likelihood: one that never came does not make it infinite."""
USUAL_DISCOUNT, LEAST_DISCOUNT = 0.7, 0.1


class TextSampler(ABC):
    """Learns from texts as ids, and makes new ones.

    Shape: ids ``(n, length)`` int32: a text, its end (unless it was cut), padding; noise ``(n, length + 1)``, uniform
    between 0 and 1.
    """

    length: int

    @abstractmethod
    def fit(self, ids: np.ndarray, size: int) -> None:
        """Learn from these texts; what was learnt before is forgotten.

        Args:
            ids: see the class.
            size: of the vocabulary, special ids included.
        """

    @abstractmethod
    def draw(self, noise: np.ndarray) -> np.ndarray:
        """Ids ``(n, length)`` int32 of new texts, one for each row of noise."""

    @abstractmethod
    def log_density(self, ids: np.ndarray) -> np.ndarray:
        """Log probabilities ``(n,)`` of texts in nats, their ends included; unknown tokens are left out."""


class TokenFrequencies(TextSampler):
    """Tokens drawn by how often they come, independent of each other; as many as some training text has."""

    def __init__(self) -> None:
        self.length = 0
        self.tokens = np.zeros(0, np.float64)  # cumulated shares of the ids
        self.lengths = np.zeros(0, np.float64)  # cumulated shares of the lengths 0, 1, ...

    def fit(self, ids: np.ndarray, size: int) -> None:
        """Count tokens and lengths."""
        self.length = ids.shape[1]
        counts = np.bincount(ids.ravel(), minlength=size).astype(np.float64)
        counts[:FIRST_TOKEN] = 0.0
        self.tokens = np.cumsum(counts) / max(counts.sum(), 1.0)
        n_tokens = np.count_nonzero((ids != PADDING) & (ids != END), axis=1)
        self.lengths = np.cumsum(np.bincount(n_tokens, minlength=self.length + 1)) / max(len(ids), 1)

    def draw(self, noise: np.ndarray) -> np.ndarray:
        """Ids of new texts."""
        noise = inside(noise)
        lengths = np.minimum(np.searchsorted(self.lengths, noise[:, -1], side="right"), self.length)
        ids = np.minimum(np.searchsorted(self.tokens, noise[:, :-1], side="right"), len(self.tokens) - 1)
        place = np.arange(self.length)
        ids = np.where(place < lengths[:, None], ids, np.where(place == lengths[:, None], END, PADDING))
        return ids.astype(np.int32)

    def log_density(self, ids: np.ndarray) -> np.ndarray:
        """Log probabilities of texts: of their length, and of each token."""
        shares, lengths = (np.diff(table, prepend=0.0) for table in (self.tokens, self.lengths))
        n_tokens = np.count_nonzero((ids != PADDING) & (ids != END), axis=1)
        each = np.log(np.maximum(shares[ids], LEAST_SHARE)) * (ids >= FIRST_TOKEN)
        return np.asarray(each.sum(axis=1) + np.log(np.maximum(lengths[n_tokens], LEAST_SHARE)))


class TokenNGrams(TextSampler):
    """Each token by the tokens before it: n-grams with interpolated Kneser-Ney smoothing.

    ``p(t | h) = max(c(h t) - D, 0) / c(h) + λ(h) p(t | h')``, where h' is h without its first token, D depends on the
    count (1, 2, more) and λ(h) is what is left. Counts of shorter n-grams are numbers of different tokens before them.
    One uniform number draws a token: what lies beyond the share of the longer n-grams is scaled, and draws among the
    shorter ones. Tokens before say little of where a text ends, so the chance of an end is multiplied by a factor for
    each place, by which as many texts end there as in training.

    Args:
        order: tokens of the longest n-grams, from 2 to 5.
        least_texts: an n-gram is kept if so many training texts hold it; what others had is left to shorter ones.

    Source: Chen & Goodman, "An empirical study of smoothing techniques for language modeling", Computer Speech &
        Language 13 (1999), section 3 (modified Kneser-Ney, interpolated).
    """

    def __init__(self, order: int = 3, least_texts: int = MIN_LEVEL_ROWS) -> None:
        self.order = min(max(int(order), 2), MOST_ORDER)
        self.least_texts = int(least_texts)
        self.length = 0
        self.first = np.zeros(0, np.float64)  # cumulated shares of the ids, whatever is before them
        self.contexts: list[np.ndarray] = []  # for each order from 2 on: numbers of the contexts, ascending
        self.begins: list[np.ndarray] = []  # (contexts + 1,) where the tokens of each begin
        self.tokens: list[np.ndarray] = []  # that follow a context, ascending
        self.shares: list[np.ndarray] = []  # cumulated within a context; the last is 1 - λ
        self.ending = np.zeros(0, np.float64)  # factor for the chance of an end, by place

    def fit(self, ids: np.ndarray, size: int) -> None:
        """Count n-grams of all orders."""
        ids = ids[: max(MOST_TOKENS_READ // max(ids.shape[1], 1), 1)]
        self.length = ids.shape[1]
        self.contexts, self.begins, self.tokens, self.shares = [], [], [], []
        found = [_counted(ids, order) for order in range(1, self.order + 1)]
        for order in range(1, self.order + 1):
            grams, counts, n_texts = found[order - 1]
            if order < self.order:
                counts = _continued(grams, counts, found[order][0], order)
            if order == 1:
                self._set_first(grams, counts, size)
            else:
                self._set_order(grams, counts, n_texts >= self.least_texts)
        self._set_ending(ids)

    def _set_first(self, tokens: np.ndarray, counts: np.ndarray, size: int) -> None:
        shares = np.zeros(size)
        shares[tokens] = counts
        shares[[PADDING, UNKNOWN]] = 0.0
        if not shares[FIRST_TOKEN:].any():
            shares[END:] = 1.0
        self.first = np.minimum(np.cumsum(shares) / shares.sum(), 1.0)
        self.first[np.flatnonzero(shares)[-1] :] = 1.0

    def _set_order(self, grams: np.ndarray, counts: np.ndarray, is_kept: np.ndarray) -> None:
        discounted = np.maximum(counts - discounts_of(counts)[np.minimum(counts, 3)], 0.0)
        contexts, of_gram = np.unique(grams // BASE, return_inverse=True)
        totals = np.bincount(of_gram, weights=counts)
        tokens = grams % BASE
        kept = np.flatnonzero(is_kept & (tokens != UNKNOWN) & (discounted > 0.0))
        contexts, of_gram, shares = contexts[of_gram[kept]], of_gram[kept], (discounted / totals[of_gram])[kept]
        begins = np.flatnonzero(np.diff(contexts, prepend=-1))
        before = np.cumsum(shares) - shares
        n_tokens = np.diff(np.append(begins, len(kept)))
        self.contexts.append(contexts[begins])
        self.begins.append(np.append(begins, len(kept)).astype(np.int64))
        self.tokens.append(tokens[kept].astype(np.int32))
        self.shares.append(np.minimum(before + shares - np.repeat(before[begins], n_tokens), 1.0))

    def _set_ending(self, ids: np.ndarray) -> None:
        """Make some texts, and set the factor of each place so that as many end there as in training.

        Where few texts are left, the share that ends tends to the share at all places.
        """
        ends, going = np.count_nonzero(ids == END, axis=0), np.count_nonzero(ids != PADDING, axis=0)
        usual = ends.sum() / max(going.sum(), 1)
        wanted = (ends + PRIOR_TEXTS * usual) / (going + PRIOR_TEXTS)
        noise = np.random.default_rng(ENDING_SEED).random((MADE_TEXTS, self.length))
        self.ending = np.ones(self.length)

        def follow(step: int, chances: np.ndarray) -> None:
            self.ending[step] = (wanted[step] * len(chances) + EPSILON) / (chances.sum() + EPSILON)

        self._texts(noise, follow)

    def draw(self, noise: np.ndarray) -> np.ndarray:
        """Ids of new texts, one token of all texts after another."""
        return self._texts(noise)

    def _texts(self, noise: np.ndarray, follow: Callable[[int, np.ndarray], None] | None = None) -> np.ndarray:
        """Ids of new texts.

        Args:
            noise: see the class.
            follow: is called before each place is drawn, with the place and the chances of an end by the tokens before.
        """
        noise = inside(noise)
        ids = np.full((len(noise), self.order - 1 + self.length), PADDING, np.int64)
        going = np.arange(len(noise))
        for step in range(self.length):
            before = ids[going, step : step + self.order - 1]
            if follow is not None:
                follow(step, self._levels(before)[1][-1])
            drawn = self.next_tokens(before, noise[going, step], self.ending[step])
            ids[going, step + self.order - 1] = drawn
            going = going[drawn != END]
        return ids[:, self.order - 1 :].astype(np.int32)

    def log_density(self, ids: np.ndarray) -> np.ndarray:
        """Log probabilities of texts, by what `draw` draws each token by."""
        padded = np.pad(ids.astype(np.int64), ((0, 0), (self.order - 1, 0)))
        total = np.zeros(len(ids))
        for step in range(ids.shape[1]):
            own = np.flatnonzero((ids[:, step] != PADDING) & (ids[:, step] != UNKNOWN))
            shares = self._chances(padded[own, step : step + self.order - 1], padded[own, step + self.order - 1], step)
            total[own] += np.log(np.maximum(shares, LEAST_SHARE))
        return total

    def _chances(self, before: np.ndarray, tokens: np.ndarray, step: int) -> np.ndarray:
        """The probability ``(n,)`` of each token at a place, see `next_tokens`."""
        at, ends = self._levels(before)
        end = np.clip(ends[-1] * self.ending[step], 0.0, 1.0)
        left, found = 1.0 - end, np.zeros(len(tokens))
        for place in range(self.order - 2, -1, -1):
            own = np.flatnonzero(at[place] >= 0)
            if len(own):
                share, others = self._of_order(place, at[place][own], ends[place + 1][own], tokens[own])
                found[own] += left[own] * share
                left[own] *= others
        first = np.diff(self.first, prepend=0.0)[tokens] / max(1.0 - self.first[END], TINY)
        return np.asarray(np.where(tokens == END, end, found + left * first))

    def _of_order(
        self, place: int, at: np.ndarray, ends: np.ndarray, tokens: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The share of each token ``(n,)`` among those that are no end, and what is left to shorter n-grams."""
        begins, shares, known = self.begins[place], self.shares[place], self.tokens[place]
        begin, last = begins[at], begins[at + 1] - 1
        own_end = np.where(known[begin] == END, shares[begin], 0.0)
        n_others = np.maximum(1.0 - ends, TINY)
        keys = np.repeat(np.arange(len(begins) - 1), np.diff(begins)) * BASE + known  # ascending
        near = np.minimum(np.searchsorted(keys, at * BASE + tokens), len(keys) - 1)
        below = np.where(near > begin, shares[np.maximum(near - 1, 0)], 0.0)
        is_known = keys[near] == at * BASE + tokens
        share = np.where(is_known & (tokens != END), (shares[near] - below) / n_others, 0.0)
        return share, np.clip(1.0 - (shares[last] - own_end) / n_others, 0.0, 1.0)

    def next_tokens(self, before: np.ndarray, uniform: np.ndarray, ending: float = 1.0) -> np.ndarray:
        """The tokens ``(n,)`` that follow.

        Args:
            before: ``(n, order - 1)`` ids, padding before the first.
            uniform: ``(n,)`` between 0 and 1.
            ending: factor for the chance of an end.
        """
        at, ends = self._levels(before)
        end = np.clip(ends[-1] * ending, 0.0, 1.0)
        drawn = np.where(uniform < end, END, -1)
        left = (uniform - end) / np.maximum(1.0 - end, TINY)
        for place in range(self.order - 2, -1, -1):
            own = np.flatnonzero((drawn < 0) & (at[place] >= 0))
            if len(own):
                drawn[own], left[own] = self._drawn(place, at[place][own], ends[place + 1][own], left[own])
        own = np.flatnonzero(drawn < 0)
        first = self.first[END] + left[own] * (1.0 - self.first[END])
        drawn[own] = np.minimum(np.searchsorted(self.first, first, side="right"), np.searchsorted(self.first, 1.0))
        return drawn

    def _levels(self, before: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """For each order from 2 on the place of the context, -1 for none; and the chance of an end, from order 1 on."""
        places, ends = [], [np.full(len(before), self.first[END])]
        for place, known in enumerate(self.contexts):
            at, end = np.full(len(before), -1, np.int64), ends[-1]
            if len(known):
                numbers = _numbered(before[:, len(self.contexts) - place - 1 :])
                near = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
                at = np.where(known[near] == numbers, near, -1)
                begins, shares = self.begins[place], self.shares[place]
                # An end is the least id that is drawn, so it comes first.
                own = np.where(self.tokens[place][begins[near]] == END, shares[begins[near]], 0.0)
                end = np.where(at >= 0, own + (1.0 - shares[begins[near + 1] - 1]) * end, end)
            places.append(at)
            ends.append(end)
        return places, ends

    def _drawn(
        self, place: int, at: np.ndarray, ends: np.ndarray, uniform: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Tokens but ends drawn by n-grams of one order, -1 where a shorter one is to draw, and the numbers for that.

        Args:
            place: of the order.
            at: places of the contexts ``(n,)``.
            ends: chances of an end ``(n,)`` by this order and shorter ones.
            uniform: ``(n,)``.
        """
        begins, shares, tokens = self.begins[place], self.shares[place], self.tokens[place]
        begin, last = begins[at], begins[at + 1] - 1
        own_end = np.where(tokens[begin] == END, shares[begin], 0.0)
        n_others = np.maximum(1.0 - ends, TINY)
        own = (shares[last] - own_end) / n_others  # share of the tokens that are no end
        flat = shares + np.repeat(np.arange(len(begins) - 1), np.diff(begins))  # ascending: one search serves all
        found = np.clip(np.searchsorted(flat, at + own_end + uniform * n_others, side="right"), begin, last)
        drawn = np.where((uniform < own) & (tokens[found] != END), tokens[found], -1)
        return drawn, np.clip((uniform - own) / np.maximum(1.0 - own, TINY), 0.0, 1.0 - 1e-12)


def discounts_of(counts: np.ndarray) -> np.ndarray:
    """What is taken from counts of 0, 1, 2, and more: ``(4,)``."""
    n = [int(np.count_nonzero(counts == count)) for count in range(1, 5)]
    if not n[0] or not n[1]:
        return np.array([0.0, USUAL_DISCOUNT, USUAL_DISCOUNT, USUAL_DISCOUNT])
    y = n[0] / (n[0] + 2.0 * n[1])
    found = [count - (count + 1) * y * n[count] / n[count - 1] if n[count - 1] else y for count in (1, 2, 3)]
    return np.array([0.0, *(min(max(d, LEAST_DISCOUNT), count - LEAST_DISCOUNT) for count, d in enumerate(found, 1))])


def _counted(ids: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The n-grams of an order, ascending; how often each comes; and in how many texts."""
    padded = np.pad(ids.astype(np.int64), ((0, 0), (order - 1, 0)))
    rows, places = np.nonzero(ids != PADDING)
    grams = _numbered(np.stack([padded[rows, places + step] for step in range(order)], axis=1))
    sequence = np.argsort(grams, kind="stable")  # texts of an n-gram stay ascending
    grams, rows = grams[sequence], rows[sequence]
    is_new = np.diff(grams, prepend=-1) != 0
    begins = np.flatnonzero(is_new)
    counts = np.diff(np.append(begins, len(grams)))
    is_other_text = is_new | (np.diff(rows, prepend=-1) != 0)
    n_texts = np.add.reduceat(is_other_text, begins, dtype=np.int64) if len(begins) else counts
    return grams[begins], counts, n_texts


def _continued(grams: np.ndarray, counts: np.ndarray, longer: np.ndarray, order: int) -> np.ndarray:
    """How many different tokens come before each n-gram; of one at the beginning of a text, how often it comes."""
    ends, n_before = np.unique(longer % BASE**order, return_counts=True)
    found = n_before[np.searchsorted(ends, grams)]
    is_first = grams // BASE ** (order - 1) == PADDING if order > 1 else np.zeros(len(grams), bool)
    return np.where(is_first, counts, found)


def _numbered(ids: np.ndarray) -> np.ndarray:
    """The number ``(n,)`` int64 of n-grams ``(n, order)``."""
    numbers = np.zeros(len(ids), np.int64)
    for column in ids.T:
        numbers = numbers * BASE + column
    return numbers
