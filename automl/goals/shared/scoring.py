"""What metrics need beside truth and prediction: the scale of each forecast window, its series, the quantile levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from automl.goals.shared.truth import values_of

if TYPE_CHECKING:
    from automl.records import Dataset, Split, Task

__all__ = ["class_context", "future_context", "seasonal_scale", "series_codes", "window_context"]


def series_codes(dataset: Dataset) -> np.ndarray:
    """Codes ``0 ..`` of each row's series, in order of appearance; zeros when there is one series. Shape (n_rows,)."""
    if dataset.series is None:
        return np.zeros(dataset.n_rows, dtype=np.int64)
    names, codes = np.unique(dataset.series.astype(str), return_inverse=True)
    first = np.full(len(names), dataset.n_rows)
    np.minimum.at(first, codes, np.arange(dataset.n_rows))
    rank = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    return np.asarray(rank[codes], dtype=np.int64)


def seasonal_scale(dataset: Dataset, season: int, rows: np.ndarray) -> np.ndarray:
    """The denominator of MASE for each series and target: mean absolute lag-`season` difference over `rows`.

    Args:
        dataset: a forecast dataset, sorted by (series, time).
        season: lag in steps.
        rows: the rows known before the test part.

    Returns:
        Shape (n_series, n_targets), float64, in the target's units, never zero (a series that never changes
        counts with the mean of the others, or 1). Values that were filled in (`Dataset.observed`) have no part in it.

    Source: Hyndman and Koehler 2006, "Another look at measures of forecast accuracy", equation for q_t with a
    seasonal lag.
    """
    if dataset.target is None:
        raise ValueError("a forecast needs a target")
    values = values_of(dataset, list(dataset.target.columns), np.arange(dataset.n_rows))
    codes = series_codes(dataset)
    n_series = int(codes.max()) + 1 if len(codes) else 1
    known = np.zeros(dataset.n_rows, dtype=bool)
    known[rows] = True
    scale = np.full((n_series, values.shape[1]), np.nan)
    for code in range(n_series):
        own = np.flatnonzero((codes == code) & known)
        if len(own):
            span = np.arange(own[0], own[-1] + 1)
            scale[code] = _mean_change(np.where(known[span][:, None], values[span], np.nan), season)
    scale[~(scale > 0)] = np.nan
    columns = np.array([np.nanmean(c) if np.isfinite(c).any() else 1.0 for c in scale.T])
    return np.where(np.isfinite(scale), scale, columns)


def _mean_change(values: np.ndarray, season: int) -> np.ndarray:
    """Mean absolute difference of known values `season` steps apart, or of neighbours where no such pair is known."""
    change = np.full(values.shape[1], np.nan)
    for lag in dict.fromkeys((season, 1)):
        apart = np.abs(values[lag:] - values[:-lag]) if len(values) > lag else values[:0]
        pairs = (~np.isnan(apart)).sum(axis=0)
        mean = np.nansum(apart, axis=0) / np.maximum(pairs, 1)
        change = np.where(np.isnan(change) & (pairs > 0), mean, change)
    return change


def class_context(dataset: Dataset, task: Task, split: Split, items: np.ndarray) -> dict[str, Any]:
    """What metrics of classes and of values read beside: how many classes there are."""
    return {"classes": len(task.classes)}


def window_context(dataset: Dataset, task: Task, split: Split, items: np.ndarray) -> dict[str, Any]:
    """What metrics of forecasts read beside, of windows ``(n_windows, horizon)``."""
    codes = series_codes(dataset)
    scale = seasonal_scale(dataset, task.season or 1, _before_test(codes, split))
    of_item = codes[items[:, 0]]
    return {"scale": scale[of_item], "series": of_item, "quantiles": task.quantiles}


def future_context(dataset: Dataset, task: Task, windows: np.ndarray) -> dict[str, Any]:
    """What intervals of the steps after a history are relative to: the usual change of each window's series.

    Args:
        dataset: a history, followed in each series by the rows to be predicted.
        task: a forecast.
        windows: these rows, ``(n_series, horizon)``.
    """
    codes = series_codes(dataset)
    past = np.setdiff1d(np.arange(dataset.n_rows), windows)
    return {"scale": seasonal_scale(dataset, task.season or 1, past)[codes[windows[:, 0]]]}


def _before_test(codes: np.ndarray, split: Split) -> np.ndarray:
    """Every row of each series before its first test row."""
    first = np.full(int(codes.max()) + 1, len(codes))
    np.minimum.at(first, codes[split.test], split.test)
    rows = np.arange(len(codes))
    return np.flatnonzero(rows < first[codes])
