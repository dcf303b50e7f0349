"""Text of users as a terminal may show it: what would act on the screen, hide or fake a line is spelled out.

The lowest module: errors, findings, progress, the command line and the report all spell names by it.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["json_printable", "printable"]

CATEGORIES = ("Cc", "Cf", "Zl", "Zp", "Cs")  # controls, formats (bidi, zero width), line separators, surrogates
# Formats that words are written with: joiners of Persian, Indic scripts and emoji, signs that span Arabic numbers.
SHOWN = frozenset("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
_SUSPECT = re.compile(r"[\x7f-\x9f\xad\u0600-\u0605\u061c-\U0010ffff]")


def printable(text: object, keep: str = "") -> str:
    r"""The text with controls, direction marks, invisible marks, line separators and surrogates as escapes.

    What is shown already (``\x1b`` as four characters) stays, so that doing it twice changes nothing.

    Args:
        text: anything; its `str`.
        keep: characters to leave, such as ``"\n"`` in a text of several lines.

    Returns:
        Text that takes one line, where `keep` holds no line break, and is read in the order it was written.
    """
    said = str(text)
    if said.isprintable() and (said.isascii() or not _SUSPECT.search(said)):
        return said
    return "".join(repr(c)[1:-1] if c not in keep and _hidden(c) else c for c in said)


def json_printable(text: str) -> str:
    r"""A JSON text that says the same, with such characters inside its strings as ``\uXXXX``."""
    if text.isprintable():
        return text
    return "".join(_json_escape(c) if c not in "\n\t" and _hidden(c) else c for c in text)


def _hidden(c: str) -> bool:
    return unicodedata.category(c) in CATEGORIES and c not in SHOWN


def _json_escape(c: str) -> str:
    units = c.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
