"""Robustness: what each finalist scores when the inputs of test rows get worse, step by step."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automl import catalog, metrics
from automl.analyses.shared import scoring
from automl.analyses.shared.changed_rows import ChangedRows, changed_rows
from automl.goals.shared.outputs import taken
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Corruption, Output, Side

__all__ = ["ROBUSTNESS", "corruptions", "half_at"]

MOST_ITEMS, LEAST_ITEMS = 2000, 200
N_DRAWS = 200
SHARE_OF_TIME = 0.3
"""Of the time that is left for analyses: those that come later want some, too."""
USUAL_STEPS = 6
NO_TIME = "the budget left no time for it"


def corruptions() -> tuple[Corruption, ...]:
    """All corruptions, those of plug-ins too, the cheapest first."""
    known = catalog.members(Corruption, "automl.analyses.corruptions").values()
    return tuple(sorted(known, key=lambda one: (one.order, one.name)))


def cost(facts: AnalysisFacts) -> float:
    """One corruption at all strengths, on `LEAST_ITEMS` items at least."""
    return 0.5 + USUAL_STEPS * facts.pass_seconds * min(1.0, LEAST_ITEMS / max(facts.n_test, 1))


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """Scores of both finalists by corruption and strength, the gain at each with its interval, and areas."""
    until = min(context.deadline, time.monotonic() + SHARE_OF_TIME * context.remaining_seconds)
    rows = changed_rows(context, 1)
    members = [one for one in corruptions() if one.applies(rows.inputs)]
    if not members or not scoring.predictors(context):
        return None
    n_steps = 1 + sum(len(one.severities) for one in members)
    rows = changed_rows(context, _n_items(context, n_steps, until - time.monotonic()))
    draws = scoring.drawn(rows.at, context.seed, N_DRAWS)
    begun = time.monotonic()
    clean = _scores(context, rows, rows.inputs.dataset, draws)
    step_seconds = time.monotonic() - begun
    curves: dict[str, _Curve] = {}
    left_out: list[dict[str, str]] = []
    for place, corruption in enumerate(members):
        curve = _Curve(corruption, clean)
        for strength in corruption.severities:
            if context.stopping() or time.monotonic() + 1.2 * step_seconds > until:
                break
            begun = time.monotonic()
            rng = np.random.default_rng((context.seed, place))  # what a weaker one changes, a stronger one does as well
            changed = rows.ready(corruption.apply(rows.inputs, strength, rng))
            curve.add(strength, _scores(context, rows, changed, draws))
            step_seconds = time.monotonic() - begun
        if len(curve.strengths) > 1:
            curves[corruption.name] = curve
        if len(curve.strengths) <= len(corruption.severities):
            left_out.append({"name": corruption.name, "words": corruption.words, "reason": NO_TIME})
    if not curves:
        return None
    floor = _floor(context, rows)
    return {
        "metric": context.task.metric, "level": scoring.LEVEL, "n_items": len(rows.at), "n_test": context.facts.n_test,
        "floor": floor,
        "corruptions": [
            {"name": one.corruption.name, "words": one.corruption.words, "unit": one.corruption.unit,
             "percent": one.corruption.percent, "source": one.corruption.source, **one.mean_gain(context.task.metric)}
            for one in curves.values()
        ],
        "rows": [row for one in curves.values() for row in one.rows(context.task.metric)],
        "summary": [row for one in curves.values() for row in one.summary(context.task.metric, floor)],
        "left_out": left_out,
    }  # fmt: skip


def _n_items(context: AnalysisContext, n_steps: int, seconds: float) -> int:
    """As many items as there is time to predict for all strengths."""
    facts = context.facts
    each = 1.5 * facts.pass_seconds / max(facts.n_test, 1)
    fit = seconds / (n_steps * each) if each > 0 else np.inf
    return int(np.clip(fit, LEAST_ITEMS, MOST_ITEMS))


Scores = Mapping[Side, tuple[float, np.ndarray]]
"""Side → its score, and its scores under bootstrap weights."""


def _scores(context: AnalysisContext, rows: ChangedRows, dataset: Any, draws: np.ndarray) -> Scores:
    found: dict[Side, tuple[float, np.ndarray]] = {}
    for side, predictor in scoring.predictors(context).items():
        output: Output = rows.output(predictor, dataset)
        metric = context.task.metric
        found[side] = (
            scoring.score_of(metric, rows.at, output),
            scoring.scores_of(metric, rows.at, output, draws),
        )
    return found


def _floor(context: AnalysisContext, rows: ChangedRows) -> float | None:
    """The floor's score on the same items, with their inputs as they are."""
    entrant = next((one for one in context.outcome.contestants if one.side == "floor"), None)
    if entrant is None:
        return None
    return scoring.score_of(context.task.metric, rows.at, taken(entrant.output, rows.positions))


