"""Goals that need no target, proposed in the words of a command where none was named."""

from __future__ import annotations

from collections.abc import Sequence

from automl import goals
from automl.records import FILE_KINDS, UNUSED_KINDS, Column
from automl.system import shell

__all__ = ["WITH_PARTS", "proposals"]

WITH_PARTS = ("text", *FILE_KINDS, "list")
"""Kinds of a lone column that such goals can learn from: its cells have parts that depend on each other."""


def proposals(columns: Sequence[Column] | None, time: str | None = None) -> tuple[str, ...]:
    """Flags of each goal that learns no target, with what it is for: ``--goal anomaly to look for unusual rows``.

    Args:
        columns: of the table, without those that tell the time; None for arrays.
        time: the column that tells the time of rows in series, so that each is seen with those before it.

    Returns:
        Nothing for a table of a single plain column, in which nothing depends on anything else.
    """
    if columns is not None and time is None:
        usable = [column for column in columns if column.kind not in UNUSED_KINDS]
        if not usable or (len(usable) == 1 and usable[0].kind not in WITH_PARTS):
            return ()
    dated = "" if time is None or not shell.holds(time) else f" --time-column {shell.quoted(time)}"
    others = {name: goal.purpose for name, goal in goals.known().items() if not goal.needs_target}
    return tuple(f"{shell.flag('--goal', name)}{dated} {purpose}".rstrip() for name, purpose in others.items())
