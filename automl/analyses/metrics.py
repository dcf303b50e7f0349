"""Metrics: all scores of the goal for finalists, blend and floor, and which of them disagree with the verdict."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from automl import goals, metrics
from automl.analyses.shared import scoring
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Contestant, Metric, Task

__all__ = ["METRICS"]

SHOWN = ("deep", "shallow", "blend", "floor")
SECONDS_AN_ITEM = 4e-5
"""For all metrics of a goal; measured with 2,000 to 100,000 items on one core."""


def unfit(context: AnalysisContext) -> str | None:
    """Without both finalists nothing is compared."""
    return None if len(scoring.contestants(context)) == len(scoring.SIDES) else "a side has no finalist"


def cost(facts: AnalysisFacts) -> float:
    """Draws of the test items, for each metric."""
    return 0.3 + SECONDS_AN_ITEM * facts.n_test


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """One row a metric, the verdict's first; gains are deep − shallow, positive where deep is better.

    Both finalists are scored under the same draws of test units; seeds are not drawn. So the interval of the verdict's
    own metric is narrower than that of the verdict where seeds matter.
    """
    chosen = context.task.metric
    entrants = {one.side: one for one in context.outcome.contestants}
    at = scoring.scored(context, context.split.items("test"))
    others = [name for name in goals.metrics_for(context.task) if _makes_sense(name, context.task, at)]
    names = [chosen, *(name for name in others if name != chosen)]
    draws = scoring.drawn(at, context.seed)
    rows: list[dict[str, Any]] = []
    for name in names:
        if rows and not context.has_time_for(SECONDS_AN_ITEM * len(at)):
            break
        row = _row(metrics.named(name), at, entrants, draws)
        if row is not None:
            rows.append(row)
    if not rows:
        return None
    return {
        "metric": chosen,
        "level": scoring.LEVEL,
        "n_items": len(at),
        "seeds_included": False,
        "disagree": _disagree(chosen, rows),
        "rows": rows,
    }


def _makes_sense(name: str, task: Task, at: scoring.Scored) -> bool:
    """Whether a metric says anything of such a target: kappa needs ordered classes, sMAPE values of one sign."""
    if name == "quadratic_kappa":
        return all(_is_number(one) for one in task.classes)
    if name == "smape":
        known = at.truth[np.isfinite(at.truth)]
        return bool((known >= 0).all() or (known <= 0).all())
    return True


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _row(
    metric: Metric, at: scoring.Scored, entrants: dict[Any, Contestant], draws: np.ndarray
) -> dict[str, Any] | None:
    """All scores by one metric; None where it does not read what the finalists predict, or is not defined."""
    outputs = {side: entrants[side].output for side in SHOWN if side in entrants}
    if any(metric.reads not in outputs[side].arrays for side in scoring.SIDES):
        return None
    try:
        scores = {
            side: scoring.score_of(metric.name, at, output) if metric.reads in output.arrays else math.nan
            for side, output in outputs.items()
        }
        interval = scoring.between(metric.name, at, [outputs[side] for side in scoring.SIDES], draws)
    except (KeyError, ValueError):  # it needs what these items or predictions do not have
        return None
    if not all(math.isfinite(scores[side]) for side in scoring.SIDES):
        return None
    sign = 1.0 if metric.higher_is_better else -1.0
    return {
        "metric": metric.name,
        "higher_is_better": metric.higher_is_better,
        **{side: scores[side] if math.isfinite(scores.get(side, math.nan)) else None for side in SHOWN},
        "gain": sign * (scores["deep"] - scores["shallow"]),
        "low": None if interval is None else interval[0],
        "high": None if interval is None else interval[1],
    }


def _disagree(chosen: str, rows: list[dict[str, Any]]) -> list[str]:
    """Metrics by which the other side is ahead beyond chance than by the verdict's metric."""
    own = next((row["gain"] for row in rows if row["metric"] == chosen), 0.0)
    return [
        row["metric"]
        for row in rows
        if row["low"] is not None and ((own > 0 and row["high"] < 0) or (own < 0 and row["low"] > 0))
    ]


EXAMPLE = {
    "metric": "roc_auc",
    "level": 0.95,
    "n_items": 40,
    "seeds_included": False,
    "disagree": ["accuracy"],
    "rows": [
        {"metric": "roc_auc", "higher_is_better": True, "deep": 0.90, "shallow": 0.80, "blend": 0.91, "floor": 0.5,
         "gain": 0.10, "low": 0.02, "high": 0.18},
        {"metric": "accuracy", "higher_is_better": True, "deep": 0.75, "shallow": 0.85, "blend": 0.86, "floor": 0.6,
         "gain": -0.10, "low": -0.17, "high": -0.03},
        {"metric": "log_loss", "higher_is_better": False, "deep": 0.40, "shallow": 0.42, "blend": None, "floor": 0.69,
         "gain": 0.02, "low": -0.03, "high": 0.06},
    ],
}  # fmt: skip

METRICS = Analysis(name="metrics", of_masks=True, order=10, run=run, unfit=unfit, cost=cost, example=EXAMPLE)
