"""The exact paired test for small test sets: would the gain be as large if the models' predictions were swapped?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from automl import metrics
from automl.records import Output

__all__ = ["EXACT_UNITS", "N_FLIPS", "p_value"]

EXACT_UNITS = 12
N_FLIPS = 20_000

_MAX_CELLS = 400_000_000
_CHUNK_CELLS = 4_000_000
_RANKING = ("roc_auc", "average_precision")


def p_value(
    metric: str,
    truth: np.ndarray,
    deep: Output,
    shallow: Output,
    of_item: np.ndarray,
    weight: np.ndarray,
    context: Mapping[str, Any],
    rng: np.random.Generator,
) -> float:
    """Two-sided p-value of the paired permutation test that swaps the two models' predictions unit by unit.

    With at most `EXACT_UNITS` units all ways to swap are counted. With more units, `N_FLIPS` random ways and the
    observed one are counted (fewer on very large tests, so that it takes seconds). For metrics that are means of losses
    this is the sign-flip test of the units' loss differences. For metrics that rank, the models' scores are first
    replaced by their ranks, since the scores of two models need not be on the same scale.

    Args:
        metric: name of the metric.
        truth: truth of the test items.
        deep: predictions of the deep finalist.
        shallow: predictions of the shallow finalist.
        of_item: ``(n_items,)`` unit of each item, 0 .. n_units-1.
        weight: ``(n_items,)``.
        context: what else the metric reads.
        rng: draws the swaps.

    Sources: Good, Permutation, Parametric and Bootstrap Tests of Hypotheses, 2005, section 3; Venkatraman & Begg,
    A distribution-free procedure for comparing ROC curves from a paired experiment, Biometrika 1996 (ranks).
    """
    n_units, n_items = int(of_item.max()) + 1, len(of_item)
    differences = _loss_differences(metric, truth, deep, shallow, of_item, weight, context)
    if differences is None:
        gain_of = _swapped(metric, truth, deep, shallow, of_item, weight, context)
    else:
        gain_of = partial(_flipped, differences)
    observed = float(gain_of(np.zeros((1, n_units)))[0])
    if not np.isfinite(observed):
        return 1.0
    n_flips, as_large = 0, 0
    for flips in _flips(n_units, n_items, rng):
        swapped = gain_of(flips)
        as_large += int((swapped[np.isfinite(swapped)] >= observed * (1 - 1e-9) - 1e-15).sum())
        n_flips += len(flips)
    return as_large / n_flips if n_units <= EXACT_UNITS else (as_large + 1) / (n_flips + 1)


def _flips(n_units: int, n_items: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Chunks of ``(n, n_units)`` arrays of 0 and 1: each row says which units are swapped."""
    if n_units <= EXACT_UNITS:
        yield ((np.arange(2**n_units)[:, None] >> np.arange(n_units)) & 1).astype(np.float64)
        return
    n_flips = int(np.clip(_MAX_CELLS // n_items, 2_000, N_FLIPS))
    step = max(1, _CHUNK_CELLS // (2 * n_items))
    for begin in range(0, n_flips, step):
        yield rng.integers(0, 2, (min(step, n_flips - begin), n_units)).astype(np.float64)


def _loss_differences(
    metric: str,
    truth: np.ndarray,
    deep: Output,
    shallow: Output,
    of_item: np.ndarray,
    weight: np.ndarray,
    context: Mapping[str, Any],
) -> np.ndarray | None:
    """Weighted sum of loss differences of each unit; None if the metric is not a mean of losses."""
    deep_losses, shallow_losses = (metrics.item_losses(metric, truth, output, context) for output in (deep, shallow))
    if deep_losses is None or shallow_losses is None:
        return None
    return np.bincount(of_item, weight * deep_losses[1] * (deep_losses[0] - shallow_losses[0]))


def _flipped(differences: np.ndarray, swap: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs((1.0 - 2.0 * swap) @ differences))


def _swapped(
    metric: str,
    truth: np.ndarray,
    deep: Output,
    shallow: Output,
    of_item: np.ndarray,
    weight: np.ndarray,
    context: Mapping[str, Any],
) -> metrics.Evaluator:
    """A function that gives the absolute gain for each way of swapping.

    The predictions of both models are concatenated. A swap is then a weighting that takes each item from one half or
    the other, so the metric is prepared (sorted) once for all swaps.
    """
    name = metrics.named(metric).reads
    halves = [np.asarray(output.arrays[name]) for output in (deep, shallow)]
    if metric in _RANKING:
        halves = [_ranks(half) for half in halves]
    both = Output(deep.kind, {name: np.concatenate(halves)})
    doubled = {key: _doubled(value, len(truth)) for key, value in context.items()}
    evaluate = metrics.evaluator(metric, np.concatenate([truth, truth]), both, doubled)
    weights = np.concatenate([weight, weight])

    def gain_of(swap: np.ndarray) -> np.ndarray:
        take = swap[:, of_item]
        first, second = np.hstack([1.0 - take, take]), np.hstack([take, 1.0 - take])
        return np.asarray(np.abs(evaluate(first * weights) - evaluate(second * weights)))

    return gain_of


def _doubled(value: Any, n: int) -> Any:
    """A context value for both halves: repeated if it has one entry for each item."""
    return np.concatenate([value, value]) if isinstance(value, np.ndarray) and len(value) == n else value


def _ranks(p: np.ndarray) -> np.ndarray:
    """Ranks within each column, scaled to 0 to 1; equal values get their mean rank."""
    ranks = np.empty(p.shape)
    for k in range(p.shape[1]):
        _, place, counts = np.unique(p[:, k], return_inverse=True, return_counts=True)
        ends = np.cumsum(counts)
        ranks[:, k] = ((ends - 0.5 * (counts - 1)) / len(p))[np.asarray(place).reshape(-1)]
    return ranks
