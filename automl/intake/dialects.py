"""How a delimited text is written: its delimiter, quotes and escapes; and its records in such a dialect."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from automl.errors import DataError
from automl.records import Finding

__all__ = ["DELIMITERS", "ONE_COLUMN", "SAMPLE_ROWS", "Dialect", "Record", "records", "rows_of"]

DELIMITERS = (",", "\t", ";", "|")
ONE_COLUMN = "\x1f"
"""Delimits nothing in a text of one column; it stands for delimiters of two characters as well."""
SAMPLE_ROWS = 300
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
            data = re.sub(rb"(?m)^[ \t]+|(?<![ \t])[ \t]+$", b"", data)
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
        strict: a quote within a quoted cell, or one that is never closed, makes a record faulty; else it is a
            character.
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
