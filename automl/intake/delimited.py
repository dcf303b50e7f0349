"""Delimited text (CSV, TSV and their kin) → a frame of the rows that belong to its table."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from automl.errors import DataError
from automl.intake.beginnings import Beginning, beginning, without_separator
from automl.intake.cell_forms import COMMENT
from automl.intake.cells import typed_frame
from automl.intake.dialects import Dialect, records, rows_of
from automl.intake.encodings import as_utf8
from automl.intake.footers import footer
from automl.intake.headings import Heading
from automl.intake.limits import refuse_beyond
from automl.intake.raw import Hints
from automl.records import Finding

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Text", "comment_finding", "footer_lines", "read", "repeated_finding", "repeated_rows", "without_empty"]

BLOCK_BYTES = 1 << 22
"""Read at once: ten times as much took three times the processor's time, most of it in fresh pages of memory."""
MOST_BLOCK_BYTES = 1 << 26
CELL_BYTES, ROW_BYTES = 24, 60
"""Of a cell while Arrow reads it, and of a line that is looked at on its own."""
OBJECT_BYTES = 140
"""Of a cell that is read row by row, as a Python string in a list, and again in its column."""
TAIL_BYTES, TAIL_LINES = 1 << 15, 40
"""Looked at for what stands below a table."""
WHOLE = 0.8
"""Rows of a table's width among its last ones; with fewer, it is not known where they begin."""


class Text(NamedTuple):
    """A delimited text as a frame.

    Attributes:
        frame: its index holds each row's position in the file (header not counted).
        encoding: Python's name of that of the file.
    """

    frame: pd.DataFrame
    findings: tuple[Finding, ...]
    encoding: str


def read(data: bytes, name: str, hints: Hints, limit_mib: float = math.inf) -> Text:
    """Read delimited text of any common encoding and dialect.

    Args:
        data: the file's bytes.
        name: of the file, for messages.
        hints: what is known of it.
        limit_mib: that reading it may take.

    Raises:
        DataError: not text, no rows below the header, rows that do not fit together, or more of them than may be held.
    """
    widest = 2 if data.isascii() else 5  # characters of a text with one emoji take four bytes each
    refuse_beyond(name, widest * len(data), limit_mib, "its text")
    data, findings, encoding = as_utf8(data, name, hints.wanted, hints.encoding)
    data, begun = beginning(without_separator(data), name, hints)
    end, below = _table_end(data, begun, name)
    data = data[begun.begin : end]
    findings += (*begun.findings(name), *below)
    n_lines = data.count(b"\n") + 1
    n_cells = data.count(begun.dialect.delimiter.encode()) + n_lines
    refuse_beyond(name, 2 * len(data) + CELL_BYTES * n_cells, limit_mib, f"{n_cells:,} cells")
    names = begun.names
    try:
        table = _fast(data, begun.dialect, len(names))
        rows = np.arange(table.num_rows)
    except ValueError:  # pyarrow.ArrowInvalid: some rows have more or fewer cells
        n_bytes = widest * len(data) + OBJECT_BYTES * n_cells + ROW_BYTES * n_lines
        refuse_beyond(name, n_bytes, limit_mib, f"{n_cells:,} cells in rows of uneven length")
        table, rows, uneven = _slow(data, begun, names, name)
        findings += uneven
    again = repeated_rows(table, begun.heading)
    if len(again):
        kept = np.setdiff1d(np.arange(table.num_rows), again)
        findings += (repeated_finding(name, rows[again], len(again)),)
        table, rows = table.take(kept), rows[kept]
    if table.num_rows == 0:
        raise DataError(f"{name} holds a header and no rows: expected rows below {names[:5]}; check how it was written")
    frame, noticed = typed_frame(table, names, begun.dialect.delimiter, hints)
    frame, emptied = without_empty(frame, name)
    frame.index = rows
    return Text(frame, findings + noticed + emptied, encoding)


