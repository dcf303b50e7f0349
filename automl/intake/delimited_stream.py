"""Delimited text too large to hold: how it is laid out, from its beginning and its end, and its rows batch by batch."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import DataError
from automl.intake import files
from automl.intake.beginnings import Beginning, beginning, without_separator
from automl.intake.cell_forms import COMMENT, NUMBER
from automl.intake.delimited import comment_finding, footer_lines, repeated_finding, repeated_rows
from automl.intake.dialects import rows_of
from automl.intake.encodings import UTF8_MARK, guess
from automl.intake.raw import Hints
from automl.records import Finding

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Layout", "Noticed", "layout"]

HEAD_ROWS = 2_000
BLOCK_BYTES = 1 << 24
PIECES, PIECE_BYTES = 16, 1 << 16
"""Looked at for the encoding, evenly spread over a file: its first lines may be plain ASCII."""
COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04")
OFTEN = 0.5


@dataclass(frozen=True, slots=True)
class Layout:
    """How a text is laid out.

    Attributes:
        begun: its dialect, header, and where its rows begin.
        names: of the columns.
        encoding: Python's name of it.
        end: bytes of the file before what stands below its table.
        lengths: of each column the mean characters a cell where texts are mostly different; None where they are numbers
            or come back.
        record_bytes: of a mean record in the file.
        findings: what was noticed.
    """

    begun: Beginning
    names: tuple[str, ...]
    encoding: str
    end: int
    lengths: tuple[float | None, ...]
    record_bytes: float
    findings: tuple[Finding, ...]

    def stream(self, path: Path, noticed: Noticed) -> Iterator[pa.RecordBatch]:
        """The rows as text, some megabytes at a time.

        Rows with too many or too few cells, and headers that come again, are left out and counted.
        """
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        names = [f"f{i}" for i in range(len(self.names))]
        source = pa.PythonFile(_Pieces(path, self, noticed), mode="r")
        with arrow_csv.open_csv(
            source,
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=BLOCK_BYTES),
            parse_options=self.begun.dialect.arrow_options(noticed.skip),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        ) as reader:
            for batch in reader:
                again = repeated_rows(batch, self.begun.heading)
                noticed.n_repeated += len(again)
                yield batch.take(np.setdiff1d(np.arange(batch.num_rows), again)) if len(again) else batch


class _Pieces(io.RawIOBase):
    """A file's rows as UTF-8 in a prepared dialect, read piece by piece; each piece ends with a line."""

    def __init__(self, path: Path, layout: Layout, noticed: Noticed) -> None:
        self._file, self._layout, self._noticed = files.open_file(path), layout, noticed
        self._left, self._rest, self._ready = layout.end, b"", memoryview(b"")
        self._to_skip, self._is_first = layout.begun.begin, True

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, less only at the end: Arrow takes what one call returns for a block."""
        filled = 0
        while filled < len(buffer) and (self._ready or self._fetch()):
            n_bytes = min(len(buffer) - filled, len(self._ready))
            buffer[filled : filled + n_bytes] = self._ready[:n_bytes]
            filled, self._ready = filled + n_bytes, self._ready[n_bytes:]
        return filled

    def _fetch(self) -> bool:
        """Make the next lines ready that belong to the table; False at the end."""
        while not self._ready:
            piece = self._next()
            if not piece and not self._left:
                return False
            self._ready = memoryview(piece)[self._to_skip :]
            self._to_skip -= min(self._to_skip, len(piece))
        return True

    def _next(self) -> bytes:
        """The next whole lines, as UTF-8 and prepared; empty at the end."""
        read = self._file.read(min(BLOCK_BYTES, self._left)) if self._left else b""
        self._left -= len(read)
        piece = self._rest + read
        end = piece.rfind(b"\n") + 1 if read and self._left else len(piece)
        piece, self._rest = piece[:end], piece[end:]
        if not piece and read:
            return self._next()
        if self._is_first:
            piece, self._is_first = without_separator(piece.removeprefix(UTF8_MARK)), False
        return self._layout.begun.written.prepared(self._as_utf8(piece).replace(b"\0", b""))[0]

    def _as_utf8(self, piece: bytes) -> bytes:
        try:
            text = piece.decode(self._layout.encoding)
        except UnicodeDecodeError:
            text = piece.decode(self._layout.encoding, errors="replace")
            self._noticed.n_damaged += text.count("\ufffd")
        else:
            if self._layout.encoding == "utf-8":
                return piece
        return text.encode("utf-8", errors="replace")


@dataclass(slots=True)
class Noticed:
    """What a stream has noticed on its way."""

    n_ragged: int = 0
    n_comments: int = 0
    n_repeated: int = 0
    n_damaged: int = 0
    repeated: frozenset[tuple[str, ...]] = field(default=frozenset())

    def skip(self, row: Any) -> str:
        """Count a row of another width, for Arrow's reader."""
        text = (row.text or "").strip("\ufeff \t\r\n")
        if row.actual_columns < row.expected_columns and (COMMENT.match(text) or (text,) in self.repeated):
            self.n_comments += 1
        else:
            self.n_ragged += 1
        return "skip"

    def findings(self, name: str, n_rows: int) -> tuple[Finding, ...]:
        """Rows that were left out.

        Args:
            name: of the file.
            n_rows: that were not.

        Raises:
            DataError: they are most of the file.
        """
        if self.n_ragged > OFTEN * (n_rows + self.n_ragged):
            raise DataError(
                f"{name}: {self.n_ragged:,} of {n_rows + self.n_ragged:,} rows have more or fewer cells than its "
                "header has names; check the delimiter and the quotes"
            )
        found = []
        if self.n_ragged:
            message = (
                f"{self.n_ragged:,} rows of {name} have more or fewer cells than the header has names and were left"
            )
            message += " out."
            step = "Put quotes round cells that hold the delimiter."
            found.append(Finding("ragged_rows", "high", message, step, count=self.n_ragged))
        if self.n_damaged:
            message = f"{self.n_damaged:,} bytes of {name} are not of its encoding and were read as '\ufffd'."
            found.append(Finding("encoding", "medium", message, "Save the file as UTF-8.", count=self.n_damaged))
        found += [comment_finding(name, self.n_comments)] if self.n_comments else []
        found += [repeated_finding(name, (), self.n_repeated)] if self.n_repeated else []
        return tuple(found)


