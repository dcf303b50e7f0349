"""Where a table begins among the rows of a file or sheet: titles and comments above it, its header, units below that.

All of this is decided on cells as text, so that delimited text, sheets and lists of lists are read alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from automl.errors import DataError
from automl.intake.cell_forms import COMMENT, NAME, is_absent, is_rule, is_unit, is_value
from automl.intake.headless import Body, body_of, is_data, speaks_for_header
from automl.intake.raw import Hints, listed
from automl.records import Finding

__all__ = ["Heading", "heading"]

Rows = Sequence[Sequence[str]]
SIGN = re.compile(r"(#|//|%|--|!)+\s")
"""The beginning of a comment that no name begins with."""
HEADER_ROWS = 30
"""Among so many rows that are no comments the header is looked for."""


@dataclass(frozen=True, slots=True)
class Heading:
    """The beginning of a table.

    Attributes:
        names: of the columns.
        first: the number of its first row of cells among all rows.
        repeated: rows that are none wherever they come again: the header, the lines above it, the units below it.
        is_made_up: no row names the columns.
        values: which columns hold numbers or dates.
    """

    names: tuple[str, ...]
    first: int
    repeated: frozenset[tuple[str, ...]]
    is_made_up: bool
    values: tuple[bool, ...]
    findings: tuple[Finding, ...]


def heading(rows: Rows, where: str, hints: Hints) -> Heading:
    """Find the header of a table, and what stands above and right below it.

    Args:
        rows: the first rows, cells as text; rows may have cells that are empty, and be of several widths.
        where: for messages.
        hints: names that are known.

    Raises:
        DataError: all rows have a cell more than the header has names, and the first is no row's name.
    """
    plain = [tuple(cell.strip().lstrip("\ufeff").strip() for cell in row) for row in rows]
    body, wanted = body_of(plain), frozenset(hints.wanted)
    place = _named_row(plain, body, wanted)
    if place is None:
        place = _first_row(plain, body)
    if place is None:
        return Heading((), len(rows), frozenset(), False, (), ())
    if not wanted & set(plain[place]):
        for above in range(place - 1, -1, -1):
            names = _names_of_line(plain, above, body, wanted)
            if names and not speaks_for_header(plain[place], body):
                return _made(plain, rows, above, above + 1, body, where, names)
        upper = _joined(plain, place, place + 1, body) is not None
        if not upper and is_data(plain[place], body, hints.is_headless):
            return _headless(plain, place, body, where)
    names = _uncommented(plain[place], wanted, _has_sign_above(plain, place))
    return _made(plain, rows, place, place + 1, body, where, names)


# --------------------------------------------------------------------------- the header


def _named_row(rows: Rows, body: Body, wanted: frozenset[str]) -> int | None:
    """The first row of the table's width in which most of the wanted names are found that come at all."""
    found = [len(wanted & set(row)) if len(row) >= body.width - 1 else 0 for row in _beginning(rows)]
    best = max(found, default=0)
    return found.index(best) if best and (best > 1 or len(wanted) < 4) else None


def _beginning(rows: Rows) -> Rows:
    """Rows among which the header is looked for."""
    n_comments = next((i for i, row in enumerate(rows) if not (row and COMMENT.match(row[0]))), len(rows))
    return rows[: n_comments + HEADER_ROWS]


