"""Words in pieces by merges of pairs (byte-pair encoding), as vocabularies of SentencePiece have them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["PairMerges"]

BLANK = "▁"
_WORD = re.compile(f"{BLANK}*[^{BLANK}]+|{BLANK}+")
MOST_MEMORISED = 200_000
LONGEST_WORD = 100


@dataclass(eq=False)
class PairMerges:
    """Texts → ids: each word, with the blank before it, in characters whose pairs are merged in the learnt order.

    Attributes:
        ids: piece → id; "<0x41>" is a byte, for what has no piece.
        ranks: pair of pieces → its place in the order of merges.
        unknown: id of what has neither piece nor bytes.

    Source: Sennrich, Haddow & Birch, ACL 2016; byte fallback as in SentencePiece.
    """

    ids: Mapping[str, int]
    ranks: Mapping[tuple[str, str], int]
    unknown: int = 0
    _words: dict[str, tuple[int, ...]] = field(default_factory=dict, repr=False)

    def pieces(self, text: str, most: int) -> list[int]:
        """Ids of a text, at most so many."""
        out: list[int] = []
        for word in _WORD.findall(BLANK + text.replace(" ", BLANK)):
            if len(out) >= most:
                break
            found = self._words.get(word)
            if found is None:
                found = self._of_word(word)
                if len(self._words) < MOST_MEMORISED:
                    self._words[word] = found
            out += found
        return out[:most]

    def _of_word(self, word: str) -> tuple[int, ...]:
        parts = list(word[: LONGEST_WORD * 8])
        while len(parts) > 1:
            rank, at = min(
                (self.ranks.get(pair, len(self.ranks)), i) for i, pair in enumerate(itertools.pairwise(parts))
            )
            if rank == len(self.ranks):
                break
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        out: list[int] = []
        for part in parts:
            if part in self.ids:
                out.append(self.ids[part])
            else:
                out += [self.ids.get(f"<0x{byte:02X}>", self.unknown) for byte in part.encode("utf-8", "replace")]
        return tuple(out)
