"""The order and the wording of findings, the same in the report, on the command line and in Python."""

from __future__ import annotations

import re
from collections.abc import Iterable

from automl.records import Finding, Recipe
from automl.system.advice import Interface, for_interface
from automl.system.counts import noun
from automl.system.printable import printable

__all__ = [
    "COLOURS", "LONGEST_NAME", "SEVERITIES", "column_text", "finding_text", "gravest_first", "interface_of",
    "next_step_text", "one_line", "row_numbers_text",
]  # fmt: skip

SEVERITIES = ("high", "medium", "low")
COLOURS = {"high": "red", "medium": "yellow", "low": "cyan"}
SHOWN_ROWS = 10
SHOWN_FILES = 5
LONGEST_NAME = 40
_ENDLESS = re.compile(r"\S{81,}")
_ACTIVE = re.compile(r"[$`;|&<>()\\\"]|(?:'.*){3}")


def gravest_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """High severity before medium before low; the order is kept within a severity."""
    return tuple(sorted(findings, key=lambda one: SEVERITIES.index(one.severity)))


def row_numbers_text(finding: Finding, most: int = 20) -> str:
    """The rows concerned, as ``"Rows 3, 8, 15 and 9 more"``; empty where none are named.

    Rows of the user's own test data are listed apart: ``"Row 7; row 3 of the test data"``.
    """
    if not finding.rows:
        return ""
    shown = finding.rows[:most]
    rest = max(finding.count, len(finding.rows)) - len(shown)
    more = f" and {rest:,} more" if rest > 0 else ""
    first = finding.test_from
    ours = [row for row in shown if first is None or row < first]
    theirs = [row - first for row in shown if first is not None and row >= first]
    parts = [(rows, where) for rows, where in ((ours, ""), (theirs, " of the test data")) if rows]
    many = rest > 0 and len(parts) == 1
    text = "; ".join(f"{noun(len(rows) + many, 'row')} {', '.join(map(str, rows))}{where}" for rows, where in parts)
    return f"R{text[1:]}{more}"


def file_names_text(finding: Finding) -> str:
    """The files concerned, as ``"Files a.png, b.png and 9 more"``; empty where none are named."""
    if not finding.files:
        return ""
    named = finding.files[:SHOWN_FILES]
    rest = max(finding.count, len(finding.files)) - len(named)
    more = f" and {rest:,} more" if rest > 0 else ""
    return f"{noun(len(named) + rest, 'File')} {', '.join(map(printable, named))}{more}"


def finding_text(finding: Finding, interface: Interface = "shell") -> str:
    """A finding as one line: severity, what it is, where, what to do.

    Args:
        finding: about data or a run.
        interface: where the reader can follow the advice: flags, or arguments in Python.
    """
    rows, files = row_numbers_text(finding, SHOWN_ROWS), file_names_text(finding)
    step = next_step_text(finding, interface)
    parts = (f"{finding.severity}:", finding.message, rows and f"({rows}.)", files and f"({files}.)", step)
    return one_line(" ".join(part for part in parts if part))


def next_step_text(finding: Finding, interface: Interface) -> str:
    """The next step of a finding, in flags or in arguments of Python."""
    return for_interface(finding.next_step, finding.options, interface)


def interface_of(recipe: Recipe) -> Interface:
    """Where a recipe came from: the command line (or a file, whose keys flags replace), or Python."""
    return "shell" if recipe.file is not None or recipe.source.startswith("automl ") else "python"


def column_text(name: str) -> str:
    """A column's name on one line of a table: line breaks and tabs as escapes, cut where it is very long."""
    plain = printable(name)
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 1]}…"


def one_line(sentence: str) -> str:
    """A sentence that may name columns, on one line: line breaks as escapes, very long words cut in their middle."""
    return _ENDLESS.sub(_cut, printable(sentence))


def _cut(run: re.Match[str]) -> str:
    """A long word without its middle; whole where it may hold quotes of a command, whose rest would run when pasted."""
    return run[0] if _ACTIVE.search(run[0]) else f"{run[0][:35]}…{run[0][-25:]}"
