"""Calibration: the Brier score taken apart for both finalists, and how often quantiles hold the truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl import goals
from automl.analyses.shared import scoring
from automl.records import Analysis, AnalysisContext, AnalysisFacts, Contestant

__all__ = ["CALIBRATION", "decomposed"]

MOST_ITEMS = 20_000
MOST_CLASSES = 20
N_SIMULATED = 100
"""Sets of labels drawn from a finalist's own probabilities, to see how large miscalibration is by chance."""
SECONDS_A_FIT = 2e-6
"""For an item and an isotonic fit."""


def unfit(context: AnalysisContext) -> str | None:
    """Only probabilities and quantiles can be calibrated."""
    there = scoring.contestants(context).values()
    goal = goals.named(context.task)
    if goal.is_classification:
        if len(context.task.classes) > MOST_CLASSES:
            return "there are too many classes"
        return None if there and all("probabilities" in one.output.arrays for one in there) else "no probabilities"
    has = there and all(one.output.arrays.get("quantiles") is not None for one in there)
    return None if has and context.task.quantiles else "no quantiles"


def cost(facts: AnalysisFacts) -> float:
    """Isotonic fits of drawn test items."""
    return 0.3 + 2 * N_SIMULATED * SECONDS_A_FIT * min(facts.n_test, MOST_ITEMS)


def run(context: AnalysisContext) -> dict[str, Any] | None:
    """The decomposition of probabilities, or the coverage of quantiles."""
    if goals.named(context.task).is_classification:
        return _of_probabilities(context)
    return _of_quantiles(context)


def _of_probabilities(context: AnalysisContext) -> dict[str, Any] | None:
    """Rows of both finalists: score, miscalibration, discrimination and uncertainty."""
    test = context.split.items("test")
    chosen = scoring.subsample(np.arange(len(test)), MOST_ITEMS, context.seed)
    at = scoring.scored(context, test[chosen])
    weight = np.ones(len(at)) if at.weight is None else np.asarray(at.weight, dtype=np.float64)
    rng = np.random.default_rng(context.seed)
    rows: list[dict[str, Any]] = []
    losses: dict[str, np.ndarray] = {}
    for side, entrant in scoring.contestants(context).items():
        pairs = _pairs(context, at, entrant, chosen)
        parts = np.sum([decomposed(came, claimed, weight) for came, claimed in pairs], axis=0)
        limit = _by_chance(context, pairs, weight, rng)
        losses[side] = np.sum([(claimed - came) ** 2 for came, claimed in pairs], axis=0)
        rows.append(
            {
                "side": side, "run": entrant.run, "brier": float(parts[0]), "miscalibration": float(parts[1]),
                "by_chance": limit, "discrimination": float(parts[2]), "uncertainty": float(parts[3]),
            }
        )  # fmt: skip
    if not rows:
        return None
    draws = scoring.drawn(at, context.seed)
    for row in rows:
        ends = scoring.ends(draws @ losses[row["side"]] / draws.sum(axis=1))
        row |= {"low": None if ends is None else ends[0], "high": None if ends is None else ends[1]}
    gain = None
    if len(losses) == 2:
        better = losses["shallow"] - losses["deep"]
        ends = scoring.ends(draws @ better / draws.sum(axis=1))
        gain = {"value": float(np.average(better, weights=weight)), "low": None if ends is None else ends[0],
                "high": None if ends is None else ends[1]}  # fmt: skip
    return {"kind": "probabilities", "level": scoring.LEVEL, "n_items": len(at), "gain": gain, "rows": rows}


