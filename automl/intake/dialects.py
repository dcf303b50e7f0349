"""How a delimited text is written: its delimiter, quotes and escapes, by what makes its records most regular."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from automl.errors import DataError
from automl.intake.cell_forms import COMMENT, NUMBER
from automl.records import Finding

__all__ = ["SAMPLE_ROWS", "Dialect", "Record", "most_regular", "records", "rows_of"]

DELIMITERS = (",", "\t", ";", "|")
RARE_DELIMITERS = ("\x01", "\x1f", "^", "~", "¦", ":")
"""Tried where none of the usual ones parts the text."""
ONE_COLUMN = "\x1f"
"""Delimits nothing in a text of one column; it stands for delimiters of two characters as well."""
SAMPLE_ROWS = 300
MOST_SHARE, MOST_SHARE_BELOW = 0.6, 0.8
"""Records of one width, of all and below lines that are no rows; with fewer, a text whose first line has a single cell
is one of one column."""
LEAD_PENALTY = 0.06
"""More than width can add: lines before the header, or row names that it lacks, are only taken for such where nothing
else is as regular."""
WANTED, WANTED_ROWS = 0.5, 50
"""For all of the wanted names among the cells of so many rows."""
LONGEST_CELL = 2**31 - 1

csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))
"""Python's own bound of 131,072 characters a cell holds for the whole process and is raised once: to set it for a
while would change it under another thread. What a file may take is asked before it is read."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text is delimited.

    Attributes:
        delimiter: one character; " " for runs of blanks, "  " for runs of at least two, or two characters such as "::",
            until `prepared`.
        quote: the character round cells that hold the delimiter; empty where quotes are characters like any other.
        escape: the backslash where it comes before quotes and delimiters that are characters of a cell, else empty.
        has_blanks: blanks stand between a delimiter and the quote that opens a cell, until `prepared`.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    has_blanks: bool = False

    def prepared(self, data: bytes) -> tuple[bytes, Dialect]:
        """The same text in a dialect that Arrow and Python's csv read alike: one delimiter of one character, and a
        backslash that is no escape doubled.
        """
        if not self.delimiter.strip(" "):
            runs = rb"[ \t]+" if self.delimiter == " " else rb"[ \t]{2,}|\t"
            data = re.sub(rb"(?m)^[ \t]+|[ \t]+$", b"", data)
            data = re.sub(rb"(?m)^(#+|%+|//)\t", rb"\1 ", re.sub(runs, b"\t", data))
            return data, Dialect("\t", self.quote)
        if len(self.delimiter) == 2:
            return data.replace(self.delimiter.encode(), ONE_COLUMN.encode()), Dialect(ONE_COLUMN, self.quote)
        if self.has_blanks:
            mark, quote = re.escape(self.delimiter.encode()), self.quote.encode()
            return Dialect(self.delimiter, self.quote, self.escape).prepared(
                re.sub(mark + rb" +" + quote, self.delimiter.encode() + quote, data)
            )
        if not self.escape:
            return data, self
        marks = re.escape((self.delimiter + self.quote).encode())
        pattern = re.compile(rb"\\([\\\r\n" + marks + rb"])|\\")
        return pattern.sub(lambda match: match[0] if match[1] else rb"\\", data), self

    def arrow_options(self, invalid_row_handler: Any = None) -> Any:
        """Arrow's options for a prepared dialect.

        Args:
            invalid_row_handler: asked what to do with a row of another width; None for an error.
        """
        from pyarrow import csv as arrow_csv

        return arrow_csv.ParseOptions(
            delimiter=self.delimiter,
            quote_char=self.quote or False,
            escape_char=self.escape or False,
            newlines_in_values=bool(self.quote or self.escape),
            invalid_row_handler=invalid_row_handler,
        )

    def finding(self, name: str) -> tuple[Finding, ...]:
        """What is to be said of a dialect that is not the usual one.

        Args:
            name: of the file.
        """
        said = []
        if self.escape:
            said.append(r"a backslash before quotes and delimiters within cells (\" for a quote)")
        if self.quote == "'":
            said.append("single quotes round cells")
        if not self.quote and not self.escape:
            said.append("quotes that are characters like any other, since they do not come in pairs round cells")
        if self.delimiter == ONE_COLUMN:
            said.append("a single column, since nothing parts its lines evenly")
        elif self.delimiter.strip(" ") and self.delimiter not in DELIMITERS:
            said.append(f"the delimiter {self.delimiter!r}")
        if not said:
            return ()
        message = f"{name} was read with {', '.join(said)}: so most of its rows have the same number of cells."
        step = "If that is wrong, save it as CSV with double quotes round cells that hold commas."
        return (Finding("dialect", "low", message, step),)


class Record(NamedTuple):
    """One record of a text.

    Attributes:
        end: bytes from the text's beginning to the record's end.
        n_lines: that it takes.
        is_faulty: its quotes contradict the dialect; it has no cells.
    """

    cells: list[str]
    end: int
    n_lines: int
    is_faulty: bool


class _Lines:
    """Lines of a text, and how much was handed on."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self.n_bytes = self.n_lines = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.n_bytes += len(line.encode("utf-8", "replace"))
        self.n_lines += 1
        return line


def records(text: str, dialect: Dialect, strict: bool = False) -> Iterator[Record]:
    """The records of a text in a prepared dialect, empty lines among them.

    Args:
        text: the beginning of a file.
        dialect: prepared.
        strict: a quote within a quoted cell, or one that is never closed, makes a record faulty; else it is a character.
    """
    lines = _Lines(text)
    reader, before = _reader(lines, dialect, strict), 0
    while True:
        is_faulty, cells = False, []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            is_faulty = True
        yield Record(cells, lines.n_bytes, lines.n_lines - before, is_faulty)
        before = lines.n_lines


def rows_of(text: str, dialect: Dialect) -> Iterator[list[str]]:
    """Cells of each record of a text.

    Raises:
        DataError: it cannot be parted into cells.
    """
    try:
        yield from _reader(io.StringIO(text, newline=""), dialect, strict=False)
    except csv.Error as error:
        raise DataError(f"it cannot be read as delimited text ({error}); save it again as plain CSV") from error


def _reader(lines: Iterator[str], dialect: Dialect, strict: bool) -> Iterator[list[str]]:
    escape = dialect.escape or None
    if not dialect.quote:
        return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE, quotechar=None, escapechar=escape)
    return csv.reader(
        lines, delimiter=dialect.delimiter, quotechar=dialect.quote, escapechar=escape, strict=strict
    )  # fmt: skip


# --------------------------------------------------------------------------- which dialect


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
    if found.share >= (MOST_SHARE_BELOW if found.n_lead else MOST_SHARE) or (found.share > 0 and found.first_width > 1):
        return _widened(text, best)
    return _rare(text, whole) or (best if found.share == 0 and _is_one_wide(text) else _one_column(text, best))


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
        if own is not None and own.share > 0.97 and own.first_width > 1:
            return _widened(text, Dialect(delimiter))
    return None


def _is_spaced(text: str, delimiter: str) -> bool:
    """Whether columns are parted by runs of blanks: all lines of one width and mostly numbers below the first; many lines
    of one width need not be.
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
