"""Subgroups: which test rows each finalist serves worse than others, and what that means for sensitive groups."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from automl import goals
from automl.analyses.shared import fairness, scoring
from automl.analyses.shared.changed import part_of
from automl.analyses.shared.losses import ItemLosses, item_losses, labels_of
from automl.analyses.shared.maxima import ALPHA, against_others
from automl.analyses.shared.scoring import Scored
from automl.analyses.shared.traits import Subgroup, Trait, sensitive_traits, subgroups_of, traits_of
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Contestant

__all__ = ["SUBGROUPS"]

Figures = Callable[[np.ndarray, np.ndarray], dict[str, Any]]

LEAST_ITEMS = 20
"""A subgroup has so many test items at least, and so many are outside of it."""
LEAST_GROUP = 10
"""The same of a group of a sensitive column; rarer levels are one group together."""
MOST_ITEMS = 20_000
N_WORST = 10
N_COVERAGE = 5
COVERAGE_LEVEL = 0.9
MOST_ANSWERS = 6
MOST_GROUPS = 12


def unfit(context: AnalysisContext) -> str | None:
    """Too few test items for any subgroup."""
    return None if len(context.split.items("test")) >= 2 * LEAST_ITEMS else "too few test items"


def cost(facts: AnalysisFacts) -> float:
    """Nothing is predicted: arithmetic on the test predictions."""
    return 0.2 + 1.0 * min(facts.n_test, MOST_ITEMS) / MOST_ITEMS


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """The worst subgroups of each side, coverage by subgroup, and rates by the groups of sensitive columns."""
    items = context.split.items("test")
    some = scoring.subsample(np.arange(len(items)), MOST_ITEMS, context.seed)
    at = scoring.scored(context, items[some])
    entrants = dict(scoring.contestants(context).items())
    outputs = {side: part_of(one.output, some) for side, one in entrants.items()}
    if not entrants:
        return None
    subgroups = subgroups_of(traits_of(context, at.items), LEAST_ITEMS)
    rows, tested = _worst(context, at, entrants, outputs, subgroups) if subgroups else ([], 0)
    coverage = _coverage(context, at, outputs, subgroups) if subgroups and context.has_time_for(0.2) else []
    sensitive = _sensitive(context, at, outputs) if context.has_time_for(0.2) else []
    if not rows and not sensitive:
        return None
    return {
        "metric": context.task.metric, "level": scoring.LEVEL, "alpha": ALPHA, "correction": "max-statistic",
        "n_subgroups": len(subgroups), "n_tests": tested, "least_items": LEAST_ITEMS, "n_items": len(at),
        "coverage_level": COVERAGE_LEVEL, "rows": rows, "coverage": coverage, "sensitive": sensitive,
    }  # fmt: skip


# --------------------------------------------------------------------------- the worst subgroups


def _worst(
    context: AnalysisContext, at: Scored, entrants: dict[Any, Contestant], outputs: dict[Any, Any],
    subgroups: list[Subgroup],
) -> tuple[list[dict[str, Any]], int]:  # fmt: skip
    """Flat rows for the worst subgroups of each side, and the number of comparisons that were corrected for."""
    task = context.task
    losses = {side: item_losses(task, at, output) for side, output in outputs.items()}
    inside = np.stack([one.inside for one in subgroups], axis=1)
    table = np.stack([one.values for one in losses.values()], axis=1)
    gaps, statistics, p_values = against_others(table, inside, at.weight, at.unit_ids, context.seed)
    rows = []
    for place, side in enumerate(outputs):
        order = np.argsort(-statistics[place], kind="stable")
        overall = scoring.score_of(task.metric, at, outputs[side])
        for k in [int(k) for k in order if gaps[place, k] > 0][:N_WORST]:
            group = subgroups[k]
            own = np.flatnonzero(group.inside)
            part, output = scoring.scored(context, at.items[own]), part_of(outputs[side], own)
            measure, score, ends = _scored(context, part, output, losses[side].words, table[own, place])
            other = _of_other(context, part, {s: o for s, o in outputs.items() if s != side}, own, measure, losses)
            rows.append(
                {
                    "side": side, "run": entrants[side].run, "column": group.column, "subgroup": group.words,
                    "n": len(own), "measure": measure, "score": score,
                    "low": None if ends is None else ends[0], "high": None if ends is None else ends[1], "other": other,
                    "overall": overall if measure == task.metric else float(np.nanmean(table[:, place])),
                    "loss": losses[side].words, "loss_gap": float(gaps[place, k]),
                    "p_adjusted": float(p_values[place, k]), "found": bool(p_values[place, k] <= ALPHA),
                }
            )  # fmt: skip
            if not context.has_time_for(0.05):
                return rows, gaps.size
    return rows, gaps.size


def _of_other(
    context: AnalysisContext, part: Scored, outputs: dict[Any, Any], own: np.ndarray, measure: str,
    losses: dict[Any, ItemLosses],
) -> float | None:  # fmt: skip
    """The same measure of the other side; None where there is none."""
    for side, output in outputs.items():
        if measure == context.task.metric:
            return scoring.score_of(measure, part, part_of(output, own))
        return float(np.nanmean(losses[side].values[own]))
    return None


def _scored(
    context: AnalysisContext, part: Scored, output: Any, loss_words: str, losses: np.ndarray
) -> tuple[str, float, tuple[float, float] | None]:
    """What is measured of a subgroup, its value and interval: the metric, or the mean loss where that is undefined."""
    draws, metric = scoring.drawn(part, context.seed), context.task.metric
    score = scoring.score_of(metric, part, output)
    ends = scoring.ends(scoring.scores_of(metric, part, output, draws)) if np.isfinite(score) else None
    if ends is not None:
        return metric, score, ends
    known = np.isfinite(losses)
    weights = draws[:, known]
    of = weights.sum(axis=1)
    means = np.divide(weights @ losses[known], of, out=np.full(len(of), np.nan), where=of > 0)
    own = None if part.weight is None else part.weight[known]
    return loss_words, float(np.average(losses[known], weights=own)), scoring.ends(means)


# --------------------------------------------------------------------------- intervals and sets


def _coverage(
    context: AnalysisContext, at: Scored, outputs: dict[Any, Any], subgroups: list[Subgroup]
) -> list[dict[str, Any]]:
    """The subgroups whose truth intervals or sets hold least often, on each side."""
    regions = goals.named(context.task).regions
    misses = {}
    for side, output in outputs.items():
        scores = getattr(context.predictors.get(side), "regions", None)
        if regions is None or scores is None or scores.thresholds.most < COVERAGE_LEVEL:
            continue
        inside = regions.covers(regions.apply(scores, output, COVERAGE_LEVEL, at.context), at.truth)
        flat = np.asarray(inside, np.float64).reshape(len(at), -1)
        known = np.isfinite(flat)
        share = np.where(known, flat, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        misses[side] = np.where(known.any(axis=1), 1.0 - share, np.nan)
    if not misses:
        return []
    table, groups = np.stack(list(misses.values()), axis=1), np.stack([one.inside for one in subgroups], axis=1)
    gaps, statistics, p_values = against_others(table, groups, at.weight, at.unit_ids, context.seed)
    draws = scoring.drawn(at, context.seed)
    rows = []
    for place, side in enumerate(misses):
        held = 1.0 - table[:, place]
        for k in [int(k) for k in np.argsort(-statistics[place], kind="stable") if gaps[place, k] > 0][:N_COVERAGE]:
            share, ends = _mean(held, groups[:, k], at.weight, draws)
            rows.append(
                {
                    "side": side, "subgroup": subgroups[k].words, "n": int(groups[:, k].sum()), "share": share,
                    "low": None if ends is None else ends[0], "high": None if ends is None else ends[1],
                    "overall": _mean(held, np.ones(len(at), bool), at.weight, draws)[0],
                    "p_adjusted": float(p_values[place, k]), "found": bool(p_values[place, k] <= ALPHA),
                }
            )  # fmt: skip
    return rows


def _mean(
    values: np.ndarray, inside: np.ndarray, weight: np.ndarray | None, draws: np.ndarray
) -> tuple[float, tuple[float, float] | None]:
    own = inside & np.isfinite(values)
    of = draws[:, own].sum(axis=1)
    means = np.divide(draws[:, own] @ values[own], of, out=np.full(len(of), np.nan), where=of > 0)
    return float(np.average(values[own], weights=None if weight is None else weight[own])), scoring.ends(means)


# --------------------------------------------------------------------------- sensitive columns


def _sensitive(context: AnalysisContext, at: Scored, outputs: dict[Any, Any]) -> list[dict[str, Any]]:
    """For each sensitive column and side: figures of each group, and their gaps."""
    draws = scoring.drawn(at, context.seed)
    own = np.ones(len(at)) if at.weight is None else at.weight
    draws = np.concatenate([own[None, :], draws])
    by_units = len(np.unique(at.unit_ids)) < len(at)
    found: list[dict[str, Any]] = []
    for trait in sensitive_traits(context, at.items):
        groups = subgroups_of([trait], LEAST_GROUP, rest=True)[:MOST_GROUPS]
        if len(groups) < 2:
            found.append({"column": trait.name, "why": _why_none(trait), "parts": []})
            continue
        inside = np.stack([one.inside for one in groups], axis=1)
        parts = []
        for side, output in outputs.items():
            for answer, figure in _figures(context, at, output):
                figures = figure(inside, draws)
                chance = {} if by_units else fairness.by_chance(figure, inside, own, context.seed)
                parts.append(
                    {
                        "side": side, "answer": answer, "gaps": figures["gaps"], "chance": chance,
                        "groups": [
                            {"group": group.words, "n": int(group.inside.sum()), **one}
                            for group, one in zip(groups, figures["groups"], strict=True)
                        ],
                    }
                )  # fmt: skip
        found.append({"column": trait.name, "why": "", "parts": parts})
    return found


def _why_none(trait: Trait) -> str:
    return f"fewer than two groups have {LEAST_GROUP} test rows each"


def _figures(context: AnalysisContext, at: Scored, output: Any) -> list[tuple[str, Figures]]:
    """Rates of the positive class, of each class or label, or errors of each target; from groups and draws."""
    task, goal = context.task, goals.named(context.task)
    if not goal.is_classification:
        values = np.asarray(output.arrays["values"], np.float64)
        errors = values - np.asarray(at.truth, np.float64).reshape(values.shape)
        means = _mean_over_steps(errors.reshape(len(at), -1, len(task.target)))
        return [(name, partial(fairness.mean_errors, means[:, i])) for i, name in enumerate(task.target[:MOST_ANSWERS])]
    labels = labels_of(output)
    if goal.is_multilabel:
        names = task.classes[:MOST_ANSWERS]
        return [(name, partial(fairness.rates, at.truth[:, i] > 0, labels[:, i] > 0)) for i, name in enumerate(names)]
    codes = [1] if goal.is_binary else range(min(len(task.classes), MOST_ANSWERS))
    return [(task.classes[code], partial(fairness.rates, at.truth == code, labels == code)) for code in codes]


def _mean_over_steps(errors: np.ndarray) -> np.ndarray:
    known = np.isfinite(errors)
    n = known.sum(axis=1)
    return np.asarray(np.where(n > 0, np.where(known, errors, 0.0).sum(axis=1) / np.maximum(n, 1), np.nan))


EXAMPLE = {
    "metric": "roc_auc", "level": 0.95, "alpha": 0.05, "correction": "max-statistic", "n_subgroups": 14, "n_tests": 28,
    "least_items": 20, "n_items": 400, "coverage_level": 0.9,
    "rows": [
        {"side": "deep", "run": "mlp-2", "column": "colour", "subgroup": "colour = red", "n": 40, "measure": "roc_auc",
         "score": 0.61, "low": 0.48, "high": 0.74, "other": 0.78, "overall": 0.9, "loss": "Brier score",
         "loss_gap": 0.21, "p_adjusted": 0.004, "found": True},
        {"side": "shallow", "run": "boosting-1", "column": "size", "subgroup": "size ≥ 4.2", "n": 100,
         "measure": "Brier score", "score": 0.2, "low": 0.15, "high": 0.26, "other": 0.21, "overall": 0.17,
         "loss": "Brier score", "loss_gap": 0.04, "p_adjusted": 0.41, "found": False},
    ],
    "coverage": [
        {"side": "deep", "subgroup": "colour = red", "n": 40, "share": 0.7, "low": 0.55, "high": 0.84, "overall": 0.91,
         "p_adjusted": 0.01, "found": True},
    ],
    "sensitive": [
        {"column": "colour", "why": "", "parts": [
            {"side": "deep", "answer": "yes",
             "gaps": {"demographic_parity_difference": [0.2, 0.05, 0.36], "demographic_parity_ratio": None},
             "chance": {"demographic_parity_difference": 0.14},
             "groups": [
                 {"group": "colour = red", "n": 40, "selection_rate": [0.4, 0.25, 0.55],
                  "true_positive_rate": [0.7, 0.5, 0.9], "false_positive_rate": None},
                 {"group": "colour = blue", "n": 360, "selection_rate": [0.6, 0.55, 0.65],
                  "true_positive_rate": [0.8, 0.75, 0.85], "false_positive_rate": [0.1, 0.06, 0.14]},
             ]},
        ]},
    ],
}  # fmt: skip

SUBGROUPS = Analysis(
    name="subgroups", order=22, run=run, unfit=unfit, cost=cost, example=EXAMPLE,
    source="Romano & Wolf 2005 (correction); Fairlearn (rates by groups)",
)  # fmt: skip
