"""Plain columns of numbers as parts of a matrix, many at a time: of wide tables, one by one they take most of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from automl.baselines.features.levels import evenly
from automl.frame_columns import BLOCK_CELLS, number_blocks
from automl.records import NUMERIC_KINDS, Table
from automl.target_encoding.microaggregation import median, quantiles
from automl.target_encoding.ridge import MAX_FIT_ROWS
from automl.target_encoding.value_spikes import may_come_back

__all__ = ["LARGEST", "NUMBER_STEPS", "apply_plain", "fit_plain", "medians", "n_distinct"]

FEW_COLUMNS = 40
"""Fewer columns of numbers are read one by one."""
LARGEST = 1e100
"""Numbers beyond it count as it: sums and squares of some millions of them are finite."""
NUMBER_STEPS = ({"kind": "number", "flag": False}, {"kind": "number", "flag": True})
"""Of plain columns of numbers, without and with a column that says where a value is missing; never changed."""

Fitted = tuple[dict[str, Any], np.ndarray]
"""The step of a column, and its part of the matrix."""


def fit_plain(
    frame: pd.DataFrame, kinds: Mapping[str, str], style: str, weight: np.ndarray | None, *, judged: bool
) -> dict[str, Fitted | None]:
    """Step and block of the columns of numbers none of whose values come back.

    Args:
        frame: training rows.
        kinds: of the columns, by name.
        style: of the features.
        weight: of each row, or None.
        judged: whether values that come back are judged; such columns are left out.

    Returns:
        By name; None for a column in which no row that counts has a value. Nothing where there are few columns.
    """
    names = [name for name in _stored(frame) if kinds.get(name) in NUMERIC_KINDS]
    found: dict[str, Fitted | None] = {}
    if len(names) < FEW_COLUMNS:
        return found
    for own, values in number_blocks(frame, names):
        gaps, there = np.isnan(values), np.isfinite(values)
        np.clip(values, -LARGEST, LARGEST, out=values)
        tells = (there if weight is None else there & (weight > 0)[:, None]).any(axis=0).tolist()
        flags = gaps.any(axis=0).tolist() if style == "linear" else [False] * len(own)
        sample = values[evenly(len(values), MAX_FIT_ROWS)]
        come_back = may_come_back(sample).tolist() if judged else [False] * len(own)
        for place, name in enumerate(own):
            if not come_back[place] or kinds[name] == "boolean":
                block = _block(values[:, place : place + 1], flags[place])
                found[name] = (NUMBER_STEPS[flags[place]], block) if tells[place] else None
    return found


def apply_plain(frame: Table, plan: Mapping[str, Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """The blocks of the plain columns of numbers of other rows, by name; nothing where there are few.

    Args:
        frame: the rows.
        plan: the steps of the columns.
    """
    names = [name for name, step in plan.items() if step["kind"] == "number" and len(step) == 2]
    if len(names) < FEW_COLUMNS or not isinstance(frame, pd.DataFrame):
        return {}
    found: dict[str, np.ndarray] = {}
    stored = set(_stored(frame))
    for own, values in number_blocks(frame, [name for name in names if name in stored]):
        np.clip(values, -LARGEST, LARGEST, out=values)
        for place, name in enumerate(own):
            found[name] = _block(values[:, place : place + 1], plan[name]["flag"])
    return found


def _stored(frame: pd.DataFrame) -> list[str]:
    """Names of the columns of float64."""
    return [name for name, dtype in zip(frame.columns, frame.dtypes.tolist(), strict=True) if dtype == np.float64]


def _block(column: np.ndarray, flag: bool) -> np.ndarray:
    """A column ``(n, 1)``, and where it is flagged beside it whether it is missing."""
    return np.concatenate([column, np.isnan(column) * 1.0], axis=1) if flag else column


def medians(matrix: np.ndarray) -> np.ndarray:
    """The microaggregated median ``(n_columns,)`` of what each column of a matrix holds."""
    whole = ~np.isnan(matrix).any(axis=0)
    found = np.empty(matrix.shape[1])
    step = max(1, BLOCK_CELLS // max(len(matrix), 1))
    places = np.flatnonzero(whole)
    for start in range(0, len(places), step):
        found[places[start : start + step]] = quantiles(matrix[:, places[start : start + step]], [0.5])[0]
    for place in np.flatnonzero(~whole).tolist():
        column = matrix[:, place]
        found[place] = median(column[~np.isnan(column)])
    return found


def n_distinct(matrix: np.ndarray) -> np.ndarray:
    """How many different values each column holds, ``(n_columns,)``; gaps count as one."""
    if not len(matrix):
        return np.zeros(matrix.shape[1], np.int64)
    ordered = np.sort(matrix, axis=0)  # gaps last
    gone = np.isnan(ordered)
    return np.asarray(((ordered[1:] != ordered[:-1]) & ~gone[1:]).sum(axis=0) + ~gone[0] + gone[-1])
