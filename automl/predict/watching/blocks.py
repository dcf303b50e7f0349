"""What a series was like, block by block: level, spread, strength of the season, trend, gaps and steps between times.

A block has as many steps as decide a forecast: the horizon, or two seasons where they are longer. Its statistics are
numbers over all of its steps, so no value is among them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["STATISTICS", "Statistic", "block_length", "blocks_of", "finite_mean", "moments"]

LEAST_STEPS, FEWEST_STEPS = 8, 4
"""Of a block, and of one in a short history."""
ENOUGH_BLOCKS = 16
"""Blocks from which on a history is not short for them."""
MOST_GAPS = 0.5
"""Share of unknown values from which on a block has no other statistic than that."""
LEAST_LEFT = 1e-4
SMALLEST = 1e-3
"""Spread below this part of the usual change counts as this part: a flat stretch has no logarithm."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """One thing that is measured of each block.

    Attributes:
        name: in words.
        unit: the difference of two blocks that counts as 1, the size of a change that is felt.
        of_logs: whether it is a logarithm, so that differences are ratios.
        is_share: whether it is a share of the steps.
    """

    name: str
    unit: float
    of_logs: bool = False
    is_share: bool = False


STATISTICS: Mapping[str, Statistic] = {
    "level": Statistic("level", 1.0),
    "spread": Statistic("spread", math.log(2.0), of_logs=True),
    "season": Statistic("strength of the season", math.log(4.0)),
    "trend": Statistic("trend", 1.0),
    "gaps": Statistic("gaps", 1.0, is_share=True),
    "step": Statistic("step between times", math.log(2.0), of_logs=True),
}
"""By key. The level is counted in usual changes of the series (the denominator of MASE), the trend in these for each
block; the strength of the season is the negative logarithm of the part of the variance that it leaves, which is less
skewed than the strength itself."""


def block_length(horizon: int, season: int, n_rows: int) -> int:
    """Steps of a block: the horizon or two seasons, in whole seasons; one season, or fewer steps, in a short history.

    Args:
        horizon: in steps.
        season: in steps; 1 for none.
        n_rows: of the longest series.
    """
    season = max(season, 1)
    lengths = [
        math.ceil(max(horizon, n_seasons * season, least) / season) * season
        for n_seasons, least in ((2 if season > 1 else 1, LEAST_STEPS), (1, LEAST_STEPS), (1, FEWEST_STEPS))
    ]
    return next((one for one in lengths if n_rows >= ENOUGH_BLOCKS * one), lengths[-1])


def blocks_of(
    values: np.ndarray, known: np.ndarray, scale: float, length: int, season: int, seconds: np.ndarray | None
) -> dict[str, np.ndarray]:
    """The statistics of each block, the last one ending with the last row.

    Args:
        values: ``(n,)`` of one series in the order of time.
        known: ``(n,)`` bool: which of them were measured.
        scale: the usual change of the series, above zero.
        length: steps of a block.
        season: in steps; 1 for none.
        seconds: ``(n,)`` times, where their steps may differ; None on a grid.

    Returns:
        By key of `STATISTICS`, ``(n_blocks,)`` float64 with NaN where a block does not tell.
    """
    n_blocks = len(values) // length
    first = len(values) - n_blocks * length
    cells = values[first:].reshape(n_blocks, length)
    seen = known[first:].reshape(n_blocks, length) & np.isfinite(cells)
    found = moments(cells, scale, season)
    found["gaps"] = 1.0 - seen.mean(axis=1)
    rare = found["gaps"] > MOST_GAPS
    for name in ("level", "spread", "season", "trend"):
        if name in found:
            found[name] = np.where(rare, np.nan, found[name])
    if seconds is not None and n_blocks:
        before = 2 * seconds[0] - seconds[min(1, len(seconds) - 1)]
        steps = np.diff(seconds, prepend=before)[first:].reshape(n_blocks, length)
        mean = steps.mean(axis=1)
        found["step"] = np.log(np.where(mean > 0, mean, np.nan))
    return found


def moments(cells: np.ndarray, scale: float, season: int) -> dict[str, np.ndarray]:
    """Level, spread, trend and strength of the season of blocks ``(n_blocks, length)``; gaps are left out.

    Source: Wang, Smith and Hyndman 2006, "Characteristic-based clustering for time series data", section 3 (strength of
    the season), with a straight line for the trend.
    """
    length = cells.shape[1]
    level = finite_mean(cells)
    place = np.arange(length) - (length - 1) / 2
    centred = np.where(np.isfinite(cells), cells - level[:, None], 0.0)
    slope = centred @ place / float(place @ place) if length > 1 else np.zeros(len(cells))
    rest = np.where(np.isfinite(cells), cells - level[:, None] - slope[:, None] * place, np.nan)
    found = {
        "level": level / scale,
        "spread": np.log(np.maximum(np.sqrt(finite_mean(rest**2)), SMALLEST * scale)),
        "trend": slope * length / scale,
    }
    if season > 1 and length >= 2 * season:
        found["season"] = _season_strength(rest, season)
    return found


def _season_strength(rest: np.ndarray, season: int) -> np.ndarray:
    """The negative logarithm of the part of the variance that the means of each phase leave, ``(n_blocks,)``."""
    n_blocks, length = rest.shape
    phases = rest[:, : length // season * season].reshape(n_blocks, -1, season)
    means = finite_mean(phases.transpose(0, 2, 1).reshape(-1, phases.shape[1])).reshape(n_blocks, 1, season)
    left = finite_mean(((phases - means) ** 2).reshape(n_blocks, -1))
    total = finite_mean((phases**2).reshape(n_blocks, -1))
    part = np.divide(left, total, out=np.ones_like(left), where=total > 0)
    return np.asarray(-np.log(np.clip(part, LEAST_LEFT, 1.0)))


def finite_mean(values: np.ndarray, axis: int = 1) -> np.ndarray:
    """The mean along an axis over finite values; NaN where there is none."""
    finite = np.isfinite(values)
    count = finite.sum(axis=axis)
    total = np.where(finite, values, 0.0).sum(axis=axis)
    return np.asarray(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0))
