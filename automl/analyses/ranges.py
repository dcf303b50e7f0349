"""Ranges: how scores and alarms match anomalies that last, for series whose rows have labels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from automl.analyses.shared import scoring
from automl.goals.shared.scoring import series_codes
from automl.metrics.ranges import range_scores, stretches, volume_under_pr, window_precision
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Dataset, Output

__all__ = ["RANGES"]

SHOWN = ("deep", "shallow", "blend", "floor")
SECONDS_A_ROW = 1e-5
"""For all measures of four contestants; measured with 10,000 to 1,000,000 rows on one core."""
MOST_NEAR = 20_000_000
"""Rows near stretches, once for each: beyond, labels come and go too often to be stretches."""
MEASURES = (
    "rows", "windows", "volume", "found", "recall", "precision", "f1",
)  # fmt: skip
"""Average precision of rows and of windows; VUS-PR; of alarms the share of stretches with one, range-based recall,
precision and F1."""


def unfit(context: AnalysisContext) -> str | None:
    """Rows of series, with labels of both kinds among the test rows."""
    if any("scores" not in one.output.arrays for one in scoring.contestants(context).values()):
        return "items have no scores"
    if context.task.window is None or context.dataset.times is None:
        return "rows do not follow each other in time"
    truth = np.asarray(context.outcome.truth)
    return None if context.task.target and len(np.unique(truth)) > 1 else "the test rows are not labelled"


def cost(facts: AnalysisFacts) -> float:
    """A sort of the scores for each contestant, and sums for each buffer."""
    return 0.1 + SECONDS_A_ROW * facts.n_test


def run(context: AnalysisContext) -> dict[str, Any]:
    """One row a measure, with the figure of each contestant; None where it is not defined."""
    order, blocks = in_time(context.dataset, context.split.test)
    anomalous = np.asarray(context.outcome.truth)[order] == 1
    real, steps = stretches(anomalous, blocks), int(context.task.window or 1)
    entrants = {one.side: one.output for one in context.outcome.contestants if "scores" in one.output.arrays}
    figures = {side: _figures(output, anomalous, blocks, order, steps, len(real)) for side, output in entrants.items()}
    return {
        "steps": steps,
        "n": len(anomalous),
        "n_marked": int(anomalous.sum()),
        "n_series": len(np.unique(series_codes(context.dataset)[context.split.test])),
        "n_stretches": len(real),
        "median_rows": float(np.median(real[:, 1] - real[:, 0])),
        "rows": [
            {"measure": name, **{side: figures[side][name] if side in figures else None for side in SHOWN}}
            for name in MEASURES
        ],
    }


def in_time(dataset: Dataset, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of rows in the order of series and time, and the block of each in this order.

    A row that does not follow the one before it in its series, since rows between them are not among these, begins a
    block.

    Args:
        dataset: with times; `series` tells several series apart.
        rows: ``(n,)`` row numbers.
    """
    assert dataset.times is not None
    codes = series_codes(dataset)
    place = np.empty(dataset.n_rows, np.int64)
    place[np.lexsort((dataset.times, codes))] = np.arange(dataset.n_rows)
    order = np.argsort(place[rows], kind="stable")
    ordered = rows[order]
    follows = (np.diff(place[ordered]) == 1) & (np.diff(codes[ordered]) == 0)
    return order, np.cumsum(np.r_[True, ~follows][: len(rows)])


def _figures(
    output: Output, anomalous: np.ndarray, blocks: np.ndarray, order: np.ndarray, steps: int, n_stretches: int
) -> dict[str, float | None]:
    scores, alarms = output.arrays["scores"][order], output.arrays["labels"][order] == 1
    said = range_scores(anomalous, alarms, blocks)
    is_apart = n_stretches * steps <= MOST_NEAR
    found = {
        "rows": window_precision(anomalous, scores, blocks, 1),
        "windows": window_precision(anomalous, scores, blocks, steps),
        "volume": volume_under_pr(anomalous, scores, blocks, steps) if is_apart else math.nan,
        "found": said.n_found / max(said.n_stretches, 1),
        "recall": said.recall,
        "precision": said.precision,
        "f1": said.f1,
    }
    return {name: value if math.isfinite(value) else None for name, value in found.items()}


EXAMPLE: dict[str, Any] = {
    "steps": 24, "n": 400, "n_marked": 36, "n_series": 1, "n_stretches": 4, "median_rows": 9.0,
    "rows": [
        {"measure": name, "deep": deep, "shallow": shallow, "blend": None, "floor": 0.09 if deep else None}
        for name, deep, shallow in (
            ("rows", 0.61, 0.55), ("windows", 0.80, 0.82), ("volume", 0.71, 0.66), ("found", 0.75, 1.0),
            ("recall", 0.42, 0.51), ("precision", 0.66, 0.48), ("f1", 0.51, 0.49),
        )
    ],
}  # fmt: skip

RANGES = Analysis(
    name="ranges", order=7, run=run, unfit=unfit, cost=cost, example=EXAMPLE,
    source="VUS-PR: Paparrizos et al., PVLDB 15 (2022); range-based precision and recall: Tatbul et al., NeurIPS 2018",
)  # fmt: skip
