"""When rows were recorded: the columns that tell it, those that only derive from them, and whether rows run in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from automl.audit.univariate import correlations, numbers_of
from automl.audit.view import View, is_birth, remembered
from automl.detect.series.dependence import depends_on_time, is_in_order
from automl.detect.series.timing import time_column
from automl.records import NUMERIC_KINDS, Column

__all__ = ["derived_from", "runs_in_time", "tests_are_later", "time_columns"]

LEAST_TIMES = 10
LEAST_KNOWN = 0.9
FOLLOWS = 0.9
"""Rank correlation with a date, or share of variance that dates explain, from which a column derives from them."""

MOST_KEYS = 4
ROWS_A_LEVEL = 10


@remembered
def time_columns(view: View) -> tuple[Column, ...]:
    """Columns that may tell when a row was recorded: dates, or years or steps in whose order the rows are.

    A date from which a duration until one common day derives (tenure, age) is of the thing in the row, as a date of
    birth is, unless the rows are in its order.
    """
    dates = [c for c in view.columns if c.kind == "datetime" and not is_birth(c.name) and _is_usable(view, c)]
    dates = [c for c in dates if not _ages(view, c) or is_in_order(_times(view, c))]
    if dates or view.frame is None:
        return tuple(dates)
    counted = time_column(view.frame, [c for c in view.columns if c.kind == "numeric"], None)
    return (counted,) if counted is not None and is_in_order(_times(view, counted)) else ()


def _is_usable(view: View, c: Column) -> bool:
    times = view.known_frame[c.name]
    return bool(times.notna().mean() >= LEAST_KNOWN) and int(times.nunique()) >= LEAST_TIMES


def tests_are_later(view: View, date: Column) -> bool:
    """Whether all test rows are later than all training and validation rows."""
    if view.frame is None or view.split is None or not len(view.split.test):
        return False
    parts = (np.concatenate([view.split.train, view.split.valid]), view.split.test)
    before, after = (numbers_of(view.frame[date.name].iloc[rows]) for rows in parts)
    return bool(np.isfinite(before).any() and np.isfinite(after).any() and np.nanmax(before) < np.nanmin(after))


def _times(view: View, c: Column) -> np.ndarray:
    """The times of the training rows in their order, datetime64[ns]; counted ones as days."""
    assert view.frame is not None
    rows = _training(view)
    values = numbers_of(view.frame[c.name].iloc[rows])
    seconds = np.where(np.isfinite(values), values, 0.0).astype(np.int64)
    scale = "datetime64[s]" if view.frame[c.name].dtype.kind == "M" else "datetime64[D]"
    times = seconds.astype(scale).astype("datetime64[ns]")
    times[~np.isfinite(values)] = np.datetime64("NaT")
    return times


def _training(view: View) -> np.ndarray:
    return np.arange(view.dataset.n_rows) if view.split is None else view.split.train


def _rank_correlation(view: View, date: Column, other: Column) -> float:
    place, values = (numbers_of(view.known_frame[c.name]) for c in (date, other))
    return list(correlations(place, values))[1]


def _ages(view: View, date: Column) -> bool:
    """Whether a numeric column falls as a date rises."""
    return any(_rank_correlation(view, date, c) <= -FOLLOWS for c in view.used if c.kind in NUMERIC_KINDS)


def derived_from(view: View, date: Column, dates: Sequence[Column]) -> tuple[str, ...]:
    """Numeric columns that derive from one date or several: years, counters, tenures, durations between two of them.

    Args:
        view: of the data.
        date: the column that tells the time.
        dates: all columns of dates, this one among them.
    """
    numeric = [c for c in view.used if c.kind in NUMERIC_KINDS and c.name != date.name]
    places = np.stack([numbers_of(view.known_frame[c.name]) for c in dates or (date,)], axis=1)
    return tuple(
        c.name
        for c in numeric
        if abs(_rank_correlation(view, date, c)) >= FOLLOWS
        or _explained(places, numbers_of(view.known_frame[c.name])) >= FOLLOWS
    )


def _explained(places: np.ndarray, values: np.ndarray) -> float:
    """Share of the variance of values that a linear combination of several columns explains."""
    known = np.isfinite(values) & np.isfinite(places).all(axis=1)
    if places.shape[1] < 2 or known.sum() < 10 * places.shape[1] or np.ptp(values[known]) == 0:
        return 0.0
    inputs = places[known] - places[known].mean(axis=0)
    inputs = inputs / np.maximum(inputs.std(axis=0), 1e-300)
    rest = values[known] - values[known].mean()
    fitted = inputs @ np.linalg.lstsq(inputs, rest, rcond=None)[0]
    return 1.0 - float(((rest - fitted) ** 2).mean() / (rest**2).mean())


def runs_in_time(view: View, date: Column) -> bool:
    """Whether training rows are in the order of a date, as a whole or for each level of a column, and the target too.

    Targets of neighbours are alike then, and shuffled test rows lie among the rows that tell them.
    """
    if view.dataset.target is None or view.frame is None:
        return False
    rows, times = _training(view), _times(view, date)
    target = view.dataset.target.iloc[rows].reset_index(drop=True)
    return any(is_in_order(times, labels) and depends_on_time(times, target, labels) for labels in _labels(view, rows))


def _labels(view: View, rows: np.ndarray) -> Iterator[np.ndarray | None]:
    """None, then the levels of the first few columns that may tell series apart."""
    assert view.frame is not None
    yield None
    n_keys = 0
    for c in view.used:
        if c.kind not in ("categorical", "boolean") or n_keys >= MOST_KEYS:
            continue
        codes = pd.factorize(view.frame[c.name].iloc[rows])[0]
        if 2 <= len(np.unique(codes)) <= len(rows) / ROWS_A_LEVEL:
            n_keys += 1
            yield codes
