"""Delimited text (CSV, TSV and their kin) → a frame: what delimits, where the header is, which rows are ragged."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from automl.errors import DataError
from automl.intake.cells import typed_frame
from automl.intake.files import as_utf8
from automl.intake.limits import refuse_beyond, refuse_columns
from automl.intake.raw import Hints
from automl.records import Finding

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["header_of", "read", "rows_of", "sniff"]

DELIMITERS = (",", "\t", ";", "|")
SAMPLE_BYTES = 1 << 18
SAMPLE_ROWS = 300
BLOCK_BYTES = 1 << 22
"""Read at once: ten times as much took three times the processor's time, most of it in fresh pages of memory."""
MOST_BLOCK_BYTES = 1 << 26
CELL_BYTES, ROW_BYTES = 24, 60
"""Of a cell while Arrow reads it, and of a line that is looked at on its own."""
OBJECT_BYTES = 140
"""Of a cell that is read row by row, as a Python string in a list, and again in its column."""
LONGEST_NAME = 100_000
LONGEST_CELL = 2**31 - 1
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))
"""Python's own bound of 131,072 characters a cell holds for the whole process and is raised once: to set it for a
while would change it under another thread. What a file may take is asked before it is read."""


def read(data: bytes, name: str, hints: Hints, limit_mib: float = math.inf) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Read delimited text of any common encoding and delimiter.

    Args:
        data: the file's bytes.
        name: of the file, for messages.
        hints: what is known of it.
        limit_mib: that reading it may take.

    Returns:
        A frame whose index holds each row's position in the file (header not counted), and what was noticed.

    Raises:
        DataError: not text, no rows below the header, rows that do not fit together, or more of them than may be held.
    """
    widest = 2 if data.isascii() else 5  # characters of a text with one emoji take four bytes each
    refuse_beyond(name, widest * len(data), limit_mib, "its text")
    data, findings = as_utf8(data, name)
    if data[:4].lower() == b"sep=":
        data = data.partition(b"\n")[2]
    data = data.lstrip(b"\n\r")
    delimiter = sniff(data[:SAMPLE_BYTES].decode("utf-8", errors="ignore"), whole=len(data) <= SAMPLE_BYTES)
    if delimiter == " ":
        data = re.sub(rb"(?m)^\t|\t$", b"", re.sub(rb"[ \t]+", b"\t", data))
        delimiter = "\t"
    head = data[: max(1 << 20, data.find(b"\n") + 1)]
    refuse_columns(name, head.partition(b"\n")[0].count(delimiter.encode()) + 1)
    names, headless, noticed = header_of(head.decode("utf-8", errors="ignore"), delimiter, name, hints)
    findings += noticed
    n_lines = data.count(b"\n")
    n_cells = data.count(delimiter.encode()) + n_lines
    refuse_beyond(name, 2 * len(data) + CELL_BYTES * n_cells, limit_mib, f"{n_cells:,} cells")
    try:
        table, rows = _fast(data, delimiter, len(names), headless), None
    except ValueError:  # pyarrow.ArrowInvalid: some rows have more or fewer cells
        n_bytes = widest * len(data) + OBJECT_BYTES * n_cells + ROW_BYTES * n_lines
        refuse_beyond(name, n_bytes, limit_mib, f"{n_cells:,} cells in rows of uneven length")
        table, names, rows, ragged = _slow(data, delimiter, names, headless, name)
        findings += ragged
    if table.num_rows == 0:
        raise DataError(f"{name} holds a header and no rows: expected rows below {names[:5]}; check how it was written")
    frame, noticed = typed_frame(table, names, delimiter, hints)
    if rows is not None:
        frame.index = rows
    return frame, findings + noticed


def header_of(text: str, delimiter: str, name: str, hints: Hints) -> tuple[list[str], bool, tuple[Finding, ...]]:
    """Names of the columns, whether they had to be made up, and what is to be said of that.

    Args:
        text: the beginning of a file.
        name: of the file, for messages.
    """
    header: list[str] = next(rows_of(text, delimiter), [])
    longest = max(map(len, header), default=0)
    if longest > LONGEST_NAME:
        raise DataError(
            f"{name} has a column whose name is {longest:,} characters long: expected at most {LONGEST_NAME:,}; check "
            "the delimiter, the quotes and the line ends"
        )
    if not _is_headless(header, hints.target):
        return _named(header), False, ()
    message = f"{name} has no header: its first line holds numbers only; columns are called x0, x1, ..."
    finding = Finding("no_header", "medium", message, "Add a line with column names.")
    return [f"x{i}" for i in range(len(header))], True, (finding,)


def sniff(text: str, whole: bool = True) -> str:
    """The delimiter of a text: the one that parts the header and nearly all rows into the same number of cells.

    Args:
        text: the beginning of a file.
        whole: it is the whole file (else its last, cut record is left out).
    """
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        counts = [len(row) for _, row in zip(range(SAMPLE_ROWS), rows_of(text, delimiter), strict=False) if row]
        if not whole and len(counts) > 2 and len(counts) < SAMPLE_ROWS:
            counts.pop()
        if not counts:
            continue
        width, n_equal = Counter(counts).most_common(1)[0]
        fits_header = counts[0] == width or (counts[0] >= 2 and counts[0] == width - 1)
        if width < 2 or not fits_header:
            continue
        score = n_equal / len(counts) + min(width, 50) / 1000
        if score > best_score:
            best, best_score = delimiter, score
    if best_score == 0 and _is_spaced(text):
        return " "
    return best


def _is_spaced(text: str) -> bool:
    """Whether columns are parted by runs of blanks: all lines of one width and mostly numbers below the first."""
    lines = [line.split() for line in text.splitlines()[:50] if line.strip()][: 49 if len(text) >= 1 << 16 else 50]
    if len(lines) < 3 or len(lines[0]) < 2 or len({len(line) for line in lines}) != 1:
        return False
    cells = [cell for line in lines[1:] for cell in line]
    return sum(NUMBER.fullmatch(cell) is not None for cell in cells) > 0.5 * len(cells)


def rows_of(text: str, delimiter: str) -> Iterator[list[str]]:
    """Cells of each record of a text.

    Raises:
        DataError: it cannot be parted into cells.
    """
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise DataError(f"it cannot be read as delimited text ({error}); save it again as plain CSV") from error


def _named(header: list[str]) -> list[str]:
    return [cell.strip() or f"Unnamed: {i}" for i, cell in enumerate(header)]


def _is_headless(header: list[str], target: tuple[str, ...]) -> bool:
    """A first line of numbers only is data, unless it can be names: distinct whole numbers, or the target's."""
    cells = [cell.strip() for cell in header]
    if not cells or set(target) & set(cells) or not all(NUMBER.fullmatch(cell) for cell in cells):
        return False
    return len(set(cells)) < len(cells) or any("." in cell or "e" in cell.lower() for cell in cells)


