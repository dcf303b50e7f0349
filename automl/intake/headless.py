"""Whether the first row of a table is a row like any other, so that nothing names its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from automl.intake.cell_forms import NAME, NUMBER, is_absent, is_value, shape

__all__ = ["Body", "body_of", "is_data", "speaks_for_header"]

Rows = Sequence[Sequence[str]]
MOSTLY = 0.8
"""Cells of a column that are values (numbers, dates), so that a word in it is none of its cells."""
BY_CHANCE = 0.02
"""A word that comes back in fewer rows may be a name that is by chance a cell as well."""


class Body(NamedTuple):
    """What the rows below a header are like.

    Attributes:
        width: cells of most rows.
        values: which columns hold numbers or dates.
        empty: which columns hold nothing.
        rows: those of that width.
    """

    width: int
    values: tuple[bool, ...]
    empty: tuple[bool, ...]
    rows: list[tuple[str, ...]]


def body_of(rows: Rows) -> Body:
    """The rows of a table's usual width, and what their columns hold.

    Args:
        rows: the first rows of a file or sheet, titles and header among them.
    """
    full = [row for row in rows if len(row) > 1 and sum(map(bool, row)) > len(row) / 3] or [row for row in rows if row]
    widths = [len(row) for row in full]
    width = max(set(widths), key=lambda own: (widths.count(own), own)) if full else 0
    own = [tuple(row) for row in full if len(row) == width]
    inner = own[max(1, min(len(own) // 2, 4)) :] or own  # titles, header and units are no cells
    columns = [[row[place] for row in inner] for place in range(width)]
    return Body(width, tuple(map(_are_values, columns)), tuple(not any(cells) for cells in columns), own)


def _are_values(cells: Sequence[str]) -> bool:
    present = [cell for cell in cells if not is_absent(cell)]
    return bool(present) and sum(map(is_value, present)) >= MOSTLY * len(present)


def speaks_for_header(row: Sequence[str], body: Body) -> bool:
    """Whether a word stands above a column of numbers or dates, or the row is of another width."""
    if len(row) != body.width:
        return True
    return any(
        value and not is_value(cell) and not is_absent(cell) for cell, value in zip(row, body.values, strict=True)
    )


def is_data(row: Sequence[str], body: Body, was_headless: bool = False) -> bool:
    """Whether what should be the header is a row like any other.

    No word of it stands above numbers or dates. Besides, its words come back in their own columns, as categories do, or
    it has a date above dates, or its numbers are none that name columns (as years and 0 to n do).

    Args:
        row: the first one.
        body: what the table is like.
        was_headless: a file that was read before had no header.
    """
    if speaks_for_header(row, body) or (not row[0] and body.values[0]):  # the index of a frame has no name
        return False
    others = [other for other in body.rows if other != tuple(row)]
    places = [i for i, value in enumerate(body.values) if value and not is_absent(row[i])]
    words = [i for i, value in enumerate(body.values) if not value and not is_absent(row[i])]
    numbers = [row[i] for i in places]
    if _come_back(row, words, others):
        return True
    if any(not NUMBER.fullmatch(row[i]) and shape(row[i]) in {shape(other[i]) for other in others} for i in places):
        return True  # a date above dates
    if _are_no_names(numbers, bool(words)):
        return True
    if not numbers or any(_is_category(i, others) for i in words):
        return False  # a name stands above categories, none of which it is
    return was_headless or (not words and bool(others) and _lie_among(row, others))


def _come_back(row: Sequence[str], places: list[int], others: Rows) -> bool:
    """Whether words that come back in their own columns outnumber those that look like names.

    A name is a word that does not come back in a column of categories, or a single word above cells that are none.
    """
    categories = [place for place in places if _is_category(place, others)]
    found = {place: sum(other[place] == row[place] for other in others) for place in places}
    if not categories:
        return sum(map(bool, found.values())) > max(1, len(places) / 2)
    often = sum(found[place] > max(1, BY_CHANCE * len(others)) for place in categories)
    names = sum(
        _is_name_above(row[place], [other[place] for other in others]) for place in set(places) - set(categories)
    )
    return often > len(categories) - often + names


def _is_name_above(cell: str, below: list[str]) -> bool:
    """Whether a single word stands above cells that are none, or above codes of another form."""
    filled = [other for other in below if other]
    alike = sum(NAME.fullmatch(other) is not None for other in filled)
    shapes = [shape(other) for other in filled]
    is_coded = bool(shapes) and shapes.count(shapes[0]) > MOSTLY * len(shapes) and shape(cell) != shapes[0]
    return NAME.fullmatch(cell) is not None and (alike < 0.1 * len(filled) or is_coded)


def _is_category(place: int, others: Rows) -> bool:
    """Whether a column's words come back."""
    cells = [other[place] for other in others]
    return len(cells) > 5 and len(set(cells)) <= len(cells) / 3


def _are_no_names(numbers: Sequence[str], has_words: bool) -> bool:
    """Whether numbers are no names of columns: one comes twice, or one has a decimal mark and they do not rise like the
    wavelengths of a spectrum.
    """
    if len(set(numbers)) < len(numbers):
        return True
    if not any(re.search(r"[.,eE]", cell) for cell in numbers):
        return False
    try:
        steps = [float(b) - float(a) for a, b in pairwise(numbers)]
    except ValueError:
        return True
    rises = len(steps) > 1 and (min(steps) > 0 or max(steps) < 0)
    return not (rises and (has_words or (len(steps) > 3 and max(steps) - min(steps) < 1e-6 * abs(max(steps)))))


def _lie_among(row: Sequence[str], others: Rows) -> bool:
    """Whether whole numbers that do not rise are each within the range of their column's, all of which are whole."""
    try:
        numbers = [int(cell) for cell in row]
        columns = [[int(cell) for cell in column] for column in zip(*others, strict=True)]
    except ValueError:
        return False
    rises = all(a < b for a, b in pairwise(numbers))
    near = [(max(own) - min(own)) / 20 for own in columns]  # the first of a column that rises lies below all others
    spans = [(min(own) - step, max(own) + step) for own, step in zip(columns, near, strict=True)]
    return not rises and all(low <= n <= high for n, (low, high) in zip(numbers, spans, strict=True))
