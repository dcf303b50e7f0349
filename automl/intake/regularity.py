"""Which dialect a delimited text has: the one in which most of its records have the same number of cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from automl.intake.cell_forms import COMMENT, NUMBER
from automl.intake.dialects import DELIMITERS, ONE_COLUMN, SAMPLE_ROWS, Dialect, Record, records, rows_of

__all__ = ["most_regular"]

RARE_DELIMITERS = ("\x01", "\x1f", "^", "~", "¦", ":")
"""Tried where none of the usual ones parts the text."""
MOST_SHARE, MOST_SHARE_BELOW = 0.6, 0.8
"""Records of one width, of all and below lines that are no rows; with fewer, a text whose first line has a single cell
is one of one column."""
NEARLY_ALL = 0.97
"""The same where the delimiter is a rare one."""
LEAD_PENALTY = 0.06
"""More than width can add: lines before the header, or row names that it lacks, are only taken for such where nothing
else is as regular."""
WANTED, WANTED_ROWS = 0.5, 50
"""For all of the wanted names among the cells of so many rows."""


class _Regularity(NamedTuple):
    """How regular a text is in a dialect; the larger the better.

    Attributes:
        score: the share of lines in records of one width, with small additions.
        share: the share alone, from the first record of that width on.
        first_width: cells of the first record.
        n_lead: lines before the first record of that width.
    """

    score: float
    share: float
    first_width: int
    n_lead: int


def most_regular(text: str, whole: bool = True, wanted: Sequence[str] = ()) -> Dialect:
    """The dialect in which most records of a text, its header among them, have the same number of cells.

    Args:
        text: the beginning of a file.
        whole: it is the whole file (else its last, cut record is left out).
        wanted: names of columns that the user, or the training table, has named.
    """
    best, found = Dialect(), _Regularity(0.0, 0.0, 1, 0)
    for delimiter in DELIMITERS:
        for dialect in _conventions(text, delimiter):
            own = _regularity(text, dialect, whole, frozenset(wanted))
            if own is not None and own.score > found.score:
                best, found = dialect, own
    is_regular = found.share >= (MOST_SHARE_BELOW if found.n_lead else MOST_SHARE)
    rare = _rare(text, whole) if found.n_lead or not is_regular else None
    if rare is not None:
        return rare
    if is_regular or (found.share > 0 and found.first_width > 1):
        return _widened(text, best)
    return best if found.share == 0 and _is_one_wide(text) else _one_column(text, best)


def _conventions(text: str, delimiter: str) -> list[Dialect]:
    """Quotes and escapes that a text may have, the usual ones first."""
    found = [Dialect(delimiter)]
    escaped = any("\\" + mark in text for mark in ('"', "'", delimiter))
    if escaped:
        found.append(Dialect(delimiter, escape="\\"))
    if '"' in text:
        found.append(Dialect(delimiter, ""))
    if escaped:
        found.append(Dialect(delimiter, "", "\\"))
    mark, begin = re.escape(delimiter), text[: 1 << 16]
    if len(re.findall(rf'(?m){mark} +"(?:[^"]|"")*" *(?={mark}|\r?$)', begin)) > 0.3 * begin.count("\n"):
        found.append(Dialect(delimiter, has_blanks=True))
    if min(len(re.findall(form, begin)) for form in (rf"(?m)(?:^|{mark})'", rf"(?m)'(?={mark}|\r?$)")) > 1:
        found += [Dialect(delimiter, "'"), *([Dialect(delimiter, "'", "\\")] if escaped else [])]
    return found


def _regularity(text: str, dialect: Dialect, whole: bool, wanted: frozenset[str]) -> _Regularity | None:
    """How regular a text is in a dialect; None where nothing parts it."""
    if dialect.escape or dialect.has_blanks:
        text = dialect.prepared(text.encode("utf-8", "replace"))[0].decode("utf-8", "replace")
    found = list(islice(records(text, dialect, strict=True), SAMPLE_ROWS))
    if not whole and 2 < len(found) < SAMPLE_ROWS:
        found.pop()
    found = _without_comments([record for record in found if record.cells or record.is_faulty])
    widths = [len(record.cells) for record in found]
    width = Counter(widths).most_common(1)[0][0] if widths else 0
    if width < 2:
        return None
    begin = next(
        i for i, own in enumerate(widths) if own == width or (own >= 2 and widths[i : i + 2] == [width - 1, width])
    )
    n_regular = widths[begin:].count(width) + (widths[begin] != width)
    n_lead = sum(record.n_lines for record in found[:begin])
    n_odd = sum(record.n_lines for record in found[begin + 1 :] if len(record.cells) != width)
    score = n_regular / (n_regular + n_lead + n_odd) + min(width, 50) / 1000 + _of_quotes(found, dialect)
    score -= LEAD_PENALTY * (begin > 0 or widths[0] != width)
    if wanted:
        cells = {cell.strip() for record in found[:WANTED_ROWS] for cell in record.cells}
        score += WANTED * len(wanted & cells) / len(wanted)
    return _Regularity(round(score, 6), n_regular / (n_regular + n_odd), widths[0], n_lead)


def _without_comments(found: list[Record]) -> list[Record]:
    """Records without the comments that come first."""
    begin = next((i for i, record in enumerate(found) if not COMMENT.match("".join(record.cells[:1]))), 0)
    return found[begin:]


def _of_quotes(found: list[Record], dialect: Dialect) -> float:
    """What speaks against quotes as mere characters, and for single ones as quotes: cells that are wrapped in them."""
    if dialect.quote:
        return 0.001 * (dialect.quote != '"' or dialect.has_blanks)
    return -0.3 * sum(_is_torn(record.cells) for record in found) / len(found)


def _is_torn(cells: list[str]) -> bool:
    """Whether a cell begins with a quote, and the same or a later one ends with one."""
    begin = next((i for i, cell in enumerate(cells) if cell.startswith('"')), len(cells))
    return any(cell.endswith('"') and len(cell) > (i == begin) for i, cell in enumerate(cells[begin:], begin))


def _widened(text: str, dialect: Dialect) -> Dialect:
    """A delimiter of twice the same character, where every second cell is empty."""
    rows = [row for row in islice(rows_of(text, dialect), SAMPLE_ROWS) if len(row) > 2] if not dialect.escape else []
    if dialect.delimiter in "|^~:" and rows and all(len(row) % 2 and not any(row[1::2]) for row in rows):
        return Dialect(2 * dialect.delimiter, dialect.quote)
    return dialect


def _rare(text: str, whole: bool) -> Dialect | None:
    """Blanks, or a delimiter that is seldom one, where it parts all lines evenly."""
    for delimiter in ("  ", " "):
        if _is_spaced(text, delimiter):
            return Dialect(delimiter)
    for delimiter in RARE_DELIMITERS:
        own = _regularity(text, Dialect(delimiter), whole, frozenset()) if delimiter in text else None
        if own is not None and own.share > NEARLY_ALL and own.first_width > 1 and not own.n_lead:
            return _widened(text, Dialect(delimiter))
    return None


def _is_spaced(text: str, delimiter: str) -> bool:
    """Whether columns are parted by runs of blanks: all lines of one width, and mostly numbers below the first.

    Of many lines of one width a single column of numbers is enough.
    """
    lines = [line.strip() for line in text.splitlines()[:100] if line.strip() and not COMMENT.match(line)]
    lines = lines[: 49 if len(text) >= 1 << 16 else 50]
    rows = [re.split(r"[ \t]+" if delimiter == " " else r"[ \t]{2,}|\t", line) for line in lines]
    if len(rows) < 3 or len(rows[0]) < 2 or len({len(row) for row in rows}) != 1:
        return False
    numbers = [sum(NUMBER.fullmatch(cell) is not None for cell in column) for column in zip(*rows[1:], strict=True)]
    is_table = len(rows) > 9 and len(rows[0]) > 2 and max(numbers) >= len(rows) - 1
    return is_table or delimiter == "  " or sum(numbers) > 0.5 * (len(rows) - 1) * len(rows[0])


def _is_one_wide(text: str) -> bool:
    """Whether a comma never parts a line, so that a text of one column is read like any other."""
    return all(len(record.cells) <= 1 for record in islice(records(text, Dialect()), SAMPLE_ROWS))


def _one_column(text: str, best: Dialect) -> Dialect:
    return best if ONE_COLUMN in text else Dialect(ONE_COLUMN, '"')
