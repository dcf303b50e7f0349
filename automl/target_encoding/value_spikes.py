"""Numbers that come back (a capital gain of exactly 7,688) and tell what their neighbours do not.

A default, a cap, a round price or an amount from a table of rates is a level rather than a point on a scale. A tree
isolates it with two splits; a network that reads the column as a smooth number, or in bins, learns it slowly or never.
Most columns are not like that, and levels of theirs would be noise, so each column is judged out of fold: does a
value's own mean of the target beat the mean of its neighbours?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl.frame_columns import number_blocks
from automl.records import Table

__all__ = ["ValueSpikes", "find_value_spikes", "may_come_back", "restore_value_spikes", "value_spikes", "words_of"]

MAX_VALUES = 256
LEAST_ROWS = 8
"""A value needs so many training rows to be a level."""
LEAST_VALUES, LEAST_SHARE = 3, 0.5
"""A column needs so many such values, and such a share of its rows in them."""
LEAST_DISTINCT = 20
"""Bins can tell fewer values apart on their own."""
LEAST_GAIN, SURE = 0.02, 5.0
"""Levels are kept if they explain such a share of the target's variance more than neighbours do, by so many standard
errors."""
WINDOW_SHARE, LEAST_WINDOW = 1 / 64, 64
"""Rows, by value, that count as neighbours."""
OTHER = "other"


@dataclass(eq=False)
class ValueSpikes:
    """Columns of numbers → one word a cell: a made-up one for each value that comes back, "other", none where missing.

    Attributes:
        columns: names.
        values: of each column, ascending float64.
    """

    columns: list[str]
    values: list[np.ndarray]

    @property
    def names(self) -> list[str]:
        """A name for each column of words."""
        return [f"{column} as a level" for column in self.columns]

    def cells(self, frame: Table) -> dict[str, tuple[np.ndarray, list[str | None]]]:
        """By name, the place ``(n,)`` of each cell among the words, and those."""
        numbers = [np.asarray(frame[column], np.float64) for column in self.columns]
        return {name: _marks(*pair) for name, *pair in zip(self.names, numbers, self.values, strict=True)}

    def state(self) -> dict[str, Any]:
        """Plain lists and arrays."""
        return {"columns": self.columns, "values": {f"{i:04d}": known for i, known in enumerate(self.values)}}


def restore_value_spikes(state: Mapping[str, Any]) -> ValueSpikes:
    """The part that `ValueSpikes.state` described."""
    return ValueSpikes(list(state["columns"]), [np.asarray(known) for _, known in sorted(state["values"].items())])


def find_value_spikes(
    frame: pd.DataFrame, columns: Sequence[str], targets: np.ndarray, folds: np.ndarray
) -> ValueSpikes:
    """Which columns have values that tell more than their neighbours.

    Args:
        frame: training rows.
        columns: of float64.
        targets: ``(n, n_targets)``, see `automl.target_encoding.ridge.target_columns`.
        folds: ``(n,)`` from 0.
    """
    found = ValueSpikes([], [])
    for names, block in number_blocks(frame, columns):
        for place in np.flatnonzero(may_come_back(block)).tolist():
            known = value_spikes(block[:, place], targets, folds)
            if known is not None:
                found.columns.append(names[place])
                found.values.append(known)
    return found


def may_come_back(block: np.ndarray) -> np.ndarray:
    """Which columns of ``(n, n_columns)`` numbers have enough values in enough rows for `value_spikes` to judge."""
    n_rows = len(block)
    if n_rows < LEAST_VALUES * LEAST_ROWS:
        return np.zeros(block.shape[1], bool)
    ordered = np.sort(block, axis=0)  # gaps last
    gone = np.isnan(ordered)
    n_distinct = ((ordered[1:] != ordered[:-1]) & ~gone[1:]).sum(axis=0) + ~gone[0] + gone[-1]
    begins = (ordered[LEAST_ROWS - 1 :] == ordered[: n_rows - LEAST_ROWS + 1]) & np.isfinite(
        ordered[LEAST_ROWS - 1 :]
    )  # a value of LEAST_ROWS rows once, of each more once more
    n_often = begins.sum(axis=0) - (
        begins[1:] & (ordered[1 : n_rows - LEAST_ROWS + 1] == ordered[: n_rows - LEAST_ROWS])
    ).sum(axis=0)
    n_covered = begins.sum(axis=0) + (LEAST_ROWS - 1) * n_often
    return np.asarray((n_distinct >= LEAST_DISTINCT) & (n_often >= LEAST_VALUES) & (n_covered >= LEAST_SHARE * n_rows))


def value_spikes(numbers: np.ndarray, targets: np.ndarray, folds: np.ndarray) -> np.ndarray | None:
    """The values of a column that come back, ascending, where they tell more than their neighbours; else None.

    Args:
        numbers: ``(n,)`` float64 of training rows.
        targets: ``(n, n_targets)``.
        folds: ``(n,)`` from 0.
    """
    distinct, codes, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    often = np.flatnonzero((counts >= LEAST_ROWS) & np.isfinite(distinct))
    if len(distinct) < LEAST_DISTINCT or len(often) < LEAST_VALUES or counts[often].sum() < LEAST_SHARE * len(codes):
        return None
    gain, sureness = gain_of_levels(codes, targets, folds)
    if gain < LEAST_GAIN or sureness < SURE:
        return None
    return np.sort(distinct[often[np.argsort(-counts[often], kind="stable")[:MAX_VALUES]]])


def words_of(numbers: np.ndarray, known: np.ndarray) -> list[str]:
    """A made-up word for each of the known values, "other" for the rest, an empty text where missing.

    Args:
        numbers: ``(n,)`` float64.
        known: ascending.
    """
    at, words = _marks(numbers, known)
    return [words[place] or "" for place in at]


def _marks(numbers: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, list[str | None]]:
    """The place of each number's word among those of the known values, "other", and None where missing."""
    at = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
    at = np.where(known[at] == numbers, at, len(known) + np.isnan(numbers))
    return at, [*(f"v{place}" for place in range(len(known))), OTHER, None]


