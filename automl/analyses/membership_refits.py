"""Membership with fits that an attacker makes: likelihood ratios of each row's confidence, with it and without it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from automl.analyses.shared import membership, scoring
from automl.analyses.shared.subsets import is_drawn, subset
from automl.errors import OutOfTime
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Side, Split
from automl.sides.items import length_growth, refit_items
from automl.split.draw import codes_of

__all__ = ["MEMBERSHIP_REFITS", "attack"]

LEAST_PAIRS, MOST_PAIRS = 2, 4
"""Pairs of fits: one learns from a random half of the rows, the other from the other half."""
FIXED_SHARE = 0.3
MOST_ITEMS = 2000
LEAST_ITEMS = 120


def unfit(context: AnalysisContext) -> str | None:
    """Rows that can be halved at random."""
    if not is_drawn(context.split):
        return "the rows are in time"
    if len(scoring.contestants(context)) < 2:
        return "only one side has a finalist"
    n = len(refit_items(context.split))
    return None if n >= LEAST_ITEMS else f"{n} rows are too few"


def cost(facts: AnalysisFacts) -> float:
    """The least pairs of fits on half of the rows."""
    return 0.5 + 2 * LEAST_PAIRS * _seconds(facts)


def _seconds(facts: AnalysisFacts) -> float:
    return facts.refit_seconds * (FIXED_SHARE + (1 - FIXED_SHARE) * length_growth(0.5))


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """Fits both finalists' settings on random halves, and attacks each fit by what the others say of each row."""
    rows = scoring.subsample(np.sort(refit_items(context.split)), MOST_ITEMS, context.seed)
    halves, found = _measure(context, rows)
    if len(halves) < 2 * LEAST_PAIRS:
        return None
    inside = np.stack([np.isin(rows, half) for half in halves])
    units = codes_of(context.dataset.groups[rows]) if context.dataset.groups is not None else np.arange(len(rows))
    return {
        "level": scoring.LEVEL,
        "n_fits": len(halves),
        "n_items": len(rows),
        "rows": [_row(side, np.stack(own), inside, units, context.seed) for side, own in found.items()],
    }


def _measure(context: AnalysisContext, rows: np.ndarray) -> tuple[list[np.ndarray], dict[Side, list[np.ndarray]]]:
    """The rows that each fit learnt from, and each side's confidence of all rows, of complete pairs alone."""
    assert context.refit is not None
    at = scoring.scored(context, rows)
    halves: list[np.ndarray] = []
    found: dict[Side, list[np.ndarray]] = {side: [] for side in scoring.SIDES}
    for pair in range(MOST_PAIRS):
        if not context.has_time_for(2 * _seconds(context.facts)):
            break
        made: list[tuple[np.ndarray, dict[Side, np.ndarray]]] = []
        try:
            for number, part in enumerate(_halves(context, pair), 1):
                outputs = context.refit(dataclasses.replace(part, test=rows), 2 * pair + number)
                each = {side: membership.confidences(at.truth, outputs[side]) for side in scoring.SIDES}
                made.append((refit_items(part), each))
        except OutOfTime:
            break
        for half, each in made:
            halves.append(half)
            for side, own in each.items():
                found[side].append(own)
    return halves, found


def _halves(context: AnalysisContext, pair: int) -> tuple[Split, Split]:
    """A random half of the rows to learn from, and the other half; classes are spread evenly."""
    split = context.split
    first = subset(context.dataset, context.task, split, 0.5, 100 + pair)
    assert first is not None
    rest = np.setdiff1d(refit_items(split), refit_items(first))
    train, valid = np.intersect1d(rest, split.train), np.intersect1d(rest, split.valid)
    if not len(valid):
        train, valid = train[:-1], train[-1:]
    return first, dataclasses.replace(split, train=train, valid=valid, folds=())


def attack(confidence: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Scores of membership of each row in each fit, from the fits of the other pairs: larger says member.

    Of each row the confidences of fits with it and without it are taken to be normal, with means of their own and one
    variance for all, since there are few fits. The score is the logarithm of the likelihood ratio times that variance,
    which changes no order. The other fit of the same pair says nothing: its half of the rows is what the fit lacks, so
    that it errs the other way.

    Args:
        confidence: ``(n_fits, n_rows)``; each two fits are a pair.
        inside: ``(n_fits, n_rows)`` bool: whether the fit learnt from the row.

    Returns:
        ``(n_fits, n_rows)``.

    Source: Carlini et al. 2022, "Membership inference attacks from first principles", algorithm 1, with one variance as
    in its attack with few fits (``generate_ours`` with ``fix_variance`` in the authors' ``mi_lira_2021/plot.py``; it
    takes medians where algorithm 1 and this take means, which are the same for one or two fits).
    """
    pairs = np.arange(len(confidence)) // 2
    scores = np.empty(confidence.shape)
    for target in range(len(confidence)):
        others = pairs != pairs[target]
        sure, learnt = confidence[others], inside[others]
        n_in, n_out = learnt.sum(axis=0), (~learnt).sum(axis=0)
        mean_in = np.where(learnt, sure, 0.0).sum(axis=0) / np.maximum(n_in, 1)
        mean_out = np.where(learnt, 0.0, sure).sum(axis=0) / np.maximum(n_out, 1)
        scores[target] = ((confidence[target] - mean_out) ** 2 - (confidence[target] - mean_in) ** 2) / 2
    return scores


def _row(side: Side, confidence: np.ndarray, inside: np.ndarray, units: np.ndarray, seed: int) -> dict[str, Any]:
    """The mean AUC of the attack over all fits, with an interval over units, and that of the confidence by itself."""
    scores = attack(confidence, inside)
    rng = np.random.default_rng((seed % 2**32, 23))
    n_units = int(units.max()) + 1
    weights = np.stack([np.bincount(rng.integers(0, n_units, n_units), minlength=n_units)[units] for _ in range(100)])
    weights = np.concatenate([np.ones((1, len(units))), weights])
    each, plain = [], []
    for score, sure, learnt in zip(scores, confidence, inside, strict=True):
        each.append(membership.auc_draws(score[learnt], score[~learnt], weights[:, learnt], weights[:, ~learnt]))
        plain.append(membership.auc(sure[learnt], sure[~learnt]))
    means = np.mean(each, axis=0)
    ends = scoring.ends(means[1:])
    return {
        "side": side, "auc": float(means[0]), "low": None if ends is None else ends[0],
        "high": None if ends is None else ends[1], "plain_auc": float(np.mean(plain)),
    }  # fmt: skip


EXAMPLE = {
    "level": 0.95,
    "n_fits": 4,
    "n_items": 800,
    "rows": [
        {"side": "deep", "auc": 0.74, "low": 0.72, "high": 0.76, "plain_auc": 0.68},
        {"side": "shallow", "auc": 0.55, "low": 0.53, "high": 0.57, "plain_auc": 0.53},
    ],
}

MEMBERSHIP_REFITS = Analysis(
    name="membership_refits",
    order=80,
    run=run,
    unfit=unfit,
    cost=cost,
    refits=True,
    source="Carlini et al. 2022, Membership inference attacks from first principles, IEEE S&P",
    example=EXAMPLE,
)
