"""The exact paired test for small tests: how often swapping the predictions of both models gives as large a gain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from automl import metrics
from automl.records import Output

__all__ = ["EXACT_UNITS", "N_FLIPS", "p_value"]

EXACT_UNITS = 12
N_FLIPS = 20_000

_MAX_CELLS = 400_000_000
_SWAPPED_CELLS = 12_000_000
"""Swaps times items where each swap scores two halves anew: 20,000 swaps of 3,300 items took 5 s for each of three
tests, which nothing had kept back."""
_CHUNK_CELLS = 4_000_000
_RANKING = ("roc_auc", "average_precision")


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """The predictions of both models, with what their scores need; see `p_value`."""

    metric: str
    truth: np.ndarray
    outputs: tuple[Output, Output]
    of_item: np.ndarray
    weight: np.ndarray
    context: Mapping[str, Any]


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

    With at most `EXACT_UNITS` units all swaps are counted, else the observed one and `N_FLIPS` random ones (fewer on
    large tests, 2,000 at least, to take a second or two). For metrics that are means of losses this is the sign-flip
    test of the units' loss differences. For metrics that rank, scores are replaced by their ranks first, since the
    scores of two models need not be on one scale.

    Args:
        of_item: ``(n_items,)`` each item's unit, 0 .. n_units-1.
        weight: ``(n_items,)``.

    Sources: Good, Permutation, Parametric and Bootstrap Tests of Hypotheses, 2005, section 3; Venkatraman & Begg,
    A distribution-free procedure for comparing ROC curves from a paired experiment, Biometrika 1996 (ranks).
    """
    n_units, n_items = int(of_item.max()) + 1, len(of_item)
    pair = _Pair(metric, truth, (deep, shallow), of_item, weight, context)
    differences = _loss_differences(pair)
    gain_of = _swapped(pair) if differences is None else partial(_flipped, differences)
    observed = float(gain_of(np.zeros((1, n_units)))[0])
    if not np.isfinite(observed):
        return 1.0
    n_flips, as_large = 0, 0
    most_cells = _SWAPPED_CELLS if differences is None else _MAX_CELLS
    for flips in _flips(n_units, n_items, rng, most_cells):
        swapped = gain_of(flips)
        as_large += int((swapped[np.isfinite(swapped)] >= observed * (1 - 1e-9) - 1e-15).sum())
        n_flips += len(flips)
    return as_large / n_flips if n_units <= EXACT_UNITS else (as_large + 1) / (n_flips + 1)


def _flips(n_units: int, n_items: int, rng: np.random.Generator, most_cells: int) -> Iterator[np.ndarray]:
    """Rows of 0 and 1, in chunks: which units are swapped."""
    if n_units <= EXACT_UNITS:
        yield ((np.arange(2**n_units)[:, None] >> np.arange(n_units)) & 1).astype(np.float64)
        return
    n_flips = int(np.clip(most_cells // n_items, 2_000, N_FLIPS))
    step = max(1, _CHUNK_CELLS // (2 * n_items))
    for begin in range(0, n_flips, step):
        yield rng.integers(0, 2, (min(step, n_flips - begin), n_units)).astype(np.float64)


def _loss_differences(pair: _Pair) -> np.ndarray | None:
    """Each unit's weighted sum of loss differences; None where the metric is not a mean of losses."""
    deep, shallow = (metrics.item_losses(pair.metric, pair.truth, output, pair.context) for output in pair.outputs)
    if deep is None or shallow is None:
        return None
    return np.bincount(pair.of_item, pair.weight * deep[1] * (deep[0] - shallow[0]))


def _flipped(differences: np.ndarray, swap: np.ndarray) -> np.ndarray:
    """The absolute gain for each way of swapping, of a metric that is a mean of losses."""
    return np.asarray(np.abs((1.0 - 2.0 * swap) @ differences))


def _swapped(pair: _Pair) -> metrics.Evaluator:
    """The absolute gain for each way of swapping, of any metric.

    Both models' predictions are laid end to end. A swap is a weighting that takes each item from one of the halves, so
    the metric is prepared (sorted) once for all swaps.
    """
    name, n_items = metrics.named(pair.metric).reads, len(pair.truth)
    halves = [np.asarray(output.arrays[name]) for output in pair.outputs]
    if pair.metric in _RANKING:
        halves = [_ranks(half) for half in halves]
    both = Output(pair.outputs[0].kind, {name: np.concatenate(halves)})
    doubled = {key: _doubled(value, n_items) for key, value in pair.context.items()}
    evaluate = metrics.evaluator(pair.metric, np.concatenate([pair.truth, pair.truth]), both, doubled)
    weights = np.concatenate([pair.weight, pair.weight])

    def gain_of(swap: np.ndarray) -> np.ndarray:
        take = swap[:, pair.of_item]
        first, second = np.hstack([1.0 - take, take]), np.hstack([take, 1.0 - take])
        return np.asarray(np.abs(evaluate(first * weights) - evaluate(second * weights)))

    return gain_of


def _doubled(value: Any, n: int) -> Any:
    """A value of the context for both halves, if it has one entry an item."""
    return np.concatenate([value, value]) if isinstance(value, np.ndarray) and len(value) == n else value


def _ranks(p: np.ndarray) -> np.ndarray:
    """Mean ranks within each column, from 0 to 1."""
    ranks = np.empty(p.shape)
    for k in range(p.shape[1]):
        _, place, counts = np.unique(p[:, k], return_inverse=True, return_counts=True)
        ends = np.cumsum(counts)
        ranks[:, k] = ((ends - 0.5 * (counts - 1)) / len(p))[np.asarray(place).reshape(-1)]
    return ranks
