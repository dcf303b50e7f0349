"""Learning curves over numbers of rows: power laws, when not to believe them, and where two curves cross.

The law is POW4 of the learning-curve database, ``f(n) = a - b (d + n)^-c``. Its authors fit all four parameters by
Levenberg and Marquardt's method from random starts. Here the offset d is one of a few, since there are five sizes at
most, and 0 where there are four; a and b are linear, so that all bootstrap draws are fitted at once.

Source: Mohr, Viering, Loog and van Rijn 2022, "LCDB 1.0: an extensive learning curves database for classification
tasks", ECML PKDD: POW4 is among the best of its laws at extrapolation (the law as in its
``publications/2022-ecml/analysis/utils_fit.py``). Viering and Loog 2023, "The
shape of learning curves: a review", IEEE TPAMI 45 (6): curves that get worse with more data are no rarity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["MOST_STRETCH", "Crossing", "Law", "crossing_of", "fitted", "refusal"]

POWERS = np.geomspace(0.05, 3.0, 60)
OFFSETS = (-0.6, 0.0, 1.0)
"""Times the smallest size."""
MOST_STRETCH = 8.0
"""Extrapolation goes no further than so many times the rows."""
LEAST_SIZES = 4
N_PLACES = 400
SURE = 0.9
MOST_RESIDUAL = 0.15
"""Of the rise of a curve: a law that misses the points by more, and by more than noise, is not believed."""
LEAST_CERTAINTY = 0.5
"""Share of the draws that must cross, in the same direction, for a crossing to be named."""


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """Power laws ``a - b ((d + n) / scale)^-c`` of several curves.

    Attributes:
        a: ``(n_curves,)`` limits.
        b: ``(n_curves,)``.
        c: ``(n_curves,)`` powers.
        d: ``(n_curves,)`` offsets.
        scale: a number of rows.
        rmse: ``(n_curves,)`` root mean square of the residuals.
    """

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    d: np.ndarray
    scale: float
    rmse: np.ndarray

    def at(self, n: np.ndarray) -> np.ndarray:
        """``(n_curves, n_places)`` values at these numbers of rows."""
        x = (np.asarray(n, float) + self.d[:, None]) / self.scale
        return np.asarray(self.a[:, None] - self.b[:, None] * x ** -self.c[:, None])


def fitted(sizes: np.ndarray, values: np.ndarray, weight: np.ndarray | None = None) -> Law:
    """Least squares for each curve; for each power and offset of a grid, a and b are linear.

    Args:
        sizes: ``(n_sizes,)`` numbers of rows, increasing.
        values: ``(n_curves, n_sizes)``; higher is better.
        weight: ``(n_sizes,)`` of the points, or None.
    """
    w = np.ones(len(sizes)) if weight is None else np.asarray(weight, float)
    w = w / w.sum()
    offsets = np.array(OFFSETS if len(sizes) > LEAST_SIZES else (0.0,)) * sizes[0]
    c, d = (grid.ravel() for grid in np.meshgrid(POWERS, offsets, indexing="ij"))
    scale = float(sizes[-1])
    x = -(((sizes + d[:, None]) / scale) ** -c[:, None])  # (n_laws, n_sizes)
    x_mean = x @ w
    x_centred = x - x_mean[:, None]
    y_mean = values @ w
    y_centred = values - y_mean[:, None]
    spread = (x_centred**2) @ w
    products = (y_centred * w) @ x_centred.T  # (n_curves, n_laws)
    b = np.maximum(products / spread, 0.0)
    loss = ((y_centred**2) @ w)[:, None] - 2 * b * products + b**2 * spread
    best = loss.argmin(axis=1)
    own = np.arange(len(values))
    a = y_mean - b[own, best] * x_mean[best]
    return Law(a, b[own, best], c[best], d[best], scale, np.sqrt(np.maximum(loss[own, best], 0.0)))


def refusal(sizes: np.ndarray, values: np.ndarray, drawn: np.ndarray, weight: np.ndarray | None = None) -> str:
    """Why a power law is not believed for a curve; "" if it is.

    Args:
        sizes: ``(n_sizes,)`` numbers of rows, increasing.
        values: ``(n_sizes,)`` scores; higher is better.
        drawn: ``(n_draws, n_sizes)`` bootstrap scores.
        weight: as in `fitted`.
    """
    if len(sizes) < LEAST_SIZES:
        return f"fewer than {LEAST_SIZES} sizes were measured"
    falls = (np.diff(drawn, axis=1) < 0).mean(axis=0)
    if (falls > SURE).any():
        return "the score falls with more rows somewhere"
    rise = values[-1] - values[0]
    if rise <= 0 or (drawn[:, -1] > drawn[:, 0]).mean() < SURE:
        return "the score does not rise beyond noise"
    law = fitted(sizes, values[None], weight)
    noise = float(np.median(drawn.std(axis=0)))
    if law.rmse[0] > max(MOST_RESIDUAL * rise, noise):
        return "no power law comes near the points"
    if law.c[0] <= POWERS[0]:
        return "the power lies at its bound, so that the curve has no limit in sight"
    if law.c[0] >= POWERS[-1]:
        return "the power lies at its bound: the score stops rising within the sizes measured"
    return ""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where one curve overtakes the other as rows are added.

    Attributes:
        rows: number of rows.
        low: lower end of its interval.
        high: upper end; None where it lies beyond the reach of extrapolation.
        certainty: share of the bootstrap draws in which the same curve overtakes.
        first_leads: whether the first curve leads beyond the crossing.
        extrapolated: whether it lies beyond the rows measured.
    """

    rows: float
    low: float
    high: float | None
    certainty: float
    first_leads: bool
    extrapolated: bool


