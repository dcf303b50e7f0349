"""The interval of a gain: test units and seeds redrawn together, both sides alike.

See ``docs/decisions/0001-seeds-in-the-interval.md`` for how seeds enter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl import metrics
from automl.compare.seeds import draw, mixed
from automl.records import Contestant, Output

__all__ = ["LEVEL", "N_REPLICATES", "Units", "gains", "percentiles", "units_of", "weightings"]

N_REPLICATES = 2000
LEVEL = 0.95

_CHUNK_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """What is redrawn.

    Attributes:
        of_item: ``(n_items,)`` each item's unit, 0 .. n_units-1.
        strata: lists of units redrawn among themselves; together all units.
    """

    of_item: np.ndarray
    strata: tuple[np.ndarray, ...]

    @property
    def n_units(self) -> int:
        """Number of units."""
        return sum(len(stratum) for stratum in self.strata)


def units_of(unit_ids: np.ndarray, classes: np.ndarray | None) -> Units:
    """Number the units, and part them by class where a class is given for each item and units are single items.

    Args:
        unit_ids: ``(n_items,)``. classes: ``(n_items,)`` codes, or None not to stratify.
    """
    names, of_item = np.unique(unit_ids, return_inverse=True)
    of_item = np.asarray(of_item).reshape(-1)
    if classes is None or len(names) < len(unit_ids):
        return Units(of_item, (np.arange(len(names)),))
    class_of_unit = np.empty(len(names), dtype=np.int64)
    class_of_unit[of_item] = classes
    return Units(of_item, tuple(np.flatnonzero(class_of_unit == code) for code in np.unique(classes)))


def weightings(units: Units, n: int, rng: np.random.Generator) -> np.ndarray:
    """How often each unit is drawn: ``(n, n_units)`` multinomial counts, as many draws as units in each stratum."""
    counts = np.zeros((n, units.n_units))
    for stratum in units.strata:
        size = len(stratum)
        drawn = rng.integers(0, size, (n, size)) + size * np.arange(n)[:, None]
        counts[:, stratum] = np.bincount(drawn.ravel(), minlength=n * size).reshape(n, size)
    return counts


def _chunks(units: Units, weight: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[slice, np.ndarray]]:
    """Item weights of all replicates, a few replicates at a time."""
    step = max(1, min(N_REPLICATES, _CHUNK_CELLS // max(1, len(weight))))
    for begin in range(0, N_REPLICATES, step):
        part = slice(begin, min(begin + step, N_REPLICATES))
        yield part, weightings(units, part.stop - part.start, rng)[:, units.of_item] * weight


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One finalist, ready to be scored under any weighting: as saved, and with seeds redrawn.

    A redraw changes what each seed weighs in the average. Its effect is taken as the central difference between a
    step towards the redrawn average and the same step away from it, so that a redraw counts for which seeds it
    favours, not for having fewer distinct ones.
    """

    saved: metrics.Evaluator
    towards: tuple[metrics.Evaluator, ...] = ()
    away: tuple[metrics.Evaluator, ...] = ()
    which: np.ndarray | None = None
    factor: float = 0.0

    def scores(self, part: slice, weights: np.ndarray) -> np.ndarray:
        """The saved model's score in each replicate plus the effect of redrawing its seeds."""
        scores = self.saved(weights)
        if self.which is None:
            return scores
        for code, (up, down) in enumerate(zip(self.towards, self.away, strict=True)):
            chosen = np.flatnonzero(self.which[part] == code)
            if len(chosen):
                scores[chosen] += self.factor * (up(weights[chosen]) - down(weights[chosen]))
        return scores


def _side(contestant: Contestant, prepare: Callable[[Output], metrics.Evaluator], rng: np.random.Generator) -> _Side:
    saved, n_seeds = prepare(contestant.output), len(contestant.per_seed)
    if n_seeds < 2:
        return _Side(saved)
    draws = draw(n_seeds, N_REPLICATES, rng)
    ready: dict[tuple[float, ...], metrics.Evaluator] = {}

    def stepped(counts: np.ndarray, direction: int) -> metrics.Evaluator:
        shares = tuple(np.round((1.0 + direction * (counts - 1.0) / (n_seeds - 1.0)) / n_seeds, 12))
        if shares not in ready:
            ready[shares] = prepare(mixed(contestant, np.asarray(shares)))
        return ready[shares]

    towards, away = (tuple(stepped(counts, sign) for counts in draws.multisets) for sign in (1, -1))
    factor = 0.5 * (n_seeds - 1.0) * float(np.sqrt(n_seeds / (n_seeds - 1.0)))
    return _Side(saved, towards, away, draws.which, factor)


def gains(
    metric: str,
    truth: np.ndarray,
    deep: Contestant,
    shallow: Contestant,
    units: Units,
    weight: np.ndarray,
    context: Mapping[str, Any],
    rng: np.random.Generator,
) -> np.ndarray:
    """Deep's gain over shallow in each replicate, positive when deep is better.

    Each replicate redraws the test units, the same for both sides, and each side's seeds, and computes the metric
    anew. Replicates in which it is undefined (a class without rows) are left out.
    """

    def prepare(output: Output) -> metrics.Evaluator:
        return metrics.evaluator(metric, truth, output, context)

    sides = [_side(contestant, prepare, rng) for contestant in (deep, shallow)]
    differences = np.empty(N_REPLICATES)
    for part, weights in _chunks(units, weight, rng):
        a, b = (side.scores(part, weights) for side in sides)
        differences[part] = a - b
    if not metrics.named(metric).higher_is_better:
        differences = -differences
    return differences[np.isfinite(differences)]


def percentiles(values: np.ndarray, n_units: int, level: float = LEVEL) -> tuple[float, float]:
    """The percentile interval, its tails widened for few units.

    The bootstrap's spread is too small by ``sqrt((n - 1) / n)`` and a normal quantile too small for an estimated
    spread, which the widened tails make good; from some hundred units on this changes nothing visible.

    Source: Hesterberg, What teachers should know about the bootstrap, The American Statistician 2015, section 5.3
    (expanded percentile interval).
    """
    from scipy.special import ndtr, stdtrit

    tail = (1.0 - level) / 2.0
    if n_units > 1:
        tail = float(ndtr(stdtrit(n_units - 1, tail) * np.sqrt(n_units / (n_units - 1))))
    low, high = np.quantile(values, [tail, 1.0 - tail])
    return float(low), float(high)
