"""Thresholds: ROC, precision-recall and gains of both finalists, and what errors cost at each threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl import goals
from automl.analyses.shared import one_against_rest as classes_apart
from automl.analyses.shared import scoring
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Contestant

__all__ = ["THRESHOLDS"]

MOST_CLASSES = 6
"""With more, curves of each class against the rest are too many to read."""
MOST_POINTS = 80
"""Of a stored curve."""
TOP_SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
CHOSEN, FORMULA, HALF = "chosen on validation rows", "from the costs alone", "0.5"


def unfit(context: AnalysisContext) -> str | None:
    """Curves are of probabilities of a class."""
    goal = goals.named(context.task)
    if not goal.is_classification or goal.is_multilabel or len(context.task.classes) > MOST_CLASSES:
        return "there are no classes, or too many"
    there = scoring.contestants(context).values()
    if not there or any("probabilities" not in one.output.arrays for one in there):
        return "a finalist has no probabilities"
    return None


def cost(facts: AnalysisFacts) -> float:
    """Sorting and drawing the test items."""
    return 0.3 + 2e-5 * facts.n_test


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """Curves and areas of each class against the rest; of two classes, costs too.

    A threshold is chosen on validation rows alone, and its cost is measured on test rows.
    """
    at = scoring.scored(context, context.split.items("test"))
    classes, entrants = context.task.classes, scoring.contestants(context)
    is_binary = goals.named(context.task).is_binary
    draws = scoring.drawn(at, context.seed)
    curves, areas = [], []
    for k in [1] if is_binary else range(len(classes)):
        for side, entrant in entrants.items():
            came_true, claimed = classes_apart.of_class(at, entrant.output, k)
            if came_true.all() or not came_true.any():
                continue
            curves.append({"class": classes[k], "side": side, **_curves(came_true, claimed, at.weight)})
            areas.append(_areas(at, entrant, side, classes[k], came_true, claimed, draws))
    if not curves:
        return None
    found: dict[str, Any] = {
        "level": scoring.LEVEL, "is_binary": is_binary, "positive": classes[1] if is_binary else "", "curves": curves,
        "areas": areas, "costs": None, "rows": areas,
    }  # fmt: skip
    if is_binary:
        found |= _costs(context, at, entrants, draws)
    return found


def _weights(weight: np.ndarray | None, n: int) -> np.ndarray:
    return np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)


def _curves(came_true: np.ndarray, claimed: np.ndarray, weight: np.ndarray | None) -> dict[str, Any]:
    """The three curves over falling thresholds, each as x and y; and lifts of the highest shares of the items."""
    weights = _weights(weight, len(claimed))
    order = np.argsort(-claimed, kind="stable")
    score, hit, w = claimed[order], came_true[order], weights[order]
    last = np.flatnonzero(np.append(np.diff(score) != 0, True))  # items of equal probability are flagged together
    found = np.append(0.0, np.cumsum(w * hit)[last])
    flagged = np.append(0.0, np.cumsum(w)[last])
    alarms = flagged - found
    recall, false_rate = found / found[-1], alarms / max(alarms[-1], 1e-12)
    precision = found[1:] / np.maximum(flagged[1:], 1e-12)
    share = flagged / flagged[-1]
    lifts = [float(np.interp(top, share, recall) / top) for top in TOP_SHARES]
    return {
        "roc": _thinned(false_rate, recall),
        "precision_recall": _thinned(recall[1:], precision),
        "gains": _thinned(share, recall),
        "lift": [{"share": top, "lift": lift} for top, lift in zip(TOP_SHARES, lifts, strict=True)],
        "prevalence": float(found[-1] / flagged[-1]),
    }


def _thinned(x: np.ndarray, y: np.ndarray) -> dict[str, list[float]]:
    """At most `MOST_POINTS` points, evenly along the curve."""
    if len(x) > MOST_POINTS:
        way = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
        places = np.unique(np.searchsorted(way, np.linspace(0.0, way[-1], MOST_POINTS)).clip(0, len(x) - 1))
        x, y = x[places], y[places]
    return {"x": [float(f"{v:.5g}") for v in x], "y": [float(f"{v:.5g}") for v in y]}


def _areas(
    at: scoring.Scored, entrant: Contestant, side: str, name: str, came_true: np.ndarray, claimed: np.ndarray,
    draws: np.ndarray,
) -> dict[str, Any]:  # fmt: skip
    """ROC AUC and average precision with intervals."""
    items, output = classes_apart.two_classes(at, came_true, claimed)
    row: dict[str, Any] = {"side": side, "run": entrant.run, "class": name}
    for metric in ("roc_auc", "average_precision"):
        ends = scoring.ends(scoring.scores_of(metric, items, output, draws))
        row |= {
            metric: scoring.score_of(metric, items, output),
            f"{metric}_low": None if ends is None else ends[0],
            f"{metric}_high": None if ends is None else ends[1],
        }
    return row


def _costs(
    context: AnalysisContext, at: scoring.Scored, entrants: dict[Any, Contestant], draws: np.ndarray
) -> dict[str, Any]:
    """Mean cost of an item on test rows: at thresholds of three kinds, and where nothing or everything is flagged."""
    rates = context.outcome.recipe.costs
    prices = (rates.false_alarm, rates.miss)
    if sum(prices) <= 0:
        return {}
    truth = np.asarray(at.truth) == 1
    rows, losses, lines = [], {}, []
    for side, entrant in entrants.items():
        _, claimed = classes_apart.of_class(at, entrant.output, 1)
        chosen = _chosen_threshold(context, entrant, prices)
        rules = [(CHOSEN, chosen)] if chosen is not None else []
        for rule, threshold in [*rules, (FORMULA, prices[0] / sum(prices)), (HALF, 0.5)]:
            flagged = claimed > threshold
            rows.append(_cost_row(side, entrant.run, rule, threshold, truth, flagged, prices, draws, at.weight))
            if rule == CHOSEN:
                losses[side] = _loss(truth, flagged, prices)
        lines.append({"side": side, **_cost_line(truth, claimed, prices, at.weight)})
    for rule, flagged in (("never flag", np.zeros_like(truth)), ("always flag", np.ones_like(truth))):
        rows.append(_cost_row("floor", "", rule, None, truth, flagged, prices, draws, at.weight))
    gain = None
    if len(losses) == 2:
        saved = losses["shallow"] - losses["deep"]
        gain = {"value": float(np.average(saved, weights=_weights(at.weight, len(saved)))), **_interval(saved, draws)}
    return {
        "rows": rows,
        "costs": {"false_alarm": prices[0], "miss": prices[1], "given": prices != (1.0, 1.0), "lines": lines,
                  "saved_by_deep": gain, "n_items": len(at)},
    }  # fmt: skip


def _chosen_threshold(context: AnalysisContext, entrant: Contestant, prices: tuple[float, float]) -> float | None:
    """The threshold of least cost on validation rows, which the predictions had not learnt from."""
    if entrant.valid_output is None:
        return None
    valid = scoring.scored(context, context.split.items("valid"))
    truth, claimed = classes_apart.of_class(valid, entrant.valid_output, 1)
    if len(truth) != len(claimed):
        return None
    return best_threshold(truth, claimed, prices, valid.weight)


def best_threshold(
    truth: np.ndarray, claimed: np.ndarray, prices: tuple[float, float], weight: np.ndarray | None = None
) -> float:
    """The threshold of least cost, halfway between two probabilities; 0 flags all, 1 none.

    Of several that cost the same, the one nearest to ``false_alarm / (false_alarm + miss)``, which is best where
    probabilities are calibrated (Elkan 2001).
    """
    weights = _weights(weight, len(claimed))
    order = np.argsort(claimed, kind="stable")
    values, hit, w = claimed[order], truth[order], weights[order]
    ends = np.flatnonzero(np.append(np.diff(values) != 0, True))
    missed, quiet = np.cumsum(w * hit)[ends], np.cumsum(w * ~hit)[ends]
    none, all_false = prices[1] * missed, prices[0] * (np.sum(w * ~hit) - quiet)
    cuts = np.append((values[ends][:-1] + values[ends][1:]) / 2, 1.0)
    totals = np.append(prices[0] * np.sum(w * ~hit), none + all_false)
    cuts = np.append(0.0, cuts)
    least = np.flatnonzero(totals <= totals.min() * (1 + 1e-12))
    wanted = prices[0] / sum(prices)
    return float(cuts[least[np.argmin(np.abs(cuts[least] - wanted))]])


def _loss(truth: np.ndarray, flagged: np.ndarray, prices: tuple[float, float]) -> np.ndarray:
    made: np.ndarray = prices[0] * (flagged & ~truth) + prices[1] * (truth & ~flagged)
    return made


def _interval(loss: np.ndarray, draws: np.ndarray) -> dict[str, float | None]:
    ends = scoring.ends(draws @ loss / draws.sum(axis=1))
    return {"low": None if ends is None else ends[0], "high": None if ends is None else ends[1]}


def _cost_row(
    side: str, run: str, rule: str, threshold: float | None, truth: np.ndarray, flagged: np.ndarray,
    prices: tuple[float, float], draws: np.ndarray, weight: np.ndarray | None,
) -> dict[str, Any]:  # fmt: skip
    loss = _loss(truth, flagged, prices)
    return {
        "side": side, "run": run, "rule": rule, "threshold": threshold,
        "cost": float(np.average(loss, weights=_weights(weight, len(loss)))), **_interval(loss, draws),
        "false_alarms": int((flagged & ~truth).sum()), "misses": int((truth & ~flagged).sum()),
        "flagged": int(flagged.sum()),
    }  # fmt: skip


def _cost_line(
    truth: np.ndarray, claimed: np.ndarray, prices: tuple[float, float], weight: np.ndarray | None
) -> dict[str, list[float]]:
    """Mean cost of an item against the threshold."""
    weights = _weights(weight, len(claimed))
    cuts = np.linspace(0.0, 1.0, MOST_POINTS + 1)
    order = np.argsort(claimed, kind="stable")
    hit = np.append(0.0, np.cumsum((weights * truth)[order]))
    quiet = np.append(0.0, np.cumsum((weights * ~truth)[order]))
    below = np.searchsorted(claimed[order], cuts, side="right")
    total = prices[1] * hit[below] + prices[0] * (quiet[-1] - quiet[below])
    return {"x": [float(v) for v in cuts], "y": [float(f"{v:.5g}") for v in total / weights.sum()]}


def _example_curve(side: str) -> dict[str, Any]:
    return {
        "class": "yes", "side": side, "prevalence": 0.3,
        "roc": {"x": [0.0, 0.2, 1.0], "y": [0.0, 0.8, 1.0]},
        "precision_recall": {"x": [0.4, 0.8, 1.0], "y": [0.9, 0.7, 0.3]},
        "gains": {"x": [0.0, 0.3, 1.0], "y": [0.0, 0.7, 1.0]},
        "lift": [{"share": 0.1, "lift": 2.5}],
    }  # fmt: skip


EXAMPLE = {
    "level": 0.95,
    "is_binary": True,
    "positive": "yes",
    "curves": [_example_curve("deep"), _example_curve("shallow")],
    "areas": [
        {"side": side, "run": run, "class": "yes", "roc_auc": 0.8, "roc_auc_low": 0.7, "roc_auc_high": 0.9,
         "average_precision": 0.7, "average_precision_low": 0.6, "average_precision_high": None}
        for side, run in (("deep", "mlp-2"), ("shallow", "boosting-1"))
    ],
    "costs": {
        "false_alarm": 1.0, "miss": 20.0, "given": True, "n_items": 40,
        "saved_by_deep": {"value": 0.1, "low": -0.2, "high": 0.4},
        "lines": [{"side": side, "x": [0.0, 0.5, 1.0], "y": [0.7, 0.5, 6.0]} for side in ("deep", "shallow")],
    },
    "rows": [
        {"side": "deep", "run": "mlp-2", "rule": CHOSEN, "threshold": 0.07, "cost": 0.4, "low": 0.2, "high": 0.6,
         "false_alarms": 9, "misses": 1, "flagged": 20},
        {"side": "shallow", "run": "boosting-1", "rule": HALF, "threshold": 0.5, "cost": 1.2, "low": 0.8, "high": 1.9,
         "false_alarms": 2, "misses": 3, "flagged": 11},
        {"side": "floor", "run": "", "rule": "never flag", "threshold": None, "cost": 6.0, "low": 5.0, "high": 7.0,
         "false_alarms": 0, "misses": 12, "flagged": 0},
    ],
}  # fmt: skip

THRESHOLDS = Analysis(
    name="thresholds", order=12, run=run, unfit=unfit, cost=cost, example=EXAMPLE,
    source="Elkan 2001, The foundations of cost-sensitive learning; Provost & Fawcett 2001 (ROC)",
)  # fmt: skip
