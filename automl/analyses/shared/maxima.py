"""Whether items of a subgroup are worse than others, corrected for the number of subgroups that were looked at.

The statistic of a subgroup is the difference of mean losses inside and outside, over its standard error by units. Its
distribution without any difference comes from random signs of the units' contributions (Rademacher multipliers), the
same signs for all subgroups; the adjusted p-value is the share of draws whose largest statistic is at least as large.

Sources: Romano & Wolf 2005, "Stepwise multiple testing as formalized data snooping" (the maximum); Chernozhukov,
Chetverikov & Kato 2013, "Gaussian approximations and multiplier bootstrap for maxima of sums".
"""

from __future__ import annotations

import numpy as np

__all__ = ["ALPHA", "N_SIGNS", "against_others"]

ALPHA = 0.05
N_SIGNS = 2000
_CELLS = 20_000_000


def against_others(
    losses: np.ndarray, inside: np.ndarray, weight: np.ndarray | None, unit_ids: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compare each subgroup with all other items, in each column of losses.

    Args:
        losses: ``(n, n_sides)``; smaller is better; NaN is left out.
        inside: ``(n, n_subgroups)`` bool.
        weight: ``(n,)`` or None.
        unit_ids: ``(n,)``: items of the same unit are not independent.
        seed: of the draws.

    Returns:
        ``(n_sides, n_subgroups)`` differences of means, statistics (positive where a subgroup is worse), and p-values
        adjusted for all sides and subgroups together.
    """
    n, n_sides = losses.shape
    n_subgroups = inside.shape[1]
    own = np.ones(n) if weight is None else np.asarray(weight, np.float64)
    units = np.asarray(np.unique(unit_ids, return_inverse=True)[1]).reshape(-1)
    n_units = int(units.max(initial=-1)) + 1
    gaps, statistics = np.zeros((n_sides, n_subgroups)), np.zeros((n_sides, n_subgroups))
    parts = np.zeros((n_units, n_sides, n_subgroups))
    for side in range(n_sides):
        known = np.isfinite(losses[:, side])
        w = np.where(known, own, 0.0)
        loss = np.where(known, losses[:, side], 0.0)
        mean = float(np.average(loss, weights=w)) if w.sum() > 0 else 0.0
        within = np.where(inside, w[:, None], 0.0)
        without = np.where(inside, 0.0, w[:, None])
        shares = within / np.maximum(within.sum(axis=0), 1e-300) - without / np.maximum(without.sum(axis=0), 1e-300)
        each = (loss - mean)[:, None] * shares
        by_unit = np.zeros((n_units, n_subgroups))
        np.add.at(by_unit, units, each)
        error = np.sqrt((by_unit**2).sum(axis=0))
        gaps[side] = (loss[:, None] * shares).sum(axis=0)
        statistics[side] = np.divide(gaps[side], error, out=np.zeros(n_subgroups), where=error > 0)
        parts[:, side] = np.divide(by_unit, error, out=np.zeros_like(by_unit), where=error > 0)
    return gaps, statistics, _adjusted(statistics, parts.reshape(n_units, -1), seed)


def _adjusted(statistics: np.ndarray, parts: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    largest = np.empty(N_SIGNS)
    step = max(1, _CELLS // max(1, parts.shape[0]))
    for start in range(0, N_SIGNS, step):
        n_draws = min(step, N_SIGNS - start)
        signs = rng.integers(0, 2, (n_draws, len(parts)), dtype=np.int8).astype(np.float32) * 2 - 1
        largest[start : start + n_draws] = (signs @ parts.astype(np.float32)).max(axis=1, initial=-np.inf)
    largest.sort()
    at_least = N_SIGNS - np.searchsorted(largest, statistics.ravel() - 1e-6, side="left")
    return np.asarray((1 + at_least) / (1 + N_SIGNS)).reshape(statistics.shape)
