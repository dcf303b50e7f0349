"""How much another seed would move a finalist's score, before its own seeds are seen: measured once for each family."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from automl import catalog
from automl.records import Baseline, Run, Template

__all__ = ["ASSUMED_SHARE", "FREEDOM", "mixed_variance", "seed_shares"]

ASSUMED_SHARE = 0.05
"""Where a family was not measured: the standard deviation between seeds, as a share of what a score lacks."""

FREEDOM = 8
"""Degrees of freedom of a share: how many seeds it is worth when it is mixed with the seeds at hand."""


def seed_shares(names: Sequence[str], runs: Mapping[str, Run]) -> tuple[float, ...]:
    """The standard deviation between seeds of each run's score, as a share of what it lacks to the best possible one.

    Of an ensemble, the shares of its members by their weights: their seeds are independent.

    Args:
        names: of the finalists' runs.
        runs: all runs by name, for the members of ensembles.
    """
    known = {
        **{name: one.seed_share for name, one in catalog.members(Template, "automl.templates").items()},
        **{name: one.seed_share for name, one in catalog.members(Baseline, "automl.baselines").items()},
    }
    return tuple(_share(name, runs, known) for name in names)


def _share(name: str, runs: Mapping[str, Run], known: Mapping[str, float | None]) -> float:
    run = runs.get(name)
    members: Mapping[str, float] = (
        run.choices.get("ensemble", {}) if run is not None and run.family == "ensemble" else {}
    )
    if members:
        return math.hypot(*(weight * _share(member, runs, known) for member, weight in members.items()))
    share = None if run is None else known.get(run.family)
    return ASSUMED_SHARE if share is None else share


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
