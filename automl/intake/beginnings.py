"""The beginning of a delimited text: its dialect, its header, and where its rows begin.

Files that are read as a whole and files that are streamed are begun alike.
"""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from automl.errors import DataError
from automl.intake.dialects import SAMPLE_ROWS, Dialect, records
from automl.intake.headings import Heading, heading
from automl.intake.limits import refuse_columns
from automl.intake.raw import Hints
from automl.intake.regularity import most_regular
from automl.records import Finding

__all__ = ["Beginning", "beginning", "without_separator"]

SAMPLE_BYTES = 1 << 18
MOST_SAMPLE_BYTES = 1 << 22
SAMPLE_LINES = 8
LONGEST_NAME = 100_000


class Beginning(NamedTuple):
    """How a text begins.

    Attributes:
        dialect: prepared (see `Dialect.prepared`).
        written: the dialect before that.
        begin: bytes of the prepared text before its first row of cells.
    """

    dialect: Dialect
    written: Dialect
    heading: Heading
    begin: int
    rows: list[list[str]]

    @property
    def names(self) -> list[str]:
        """Of the columns: as many as rows have cells, or more."""
        names = list(self.heading.names)
        return names + [f"Unnamed: {i}" for i in range(len(names), len(self.heading.values))]

    def findings(self, name: str) -> tuple[Finding, ...]:
        """What was decided.

        Args:
            name: of the file.
        """
        return (*self.written.finding(name), *self.heading.findings)


def without_separator(data: bytes) -> bytes:
    """A text without the line that tells Excel its delimiter, and without empty lines before the first other."""
    data = data.lstrip(b"\n\r")
    return data.partition(b"\n")[2].lstrip(b"\n\r") if data[:4].lower() == b"sep=" else data


def beginning(data: bytes, name: str, hints: Hints, whole: bool = True) -> tuple[bytes, Beginning]:
    """Find out how a text is delimited and where its table begins.

    Args:
        data: a text as UTF-8.
        name: of the file, for messages.
        hints: what is known of it.
        whole: the data are the whole file.

    Returns:
        The text, prepared, and how it begins.

    Raises:
        DataError: too many columns, a name that is too long, or rows that do not fit their header.
    """
    sample, complete = _sample(data, whole)
    written = most_regular(sample, complete, hints.wanted)
    data, dialect = written.prepared(data)
    first_line = data[: data.find(b"\n") + 1] or data
    refuse_columns(name, first_line.count(dialect.delimiter.encode()) + 1)
    sample, complete = _sample(data, whole)
    if len(sample) < len(first_line):
        sample = first_line.decode("utf-8", errors="ignore")
    found = list(islice(records(sample, dialect), SAMPLE_ROWS))
    if not complete and 2 < len(found) < SAMPLE_ROWS:
        found.pop()
    found = [record for record in found if record.cells]
    rows = [record.cells for record in found]
    head = heading(rows, name, hints)
    _refuse_long(head.names, name)
    begin = found[head.first - 1].end if head.first else 0
    return data, Beginning(dialect, written, head, begin, rows)


def _sample(data: bytes, whole: bool) -> tuple[str, bool]:
    """Some hundred kilobytes of a text, more where its lines are long, and whether that is the whole file."""
    end = SAMPLE_BYTES
    while end < min(len(data), MOST_SAMPLE_BYTES) and data.count(b"\n", 0, end) < SAMPLE_LINES:
        end *= 4
    return data[:end].decode("utf-8", errors="ignore"), whole and end >= len(data)


def _refuse_long(names: tuple[str, ...], name: str) -> None:
    longest = max(map(len, names), default=0)
    if longest > LONGEST_NAME:
        raise DataError(
            f"{name} has a column whose name is {longest:,} characters long: expected at most {LONGEST_NAME:,}; check "
            "the delimiter, the quotes and the line ends"
        )
