"""Copied rows: kinds of columns are judged as if each row stood in the table once."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from automl.detect.parse import word

__all__ = ["deduplicate", "without_copies"]

LEAST_VALUES, LEAST_SHARE, LEAST_OTHERS = 20, 1 / 3, 2
"""Of a column that may name its rows: different values, their share of the rows, and other columns that vary."""


def deduplicate(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table, whose repeats are divided by their greatest common divisor.

    Kinds rest on how many values differ, so a doubled file would make codes out of identifiers. Where each row stands
    2 (4, 6, ...) times, half of the rows say the same. Columns are counted one by one until one of them rules it out,
    which the first nearly always does.

    Args:
        frame: columns as they were read, with a RangeIndex.

    Returns:
        The frame itself where some row stands alone among the repeats; else the first of its repeated rows.
    """
    times, codes = 0, []
    for place in range(frame.shape[1]):
        codes.append(_codes(frame.iloc[:, place]))
        times = math.gcd(times, int(np.gcd.reduce(np.bincount(codes[-1] + 1)))) if len(frame) else 1
        if times == 1:
            return frame
    if not codes:
        return frame
    rows = pd.DataFrame(dict(enumerate(codes)))
    whole = rows.groupby(list(rows.columns), sort=False)
    counts = whole.ngroup().value_counts().to_numpy()
    times = int(np.gcd.reduce(counts))
    if times == 1:
        return frame
    nth = whole.cumcount().to_numpy()
    return pd.DataFrame(frame[nth % times == 0].reset_index(drop=True))


def without_copies(frame: pd.DataFrame, name: str, n_distinct: int) -> pd.Series | None:
    """A column without its copies, if all of its values that come again do so with their whole row.

    Some copied rows must not turn identifiers into codes that come back.

    Args:
        frame: columns as they were read.
        name: of the column.
        n_distinct: its different values.

    Returns:
        The column with one cell of each value; None where nothing comes again, or some value with another row.
    """
    series = frame[name]
    present = series.notna().to_numpy()
    n_present = int(present.sum())
    if n_distinct == n_present or n_distinct < max(LEAST_VALUES, LEAST_SHARE * n_present):
        return None
    own = _codes(series)
    again = np.flatnonzero(present & pd.Series(own).duplicated(keep=False).to_numpy())
    n_values = len(np.unique(own[again]))
    n_others = 0
    for place in range(frame.shape[1]):  # nearly always the first other column ends this
        codes = _codes(frame.iloc[again, place]).astype(np.int64) + 1
        if len(np.unique(own[again] * (codes.max() + 1) + codes)) > n_values:
            return None
        if n_others < LEAST_OTHERS and frame.columns[place] != name:
            n_others += len(np.unique(_codes(frame.iloc[:, place]))) > 1
    first = ~(present & pd.Series(own).duplicated().to_numpy())
    return series[first] if n_others >= LEAST_OTHERS else None


def _codes(series: pd.Series) -> np.ndarray:
    values = series.astype(object) if isinstance(series.dtype, pd.CategoricalDtype) else series
    try:
        return np.asarray(pd.factorize(values)[0])
    except TypeError:  # lists and dicts cannot be hashed
        return np.asarray(pd.factorize(values.map(word))[0])