def gain_of_levels(codes: np.ndarray, targets: np.ndarray, folds: np.ndarray) -> tuple[float, float]:
    """How much better a value's own mean predicts than that of its neighbours, out of fold.

    Args:
        codes: ``(n,)`` ranks of the values, from 0, all in use.
        targets: ``(n, n_targets)``.
        folds: ``(n,)`` from 0.

    Returns:
        The gain as a share of the squared error of the mean, and in standard errors.
    """
    n_rows, n_values, n_folds = len(codes), int(codes.max()) + 1, int(folds.max()) + 1
    counts = np.zeros((n_folds, n_values))
    np.add.at(counts, (folds, codes), 1.0)
    sums = np.zeros((n_folds, n_values, targets.shape[1]))
    np.add.at(sums, (folds, codes), targets)
    gains, whole = np.empty(n_rows), 0.0
    for fold in range(n_folds):
        rows = np.flatnonzero(folds == fold)
        count, total = counts.sum(axis=0) - counts[fold], sums.sum(axis=0) - sums[fold]
        if not len(rows) or not count.sum():
            gains[rows] = 0.0
            continue
        mean = total.sum(axis=0) / count.sum()
        near, own = _means(count, total, mean)
        here = targets[rows]
        gains[rows] = ((here - near[codes[rows]]) ** 2 - (here - own[codes[rows]]) ** 2).mean(axis=1)
        whole += float(((here - mean) ** 2).mean(axis=1).sum())
    noise = float(gains.std()) / np.sqrt(n_rows)
    return float(gains.sum()) / whole if whole else 0.0, float(gains.mean()) / noise if noise else 0.0


def _means(count: np.ndarray, total: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A value's mean with its neighbours', and its own shrunk to that of its neighbours, ``(n_values, n_targets)``."""
    half = max(WINDOW_SHARE * count.sum(), LEAST_WINDOW) / 2
    ends = np.concatenate([[0.0], np.cumsum(count)])
    sums = np.concatenate([np.zeros((1, total.shape[1])), np.cumsum(total, axis=0)])
    low = np.maximum(np.searchsorted(ends, ends[:-1] - half, side="right") - 1, 0)
    high = np.minimum(np.searchsorted(ends, ends[1:] + half), len(count))
    around, rows = sums[high] - sums[low], (ends[high] - ends[low])[:, None]
    others = (around - total + LEAST_ROWS * mean) / (rows - count[:, None] + LEAST_ROWS)
    near = (around + LEAST_ROWS * mean) / (rows + LEAST_ROWS)
    return near, (total + LEAST_ROWS * others) / (count[:, None] + LEAST_ROWS)
