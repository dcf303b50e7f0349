"""Columns of plainly written numbers, many at a time: one by one they take longer than the cells of a wide table.

What is found is what `automl.intake.cells` finds of each column by itself; columns that are written in any other way
are left to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MOST_ROWS", "PlainNumbers", "plain_numbers", "without_look"]

MOST_ROWS = 10_000
"""In longer tables a column's own cells take longer than what is done once for it."""
BLOCK_CELLS = 2_000_000
PLAIN = r"^-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
WHOLE = r"^-?(?:0|[1-9][0-9]{0,14})$"
"""Exact as a float, and no code with zeros before it."""
POINTED = r"[.eE]"


class PlainNumbers(NamedTuple):
    """A column of plain numbers.

    Attributes:
        values: ``(n,)`` int64, or float64 with NaN for missing cells.
        words: words for missing, and how often each stands, in the order in which they come.
    """

    values: np.ndarray
    words: dict[str, int]


def plain_numbers(
    columns: Sequence[pa.ChunkedArray], places: Sequence[int], missing: Collection[str]
) -> dict[int, PlainNumbers]:
    """The columns that hold nothing but plainly written numbers and words for missing.

    Args:
        columns: text, ``(n,)`` each.
        places: of the columns to look at.
        missing: words read as missing; empty cells are as well.

    Returns:
        By place. Columns of other cells are left out: numbers with signs, blanks or marks of any other kind, whole
        numbers of more than 15 digits or with zeros before them.
    """
    found: dict[int, PlainNumbers] = {}
    for part, cells in _blocks(columns, places):
        found |= _of_block(cells, part, len(columns[part[0]]), missing)
    return found


def without_look(columns: Sequence[pa.ChunkedArray], places: Sequence[int], missing: Collection[str]) -> set[int]:
    """Which of these columns of text are texts as they stand: no cell is empty, a word for missing, or indented."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: set[int] = set()
    for part, cells in _blocks(columns, places):
        odd = pc.or_(
            pc.is_in(cells, value_set=pa.array(["", *sorted(missing)], cells.type)), pc.starts_with(cells, " ")
        )
        is_odd = odd.to_numpy(zero_copy_only=False).reshape(len(part), -1).any(axis=1)
        found.update(place for place, look in zip(part, is_odd.tolist(), strict=True) if not look)
    return found


def _blocks(columns: Sequence[pa.ChunkedArray], places: Sequence[int]) -> Iterator[tuple[Sequence[int], Any]]:
    """(places, their cells one column after another), of short columns only."""
    import pyarrow as pa

    if not places or not 0 < len(columns[places[0]]) <= MOST_ROWS:
        return
    step = max(1, BLOCK_CELLS // len(columns[places[0]]))
    for start in range(0, len(places), step):
        part = places[start : start + step]
        yield part, pa.concat_arrays([chunk for place in part for chunk in columns[place].chunks])


def _of_block(cells: Any, places: Sequence[int], n_rows: int, missing: Collection[str]) -> dict[int, PlainNumbers]:
    import pyarrow as pa
    import pyarrow.compute as pc

    def table(flags: Any) -> np.ndarray:
        return np.asarray(flags.to_numpy(zero_copy_only=False), dtype=bool).reshape(-1, n_rows)

    gone = pc.is_in(cells, value_set=pa.array(["", *sorted(missing)], cells.type))
    is_gone = table(gone)
    fits = np.flatnonzero((table(pc.match_substring_regex(cells, PLAIN)) | is_gone).all(axis=1))
    if len(fits) < len(places):
        if not len(fits):
            return {}
        rows = (fits[:, None] * n_rows + np.arange(n_rows)).ravel()
        places, is_gone = [places[i] for i in fits.tolist()], is_gone[fits]
        cells, gone = cells.take(rows), gone.take(rows)
    pointed: np.ndarray = (table(pc.match_substring_regex(cells, POINTED)) & ~is_gone).any(axis=1)
    whole: np.ndarray = (table(pc.match_substring_regex(cells, WHOLE)) | is_gone).all(axis=1)
    fractions: np.ndarray = pointed & (_are_short(cells, n_rows) | (n_rows <= SEEN_WHOLE))
    try:
        values = pc.cast(pc.if_else(gone, pa.scalar(None, cells.type), cells), pa.float64())
    except pa.ArrowInvalid:  # a number that is none for Arrow
        return {}
    numbers = values.to_numpy(zero_copy_only=False).reshape(-1, n_rows)
    words = _words(cells, is_gone)
    has_gaps = np.asarray(is_gone.any(axis=1))
    return {
        place: PlainNumbers(_typed(numbers[i], bool(whole[i]), bool(has_gaps[i])), words.get(i, {}))
        for i, place in enumerate(places)
        if whole[i] or fractions[i]
    }


SEEN_WHOLE = 1_000
"""Rows up to which `automl.intake.cells` looks at every cell before it decides whether a column has points."""


def _are_short(cells: Any, n_rows: int) -> np.ndarray:
    """Whether no cell of a column is a whole number with zeros before it, or of more than 15 digits."""
    import pyarrow.compute as pc

    long = pc.match_substring_regex(cells, r"^-?(?:0[0-9]+|[0-9]{16,})$").to_numpy(zero_copy_only=False)
    return np.asarray(~np.asarray(long, dtype=bool).reshape(-1, n_rows).any(axis=1))


def _typed(numbers: np.ndarray, is_whole: bool, has_gaps: bool) -> np.ndarray:
    if not is_whole:
        return numbers
    return numbers + 0.0 if has_gaps else numbers.astype(np.int64)  # -0 is 0 among whole numbers


def _words(cells: Any, is_gone: np.ndarray) -> dict[int, dict[str, int]]:
    """By column, its words for missing and how often each stands."""
    import pyarrow.compute as pc

    places = np.flatnonzero(is_gone.ravel())
    found: dict[int, dict[str, int]] = {}
    if not len(places):
        return found
    n_rows = is_gone.shape[1]
    for column, word in zip((places // n_rows).tolist(), pc.take(cells, places).to_pylist(), strict=True):
        if word:
            own = found.setdefault(column, {})
            own[word] = own.get(word, 0) + 1
    return found
