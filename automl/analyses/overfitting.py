"""Overfitting: how much better each finalist scores on rows that it learnt from than on test rows."""

from __future__ import annotations

from typing import Any

from automl import metrics
from automl.analyses.shared import scoring
from automl.records import Analysis, AnalysisContext, AnalysisFacts
from automl.sides.items import refit_items

__all__ = ["OVERFITTING"]

MOST_ITEMS = 4000


def cost(facts: AnalysisFacts) -> float:
    """Both finalists predict as many items that they learnt from as they are tested on, at most `MOST_ITEMS`."""
    return 0.2 + facts.pass_seconds * min(1.0, MOST_ITEMS / max(facts.n_test, 1))


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """Scores on both kinds of rows, and their difference with an interval; the rows of each kind are drawn apart."""
    metric, task = context.task.metric, context.task
    refitted = {run.side: run.refitted for run in context.outcome.runs if run.finalist}
    test = scoring.scored(context, context.split.items("test"))
    sign = 1.0 if metrics.named(metric).higher_is_better else -1.0
    rows = []
    for side, entrant in scoring.contestants(context).items():
        learnt = refit_items(context.split) if refitted.get(side) else context.split.items("train")
        at = scoring.scored(context, scoring.subsample(learnt, min(MOST_ITEMS, max(len(test), 200)), context.seed))
        output = context.predictors[side].output(context.dataset, at.items)
        on_learnt, on_test = scoring.score_of(metric, at, output), scoring.score_of(metric, test, entrant.output)
        one = scoring.scores_of(metric, at, output, scoring.drawn(at, context.seed))
        other = scoring.scores_of(metric, test, entrant.output, scoring.drawn(test, context.seed + 1))
        n = min(len(one), len(other))
        gap = scoring.ends(sign * (one[:n] - other[:n]))
        rows.append(
            {
                "side": side, "run": entrant.run, "learnt": on_learnt, "test": on_test,
                "gap": sign * (on_learnt - on_test), "low": None if gap is None else gap[0],
                "high": None if gap is None else gap[1], "n_learnt": len(at), "n_test": len(test),
            }
        )  # fmt: skip
    return {"metric": task.metric, "level": scoring.LEVEL, "rows": rows} if rows else None


EXAMPLE = {
    "metric": "roc_auc",
    "level": 0.95,
    "rows": [
        {"side": "deep", "run": "mlp-2", "learnt": 0.99, "test": 0.90, "gap": 0.09, "low": 0.05, "high": 0.13,
         "n_learnt": 200, "n_test": 40},
        {"side": "shallow", "run": "boosting-1", "learnt": 0.82, "test": 0.80, "gap": 0.02, "low": -0.03, "high": 0.07,
         "n_learnt": 200, "n_test": 40},
    ],
}  # fmt: skip

OVERFITTING = Analysis(name="overfitting", of_masks=True, order=20, run=run, cost=cost, example=EXAMPLE)
