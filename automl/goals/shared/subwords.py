"""Texts as ids of subwords, and back: byte-pair encoding learnt from training texts.

Nothing is stored that fewer than `MIN_LEVEL_ROWS` training texts hold: no character, and no subword of several. So no
word of a single text can be read out of what is stored, and none is generated but letter by letter.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from automl.records import MIN_LEVEL_ROWS

__all__ = ["END", "FIRST_TOKEN", "MOST_TOKENS", "PADDING", "UNKNOWN", "Subwords", "fit_subwords", "restore_subwords"]

PADDING, UNKNOWN, END = 0, 1, 2
FIRST_TOKEN = 3
"""Id of the first character; merged subwords follow the characters."""
MOST_TOKENS, LEAST_TOKENS = 2_000, 250
CHARACTERS_A_TOKEN = 200
"""Characters of the training texts for each token of the vocabulary."""
MOST_STORED_TOKENS = 4_096
LONGEST_TOKEN = 24
MOST_FIT_TEXTS = 20_000
MOST_REMEMBERED = 100_000
_WORD = re.compile(r" ?[^\W\d_]+| ?\d+| ?[^\w\s]+| ?_+| ")
Pair = tuple[int, int]


@dataclass(eq=False)
class Subwords:
    """Characters, and pairs of subwords that are merged in this order.

    A text is cut into words, each with the blank before it; the first word has one too. Ids are 0 padding, 1 an unknown
    character, 2 the end of a text, then characters, then merged subwords.

    Attributes:
        characters: one character each.
        merges: pairs of ids below that of the merged subword.

    Source: Sennrich, Haddow & Birch, "Neural Machine Translation of Rare Words with Subword Units", ACL 2016, section
        3.2; words with their blank as in Radford et al. (GPT-2), 2019.
    """

    characters: list[str]
    merges: list[Pair]
    _seen: dict[str, tuple[int, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def tokens(self) -> list[str]:
        """The characters of each id; none for the first three."""
        tokens = [""] * FIRST_TOKEN + list(self.characters)
        for left, right in self.merges:
            tokens.append(tokens[left] + tokens[right])
        return tokens

    @property
    def size(self) -> int:
        """Number of ids."""
        return FIRST_TOKEN + len(self.characters) + len(self.merges)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {character: id_ for id_, character in enumerate(self.characters, FIRST_TOKEN)}

    @cached_property
    def _merged(self) -> dict[Pair, int]:
        return {pair: id_ for id_, pair in enumerate(self.merges, FIRST_TOKEN + len(self.characters))}

    def encode(self, texts: Iterable[str]) -> list[list[int]]:
        """Ids of each text, without its end; a run of blanks counts as one."""
        return [[id_ for word in words_of(text) for id_ in self._of_word(word)] for text in texts]

    def transform(self, texts: Sequence[str], length: int) -> np.ndarray:
        """Ids ``(n, length)`` int32: a text, its end, padding. A longer text is cut and has no end.

        Args:
            texts: n of them.
            length: ids a row.
        """
        made = np.full((len(texts), length), PADDING, np.int32)
        for row, ids in enumerate(self.encode(texts)):
            kept = [*ids[:length], END][:length]
            made[row, : len(kept)] = kept
        return made

    def decode(self, ids: np.ndarray) -> list[str]:
        """Texts of ids ``(n, length)``, up to their end. Unknown characters and ids beyond the vocabulary are empty."""
        tokens = np.array([*self.tokens, ""], object)
        known = np.where((ids >= 0) & (ids < self.size), ids, self.size)
        is_over = np.maximum.accumulate(known == END, axis=1) if known.size else known == END
        return [
            " ".join("".join(tokens[row[~over]]).split()) for row, over in zip(known, is_over, strict=True)
        ]  # fmt: skip

    def state(self) -> dict[str, Any]:
        """Plain strings, numbers and lists."""
        return {"characters": list(self.characters), "merges": [list(pair) for pair in self.merges]}

    def _of_word(self, word: str) -> tuple[int, ...]:
        found = self._seen.get(word)
        if found is None:
            found = self._merge(word)
            if len(self._seen) < MOST_REMEMBERED:
                self._seen[word] = found
        return found

    def _merge(self, word: str) -> tuple[int, ...]:
        """Merge the pair that was learnt first, until none is left that was learnt."""
        ids, merged = [self._ids.get(character, UNKNOWN) for character in word], self._merged
        while len(ids) > 1:
            new = min(merged.get(pair, MOST_STORED_TOKENS) for pair in pairwise(ids))
            if new == MOST_STORED_TOKENS:
                break
            ids = _with_merged(ids, self.merges[new - FIRST_TOKEN - len(self.characters)], new)
        return tuple(ids)


def restore_subwords(state: Mapping[str, Any]) -> Subwords:
    """The codec that `Subwords.state` described.

    Raises:
        ValueError: a part of it is malformed, or its tokens are longer or more than any of ours: the state may come
            from a file.
    """
    characters, merges = list(state["characters"]), [tuple(pair) for pair in state["merges"]]
    if FIRST_TOKEN + len(characters) + len(merges) > MOST_STORED_TOKENS:
        raise ValueError(f"expected at most {MOST_STORED_TOKENS:,} subwords")
    if not all(isinstance(one, str) and len(one) == 1 for one in characters) or len(set(characters)) < len(characters):
        raise ValueError("expected different single characters of subwords")
    lengths = [0] * FIRST_TOKEN + [1] * len(characters)
    for pair in merges:
        is_pair = len(pair) == 2 and all(type(id_) is int and FIRST_TOKEN <= id_ < len(lengths) for id_ in pair)
        if not is_pair or lengths[pair[0]] + lengths[pair[1]] > LONGEST_TOKEN:
            raise ValueError(f"expected pairs of earlier subwords, at most {LONGEST_TOKEN} characters together")
        lengths.append(lengths[pair[0]] + lengths[pair[1]])
    if len(set(merges)) < len(merges):
        raise ValueError("expected different pairs of subwords")
    return Subwords(characters, merges)


def fit_subwords(texts: Sequence[str], most_tokens: int | None = None) -> Subwords:
    """Learn characters and merges from training texts.

    Args:
        texts: of which at most `MOST_FIT_TEXTS`, evenly taken, are read.
        most_tokens: of the vocabulary; None for some that follow from the size of the texts, from 250 to 2,000.
    """
    if len(texts) > MOST_FIT_TEXTS:
        texts = [texts[place] for place in np.linspace(0, len(texts) - 1, MOST_FIT_TEXTS).astype(np.int64)]
    counts: Counter[str] = Counter()
    holders: dict[str, list[int]] = defaultdict(list)  # of each word, the first few texts that hold it
    of_character: Counter[str] = Counter()
    n_characters = 0
    for number, text in enumerate(texts):
        words = words_of(text)
        counts.update(words)
        n_characters += len(text)
        of_character.update(set(text) | {" "})
        for word in set(words):
            if len(holders[word]) < MIN_LEVEL_ROWS:
                holders[word].append(number)
    if most_tokens is None:
        most_tokens = min(max(n_characters // CHARACTERS_A_TOKEN, LEAST_TOKENS), MOST_TOKENS)
    often = sorted((-n, one) for one, n in of_character.items() if n >= MIN_LEVEL_ROWS and (one == " " or one.strip()))
    characters = [one for _, one in often[: max(most_tokens - FIRST_TOKEN, 1)]]
    ids = {character: id_ for id_, character in enumerate(characters, FIRST_TOKEN)}
    learner = _Merging(
        [[ids.get(character, UNKNOWN) for character in word] for word in counts],
        list(counts.values()), [holders[word] for word in counts], [0] * FIRST_TOKEN + [1] * len(characters),
    )  # fmt: skip
    return Subwords(characters, learner.learn(most_tokens - FIRST_TOKEN - len(characters)))


def words_of(text: str) -> list[str]:
    """Words, numbers and runs of marks of a text, each with the blank before it."""
    normal = " ".join(text.split())
    return _WORD.findall(" " + normal) if normal else []


class _Merging:
    """Counts of adjacent pairs over different words, which each merge changes where it happens only.

    Args:
        words: ids of each word.
        counts: how often each word came.
        holders: of each word, the first `MIN_LEVEL_ROWS` texts that hold it.
        lengths: characters of each id.
    """

    def __init__(self, words: list[list[int]], counts: list[int], holders: list[list[int]], lengths: list[int]) -> None:
        self.words, self.counts, self.holders, self.lengths = words, counts, holders, lengths
        self.pairs: Counter[Pair] = Counter()
        self.places: dict[Pair, set[int]] = defaultdict(set)  # words in which a pair is, or was
        for place, word in enumerate(words):
            for pair in pairwise(word):
                self._count(pair, place, counts[place])
        self.queue = [(-n, pair) for pair, n in self.pairs.items()]
        heapq.heapify(self.queue)

    def learn(self, n_merges: int) -> list[Pair]:
        """The pairs that come most often, one merged after another; pairs of too few texts are passed over."""
        merges: list[Pair] = []
        while self.queue and len(merges) < n_merges:
            negative, pair = heapq.heappop(self.queue)
            n = self.pairs[pair]
            if n < MIN_LEVEL_ROWS:
                continue
            if n < -negative:
                heapq.heappush(self.queue, (-n, pair))
            elif self._is_fit(pair):
                merges.append(pair)
                self._merge(pair)
        return merges

    def _is_fit(self, pair: Pair) -> bool:
        """Whether it is short, of known characters, and in enough texts."""
        if min(pair) < FIRST_TOKEN or self.lengths[pair[0]] + self.lengths[pair[1]] > LONGEST_TOKEN:
            return False
        texts: set[int] = set()
        for place in self.places[pair]:
            if pair in pairwise(self.words[place]):
                texts.update(self.holders[place])
                if len(texts) >= MIN_LEVEL_ROWS:
                    return True
        return False

    def _merge(self, pair: Pair) -> None:
        new = len(self.lengths)
        self.lengths.append(self.lengths[pair[0]] + self.lengths[pair[1]])
        changed: set[Pair] = set()
        for place in self.places.pop(pair):
            before, n = self.words[place], self.counts[place]
            after = _with_merged(before, pair, new)
            if len(after) == len(before):
                continue
            self.words[place] = after
            for old in pairwise(before):
                self.pairs[old] -= n
            for made in pairwise(after):
                self._count(made, place, n)
                if new in made:
                    changed.add(made)
        for made in changed:
            heapq.heappush(self.queue, (-self.pairs[made], made))

    def _count(self, pair: Pair, place: int, n: int) -> None:
        self.pairs[pair] += n
        self.places[pair].add(place)


def _with_merged(ids: Sequence[int], pair: Pair, new: int) -> list[int]:
    """The ids with one in place of each such pair, from the left."""
    made: list[int] = []
    place, last = 0, len(ids) - 1
    while place <= last:
        if place < last and ids[place] == pair[0] and ids[place + 1] == pair[1]:
            made.append(new)
            place += 2
        else:
            made.append(ids[place])
            place += 1
    return made
