"""The interval of a gain: test units and seeds redrawn together, both sides alike.

See ``docs/decisions/0001-seeds-in-the-interval.md`` for how seeds enter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from automl import metrics
from automl.records import Contestant, Output
from automl.verdict.seeds import draw, mixed

__all__ = ["LEVEL", "N_REPLICATES", "Replicates", "Units", "gains", "interval_of", "leads", "units_of", "weightings"]

N_REPLICATES = 2000
LEVEL = 0.95

ASSUMED_SEED_SHARE = 0.1
"""With one seed: the assumed standard deviation between seeds, as a share of a score's distance to the best one."""

N_CROSSED = 500

N_LEADS = 100
"""Replicates for the standard error of a lead over the floor."""

_CACHE_CELLS = 400_000
_MEMORY_CELLS = 16_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The units of the test that are redrawn.

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
    """Number the units. Where classes are given and each unit is one item, the units of each class are a stratum.

    Args:
        unit_ids: ``(n_items,)``.
        classes: ``(n_items,)`` codes; None for no strata.
    """
    names, of_item = np.unique(unit_ids, return_inverse=True)
    of_item = np.asarray(of_item).reshape(-1)
    if classes is None or len(names) < len(unit_ids):
        return Units(of_item, (np.arange(len(names)),))
    class_of_unit = np.empty(len(names), dtype=np.int64)
    class_of_unit[of_item] = classes
    return Units(of_item, tuple(np.flatnonzero(class_of_unit == code) for code in np.unique(classes)))


def weightings(units: Units, n: int, rng: np.random.Generator) -> np.ndarray:
    """How often each unit is drawn: ``(n, n_units)`` multinomial counts, as many draws as units in each stratum.

    The counts of a unit are contiguous in memory, so that metrics sort by unit fast.
    """
    counts = np.zeros((units.n_units, n))
    for stratum in units.strata:
        size = len(stratum)
        drawn = rng.integers(0, size, (size, n)) * n + np.arange(n)
        counts[stratum] = np.bincount(drawn.ravel(), minlength=n * size).reshape(size, n)
    return counts.T


def _chunks(
    units: Units, weight: np.ndarray, rng: np.random.Generator, n_replicates: int = N_REPLICATES
) -> Iterator[tuple[slice, np.ndarray]]:
    """Item weights of all replicates, a few replicates at a time."""
    n = max(1, len(weight))
    step = max(1, min(n_replicates, max(_CACHE_CELLS, min(64 * n, _MEMORY_CELLS)) // n))
    for begin in range(0, n_replicates, step):
        part = slice(begin, min(begin + step, n_replicates))
        counts = weightings(units, part.stop - part.start, rng).T
        if units.n_units < len(weight) or (np.diff(units.of_item) != 1).any():
            counts = counts[units.of_item]
        yield part, (counts * weight[:, None]).T


@dataclass(frozen=True, slots=True, eq=False)
class Replicates:
    """Gains over the replicates.

    Attributes:
        values: ``(n,)`` gain of the deep side in each replicate, without those where the metric is undefined.
        stretch: factor by which the interval is widened, since the variance between seeds is estimated from few.
    """

    values: np.ndarray
    stretch: float


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One finalist, prepared for scores under any weighting: as saved, and with seeds redrawn.

    A redraw changes the weight of each seed in the average. Its effect is the central difference between a step towards
    the redrawn average and the same step away from it. So a redraw counts by the seeds that it favours, and not for
    having fewer distinct ones.
    """

    saved: metrics.Evaluator
    n_seeds: int
    towards: tuple[metrics.Evaluator, ...] = ()
    away: tuple[metrics.Evaluator, ...] = ()
    which: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def effects(self, which: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """How much drawing these multisets of seeds changes the score under these weightings."""
        effects = np.zeros(len(which))
        for code, (up, down) in enumerate(zip(self.towards, self.away, strict=True)):
            chosen = np.flatnonzero(which == code)
            if len(chosen):
                under = weights.T[:, chosen].T
                effects[chosen] = 0.5 * (self.n_seeds - 1) * (up(under) - down(under))
        return effects


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

    Each replicate redraws the test units (the same for both sides), computes the metric on them, and adds the effect of
    redrawing each side's seeds. The first `N_CROSSED` replicates also compute that effect on their redrawn units, to
    estimate how much of it is due to the seeds alone.
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


def leads(
    metric: str,
    truth: np.ndarray,
    one: Output,
    other: Output,
    units: Units,
    weight: np.ndarray,
    context: Mapping[str, Any],
    rng: np.random.Generator,
) -> np.ndarray:
    """``(n,)`` lead of one output over another with the test units redrawn, seeds left as they are.

    Positive where the first is better; without replicates in which the metric is undefined.
    """
    evaluators = [metrics.evaluator(metric, truth, output, context) for output in (one, other)]
    values = np.empty(N_LEADS)
    for part, weights in _chunks(units, weight, rng, N_LEADS):
        values[part] = evaluators[0](weights) - evaluators[1](weights)
    values = values[np.isfinite(values)]
    return values if metrics.named(metric).higher_is_better else -values


def _variance(values: np.ndarray) -> float:
    """The variance of the finite values; 0 where there are none."""
    finite = values[np.isfinite(values)]
    return float(np.var(finite)) if len(finite) else 0.0


def _own_effect(as_is: np.ndarray, crossed: np.ndarray, n_seeds: int) -> np.ndarray:
    """The effects of redrawing seeds, shrunk to the variance that the seeds themselves bring to their average.

    Effects on the test as it is have the variance of the seeds plus the sampling variance of the test rows. Effects on
    redrawn rows have the variance of the seeds plus twice that sampling variance. So twice the first less the second is
    the variance of the seeds. Redrawing n seeds gives (n - 1)/n of the variance of their mean, which is corrected.
    """
    total = float(np.var(as_is))
    own = max(0.0, 2.0 * total - _variance(crossed)) * n_seeds / (n_seeds - 1)
    if total <= 0 or not np.isfinite(own):
        return np.zeros_like(as_is)
    return np.asarray(as_is * np.sqrt(own / total))


def _stretch(from_rows: float, seeds: list[tuple[float, int]]) -> float:
    """Student's quantile over the normal one, with the degrees of freedom of a sum of estimated variances.

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
    """The percentile interval of the gain, with its tails widened for few units and the whole for few seeds.

    The bootstrap's standard deviation is too small by ``sqrt((n - 1) / n)``, and a normal quantile is too small for an
    estimated one. The widened tails correct both; from some hundred units on the change is not visible.

    Source: Hesterberg, What teachers should know about the bootstrap, The American Statistician 2015, section 5.3
    (expanded percentile interval).
    """
    from scipy.special import ndtr, stdtrit

    tail = (1.0 - LEVEL) / 2.0
    if n_units > 1:
        tail = float(ndtr(stdtrit(n_units - 1, tail) * np.sqrt(n_units / (n_units - 1))))
    low, high = np.quantile(replicates.values, [tail, 1.0 - tail])
    return gain + replicates.stretch * (float(low) - gain), gain + replicates.stretch * (float(high) - gain)
