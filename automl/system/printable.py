"""Makes users' text safe to print: characters that control the screen, hide text or fake a line become escapes.

This is the lowest module: errors, findings, progress, the command line and the report all print names with it.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["json_printable", "printable"]

CATEGORIES = ("Cc", "Cf", "Zl", "Zp", "Cs")  # controls, formats (bidi, zero width), line separators, surrogates
# Format characters needed to write words: joiners of Persian, Indic scripts and emoji, and signs over Arabic numbers.
SHOWN = frozenset("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
_SUSPECT = re.compile(r"[\x7f-\x9f\xad\u0600-\u0605\u061c-\U0010ffff]")


def printable(text: object, keep: str = "") -> str:
    r"""The text with controls, direction marks, invisible marks, line separators and surrogates as escapes.

    Escapes already in the text (``\x1b`` as four characters) stay, so that a second call changes nothing.

    Args:
        text: any object; its `str` is used.
        keep: characters to leave unchanged, such as ``"\n"`` in a text of several lines.

    Returns:
        The text on a single line (unless `keep` holds a line break), shown in the order in which it is stored.
    """
    content = str(text)
    if content.isprintable() and (content.isascii() or not _SUSPECT.search(content)):
        return content
    return "".join(repr(c)[1:-1] if c not in keep and _hidden(c) else c for c in content)


def json_printable(text: str) -> str:
    r"""An equivalent JSON text, with such characters inside its strings as ``\uXXXX``."""
    if text.isprintable():
        return text
    return "".join(_json_escape(c) if c not in "\n\t" and _hidden(c) else c for c in text)


def _hidden(c: str) -> bool:
    return unicodedata.category(c) in CATEGORIES and c not in SHOWN


def _json_escape(c: str) -> str:
    units = c.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
