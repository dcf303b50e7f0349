"""The interval of a gain: test units redrawn, and what time and seeds add; both sides alike.

See ``docs/decisions/0001-seeds-in-the-interval.md`` for how the variance of seeds is told from that of test rows, and
``docs/decisions/0034-verdicts-that-decide.md`` for what is assumed of seeds and how units in time depend on each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np

from automl import metrics
from automl.records import Contestant, Output
from automl.records.names import Cause
from automl.verdict.dependence import Part, effect_of_time, in_time, left_out
from automl.verdict.seeds import draw, mixed
from automl.verdict.shares import mixed_variance

__all__ = [
    "LEVEL", "N_REPLICATES", "Replicates", "Units", "gains", "interval_of", "lead_error", "n_replicates_for",
    "units_of", "weightings",
]  # fmt: skip

N_REPLICATES = 2000
LEVEL = 0.95

LEAST_REPLICATES = 400
REPLICATE_CELLS = 40_000_000
"""Replicates times items: above 20,000 items there are fewer replicates, and the interval is that of a normal gain."""

CROSSED_SHARE = 0.25
"""Share of the replicates that also redraw the seeds, to tell the seeds' variance from that of the test units."""

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
        in_time: whether units follow each other in time, in the order of their numbers.
        times: ``(n_items,)`` numbers of the times that the units (series) share, in order; None if they share none.
    """

    of_item: np.ndarray
    strata: tuple[np.ndarray, ...]
    in_time: bool = False
    times: np.ndarray | None = None

    @property
    def n_units(self) -> int:
        """Number of units."""
        return sum(len(stratum) for stratum in self.strata)


def units_of(
    unit_ids: np.ndarray, classes: np.ndarray | None, *, in_time: bool = False, time_ids: np.ndarray | None = None
) -> Units:
    """Number the units. Where classes are given and each unit is one item, the units of each class are a stratum.

    Args:
        unit_ids: ``(n_items,)``.
        classes: ``(n_items,)`` codes; None for no strata.
        in_time: whether the units are numbered in the order of time and follow each other.
        time_ids: ``(n_items,)`` times that units share, see `records.Split`; None if there are none.
    """
    names, of_item = np.unique(unit_ids, return_inverse=True)
    of_item = np.asarray(of_item).reshape(-1)
    if classes is None or len(names) < len(unit_ids):
        times = None if time_ids is None else np.asarray(np.unique(time_ids, return_inverse=True)[1]).reshape(-1)
        return Units(of_item, (np.arange(len(names)),), in_time, times)
    class_of_unit = np.empty(len(names), dtype=np.int64)
    class_of_unit[of_item] = classes
    return Units(of_item, tuple(np.flatnonzero(class_of_unit == code) for code in np.unique(classes)))


def n_replicates_for(n_items: int) -> int:
    """How often a test of so many items is redrawn."""
    return int(np.clip(REPLICATE_CELLS // max(1, n_items), LEAST_REPLICATES, N_REPLICATES))


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
    """Gains over the replicates, and the variances of the gain.

    Attributes:
        values: ``(n,)`` gain of the deep side in each replicate, without those where the metric is undefined. They vary
            by the test units alone.
        n_asked: number of replicates that were asked for.
        parts: the variance of each cause; see `records.Comparison`.
    """

    values: np.ndarray
    n_asked: int
    parts: Mapping[Cause, Part]

    @property
    def variance(self) -> float:
        """Of the gain, by all causes."""
        return sum(part.variance for part in self.parts.values())

    @property
    def quantile(self) -> float:
        """Student's quantile for the sum of the parts.

        Source: Satterthwaite, An approximate distribution of estimates of variance components, Biometrics 1946 (the
        degrees of freedom).
        """
        from scipy.special import ndtri, stdtrit

        upper = (1.0 + LEVEL) / 2.0
        estimated = sum(part.variance**2 / part.freedom for part in self.parts.values())
        return float(stdtrit(self.variance**2 / estimated, upper) if estimated > 0 else ndtri(upper))


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


def _side(
    contestant: Contestant, prepare: Callable[[Output], metrics.Evaluator], n_crossed: int, rng: np.random.Generator
) -> _Side:
    saved, n_seeds = prepare(contestant.output), len(contestant.per_seed)
    if n_seeds < 2:
        return _Side(saved, 1)
    draws = draw(n_seeds, n_crossed, rng)
    each = [_last_known(prepare(one)) for one in contestant.per_seed] if contestant.output.kind == "samples" else []
    ready: dict[tuple[float, ...], metrics.Evaluator] = {}

    def stepped(counts: np.ndarray, direction: int) -> metrics.Evaluator:
        shares = tuple(np.round((1.0 + direction * (counts - 1.0) / (n_seeds - 1.0)) / n_seeds, 12))
        if shares not in ready:
            ready[shares] = _mean_score(each, shares) if each else prepare(mixed(contestant, np.asarray(shares)))
        return ready[shares]

    towards, away = (tuple(stepped(counts, sign) for counts in draws.multisets) for sign in (1, -1))
    return _Side(saved, n_seeds, towards, away, draws.which)


def _mean_score(each: Sequence[metrics.Evaluator], shares: Sequence[float]) -> metrics.Evaluator:
    """The weighted average of the scores of draws of generated rows, which have no average themselves."""

    def evaluate(weights: np.ndarray) -> np.ndarray:
        return np.average([one(weights) for one in each], axis=0, weights=np.asarray(shares))

    return evaluate


def _last_known(evaluate: metrics.Evaluator) -> metrics.Evaluator:
    """The same scores; those of the last weightings are remembered, since a step up asks for what a step down asks."""
    known: dict[bytes, np.ndarray] = {}

    def remembered(weights: np.ndarray) -> np.ndarray:
        key = blake2b(np.ascontiguousarray(weights).tobytes(), digest_size=16).digest()
        if key not in known:
            scores = evaluate(weights)
            known.clear()
            known[key] = scores
        return known[key]

    return remembered


def gains(
    metric: str,
    truth: np.ndarray,
    deep: Contestant,
    shallow: Contestant,
    units: Units,
    weight: np.ndarray,
    context: Mapping[str, Any],
    rng: np.random.Generator,
    shares: Sequence[float],
) -> Replicates:
    """Deep's gain over shallow in each replicate, positive when deep is better.

    Each replicate redraws the test units (the same for both sides) and computes the metric on them; where neighbouring
    units are alike, the replicates are widened (`dependence`). What shared times and other seeds add (`_seed_part`) are
    parts of their own. The first replicates also redraw each side's seeds, to estimate how much of the difference
    between seeds is not due to the test units.

    Args:
        metric: name of the metric.
        truth: of the test items.
        deep: finalist of the deep side.
        shallow: finalist of the shallow side.
        units: of the test.
        weight: ``(n_items,)``.
        context: of the metric, see `records.Metric`.
        rng: of the redraws.
        shares: of both sides, see `shares.seed_shares`.
    """

    def prepare(output: Output) -> metrics.Evaluator:
        return metrics.evaluator(metric, truth, output, context)

    n_replicates = n_replicates_for(len(weight))
    n_crossed = int(CROSSED_SHARE * n_replicates)
    sides = [_side(contestant, prepare, n_crossed, rng) for contestant in (deep, shallow)]
    values, crossed = np.empty(n_replicates), np.zeros((2, n_crossed))
    for part, weights in _chunks(units, weight, rng, n_replicates):
        values[part] = sides[0].saved(weights) - sides[1].saved(weights)
        early = slice(part.start, min(part.stop, n_crossed))
        for side, effects in zip(sides, crossed, strict=True):
            if side.n_seeds > 1 and early.start < early.stop:
                effects[early] = side.effects(side.which[early], weights[: early.stop - early.start])

    def gain_of(weights: np.ndarray) -> np.ndarray:
        return sides[0].saved(weights) - sides[1].saved(weights)

    gain = float(gain_of(weight[None, :])[0])
    values, parts = _in_time(values[np.isfinite(values)], gain, gain_of, units, weight)
    best = metrics.named(metric).best
    causes: tuple[Cause, Cause] = ("deep_seeds", "shallow_seeds")
    for name, side, effects, share in zip(causes, sides, crossed, shares, strict=True):
        parts[name] = _seed_part(side, effects, share * abs(best - float(side.saved(weight[None, :])[0])), weight)
    return Replicates(values if metrics.named(metric).higher_is_better else -values, n_replicates, parts)


def _in_time(
    values: np.ndarray, gain: float, gain_of: metrics.Evaluator, units: Units, weight: np.ndarray
) -> tuple[np.ndarray, dict[Cause, Part]]:
    """The replicates, wider where neighbouring units are alike, with the parts of the test and of shared times.

    The variance of resampled units is too small by the factor ``(n - 1) / n``, which is corrected (Hesterberg, What
    teachers should know about the bootstrap, The American Statistician 2015, section 5.3).
    """
    n_units = units.n_units
    of_units = _variance(values) * n_units / max(n_units - 1, 1)
    factor, effective = in_time(gain_of, units.of_item, weight, of_units) if units.in_time else (1.0, float(n_units))
    values = gain + np.sqrt(factor * n_units / max(n_units - 1, 1)) * (values - gain)
    parts: dict[Cause, Part] = {"test": Part(of_units * factor, max(effective - 1.0, 1.0))}
    shared = None if units.times is None else effect_of_time(left_out(gain_of, units.times, weight))
    return values, parts if shared is None else {**parts, "time": shared}


def _seed_part(side: _Side, crossed: np.ndarray, assumed: float, weight: np.ndarray) -> Part:
    """The variance of a side's score by its seeds: what is assumed of a seed, mixed with what its seeds show.

    Args:
        side: the finalist.
        crossed: ``(n_crossed,)`` effects of redrawn seeds on redrawn units.
        assumed: standard deviation of a single seed's score.
        weight: ``(n_items,)``.
    """
    measured = 0.0
    if side.n_seeds > 1:
        codes = np.arange(len(side.towards))
        as_is = side.effects(codes, np.repeat(weight[None, :], len(codes), axis=0))[side.which]
        measured = side.n_seeds * _own_variance(as_is, crossed, side.n_seeds)
    variance, freedom = mixed_variance(assumed**2, measured, side.n_seeds)
    return Part(variance / side.n_seeds, freedom) if np.isfinite(variance) else Part(0.0, 1.0)


def lead_error(
    metric: str,
    truth: np.ndarray,
    one: Output,
    other: Output,
    units: Units,
    weight: np.ndarray,
    context: Mapping[str, Any],
    rng: np.random.Generator,
) -> float | None:
    """The standard error of one output's lead over another by the test units, seeds left as they are.

    None where the metric is undefined in all redrawn tests but one.
    """
    evaluators = [metrics.evaluator(metric, truth, output, context) for output in (one, other)]

    def lead_of(weights: np.ndarray) -> np.ndarray:
        return evaluators[0](weights) - evaluators[1](weights)

    values = np.empty(N_LEADS)
    for part, weights in _chunks(units, weight, rng, N_LEADS):
        values[part] = lead_of(weights)
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return None
    _, parts = _in_time(values, 0.0, lead_of, units, weight)
    return float(np.sqrt(sum(part.variance for part in parts.values())))


def _variance(values: np.ndarray) -> float:
    """The variance of the finite values; 0 where there are none."""
    finite = values[np.isfinite(values)]
    return float(np.var(finite)) if len(finite) else 0.0


def _own_variance(as_is: np.ndarray, crossed: np.ndarray, n_seeds: int) -> float:
    """The variance that the seeds themselves bring to the score of their average.

    Effects of redrawing on the test as it is have the variance of the seeds plus the sampling variance of the test
    rows. Effects on redrawn rows have the variance of the seeds plus twice that sampling variance. So twice the first
    less the second is the variance of the seeds. Redrawing n seeds gives (n - 1)/n of the variance of their mean, which
    is corrected.
    """
    return max(0.0, 2.0 * _variance(as_is) - _variance(crossed)) * n_seeds / (n_seeds - 1)


def interval_of(replicates: Replicates, gain: float) -> tuple[float, float]:
    """The interval of the gain: percentiles of the replicates, widened to each side by what else varies.

    What else varies is taken as normal and adds to the square of the reach; Student's quantile for the sum of all parts
    then widens both sides. Where a large test has fewer replicates, their percentiles would be uncertain and their
    distribution is normal, so the interval reaches equally far to both sides.
    """
    from scipy.special import ndtri

    tail = (1.0 - LEVEL) / 2.0
    normal = -float(ndtri(tail))
    others = replicates.variance - replicates.parts["test"].variance
    if replicates.n_asked < N_REPLICATES:
        low = high = normal * float(np.sqrt(replicates.parts["test"].variance))
    else:
        ends = np.quantile(replicates.values, [tail, 1.0 - tail])
        low, high = gain - float(ends[0]), float(ends[1]) - gain
    stretch = replicates.quantile / normal
    below, above = (stretch * _with_others(reach, normal**2 * others) for reach in (low, high))
    return gain - below, gain + above


def _with_others(reach: float, others: float) -> float:
    return float(np.sqrt(max(reach, 0.0) ** 2 + others)) if others > 0 else reach
