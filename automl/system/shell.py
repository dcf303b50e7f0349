"""Advice to paste: flags and names as a shell line that does what it says, whatever the names are."""

from __future__ import annotations

import os
import shlex

from automl.system.printable import printable

__all__ = ["columns_flag", "fits_columns", "flag", "holds", "path", "quoted", "word"]


def word(text: str) -> str:
    r"""One word of a shell line: as it is where it is harmless, in quotes elsewhere.

    Names with control characters, invisible marks or bytes that are no UTF-8 come as ``$'...'`` (bash, zsh, ksh), in
    plain ASCII. A shell holds no NUL and no lone surrogate that stands for no byte: ask `holds` before.
    """
    if printable(text) == text:
        return shlex.quote(text)
    said = text.encode("utf-8", "surrogateescape" if holds(text) else "backslashreplace")
    return "$'" + "".join(_escape(byte) for byte in said) + "'"


def _escape(byte: int) -> str:
    # Always three octal digits: \x takes as many digits as follow in some shells.
    return chr(byte) if 32 <= byte < 127 and chr(byte) not in "'\\" else f"\\{byte:03o}"


def quoted(text: str) -> str:
    """`word` with quotes even where none are needed: a name inside a sentence."""
    said = word(text)
    return said if said != text else f"'{text}'"


def path(text: str | os.PathLike[str]) -> str:
    """A file or folder as an argument, which must not look like a flag."""
    said = os.fspath(text)
    return word(f"./{said}" if said.startswith("-") else said)


def holds(text: str) -> bool:
    """Whether an argument of a command can be this text."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def flag(name: str, value: str) -> str:
    """A flag with its value: ``--target 'two words'``; the argument of Python where no command line can hold it.

    Args:
        name: with its dashes.
        value: a name of the user's.
    """
    if not holds(value):
        return f"{name.lstrip('-').replace('-', '_')}={value!a} (in Python)"
    return f"{name}={word(value)}" if value.startswith("-") else f"{name} {word(value)}"


def fits_columns(name: str) -> bool:
    """Whether ``--columns`` can name this column: it parts names at commas and drops spaces around them."""
    return bool(name) and name == name.strip() and "," not in name and holds(name)


def columns_flag(name: str, kind: str) -> str:
    """``--columns NAME=KIND``; the argument of Python for a name that the flag would cut at commas or spaces."""
    if not fits_columns(name):
        return f"columns={{{name!a}: {kind!a}}} (in Python or a recipe)"
    return f"--columns {word(f'{name}={kind}')}"
