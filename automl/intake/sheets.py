"""A sheet of cells: where its table is, and what its merged cells stand for."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from automl.intake.footers import footer
from automl.intake.headings import Heading, heading
from automl.intake.raw import Hints, listed
from automl.records import Finding

__all__ = ["Range", "Sheet", "merged_ranges", "parse_sheet"]

SAMPLE_ROWS = 300
TAIL_ROWS = 40
PIECE_BYTES = 1 << 20
OVERLAP_BYTES = 256
MOST_RANGES = 200_000
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')


class Range(NamedTuple):
    """A rectangle of cells, both ends within: rows and columns are counted from 0."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet whose merged cells are filled.

    Attributes:
        rows: without empty cells at their ends; an empty row stands for several.
        filled: the places (row, column) of cells that were merged.
    """

    title: str
    rows: list[list[Any]]
    filled: frozenset[tuple[int, int]]
    is_hidden: bool

    @property
    def width(self) -> int:
        """Cells of the longest row."""
        return max(map(len, self.rows), default=0)

    @property
    def n_rows(self) -> int:
        """Rows that are not empty."""
        return sum(map(bool, self.rows))

    def heading(self, name: str, hints: Hints) -> Heading:
        """Where the table begins."""
        head = heading([self._texts(row, self.width) for row in self.rows[:SAMPLE_ROWS]], f"{name}", hints)
        titles = [*head.names, *(f"Unnamed: {i}" for i in range(len(head.names), self.width))]
        return replace(head, names=tuple(titles))

    def n_cells(self, name: str, hints: Hints) -> int:
        """Cells below the header, as far as they are filled."""
        head = self.heading(name, hints)
        return sum(cell is not None for row in self.rows[head.first :] for cell in row)

    def body(self, head: Heading, name: str) -> tuple[list[list[Any]], int, tuple[Finding, ...]]:
        """The table's rows, how often its header comes again among them, and what stands below them."""
        rows = self.rows[head.first :]
        below = footer([self._texts(row, len(row)) for row in rows[-TAIL_ROWS:]], head.values, name)
        rows = [row for row in rows[: len(rows) - below.n_rows] if row]
        repeated = {(*row, *[""] * (self.width - len(row))) for row in head.repeated}
        table = [row for row in rows if tuple(self._texts(row, self.width)) not in repeated]
        padded = [[*row, *[None] * (self.width - len(row))] for row in table]
        return padded, len(rows) - len(table), below.findings

    def merged(self, head: Heading, name: str) -> tuple[Finding, ...]:
        """What is to be said of merged cells in the table."""
        inside = [(row, column) for row, column in self.filled if row >= head.first]
        if not inside:
            return ()
        columns = tuple(head.names[i] for i in sorted({column for _, column in inside}))
        message = f"Merged cells of {name} were read as if each of the cells they span held their value, in "
        message += f"{listed(columns, 5)}."
        step = "If a value belongs to the first cell alone, split the merged cells."
        return (Finding("merged_cells", "low", message, step, columns=columns, count=len(inside)),)

    @staticmethod
    def _texts(row: Sequence[Any], width: int) -> list[str]:
        texts = ["" if cell is None else str(cell).strip() for cell in row]
        return texts + [""] * (width - len(texts))


def parse_sheet(
    title: str, rows: list[list[Any]], numbers: list[int], ranges: Sequence[Range], is_hidden: bool = False
) -> Sheet:
    """A sheet with the cells filled that merged ones span.

    A title that is merged over a whole row, where nothing else stands, is none of a table's cells and is left alone.

    Args:
        title: its name.
        rows: of cells, None where nothing stands; they are changed.
        numbers: of each row, counted from 0.
        ranges: of merged cells.
        is_hidden: the workbook does not show it.
    """
    places = {number: place for place, number in enumerate(numbers)}
    width = max(map(len, rows), default=0)
    n_left, filled = 4 * width * len(rows), set()
    for own in ranges:
        at = places.get(own.top)
        if at is None or own.left >= len(rows[at]) or (value := rows[at][own.left]) is None:
            continue
        if own.right > own.left and all(cell is None for cell in rows[at][own.right + 1 :] + rows[at][: own.left]):
            continue
        inside = [places[n] for n in range(own.top, min(own.bottom, numbers[-1]) + 1) if n in places]
        for place in inside:
            if not rows[place]:
                continue
            row = rows[place]
            for column in range(own.left, min(own.right, width - 1) + 1):
                row += [None] * (column + 1 - len(row))
                if row[column] is None:
                    row[column] = value
                    filled.add((place, column))
        n_left -= (own.bottom - own.top + 1) * (min(own.right, width) - own.left + 1)
        if n_left < 0:  # real ones do not overlap
            break
    return Sheet(title, rows, frozenset(filled), is_hidden)


def merged_ranges(archive: zipfile.ZipFile, part: str) -> list[Range]:
    """The merged cells of a sheet, from its XML.

    Args:
        archive: the workbook.
        part: name of the sheet's part; one that is not there has none.
    """
    if part.lstrip("/") not in archive.namelist():
        return []
    found, rest = [], b""
    with archive.open(part.lstrip("/")) as file:
        while piece := file.read(PIECE_BYTES):
            text = rest + piece
            end = 0
            for match in MERGED.finditer(text):
                found.append(_range(match))
                end = match.end()
            rest = text[max(end, len(text) - OVERLAP_BYTES) :]
            if len(found) > MOST_RANGES:
                break
    return found


def _range(match: re.Match[bytes]) -> Range:
    left, top, right, bottom = match.groups()
    return Range(int(top) - 1, _column(left), int(bottom) - 1, _column(right))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number - 1
