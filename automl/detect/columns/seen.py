"""What the training rows of each column held, for new rows to be compared with (`automl.records.Column.seen`).

Nothing of it is a cell that fewer than `MIN_LEVEL_ROWS` training rows hold: levels are those of so many rows, ends are
round numbers beyond the range, sizes are powers of two, and shares have two digits.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.parse import members
from automl.frame_columns import number_blocks
from automl.records import MIN_LEVEL_ROWS, NUMERIC_KINDS, QUANTITY_KINDS, UNUSED_KINDS, Column, Dataset, Task

__all__ = ["MOST_LEVELS", "of_columns", "with_training_facts"]

MOST_LEVELS, MOST_RARE = 1_000, 0.5
"""Of a column with more levels, or with rarer ones in more of the rows, none is kept: new ones are expected there."""
LOOKED_AT = 100_000
"""Training rows, evenly taken."""
SIZED = 500
"""Of these, the rows that usual sizes are taken from."""
MOST_CELLS = 50_000_000
"""Of levels that are counted; beyond, no levels are kept."""
STEPS = 8
"""An end is a multiple of at least so small a part of the range, a power of two."""
USUAL = (0.05, 0.95)
LARGEST = sys.float_info.max


def with_training_facts(task: Task, dataset: Dataset, rows: np.ndarray) -> Task:
    """The task whose columns know what they held in the training rows; arrays have no columns.

    Args:
        task: what was detected.
        dataset: its inputs typed by the task's columns.
        rows: of training, ``(n,)``.
    """
    if not isinstance(dataset.inputs, pd.DataFrame) or not len(rows):
        return task
    comma = {name for finding in dataset.findings if finding.check == "decimal_comma" for name in finding.columns}
    columns = tuple(_written(c, dataset.inputs, comma) for c in task.columns) if comma else task.columns
    return replace(task, columns=of_columns(dataset.inputs, rows, columns))


def _written(column: Column, inputs: pd.DataFrame, comma: set[str]) -> Column:
    """A column of a file whose decimal commas were read with it; there a point parts thousands."""
    if column.kind not in QUANTITY_KINDS or column.name not in inputs.columns:
        return column
    values = inputs[column.name].to_numpy(np.float64)
    is_so = column.name in comma or bool((values[np.isfinite(values)] % 1 == 0).all())
    return replace(column, reading={"decimal": ",", **column.reading}) if is_so else column


def of_columns(inputs: pd.DataFrame, rows: np.ndarray, columns: Sequence[Column]) -> tuple[Column, ...]:
    """Columns with what they held in these rows."""
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), LOOKED_AT)).astype(np.int64)]
    used = [c for c in columns if c.kind not in UNUSED_KINDS and c.name in inputs.columns]
    numbers = _of_numbers(inputs, rows, [c.name for c in used if c.kind in NUMERIC_KINDS])
    levelled = [c for c in used if c.kind in ("categorical", "list")]
    counted = {c.name for c in levelled} if len(levelled) * len(rows) <= MOST_CELLS else set()
    names = {c.name for c in used}
    return tuple(
        replace(c, seen=_of_column(c, inputs, rows, numbers, counted)) if c.name in names else c for c in columns
    )


def _of_column(
    column: Column, inputs: pd.DataFrame, rows: np.ndarray, numbers: dict[str, dict[str, Any]], counted: set[str]
) -> dict[str, Any]:
    if column.name in numbers:
        found = numbers[column.name]
        if column.level_column is not None and column.level_column.name in inputs.columns:
            is_word = inputs[column.level_column.name].iloc[rows].isin(column.reading.get("words", ()))
            empty = inputs[column.name].iloc[rows].isna() & ~is_word
            found = {**found, "missing": _share(float(empty.mean()))}
        return found if column.kind in QUANTITY_KINDS else {"missing": found["missing"]}
    cells = inputs[column.name].iloc[rows]
    gaps = cells.isna().to_numpy() | (cells.to_numpy() == "" if cells.dtype == object else False)
    seen: dict[str, Any] = {"missing": _share(float(gaps.mean()))}
    if column.kind == "datetime":
        return seen | _years(cells)
    if column.name in counted:
        return seen | _levels(cells[~gaps], column)
    return seen


def _of_numbers(inputs: pd.DataFrame, rows: np.ndarray, names: list[str]) -> dict[str, dict[str, Any]]:
    """Many columns of numbers at once, as a table may have thousands, but not all rows of all of them."""
    found: dict[str, dict[str, Any]] = {}
    for block, values in number_blocks(inputs, names, rows):
        found |= zip(block, _of_block(np.ascontiguousarray(values.T)), strict=True)
    return found


def _of_block(values: np.ndarray) -> list[dict[str, Any]]:
    """What each column of ``(n_columns, n)`` numbers held."""
    there = np.isfinite(values)
    low = np.where(there, values, np.inf).min(axis=1).tolist()
    high = np.where(there, values, -np.inf).max(axis=1).tolist()
    sizes = _usual_sizes(values).tolist()
    found = []
    for place, n in enumerate(there.sum(axis=1).tolist()):
        seen: dict[str, Any] = {"missing": _share(1.0 - n / values.shape[1])}
        if n >= MIN_LEVEL_ROWS:
            seen["low"], seen["high"] = beyond(low[place], high[place])
        if all(map(math.isfinite, sizes[place])):
            seen["usual"] = sizes[place]
        found.append(seen)
    return found


def _usual_sizes(values: np.ndarray) -> np.ndarray:
    """The powers of two around the usual sizes of each column's numbers other than zero: ``(n_columns, 2)``."""
    some = np.abs(values[:, np.linspace(0, values.shape[1] - 1, min(values.shape[1], SIZED)).astype(np.int64)])
    some[(some == 0) | ~np.isfinite(some)] = np.nan
    some.sort(axis=1)  # gaps last
    counts = (~np.isnan(some)).sum(axis=1)
    places = [np.clip(level * (counts - 1), 0, None).astype(np.int64)[:, None] for level in USUAL]
    with np.errstate(invalid="ignore", divide="ignore"):
        below, above = (np.log2(np.take_along_axis(some, place, axis=1)[:, 0]) for place in places)
        sizes = np.stack([2.0 ** np.floor(below), 2.0 ** np.ceil(above)], axis=1)
    sizes[counts < MIN_LEVEL_ROWS] = np.nan
    return sizes