def layout(path: Path, head: bytes, name: str, hints: Hints) -> Layout | None:
    """How a text is laid out; None where it is no delimited text, or one that only the reader of whole files reads.

    Args:
        path: of the file.
        head: its first bytes.
        name: of the file, for messages.
        hints: what is known of it.
    """
    if not head.strip() or (b"\r" in head and b"\n" not in head) or b"\0" in head or head.startswith(COMPRESSED):
        return None
    size = path.stat().st_size
    whole = size <= len(head)
    try:
        if files.form(head, name) != "delimited":
            return None
    except DataError:
        return None
    if not whole:
        head = head[: head.rfind(b"\n") + 1] or head
    encoding, findings = _encoding(path, size, head, name, hints)
    text = head.removeprefix(UTF8_MARK).decode(encoding, errors="replace")
    data, begun = beginning(without_separator(text.encode("utf-8", "replace")), name, hints, whole)
    names, first = begun.names, data[begun.begin :].decode("utf-8", "replace")
    rows = [row for row in islice(_safe(rows_of(first, begun.dialect)), HEAD_ROWS) if len(row) == len(names)]
    if not names or not rows:
        return None
    end, below = _end(path, size, encoding, begun, name)
    lengths = tuple(_own_length([row[i].strip() for row in rows]) for i in range(len(names)))
    n_bytes = sum(len(cell.encode(encoding, "replace")) + 1 for row in rows for cell in row) / len(rows)
    findings += (*begun.findings(name), *below)
    return Layout(begun, tuple(names), encoding, end, lengths, max(n_bytes, 1.0), findings)


def _encoding(path: Path, size: int, head: bytes, name: str, hints: Hints) -> tuple[str, tuple[Finding, ...]]:
    """The encoding of a file, by its first bytes and some pieces of the rest."""
    pieces = [head]
    with files.open_file(path) as file:
        for begin in np.linspace(len(head), max(len(head), size - PIECE_BYTES), PIECES).astype(np.int64):
            file.seek(int(begin))
            piece = (file.read(PIECE_BYTES) or b"") if begin < size else b""
            pieces.append(piece[piece.find(b"\n") + 1 : piece.rfind(b"\n") + 1])
    seen = b"".join(pieces).removeprefix(UTF8_MARK)
    try:
        seen.decode("utf-8")
    except UnicodeDecodeError:
        found = guess(seen, hints.wanted, hints.encoding)
        return found.codec, (() if found.codec == "utf-8" else (found.finding(name),))
    return "utf-8", ()


def _end(path: Path, size: int, encoding: str, begun: Beginning, name: str) -> tuple[int, tuple[Finding, ...]]:
    """Bytes of a file before what stands below its table."""
    with files.open_file(path) as file:
        file.seek(max(0, size - PIECE_BYTES))
        tail = file.read(PIECE_BYTES) or b""
    lines = tail.splitlines(keepends=True)[len(tail) < size :]
    prepared = [
        begun.written.prepared(line.decode(encoding, "replace").encode("utf-8", "replace"))[0] for line in lines
    ]
    n_lines, findings = footer_lines(prepared, begun, name)
    return size - sum(map(len, lines[len(lines) - n_lines :])), findings


def _safe(rows: Any) -> Iterator[list[str]]:
    """Records up to one that cannot be read (a field cut at the end of the head)."""
    try:
        yield from rows
    except DataError:
        return


def _own_length(cells: list[str]) -> float | None:
    """Mean characters of a column's texts; None where they are numbers or mostly come back."""
    present = [cell for cell in cells if cell]
    if not present or len(set(present)) < OFTEN * len(present):
        return None
    if sum(NUMBER.fullmatch(cell) is not None for cell in present) > OFTEN * len(present):
        return None
    return float(np.mean([len(cell) for cell in present]))
