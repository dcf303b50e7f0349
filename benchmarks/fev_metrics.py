"""The metrics of fev by which its tasks are scored: per target over series and steps, then the mean over targets.

Missing values, and series whose seasonal error is zero or undefined, are left out of a mean. Lower is better.
Source: their definitions in autogluon/fev, src/fev/metrics.py (Apache-2.0); MASE is of Hyndman and Koehler (2006).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["METRICS", "NEED_QUANTILES", "Case"]


@dataclass(frozen=True)
class Case:
    """What a metric judges: n series, h steps, d targets.

    Attributes:
        truth: shape (n, h, d).
        found: by "predictions" and by quantile level as text, forecasts of the same shape.
        pasts: of each series its values before the cutoff, shape (t, d).
        season: steps of a season.
        levels: quantile levels.
    """

    truth: np.ndarray
    found: Mapping[str, np.ndarray]
    pasts: Sequence[np.ndarray]
    season: int
    levels: Sequence[float]


def _mean(values: np.ndarray) -> np.ndarray:
    """Means over series and steps, shape (d, ...), of what is finite."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a target without a finite value
        return np.nanmean(np.where(np.isfinite(values), values, np.nan), axis=(0, 1))


def _scales(pasts: Sequence[np.ndarray], season: int, power: int) -> np.ndarray:
    """Mean absolute (or squared) change over a season of each series' past, shape (n, 1, d)."""
    found = []
    for past in pasts:
        changes = np.abs(past[season:] - past[:-season]) ** power
        found.append(_mean(changes[:, None]) if len(changes) else np.full(past.shape[1], np.nan))
    return np.stack(found)[:, None]


def _divided(values: np.ndarray, scales: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(values / scales)


def _quantile_losses(one: Case) -> np.ndarray:
    """Twice the pinball loss, shape (n, h, d, q)."""
    predicted = np.stack([one.found[str(level)] for level in one.levels], axis=-1)
    truth = one.truth[..., None]
    return np.asarray(2 * np.abs((truth - predicted) * ((truth <= predicted) - np.asarray(one.levels))))


def _mae(one: Case) -> float:
    return float(np.mean(_mean(np.abs(one.truth - one.found["predictions"]))))


def _mse(one: Case) -> float:
    return float(np.mean(_mean((one.truth - one.found["predictions"]) ** 2)))


def _rmse(one: Case) -> float:
    return float(np.mean(np.sqrt(_mean((one.truth - one.found["predictions"]) ** 2))))


def _wape(one: Case) -> float:
    return float(np.mean(_divided(_mean(np.abs(one.truth - one.found["predictions"])), _mean(np.abs(one.truth)))))


def _mase(one: Case) -> float:
    return float(
        np.mean(_mean(_divided(np.abs(one.truth - one.found["predictions"]), _scales(one.pasts, one.season, 1))))
    )


def _rmsse(one: Case) -> float:
    return float(
        np.mean(
            np.sqrt(_mean(_divided((one.truth - one.found["predictions"]) ** 2, _scales(one.pasts, one.season, 2))))
        )
    )


def _smape(one: Case) -> float:
    size = np.abs(one.truth) + np.abs(one.found["predictions"])
    return float(np.mean(_mean(_divided(2 * np.abs(one.truth - one.found["predictions"]), size))))


def _mql(one: Case) -> float:
    return float(np.mean(_mean(_quantile_losses(one))))


def _wql(one: Case) -> float:
    return float(np.mean(_divided(_mean(_quantile_losses(one)), _mean(np.abs(one.truth))[:, None])))


def _sql(one: Case) -> float:
    losses = _quantile_losses(one)
    return float(np.mean(_mean(_divided(losses, _scales(one.pasts, one.season, 1)[..., None]))))


METRICS: dict[str, Callable[[Case], float]] = {
    "MAE": _mae, "MSE": _mse, "RMSE": _rmse, "WAPE": _wape, "MASE": _mase, "RMSSE": _rmsse, "SMAPE": _smape,
    "MQL": _mql, "WQL": _wql, "SQL": _sql,
}  # fmt: skip
NEED_QUANTILES = ("MQL", "WQL", "SQL")
