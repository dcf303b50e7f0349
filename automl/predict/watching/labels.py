"""The target of new rows, where it is there: as metrics read it, with the rows that hold one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import goals
from automl.detect.columns.convert import typed
from automl.detect.columns.kinds import column
from automl.detect.parse import members

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Dataset, Task

__all__ = ["known_truth"]

SEPARATORS = (",", ";", "|", "/", "\n")
"""Of lists of labels."""


def known_truth(dataset: Dataset, task: Task) -> tuple[np.ndarray | None, np.ndarray]:
    """The truth of new rows, and which of them have one.

    A label that training did not have is not known: no prediction can be right about it.

    Args:
        dataset: new rows; its `target` holds the cells as the user wrote them.
        task: of any goal.

    Returns:
        The truth of the rows that have one, as the goal's metrics read it (None where there is no target that says
        something of single rows), and ``(n,)`` bool.
    """
    nobody = np.zeros(dataset.n_rows, bool)
    goal = goals.named(task)
    if dataset.target is None or not task.target or not (goal.is_classification or goal.is_numeric):
        return None, nobody
    clean = _clean(dataset.target, task)
    known = clean.notna().all(axis=1).to_numpy()
    rows = np.flatnonzero(known)
    return goals.truth(replace(dataset, target=clean, observed=None), task, rows), known


def _clean(cells: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Targets as detection leaves them, with gaps where a cell is none: labels, 0 and 1, or numbers."""
    import pandas as pd

    goal = goals.named(task)
    if goal.is_numeric:
        values = {name: typed(cells[name], column(name, cells[name], "numeric")).to_numpy() for name in task.target}
        return pd.DataFrame({name: np.where(np.isfinite(one), one, np.nan) for name, one in values.items()})
    if goal.is_multilabel:
        if task.target != task.classes:
            return _of_lists(cells[task.target[0]].tolist(), task.classes)
        codes = {name: _codes(cells[name].tolist(), ("0", "1")) for name in task.target}
        return pd.DataFrame({name: np.where(one < 0, np.nan, one) for name, one in codes.items()})
    labels = np.asarray([*task.classes, None], dtype=object)
    return pd.DataFrame({task.target[0]: labels[_codes(cells[task.target[0]].tolist(), task.classes)]})


def _of_lists(cells: list[Any], labels: tuple[str, ...]) -> pd.DataFrame:
    """A column of 0 and 1 for each label, from lists of labels; gaps where a list names none that is known."""
    import pandas as pd

    place = {label: code for code, label in enumerate(labels)}
    parted = max(
        ([members(str(cell), mark) for cell in cells] for mark in SEPARATORS),
        key=lambda lists: sum(one in place for parts in lists for one in parts),
    )
    table = np.zeros((len(cells), len(labels)))
    for row, (cell, parts) in enumerate(zip(cells, parted, strict=True)):
        known = [place[one] for one in parts if one in place]
        table[row, known] = 1
        if cell is None or cell != cell or (parts and not known):
            table[row] = np.nan
    return pd.DataFrame(table, columns=list(labels))


def _codes(cells: list[Any], classes: tuple[str, ...]) -> np.ndarray:
    """``(n,)`` codes of labels; -1 where a cell holds none of the classes."""
    of_label = {label: code for code, label in enumerate(classes)}
    of_label |= {"True": of_label["1"], "False": of_label["0"]} if set(classes) == {"0", "1"} else {}
    return np.array([of_label.get(_label(cell), -1) for cell in cells], np.int64)


def _label(cell: Any) -> str:
    """A cell as the text of a label: whole numbers without a point."""
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    text = str(cell).strip()
    whole, point, rest = text.partition(".")
    return whole if point and rest and not rest.strip("0") and whole.lstrip("-").isdigit() else text
