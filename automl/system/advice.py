"""Words the keys of a recipe that a finding advises: as flags of a command, or as arguments in Python."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Literal

from automl.system import shell
from automl.system.printable import printable

__all__ = ["Interface", "Options", "advice", "for_interface"]

Interface = Literal["shell", "python"]
"""Where the user can follow an advice: on the command line, or in Python."""

Options = tuple[tuple[str, tuple[str, ...]], ...]
"""Keys of a recipe, each with the names of columns that it should have: ``(("drop", ("paid", "closed on")),)``."""

LISTS = ("drop",)
"""Keys that take several names."""

_VALUE = r"'[^']*'|[\w.]+=[\w.]+|(?<=--goal )(?!(?:to|if|with|for|so|and|or)\b)[a-z_]+"
_FLAG = re.compile(rf"(?<![\w'-])--(?P<flag>[a-z]+(?:-[a-z]+)*)(?: (?P<value>{_VALUE}))?")

_NEXT = re.compile(r'(=(?:"[^"]*"|\[[^\]]*\])) (?=[a-z_]+=["\[])')
"""Between arguments that followed each other as flags."""


def advice(key: str, names: Sequence[str], interface: Interface = "shell") -> str:
    """A key of a recipe with the names of columns, as the user would write it.

    Args:
        key: such as "drop" or "time_column".
        names: of columns; a key that takes a single name gets the first of them.
        interface: where it would be written.

    Returns:
        ``--drop paid --drop 'closed on'`` or ``drop=["paid", "closed on"]``. If no command line can hold a name, the
        Python argument in any case.
    """
    named = list(names) if key in LISTS else list(names[:1])
    if interface == "shell" and all(map(shell.holds, named)):
        flag = f"--{key.replace('_', '-')}"
        return " ".join(shell.flag(flag, name) for name in named)
    literals = ", ".join(map(_literal, named))
    argument = f"{key}=[{literals}]" if key in LISTS else f"{key}={literals}"
    return argument if interface == "python" else f"{argument} (in Python)"


def for_interface(step: str, options: Options, interface: Interface) -> str:
    """The next step of a finding, written in flags, with the words of the user's interface.

    Args:
        step: that holds ``advice(key, names)`` for each of the options.
        options: of the finding.
        interface: the user's.
    """
    for key, names in options:
        step = step.replace(advice(key, names), advice(key, names, interface))
    return _NEXT.sub(r"\1, ", _FLAG.sub(_as_argument, step)) if interface == "python" else step


def _as_argument(flag: re.Match[str]) -> str:
    """A flag as an argument of Python: with its value where it has one, else its name."""
    key, value = flag["flag"].replace("-", "_"), flag["value"]
    return key if value is None else f"{key}={_literal(value.strip(chr(39)))}"


def _literal(name: str) -> str:
    """A string as Python reads it: in double quotes, or in ASCII where it has characters that are not visible."""
    return json.dumps(name, ensure_ascii=False) if printable(name) == name else ascii(name)
