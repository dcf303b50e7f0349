"""What a shallow forecast may know of a window: the past of its series, the calendar, covariates known ahead."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.baselines.features.plain.forecasts import calendar_phases, held_values, normalised
from automl.records import NUMERIC_KINDS, Dataset, Task

__all__ = [
    "before", "calendar", "covariates", "known_names", "moments", "normalised", "past", "past_covariates", "past_names",
    "raw_past", "starts_of",
]  # fmt: skip


def starts_of(dataset: Dataset) -> np.ndarray:
    """For each row, the first row of its series. Shape (n_rows,)."""
    n = dataset.n_rows
    if dataset.series is None:
        return np.zeros(n, dtype=np.int64)
    names = np.asarray(dataset.series).astype(str)
    new = np.r_[True, names[1:] != names[:-1]]
    return np.asarray(np.flatnonzero(new)[np.cumsum(new) - 1], dtype=np.int64)


def past(dataset: Dataset, windows: np.ndarray, length: int) -> np.ndarray:
    """The `length` target rows before each window, earlier ones than the series has repeat its first.

    Gaps are held from before (or, at the start, filled from behind); a series without any past gives zeros. The
    window's own rows and later ones are never read.

    Args:
        windows: ``(n, horizon)`` row numbers.

    Returns:
        ``(n, length, n_targets)`` float64, no NaN.
    """
    assert dataset.target is not None
    return held_values(raw_past(dataset.target.to_numpy(dtype=np.float64), dataset, windows, length))


def raw_past(values: np.ndarray, dataset: Dataset, windows: np.ndarray, length: int) -> np.ndarray:
    """The rows of `values` ``(n_rows, n_columns)`` before each window, NaN where a series has none; see `past`."""
    first = windows[:, 0]
    start = starts_of(dataset)[first]
    rows = first[:, None] + np.arange(-length, 0)
    found = values[np.maximum(rows, np.minimum(start, first - 1)[:, None])]
    found[first == start] = np.nan
    return np.asarray(found)


def calendar(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Phases of the cycles that the time step can show, of rows of any shape: ``(*rows.shape, n_phases)``.

    Quarter hours to hours show day, week and year; days week and year; weeks to quarters the year; years none.
    """
    if dataset.times is None:
        return np.zeros((*rows.shape, 0))
    times = pd.DatetimeIndex(dataset.times)
    gaps = np.abs(np.diff(times.asi8[:1000]).astype(np.float64)) / units_a_day(times)
    step = float(np.median(gaps)) if len(gaps) else 365.0
    return calendar_phases(times.to_numpy()[rows], step)


def units_a_day(times: pd.DatetimeIndex) -> float:
    """Integer units of the index in a day."""
    return {"s": 86400.0, "ms": 86400e3, "us": 86400e6, "ns": 86400e9}[times.unit]


def covariates(dataset: Dataset, names: list[str], rows: np.ndarray) -> np.ndarray:
    """Numeric covariates of rows of any shape: ``(*rows.shape, n_covariates)``, gaps as NaN."""
    if not names:
        return np.zeros((*rows.shape, 0))
    columns = [pd.to_numeric(dataset.inputs[name], errors="coerce").to_numpy(dtype=np.float64) for name in names]
    return np.asarray(np.stack(columns, axis=1)[rows])


def past_covariates(
    dataset: Dataset, names: list[str], windows: np.ndarray, steps: int, mean: np.ndarray, spread: np.ndarray
) -> np.ndarray:
    """The latest steps of covariates before each window, ``(n, steps, n_covariates)``, standardised.

    Gaps are held from before, as those of targets are; where nothing is known a value is 0, the mean.

    Args:
        dataset: sorted by series and time.
        names: of the covariates.
        windows: ``(n, horizon)`` row numbers; these rows and later ones are never read.
        steps: how far back.
        mean: ``(n_covariates,)``.
        spread: ``(n_covariates,)``.
    """
    values = (covariates(dataset, names, np.arange(dataset.n_rows)) - mean) / spread
    values[~np.isfinite(values)] = np.nan
    return held_values(raw_past(values, dataset, windows, steps))


def moments(dataset: Dataset, names: list[str], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of covariates, each ``(n_covariates,)``; 0 and 1 where there is none."""
    values = covariates(dataset, names, np.unique(rows))
    seen = np.isfinite(values)
    n = np.maximum(seen.sum(axis=0), 1)
    mean = np.where(seen, values, 0.0).sum(axis=0) / n
    spread = np.sqrt((np.where(seen, values - mean, 0.0) ** 2).sum(axis=0) / n)
    return mean, np.where(spread > 0, spread, 1.0)


def before(windows: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Row numbers ``(n, length)`` before each window; earlier ones than the series has repeat its first.

    A window at the start of its series, which has no row before it, gets its own first row.

    Args:
        windows: ``(n, horizon)`` row numbers.
        starts: for each row, the first row of its series.
        length: in steps.
    """
    first = windows[:, 0]
    start = starts[first]
    rows = first[:, None] + np.arange(-length, 0)
    return np.asarray(np.maximum(rows, np.minimum(start, np.maximum(first - 1, start))[:, None]))


def known_names(task: Task) -> list[str]:
    """Covariates known ahead that are numbers."""
    numbers = {c.name for c in task.columns if c.kind in NUMERIC_KINDS}
    return [name for name in task.covariates_known if name in numbers]


def past_names(task: Task) -> list[str]:
    """Covariates that are numbers and known up to now only."""
    apart = {*task.covariates_known, task.time_column, task.series_column}
    return [c.name for c in task.columns if c.kind in NUMERIC_KINDS and c.name not in apart]
