"""Where a table begins and ends among the rows of a file or sheet: titles above it, its header, notes and totals below.

All of this is decided on cells as text, so that delimited text, sheets and lists of lists are read alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from automl.errors import DataError
from automl.intake.dialects import COMMENT, HEADER_ROWS, NUMBER
from automl.intake.raw import Hints, listed
from automl.records import Finding

__all__ = ["Footer", "Heading", "footer", "heading", "is_value"]

Rows = Sequence[Sequence[str]]

MOSTLY = 0.8
"""Cells of a column that are values (numbers, dates), so that a word in it is none of its cells."""
ABSENT = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "--", ".", "*", "?", "#n/a", "<na>", "\\n", "missing"})
VALUE = re.compile(
    r"[+-]?\s?[$€£¥]?\s?(\d[\d.,' \u00a0]*|\.\d+)([eE][+-]?\d+)?\s?[%$€£¥]?"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ]\d.*)?|\d{1,2}:\d\d(:\d\d(\.\d+)?)?|[+-]?inf(inity)?",
    re.IGNORECASE,
)
_TOKEN = (
    r"([mckµnd]?m|km|in|ft|yd|mi|[kmµ]?g|t|lbs?|oz|m?s|secs?|mins?|h|hrs?|d|yrs?|a|[°º]?[cfk]|deg[cf]?|rad|[khm]?pa|m?bar|"
    r"psi|[mk]?v|m?a|[km]?w|[kmg]?wh|k?j|k?cal|[kmg]?hz|[md]?l|ha|pp[mb]|db|m?mol|k?n|rpm|px|pts|pcs|stk?|eur|usd|gbp|chf|"
    r"jpy|cny|rub|pct|lx|lm|cd|ohm|kmh|mph|knots|bits?|[kmgt]?b|bytes?|utc|iso|[%‰°€$£¥#-]|sqm|sq ?ft|yyyy|mm|dd|hh|ss)"
)
UNIT = re.compile(
    rf"[\[(<{{].*[\])>}}]|{_TOKEN}[²³23]?([/·.* ^:-]{{1,2}}({_TOKEN}|\d)?[²³0-9]?){{0,4}}|"
    r"(k|mio\.?|t|m)? ?(eur|usd|gbp|chf|euros?|dollars?)|(sq\.? ?)?(metres?|meters?|feet|miles?|inch(es)?)|"
    r"(milli|centi|kilo)?(met(er|re)|gram)s?|percent|degrees?|hours?|minutes?|seconds?|days?|months?|years?|celsius|"
    r"kelvin|count|number|unitless",
    re.IGNORECASE,
)
TYPE_WORD = re.compile(r"(big|small)?(int|integer|float|double|decimal|numeric|number|string|str|text|char|varchar|"
                       r"date|datetime|timestamp|bool|boolean|categor(y|ical)|continuous|discrete|real|object)(\d*|\(.*\))",
                       re.IGNORECASE)  # fmt: skip
TOTAL = re.compile(
    r"\W*(grand |sub ?-?|over-?all )?(totals?|sums?|averages?|avg|mean|summe|gesamt(summe)?|insgesamt|mittelwert|total "
    r"g[eé]n[eé]ral|somme|moyenne|totale|suma|promedio|итого|всего|合計|总计|總計|合计|小計|평균|합계)\W*",
    re.IGNORECASE,
)
NAME = re.compile(r"[^\W\d]\w*")
NOTE = re.compile(
    r"\W*(sources?|notes?|quelle|fuente|copyright|end of|generated|exported|created|printed|as of|"
    r"\d[\d,.]* (rows?|records?|lines?|results?|zeilen))\b.*|©.*",
    re.IGNORECASE,
)
SENTENCE = re.compile(r".*[.!:)\]]|\*.*")


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


class _Body(NamedTuple):
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


def is_value(cell: str) -> bool:
    """Whether a cell is written as a number or a date."""
    return VALUE.fullmatch(cell.strip()) is not None


def _is_absent(cell: str) -> bool:
    return cell.strip().lower() in ABSENT


def heading(rows: Rows, where: str, hints: Hints) -> Heading:
    """Find the header of a table, and what stands above and right below it.

    Args:
        rows: the first rows, cells as text; empty lines are left out or have empty cells only.
        where: for messages.
        hints: names that are known.

    Raises:
        DataError: all rows have a cell more than the header has names, and the first is no row's name.
    """
    plain = [tuple(cell.strip().lstrip("\ufeff").strip() for cell in row) for row in rows]
    body = _body(plain)
    wanted = frozenset(hints.wanted)
    place = _named_row(plain, body, wanted)
    if place is None:
        place = _first_row(plain, body)
    if place is None:
        return Heading((), len(rows), frozenset(), False, (), ())
    comment = _comment_header(plain[:place], plain[place], body, wanted)
    if comment is not None:
        return _made(plain, comment, comment + 1, body, where, _names_of_comment(plain, comment, wanted))
    if not wanted & set(plain[place]) and _is_data(plain[place], body, hints):
        return _headless(plain, place, body, where)
    return _made(plain, place, place + 1, body, where, plain[place])


def _body(rows: Rows) -> _Body:
    """The rows of a table's usual width, and which columns of theirs hold values."""
    full = [row for row in rows if len(row) > 1 and sum(map(bool, row)) > len(row) / 3] or [row for row in rows if row]
    width = Counter(map(len, full)).most_common(1)[0][0] if full else 0
    own = [tuple(row) for row in full if len(row) == width]
    inner = own[max(1, min(len(own) // 3, 4)) :] or own  # titles, header and units are no cells
    values = []
    for place in range(width):
        cells = [row[place] for row in inner if not _is_absent(row[place])]
        values.append(bool(cells) and sum(map(is_value, cells)) >= MOSTLY * len(cells))
    empty = tuple(not any(row[place] for row in inner) for place in range(width))
    return _Body(width, tuple(values), empty, own)


# --------------------------------------------------------------------------- the header


def _named_row(rows: Rows, body: _Body, wanted: frozenset[str]) -> int | None:
    """The first row of the table's width in which most of the wanted names are found that come at all."""
    found = [len(wanted & set(row)) if len(row) >= body.width - 1 else 0 for row in rows[:HEADER_ROWS]]
    best = max(found, default=0)
    return found.index(best) if best and (best > 1 or len(wanted) < 4) else None


def _first_row(rows: Rows, body: _Body) -> int | None:
    """The first row of the table's width that is no comment and no title."""
    least = body.width - (body.width > 2)
    usable = [i for i, row in enumerate(rows) if len(row) >= least and any(row)]
    places = [i for i in usable if not _is_comment(rows[i], body)] or usable
    for place in places[:HEADER_ROWS]:
        n_filled, later = sum(map(bool, rows[place])), [i for i in places if i > place]
        if not later or n_filled > (len(rows[place]) // 3 if body.width > 2 else 0):
            return place
    return places[0] if places else None


def _is_comment(row: Sequence[str], body: _Body) -> bool:
    """Whether a line above the header is a comment: by its first sign, unless that is the whole first name."""
    mark = COMMENT.match(row[0]) if row else None
    return mark is not None and (len(row) != body.width or len(row[0]) > len(mark[0]))


def _comment_header(lead: Rows, first: Sequence[str], body: _Body, wanted: frozenset[str]) -> int | None:
    """The last comment above the rows, where it names the columns and the row below does not."""
    for place in range(len(lead) - 1, -1, -1):
        row = lead[place]
        if len(row) != body.width or not _is_comment(row, body):
            continue
        names = _names_of_comment(lead, place, wanted)
        given = [name for name, empty in zip(names, body.empty, strict=True) if name or not empty]
        is_names = len(set(given)) == len(given) and not any(map(is_value, given)) and all(given)
        if is_names and not wanted & set(first) and not _speaks_for_header(first, body):
            return place
    return None


def _names_of_comment(rows: Rows, place: int, wanted: frozenset[str]) -> tuple[str, ...]:
    """Names in a comment above the rows."""
    above = [row for row in rows[:place] if row and row[0][:1] == rows[place][0][:1]]
    return _uncommented(rows[place], wanted, bool(above))


def _uncommented(row: Sequence[str], wanted: frozenset[str], is_last: bool) -> tuple[str, ...]:
    """Names without the sign of a comment; of "#name" it is left, unless comments with that sign stand above."""
    if row[0] in wanted or not (is_last or re.match(r"(#|//|%|--|!)+\s", row[0])):
        return tuple(row)
    bare = COMMENT.sub("", row[0], count=1).lstrip("#/%- ").strip()
    bare = bare[1:-1] if len(bare) > 2 and bare[0] == bare[-1] and bare[0] in "\"'" else bare
    return (bare or row[0], *row[1:])


def _speaks_for_header(row: Sequence[str], body: _Body) -> bool:
    """Whether a word stands above a column of numbers or dates."""
    if len(row) != body.width:
        return True
    return any(value and not is_value(cell) and not _is_absent(cell) for cell, value in zip(row, body.values, strict=True))


def _is_data(row: Sequence[str], body: _Body, hints: Hints) -> bool:
    """Whether what should be the header is a row like any other.

    No word of it stands above numbers or dates. Its numbers are none that number or date columns (years, 0 to n). Or a
    word of it comes back in its own column, as categories do.
    """
    if _speaks_for_header(row, body) or (not row[0] and body.values[0]):  # the index of a frame has no name
        return False
    others = [other for other in body.rows if other != tuple(row)]
    places = [i for i, value in enumerate(body.values) if value and not _is_absent(row[i])]
    words = [i for i, value in enumerate(body.values) if not value and not _is_absent(row[i])]
    numbers = [row[i] for i in places]
    if _come_back(row, words, others):
        return True
    if any(not NUMBER.fullmatch(row[i]) and _shape(row[i]) in {_shape(other[i]) for other in others} for i in places):
        return True  # a date above dates
    if _are_no_names(numbers, bool(words)):
        return True
    if not numbers or any(_is_category(i, others) for i in words):
        return False  # a name stands above categories, none of which it is
    return hints.is_headless or (not words and bool(others) and _lie_among(row, others))


def _come_back(row: Sequence[str], places: list[int], others: Rows) -> bool:
    """Whether more words come back in their own columns than speak for names: of columns of categories, those that do not
    come back, and of other columns, single words above cells that are none.
    """
    categories = [place for place in places if _is_category(place, others)]
    found = {place: sum(other[place] == row[place] for other in others) for place in places}
    if not categories:
        return sum(map(bool, found.values())) > max(1, len(places) / 2)
    often = sum(found[place] > max(1, 0.02 * len(others)) for place in categories)
    names = sum(_is_name_above(row[place], [other[place] for other in others]) for place in set(places) - set(categories))
    return often > len(categories) - often + names


def _is_name_above(cell: str, below: list[str]) -> bool:
    filled = [other for other in below if other]
    return NAME.fullmatch(cell) is not None and sum(NAME.fullmatch(other) is not None for other in filled) < 0.1 * len(filled)


def _is_category(place: int, others: Rows) -> bool:
    """Whether a column's words come back."""
    cells = [other[place] for other in others]
    return len(cells) > 5 and len(set(cells)) <= len(cells) / 3


def _shape(cell: str) -> str:
    return re.sub(r"\d", "9", cell)


def _are_no_names(numbers: Sequence[str], has_words: bool) -> bool:
    """Whether numbers are no names of columns: one comes twice, or one has a decimal mark and they do not rise like the
    wavelengths of a spectrum.
    """
    if len(set(numbers)) < len(numbers):
        return True
    if not any(re.search(r"[.,eE]", cell) for cell in numbers):
        return False
    try:
        steps = [float(b) - float(a) for a, b in zip(numbers, numbers[1:], strict=False)]
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
    rises = all(a < b for a, b in zip(numbers, numbers[1:], strict=False))
    return not rises and all(min(own) <= n <= max(own) for n, own in zip(numbers, columns, strict=True))


def _headless(rows: Rows, place: int, body: _Body, where: str) -> Heading:
    names = tuple("" if empty else f"x{i}" for i, empty in enumerate(body.empty))
    names = tuple(name or f"Unnamed: {i}" for i, name in enumerate(names))
    message = (
        f"{where} has no header: its first line {listed(rows[place], 4)} is a row like any other; columns are called "
        "x0, x1, ..."
    )
    step = "Add a line with column names. If that line is the header, change a name that is also a cell below it."
    finding = Finding("no_header", "medium", message, step)
    lead = _lead(rows[:place], where, body)
    return Heading(names, place, _again(rows[:place], body), True, body.values, (finding, *lead))


# --------------------------------------------------------------------------- what stands round it


def _made(rows: Rows, header: int, first: int, body: _Body, where: str, names: Sequence[str]) -> Heading:
    """The heading of a named table."""
    findings = _lead(rows[:header], where, body)
    names = tuple(names)
    repeated = {tuple(rows[header]), names} if body.width > 1 or any(body.values) else set[tuple[str, ...]]()
    joined = _joined(rows, header, first, body)
    if joined is not None:
        names, first = joined, first + 1
        repeated.add(tuple(rows[first - 1]))
        message = f"{where} has two rows of names, which were joined: {listed(names, 4)}."
        findings += (Finding("two_headers", "low", message, "Keep one row of names if these are wrong."),)
    names, noticed = _row_names(names, rows[first:], body, where)
    findings += noticed
    while first < len(rows) and _is_comment(rows[first], body) and len(rows[first]) != body.width:
        first += 1
    if first < len(rows) and _are_units(rows[first], names, rows[first + 1 :], body):
        unit = rows[first]
        message = f"The row below the header of {where} holds units or descriptions and was left out: {listed(unit, 5)}."
        findings += (Finding("units_row", "low", message, "If it is a row of data, put it further down."),)
        repeated.add(tuple(unit))
        first += 1
    titled = tuple(cell or f"Unnamed: {i}" for i, cell in enumerate(names))
    return Heading(titled, first, frozenset(repeated) | _again(rows[:header], body), False, body.values, findings)


def _again(lead: Rows, body: _Body) -> frozenset[tuple[str, ...]]:
    """Lines above a header that are left out where they come again, as in files put together."""
    return frozenset(tuple(row) for row in lead if any(row) and sum(map(bool, row)) <= max(1, body.width // 3))


def _lead(lead: Rows, where: str, body: _Body) -> tuple[Finding, ...]:
    """What is to be said of the lines above a header."""
    said = [" ".join(filter(None, row)) for row in lead if any(row)]
    if not said or all(line.lower().startswith("sep=") for line in said):
        return ()
    lines = f"{len(said)} lines" if len(said) > 1 else "1 line"
    message = f"{lines} above the header of {where} {'were' if len(said) > 1 else 'was'} left out: {listed(said, 3)}."
    step = "If the header is one of them, or another line, delete what stands above it."
    return (Finding("lines_above_header", "low", message, step, count=len(said)),)


def _joined(rows: Rows, header: int, first: int, body: _Body) -> tuple[str, ...] | None:
    """Names of two rows, the upper of which heads groups of columns ("2023", "", "2024", "" above "low", "high", ...)."""
    if first >= len(rows) or len(rows[header]) != body.width or len(rows[first]) != body.width:
        return None
    upper, lower = rows[header], rows[first]
    if len(set(upper)) == len(upper) or not any(upper) or not any(body.values):
        return None
    names_values = all(
        cell and not is_value(cell) and not _is_absent(cell) for cell, value in zip(lower, body.values, strict=True) if value
    )
    if not names_values or any(UNIT.fullmatch(cell) for cell in lower if cell):
        return None
    filled, last = [], ""
    for cell in upper:
        last = cell or last
        filled.append(last)
    names = tuple(".".join(filter(None, pair)) for pair in zip(filled, lower, strict=True))
    return names if len(set(names)) == len(names) else None


def _row_names(
    names: tuple[str, ...], rows: Rows, body: _Body, where: str
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Names with one for the first column, where R's write.table left it without.

    Raises:
        DataError: the first cells name no rows, so that an unquoted delimiter may have parted a cell of each row.
    """
    own = [row for row in rows if len(row) == len(names) + 1]
    if len(names) < 2 or body.width != len(names) + 1 or not any(row[-1] for row in own):
        return names, ()
    firsts = [row[0] for row in own]
    numbered = all(cell.isdigit() for cell in firsts)
    named = len(set(firsts)) == len(firsts) and (numbered or not any(map(is_value, firsts)))
    if not named:
        raise DataError(
            f"the rows of {where} have {len(names) + 1} cells and its header {len(names)} names ({listed(names, 5)}; "
            f"first row {listed(own[0], 5)}): expected as many; put quotes round cells that hold the delimiter, or name "
            "all columns"
        )
    message = f"The header of {where} has a name less than its rows have cells: the first is called 'row_name'."
    step = "Give it a name if it is a column like any other."
    return ("row_name", *names), (Finding("row_names", "low", message, step, columns=("row_name",)),)


def _are_units(row: Sequence[str], names: Sequence[str], rest: Rows, body: _Body) -> bool:
    """Whether the row below a header says in what columns are measured, or describes them."""
    if len(row) != body.width or len(names) != body.width or not any(body.values) or not any(row):
        return False
    above = [cell for cell, value in zip(row, body.values, strict=True) if value]
    said = [cell for cell in above if cell and cell not in ("-", "--")]
    if not said or any(is_value(cell) or cell.lower() in ABSENT for cell in said):
        return False
    others = [(cell, i) for i, (cell, value) in enumerate(zip(row, body.values, strict=True)) if not value and cell]
    if any(any(cell == other[i] for other in rest if len(other) == body.width) for cell, i in others):
        return False  # a word of it is a cell of other rows
    alike = all(UNIT.fullmatch(cell) or TYPE_WORD.fullmatch(cell) for cell in said)
    bare = all(_is_absent(cell) or UNIT.fullmatch(cell) or TYPE_WORD.fullmatch(cell) for cell, _ in others)
    return (alike and bare) or (len(said) > 1 and len(said) == len(above))


# --------------------------------------------------------------------------- below the table


class Footer(NamedTuple):
    """What stands below a table.

    Attributes:
        n_rows: of the last rows that are none of the table's.
    """

    n_rows: int
    findings: tuple[Finding, ...]


def footer(rows: Rows, values: Sequence[bool], where: str) -> Footer:
    """Find notes and totals below a table.

    Args:
        rows: its last rows, of which at least one is taken for a row of the table.
        values: which columns hold numbers or dates.
        where: for messages.
    """
    plain = [tuple(cell.strip() for cell in row) for row in rows]
    n_below = 0
    for i in range(len(plain) - 1):
        row, others = plain[-1 - i], plain[: len(plain) - 1 - i]
        if any(row) and not _is_below(row, others, values):
            break
        n_below = i + 1 if any(row) else n_below
    said = [", ".join(filter(None, row)) for row in plain[len(plain) - n_below :] if any(row)]
    if not said:
        return Footer(0, ())
    rows_said = f"{len(said)} rows" if len(said) > 1 else "1 row"
    message = f"{rows_said} below the table of {where} {'were' if len(said) > 1 else 'was'} left out: {listed(said, 3)}."
    step = "If it is a row of the table, fill its cells as those of the others."
    return Footer(n_below, (Finding("rows_below_table", "low", message, step, count=len(said)),))


def _is_below(row: Sequence[str], others: Rows, values: Sequence[bool]) -> bool:
    """Whether a last row is a note or a total."""
    width = len(values)
    if width < 2:
        return False
    filled = [i for i, cell in enumerate(row) if cell]
    first = row[filled[0]]
    clash = filled[0] < width and values[filled[0]] and not is_value(first) and not _is_absent(first)
    if filled == [0]:
        usual = sum(sum(map(bool, other)) == 1 for other in others) > 0.3 * len(others)
        is_alone = len(row) == 1 or clash or not any(others[-1])
        is_note = NOTE.fullmatch(first) or COMMENT.match(first) or (is_alone and SENTENCE.fullmatch(first))
        return not usual and (bool(is_note) or (clash and width > 2))
    return TOTAL.fullmatch(first) is not None and not any(first in other for other in others)
