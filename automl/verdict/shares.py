"""How much another seed would move a finalist's score, before its own seeds are seen: measured once for each family."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from automl import catalog
from automl.records import Baseline, Run, Template

__all__ = [
    "ASSUMED_SHARE", "FREEDOM", "MEASURED", "SEEDLESS", "MeasuredShare", "mixed_share", "mixed_variance", "seed_shares",
    "share_of",
]  # fmt: skip

ASSUMED_SHARE = 0.05
"""Where a family was not measured: the standard deviation between seeds, as a share of what a score lacks."""

FREEDOM = 8
"""Degrees of freedom of a share: how many seeds it is worth when it is mixed with the seeds at hand.

The assumed share is worth at most as many where it is mixed with what was measured of a family.
"""


@dataclass(frozen=True, slots=True)
class MeasuredShare:
    """What ``benchmarks/seeds.py`` measured of a family; the table in ``docs/benchmarks.md`` holds the same figures.

    Attributes:
        share: standard deviation of the test score between seeds, without what the choice of test rows explains, as a
            share of what the score lacks to the best possible one; the root of the weighted mean square over sets.
        n_fits: number of fits that it rests on.
        freedom: their degrees of freedom. A set counts the less, the more of its spread comes from few test rows.
    """

    share: float
    n_fits: int
    freedom: float


MEASURED: Mapping[str, MeasuredShare] = {
    "cnn": MeasuredShare(0.0267, 12, 2.4),
    "ft_transformer": MeasuredShare(0.0283, 12, 9.0),
    "lite": MeasuredShare(0.2674, 8, 1.1),
    "mlp": MeasuredShare(0.0324, 12, 9.0),
    "mlp_forecast": MeasuredShare(0.0293, 8, 4.7),
    "ngram_mlp": MeasuredShare(0.0, 8, 5.2),
    "nhits": MeasuredShare(0.0221, 8, 5.3),
    "patch_transformer": MeasuredShare(0.0, 8, 4.8),
    "resnet": MeasuredShare(0.0789, 12, 1.6),
    "resnet1d": MeasuredShare(0.4317, 4, 0.0),
    "retrieval": MeasuredShare(0.0177, 8, 6.0),
    "rnn_forecast": MeasuredShare(0.0254, 8, 5.1),
    "series_rnn": MeasuredShare(0.0931, 4, 1.2),
    "series_transformer": MeasuredShare(0.1843, 4, 1.1),
    "tabm": MeasuredShare(0.0133, 12, 9.0),
    "text_cnn": MeasuredShare(0.0, 12, 4.9),
    "text_rnn": MeasuredShare(0.0358, 12, 4.8),
    "text_transformer": MeasuredShare(0.0263, 12, 4.0),
    "vit": MeasuredShare(0.0191, 8, 2.2),
    "boosting": MeasuredShare(0.019, 24, 18.0),
    "forest": MeasuredShare(0.034, 24, 18.0),
    "hog_forest": MeasuredShare(0.0, 8, 2.4),
    "hog_kernel": MeasuredShare(0.0204, 8, 2.1),
    "hog_vectors": MeasuredShare(0.0052, 12, 8.8),
    "intervals": MeasuredShare(0.0374, 4, 2.9),
    "lagged_boosting": MeasuredShare(0.0, 8, 5.5),
    "lightgbm": MeasuredShare(0.011, 8, 6.0),
    "linear": MeasuredShare(0.001, 24, 18.0),
    "patch_vectors": MeasuredShare(0.0, 12, 6.1),
    "patches": MeasuredShare(0.0, 8, 2.2),
    "pixels": MeasuredShare(0.0082, 4, 2.8),
    "sequence_boosting": MeasuredShare(0.0827, 4, 2.2),
    "sequence_forest": MeasuredShare(0.0315, 4, 2.9),
    "vectors": MeasuredShare(0.022, 24, 18.0),
}

SEEDLESS = frozenset({
    "characters", "ets", "hog_linear", "lagged_ridge", "margin", "neighbours", "theta", "window_ridge", "words"
})  # fmt: skip
"""Families whose predictions were the same with every seed."""


def seed_shares(names: Sequence[str], runs: Mapping[str, Run]) -> tuple[float, ...]:
    """The standard deviation between seeds of each run's score, as a share of what it lacks to the best possible one.

    Of an ensemble, the shares of its members by their weights: their seeds are independent.

    Args:
        names: of the finalists' runs.
        runs: all runs by name, for the members of ensembles.
    """
    members: dict[str, Template | Baseline] = {
        **catalog.members(Template, "automl.templates"), **catalog.members(Baseline, "automl.baselines")
    }  # fmt: skip
    known = {name: share_of(name) if one.seed_share is None else one.seed_share for name, one in members.items()}
    return tuple(_share(name, runs, known) for name in names)


def _share(name: str, runs: Mapping[str, Run], known: Mapping[str, float]) -> float:
    run = runs.get(name)
    members: Mapping[str, float] = (
        run.choices.get("ensemble", {}) if run is not None and run.family == "ensemble" else {}
    )
    if members:
        return math.hypot(*(weight * _share(member, runs, known) for member, weight in members.items()))
    return ASSUMED_SHARE if run is None else known.get(run.family, ASSUMED_SHARE)


def share_of(family: str) -> float:
    """The share of a family that states none itself: 0 if it is seedless, what was measured, or what is assumed.

    Args:
        family: name of a template or baseline.
    """
    if family in SEEDLESS:
        return 0.0
    return mixed_share(MEASURED[family]) if family in MEASURED else ASSUMED_SHARE


def mixed_share(measured: MeasuredShare) -> float:
    """The share that was measured, mixed with the one that is assumed of any family.

    The assumed share is worth `FREEDOM` degrees of freedom beside those of the fits, as in `mixed_variance`, where
    little was measured; it counts for less from as many measured ones on, and for nothing from twice as many on.

    Args:
        measured: of one family.
    """
    prior = min(float(FREEDOM), max(0.0, 2 * FREEDOM - measured.freedom))
    square = prior * ASSUMED_SHARE**2 + measured.freedom * measured.share**2
    return math.sqrt(square / (prior + measured.freedom))


def mixed_variance(assumed: float, measured: float, n_seeds: int) -> tuple[float, float]:
    """The variance of a single seed from what is assumed and what the seeds at hand show, and its degrees of freedom.

    Both are weighted by their degrees of freedom, which is the mean of the posterior of a variance under a scaled
    inverse chi-square prior. Where a fit is said not to depend on its seed, only the seeds at hand count.

    Args:
        assumed: variance of a single seed that the family's share implies.
        measured: sample variance of the seeds at hand; not read if there is one.
        n_seeds: number of seeds at hand.

    Source: Gelman et al., Bayesian Data Analysis, 3rd edition, section 2.6.
    """
    prior, own = (FREEDOM if assumed > 0 else 0), n_seeds - 1
    if prior + own == 0:
        return 0.0, 1.0
    own_sum = own * measured if own else 0.0
    return (prior * assumed + own_sum) / (prior + own), float(prior + own)
