"""Rows of a table in which nothing is odd, read in one pass without a frame: most rows to predict are such.

A frame of one row costs more to take apart and to put together than the prediction. So cells are read as they come, by
what their column may hold at all: known levels, numbers within the range of training, dates in the form of the
standard. A column that holds anything else is read as any new column is; where that finds something to tell, or where
the rows are no plain table of the model's columns, `read_plainly` gives up, and `automl.predict.rows` reads them.
Either way predictions are equal to the last bit, and what is told is the same (``docs/decisions/0060-serving.md``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pandas as pd

from automl import goals, modalities
from automl.detect import NewColumn, read_column
from automl.predict.odd_rows import odd_findings
from automl.predict.plain_cells import (
    FEW_ROWS,
    Cells,
    Reader,
    Values,
    is_clean,
    listed_cells,
    objects,
    reader_of,
    series_cells,
)
from automl.records import UNUSED_KINDS, Column, ColumnArrays, Dataset, DistinctCells, OnOdd, Task

__all__ = ["joined_plainly", "read_plainly"]

MOST_PLANS = 16
"""Tasks whose readers are kept, the last ones asked for."""
_plans: dict[int, tuple[Task, _Plan | None]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """How the rows of a task are read.

    Attributes:
        readers: of the used columns, in the order of the task.
        needed: names of these.
        allowed: names that rows may have: the used columns, unused ones and the target.
    """

    readers: tuple[tuple[Column, Reader], ...]
    needed: frozenset[str]
    allowed: frozenset[str]


def read_plainly(rows: Any, task: Task, on_odd: OnOdd | None = None) -> Dataset | None:
    """Read new rows of a table, if nothing is odd about them.

    Args:
        rows: of any form; a frame of pandas, or a list of dicts of which each is a row, can be read here.
        task: what the model was trained for.
        on_odd: as in `automl.predict.rows.read_rows`.

    Returns:
        A dataset whose inputs are `ColumnArrays` of the used columns, without findings; None where these rows are to
        be read by `automl.predict.rows.read_rows`, which says what is odd or wrong.
    """
    if on_odd is not None and on_odd not in get_args(OnOdd):
        return None
    raw = _raw(rows)
    plan = None if raw is None else _plan(task)
    if raw is None or plan is None:
        return None
    cells, index = raw
    if not plan.needed <= cells.keys() <= plan.allowed:
        return None
    positions = np.arange(len(index))
    values = _values(cells, plan, positions)
    if values is None:
        return None
    distinct = {name: found for name, found in values.items() if isinstance(found, DistinctCells)}
    arrays = {name: _array(found) for name, found in values.items()}
    is_large = len(index) > FEW_ROWS
    inputs = ColumnArrays(arrays, len(index), distinct if is_large else {})
    return Dataset(name="data", inputs=inputs, row_numbers=positions, index=index)


def _array(values: Values) -> np.ndarray:
    return np.asarray(objects(values.cells)[values.at]) if isinstance(values, DistinctCells) else values


def _values(cells: Mapping[str, Cells], plan: _Plan, positions: np.ndarray) -> dict[str, Values] | None:
    """The typed columns; None where there is something to tell."""
    values: dict[str, Values] = {}
    looked_at: list[NewColumn] = []
    for column, read in plan.readers:
        found = read(cells[column.name])
        if found is None:
            other = _as_any_other(cells[column.name], column)
            if other is None:
                return None
            found, compared = other
            looked_at.append(compared)
        values[column.name] = found
    return None if looked_at and odd_findings(looked_at, positions) else values


def _as_any_other(cells: Cells, column: Column) -> tuple[np.ndarray, NewColumn] | None:
    """A column read as any new one; None where other columns, or the reader of files, have a say in it."""
    if isinstance(cells, np.ndarray):
        return read_column(pd.Series(cells), column)
    known = cells.cells
    if column.kind in ("numeric", "embedded_number") or not all(cell is None or is_clean(cell) for cell in known):
        return None
    return read_column(pd.Series(objects(known)[cells.at], dtype="str"), column)


# --------------------------------------------------------------------------- rows


def _raw(rows: Any) -> tuple[dict[str, Cells], pd.Index] | None:
    """The cells of each column, and the index of the rows; None of other forms."""
    if type(rows) is pd.DataFrame:
        return _of_frame(rows)
    if type(rows) is list and rows and all(type(row) is dict for row in rows):
        return _of_records(rows)
    return None


def _of_frame(frame: pd.DataFrame) -> tuple[dict[str, Cells], pd.Index] | None:
    index = frame.index
    if index.name is not None or isinstance(index, pd.MultiIndex | pd.DatetimeIndex | pd.PeriodIndex) or not len(index):
        return None
    cells: dict[str, Cells] = {}
    for name, series in frame.items():
        found = series_cells(series)
        if type(name) is not str or name in cells or found is None:
            return None
        cells[name] = found
    return cells, index


def _of_records(records: Sequence[Mapping[Any, Any]]) -> tuple[dict[str, Cells], pd.Index] | None:
    names = dict.fromkeys(name for record in records for name in record)
    cells: dict[str, Cells] = {}
    for name in names:
        found = listed_cells([record.get(name) for record in records])
        if type(name) is not str or found is None:
            return None
        cells[name] = found
    return cells, pd.RangeIndex(len(records))


# --------------------------------------------------------------------------- plans


def _plan(task: Task) -> _Plan | None:
    """How this task's rows are read, made once; None if they cannot be read here."""
    known = _plans.get(id(task))
    if known is not None and known[0] is task:
        return known[1]
    while len(_plans) >= MOST_PLANS:
        _plans.pop(next(iter(_plans)), None)
    plan = _made(task)
    _plans[id(task)] = (task, plan)
    return plan


def _made(task: Task) -> _Plan | None:
    names = [column.name for column in task.columns]
    modality = modalities.named(task)
    is_own_table = modality.is_table and not modality.base  # one of a plug-in may read its cells another way
    if not is_own_table or goals.named(task).in_windows or all(name == f"x{i}" for i, name in enumerate(names)):
        return None
    others = (task.time_column, task.series_column, task.group_column, task.label, *task.set_aside)
    apart = {name for name in others if name is not None}
    readers = []
    for column in task.columns:
        if column.kind in UNUSED_KINDS:
            continue
        read = reader_of(column)
        if read is None:
            return None
        readers.append((column, read))
    needed = frozenset(column.name for column, _ in readers)
    if not needed or apart - set(names) or set(task.target) & set(names):
        return None
    return _Plan(tuple(readers), needed, frozenset((*names, *task.target)))


def joined_plainly(datasets: Sequence[Dataset]) -> Dataset:
    """Rows of several datasets of one task, read by `read_plainly`, as one, one dataset after another."""
    if len(datasets) == 1:
        return datasets[0]
    names = datasets[0].inputs.columns
    arrays = {name: np.concatenate([one.inputs[name] for one in datasets]) for name in names}
    return Dataset(name="data", inputs=ColumnArrays(arrays, sum(one.n_rows for one in datasets)))