def crossing_of(
    sizes: np.ndarray, values: np.ndarray, drawn: np.ndarray, with_laws: bool, level: float,
    weight: np.ndarray | None = None,
) -> Crossing | None:  # fmt: skip
    """The last crossing of two curves: within the sizes measured, or beyond them up to `MOST_STRETCH` times the rows.

    Within the sizes, curves are straight lines between their points over the logarithm of the rows. Only where they do
    not cross there, and power laws stand for both, are these followed further.

    Args:
        sizes: ``(n_sizes,)`` numbers of rows, increasing.
        values: ``(2, n_sizes)`` scores of both; higher is better.
        drawn: ``(2, n_draws, n_sizes)`` bootstrap scores, paired.
        with_laws: whether power laws stand for the curves.
        level: of the interval.
        weight: as in `fitted`.

    Returns:
        None where the curves do not cross, or cross in fewer than `LEAST_CERTAINTY` of the draws.
    """
    both = np.concatenate([values[:, None], drawn], axis=1)  # the first curve is the one measured
    within = np.geomspace(sizes[0], sizes[-1], N_PLACES)
    beyond = np.geomspace(sizes[0], MOST_STRETCH * sizes[-1], N_PLACES)
    first, second = (np.stack([np.interp(np.log(within), np.log(sizes), own) for own in one]) for one in both)
    if len(set((values[0] > values[1]).tolist())) > 1 or not with_laws:
        return _crossing_at(within, first > second, level, sizes[-1])
    first, second = (fitted(sizes, one, weight).at(beyond) for one in both)
    found = _crossing_at(beyond, first > second, level, sizes[-1])
    return found if found is not None and found.extrapolated else None


def _crossing_at(places: np.ndarray, leads: np.ndarray, level: float, most: float) -> Crossing | None:
    """The last crossing at these places, and where it is in the bootstrap draws.

    Draws in which the same curve leads everywhere cross before these places. Those in which the other one leads at the
    end cross after them.

    Args:
        places: ``(n_places,)`` numbers of rows.
        leads: ``(1 + n_draws, n_places)`` bool: whether the first curve leads; first as measured.
        level: of the interval.
        most: rows measured.
    """
    own, direction = _last_change(leads[0]), bool(leads[0, -1])
    if own is None:
        return None
    crosses = (leads[1:, 0] != direction) & (leads[1:, -1] == direction)
    certainty = float(crosses.mean())
    if certainty < LEAST_CERTAINTY:
        return None
    at = []
    for one in leads[1:]:
        place = _last_change(one)
        at.append(len(places) if one[-1] != direction else 0 if place is None else place)
    low, high = np.quantile(at, [(1 - level) / 2, (1 + level) / 2], method="nearest")
    return Crossing(
        float(places[own]), float(places[min(low, len(places) - 1)]),
        float(places[high]) if high < len(places) else None, certainty, direction, bool(places[own] > most),
    )  # fmt: skip


def _last_change(leads: np.ndarray) -> int | None:
    """The place after the last change of the leader; None where there is none."""
    changes = np.flatnonzero(leads[1:] != leads[:-1])
    return int(changes[-1]) + 1 if len(changes) else None
