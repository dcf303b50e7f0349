"""How plausible a text is in an encoding: by the letters of its words that are not plain ASCII."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from automl.intake.frequent_letters import CYRILLIC, GREEK, HANGUL, JAPANESE, SIMPLIFIED, TRADITIONAL

__all__ = ["plausibility"]

MOST_WORDS = 400
WESTERN = frozenset("äöüßéèêëáàâãåæçíìîïñóòôõøœúùûýÿþð")
MISPLACED = re.compile(r"(?<!o)ù\B|[ìò]\B|\bè\B|ñ(?=[^aeiouáéíóúü\W])|õ(?!e)")
"""Letters where no Western language has them: Czech, Polish and Hungarian letters that were misread."""
CENTRAL = frozenset("ąćęłńóśźżáäčďéěíňôřšťúůýžöőüűđăâîșşţțëç")
BETWEEN_WORDS = frozenset("°€£“”‘’„‚–—…«»²³µ½¼§©®™·×•¿¡ºª№±¥\u00a0、。「」『』・〜～（）：；，！？％＋－〇")
"""Signs that texts hold in many languages."""
WORD = re.compile(r"[^\W\d_]+")
ODD = re.compile(r"[^\x00-\x7f]")


def plausibility(text: str, codec: str) -> float:
    """How plausible the words and signs of a text are that are not plain ASCII, from -1 to 1.

    Args:
        text: that was decoded.
        codec: Python's name of the encoding.
    """
    words = [word for word in dict.fromkeys(WORD.findall(text)) if not word.isascii()][:MOST_WORDS]
    signs = _stray_signs(text)
    total = sum(_of_word(word, codec) * len(ODD.findall(word)) ** 0.5 for word in words)
    weight = sum(len(ODD.findall(word)) ** 0.5 for word in words)
    total += sum(0.4 if sign in BETWEEN_WORDS else -1.0 for sign in signs)
    return total / (weight + len(signs)) if weight + len(signs) else 0.0


def _stray_signs(text: str) -> list[str]:
    """Signs that are no letters, once each, and those within a word as often as they stand there (up to some)."""
    inside = re.findall(r"(?<=[^\W\d_])[^\w\s\x00-\x7f’·](?=[^\W\d_])", text)
    return [*dict.fromkeys(char for char in ODD.findall(text) if not char.isalnum()), *("\ufffd" for _ in inside[:50])]


def _of_word(word: str, codec: str) -> float:
    """How plausible one word is."""
    if codec in LEVELS:
        return _of_east_asian(word, codec)
    scripts = {_script(char) for char in word}
    if len(scripts) > 1:
        return -1.0
    script = scripts.pop()
    if len(word) == 1:
        return 0.15 if script == "CYRILLIC" else 0.1
    if not (word.islower() or word.isupper() or word.istitle() or script in ("HEBREW", "ARABIC")):
        return -0.7
    if script == "CYRILLIC":
        return _usual(word, CYRILLIC)
    if script == "LATIN":
        return _of_latin(word.lower(), codec) if codec in ("cp1252", "cp1250", "cp850", "mac_roman") else -0.5
    if script == "GREEK" and codec == "cp1253":
        return _usual(word, GREEK)
    return 0.8 if {"cp1255": "HEBREW", "cp1256": "ARABIC"}.get(codec) == script else -1.0


def _usual(word: str, letters: Mapping[str, float]) -> float:
    """The mean of how usual the letters of a word are; capitals alone are less so."""
    usual = sum(letters.get(char, 0.0) for char in word.lower()) / len(word)
    return 0.25 + usual - (0.2 if word.isupper() and len(word) > 2 else 0.0)


def _of_latin(word: str, codec: str) -> float:
    """A word with accents: some of its letters have one, and those that have are usual, where they stand."""
    odd = [char for char in word if not char.isascii()]
    if len(odd) > max(1, 0.75 * len(word)):
        return -0.8
    usual = CENTRAL if codec == "cp1250" else WESTERN
    n_wrong = sum(char not in usual for char in odd) + len(MISPLACED.findall(word)) * (codec != "cp1250")
    return 0.8 - 1.2 * n_wrong / len(odd)


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    return unicodedata.name(char, "NONE").partition(" ")[0]


# --------------------------------------------------------------------------- East Asian encodings


class _Levels(NamedTuple):
    """Of a character set: the usual characters, and the first bytes of its common and of its rare ones."""

    usual: frozenset[str]
    by: str
    common: range
    rare: range


LEVELS = {
    "cp932": _Levels(JAPANESE, "euc_jp", range(0xB0, 0xD0), range(0xD0, 0xF5)),
    "euc_jp": _Levels(JAPANESE, "euc_jp", range(0xB0, 0xD0), range(0xD0, 0xF5)),
    "gb18030": _Levels(SIMPLIFIED, "gb2312", range(0xB0, 0xD8), range(0xD8, 0xF8)),
    "big5": _Levels(TRADITIONAL, "big5", range(0xA4, 0xC7), range(0xC9, 0xFA)),
    "cp949": _Levels(HANGUL, "euc_kr", range(0xB0, 0xC9), range(0xCA, 0xFE)),
}


def _of_east_asian(word: str, codec: str) -> float:
    """The mean of its characters; ASCII letters beside them, or as the second byte of each, speak against it."""
    odd = [char for char in word if not char.isascii()]
    score = sum(_of_character(char, codec) for char in odd) / len(odd)
    lone = score < 1 and sum(char >= 0x80 for char in word.encode(codec, "replace")) <= len(odd)
    return score - 0.5 * (len(odd) < len(word)) - 0.4 * lone


@lru_cache(maxsize=65_536)
def _of_character(char: str, codec: str) -> float:
    levels = LEVELS[codec]
    if char in levels.usual:
        return 1.0
    name = _script(char)
    if name in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"):
        return 1.0 if codec in ("cp932", "euc_jp") else -0.2
    if name == "FULLWIDTH":
        return 0.3
    if name == "HALFWIDTH":
        return -0.5
    try:
        first = char.encode(levels.by)[0]
    except UnicodeEncodeError:
        return -1.0
    return 0.4 if first in levels.common else -0.3 if first in levels.rare else -0.8
