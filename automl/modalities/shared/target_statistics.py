"""What cells of words and levels say of the target, as numbers: out-of-fold predictions, and how much they hold.

A row's own target must not be among those its number was made from, or a network trusts it more than it should. So
there is one table for each fold, fitted without it, and the fold of *any* row follows from its cells: a training row
meets the table that has not seen it, and so do its duplicates, a new row meets one of them, and both kinds of rows
have numbers of the same spread. Transforming stays a function of the cells alone, with nothing of the rows in it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from automl.modalities.shared.categories import distinct_of, strings
from automl.modalities.shared.specs import MAX_STAT_ROWS, evenly, numbers_spec
from automl.records import InputSpec, Table
from automl.target_encoding.ridge import (
    AMOUNTS,
    MAX_FIT_ROWS,
    MAX_TOKENS,
    amounts,
    crossfit_words,
    tokens,
    vocabulary,
    weighed,
)
from automl.target_encoding.value_spikes import ValueSpikes, find_value_spikes, restore_value_spikes

__all__ = ["TargetStatistic", "TargetStatistics", "fit_target_statistics", "restore_target_statistics"]

N_FOLDS = 8
"""Each table is used for new rows, and the more there are, the more training rows each one has seen."""
LEAST_LEVELS = 20
NO_LEVELS: Mapping[str, Any] = {"columns": [], "values": {}}  # of encoders that were stored before there were any
SURE = 2.0
"""A column is kept if its out-of-fold predictions beat the mean by so many standard errors."""


@dataclass(eq=False)
class TargetStatistic:
    """One column → a number for each target (see `automl.target_encoding.ridge.target_columns`).

    Attributes:
        column: name.
        words: tokens in code order.
        idf: ``(n_words,)``.
        coef: ``(n_folds, n_words, n_targets)`` float32.
        intercept: ``(n_folds, n_targets)``.
    """

    column: str
    words: list[str]
    idf: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray

    @cached_property
    def codes(self) -> dict[str, int]:
        """Token → code."""
        return {word: code for code, word in enumerate(self.words)}

    @property
    def names(self) -> list[str]:
        """A name for each number."""
        return [f"{self.column}.clue{i + 1}" for i in range(self.coef.shape[2])]

    def transform(self, at: np.ndarray, cells: Sequence[str | None], folds: np.ndarray) -> np.ndarray:
        """``(n, n_targets)`` float32; every row on its own.

        Args:
            at: ``(n,)`` places among the distinct cells.
            folds: ``(n,)``.
        """
        rows = weighed([tokens(cell) for cell in cells], self.codes, self.idf)
        if len(self.coef) * len(cells) <= len(at):  # levels: every distinct cell by every table costs less
            predicted = np.stack([rows @ one + own for one, own in zip(self.coef, self.intercept, strict=True)])
            return np.asarray(predicted[folds, at], np.float32)
        rows = rows[at]
        out = np.empty((len(at), self.coef.shape[2]), np.float32)
        for fold in range(len(self.coef)):
            here = np.flatnonzero(folds == fold)
            if len(here):
                out[here] = rows[here] @ self.coef[fold] + self.intercept[fold]
        return out

    def state(self) -> dict[str, Any]:
        """Plain lists and arrays."""
        return {name: getattr(self, name) for name in ("column", "words", "idf", "coef", "intercept")}


@dataclass(eq=False)
class TargetStatistics:
    """All clues of a table, side by side, then the amounts.

    Attributes:
        parts: one a column.
        watched: columns whose cells tell a row's fold.
        measured: column → which of `automl.target_encoding.ridge.AMOUNTS` vary in training.
        repeated: columns of numbers that are read as levels.
    """

    parts: list[TargetStatistic]
    watched: list[str]
    measured: dict[str, list[int]]
    spikes: ValueSpikes

    @property
    def names(self) -> list[str]:
        """A name for each number."""
        names = [name for part in self.parts for name in part.names]
        return names + [f"{column}.{AMOUNTS[i]}" for column, kept in self.measured.items() for i in kept]

    def transform(self, frame: Table) -> np.ndarray:
        """``(n, n_columns)`` float32."""
        folds = folds_of(frame, self.watched) if self.parts else np.zeros(len(frame), np.int64)
        cells = self.spikes.cells(frame)
        read = {*self.measured, *(part.column for part in self.parts)} - cells.keys()
        cells |= {name: distinct_of(frame, name) for name in read}
        predicted = [part.transform(*cells[part.column], folds) for part in self.parts]
        held = [amounts(cells[name][1])[cells[name][0]][:, kept] for name, kept in self.measured.items()]
        return np.concatenate([*predicted, *held], axis=1, dtype=np.float32, casting="same_kind")

    def state(self) -> dict[str, Any]:
        """Parts by place."""
        return {
            "watched": self.watched,
            "measured": self.measured,
            "repeated": self.spikes.state(),
            "parts": {f"{place:04d}": part.state() for place, part in enumerate(self.parts)},
        }


def restore_target_statistics(state: Mapping[str, Any]) -> TargetStatistics:
    """The part that `TargetStatistics.state` described."""
    parts = [
        TargetStatistic(part["column"], list(part["words"]), part["idf"], part["coef"], part["intercept"])
        for _, part in sorted(state["parts"].items())
    ]
    measured = {name: [int(i) for i in kept] for name, kept in state["measured"].items()}
    return TargetStatistics(
        parts, list(state["watched"]), measured, restore_value_spikes(state.get("repeated", NO_LEVELS))
    )


def fit_target_statistics(
    frame: pd.DataFrame,
    columns: Sequence[str],
    watched: Sequence[str],
    targets: np.ndarray,
    numbers: Sequence[str] = (),
) -> tuple[TargetStatistics, InputSpec] | None:
    """Fit on a frame of training rows; None when no column tells anything.

    Args:
        frame: training rows.
        columns: of words or levels.
        watched: columns whose cells tell a row's fold.
        targets: the training rows' target, see `automl.target_encoding.ridge.target_columns`.
        numbers: columns of float64, whose values may be levels.
    """
    sample = evenly(np.arange(len(frame)), MAX_FIT_ROWS)
    frame_read = frame if len(sample) == len(frame) else frame.iloc[sample]
    folds = folds_of(frame_read, watched)
    spikes = find_value_spikes(frame_read, numbers, targets[sample], folds)
    target_statistics = TargetStatistics([], list(watched), {}, spikes)
    for name, (at, words) in spikes.cells(frame_read).items():
        part = _fit(name, [words[place] for place in at], targets[sample], folds)
        if part is not None:
            target_statistics.parts.append(part)
    for name in columns:
        cells = strings(frame_read[name])
        if len(set(cells)) < LEAST_LEVELS:
            continue
        varies = np.flatnonzero(np.ptp(amounts(cells), axis=0) > 0).tolist()
        if varies:
            target_statistics.measured[name] = varies
        part = _fit(name, cells, targets[sample], folds)
        if part is not None:
            target_statistics.parts.append(part)
    names = target_statistics.names
    if not names:
        return None
    sample = evenly(np.arange(len(frame)), MAX_STAT_ROWS)  # all that statistics need
    values = target_statistics.transform(frame.iloc[sample])
    return target_statistics, numbers_spec("clues", names, values, [0.0] * len(names))


def _fit(name: str, cells: Sequence[str | None], targets: np.ndarray, folds: np.ndarray) -> TargetStatistic | None:
    documents = [tokens(cell) for cell in cells]
    words = vocabulary(documents, MAX_TOKENS // (1 + targets.shape[1] // 3))
    if not words:
        return None
    idf, fitted = crossfit_words(documents, words, targets, folds, N_FOLDS)
    if fitted.sureness < SURE:
        return None
    return TargetStatistic(name, words, idf, fitted.coef[:N_FOLDS].astype(np.float32), fitted.intercept[:N_FOLDS])


def folds_of(frame: Table, watched: Sequence[str]) -> np.ndarray:
    """``(n,)`` from 0 to `N_FOLDS` - 1, by the cells of the watched columns: equal rows are in the same fold.

    Source: the finaliser of SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014).
    """
    mixed = np.zeros(len(frame), np.uint64)
    for name in watched:
        column = frame[name]
        if column.dtype.kind == "M":
            bits = np.asarray(column, "datetime64[s]").view(np.uint64)
        elif column.dtype.kind in "fiub":
            values = np.asarray(column, np.float64)
            bits = np.where(np.isnan(values), 0.0, values + 0.0).view(np.uint64)
        else:
            at, cells = distinct_of(frame, name)
            hashes = [zlib.crc32((cell or "").encode("utf-8", "surrogatepass")) for cell in cells]
            bits = np.array(hashes, np.uint64)[at]
        mixed = _mix(mixed ^ (bits + np.uint64(0x9E3779B97F4A7C15)))
    return (mixed % np.uint64(N_FOLDS)).astype(np.int64)


def _mix(x: np.ndarray) -> np.ndarray:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))
