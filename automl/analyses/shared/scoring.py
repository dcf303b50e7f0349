"""Scores of finalists with intervals: on the test items, on other items, and of one against the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl import goals, metrics
from automl.records import AnalysisContext, Contestant, Dataset, Output, Side, SidePredictor
from automl.split.units import unit_ids_of
from automl.verdict.resample import LEVEL, units_of, weightings

__all__ = [
    "LEVEL", "SIDES", "Scored", "between", "contestants", "drawn", "ends", "ends_of_scores", "predictors", "score_of",
    "scored", "scores_of", "subsample",
]  # fmt: skip

SIDES: tuple[Side, Side] = ("deep", "shallow")
N_DRAWS = 200
MOST_CELLS = 4_000_000
"""Draws times items: with more items there are fewer draws."""
LEAST_DRAWS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Items with what metrics need to score predictions of them.

    Attributes:
        items: rows ``(n,)``, or forecast windows ``(n, horizon)``.
        truth: of each item, as metrics read it.
        weight: of each item, or None.
        context: of the metrics.
        unit_ids: ``(n,)``: items of the same unit are drawn together.
    """

    items: np.ndarray
    truth: np.ndarray
    weight: np.ndarray | None
    context: Mapping[str, Any]
    unit_ids: np.ndarray

    def __len__(self) -> int:
        return len(self.items)


def predictors(context: AnalysisContext) -> dict[Side, SidePredictor]:
    """The predictors of the finalists there are, deep first."""
    return {side: context.predictors[side] for side in SIDES if side in context.predictors}


def contestants(context: AnalysisContext) -> dict[Side, Contestant]:
    """The finalists with their test predictions, deep first."""
    there = {one.side: one for one in context.outcome.contestants}
    return {side: there[side] for side in SIDES if side in there}


def scored(context: AnalysisContext, items: np.ndarray, dataset: Dataset | None = None) -> Scored:
    """What is needed to score predictions of these items.

    Args:
        context: of the analysis.
        items: sorted rows, or windows.
        dataset: the rows, where they are not those of the contest.
    """
    data, task, split = dataset or context.dataset, context.task, context.split
    return Scored(
        items, goals.truth(data, task, items), data.weight_of(items), goals.scoring_context(data, task, split, items),
        unit_ids_of(data, split, items),
    )  # fmt: skip


def subsample(items: np.ndarray, most: int, seed: int) -> np.ndarray:
    """At most so many of the items, drawn at random, in their order."""
    if len(items) <= most:
        return items
    return items[np.sort(np.random.default_rng(seed).choice(len(items), most, replace=False))]


def score_of(metric: str, at: Scored, output: Output) -> float:
    """The score of predictions; NaN where the metric is not defined."""
    return metrics.score(metric, at.truth, output, at.weight, at.context)


def drawn(at: Scored, seed: int, n_draws: int | None = None) -> np.ndarray:
    """``(n_draws, n_items)`` float64: bootstrap weights of the items by units, times their own weights."""
    n = max(1, len(at))
    n_draws = n_draws or int(np.clip(MOST_CELLS // n, LEAST_DRAWS, N_DRAWS))
    units = units_of(at.unit_ids, None)
    made: np.ndarray = weightings(units, n_draws, np.random.default_rng(seed))[:, units.of_item]
    return made if at.weight is None else made * at.weight


def scores_of(metric: str, at: Scored, output: Output, draws: np.ndarray) -> np.ndarray:
    """``(n_draws,)`` scores of predictions under bootstrap weights, NaN where the metric is not defined."""
    return metrics.bootstrap(metric, at.truth, output, draws, at.context)


def ends(values: np.ndarray, level: float = LEVEL) -> tuple[float, float] | None:
    """Percentile interval of bootstrap values ``(n_draws,)``; None where fewer than half of them are finite."""
    known = values[np.isfinite(values)]
    if len(known) < max(2, len(values) / 2):
        return None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def ends_of_scores(metric: str, values: np.ndarray) -> tuple[float | None, float | None]:
    """Percentile interval of bootstrap scores, within the range of the metric; (None, None) as for `ends`.

    Scores to which the noise of fits was added may lie beyond that range.
    """
    found = ends(values)
    if found is None:
        return None, None
    return metrics.clipped(metric, found[0]), metrics.clipped(metric, found[1])


def between(
    metric: str, at: Scored, outputs: Sequence[Output], draws: np.ndarray,
    gain: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> tuple[float, float] | None:  # fmt: skip
    """Paired interval of the gain of the first predictions over the second ones, on the same draws.

    Args:
        metric: its name.
        at: the scored items.
        outputs: two of the same items.
        draws: from `drawn`.
        gain: of arrays of scores; None for the difference with the sign that is positive where the first is better.
    """
    first, second = (scores_of(metric, at, output, draws) for output in outputs)
    sign = 1.0 if metrics.named(metric).higher_is_better else -1.0
    return ends(sign * (first - second) if gain is None else gain(first, second))
