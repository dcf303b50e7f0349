"""How much less neighbouring test units say than as many independent ones; the one room for all units in time.

Windows of a forecast and blocks of rows in time follow each other: where one model does well in a window, it often does
so in the next. Series of a panel live through the same times, and what happens then may concern all of them. Both leave
a gain less certain than independent units would. See ``docs/decisions/0034-verdicts-that-decide.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["LEAST_TIMES", "Part", "autocorrelation", "effect_of_time", "in_time", "inflation", "left_out"]

LEAST_NEIGHBOURS = 6
"""Units in time below which no autocorrelation is estimated; no exact test can decide there."""

MOST_NEIGHBOURS = 2_000
"""More units than these are joined to this number of blocks of neighbours before each is left out in turn."""

LEAST_TIMES = 4
"""Times below which a shock that all series share is hardly seen."""

MOST_ALIKE = 0.95
LEAST_EFFECTIVE = 2.0

_CHUNK_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """One cause of a gain's uncertainty.

    Attributes:
        variance: of the gain.
        freedom: degrees of freedom with which this variance was estimated.
    """

    variance: float
    freedom: float


def left_out(gain_of: Callable[[np.ndarray], np.ndarray], unit_of_item: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """``(n_units,)`` the gain without each unit in turn.

    Args:
        gain_of: gains under item weights ``(n_weightings, n_items)``.
        unit_of_item: ``(n_items,)`` 0 .. n_units-1.
        weight: ``(n_items,)``.
    """
    n_units = int(unit_of_item.max()) + 1
    step = max(1, _CHUNK_CELLS // max(1, len(weight)))
    parts = []
    for begin in range(0, n_units, step):
        units = np.arange(begin, min(begin + step, n_units))
        parts.append(gain_of((unit_of_item != units[:, None]) * weight))
    return np.concatenate(parts)


def autocorrelation(values: np.ndarray) -> float:
    """The correlation of neighbours, from 0 to `MOST_ALIKE`, raised by its bias and by half its standard error.

    A mean is subtracted, so the estimate is too small by about ``(1 + 3 r) / n``. The half standard error is what keeps
    the coverage of intervals: too large a correlation costs little, too small a one much.

    Source: Marriott and Pope, Bias in the estimation of autocorrelations, Biometrika 1954 (the bias).
    """
    n = len(values)
    centred = values - values.mean()
    total = float(centred @ centred)
    if n < LEAST_NEIGHBOURS or total <= 0:
        return 0.0
    r = float(centred[1:] @ centred[:-1]) / total
    raised = r + (1.0 + 3.0 * r) / n + 0.5 * np.sqrt(max(1.0 - r * r, 0.0) / n)
    return float(np.clip(raised, 0.0, MOST_ALIKE))


def inflation(values: np.ndarray) -> tuple[float, float]:
    """By how much the variance of a mean exceeds that of independent values, and the number of effective values.

    The values are taken as an autoregressive process of order one, so n of them count as ``n (1 - r) / (1 + r)``. Their
    sample variance is too small as well, since their mean follows them; that is corrected.

    Args:
        values: ``(n,)`` in the order of time.

    Returns:
        The factor of the variance (1 or more), and the effective number.

    Source: Bayley and Hammersley, The "effective" number of independent observations, JRSS supplement 1946.
    """
    n = len(values)
    r = autocorrelation(values)
    if r <= 0:
        return 1.0, float(n)
    effective = max(n * (1.0 - r) / (1.0 + r), LEAST_EFFECTIVE)
    ratio = n / effective
    return ratio * (n - 1.0) / (n - ratio), effective


def in_time(
    gain_of: Callable[[np.ndarray], np.ndarray], of_item: np.ndarray, weight: np.ndarray, independent: float
) -> tuple[float, float]:
    """The factor of a gain's variance for units in time, and their effective number; see `inflation`.

    Args:
        gain_of: as in `left_out`.
        of_item: ``(n_items,)`` each item's unit; units are numbered in the order of time.
        weight: ``(n_items,)``.
        independent: the gain's variance if units were independent.
    """
    n_units = int(of_item.max()) + 1
    n_blocks = min(n_units, MOST_NEIGHBOURS)
    values = left_out(gain_of, of_item * n_blocks // n_units, weight)
    if n_units < 2 or not np.isfinite(values).all():
        return 1.0, float(n_units)
    factor, effective = inflation(values)
    if n_blocks < n_units and independent > 0:  # joined units hold a part of what neighbours share
        factor = max(1.0, _jackknife(values) * factor / independent)
    return factor, effective


def _jackknife(values: np.ndarray) -> float:
    """The variance of a statistic from its values without each unit (Efron and Stein 1981)."""
    n = len(values)
    return (n - 1.0) ** 2 / n * float(np.var(values, ddof=1))


def effect_of_time(values: np.ndarray) -> Part | None:
    """What the times that all series share add to a gain's variance, from the gain without each time in turn.

    It is the variance of the mean over times, autocorrelated as they are. What the series' own resampling counts is not
    subtracted: that difference is often estimated as nothing where it is not, and intervals then miss too often.

    Args:
        values: ``(n_times,)`` the gain without each time, in order.

    Source: Cameron, Gelbach and Miller, Robust inference with multiway clustering, JBES 2011; MacKinnon, Nielsen and
    Webb, Wild bootstrap and asymptotic inference with multiway clustering, JBES 2021 (the two terms alone).
    """
    n = len(values)
    if n < 2 or not np.isfinite(values).all():
        return None
    factor, effective = inflation(values)
    return Part(_jackknife(values) * factor, max(effective - 1.0, 1.0))
