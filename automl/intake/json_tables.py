"""JSON of any layout that holds a table → a frame."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from automl.errors import DataError
from automl.intake.cell_types import framed
from automl.intake.encodings import as_text
from automl.intake.frames import from_columns, from_records
from automl.intake.headings import heading
from automl.intake.json_layouts import are_alike, are_rows, is_numbering, record_lists, split_parts, table_within
from automl.intake.limits import refuse_beyond, whole_mib
from automl.intake.raw import Hints, listed
from automl.records import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read"]

VALUE_BYTES, BRACKET_BYTES = 70, 240
"""Of a value as a Python object in a list and in its column, and of a dict or a list itself."""
LONGEST_NUMBER = 300
"""Digits of a whole number that is read as one; a longer one stays text."""
NO_TABLE = (
    "holds JSON that is no table: expected a list of records, JSON lines, a dict of columns, or rows of cells below a "
    "row of names"
)
SAMPLE_ROWS = 300

Found = tuple["pd.DataFrame", tuple[Finding, ...]]


def read(data: bytes, name: str, hints: Hints | None = None, limit_mib: float = math.inf) -> Found:
    """Read JSON lines, a list of records or of rows, a dict of columns or of rows, or one of pandas' layouts.

    Args:
        data: the file's bytes.
        name: of the file, for messages.
        hints: what is known of it.
        limit_mib: that reading it may take.

    Returns:
        The frame, and what was noticed.

    Raises:
        DataError: it is no JSON, no table, nested too deeply, or more than may be held.
    """
    n_values = data.count(b",") + data.count(b":")
    n_brackets = data.count(b"{") + data.count(b"[")
    n_bytes = 5 * len(data) + VALUE_BYTES * n_values + BRACKET_BYTES * n_brackets
    refuse_beyond(name, n_bytes, limit_mib, f"{n_values + n_brackets:,} values")
    hints = hints or Hints()
    text, findings = as_text(data, name, hints.wanted)
    try:
        frame, noticed = _table(text.strip().lstrip("\ufeff"), name, hints)
    except RecursionError as error:
        raise DataError(
            f"{name} holds JSON nested too deeply to be read: expected a list of records whose cells are values; "
            "flatten it first"
        ) from error
    return frame, findings + noticed


def _table(text: str, name: str, hints: Hints) -> Found:
    try:
        whole = _parsed(text)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data" and "\n" not in text:
            raise DataError(
                f"{name} cannot be read as JSON ({error}); expected a list of records or JSON lines"
            ) from error
        whole = _several(text, name)
    if isinstance(whole, dict):
        return _of_dict(whole, name, hints)
    if not isinstance(whole, list) or not whole:
        raise DataError(f"{name} {NO_TABLE}")
    if all(isinstance(row, list) for row in whole):
        return _of_lists(whole, name, hints)
    if not all(isinstance(record, dict) for record in whole):
        raise DataError(f"{name} {NO_TABLE}")
    return from_records(whole), ()


def _parsed(text: str) -> Any:
    """One JSON value, whose whole numbers may have any number of digits."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # Python turns no more than 4,300 digits into a number
        return json.loads(text, parse_int=_whole)


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= LONGEST_NUMBER else digits


# --------------------------------------------------------------------------- layouts


def _of_dict(whole: dict[str, Any], name: str, hints: Hints) -> Found:
    """A dict of columns or of rows, a list of records somewhere in it, or names and rows apart."""
    if (parts := split_parts(whole)) is not None:
        return _of_parts(*parts, name), ()
    if are_alike(whole):
        return _of_dicts(whole, name, hints)
    lists = list(record_lists(whole))
    are_columns = all(isinstance(value, list) for value in whole.values()) and len(lists) < len(whole)
    if lists and not are_columns:
        return _of_record_lists(lists, whole, name, hints)
    if (inner := table_within(whole)) is not None:
        return _of_dict(inner, name, hints)
    if whole and all(isinstance(value, dict) for value in whole.values()):
        return _of_dicts(whole, name, hints)
    return from_columns(whole, name), ()


def _of_parts(names: Sequence[str], rows: Any, name: str) -> pd.DataFrame:
    """Names and rows that are kept apart, as in pandas' "split" layout."""
    import pandas as pd

    try:
        return pd.DataFrame(rows, columns=pd.Index(names))
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise DataError(f"{name}: its 'data' are no rows of its 'columns' ({error}); write the file again") from error


