"""Corruptions of a table's cells: noise on numbers, missing cells, levels that training never showed."""

from __future__ import annotations

import dataclasses

import numpy as np

from automl.analyses.shared.changed_inputs import noised_columns, with_columns
from automl.records import NUMERIC_KINDS, QUANTITY_KINDS, Corruption, CorruptionInputs, Dataset

__all__ = ["CATEGORIES_UNSEEN", "CELLS_MISSING", "NUMBERS_NOISED"]

SHARES = (0.05, 0.1, 0.2, 0.4, 0.6)
LEVEL_KINDS = ("categorical", "url")
GAP_KINDS = (*NUMERIC_KINDS, *LEVEL_KINDS, "datetime", "text", "list")
UNSEEN = "never seen in training"
"""A level that stands for one that training rows do not have."""


def _quantities(inputs: CorruptionInputs) -> list[str]:
    return [name for name in inputs.columns(*QUANTITY_KINDS) if inputs.spread.get(name, 0.0) > 0]


def _is_table(inputs: CorruptionInputs) -> bool:
    return inputs.row_spread is None and hasattr(inputs.dataset.inputs, "columns")


def _noised(inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> Dataset:
    return noised_columns(inputs, _quantities(inputs), strength, rng)


def _missing(inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> Dataset:
    frame = inputs.dataset.inputs.copy()
    levels = {c.name: c.level_column.name for c in inputs.task.columns if c.level_column is not None}
    for name in inputs.columns(*GAP_KINDS):
        gone = inputs.rows[rng.random(len(inputs.rows)) < strength]
        for one in (name, levels.get(name)):
            if one is not None and one in frame.columns:
                frame[one] = _without(frame[one].to_numpy(copy=True), gone)
    return dataclasses.replace(inputs.dataset, inputs=frame)


def _without(values: np.ndarray, gone: np.ndarray) -> np.ndarray:
    values[gone] = np.datetime64("NaT") if values.dtype.kind == "M" else None if values.dtype.hasobject else np.nan
    return values


def _unseen(inputs: CorruptionInputs, strength: float, rng: np.random.Generator) -> Dataset:
    def change(name: str, values: np.ndarray) -> None:
        values[inputs.rows[rng.random(len(inputs.rows)) < strength]] = UNSEEN

    return with_columns(inputs, inputs.columns(*LEVEL_KINDS), object, change)


NUMBERS_NOISED = Corruption(
    name="numbers_noised",
    order=10,
    words="numbers with noise",
    unit="noise, in spreads of training rows",
    severities=(0.1, 0.25, 0.5, 1.0, 2.0),
    applies=lambda inputs: _is_table(inputs) and bool(_quantities(inputs)),
    apply=_noised,
    source="Gaussian noise in units of each column's spread in training rows",
)
CELLS_MISSING = Corruption(
    name="cells_missing",
    order=20,
    words="missing cells",
    unit="share of the cells",
    severities=SHARES,
    applies=lambda inputs: _is_table(inputs) and len(inputs.columns(*GAP_KINDS)) > len(inputs.columns("text")),
    apply=_missing,
    percent=True,
    source="Rubin, Inference and missing data, Biometrika 1976 (missing completely at random)",
)
CATEGORIES_UNSEEN = Corruption(
    name="categories_unseen",
    order=30,
    words="levels never seen in training",
    unit="share of the cells of categories",
    severities=SHARES,
    applies=lambda inputs: _is_table(inputs) and bool(inputs.columns(*LEVEL_KINDS)),
    apply=_unseen,
    percent=True,
    source="each cell's level is replaced at random by one that no training row has",
)
