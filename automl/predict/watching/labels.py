"""The target of new rows, where it is there: as metrics read it, with the rows that hold one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from automl.detect import read_new

if TYPE_CHECKING:
    from automl.records import Dataset, Task

__all__ = ["known_truth"]


def known_truth(dataset: Dataset, task: Task) -> tuple[np.ndarray | None, np.ndarray]:
    """The truth of new rows, and which of them have one.

    A label that training did not have is not known: no prediction can be right about it.

    Args:
        dataset: new rows; its `target` holds the cells as the user wrote them.
        task: a goal with a target.

    Returns:
        The truth as metrics read it (None where there is none), and ``(n,)`` bool.
    """
    nobody = np.zeros(dataset.n_rows, bool)
    if dataset.target is None or task.goal not in ("binary", "multiclass", "multilabel", "regression"):
        return None, nobody
    cells = dataset.target
    if task.goal in ("binary", "multiclass"):
        codes = _codes(cells[task.target[0]].tolist(), task.classes)
        return codes, codes >= 0
    if task.goal == "multilabel":
        codes = np.stack([_codes(cells[name].tolist(), ("0", "1")) for name in task.target], axis=1)
        return codes.astype(np.int8), np.asarray((codes >= 0).all(axis=1))
    typed, _ = read_new(cells, task.target_columns)
    names = [name for name in task.target if name in typed.columns]
    if len(names) < len(task.target):
        return None, nobody
    values = np.stack([typed[name].to_numpy(np.float64, na_value=np.nan) for name in names], axis=1)
    return values, np.asarray(np.isfinite(values).all(axis=1))


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
