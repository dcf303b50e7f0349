"""Delimited text too large to hold: how its columns are laid out, from its beginning, and its rows batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import DataError
from automl.intake import files
from automl.intake.raw import Hints
from automl.records import Finding

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Layout", "RaggedRows", "layout"]

HEAD_ROWS = 2_000
BLOCK_BYTES = 1 << 24
BOM = b"\xef\xbb\xbf"
COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04")
ENCODINGS = ("utf-8", "cp1252", "latin-1")
OFTEN = 0.5


@dataclass(frozen=True, slots=True)
class Layout:
    """How a text is delimited.

    Attributes:
        names: of the columns.
        headless: they are made up.
        encoding: Python's name of it.
        lengths: of each column the mean characters a cell where texts are mostly different; None where they are numbers
            or come back.
        record_bytes: of a mean record in the file.
        findings: what was noticed.
    """

    delimiter: str
    names: tuple[str, ...]
    headless: bool
    encoding: str
    quoted: bool
    lengths: tuple[float | None, ...]
    record_bytes: float
    findings: tuple[Finding, ...]

    def stream(self, path: Path, ragged_rows: RaggedRows) -> Iterator[pa.RecordBatch]:
        """The rows as text, some megabytes at a time; those with too many or too few cells are left out and counted.

        Raises:
            pyarrow.ArrowInvalid: the file is not of this encoding.
        """
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        names = [f"f{i}" for i in range(len(self.names))]

        def skip(row: Any) -> str:
            ragged_rows.n_ragged += 1
            return "skip"

        with arrow_csv.open_csv(
            path,
            read_options=arrow_csv.ReadOptions(
                column_names=names, skip_rows_after_names=0 if self.headless else 1, block_size=BLOCK_BYTES,
                encoding=self.encoding,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.delimiter, quote_char='"' if self.quoted else False, newlines_in_values=self.quoted,
                invalid_row_handler=skip,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        ) as reader:  # fmt: skip
            yield from reader


@dataclass(slots=True)
class RaggedRows:
    """What a stream has noticed on its way."""

    n_ragged: int = 0

    def findings(self, name: str, n_rows: int) -> tuple[Finding, ...]:
        """Rows that were left out.

        Raises:
            DataError: they are most of the file.
        """
        if not self.n_ragged:
            return ()
        if self.n_ragged > OFTEN * (n_rows + self.n_ragged):
            raise DataError(
                f"{name}: {self.n_ragged:,} of {n_rows + self.n_ragged:,} rows have more or fewer cells than its "
                "header has names; check the delimiter and the quotes"
            )
        message = (
            f"{self.n_ragged:,} rows of {name} have more or fewer cells than the header has names and were left out."
        )
        step = "Put quotes round cells that hold the delimiter."
        return (Finding("ragged_rows", "high", message, step, count=self.n_ragged),)


def layout(head: bytes, name: str, hints: Hints, *, whole: bool) -> Layout | None:
    """How a text is laid out; None where it is no delimited text, or one that only the reader of whole files reads.

    Args:
        head: the file's first bytes.
        name: of the file.
        whole: the head is all of it.
    """
    if not head.strip() or head[:4].lower() == b"sep=" or (b"\r" in head and b"\n" not in head) or b"\0" in head:
        return None
    if head.startswith((b"\n", b"\r", *COMPRESSED)):
        return None
    try:
        if files.form(head, name) != "delimited":
            return None
    except DataError:
        return None
    if not whole:
        head = head[: head.rfind(b"\n") + 1] or head
    encoding = next(encoding for encoding in ENCODINGS if _is(head, encoding))
    text = head.removeprefix(BOM).decode(encoding)
    delimiter = sniff(text)
    if delimiter == " ":
        return None
    names, headless, findings = header_of(text, delimiter, name, hints)
    if encoding != "utf-8":
        message = f"{name} is not UTF-8; it was read as {encoding}."
        step = "If letters look wrong, save the file as UTF-8."
        findings += (Finding("encoding", "low", message, step),)
    rows = [row for _, row in zip(range(HEAD_ROWS), _safe(rows_of(text, delimiter)), strict=False)][not headless :]
    rows = [row for row in rows if len(row) == len(names)]
    if not names or not rows:
        return None
    lengths = tuple(_own_length([row[i].strip() for row in rows]) for i in range(len(names)))
    n_bytes = sum(len(cell.encode(encoding, "replace")) + 1 for row in rows for cell in row) / len(rows)
    return Layout(delimiter, tuple(names), headless, encoding, '"' in text, lengths, max(n_bytes, 1.0), findings)


def _is(head: bytes, encoding: str) -> bool:
    try:
        head.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


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
