"""New rows read as training was, cell by cell otherwise where a cell shows so, and how they compare with training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from automl.detect.columns.convert import (
    as_frame,
    cells_of,
    framed,
    read_values,
    stored_numbers,
    typed_values,
    words_among,
)
from automl.detect.columns.date_notation import dates_anew
from automl.detect.columns.notation import Anew, is_as_stored, numbers_anew, table_mark
from automl.detect.columns.respelled import levels_anew, lists_anew, unknown
from automl.detect.parse import MISSING_NUMBERS, word
from automl.records import NUMERIC_KINDS, ORDERED_KINDS, QUANTITY_KINDS, UNUSED_KINDS, Column

__all__ = ["NewColumn", "read_column", "read_new"]

SHOWN, LOOKED_AT = 3, 100


@dataclass(frozen=True, slots=True, eq=False)
class NewColumn:
    """A column of new rows beside what training held.

    Attributes:
        column: what training held.
        otherwise: how cells were read that are written otherwise than in training, and how many.
        unread: ``(n,)`` bool, cells that hold something and cannot be read.
        gaps: ``(n,)`` bool, cells that hold nothing, or a word for nothing.
        unknown: ``(n,)`` bool, cells that hold a level, or a member of a list, that no five training rows had.
        values: ``(n,)`` float64, NaN where there is none: numbers, or dates in seconds since 1970; None of other kinds.
        examples: some of the cells that cannot be read or are unknown.
    """

    column: Column
    otherwise: Counter[str]
    unread: np.ndarray
    gaps: np.ndarray
    unknown: np.ndarray
    values: np.ndarray | None = None
    examples: tuple[str, ...] = ()


def read_new(frame: pd.DataFrame, columns: Sequence[Column]) -> tuple[pd.DataFrame, tuple[NewColumn, ...]]:
    """Convert raw columns of new rows by their kinds.

    Args:
        frame: rows as they came.
        columns: as in `automl.detect.columns.convert.read`.

    Returns:
        The typed frame of `automl.detect.columns.convert.read`, but for the cells that are read by their own notation;
        and how each used column that is there compares with training.
    """
    frame = as_frame(frame)
    cells, stored = cells_of(frame), stored_numbers(frame, columns)
    values = read_values(cells, columns, len(frame), stored)
    used = [c for c in columns if c.kind not in UNUSED_KINDS and c.name in cells]
    mark = table_mark(cells[c.name] for c in used if c.kind in QUANTITY_KINDS and c.name not in stored)
    nothing = np.zeros(len(frame), bool)
    nothing.flags.writeable = False
    compared = []
    for column in used:
        if column.name in stored and is_as_stored(column):
            own = values[column.name]
            compared.append(NewColumn(column, Counter(), nothing, np.isnan(own), nothing, own))
            continue
        raw = cells[column.name]
        values[column.name], otherwise = _anew(raw, values[column.name], column, mark)
        compared.append(_compared(raw, values[column.name], otherwise, column))
    return framed(values, len(frame)), tuple(compared)


def read_column(raw: pd.Series, column: Column) -> tuple[np.ndarray, NewColumn]:
    """One column of new rows as `read_new` reads it, where no other column says how its numbers are written.

    Args:
        raw: as it came, with a RangeIndex; numbers of a column of numbers are typed.
        column: what training held; without levels of its own beside it.

    Returns:
        Its values ``(n,)``, and how it compares with training.
    """
    values, otherwise = _anew(raw, typed_values(raw, column), column, "")
    return values, _compared(raw, values, otherwise, column)


def _anew(raw: pd.Series, values: np.ndarray, column: Column, mark: str) -> Anew:
    if column.kind in QUANTITY_KINDS:
        return numbers_anew(raw, values, column, mark)
    if column.kind == "datetime":
        return dates_anew(raw, values, column)
    if column.kind == "categorical":
        return levels_anew(values, column)
    return lists_anew(values, column) if column.kind == "list" else (values, Counter())


def _compared(raw: pd.Series, values: np.ndarray, otherwise: Counter[str], column: Column) -> NewColumn:
    if column.kind not in ORDERED_KINDS:
        gaps = pd.isna(values) | (values == "")
        new = unknown(values, column) & ~gaps
        return NewColumn(column, otherwise, np.zeros(len(raw), bool), gaps, new, examples=_examples(values, new))
    lost = pd.isna(values) & words_among(raw, column).isna().to_numpy() if column.level_column else pd.isna(values)
    unread = _unread(raw, lost, column)
    return NewColumn(
        column, otherwise, unread, lost & ~unread, np.zeros(len(raw), bool), _numbers(values, column),
        _examples(raw.to_numpy(), unread),
    )  # fmt: skip


def _unread(raw: pd.Series, lost: np.ndarray, column: Column) -> np.ndarray:
    """Which of the cells without a value hold something: no word for nothing, and no number that stands for it."""
    found = np.zeros(len(raw), bool)
    if raw.dtype.kind in "fiub" and column.kind in NUMERIC_KINDS:
        return found
    places = np.flatnonzero(lost & raw.notna().to_numpy())
    stand_ins = column.reading.get("missing")
    for place, cell in zip(places, raw.iloc[places].tolist(), strict=True):
        text = word(cell)
        empty = text is None or text.lower() in MISSING_NUMBERS
        found[place] = not empty and not (stand_ins and _is_number(text))
    return found


def _is_number(cell: object) -> bool:
    try:
        float(str(cell).strip())
    except ValueError:
        return False
    return True


def _numbers(values: np.ndarray, column: Column) -> np.ndarray | None:
    if column.kind in QUANTITY_KINDS:
        return np.asarray(values, np.float64)
    if column.kind != "datetime":
        return None
    seconds = values.astype("datetime64[s]").astype(np.int64).astype(np.float64)
    seconds[np.isnat(values)] = np.nan
    return seconds


def _examples(cells: np.ndarray, at: np.ndarray) -> tuple[str, ...]:
    some = cells[np.flatnonzero(at)[:LOOKED_AT]].tolist()
    return tuple(dict.fromkeys(text for text in map(word, some) if text is not None))[:SHOWN]