def without_empty(frame: pd.DataFrame, name: str) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """A frame without columns that have neither name nor cells, as a delimiter at the end of lines makes them."""
    import pandas as pd

    places = [i for i, title in enumerate(frame.columns) if str(title).startswith("Unnamed: ")]
    empty = [i for i in places if frame.iloc[:, i].isna().all()]
    if not empty or len(empty) == frame.shape[1]:
        return frame, ()
    n = len(empty)
    message = (
        f"{n} column{'s' if n > 1 else ''} of {name} without name and cells {'were' if n > 1 else 'was'} left out."
    )
    finding = Finding("empty_columns", "low", message, "Name a column that is to stay.", count=n)
    return pd.DataFrame(
        frame.drop(frame.columns[empty], axis=1)
        if frame.columns.is_unique
        else frame.iloc[:, [i for i in range(frame.shape[1]) if i not in set(empty)]]
    ), (finding,)


# --------------------------------------------------------------------------- rows that are none


def _table_end(data: bytes, begun: Beginning, name: str) -> tuple[int, tuple[Finding, ...]]:
    """Where notes and totals below a table begin, and what is said of them."""
    tail = data[max(begun.begin, len(data) - TAIL_BYTES) :]
    lines = tail.splitlines(keepends=True)[len(tail) < len(data) - begun.begin :]
    n_lines, findings = footer_lines(lines, begun, name)
    return len(data) - sum(map(len, lines[len(lines) - n_lines :])), findings


def footer_lines(lines: list[bytes], begun: Beginning, name: str) -> tuple[int, tuple[Finding, ...]]:
    """How many of a text's last lines are notes and totals below its table, and what is said of them.

    Where the lines begin within a quoted cell, the first of them are left out until the others make whole rows.

    Args:
        lines: the last ones of the prepared text.
        begun: how it begins.
        name: of the file.
    """
    lines, values = lines[-TAIL_LINES:], begun.heading.values
    for start in range(len(lines)):
        text = b"".join(lines[start:]).decode("utf-8", "replace")
        found = list(records(text, begun.dialect, strict=True))
        below = footer([record.cells for record in found], values, name)
        above = [record for record in found[: len(found) - below.n_rows] if record.cells or record.is_faulty]
        if sum(len(record.cells) >= len(values) for record in above) >= WHOLE * len(above):
            return sum(record.n_lines for record in found[len(found) - below.n_rows :]), below.findings
    return 0, ()


def repeated_rows(table: pa.Table | pa.RecordBatch, heading: Heading) -> np.ndarray:
    """Numbers of the rows that are the header, or a line above or below it, come again."""
    import pyarrow as pa
    import pyarrow.compute as pc

    width = table.num_columns
    rows = {(*row, *[""] * (width - len(row))) for row in heading.repeated if len(row) <= width}
    if not rows or not table.num_rows:
        return np.zeros(0, np.int64)
    firsts = [mark + row[0] for row in rows for mark in ("", "\ufeff", " ")]
    alike = pc.is_in(table.column(0), value_set=pa.array(firsts, pa.large_string()))
    places = np.flatnonzero(alike.to_numpy(zero_copy_only=False))
    cells = [column.take(places).to_pylist() for column in table.columns] if len(places) else []
    same = [tuple(cell.strip("\ufeff \t") for cell in row) in rows for row in zip(*cells, strict=True)]
    again: np.ndarray = places[np.asarray(same, dtype=bool)]
    return again


def repeated_finding(name: str, rows: Iterable[int], count: int) -> Finding:
    """The finding on a header that comes again.

    Args:
        name: of the file.
        rows: positions of such rows, as far as they are known.
        count: how many there were.
    """
    times = f"in {count} further rows" if count > 1 else "in a further row"
    message = f"The header of {name}, or a line beside it, comes again {times}, as in files put together: left out."
    step = "If such a row is one of data, change the header."
    return Finding("repeated_header", "medium", message, step, rows=tuple(map(int, rows))[:20], count=count)


def comment_finding(name: str, count: int) -> Finding:
    """The finding on comments among the rows.

    Args:
        name: of the file.
        count: how many there were.
    """
    message = f"{count} lines of {name} are comments or titles among its rows and were left out."
    return Finding("comment_lines", "low", message, "Check these lines in the file.", count=count)


# --------------------------------------------------------------------------- Arrow's reader


