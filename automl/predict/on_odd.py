"""What is done about odd new rows: they are told once, or refused (``docs/decisions/0025-odd-new-rows.md``)."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, get_args

from automl.errors import DataError, OddRowsWarning, RecipeError
from automl.predict.odd_rows import LARGE_SHARE, MEANT
from automl.records import OnOdd
from automl.report.findings import finding_text, gravest_first

if TYPE_CHECKING:
    from automl.detect import NewColumn
    from automl.records import Finding

__all__ = ["check_word", "refuse", "reported", "warn"]

ODD = frozenset({
    "extra_columns", "missing_columns", "new_gaps", "other_notation", "out_of_range", "respelled_columns",
    "unknown_levels", "unreadable_cells",
})  # fmt: skip
"""Checks of new rows that are told whatever their severity; of the readers' notes, only those above low are."""
UNREAD_FILES = frozenset({"unreadable_images", "unreadable_sounds"})
LEAST_CELLS = 2
"""A single cell that cannot be read says nothing of a column's notation."""
OVERRIDE = "pass on_odd='warn' (--on-odd warn)"
PACKAGE = __name__.partition(".")[0]


def check_word(on_odd: str | None) -> None:
    """Refuse a word that is none of `OnOdd`.

    Raises:
        RecipeError: it is not.
    """
    if on_odd is not None and on_odd not in get_args(OnOdd):
        raise RecipeError(f"on_odd: expected one of {', '.join(get_args(OnOdd))}, got {on_odd!r}")


def reported(findings: Iterable[Finding], on_odd: OnOdd | None) -> tuple[Finding, ...]:
    """What is told of new rows, gravest first; nothing where it is to be ignored."""
    if on_odd == "ignore":
        return ()
    return gravest_first(one for one in findings if one.severity != "low" or one.check in ODD)


def refuse(findings: Sequence[Finding], compared: Sequence[NewColumn], n_rows: int, on_odd: OnOdd | None) -> None:
    """Refuse new rows that are too odd. A row that cannot be read at all is no reason: its prediction is empty.

    Args:
        findings: all about these rows.
        compared: their used columns; none where rows are no cells.
        n_rows: that were read.
        on_odd: None to refuse a column of which more than `LARGE_SHARE` of the cells cannot be read; "refuse" to refuse
            whatever is told and is of medium or high severity.

    Raises:
        DataError: they are.
    """
    if on_odd == "refuse":
        grave = [one for one in gravest_first(findings) if one.severity != "low"]
        if grave:
            said = "; ".join(finding_text(one).partition(": ")[2] for one in grave)
            raise DataError(f"the new rows differ from the training rows, and on_odd is 'refuse': {said}")
    if on_odd is None and compared:
        _refuse_unreadable(findings, compared, n_rows)


def _refuse_unreadable(findings: Sequence[Finding], compared: Sequence[NewColumn], n_rows: int) -> None:
    """Cells of a table, pictures among them; where pictures are the rows themselves there are no columns."""
    most = max(LEAST_CELLS - 1, LARGE_SHARE * n_rows)
    lost = [(c, int(c.unread.sum())) for c in compared]
    worst, n_lost = max(lost, key=lambda pair: pair[1], default=(None, 0))
    if worst is not None and n_lost > most:
        others = sum(n > most for _, n in lost) - 1
        such = f" (such as {worst.examples[0]!r})" if worst.examples else ""
        more = f", and too many of {others} other columns" if others > 0 else ""
        raise DataError(
            f"{n_lost:,} of {n_rows:,} cells of {worst.column.name!r} cannot be read as {MEANT[worst.column.kind]}, "
            f"which they were in training{such}{more}: write them as training did, or {OVERRIDE} to do without them"
        )
    for finding in findings:
        if finding.check in UNREAD_FILES and finding.count > most:
            raise DataError(f"{finding.message} Correct them, or {OVERRIDE} to do without them")


def warn(findings: Iterable[Finding], on_odd: OnOdd | None) -> None:
    """Tell of new rows by one warning at the caller's line; none where there is nothing to tell."""
    lines = [finding_text(one) for one in reported(findings, on_odd)]
    if lines:
        text = "\n  ".join(["the new rows differ from those that the model was trained on:", *lines])
        warnings.warn(text, OddRowsWarning, stacklevel=_steps_out())


def _steps_out() -> int:
    """How many frames above `warn` the first one outside this package is."""
    frame, steps = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == PACKAGE:
        frame, steps = frame.f_back, steps + 1
    return steps
