"""Quotes flags and names for a shell, so that suggested commands can be pasted and run whatever the names are."""

from __future__ import annotations

import os
import shlex

from automl.system.printable import printable

__all__ = ["columns_flag", "fits_columns", "flag", "holds", "path", "quoted", "word"]


def word(text: str) -> str:
    r"""One word of a shell command, in quotes if it needs them.

    Names with control characters, invisible marks or bytes that are not UTF-8 are written as ``$'...'`` (bash, zsh,
    ksh), in plain ASCII. A shell argument cannot hold a NUL, or a lone surrogate that stands for no byte: call `holds`
    first.
    """
    if printable(text) == text:
        return shlex.quote(text)
    content = text.encode("utf-8", "surrogateescape" if holds(text) else "backslashreplace")
    return "$'" + "".join(_escape(byte) for byte in content) + "'"


def _escape(byte: int) -> str:
    # Always three octal digits: in some shells \x reads as many digits as follow.
    return chr(byte) if 32 <= byte < 127 and chr(byte) not in "'\\" else f"\\{byte:03o}"


def quoted(text: str) -> str:
    """`word`, always in quotes, for a name inside a sentence."""
    own = word(text)
    return own if own != text else f"'{text}'"


def path(text: str | os.PathLike[str]) -> str:
    """A file or folder as an argument that does not look like a flag."""
    name = os.fspath(text)
    return word(f"./{name}" if name.startswith("-") else name)


def holds(text: str) -> bool:
    """Whether this text can be an argument of a command."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def flag(name: str, value: str) -> str:
    """A flag with its value: ``--target 'two words'``. If no command line can hold it, the Python argument instead.

    Args:
        name: the flag with its dashes.
        value: a name from the user.
    """
    if not holds(value):
        return f"{name.lstrip('-').replace('-', '_')}={value!a} (in Python)"
    return f"{name}={word(value)}" if value.startswith("-") else f"{name} {word(value)}"


def fits_columns(name: str) -> bool:
    """Whether ``--columns`` can name this column: it splits names at commas and strips spaces around them."""
    return bool(name) and name == name.strip() and "," not in name and holds(name)


def columns_flag(name: str, kind: str) -> str:
    """``--columns NAME=KIND``; the Python argument for a name that the flag cannot hold (see `fits_columns`)."""
    if not fits_columns(name):
        return f"columns={{{name!a}: {kind!a}}} (in Python or a recipe)"
    return f"--columns {word(f'{name}={kind}')}"
