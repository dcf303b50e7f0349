"""Learning curves over numbers of rows: power laws, when not to believe them, and where two curves cross.

The law is POW4 of the learning-curve database without its offset, ``f(n) = a - b n^-c``: five sizes at most would leave
one of them to judge four parameters by.

Source: Mohr, Viering, Loog and van Rijn 2022, "LCDB 1.0: an extensive learning curves database for classification
tasks", ECML PKDD: POW4 ``a - b (d + n)^-c`` is among the best of its laws at extrapolation. Viering and Loog 2023, "The
shape of learning curves: a review", IEEE TPAMI 45 (6): curves that get worse with more data are no rarity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["MOST_STRETCH", "Crossing", "Law", "crossing_of", "fitted", "refusal"]

POWERS = np.geomspace(0.05, 3.0, 60)
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
    """Power laws of several curves.

    Attributes:
        a: ``(n_curves,)`` limits.
        b: ``(n_curves,)``.
        c: ``(n_curves,)`` powers.
        rmse: ``(n_curves,)`` root mean square of the residuals.
    """

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    rmse: np.ndarray

    def at(self, n: np.ndarray) -> np.ndarray:
        """``(n_curves, n_places)`` values at these numbers of rows."""
        return np.asarray(self.a[:, None] - self.b[:, None] * np.asarray(n, float) ** -self.c[:, None])


def fitted(sizes: np.ndarray, values: np.ndarray, weight: np.ndarray | None = None) -> Law:
    """Least squares of ``a - b n^-c`` for each curve; for each power of a grid, a and b are linear.

    Args:
        sizes: ``(n_sizes,)`` numbers of rows, increasing.
        values: ``(n_curves, n_sizes)``; higher is better.
        weight: ``(n_sizes,)`` of the points, or None.
    """
    w = np.ones(len(sizes)) if weight is None else np.asarray(weight, float)
    w = w / w.sum()
    x = -((sizes / sizes[-1])[None, :] ** -POWERS[:, None])  # (n_powers, n_sizes)
    x_mean = x @ w
    x_centred = x - x_mean[:, None]
    y_mean = values @ w
    y_centred = values - y_mean[:, None]
    spread = (x_centred**2) @ w
    b = (y_centred * w) @ x_centred.T / spread  # (n_curves, n_powers)
    b = np.maximum(b, 0.0)
    residuals = y_centred[:, None, :] - b[:, :, None] * x_centred[None]
    loss = (residuals**2) @ w
    best = loss.argmin(axis=1)
    own = np.arange(len(values))
    b_best, c = b[own, best], POWERS[best]
    a = y_mean - b_best * x_mean[best]
    return Law(a, b_best * float(sizes[-1]) ** c, c, np.sqrt(loss[own, best]))


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
        return "the power lies at its bound, so that the curve has no limit that could be told"
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
    sizes: np.ndarray, values: np.ndarray, drawn: np.ndarray, believed_laws: bool, level: float,
    weight: np.ndarray | None = None,
) -> Crossing | None:  # fmt: skip
    """The last crossing of two curves, up to `MOST_STRETCH` times the rows.

    Args:
        sizes: ``(n_sizes,)`` numbers of rows, increasing.
        values: ``(2, n_sizes)`` scores of both; higher is better.
        drawn: ``(2, n_draws, n_sizes)`` bootstrap scores, paired.
        believed_laws: whether power laws stand for the curves; otherwise straight lines between the points over the
            logarithm of the rows, without extrapolation.
        level: of the interval.
        weight: as in `fitted`.

    Returns:
        None where the curves do not cross, or cross in fewer than `LEAST_CERTAINTY` of the draws.
    """
    stretch = MOST_STRETCH if believed_laws else 1.0
    places = np.geomspace(sizes[0], stretch * sizes[-1], N_PLACES)
    both = np.concatenate([values[:, None], drawn], axis=1)  # the first curve is the one measured
    first, second = (_along(sizes, one, places, believed_laws, weight) for one in both)
    leads = first > second
    at = [_last_change(one) for one in leads]
    if at[0] is None:
        return None
    direction = bool(leads[0, -1])
    same = [bool(one[-1]) == direction for one in leads[1:]]
    crossed = [place for place, is_same in zip(at[1:], same, strict=True) if place is not None and is_same]
    certainty = len(crossed) / max(len(leads) - 1, 1)
    if certainty < LEAST_CERTAINTY:
        return None
    # Draws in which the same curve leads everywhere cross before the sizes measured; those in which the other one still
    # leads at the end cross beyond the reach.
    everywhere = [0 if is_same else N_PLACES for place, is_same in zip(at[1:], same, strict=True) if place is None]
    away = [N_PLACES for place, is_same in zip(at[1:], same, strict=True) if place is not None and not is_same]
    low, high = np.quantile([*crossed, *everywhere, *away], [(1 - level) / 2, (1 + level) / 2])
    return Crossing(
        float(places[at[0]]), float(places[min(int(low), N_PLACES - 1)]),
        float(places[int(high)]) if high < N_PLACES - 1 else None,
        certainty, direction, bool(places[at[0]] > sizes[-1]),
    )  # fmt: skip


def _along(
    sizes: np.ndarray, values: np.ndarray, places: np.ndarray, believed_laws: bool, weight: np.ndarray | None
) -> np.ndarray:
    """``(n_curves, n_places)`` values of curves between and beyond their points."""
    if believed_laws:
        return fitted(sizes, values, weight).at(places)
    logs = np.log(places), np.log(sizes)
    return np.stack([np.interp(logs[0], logs[1], one) for one in values])


def _last_change(leads: np.ndarray) -> int | None:
    """The place after the last change of the leader; None where there is none."""
    changes = np.flatnonzero(leads[1:] != leads[:-1])
    return int(changes[-1]) + 1 if len(changes) else None