def _first_row(rows: Rows, body: Body) -> int | None:
    """The row that names all columns, or else the first row of the table's width that is no comment and no title."""
    usable = [i for i, row in enumerate(_beginning(rows)) if _is_wide(rows, i, body) and any(row)]
    places = [i for i in usable if not _is_comment(rows[i], body)] or usable
    names = [i for i in places if _names_all(rows[i], body)]
    if names:
        later = next((i for i in names[1:2] if i == names[0] + 1 and _are_plainer(rows[i], rows[names[0]])), None)
        return names[0] if later is None else later
    for place in places:
        n_filled = sum(map(bool, rows[place]))
        if n_filled > (len(rows[place]) // 3 if body.width > 2 else 0):
            return place
    return places[0] if places else None


def _is_wide(rows: Rows, place: int, body: Body) -> bool:
    """Whether a row has as many cells as the table has columns, or one less right above its rows."""
    width, below = len(rows[place]), rows[place + 1 : place + 2]
    return width >= body.width or (width > 1 and width == body.width - 1 and [*map(len, below)] == [body.width])


def _names_all(row: Sequence[str], body: Body) -> bool:
    """Whether a row has a word of its own above each column that is not empty (but the first), and one above values."""
    if len(row) != body.width or any(not row[i] and not body.empty[i] for i in range(1, body.width)):
        return False
    given = [cell for cell in row if cell]
    above = [cell for cell, value in zip(row, body.values, strict=True) if value and cell]
    return len(set(given)) == len(given) and bool(above) and not any(is_value(c) or is_absent(c) for c in above)


def _are_plainer(names: Sequence[str], above: Sequence[str]) -> bool:
    """Whether a row holds single words, and the one above it does not: a title that has by chance as many cells."""
    plain = [all(NAME.fullmatch(cell) for cell in row if cell) for row in (names, above)]
    return plain[0] and not plain[1] and not any(map(is_unit, names))


def _is_comment(row: Sequence[str], body: Body) -> bool:
    """Whether a line above the header is a comment: by its first sign, unless a name begins with it."""
    if not row or COMMENT.match(row[0]) is None:
        return False
    return len(row) != body.width or SIGN.match(row[0]) is not None


def _has_sign_above(rows: Rows, place: int) -> bool:
    """Whether comments stand above a row that begin as it does."""
    sign = rows[place][0][:1] if rows[place] and COMMENT.match(rows[place][0]) else ""
    return bool(sign) and any(row and row[0][:1] == sign for row in rows[:place])


def _names_of_line(rows: Rows, place: int, body: Body, wanted: frozenset[str]) -> tuple[str, ...]:
    """Names of the columns in a comment above the rows, or in a line with another delimiter; none where it has none."""
    row = rows[place]
    is_comment = bool(row) and COMMENT.match(row[0]) is not None
    if len(row) == body.width and is_comment:
        lines = [row]
    else:
        text = ",".join(row) if len(row) > 1 else "".join(row)
        bare = _uncommented([text], wanted, True)[0] if is_comment else text
        lines = [[cell.strip() for cell in re.split(mark, bare)] for mark in (",", ";", r"\t", r"\|", r"\s+")]
        lines = [line for line in lines if all(map(NAME.fullmatch, line))]
    above = _has_sign_above(rows, place)
    for line in lines:
        names = _uncommented(line, wanted, above) if len(line) == body.width and (body.width > 1 or is_comment) else ()
        given = [name for name, empty in zip(names, body.empty, strict=True) if name or not empty] if names else []
        if given and all(given) and len(set(given)) == len(given) and not any(map(is_value, given)):
            return tuple(names)
    return ()


def _uncommented(row: Sequence[str], wanted: frozenset[str], is_last: bool) -> tuple[str, ...]:
    """Names without the sign of a comment; of "#name" it is left, unless comments with that sign stand above."""
    if not COMMENT.match(row[0]) or row[0] in wanted or not (is_last or SIGN.match(row[0])):
        return tuple(row)
    bare = COMMENT.sub("", row[0], count=1).lstrip("#/%- ").strip()
    bare = bare[1:-1] if len(bare) > 2 and bare[0] == bare[-1] and bare[0] in "\"'" else bare
    return (bare or row[0], *row[1:])


def _headless(rows: Rows, place: int, body: Body, where: str) -> Heading:
    names = tuple(f"Unnamed: {i}" if empty else f"x{i}" for i, empty in enumerate(body.empty))
    message = (
        f"{where} has no header: its first line {listed(rows[place], 4)} is a row like any other; columns are called "
        "x0, x1, ..."
    )
    step = "Add a line with column names. If that line is the header, change a name that is also a cell below it."
    finding = Finding("no_header", "medium", message, step)
    lead = _lead(rows[:place], where, body)
    return Heading(names, place, _again(rows[:place], body), True, body.values, (finding, *lead))


# --------------------------------------------------------------------------- what stands round it


def _made(plain: Rows, rows: Rows, header: int, first: int, body: Body, where: str, names: Sequence[str]) -> Heading:
    """The heading of a table whose columns are named.

    Args:
        plain: the rows, cells without blanks round them.
        rows: as they are.
        header: the place of the row with the names.
        first: that of the row below it.
        body: what the table is like.
        where: for messages.
        names: of the columns.
    """
    findings, names = _lead(plain[:header], where, body), tuple(names)
    repeated = {tuple(plain[header]), names} if body.width > 1 or any(body.values) else set[tuple[str, ...]]()
    first = _below_rules(plain, first, body)
    if (joined := _joined(plain, header, first, body)) is not None:
        names, first = joined, first + 1
        repeated.add(tuple(plain[first - 1]))
        message = f"{where} has two rows of names, which were joined: {listed(names, 4)}."
        findings += (Finding("two_headers", "low", message, "Keep one row of names if these are wrong."),)
    names, noticed = _row_names(names, rows[first:], body, where)
    findings += noticed
    first = _below_rules(plain, first, body)
    if first < len(plain) and _are_units(plain[first], names, plain[first + 1 :], body):
        message = f"The row below the header of {where} holds units or descriptions and was left out: "
        message += f"{listed(plain[first], 5)}."
        findings += (Finding("units_row", "low", message, "If it is a row of data, put it further down."),)
        repeated.add(tuple(plain[first]))
        first += 1
    titled = tuple(cell or f"Unnamed: {i}" for i, cell in enumerate(names))
    return Heading(titled, first, frozenset(repeated) | _again(plain[:header], body), False, body.values, findings)


def _below_rules(rows: Rows, first: int, body: Body) -> int:
    """The first row that is neither a comment nor a line that is drawn."""
    while first < len(rows) - 1:
        row = [cell for cell in rows[first] if cell]
        is_drawn = bool(row) and all(map(is_rule, row))
        if not is_drawn and not (_is_comment(rows[first], body) and len(rows[first]) != body.width):
            break
        first += 1
    return first


def _again(lead: Rows, body: Body) -> frozenset[tuple[str, ...]]:
    """Lines above a header that are left out where they come again, as in files put together."""
    return frozenset(tuple(row) for row in lead if any(row) and sum(map(bool, row)) <= max(1, body.width // 3))


def _lead(lead: Rows, where: str, body: Body) -> tuple[Finding, ...]:
    """What is to be said of the lines above a header: the more, if they look like rows of the table."""
    said = [" ".join(filter(None, row)) for row in lead if any(row)]
    if not said:
        return ()
    lines = f"{len(said)} lines" if len(said) > 1 else "1 line"
    message = f"{lines} above the header of {where} {'were' if len(said) > 1 else 'was'} left out: {listed(said, 3)}."
    step = "If the header is one of them, or another line, delete what stands above it."
    are_rows = any(all(row) and any(map(is_value, row)) and not speaks_for_header(row, body) for row in lead)
    return (Finding("lines_above_header", "high" if are_rows else "low", message, step, count=len(said)),)


def _joined(rows: Rows, header: int, first: int, body: Body) -> tuple[str, ...] | None:
    """Names of two rows, the upper of which heads groups of columns ("2023", "" above "low", "high"); None of one."""
    if first >= len(rows) or len(rows[header]) != body.width or len(rows[first]) != body.width:
        return None
    upper, lower = rows[header], rows[first]
    if len(set(upper)) == len(upper) or not any(upper) or not any(body.values):
        return None
    above = [cell for i, (cell, value) in enumerate(zip(lower, body.values, strict=True)) if value and (i or cell)]
    if any(is_value(cell) or is_absent(cell) for cell in above) or all(is_unit(cell) for cell in lower if cell):
        return None
    filled, last = [], ""
    for cell in upper:
        last = cell or last
        filled.append(last)
    names = tuple(".".join(dict.fromkeys(filter(None, pair))) for pair in zip(filled, lower, strict=True))
    return names if len(set(names)) == len(names) else None


def _row_names(
    names: tuple[str, ...], rows: Rows, body: Body, where: str
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Names with one for the first column, where R's write.table left it without.

    Raises:
        DataError: the first cells name no rows, so that an unquoted delimiter may have parted a cell of each row.
    """
    own = [row for row in rows if len(row) == len(names) + 1]
    if len(names) < 2 or body.width != len(names) + 1 or not any(row[-1].strip() for row in own):
        return names, ()
    if not _are_row_names([row[0].strip() for row in own]) or _is_torn(own):
        raise DataError(
            f"the rows of {where} have {len(names) + 1} cells and its header {len(names)} names ({listed(names, 5)}; "
            f"first row {listed(own[0], 5)}): expected as many; put quotes round cells that hold the delimiter, or "
            "name all columns"
        )
    message = f"The header of {where} has a name less than its rows have cells: the first is called 'row_name'."
    step = "Give it a name if it is a column like any other."
    return ("row_name", *names), (Finding("row_names", "low", message, step, columns=("row_name",)),)


def _are_row_names(cells: Sequence[str]) -> bool:
    """Whether no two are the same, and all are whole numbers or words."""
    return len(set(cells)) == len(cells) and (all(map(str.isdigit, cells)) or not any(map(is_value, cells)))


def _is_torn(rows: Rows) -> bool:
    """Whether all cells of a column, but not of all columns, begin with a blank: what follows a comma in a text."""
    begins = [
        all(cell.startswith(" ") for cell in column if cell) for column in zip(*(row[1:] for row in rows), strict=True)
    ]
    return any(begins) and not all(begins)


def _are_units(row: Sequence[str], names: Sequence[str], rest: Rows, body: Body) -> bool:
    """Whether the row below a header says in what columns are measured, or describes them."""
    if len(row) != body.width or len(names) != body.width or not any(body.values) or not any(row):
        return False
    above = [cell for cell, value in zip(row, body.values, strict=True) if value]
    said = [cell for cell in above if cell and cell not in ("-", "--")]
    if not said or any(is_value(cell) or is_absent(cell) for cell in said):
        return False
    others = [(cell, i) for i, (cell, value) in enumerate(zip(row, body.values, strict=True)) if not value and cell]
    if any(any(cell == other[i] for other in rest if len(other) == body.width) for cell, i in others):
        return False  # a word of it is a cell of other rows
    alike = all(map(is_unit, said)) and all(is_absent(cell) or is_unit(cell) for cell, _ in others)
    return alike or (len(said) > 1 and len(said) == len(above))
