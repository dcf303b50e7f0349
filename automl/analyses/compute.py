"""Compute: estimated energy of search, training and prediction on both sides, and what it costs at the user's rates."""

from __future__ import annotations

import time
from typing import Any

from automl.analyses.shared import scoring
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Run, Side
from automl.system import energy
from automl.system.resources import usable_share

__all__ = ["COMPUTE"]

JOULES_A_KWH = 3.6e6
JOULES_A_WH = 3600.0
LEAST_SECONDS = 0.5
"""Shorter measurements of a counter tell more of its steps than of the work."""


def unfit(context: AnalysisContext) -> str | None:
    """There must be a finalist whose times were measured."""
    return None if scoring.predictors(context) else "there is no finalist"


def cost(facts: AnalysisFacts) -> float:
    """Nothing where no counter can be read; else predictions of test items until the counter has moved."""
    return 0.1


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """One row a side: estimates of energy from times and a power, which is measured where the machine counts energy."""
    outcome, rates = context.outcome, context.outcome.recipe.costs
    share = usable_share()
    read, counters = energy.counter()
    runs = {run.side: run for run in outcome.runs if run.finalist}
    rows = []
    for side in scoring.predictors(context):
        if side not in runs:
            continue
        measured = _watts(context, side, read)
        watts = rates.power_watts * share if measured is None else measured
        spent = (outcome.clock.get("spent") or {}).get(side)
        rows.append(_row(runs[side], watts, measured is not None, spent, context))
    if not rows:
        return None
    return {
        "metric": context.task.metric,
        "power_watts": rates.power_watts,
        "share_of_cores": share,
        "price_per_kwh": rates.price_per_kwh,
        "retrains_per_year": rates.retrains_per_year,
        "predictions_per_year": rates.predictions_per_year,
        "counters": list(counters),
        "rows": rows,
    }


def _watts(context: AnalysisContext, side: Side, read: energy.Counter | None) -> float | None:
    """Power while a finalist predicts the test items again and again; None where no counter can be read."""
    if read is None:
        return None
    items, predictor = context.split.items("test"), context.predictors[side]
    seconds = context.facts.predict_seconds.get(side, 0.0)
    try:
        joules, started = read(), time.monotonic()
        while time.monotonic() - started < LEAST_SECONDS:
            if not context.has_time_for(seconds):
                return None
            predictor.output(context.dataset, items)
        used, took = read() - joules, time.monotonic() - started
    except (OSError, ValueError):
        return None
    return used / took if used > 0 and took > 0 else None


def _row(run: Run, watts: float, is_measured: bool, spent: float | None, context: AnalysisContext) -> dict[str, Any]:
    rates = context.outcome.recipe.costs
    fits = run.cost.fit_seconds * max(1, run.n_seeds)
    each = None if not run.cost.rows_per_second else watts / run.cost.rows_per_second
    kwh = None
    if each is not None:
        kwh = (rates.retrains_per_year * fits * watts + rates.predictions_per_year * each) / JOULES_A_KWH
    return {
        "side": run.side,
        "run": run.name,
        "device": run.device,
        "score": run.test_score,
        "watts": watts,
        "watts_measured": is_measured,
        "search_seconds": spent,
        "search_wh": None if spent is None else spent * watts / JOULES_A_WH,
        "fit_seconds": fits,
        "fit_wh": fits * watts / JOULES_A_WH,
        "joules_a_1000_predictions": None if each is None else 1000.0 * each,
        "kwh_a_year": kwh,
        "price_a_year": None if kwh is None else kwh * rates.price_per_kwh,
        "hours_a_year": run.hours_per_year,
    }


EXAMPLE = {
    "metric": "roc_auc", "power_watts": 65.0, "share_of_cores": 1.0, "price_per_kwh": 0.3, "retrains_per_year": 12.0,
    "predictions_per_year": 1_000_000.0, "counters": [],
    "rows": [
        {"side": "deep", "run": "mlp-2", "device": "cpu", "score": 0.9, "watts": 65.0, "watts_measured": False,
         "search_seconds": 30.0, "search_wh": 0.54, "fit_seconds": 12.0, "fit_wh": 0.22,
         "joules_a_1000_predictions": 3.2, "kwh_a_year": 0.0035, "price_a_year": 0.001, "hours_a_year": 0.05},
        {"side": "shallow", "run": "boosting-1", "device": "cpu", "score": 0.8, "watts": 65.0, "watts_measured": False,
         "search_seconds": 30.0, "search_wh": 0.54, "fit_seconds": 2.0, "fit_wh": 0.036,
         "joules_a_1000_predictions": None, "kwh_a_year": None, "price_a_year": None, "hours_a_year": None},
    ],
}  # fmt: skip

COMPUTE = Analysis(
    name="compute", order=16, run=run, unfit=unfit, cost=cost, example=EXAMPLE, reads="runs", scored=False,
    source="Strubell et al. 2019, Energy and policy considerations for deep learning in NLP; RAPL; NVML",
)  # fmt: skip
