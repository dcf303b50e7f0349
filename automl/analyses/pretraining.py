"""Pretraining: both finalists' settings with and without the rows that have no label, by the number of labels."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import numpy as np

from automl import goals, metrics
from automl.analyses.shared import scoring
from automl.analyses.shared.points import Curve, Points
from automl.analyses.shared.subsets import is_drawn, subset
from automl.errors import OutOfTime, TrialError
from automl.records import (
    PRETRAINED,
    START,
    UNLABELLED,
    UNUSED,
    Analysis,
    AnalysisContext,
    AnalysisFacts,
    Run,
    Side,
)  # fmt: skip
from automl.sides.ensemble import members_of
from automl.sides.items import length_growth, refit_items

__all__ = ["PRETRAINING"]

LABELS_A_CLASS = (10, 25, 50, 100, 250)
SHARES = (1 / 4, 1 / 16)
"""Of the labels, where there are no classes."""
MOST_SIZES = 3
"""Beside all labels; of more the smallest, and others far from it and each other, are taken."""
LEAST_APART = 1.5
LEAST_LABELS = 40
FIXED_SHARE = 0.5
"""Of the time of a refit on all labels, what does not shrink with them: pretraining, compilation, predictions."""
WITH, WITHOUT = "with", "without"
SETTINGS = {"deep": START, "shallow": UNLABELLED}


def uses(run: Run) -> bool | None:
    """Whether a run learnt from rows without a label; None where its settings do not say."""
    if START in run.choices:
        return bool(run.choices[START] == PRETRAINED)
    return None if UNLABELLED not in run.choices else bool(run.choices[UNLABELLED] != UNUSED)


def finalists_that_use(context: AnalysisContext) -> dict[Side, bool]:
    """Whether the finalist of each side, or a member of it, learnt from rows without a label."""
    runs = {run.name: run for run in context.outcome.runs}
    found: dict[Side, bool] = {}
    for run in context.outcome.runs:
        if run.finalist and run.side in scoring.SIDES:
            members = [runs[name] for name in members_of(run) if name in runs] or [run]
            found[run.side] = any(map(uses, members))
    return found


def unfit(context: AnalysisContext) -> str | None:
    """Rows without a label, and enough with one."""
    if not context.split.n_unlabelled:
        return "no rows without a label were used"
    if len(scoring.contestants(context)) < 2:
        return "only one side has a finalist"
    n = len(refit_items(context.split))
    return None if n >= LEAST_LABELS else f"{n} labels are too few to learn from parts of them"


def cost(facts: AnalysisFacts) -> float:
    """Without these rows on all labels, then both ways on the fewest."""
    return 0.5 + facts.refit_seconds * (1.0 + 2 * (FIXED_SHARE + (1 - FIXED_SHARE) / 4))


def sizes(context: AnalysisContext) -> list[float]:
    """Shares of the labels to learn from, besides all of them: ten a class and more."""
    n, task = len(refit_items(context.split)), context.task
    if not goals.named(task).is_one_class:
        return [share for share in SHARES if share * n >= LEAST_LABELS / 2]
    wanted: list[float] = []
    for each in LABELS_A_CLASS:
        share = each * len(task.classes) / n
        if share * LEAST_APART < 1 and (not wanted or share >= LEAST_APART * wanted[-1]):
            wanted.append(share)
    return wanted[:MOST_SIZES] if wanted else [1 / 2]


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """Both curves of each side, what pretraining brings at each size, and what the search found with and without."""
    searched = _searched(context)
    points = {WITH: Points(context, 1.0), WITHOUT: Points(context, 1.0)}
    points[WITHOUT].scores = {side: {} for side in points[WITH].scores}
    points[WITHOUT].drawn = {side: {} for side in points[WITH].drawn}
    left_out = _measure(context, points)
    rows: list[dict[str, Any]] = []
    gains: list[dict[str, Any]] = []
    n_items = len(refit_items(context.split))
    higher = metrics.named(context.task.metric).higher_is_better
    for side in scoring.SIDES:
        curves = {way: points[way].curve(side) for way in points if points[way].scores.get(side)}
        for way, one in curves.items():
            rows += _rows(context.task.metric, side, way, one, n_items, 1.0 if higher else -1.0)
        if len(curves) > 1:
            gains += _gains(side, curves[WITH], curves[WITHOUT], n_items)
    if not gains and not searched:
        return None
    return {
        "metric": context.task.metric,
        "level": scoring.LEVEL,
        "higher_is_better": higher,
        "n_labels": n_items,
        "n_unlabelled": context.split.n_unlabelled,
        "n_classes": len(context.task.classes),
        "drawn": is_drawn(context.split),
        "uses": dict(finalists_that_use(context)),
        "searched": searched,
        "rows": rows,
        "gains": gains,
        "left_out": left_out,
    }


def _searched(context: AnalysisContext) -> list[dict[str, Any]]:
    """Of each side: the best validation score of its runs with and without these rows."""
    sign = 1.0 if metrics.named(context.task.metric).higher_is_better else -1.0
    found = []
    for side in scoring.SIDES:
        for used in (True, False):
            scores = [
                run.valid_score
                for run in context.outcome.runs
                if run.side == side and run.valid_score is not None and uses(run) is used
            ]
            if scores:
                best = max(scores, key=lambda score: sign * score)
                found.append({"side": side, "used": used, "runs": len(scores), "score": float(best)})
    return found


def _measure(context: AnalysisContext, points: dict[str, Points]) -> str:
    """Fit both ways on one size after another; what was left out, and why, or ""."""
    if context.refit is None or not any(finalists_that_use(context).values()):
        return "" if context.refit is not None else "finalists could not be fitted again"
    without = dataclasses.replace(context.dataset, unlabelled=None)
    steps = [(1.0, WITHOUT), *((share, way) for share in sizes(context) for way in (WITH, WITHOUT))]
    if points[WITH].lacks_own:
        steps.insert(0, (1.0, WITH))
    pace = 1.0
    for number, (share, way) in enumerate(steps, start=1):
        part = subset(context.dataset, context.task, context.split, share, 1)
        if part is None:
            continue
        expected = context.facts.refit_seconds * (FIXED_SHARE + (1 - FIXED_SHARE) * length_growth(share)) * pace
        if not context.has_time_for(expected):
            return "fewer sizes: no time"
        begun = time.monotonic()
        try:
            points[way].add(share, context.refit(part, number, None if way == WITH else without))
        except OutOfTime:
            return "fewer sizes: no time"
        except TrialError:  # so few rows cannot be learnt from by these settings
            continue
        pace = max(0.05, pace * (time.monotonic() - begun) / max(expected, 1e-9))
    return ""


def _rows(metric: str, side: Side, way: str, one: Curve, n_items: int, sign: float) -> list[dict[str, Any]]:
    rows = []
    for k, place in enumerate(one.places):
        low, high = scoring.ends_of_scores(metric, sign * one.drawn[:, k])
        rows.append(
            {
                "side": side, "unlabelled": way, "n_labels": round(place * n_items), "fits": int(one.n_fits[k]),
                "score": sign * float(one.values[k]), "low": low, "high": high,
            }
        )  # fmt: skip
    return rows


def _gains(side: Side, first: Curve, other: Curve, n_items: int) -> list[dict[str, Any]]:
    """What these rows bring at each size that was measured both ways; positive where they help."""
    gains = []
    for place in np.intersect1d(first.places, other.places):
        i, k = int(np.searchsorted(first.places, place)), int(np.searchsorted(other.places, place))
        found = scoring.ends(first.drawn[:, i] - other.drawn[:, k])
        low, high = (None, None) if found is None else found
        gain = float(first.values[i] - other.values[k])
        gains.append({"side": side, "n_labels": round(place * n_items), "gain": gain, "low": low, "high": high})
    return gains


def _example_rows() -> list[dict[str, Any]]:
    scores = {("deep", WITH): (0.74, 0.80, 0.83), ("deep", WITHOUT): (0.68, 0.76, 0.82),
              ("shallow", WITH): (0.75, 0.79, 0.81), ("shallow", WITHOUT): (0.73, 0.78, 0.81)}  # fmt: skip
    return [
        {"side": side, "unlabelled": way, "n_labels": n, "fits": 1, "score": score, "low": score - 0.02,
         "high": score + 0.02}
        for (side, way), own in scores.items()
        for n, score in zip((100, 200, 400), own, strict=True)
    ]  # fmt: skip


EXAMPLE: dict[str, Any] = {
    "metric": "accuracy",
    "level": 0.95,
    "higher_is_better": True,
    "n_labels": 400,
    "n_unlabelled": 5000,
    "n_classes": 10,
    "drawn": True,
    "uses": {"deep": True, "shallow": True},
    "searched": [
        {"side": "deep", "used": True, "runs": 3, "score": 0.84},
        {"side": "deep", "used": False, "runs": 1, "score": 0.8},
    ],
    "rows": _example_rows(),
    "gains": [
        {"side": side, "n_labels": n, "gain": gain, "low": gain - 0.02, "high": gain + 0.02}
        for side, own in (("deep", (0.06, 0.04, 0.01)), ("shallow", (0.02, 0.01, 0.0)))
        for n, gain in zip((100, 200, 400), own, strict=True)
    ],
    "left_out": "",
}  # fmt: skip

PRETRAINING = Analysis(
    name="pretraining",
    order=58,
    run=run,
    unfit=unfit,
    cost=cost,
    refits=True,
    source="curves by number of labels: Oliver et al., 'Realistic Evaluation of Deep Semi-Supervised Learning', 2018",
    example=EXAMPLE,
)
