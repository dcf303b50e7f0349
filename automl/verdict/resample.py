"""The bootstrap interval of a gain: test units and seeds are redrawn together, with the same units for both sides.

See ``docs/decisions/0001-seeds-in-the-interval.md`` for how seeds enter the interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from automl import metrics
from automl.records import Contestant, Output
from automl.verdict.seeds import draw, mixed

__all__ = ["LEVEL", "N_REPLICATES", "Replicates", "Units", "gains", "interval_of", "units_of", "weightings"]

N_REPLICATES = 2000
LEVEL = 0.95

ASSUMED_SEED_SHARE = 0.1
"""For a finalist with one seed: the standard deviation between seeds that is assumed.

It is a share of the distance from its score to the best possible score.
"""

N_CROSSED = 500

_CACHE_CELLS = 400_000
_MEMORY_CELLS = 16_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The test units that are redrawn.

    Attributes:
        of_item: ``(n_items,)`` unit of each item, 0 .. n_units-1.
        strata: groups of units; each is redrawn within itself, and together they hold all units.
    """

    of_item: np.ndarray
    strata: tuple[np.ndarray, ...]

    @property
    def n_units(self) -> int:
        """The number of units."""
        return sum(len(stratum) for stratum in self.strata)


def units_of(unit_ids: np.ndarray, classes: np.ndarray | None) -> Units:
    """Number the units. They are stratified by class if classes are given and each unit is a single item.

    Args:
        unit_ids: ``(n_items,)``.
        classes: ``(n_items,)`` class codes, or None not to stratify.
    """
    names, of_item = np.unique(unit_ids, return_inverse=True)
    of_item = np.asarray(of_item).reshape(-1)
    if classes is None or len(names) < len(unit_ids):
        return Units(of_item, (np.arange(len(names)),))
    class_of_unit = np.empty(len(names), dtype=np.int64)
    class_of_unit[of_item] = classes
    return Units(of_item, tuple(np.flatnonzero(class_of_unit == code) for code in np.unique(classes)))