def _pairs(
    context: AnalysisContext, at: scoring.Scored, entrant: Contestant, chosen: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """What came true and what was claimed, for the positive class, for each class, or for each label."""
    n = len(context.task.classes)
    numbers = [1] if goals.named(context.task).is_binary else range(n)
    pairs = []
    for k in numbers:
        p = np.asarray(entrant.output.arrays["probabilities"], dtype=np.float64)[chosen, k]
        truth = np.asarray(at.truth)
        pairs.append(((truth[:, k] == 1 if truth.ndim == 2 else truth == k).astype(np.float64), p))
    return pairs


def decomposed(came_true: np.ndarray, claimed: np.ndarray, weight: np.ndarray) -> tuple[float, float, float, float]:
    """Brier score, miscalibration, discrimination, uncertainty: the first is second − third + fourth.

    Probabilities are compared with their isotonic recalibration, so no bins have to be chosen. Murphy's reliability is
    the miscalibration, his resolution the discrimination.

    Args:
        came_true: ``(n,)`` of 0 and 1.
        claimed: ``(n,)`` probabilities.
        weight: ``(n,)``.

    Source: Dimitriadis, Gneiting & Jordan 2021 (CORP); Murphy 1973.
    """
    score = float(np.average((claimed - came_true) ** 2, weights=weight))
    best = float(np.average((_isotonic(came_true, claimed, weight) - came_true) ** 2, weights=weight))
    base = float(np.average(came_true, weights=weight))
    uncertainty = float(np.average((base - came_true) ** 2, weights=weight))
    return score, score - best, uncertainty - best, uncertainty


def _isotonic(came_true: np.ndarray, claimed: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The nondecreasing function of the claims that is nearest to what came true."""
    from scipy.optimize import isotonic_regression  # scikit-learn's asks the same, after checks that take longer

    values, place = np.unique(claimed, return_inverse=True)
    place = np.asarray(place).reshape(-1)
    mass = np.bincount(place, weight, len(values))
    mean = np.bincount(place, weight * came_true, len(values)) / np.maximum(mass, 1e-12)
    fitted = isotonic_regression(mean, weights=np.maximum(mass, 1e-12)).x
    made: np.ndarray = np.asarray(fitted)[place]
    return made


def _by_chance(
    context: AnalysisContext, pairs: list[tuple[np.ndarray, np.ndarray]], weight: np.ndarray, rng: np.random.Generator
) -> float | None:
    """Miscalibration that 95 % of calibrated models with these probabilities stay below, on as many items."""
    found: list[float] = []
    need = SECONDS_A_FIT * len(weight) * len(pairs)
    while len(found) < N_SIMULATED and (not found or context.has_time_for(need)):
        drawn = [((rng.random(len(claimed)) < claimed).astype(np.float64), claimed) for _, claimed in pairs]
        found.append(sum(decomposed(came, claimed, weight)[1] for came, claimed in drawn))
    return float(np.quantile(found, scoring.LEVEL)) if len(found) >= N_SIMULATED / 4 else None


def _of_quantiles(context: AnalysisContext) -> dict[str, Any] | None:
    """Rows of both finalists and each level: the share of truths at or below the quantile, with its interval."""
    at = scoring.scored(context, context.split.items("test"))
    truth = np.asarray(at.truth, dtype=np.float64)
    known = np.isfinite(truth)
    if not known.any():
        return None
    draws = scoring.drawn(at, context.seed)
    inner = tuple(range(1, truth.ndim))
    rows = []
    for side, entrant in scoring.contestants(context).items():
        quantiles = np.asarray(entrant.output.arrays["quantiles"], dtype=np.float64)
        for k, level in enumerate(context.task.quantiles):
            hits = (known & (truth <= quantiles[..., k])).sum(axis=inner).astype(np.float64)
            counts = known.sum(axis=inner).astype(np.float64)
            ends = scoring.ends((draws @ hits) / np.maximum(draws @ counts, 1e-12))
            weight = np.ones(len(at)) if at.weight is None else at.weight
            rows.append(
                {
                    "side": side, "run": entrant.run, "quantile": float(level),
                    "below": float((weight * hits).sum() / (weight * counts).sum()),
                    "low": None if ends is None else ends[0], "high": None if ends is None else ends[1],
                }
            )  # fmt: skip
    return {"kind": "quantiles", "level": scoring.LEVEL, "n_items": len(at), "gain": None, "rows": rows}


EXAMPLE = {
    "kind": "probabilities",
    "level": 0.95,
    "n_items": 40,
    "gain": {"value": 0.02, "low": -0.01, "high": 0.05},
    "rows": [
        {"side": "deep", "run": "mlp-2", "brier": 0.12, "miscalibration": 0.01, "by_chance": 0.02,
         "discrimination": 0.14, "uncertainty": 0.25, "low": 0.09, "high": 0.15},
        {"side": "shallow", "run": "boosting-1", "brier": 0.14, "miscalibration": 0.03, "by_chance": 0.02,
         "discrimination": 0.14, "uncertainty": 0.25, "low": 0.11, "high": 0.17},
    ],
}  # fmt: skip

CALIBRATION = Analysis(
    name="calibration", order=14, run=run, unfit=unfit, cost=cost, example=EXAMPLE,
    source="Dimitriadis, Gneiting & Jordan 2021, Stable reliability diagrams; Murphy 1973",
)  # fmt: skip