class _Curve:
    """Scores of both sides over the strengths of one corruption, from the unchanged inputs on."""

    def __init__(self, corruption: Corruption, clean: Scores) -> None:
        self.corruption = corruption
        self.strengths = [0.0]
        self.found = [clean]

    def add(self, strength: float, scores: Scores) -> None:
        self.strengths.append(strength)
        self.found.append(scores)

    def rows(self, metric: str) -> list[dict[str, Any]]:
        """One for each strength."""
        made = []
        for strength, scores in zip(self.strengths, self.found, strict=True):
            values: dict[str, Any] = {side: scores[side][0] if side in scores else None for side in scoring.SIDES}
            made.append({"corruption": self.corruption.name, "strength": strength, **values, **_gain(metric, scores)})
        return made

    def mean_gain(self, metric: str) -> dict[str, Any]:
        """The gain of the deep side, averaged over the strengths."""
        sides = self.found[0]
        mean: Scores = {
            side: (
                _mean(self.strengths, [one[side][0] for one in self.found]),
                np.array([_mean(self.strengths, line) for line in np.stack([one[side][1] for one in self.found], 1)]),
            )
            for side in sides
        }
        return _gain(metric, mean)

    def summary(self, metric: str, floor: float | None) -> list[dict[str, Any]]:
        """One row for each side."""
        made = []
        for side in self.found[0]:
            line = [one[side][0] for one in self.found]
            at, lead = half_at(metric, self.strengths, line, floor)
            made.append(
                {
                    "corruption": self.corruption.name, "side": side, "clean": line[0], "worst": line[-1],
                    "area": _mean(self.strengths, line), "lead": lead, "half_at": at, "strongest": self.strengths[-1],
                }
            )  # fmt: skip
        return made


def _gain(metric: str, scores: Scores) -> dict[str, Any]:
    """Of the deep side over the shallow one, with its paired interval."""
    if len(scores) < 2:
        return {"gain": None, "low": None, "high": None}
    (one, one_drawn), (other, other_drawn) = scores["deep"], scores["shallow"]
    sign = 1.0 if metrics.named(metric).higher_is_better else -1.0
    interval = scoring.ends(sign * (one_drawn - other_drawn))
    low, high = (None, None) if interval is None else interval
    return {"gain": sign * (one - other), "low": low, "high": high}


def _mean(strengths: Sequence[float], values: Any) -> float:
    """Area under a curve over the range of strengths, over that range."""
    return float(np.trapezoid(values, strengths) / (strengths[-1] - strengths[0]))


def half_at(
    metric: str, strengths: Sequence[float], scores: Sequence[float], floor: float | None
) -> tuple[float | None, float | None]:
    """The strength from which on less than half of the lead over the floor is left, and the lead at strength 0.

    Args:
        metric: its name.
        strengths: ascending, from 0 on.
        scores: one for each.
        floor: the score of a model that learns nothing from the inputs, with inputs as they are.

    Returns:
        The strength is None where half of the lead is never lost, or there is none; the lead is None without a floor.
    """
    if floor is None:
        return None, None
    leads = np.array([metrics.gain(metric, score, floor) for score in scores])
    if not leads[0] > 0:
        return None, float(leads[0])
    under = np.flatnonzero(~(leads >= leads[0] / 2))
    if not len(under):
        return None, float(leads[0])
    after, before = int(under[0]), int(under[0]) - 1
    fall = leads[before] - leads[after]
    share = (leads[before] - leads[0] / 2) / fall if np.isfinite(fall) and fall > 0 else 1.0
    return float(strengths[before] + share * (strengths[after] - strengths[before])), float(leads[0])


EXAMPLE = {
    "metric": "roc_auc",
    "level": 0.95,
    "n_items": 40,
    "n_test": 40,
    "floor": 0.5,
    "corruptions": [
        {"name": "numbers_noised", "words": "numbers with noise",
         "unit": "noise, in spreads of training rows", "percent": False,
         "source": "made up", "gain": 0.02, "low": -0.01, "high": 0.05},
        {"name": "cells_missing", "words": "missing cells", "unit": "share of the cells", "percent": True,
         "source": "made up", "gain": -0.06, "low": -0.1, "high": -0.02},
    ],
    "rows": [
        {"corruption": "numbers_noised", "strength": 0.0, "deep": 0.9, "shallow": 0.88, "gain": 0.02, "low": -0.01,
         "high": 0.05},
        {"corruption": "numbers_noised", "strength": 1.0, "deep": 0.8, "shallow": 0.78, "gain": 0.02, "low": -0.02,
         "high": 0.06},
        {"corruption": "cells_missing", "strength": 0.0, "deep": 0.9, "shallow": 0.88, "gain": 0.02, "low": -0.01,
         "high": 0.05},
        {"corruption": "cells_missing", "strength": 0.4, "deep": 0.65, "shallow": 0.79, "gain": -0.14, "low": -0.2,
         "high": -0.08},
    ],
    "summary": [
        {"corruption": "numbers_noised", "side": "deep", "clean": 0.9, "worst": 0.8, "area": 0.85, "lead": 0.4,
         "half_at": None, "strongest": 1.0},
        {"corruption": "numbers_noised", "side": "shallow", "clean": 0.88, "worst": 0.78, "area": 0.83, "lead": 0.38,
         "half_at": None, "strongest": 1.0},
        {"corruption": "cells_missing", "side": "deep", "clean": 0.9, "worst": 0.65, "area": 0.775, "lead": 0.4,
         "half_at": 0.32, "strongest": 0.4},
        {"corruption": "cells_missing", "side": "shallow", "clean": 0.88, "worst": 0.79, "area": 0.835, "lead": 0.38,
         "half_at": None, "strongest": 0.4},
    ],
    "left_out": [{"name": "typos", "words": "typing errors", "reason": "the budget left no time for it"}],
}  # fmt: skip

ROBUSTNESS = Analysis(
    name="robustness",
    order=40,
    run=run,
    cost=cost,
    source="Hendrycks & Dietterich, Benchmarking neural network robustness to common corruptions, ICLR 2019",
    example=EXAMPLE,
)