def _of_record_lists(
    lists: Sequence[tuple[str, list[Any]]], whole: Mapping[str, Any], name: str, hints: Hints
) -> Found:
    """The list of records that has the wanted names, or is the longest."""
    wanted = set(hints.wanted)
    lists = [one for one in lists if one[0] != "schema.fields"] or lists
    place, records = max(lists, key=lambda one: (len(wanted & {*one[1][0]}), len(one[1])))
    if not all(isinstance(record, dict) for record in records):
        raise DataError(f"{name} {NO_TABLE}")
    frame = _with_schema(from_records(records), whole.get("schema") if place == "data" else None)
    others = [other for other, records in lists if other != place and len(records) > 1]
    if not others:
        return frame, ()
    message = f"{name} holds {len(lists)} lists of records; that of {place!r} was read, not {listed(others)}."
    step = "Write the list you mean into a file of its own."
    return frame, (Finding("several_tables", "medium", message, step),)


def _with_schema(frame: pd.DataFrame, schema: Any) -> pd.DataFrame:
    """A frame of pandas' "table" layout: without a mere numbering of rows, and with categories in their order."""
    import pandas as pd

    if not isinstance(schema, dict) or not isinstance(schema.get("fields"), list):
        return frame
    if (
        schema.get("primaryKey") == ["index"]
        and "index" in frame
        and frame["index"].tolist() == list(range(len(frame)))
    ):
        frame = frame.drop(columns="index")
    for field in schema["fields"]:
        levels = field.get("constraints", {}).get("enum") if isinstance(field, dict) and field.get("ordered") else None
        own = field.get("name") if isinstance(field, dict) else None
        if isinstance(levels, list) and own in frame and len(set(map(str, levels))) == len(levels):
            frame[own] = pd.Categorical(frame[own], categories=levels, ordered=True)
    return frame


def _of_dicts(whole: dict[str, Any], name: str, hints: Hints) -> Found:
    """Columns of cells by row, or rows of cells by column."""
    rows = dict.fromkeys(row for column in whole.values() for row in column)
    n_bytes = VALUE_BYTES * len(rows) * len(whole)
    refuse_beyond(name, n_bytes, whole_mib(None), f"{len(whole):,} columns of {len(rows):,} different rows")
    if not are_rows(whole, list(rows), hints.wanted):
        return framed({key: [column.get(row) for row in rows] for key, column in whole.items()}), ()
    records = list(whole.values())
    message = f"{name} was read with a row for each of its {len(whole):,} outer keys, such as {listed(whole, 2)}."
    if not is_numbering(whole) and "row_name" not in rows:
        records = [{"row_name": key, **record} for key, record in whole.items()]
        message = f"{message[:-1]}, which are called 'row_name'."
    step = "If these keys are columns, write the table as a list of records."
    return from_records(records), (Finding("rows_by_key", "low", message, step),)


def _of_lists(rows: list[list[Any]], name: str, hints: Hints) -> Found:
    """Rows of cells, the first of which may name the columns."""
    width = max(map(len, rows))
    n_bytes = VALUE_BYTES * len(rows) * width
    refuse_beyond(name, n_bytes, whole_mib(None), f"{len(rows):,} rows of up to {width:,} cells")
    if not width or any(isinstance(cell, list | dict) for row in rows[:SAMPLE_ROWS] for cell in row):
        raise DataError(f"{name} {NO_TABLE}")
    texts = [
        ["" if cell is None else str(cell) for cell in row] + [""] * (width - len(row)) for row in rows[:SAMPLE_ROWS]
    ]
    head = heading(texts, name, hints)
    if not head.is_made_up and not all(isinstance(cell, str | None) for cell in rows[head.first - 1]):
        head = heading([[f"x{i}" for i in range(width)], *texts], name, Hints())
        return _named(rows, [f"x{i}" for i in range(width)]), ()
    return _named(
        rows[head.first :], [*head.names, *(f"Unnamed: {i}" for i in range(len(head.names), width))]
    ), head.findings


def _named(rows: Sequence[Sequence[Any]], names: Sequence[str]) -> pd.DataFrame:
    return framed({name: [row[i] if i < len(row) else None for row in rows] for i, name in enumerate(names)})


# --------------------------------------------------------------------------- several values in a text


def _several(text: str, name: str) -> list[Any]:
    """The records, or rows, of JSON lines, or of values that follow one another over several lines."""
    try:
        return _lines(text, name)
    except DataError as error:
        if " line 1:" not in str(error):
            raise
        try:
            return list(_values(text))
        except ValueError:
            raise error from None


def _lines(text: str, name: str) -> list[Any]:
    records: list[Any] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = _parsed(line)
        except json.JSONDecodeError as error:
            raise DataError(
                f"{name}, line {number}: not valid JSON ({error.msg}); expected one record a line"
            ) from error
        if not isinstance(record, dict) and not (
            isinstance(record, list) and (not records or type(records[0]) is list)
        ):
            raise DataError(f'{name}, line {number}: expected a record such as {{"price": 3}}, got {line[:60]!r}')
        records.append(record)
    return records


def _values(text: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        yield value
        at = end + len(text[end:]) - len(text[end:].lstrip(" \t\r\n,"))