def beyond(low: float, high: float) -> tuple[float, float]:
    """Round numbers beyond the two ends of a range, by at most an eighth of it."""
    size = high - low if high > low else max(abs(high), 1.0)
    if not math.isfinite(size):
        return -LARGEST, LARGEST
    step = max(2.0 ** math.floor(math.log2(size)) / STEPS, 2.0**-1000)
    below, above = (math.ceil(low / step) - 1.0) * step, (math.floor(high / step) + 1.0) * step
    return max(below, -LARGEST), min(above, LARGEST)


def _years(cells: pd.Series) -> dict[str, float]:
    """The beginning of the first year and of the one after the last, in seconds since 1970."""
    stamps = cells.dropna()
    if len(stamps) < MIN_LEVEL_ROWS:
        return {}
    first, last = pd.Timestamp(stamps.min()).year, pd.Timestamp(stamps.max()).year + 1
    days = np.array([f"{first:04d}-01-01", f"{last:04d}-01-01"], dtype="datetime64[s]")
    return {"low": float(days[0].astype(np.int64)), "high": float(days[1].astype(np.int64))}


def _levels(cells: pd.Series, column: Column) -> dict[str, Any]:
    """The levels, or members of lists, that come back, and the share of the rows that hold another one."""
    separator = str(column.reading.get("separator") or "").strip()
    parted = [members(cell, separator) if separator else [cell] for cell in cells] if column.kind == "list" else None
    each = pd.Series([m for row in parted for m in set(row)], dtype=object) if parted is not None else cells
    counts = each.value_counts()
    kept = counts[counts >= MIN_LEVEL_ROWS]
    if len(kept) > MOST_LEVELS or not len(kept):
        return {}
    levels = {str(level) for level in kept.index}
    if parted is None:
        rare = 1.0 - float(kept.sum()) / max(len(cells), 1)
    else:
        rare = float(np.mean([not levels.issuperset(row) for row in parted])) if parted else 0.0
    return {} if rare > MOST_RARE else {"levels": [str(level) for level in kept.index], "rare": _share(rare)}


def _share(share: float) -> float:
    """Two digits, and never 0 where there is any."""
    return max(round(share, 2), 0.01) if share > 0 else 0.0