def weightings(units: Units, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw how often each unit occurs in each of n replicates.

    Returns:
        ``(n, n_units)`` multinomial counts, with as many draws as units in each stratum. The counts of a unit are
        contiguous in memory, which makes the metrics' sorting by unit fast.
    """
    counts = np.zeros((units.n_units, n))
    for stratum in units.strata:
        size = len(stratum)
        drawn = rng.integers(0, size, (size, n)) * n + np.arange(n)
        counts[stratum] = np.bincount(drawn.ravel(), minlength=n * size).reshape(size, n)
    return counts.T


def _chunks(units: Units, weight: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[slice, np.ndarray]]:
    """Chunks of replicates: their numbers, and the weights of all items in each."""
    n = max(1, len(weight))
    step = max(1, min(N_REPLICATES, max(_CACHE_CELLS, min(64 * n, _MEMORY_CELLS)) // n))
    for begin in range(0, N_REPLICATES, step):
        part = slice(begin, min(begin + step, N_REPLICATES))
        counts = weightings(units, part.stop - part.start, rng).T
        if units.n_units < len(weight) or (np.diff(units.of_item) != 1).any():
            counts = counts[units.of_item]
        yield part, (counts * weight[:, None]).T


@dataclass(frozen=True, slots=True, eq=False)
class Replicates:
    """The bootstrap replicates of the gain.

    Attributes:
        values: ``(n,)`` deep's gain in each replicate; replicates where the metric is undefined are left out.
        stretch: factor that widens the interval, since a few seeds estimate the variance between seeds poorly.
    """

    values: np.ndarray
    stretch: float


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One finalist, prepared to be scored under any weighting of items, as saved and with redrawn seeds.

    A redraw changes the weight of each seed in the average. Its effect is the central difference between a step towards
    the redrawn average and the same step away from it. So a redraw counts for the seeds it favours, and not for having
    fewer distinct seeds.

    Attributes:
        saved: scores the finalist as saved.
        n_seeds: number of seeds.
        towards: for each distinct draw, scores the step towards its average.
        away: for each distinct draw, scores the step away from it.
        which: ``(n_replicates,)`` number of the draw in each replicate.
    """

    saved: metrics.Evaluator
    n_seeds: int
    towards: tuple[metrics.Evaluator, ...] = ()
    away: tuple[metrics.Evaluator, ...] = ()
    which: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def effects(self, which: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The change of the score by each of these draws of seeds, under these weightings of items."""
        changes = np.zeros(len(which))
        for code, (up, down) in enumerate(zip(self.towards, self.away, strict=True)):
            chosen = np.flatnonzero(which == code)
            if len(chosen):
                under = weights.T[:, chosen].T
                changes[chosen] = 0.5 * (self.n_seeds - 1) * (up(under) - down(under))
        return changes


def _side(contestant: Contestant, prepare: Callable[[Output], metrics.Evaluator], rng: np.random.Generator) -> _Side:
    saved, n_seeds = prepare(contestant.output), len(contestant.per_seed)
    if n_seeds < 2:
        return _Side(saved, 1)
    draws = draw(n_seeds, N_REPLICATES, rng)
    ready: dict[tuple[float, ...], metrics.Evaluator] = {}

    def stepped(counts: np.ndarray, direction: int) -> metrics.Evaluator:
        shares = tuple(np.round((1.0 + direction * (counts - 1.0) / (n_seeds - 1.0)) / n_seeds, 12))
        if shares not in ready:
            ready[shares] = prepare(mixed(contestant, np.asarray(shares)))
        return ready[shares]

    towards, away = (tuple(stepped(counts, sign) for counts in draws.multisets) for sign in (1, -1))
    return _Side(saved, n_seeds, towards, away, draws.which)


def gains(
    metric: str,
    truth: np.ndarray,
    deep: Contestant,
    shallow: Contestant,
    units: Units,
    weight: np.ndarray,
    context: Mapping[str, Any],
    rng: np.random.Generator,
) -> Replicates:
    """Deep's gain over shallow in each replicate, positive when deep is better.

    Each replicate redraws the test units, the same for both sides, computes the metric again, and adds the effect of
    redrawing each side's seeds. The first `N_CROSSED` replicates also compute this effect on their redrawn units. That
    shows how much of the effect is due to the seeds and not to the units.
    """

    def prepare(output: Output) -> metrics.Evaluator:
        return metrics.evaluator(metric, truth, output, context)

    sides = [_side(contestant, prepare, rng) for contestant in (deep, shallow)]
    values, crossed = np.empty(N_REPLICATES), np.zeros((2, N_CROSSED))
    for part, weights in _chunks(units, weight, rng):
        values[part] = sides[0].saved(weights) - sides[1].saved(weights)
        early = slice(part.start, min(part.stop, N_CROSSED))
        for side, effects in zip(sides, crossed, strict=True):
            if side.n_seeds > 1 and early.start < early.stop:
                effects[early] = side.effects(side.which[early], weights[: early.stop - early.start])
    of_rows, variances = _variance(values), []
    for sign, side, effects in zip((1.0, -1.0), sides, crossed, strict=True):
        if side.n_seeds == 1:
            lacking = abs(metrics.named(metric).best - float(side.saved(weight[None, :])[0]))
            effect = ASSUMED_SEED_SHARE * lacking * rng.normal(size=N_REPLICATES)
        else:
            codes = np.arange(len(side.towards))
            as_is = side.effects(codes, np.repeat(weight[None, :], len(codes), axis=0))[side.which]
            effect = _own_effect(as_is, effects, side.n_seeds)
        values = values + sign * effect
        variances.append((float(np.var(effect)), side.n_seeds - 1))
    if not metrics.named(metric).higher_is_better:
        values = -values
    return Replicates(values[np.isfinite(values)], _stretch(of_rows, variances))


def _variance(values: np.ndarray) -> float:
    """The variance of the finite values; 0 if there are none."""
    finite = values[np.isfinite(values)]
    return float(np.var(finite)) if len(finite) else 0.0


def _own_effect(as_is: np.ndarray, crossed: np.ndarray, n_seeds: int) -> np.ndarray:
    """The effects of redrawing seeds, scaled so that their variance is due to the seeds alone.

    Effects on the test rows as they are have the variance S + R: S is due to the seeds, R to the chance choice of these
    test rows. Effects on redrawn rows have the variance S + 2 R. So S is twice the first variance minus the second.
    Redrawing n values gives only (n - 1)/n of the variance of their mean, so S is multiplied by n/(n - 1).

    Args:
        as_is: effects on the test rows as they are.
        crossed: effects on redrawn test rows.
        n_seeds: number of seeds.
    """
    total = float(np.var(as_is))
    own = max(0.0, 2.0 * total - _variance(crossed)) * n_seeds / (n_seeds - 1)
    if total <= 0 or not np.isfinite(own):
        return np.zeros_like(as_is)
    return np.asarray(as_is * np.sqrt(own / total))


def _stretch(from_rows: float, seeds: list[tuple[float, int]]) -> float:
    """Student's quantile divided by the normal one, with the degrees of freedom of a sum of estimated variances.

    Args:
        from_rows: variance that comes from the rows.
        seeds: for each side, the variance that comes from its seeds, and its degrees of freedom.

    Source: Satterthwaite, An approximate distribution of estimates of variance components, Biometrics 1946.
    """
    from scipy.special import ndtri, stdtrit

    upper = (1.0 + LEVEL) / 2.0
    estimated = sum(variance**2 / freedom for variance, freedom in seeds if freedom > 0)
    if estimated <= 0:
        return 1.0
    freedom = (from_rows + sum(variance for variance, _ in seeds)) ** 2 / estimated
    return float(stdtrit(freedom, upper) / ndtri(upper))


def interval_of(replicates: Replicates, gain: float, n_units: int) -> tuple[float, float]:
    """The percentile interval of the gain, widened for few units and for few seeds.

    With n units, the bootstrap's spread is too small by the factor ``sqrt((n - 1) / n)``, and a normal quantile is too
    small for an estimated spread. Wider tails correct both; from about a hundred units on the change is negligible.
    For few seeds the whole interval is stretched.

    Source: Hesterberg, What teachers should know about the bootstrap, The American Statistician 2015, section 5.3
    (expanded percentile interval).
    """
    from scipy.special import ndtr, stdtrit

    tail = (1.0 - LEVEL) / 2.0
    if n_units > 1:
        tail = float(ndtr(stdtrit(n_units - 1, tail) * np.sqrt(n_units / (n_units - 1))))
    low, high = np.quantile(replicates.values, [tail, 1.0 - tail])
    return gain + replicates.stretch * (float(low) - gain), gain + replicates.stretch * (float(high) - gain)
