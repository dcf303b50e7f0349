"""Which layout a JSON value has: where its records are, and whether outer keys are rows or columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

__all__ = ["are_alike", "are_rows", "is_numbering", "record_lists", "split_parts", "table_within"]

NAMES = ("columns", "header", "headers", "fields", "names", "cols")
ROWS = ("data", "rows", "values", "records")
MOST_DEPTH = 4
SAMPLE = 50


def split_parts(whole: Mapping[str, Any]) -> tuple[list[str], Any] | None:
    """Names of columns, and rows without them, where a dict keeps them apart; None where it does not."""
    names = next((whole[key] for key in NAMES if key in whole), None)
    rows = next((whole[key] for key in ROWS if key in whole), None)
    if not isinstance(names, list) or not names or rows is None:
        return None
    if all(isinstance(name, dict) and isinstance(name.get("name"), str) for name in names):
        names = [name["name"] for name in names]
    if not all(isinstance(name, str | int | float | None | list) for name in names):
        return None
    if isinstance(rows, list) and rows and not isinstance(rows[0], list):
        return None if "columns" not in whole or isinstance(rows[0], dict) else (names, rows)
    return names, rows


def record_lists(whole: Mapping[str, Any], within: str = "", depth: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """The lists of records in a dict, and in dicts within it, by the keys that lead to each ("response.items")."""
    for key, value in whole.items():
        place = f"{within}{key}"
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield place, value
        elif isinstance(value, dict) and depth < MOST_DEPTH and len(value) < SAMPLE:
            yield from record_lists(value, f"{place}.", depth + 1)


def are_alike(whole: Mapping[str, Any]) -> bool:
    """Whether all values are dicts, the first of which have the same keys: rows or columns of one table."""
    first = list(islice(whole.values(), SAMPLE))
    dicts = [value for value in first if isinstance(value, dict)]
    return len(first) > 1 and len(dicts) == len(first) and all(set(own) == set(first[0]) for own in first)


def table_within(whole: Mapping[str, Any]) -> dict[str, Any] | None:
    """The one dict below a key that is a table of its own, by columns or by rows; None where there is none."""
    found = [value for value in whole.values() if isinstance(value, dict) and _is_table(value)]
    return found[0] if len(found) == 1 and not any(isinstance(value, list) for value in whole.values()) else None


def _is_table(value: Mapping[str, Any]) -> bool:
    lengths = {len(column) if isinstance(column, list) else -1 for column in value.values()}
    return are_alike(value) or split_parts(value) is not None or (len(lengths) == 1 and min(lengths) > 1)


def are_rows(whole: Mapping[str, Mapping[str, Any]], inner: Sequence[str], wanted: Iterable[str]) -> bool:
    """Whether the outer keys of a dict of dicts are rows, and the inner ones columns.

    The wanted names tell, or which keys are a mere numbering, or which of both makes columns of one type; else there
    are more rows than columns.

    Args:
        whole: the dict of dicts.
        inner: all inner keys.
        wanted: names of columns that the user, or the training table, has named.
    """
    wanted = set(wanted)
    votes = [
        len(wanted & set(inner)) - len(wanted & set(whole)),
        is_numbering(whole) - is_numbering(inner),
        _alike([[row.get(key) for row in islice(whole.values(), SAMPLE)] for key in inner[:SAMPLE]])
        - _alike([list(islice(column.values(), SAMPLE)) for column in islice(whole.values(), SAMPLE)]),
        len(whole) - len(inner),
    ]
    return next((vote > 0 for vote in votes if vote), False)


def is_numbering(keys: Iterable[str]) -> bool:
    """Whether keys are the numbers from 0 or 1 on, in any order."""
    keys = list(keys)
    if not all(key.isdecimal() and len(key) < 19 for key in keys):
        return False
    numbers = sorted(map(int, keys))
    return numbers in (list(range(len(keys))), list(range(1, len(keys) + 1)))


def _alike(columns: Sequence[Sequence[Any]]) -> float:
    """The share of columns whose cells are of one type."""
    kinds = [{_kind(cell) for cell in column if cell is not None} for column in columns]
    return sum(len(own) <= 1 for own in kinds) / max(1, len(kinds))


def _kind(cell: Any) -> str:
    return "number" if isinstance(cell, int | float) and not isinstance(cell, bool) else type(cell).__name__
