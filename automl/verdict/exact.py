"""The paired test for small tests: would the gain be as large if it did not matter which model predicted what?"""

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
    """Two-sided p of the paired permutation test that swaps the two models' predictions unit by unit.

    With at most `EXACT_UNITS` units all ways are counted, else `N_FLIPS` random ones and the one that happened
    (fewer on very large tests, so that it takes seconds). For metrics that are means of losses this is the
    sign-flip test of the units' loss differences. For metrics that rank, the models' scores are replaced by their
    ranks first, since two models' scores need not be on one scale.

    Args:
        of_item: ``(n_items,)`` each item's unit, 0 .. n_units-1.
        weight: ``(n_items,)``.

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
    """0/1 rows, some at a time: which units are swapped."""
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
    """Each unit's weighted sum of loss differences, where the metric is a mean of losses."""
    ours, theirs = (metrics.item_losses(metric, truth, output, context) for output in (deep, shallow))
    if ours is None or theirs is None:
        return None
    return np.bincount(of_item, weight * ours[1] * (ours[0] - theirs[0]))


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
    """The absolute gain for each way of swapping.

    Both models' predictions are laid end to end; a swap is a weighting that takes each item from one of the halves,
    so the metric is prepared (sorted) once for all swaps.
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
    """Context that goes with items, for both halves."""
    return np.concatenate([value, value]) if isinstance(value, np.ndarray) and len(value) == n else value


def _ranks(p: np.ndarray) -> np.ndarray:
    """Mean ranks of each column, 0 to 1."""
    ranks = np.empty(p.shape)
    for k in range(p.shape[1]):
        _, place, counts = np.unique(p[:, k], return_inverse=True, return_counts=True)
        ends = np.cumsum(counts)
        ranks[:, k] = ((ends - 0.5 * (counts - 1)) / len(p))[np.asarray(place).reshape(-1)]
    return ranks
