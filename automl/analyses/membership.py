"""Membership: whether the losses of a finalist tell which rows it learnt from, and whether a saved model holds rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl import goals
from automl.analyses.shared import membership, scoring
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Run, Side
from automl.sides.items import refit_items
from automl.sides.training_rows import keeps_rows
from automl.split.draw import strata_of

__all__ = ["MEMBERSHIP"]

MOST_ITEMS = 3000
LEAST_ITEMS = 20
CLEAN = 0.55
LEAKS = 0.6


def cost(facts: AnalysisFacts) -> float:
    """Both finalists predict as many items that they learnt from as they are tested on, at most `MOST_ITEMS`."""
    return 0.2 + facts.pass_seconds * min(1.0, MOST_ITEMS / max(facts.n_test, 1))


def unfit(context: AnalysisContext) -> str | None:
    """A few test items at least."""
    n = len(context.split.items("test"))
    return None if n >= LEAST_ITEMS else f"{n} test items are too few"


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """The loss-threshold attack on each finalist: as many items that it learnt from as test items, class by class."""
    runs = {run.side: run for run in context.outcome.runs if run.finalist}
    rows = [
        _attacked(context, side, entrant.run, runs.get(side)) for side, entrant in scoring.contestants(context).items()
    ]
    found = [row for row in rows if row is not None]
    if not found:
        return None
    return {
        "level": scoring.LEVEL,
        "clean": CLEAN,
        "leaks": LEAKS,
        "loss": _loss_words(context),
        "shifted": context.split.in_time or context.split.units in ("group", "series") or _given(context),
        "rows": found,
    }


def _loss_words(context: AnalysisContext) -> str:
    """What the attack goes by: a row that was learnt from is less unusual, or predicted better."""
    if not goals.named(context.task).needs_target:
        return "score"
    return "log loss" if goals.named(context.task).is_classification else "squared error"


def _given(context: AnalysisContext) -> bool:
    return context.dataset.given is not None and bool(context.dataset.given.any())


def _attacked(context: AnalysisContext, side: Side, name: str, run: Run | None) -> dict[str, Any] | None:
    """The attack on one finalist."""
    dataset, split = context.dataset, context.split
    learnt = refit_items(split) if run is not None and run.refitted else split.items("train")
    test = split.items("test")
    own, others = membership.matched(_strata(context, learnt), _strata(context, test), MOST_ITEMS, context.seed)
    if len(own) < LEAST_ITEMS:
        return None
    predictor = context.predictors[side]
    losses, weights = [], []
    for number, items in enumerate((learnt[own], test[others])):
        items = items[np.argsort(items if items.ndim == 1 else items[:, 0], kind="stable")]
        at = scoring.scored(context, items)
        output = predictor.output(dataset, items)
        scores = output.arrays.get("scores")
        losses.append(membership.losses_of(at.truth, output) if scores is None else np.asarray(scores, np.float64))
        weights.append(scoring.drawn(at, context.seed + number))
    n_draws = min(len(one) for one in weights)
    ends = scoring.ends(membership.auc_draws(-losses[0], -losses[1], weights[0][:n_draws], weights[1][:n_draws]))
    return {
        "side": side, "run": name, "auc": membership.auc(-losses[0], -losses[1]),
        "low": None if ends is None else ends[0], "high": None if ends is None else ends[1],
        "advantage": membership.advantage(*losses), "learnt_loss": float(losses[0].mean()),
        "test_loss": float(losses[1].mean()), "n_items": len(own),
        "keeps_rows": None if run is None else keeps_rows([run], context.outcome.runs),
    }  # fmt: skip


def _strata(context: AnalysisContext, items: np.ndarray) -> np.ndarray:
    """The class of each item; one stratum without classes."""
    if items.ndim > 1 or not goals.named(context.task).is_one_class:
        return np.zeros(len(items), np.int64)
    every = strata_of(context.dataset, context.task, np.arange(context.dataset.n_rows))
    return np.asarray(every[items])


EXAMPLE = {
    "level": 0.95,
    "clean": CLEAN,
    "leaks": LEAKS,
    "loss": "log loss",
    "shifted": False,
    "rows": [
        {"side": "deep", "run": "mlp-2", "auc": 0.71, "low": 0.66, "high": 0.76, "advantage": 0.35, "learnt_loss": 0.2,
         "test_loss": 0.5, "n_items": 200, "keeps_rows": False},
        {"side": "shallow", "run": "boosting-1", "auc": 0.52, "low": 0.47, "high": 0.57, "advantage": 0.03,
         "learnt_loss": 0.4, "test_loss": 0.42, "n_items": 200, "keeps_rows": True},
    ],
}  # fmt: skip

MEMBERSHIP = Analysis(
    name="membership",
    order=30,
    run=run,
    unfit=unfit,
    cost=cost,
    source="Yeom, Giacomelli, Fredrikson and Jha 2018, Privacy risk in machine learning, IEEE CSF",
    example=EXAMPLE,
)