def _fast(data: bytes, delimiter: str, width: int, headless: bool) -> pa.Table:
    """All cells as text, by Arrow's reader; raises ArrowInvalid on a ragged row."""
    quoted = b'"' in data
    try:
        table = _arrow(data, delimiter, width, headless, quoted)
        n_records = table.num_rows + (not headless)
    except ValueError:
        if not quoted or not _are_lines_even(data, delimiter, width):
            raise
        return _arrow(data, delimiter, width, headless, quoting=False)
    # A stray quote swallows the lines up to the next one. If every single line has the right number of
    # delimiters, quotes were never meant to hold line ends in this file.
    if (
        quoted
        and width > 1
        and n_records < data.count(b"\n") - 1
        and _are_lines_even(data, delimiter, width, n_records)
    ):
        return _arrow(data, delimiter, width, headless, quoting=False)
    return table


def _are_lines_even(data: bytes, delimiter: str, width: int, more_than: int = 0) -> bool:
    """Whether there are more lines than this, each with one delimiter less than there are columns."""
    sign, n_lines = delimiter.encode(), 0
    for line in io.BytesIO(data):
        if line.isspace():
            continue
        if line.count(sign) != width - 1:
            return False
        n_lines += 1
    return width > 1 and n_lines > more_than


def _arrow(data: bytes, delimiter: str, width: int, headless: bool, quoting: bool) -> pa.Table:
    """All cells as text, by blocks that the cache holds, or by one where a record is longer than such a block."""
    try:
        return _by_blocks(data, delimiter, width, headless, quoting, BLOCK_BYTES)
    except ValueError as error:
        if "straddling" not in str(error) or len(data) <= BLOCK_BYTES:
            raise
        return _by_blocks(data, delimiter, width, headless, quoting, min(len(data), MOST_BLOCK_BYTES))


def _by_blocks(data: bytes, delimiter: str, width: int, headless: bool, quoting: bool, block_bytes: int) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = [f"f{i}" for i in range(width)]
    return arrow_csv.read_csv(
        pa.BufferReader(data),
        read_options=arrow_csv.ReadOptions(
            column_names=names, skip_rows_after_names=0 if headless else 1, block_size=block_bytes
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=delimiter, quote_char='"' if quoting else False, newlines_in_values=quoting
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False, check_utf8=False
        ),
    )


def _slow(
    data: bytes, delimiter: str, names: list[str], headless: bool, name: str
) -> tuple[pa.Table, list[str], list[int], tuple[Finding, ...]]:
    """Row by row: short rows are filled, trailing delimiters cut, other long rows left out and counted."""
    import pyarrow as pa

    records = [row for row in rows_of(data.decode("utf-8"), delimiter) if row]
    records = records if headless else records[1:]
    width = Counter(map(len, records)).most_common(1)[0][0] if records else 0
    if len(names) >= 2 and width == len(names) + 1 and any(row[-1] for row in records if len(row) == width):
        names = ["row_name", *names]  # as R's write.table leaves it: row names without a heading
    width = len(names)
    kept, short, bad = [], 0, []
    for position, row in enumerate(records):
        if len(row) > width and not any(cell.strip() for cell in row[width:]):
            row = row[:width]
        if len(row) > width:
            bad.append(position)
            continue
        short += len(row) < width
        kept.append((position, row + [""] * (width - len(row))))
    if len(bad) > 0.5 * len(records):
        raise DataError(
            f"{name}: {len(bad)} of {len(records)} rows have more cells than the {width} names of its header "
            f"(first in row {bad[0] + 1}); check the delimiter ({delimiter!r}) and the quotes"
        )
    findings = []
    if bad:
        message = f"{len(bad)} rows of {name} have more cells than the header has names and were left out."
        step = "Put quotes round cells that hold the delimiter."
        findings.append(Finding("ragged_rows", "high", message, step, rows=tuple(bad[:20]), count=len(bad)))
    if short:
        message = f"{short} rows of {name} have fewer cells than the header has names; the rest is read as missing."
        findings.append(Finding("short_rows", "medium", message, "Check these rows in the file.", count=short))
    columns = list(zip(*(row for _, row in kept), strict=True)) or [()] * width
    table = pa.table({f"f{i}": pa.array(column, pa.large_string()) for i, column in enumerate(columns)})
    return table, names, [position for position, _ in kept], tuple(findings)
