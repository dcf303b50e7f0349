"""Plain numbers as people write them: decimal marks and grouped thousands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

__all__ = ["DIGITS", "LONGEST", "compact", "decimal_mark", "has_digit", "marks", "number", "open_mark"]

LONGEST = 100
"""Characters of the longest cell that is matched with a pattern of several parts: its work grows by their product."""
MOST_READ = 10 * LONGEST
"""Characters, blanks among them, beyond which a cell is not even looked at."""

DIGITS = (
    r"(?:\d{1,3}(?:[ ,.'’\u00a0\u202f]\d{3})+(?:[.,]\d+)?|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?|\d+(?:[.,]\d+)?|[.,]\d+)"
    r"(?:[eE][+-]?\d+)?"
)
"""A number, with or without grouped thousands (by threes, or as in India by twos)."""
_POINT = re.compile(
    r"[+-]?(?:\d{1,3}(?:[ ,'’\u00a0\u202f]\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|\d+)?(?:\.\d*)?(?:[eE][+-]?\d+)?"
)
_BLANKS = re.compile(r"\s{3,}")
_DIGIT = re.compile(r"[0-9]")
_DIGITS = re.compile(r"\d[\d.,'’ \u00a0\u202f]*")
_FRACTION = re.compile(r"[.,]\d+")
_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:[ .'’\u00a0\u202f]\d{3})+|\d+)?(?:,\d*)?(?:[eE][+-]?\d+)?")


def compact(text: str) -> str | None:
    """A cell with at most two blanks in a row and none around it; None where it is too long for a number."""
    if len(text) > MOST_READ:
        return None
    plain = _BLANKS.sub("  ", text.strip())
    return plain if len(plain) <= LONGEST else None


def marks(texts: Sequence[str]) -> tuple[int, int, int]:
    """Texts that show a decimal comma, a decimal point, and those with one mark that may part thousands too."""
    comma = point = either = 0
    for text, n in Counter(texts).items():
        found = _DIGITS.search(text)
        if found is None or (found.start() and text[found.start() - 1] in ".,"):
            found = _FRACTION.search(text)
            if found is None:
                continue
        digits = found.group().rstrip(".,' ’\u00a0\u202f")
        last_comma, last_point = digits.rfind(","), digits.rfind(".")
        if last_comma >= 0 and last_point >= 0:
            comma, point = comma + n * (last_comma > last_point), point + n * (last_point > last_comma)
        elif max(last_comma, last_point) >= 0:
            mark, at = (",", last_comma) if last_comma >= 0 else (".", last_point)
            several = digits.count(mark) > 1
            is_decimal = not several and (
                len(digits) - at != 4 or at > 3 or digits.startswith(("0" + mark, mark)) or " " in digits[:at]
            )
            if mark == ",":
                comma, point = comma + n * is_decimal, point + n * several
            else:
                point, comma = point + n * is_decimal, comma + n * several
            either += n * (not several and not is_decimal)
    return comma, point, either


def decimal_mark(texts: Sequence[str]) -> str:
    """The decimal mark of a whole column: a comma only where dots or groups of three cannot explain it."""
    comma, point, _ = marks(texts)
    return "," if comma > point else "."


def open_mark(texts: Sequence[str]) -> str:
    """The mark that may part thousands or decimals where no cell tells which ("1,500", "2,250"); else an empty text."""
    comma, point, either = marks(texts)
    if comma != point or not either:
        return ""
    return "," if any("," in text for text in texts) else "."


def has_digit(text: str) -> bool:
    """Whether a text holds a digit of any script."""
    return _DIGIT.search(text) is not None or (not text.isascii() and any(c.isdigit() for c in text))


def number(text: str, decimal: str = ".") -> float | None:
    """A plain number, with or without grouped thousands; None when it is not one."""
    if not text or not has_digit(text):
        return None
    text = text.replace("−", "-")
    if not (_COMMA if decimal == "," else _POINT).fullmatch(text):
        return None
    drop = " .'’\u00a0\u202f" if decimal == "," else " ,'’\u00a0\u202f"
    plain = text.translate({ord(c): None for c in drop})
    try:
        value = float(plain.replace(",", ".") if decimal == "," else plain)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
