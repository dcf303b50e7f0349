"""JSON of any layout that holds a table → a frame."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from automl.errors import DataError
from automl.intake.cell_types import framed
from automl.intake.encodings import as_text
from automl.intake.frames import from_columns, from_records
from automl.intake.limits import refuse_beyond, whole_mib
from automl.records import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read"]

VALUE_BYTES, BRACKET_BYTES = 70, 240
"""Of a value as a Python object in a list and in its column, and of a dict or a list itself."""
LONGEST_NUMBER = 300
"""Digits of a whole number that is read as one; a longer one stays text."""
NO_TABLE = "holds JSON that is no table: expected a list of records, JSON lines or a dict of columns"


def read(data: bytes, name: str, limit_mib: float = math.inf) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Read JSON lines, a list of records, a dict of columns, or pandas' "split" layout.

    Args:
        data: the file's bytes.
        name: of the file, for messages.
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
    text, findings = as_text(data, name)
    text = text.strip()
    try:
        return _table(text, name), findings
    except RecursionError as error:
        raise DataError(
            f"{name} holds JSON nested too deeply to be read: expected a list of records whose cells are values; "
            "flatten it first"
        ) from error


def _table(text: str, name: str) -> pd.DataFrame:
    try:
        whole = _parsed(text)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data" and "\n" not in text:
            raise DataError(
                f"{name} cannot be read as JSON ({error}); expected a list of records or JSON lines"
            ) from error
        return from_records(_lines(text, name))
    if isinstance(whole, dict):
        return _of_dict(whole, name)
    if not isinstance(whole, list) or not all(isinstance(record, dict) for record in whole):
        raise DataError(f"{name} {NO_TABLE}")
    return from_records(whole)


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


def _of_dict(whole: dict[str, Any], name: str) -> pd.DataFrame:
    """A dict of columns, of dicts by row, with one list of records in it, or pandas' "split" layout."""
    import pandas as pd

    if {"columns", "data"} <= set(whole):
        try:
            return pd.DataFrame(whole["data"], columns=whole["columns"])
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise DataError(
                f"{name}: its 'data' are no rows of its 'columns' ({error}); write the file again"
            ) from error
    lists = [value for value in whole.values() if isinstance(value, list)]
    records = [value for value in lists if value and isinstance(value[0], dict)]
    if len(records) == 1 and len(lists) == 1:  # {"data": [{...}, ...], "schema": ...}
        if not all(isinstance(record, dict) for record in records[0]):
            raise DataError(f"{name} {NO_TABLE}")
        return from_records(records[0])
    if whole and all(isinstance(value, dict) for value in whole.values()):
        rows = dict.fromkeys(row for column in whole.values() for row in column)
        n_bytes = VALUE_BYTES * len(rows) * len(whole)
        refuse_beyond(name, n_bytes, whole_mib(None), f"{len(whole):,} columns of {len(rows):,} different rows")
        return framed({key: [column.get(row) for row in rows] for key, column in whole.items()})
    return from_columns(whole, name)


def _lines(text: str, name: str) -> list[dict[str, Any]]:
    records = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = _parsed(line)
        except json.JSONDecodeError as error:
            raise DataError(
                f"{name}, line {number}: not valid JSON ({error.msg}); expected one record a line"
            ) from error
        if not isinstance(record, dict):
            raise DataError(f'{name}, line {number}: expected a record such as {{"price": 3}}, got {line[:60]!r}')
        records.append(record)
    return records
