"""Bytes → text: which encoding makes plausible words of them.

UTF-8 and byte-order marks are proofs. Every other encoding is a guess among those that decode the whole text: each word
that is not plain ASCII is scored by its letters (script, upper and lower case, how usual they are), and the encoding of
the best mean is taken and told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from automl.errors import DataError
from automl.intake.files import KNOWN
from automl.intake.frequent_letters import CYRILLIC, GREEK, HANGUL, JAPANESE, SIMPLIFIED, TRADITIONAL
from automl.records import Finding

__all__ = ["Guess", "as_text", "as_utf8", "guess", "wide"]

UTF8_MARK = b"\xef\xbb\xbf"
MOST_WORDS = 400
MOST_SAMPLE_BYTES = 1 << 18
GOOD_PER_DAMAGED = 10
"""Letters of well-formed UTF-8 a damaged byte, from which on a text is UTF-8 with some damage."""
CLOSE = 0.12
"""Scores this near one another leave it open which encoding it is."""
WANTED = 1.0
"""For a text in which a name stands that the user, or the training table, has named."""
USUAL = 0.5
"""For the encoding of the file that this one is read like."""
WORDS = {
    "cp1252": "cp1252 (Windows, Western Europe)", "cp1250": "cp1250 (Windows, Central Europe)",
    "cp1251": "cp1251 (Windows, Cyrillic)", "koi8-r": "koi8-r (Cyrillic)", "cp866": "cp866 (DOS, Cyrillic)",
    "iso8859-5": "iso8859-5 (Cyrillic)", "cp1253": "cp1253 (Windows, Greek)", "cp1255": "cp1255 (Windows, Hebrew)",
    "cp1256": "cp1256 (Windows, Arabic)", "cp932": "cp932 (Shift-JIS, Japanese)", "euc_jp": "euc_jp (Japanese)",
    "iso2022_jp": "iso2022_jp (Japanese)", "gb18030": "gb18030 (simplified Chinese)",
    "big5": "big5 (traditional Chinese)", "cp949": "cp949 (Korean)", "mac_roman": "mac_roman (old Macintosh)",
    "cp850": "cp850 (DOS, Western Europe)", "latin-1": "latin-1",
}  # fmt: skip
"""Every encoding that is tried, and how a message calls it."""
PRIOR = {
    "cp1252": 0.1,
    "cp1253": -0.1,
    "cp850": -0.4,
    "mac_roman": -0.4,
    "cp1250": -0.05,
    "iso8859-5": -0.15,
    "cp866": -0.1,
}
WESTERN = frozenset("äöüßéèêëáàâãåæçíìîïñóòôõøœúùûýÿþð")
MISPLACED = re.compile(r"(?<!o)ù\B|[ìò]\B|\bè\B|ñ(?=[^aeiouáéíóúü\W])|õ(?!e)")
"""Letters where no Western language has them: what is left of Czech, Polish and Hungarian letters if they are misread."""
CENTRAL = frozenset("ąćęłńóśźżáäčďéěíňôřšťúůýžöőüűđăâîșşţțëç")
BETWEEN_WORDS = frozenset("°€£“”‘’„‚–—…«»²³µ½¼§©®™·×•¿¡ºª№±¥\u00a0、。「」『』・〜～（）：；，！？％＋－〇")
WORD = re.compile(r"[^\W\d_]+")
ODD = re.compile(r"[^\x00-\x7f]")


class Guess(NamedTuple):
    """An encoding.

    Attributes:
        codec: Python's name of it.
        also: another that fits nearly as well; empty where there is none.
    """

    codec: str
    also: str = ""

    def finding(self, name: str, line: int | None = None) -> Finding:
        """What is to be said of it.

        Args:
            name: of the file.
            line: the first that is not UTF-8, if it is known.
        """
        where = f" (line {line})" if line is not None else ""
        also = f", though {WORDS[self.also]} would fit as well" if self.also else ""
        message = f"{name} is not UTF-8{where}; it was read as {WORDS[self.codec]}{also}."
        step = "If letters look wrong, save the file as UTF-8."
        return Finding("encoding", "medium" if self.also else "low", message, step)


def as_utf8(
    data: bytes, name: str, wanted: Iterable[str] = (), usual: str = ""
) -> tuple[bytes, tuple[Finding, ...], str]:
    """Text in any common encoding as UTF-8 without byte-order mark and NULs, with what had to be guessed.

    Args:
        data: the file's bytes.
        name: of the file.
        wanted: names that are to stand in the text.
        usual: the encoding of the file that this one is read like; empty for none.

    Returns:
        The text as UTF-8, what was noticed, and the encoding's name.

    Raises:
        DataError: the bytes are not text.
    """
    findings: list[Finding] = []
    codec = wide(data)
    if codec:
        data = data.decode(codec, errors="replace").lstrip("\ufeff").encode("utf-8", errors="replace")
    else:
        _refuse_binary(data, name)
        data = data.removeprefix(UTF8_MARK)
        codec = "utf-8"
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            data, codec, finding = _guessed(data, name, error, tuple(wanted), usual)
            findings.append(finding)
        else:
            if b"\x1b$" in data and _decodes(data, "iso2022_jp"):
                data, codec = data.decode("iso2022_jp").encode("utf-8"), "iso2022_jp"
                findings.append(Guess(codec).finding(name))
    if nulls := data.count(b"\0"):
        data = data.replace(b"\0", b"")
        message = f"{nulls} NUL characters were removed from {name}."
        findings.append(Finding("nul_characters", "low", message, "Check how the file was written.", count=nulls))
    if b"\r" in data and b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    return data, tuple(findings), codec


def as_text(data: bytes, name: str, wanted: Iterable[str] = ()) -> tuple[str, tuple[Finding, ...]]:
    """As `as_utf8`, decoded."""
    utf8, findings, _ = as_utf8(data, name, wanted)
    return utf8.decode("utf-8"), findings


def wide(data: bytes) -> str | None:
    """UTF-16 or UTF-32 by their byte-order mark, or UTF-16 by where its NULs stand; None for any other text."""
    if data[:4] in {b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"}:
        return "utf-32"
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16"
    sample = data[: 1 << 14]
    half = max(1, len(sample) // 2)
    odd, even = sample[1::2].count(0) / half, sample[::2].count(0) / half
    for codec, own, other in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if own > 0.7 and other < 0.1:
            return codec
        if own > 0.05 and other == 0 and _is_written(sample[: 2 * half], codec):
            return codec
    return None


def _is_written(sample: bytes, codec: str) -> bool:
    """Whether it decodes to letters of few scripts, with line ends."""
    text = sample.decode(codec, errors="replace")
    if "\n" not in text and "\r" not in text:
        return False
    n_odd = sum(unicodedata.category(char) in {"Cn", "Co", "Cs"} or char == "\ufffd" for char in text[1:-1])
    return n_odd <= 0.01 * len(text)


def _refuse_binary(data: bytes, name: str) -> None:
    sample = data[: 1 << 16]
    control = bytes(set(range(32)) - {0, 1, 9, 10, 12, 13, 27, 30, 31})
    n_control = len(sample) - len(sample.translate(None, control))
    if n_control > 0.05 * len(sample) or sample.count(0) > 0.3 * len(sample):
        raise DataError(f"{name} is a binary file (it begins with {data[:8]!r}): expected {KNOWN}; check the file")


def _guessed(
    data: bytes, name: str, error: UnicodeDecodeError, wanted: tuple[str, ...], usual: str
) -> tuple[bytes, str, Finding]:
    """Bytes that are not UTF-8: mostly UTF-8 with some damage, or of the encoding that suits their words best."""
    line = data.count(b"\n", 0, error.start) + 1
    mended = data.decode("utf-8", errors="replace")
    damaged = mended.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    good = sum(0x80 <= ord(char) != 0xFFFD for char in mended[: 1 << 20]) if len(mended) > damaged else 0
    if good >= GOOD_PER_DAMAGED * damaged:
        message = f"{damaged} bytes of {name} are not UTF-8 (first in line {line}) and were read as '\ufffd'."
        finding = Finding("encoding", "medium", message, "Save the file as UTF-8.", count=damaged)
        return mended.encode("utf-8"), "utf-8", finding
    found = guess(data, wanted, usual)
    return data.decode(found.codec).encode("utf-8"), found.codec, found.finding(name, line)


# --------------------------------------------------------------------------- which encoding


def guess(data: bytes, wanted: Iterable[str] = (), usual: str = "") -> Guess:
    """The encoding of bytes that are no UTF-8: one that decodes all of them, to the most plausible words.

    Args:
        data: all bytes, or pieces of them that begin and end with lines.
        wanted: names that are to stand in the text.
        usual: the encoding of the file that this one is read like; empty for none.
    """
    sample = _odd_lines(data)
    names = [name for name in wanted if not name.isascii()]
    scores = {}
    for codec in WORDS:
        text = _decoded(sample, codec) if codec not in ("latin-1", "iso2022_jp") else None
        if text is not None:
            bonus = WANTED * any(name in text for name in names) + USUAL * (codec == usual)
            scores[codec] = _plausibility(text, codec) + PRIOR.get(codec, 0.0) + bonus
    ranked = [codec for codec in sorted(scores, key=lambda codec: -scores[codec]) if scores[codec] > 0]
    ranked += [codec for codec in ("cp1252", "latin-1") if codec not in ranked]
    fitting = [codec for codec in ranked if _decodes(data, codec)]
    near = [c for c in fitting[1:2] if c in scores and scores[c] > scores.get(fitting[0], 1e9) - CLOSE]
    return Guess(fitting[0], near[0] if near and _differ(sample, fitting[0], near[0]) else "")


def _odd_lines(data: bytes) -> bytes:
    """Lines that are not ASCII, up to some length: the first, and of a long text such as come later."""
    lines, n_bytes, step = [], 0, max(1, len(data) // (8 * MOST_SAMPLE_BYTES))
    for match in re.finditer(rb"[^\n]*[\x80-\xff][^\n]*\n?", data):
        if n_bytes > MOST_SAMPLE_BYTES // 2 and len(lines) % step:
            continue
        lines.append(match[0])
        n_bytes += len(match[0])
        if n_bytes > MOST_SAMPLE_BYTES:
            break
    return b"".join(lines)


def _decoded(sample: bytes, codec: str) -> str | None:
    try:
        return sample.decode(codec)
    except UnicodeDecodeError as error:  # a character that the sample's end has cut is none of its faults
        if error.start < len(sample) - 4:
            return None
        return sample[: error.start].decode(codec)


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _differ(sample: bytes, one: str, other: str) -> bool:
    return _decoded(sample, one) != _decoded(sample, other)


def _plausibility(text: str, codec: str) -> float:
    """How plausible the words of a text are that are not plain ASCII, from -1 to 1."""
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
