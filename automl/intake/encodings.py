"""Bytes → text: which encoding makes plausible words of them.

UTF-8 and byte-order marks are proofs. Every other encoding is a guess among those that decode the whole text: each word
that is not plain ASCII is scored by its letters (script, upper and lower case, how usual they are), and the encoding of
the best mean is taken and told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from automl.errors import DataError
from automl.intake.files import KNOWN
from automl.intake.plausibility import plausibility
from automl.records import Finding

__all__ = ["Guess", "as_text", "as_utf8", "guess", "wide"]

UTF8_MARK = b"\xef\xbb\xbf"
MOST_SAMPLE_BYTES = 1 << 18
GOOD_PER_DAMAGED = 10
"""Letters of well-formed UTF-8 a damaged byte, from which on a text is UTF-8 with some damage."""
ODD_BYTE = re.compile(rb"[\x80-\xff]")
MOST_BROKEN = 0.02
"""Characters that are none in an encoding, as a share of those that are not ASCII: some bytes may be damaged."""
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
            if b"\x1b$" in data and "\ufffd" not in data.decode("iso2022_jp", errors="replace"):
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
    text = data.decode(found.codec, errors="replace")
    finding = found.finding(name, line)
    if broken := text.count("\ufffd"):
        message = f"{finding.message[:-1]}, and {broken} characters that are none of it as '\ufffd'."
        finding = replace(finding, severity="medium", message=message, count=broken)
    return text.encode("utf-8"), found.codec, finding


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
        text = sample.decode(codec, errors="replace") if codec not in ("latin-1", "iso2022_jp") else "\ufffd"
        if _is_whole(text):
            bonus = WANTED * any(name in text for name in names) + USUAL * (codec == usual)
            scores[codec] = plausibility(text, codec) + PRIOR.get(codec, 0.0) + bonus
    ranked = [codec for codec in sorted(scores, key=lambda codec: -scores[codec]) if scores[codec] > 0]
    ranked += [codec for codec in ("cp1252", "latin-1") if codec not in ranked]
    best = next(codec for codec in ranked if _is_whole(data.decode(codec, errors="replace")))
    near = [codec for codec in ranked if codec != best and scores.get(codec, -1.0) > scores.get(best, 9.0) - CLOSE]
    near = [codec for codec in near[:1] if sample.decode(codec, "replace") != sample.decode(best, "replace")]
    return Guess(best, near[0] if near else "")


def _odd_lines(data: bytes) -> bytes:
    """Lines that are not ASCII: the first, and of a long text some that are evenly spread over the rest."""
    lines: list[bytes] = []
    at, n_bytes = 0, 0
    while n_bytes < MOST_SAMPLE_BYTES and (found := ODD_BYTE.search(data, at)) is not None:
        begin, end = data.rfind(b"\n", 0, found.start()) + 1, data.find(b"\n", found.start()) + 1 or len(data)
        lines.append(data[begin:end])
        n_bytes += end - begin
        at = end if n_bytes < MOST_SAMPLE_BYTES // 2 else end + len(data) // 64
    return b"".join(lines)


def _is_whole(text: str) -> bool:
    """Whether hardly any character of a decoded text had to be replaced."""
    n_broken = text.count("\ufffd")
    return n_broken == 0 or n_broken < MOST_BROKEN * sum(not char.isascii() for char in text[:MOST_SAMPLE_BYTES])
