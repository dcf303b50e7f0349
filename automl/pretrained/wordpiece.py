"""Words in pieces, as BERT's vocabularies have them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["WordPiece"]

LONGEST_WORD = 100
MOST_MEMORISED = 200_000


@dataclass(eq=False)
class WordPiece:
    """Texts → ids: words split at blanks and punctuation, each the longest pieces that the vocabulary has.

    Attributes:
        ids: piece → id; pieces within a word begin with "##".
        lower: whether letters are made lower case, and accents taken from them.
        accents: whether accents are taken where letters are not made lower case, or left where they are; None for
            what `lower` says.

    Source: Devlin et al., "BERT", NAACL 2019, and its published tokeniser.
    """

    ids: Mapping[str, int]
    lower: bool = True
    accents: bool | None = None
    _words: dict[str, tuple[int, ...]] = field(default_factory=dict, repr=False)

    def pieces(self, text: str, most: int) -> list[int]:
        """Ids of a text, at most so many."""
        out: list[int] = []
        for word in self._split(text):
            if len(out) >= most:
                break
            found = self._words.get(word)
            if found is None:
                found = self._of_word(word)
                if len(self._words) < MOST_MEMORISED:
                    self._words[word] = found
            out += found
        return out[:most]

    def _split(self, text: str) -> list[str]:
        """Words, and each mark of punctuation and each Chinese character by itself."""
        if not text.isascii():
            text = "".join(f" {c} " if _is_chinese(ord(c)) else c for c in text)
        text = "".join(" " if c.isspace() else "" if _is_control(c) else c for c in text)
        if self.lower:
            text = text.lower()
        if (self.lower if self.accents is None else self.accents) and not text.isascii():
            text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
        return "".join(f" {c} " if _is_mark(c) else c for c in text).split()

    def _of_word(self, word: str) -> tuple[int, ...]:
        unknown = (self.ids["[UNK]"],)
        if len(word) > LONGEST_WORD:
            return unknown
        out: list[int] = []
        begin = 0
        while begin < len(word):
            lead = "##" if begin else ""
            end = next((e for e in range(len(word), begin, -1) if lead + word[begin:e] in self.ids), 0)
            if not end:
                return unknown
            out.append(self.ids[lead + word[begin:end]])
            begin = end
        return tuple(out)


def _is_control(c: str) -> bool:
    return c in ("\x00", "�") or (unicodedata.category(c).startswith("C") and c not in "\t\n\r")


def _is_mark(c: str) -> bool:
    if c.isascii():
        return not c.isalnum() and not c.isspace() and c.isprintable()
    return unicodedata.category(c).startswith("P")


def _is_chinese(code: int) -> bool:
    return (
        0x4E00 <= code <= 0x9FFF
        or 0x3400 <= code <= 0x4DBF
        or 0x20000 <= code <= 0x2CEAF
        or 0xF900 <= code <= 0xFAFF
        or 0x2F800 <= code <= 0x2FA1F
    )
