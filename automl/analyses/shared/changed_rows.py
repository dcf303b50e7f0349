"""Test items whose inputs may be changed: as a small dataset of their own, with what they are scored by."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from automl import pretrained
from automl.analyses.shared import scoring
from automl.detect.rows import take
from automl.goals.shared.scoring import seasonal_scale, series_codes
from automl.goals.shared.truth import values_of
from automl.records import QUANTITY_KINDS, AnalysisContext, Column, CorruptionInputs, Dataset, Output, SidePredictor

__all__ = ["ChangedRows", "changed_rows", "spread_of"]

SPREAD_ROWS = 20_000
USUAL_SPREAD = 1.349
"""Quartiles of a normal distribution lie so many standard deviations apart."""


@dataclass(frozen=True, slots=True, eq=False)
class ChangedRows:
    """Some test items, and a dataset in which their inputs may be replaced.

    Attributes:
        inputs: the dataset, whose rows are the items alone; of a forecast it holds all rows.
        at: the items by their places in that dataset, with the truth and the context of the original data.
        positions: ``(n,)`` of the items among all test items.
        has_vectors: whether predictors read vectors that a backbone makes of the inputs.
    """

    inputs: CorruptionInputs
    at: scoring.Scored
    positions: np.ndarray
    has_vectors: bool

    def output(self, predictor: SidePredictor, dataset: Dataset) -> Output:
        """Predictions for changed inputs: a dataset that `ready` returned."""
        return predictor.output(dataset, self.at.items)

    def ready(self, dataset: Dataset) -> Dataset:
        """The dataset with vectors of its changed texts or pictures, where the models read any."""
        return pretrained.with_vectors(dataset, self.inputs.task) if self.has_vectors else dataset


def changed_rows(context: AnalysisContext, most: int) -> ChangedRows:
    """At most so many test items, drawn at random."""
    dataset, task, split = context.dataset, context.task, context.split
    items = split.items("test")
    positions = scoring.subsample(np.arange(len(items)), most, context.seed)
    at = scoring.scored(context, items[positions])
    if items.ndim == 2:
        before = _before_test(context)
        codes = series_codes(dataset)
        scale = seasonal_scale(dataset, max(int(task.season or 1), 1), before)
        inputs = CorruptionInputs(
            dataset, task, np.arange(dataset.n_rows), _spreads(dataset, task.columns, before), scale[codes],
            _lowest(values_of(dataset, task.target, before)),
        )  # fmt: skip
    else:
        rows = np.arange(len(positions))
        small = dataclasses.replace(take(dataset, items[positions]), findings=())
        inputs = CorruptionInputs(small, task, rows, _spreads(dataset, task.columns, split.train))
        at = dataclasses.replace(at, items=rows)
    return ChangedRows(inputs, at, positions, dataset.vectors is not None)


def spread_of(values: np.ndarray) -> float:
    """The spread of a column: by its quartiles, which wild values do not move; else its standard deviation."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0
    low, high = np.quantile(known, [0.25, 0.75])
    return float((high - low) / USUAL_SPREAD) or float(known.std())


def _spreads(dataset: Dataset, columns: tuple[Column, ...], rows: np.ndarray) -> dict[str, float]:
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), SPREAD_ROWS)).astype(np.int64)] if len(rows) else rows
    found = dataset.inputs
    if hasattr(found, "columns"):
        names = [c.name for c in columns if c.kind in QUANTITY_KINDS and c.name in found.columns]
        return {name: spread_of(found[name].to_numpy(np.float64)[some]) for name in names}
    if found.ndim == 3 and found.dtype.kind == "f":
        return {str(k): spread_of(found[some, k].astype(np.float64).ravel()) for k in range(found.shape[1])}
    return {}


def _before_test(context: AnalysisContext) -> np.ndarray:
    """Rows of each series before its first test row; all rows of a series without any."""
    codes = series_codes(context.dataset)
    first = np.full(int(codes.max()) + 1, len(codes))
    np.minimum.at(first, codes[context.split.test], context.split.test)
    return np.flatnonzero(np.arange(len(codes)) < first[codes])


def _lowest(values: np.ndarray) -> np.ndarray:
    least = np.nanmin(values, axis=0, initial=np.inf)
    return np.asarray(np.where((least >= 0) & np.isfinite(least), least, -np.inf))
