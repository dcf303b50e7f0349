"""Losses of single rows or windows; some metrics are the weighted mean of these.

Cells of a truth that are not known (NaN, see `automl.metrics.known`) are left out of an item's loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from automl.metrics.known import cell_weights, item_means, item_weights
from automl.metrics.masks import boundary_scores, class_means, dice_scores, pixel_log_losses

__all__ = ["ITEM_LOSSES", "ONE_MINUS", "SMALLEST_PROBABILITY", "Context", "item_shares"]

Context = Mapping[str, Any]

SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)
"""Bound at which log loss clips probabilities; the same for 32-bit networks and 64-bit models."""


def _wrong(truth: np.ndarray, labels: np.ndarray, context: Context) -> np.ndarray:
    """1 where the prediction is wrong; a multilabel row is right only if all its labels are right."""
    hit = truth == labels
    right = hit.all(axis=1) if hit.ndim == 2 else hit
    return np.asarray(~right, dtype=np.float64)


def _log_losses(truth: np.ndarray, probabilities: np.ndarray, context: Context) -> np.ndarray:
    """Negative log-likelihood of each row; for multilabel, the mean over labels."""
    clipped = np.clip(probabilities.astype(np.float64), SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)
    if truth.ndim == 2:
        return np.asarray(-np.where(truth == 1, np.log(clipped), np.log1p(-clipped)).mean(axis=1))
    return np.asarray(-np.log(clipped[np.arange(len(truth)), truth]))


def _absolute_errors(truth: np.ndarray, values: np.ndarray, context: Context) -> np.ndarray:
    return item_means(np.abs(truth - values), cell_weights(truth))


def _smape_items(truth: np.ndarray, values: np.ndarray, context: Context) -> np.ndarray:
    """Symmetric percentage errors, 0 to 200 (Makridakis et al., The M4 competition, 2020); 0/0 counts as 0."""
    size = np.abs(truth) + np.abs(values)
    share = np.divide(np.abs(truth - values), size, out=np.zeros(truth.shape), where=size > 0)
    return 200.0 * item_means(share, cell_weights(truth))


def _scaled_errors(truth: np.ndarray, values: np.ndarray, context: Context) -> np.ndarray:
    """Absolute scaled error of each window (Hyndman & Koehler 2006); targets without a usable scale are left out."""
    errors, weights = _by_target(np.abs(truth - values), cell_weights(truth))  # both (windows, targets)
    scale = np.asarray(context["scale"], dtype=np.float64).reshape(errors.shape)
    usable = np.isfinite(scale) & (scale > 0)
    if not usable.any():
        usable, scale = np.ones_like(usable), np.ones_like(scale)
    ratio = np.divide(errors, scale, out=np.zeros_like(errors), where=usable)
    total = (usable * weights).sum(axis=1)
    summed = (ratio * usable * weights).sum(axis=1)
    return np.asarray(np.divide(summed, total, out=np.zeros(len(errors)), where=total > 0))


def _by_target(losses: np.ndarray, cells: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The mean loss of each window and target over its known steps, and how much it counts, each ``(n, n_targets)``."""
    if cells is None:
        return losses.mean(axis=1), np.ones((len(losses), losses.shape[-1]))
    total = cells.sum(axis=1)
    summed = (np.where(cells > 0, losses, 0.0) * cells).sum(axis=1)
    return np.divide(summed, total, out=np.zeros_like(summed), where=total > 0), total / cells.shape[1]


def item_shares(name: str, truth: np.ndarray, context: Context) -> np.ndarray:
    """By how much each item ``(n,)`` counts in a metric that is a mean of losses, before the rows' own weights."""
    return _series_shares(truth, context) if name == "mase" else item_weights(truth)


def _series_shares(truth: np.ndarray, context: Context) -> np.ndarray:
    """The weight of each window, so that all series count alike: its known cells' share of those of its series."""
    n = len(truth)
    series = context.get("series")
    series = np.zeros(n, dtype=np.int64) if series is None else np.asarray(series)
    _, index = np.unique(series, return_inverse=True)
    own = item_weights(truth)
    total = np.bincount(index, own)[index]
    shares = np.divide(own, total, out=np.zeros(n), where=total > 0)
    scale = np.asarray(context["scale"], dtype=np.float64).reshape(n, -1)
    usable = (np.isfinite(scale) & (scale > 0)).any(axis=1)
    return np.asarray(shares * usable if usable.any() else shares)


def _pinball_items(truth: np.ndarray, quantiles: np.ndarray, context: Context) -> np.ndarray:
    """Quantile loss of each window (Koenker & Bassett 1978), the mean over steps, targets and levels."""
    levels = np.asarray(context["quantiles"], dtype=np.float64)
    error = truth[..., None] - quantiles
    losses = np.maximum(levels * error, (levels - 1.0) * error)
    return item_means(losses.mean(axis=-1), cell_weights(truth))


def _dice_losses(truth: np.ndarray, masks: np.ndarray, context: Context) -> np.ndarray:
    return 1.0 - class_means(dice_scores(truth, masks, context))


def _boundary_losses(truth: np.ndarray, masks: np.ndarray, context: Context) -> np.ndarray:
    return 1.0 - class_means(boundary_scores(truth, masks, context))


ONE_MINUS = frozenset({"accuracy", "dice", "boundary_f1"})
"""Metrics that are 1 less the mean loss."""

ITEM_LOSSES: dict[str, Callable[[np.ndarray, np.ndarray, Context], np.ndarray]] = {
    "accuracy": _wrong,
    "log_loss": _log_losses,
    "mae": _absolute_errors,
    "mase": _scaled_errors,
    "smape": _smape_items,
    "pinball": _pinball_items,
    "dice": _dice_losses,
    "boundary_f1": _boundary_losses,
    "pixel_log_loss": pixel_log_losses,
}
