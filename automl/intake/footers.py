"""What stands below a table: notes and totals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from automl.intake.cell_forms import COMMENT, NOTE, SENTENCE, TOTAL, is_absent, is_rule, is_value
from automl.intake.raw import listed
from automl.records import Finding

__all__ = ["Footer", "footer"]

Rows = Sequence[Sequence[str]]
USUAL = 0.3
"""Rows of a single cell that are no notes: so many of a table's own rows are such."""


class Footer(NamedTuple):
    """What stands below a table.

    Attributes:
        n_rows: of the last rows that are none of the table's.
    """

    n_rows: int
    findings: tuple[Finding, ...]


def footer(rows: Rows, values: Sequence[bool], where: str) -> Footer:
    """Find notes and totals below a table.

    Args:
        rows: its last rows, of which the first is taken for a row of the table.
        values: which columns hold numbers or dates.
        where: for messages.
    """
    plain = [[cell.strip() for cell in row] for row in rows]
    n_below = _n_alone(plain, len(values))
    for i in range(n_below, len(plain) - 1):
        row, others = plain[-1 - i], plain[: len(plain) - 1 - i]
        if any(row) and not _is_below(row, others, values):
            break
        n_below = i + 1 if any(row) else n_below
    said = [", ".join(filter(None, row)) for row in plain[len(plain) - n_below :] if any(row)]
    if not said:
        return Footer(0, ())
    rows_said = f"{len(said)} rows" if len(said) > 1 else "1 row"
    message = (
        f"{rows_said} below the table of {where} {'were' if len(said) > 1 else 'was'} left out: {listed(said, 3)}."
    )
    step = "If it is a row of the table, fill its cells as those of the others."
    return Footer(n_below, (Finding("rows_below_table", "low", message, step, count=len(said)),))


def _n_alone(rows: Rows, width: int) -> int:
    """Last rows of a single cell each, below an empty row."""
    n_alone = next((i for i, row in enumerate(reversed(rows)) if any(row[1:])), 0)
    block, others = rows[len(rows) - n_alone :], rows[: len(rows) - n_alone]
    begin = next((i for i, row in enumerate(block) if not any(row)), len(block))
    notes = [row[0] for row in block[begin:] if any(row)]
    come_back = any(row and row[0] in notes for row in rows[: len(rows) - len(block) + begin])
    return len(block) - begin if width > 1 and notes and not come_back and not _are_usual(others) else 0


def _are_usual(rows: Rows) -> bool:
    """Whether rows of a single cell are usual in the table itself."""
    return sum(sum(map(bool, row)) == 1 for row in rows) > USUAL * len(rows)


def _is_below(row: Sequence[str], others: Rows, values: Sequence[bool]) -> bool:
    """Whether a last row is a note, a total or a line that is drawn."""
    width = len(values)
    if width < 2:
        return False
    filled = [i for i, cell in enumerate(row) if cell]
    first = row[filled[0]]
    if all(is_rule(row[i]) for i in filled):
        return True
    clash = filled[0] < width and values[filled[0]] and not is_value(first) and not is_absent(first)
    if filled == [0]:
        is_alone = len(row) == 1 or clash or not any(others[-1])
        is_note = NOTE.fullmatch(first) or COMMENT.match(first) or (is_alone and SENTENCE.fullmatch(first))
        return not _are_usual(others) and (bool(is_note) or (clash and width > 2))
    if TOTAL.fullmatch(first) is None or any(first in other for other in others):
        return False
    return clash or len(row) < width or _stands_out(row, others, values)


def _stands_out(row: Sequence[str], others: Rows, values: Sequence[bool]) -> bool:
    """Whether a row that is called a total has a gap where no other row has one, or a number beyond all others, or one
    with decimals where all others are whole.
    """
    full = [other for other in others if len(other) == len(row) == len(values)]
    for i, value in enumerate(values):
        cells = [other[i] for other in full if other[i]]
        if not row[i]:
            if cells and len(cells) == len(full):
                return True
            continue
        numbers = [number for cell in cells if (number := _number(cell)) is not None]
        own = _number(row[i]) if value and numbers else None
        if own is not None and (
            not min(numbers) <= own <= max(numbers) or (own % 1 and not any(n % 1 for n in numbers))
        ):
            return True
    return False


def _number(cell: str) -> float | None:
    """A number as people write it, as far as its size matters."""
    digits = re.sub(r"[^\d.,-]", "", cell)
    mark = max(digits.rfind("."), digits.rfind(","))
    is_decimal = mark >= 0 and (digits[mark] == "." or len(digits) - mark != 4)
    whole = re.sub(r"[.,]", "", digits[:mark] if is_decimal else digits)
    try:
        return float(f"{whole}.{digits[mark + 1 :]}" if is_decimal else whole)
    except ValueError:
        return None
