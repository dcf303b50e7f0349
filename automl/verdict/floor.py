"""Whether a finalist beats the floor by more than noise: only then is it worth recommending."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl import metrics
from automl.records import Contestant, Run
from automl.verdict.exact import p_value
from automl.verdict.resample import LEVEL, Units, lead_error

__all__ = ["beats_floor", "is_told_from_noise"]

LEAST_EXACT = 6
"""Units, and rows of the rarest class, below which no exact paired test gives p < 0.05: two of 2^5 swaps are 0.06."""

ALPHA = 0.05


def is_told_from_noise(n_units: int, rarest: int) -> bool:
    """Whether a test is large enough to tell a lead over the floor from noise.

    Args:
        n_units: test units.
        rarest: test items of the rarest class; without classes, test units.
    """
    return min(n_units, rarest) >= LEAST_EXACT


def beats_floor(
    metric: str,
    truth: np.ndarray,
    one: Contestant,
    floor: Contestant,
    runs: Mapping[str, Run],
    units: Units,
    weight: np.ndarray,
    context: Mapping[str, Any],
    rng: np.random.Generator,
    *,
    few: bool,
    rarest: int,
) -> bool:
    """Compare a finalist with the floor on the test units, redrawn together.

    The lead must exceed its standard error, resampled, by the factor of the interval. On a small test an exact
    paired test decides; items of a metric that fits a model on them cannot be exchanged between two models, so the lead
    must then exceed its error and validation must agree. Where no test can decide, the finalist must be better both on
    the test and in validation. Seeds are not redrawn, since the floor has none.

    Args:
        metric: name of the metric.
        truth: of the test items.
        one: the finalist.
        floor: the model that learns nothing from the inputs.
        runs: by name, with their validation scores.
        units: of the test.
        weight: ``(n_items,)``.
        context: of the metric, see `records.Metric`.
        rng: of the resampling.
        few: whether the test is too small for the interval alone.
        rarest: test items of the rarest class; without classes, test units.
    """
    ours, theirs = (metrics.score(metric, truth, c.output, weight, context) for c in (one, floor))
    if not metrics.better(metric, ours, theirs):
        return False
    if not np.isfinite(theirs):
        return True
    if not is_told_from_noise(units.n_units, rarest):
        return _better_in_validation(metric, runs.get(one.run), runs.get(floor.run))
    is_exchangeable = not metrics.named(metric).fits_items
    if few and is_exchangeable:
        return p_value(metric, truth, one.output, floor.output, units.of_item, weight, context, rng) < ALPHA
    error = lead_error(metric, truth, one.output, floor.output, units, weight, context, rng)
    leads = error is not None and metrics.gain(metric, ours, theirs) > _z() * error
    return leads and (not few or _better_in_validation(metric, runs.get(one.run), runs.get(floor.run)))


def _z() -> float:
    """The normal quantile of the verdict's confidence level, two-sided."""
    from scipy.special import ndtri

    return float(ndtri((1.0 + LEVEL) / 2.0))


def _better_in_validation(metric: str, one: Run | None, floor: Run | None) -> bool:
    """Whether validation agrees; True where it has no scores to compare."""
    if one is None or floor is None or one.valid_score is None or floor.valid_score is None:
        return True
    return metrics.better(metric, one.valid_score, floor.valid_score)