def _fast(data: bytes, dialect: Dialect, width: int) -> pa.Table:
    """All cells as text, by Arrow's reader; raises ArrowInvalid on a ragged row."""
    bare = Dialect(dialect.delimiter, "", dialect.escape)
    quoted = dialect.quote != "" and dialect.quote.encode() in data
    try:
        table = _arrow(data, dialect if quoted else bare, width)
    except ValueError:
        if not quoted or not _are_lines_even(data, dialect, width):
            raise
        return _arrow(data, bare, width)
    # A stray quote swallows the lines up to the next one. If every single line has the right number of
    # delimiters, quotes were never meant to hold line ends in this file.
    many = quoted and width > 1 and table.num_rows < data.count(b"\n") - 1
    if many and _are_lines_even(data, dialect, width, table.num_rows):
        return _arrow(data, bare, width)
    return table


def _are_lines_even(data: bytes, dialect: Dialect, width: int, more_than: int = 0) -> bool:
    """Whether there are more lines than this, each with one delimiter less than there are columns."""
    sign, n_lines = dialect.delimiter.encode(), 0
    for line in io.BytesIO(data):
        if line.isspace():
            continue
        if line.count(sign) != width - 1:
            return False
        n_lines += 1
    return width > 1 and n_lines > more_than


def _arrow(data: bytes, dialect: Dialect, width: int) -> pa.Table:
    """All cells as text, by blocks that the cache holds, or by one where a record is longer than such a block."""
    try:
        return _by_blocks(data, dialect, width, BLOCK_BYTES)
    except ValueError as error:
        if "straddling" not in str(error) or len(data) <= BLOCK_BYTES:
            raise
        return _by_blocks(data, dialect, width, min(len(data), MOST_BLOCK_BYTES))


def _by_blocks(data: bytes, dialect: Dialect, width: int, block_bytes: int) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = [f"f{i}" for i in range(width)]
    if not data or data.isspace():
        return pa.table({own: pa.array([], pa.large_string()) for own in names})
    return arrow_csv.read_csv(
        pa.BufferReader(data),
        read_options=arrow_csv.ReadOptions(column_names=names, block_size=block_bytes),
        parse_options=dialect.arrow_options(),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False, check_utf8=False
        ),
    )


# --------------------------------------------------------------------------- row by row


def _slow(
    data: bytes, begun: Beginning, names: list[str], name: str
) -> tuple[pa.Table, np.ndarray, tuple[Finding, ...]]:
    """Row by row: short rows are filled, trailing delimiters cut, comments and other long rows left out and counted."""
    import pyarrow as pa

    width, repeated = len(names), begun.heading.repeated
    kept, short, bad, comments = [], 0, [], 0
    for position, row in enumerate(row for row in rows_of(data.decode("utf-8"), begun.dialect) if row):
        if len(row) < width and _is_comment(row, repeated):
            comments += 1
            continue
        if len(row) > width and not any(cell.strip() for cell in row[width:]):
            row = row[:width]
        if len(row) > width:
            bad.append(position)
            continue
        short += len(row) < width
        kept.append((position, row + [""] * (width - len(row))))
    n_rows = len(kept) + len(bad)
    if len(bad) > 0.5 * n_rows:
        raise DataError(
            f"{name}: {len(bad)} of {n_rows} rows have more cells than the {width} names of its header "
            f"(first in row {bad[0] + 1}); check the delimiter ({begun.dialect.delimiter!r}) and the quotes"
        )
    columns = list(zip(*(row for _, row in kept), strict=True)) or [()] * width
    table = pa.table({f"f{i}": pa.array(column, pa.large_string()) for i, column in enumerate(columns)})
    return table, np.array([position for position, _ in kept], dtype=np.int64), _uneven(name, short, bad, comments)


def _is_comment(row: list[str], repeated: frozenset[tuple[str, ...]]) -> bool:
    """Whether a row that is too short is a comment, or a title that stands above the header as well."""
    plain = tuple(cell.strip("\ufeff \t") for cell in row)
    return plain in repeated or COMMENT.match(plain[0]) is not None


def _uneven(name: str, short: int, bad: list[int], comments: int) -> tuple[Finding, ...]:
    findings = []
    if bad:
        message = f"{len(bad)} rows of {name} have more cells than the header has names and were left out."
        step = "Put quotes round cells that hold the delimiter."
        findings.append(Finding("ragged_rows", "high", message, step, rows=tuple(bad[:20]), count=len(bad)))
    if short:
        message = f"{short} rows of {name} have fewer cells than the header has names; the rest is read as missing."
        findings.append(Finding("short_rows", "medium", message, "Check these rows in the file.", count=short))
    findings += [comment_finding(name, comments)] if comments else []
    return tuple(findings)
