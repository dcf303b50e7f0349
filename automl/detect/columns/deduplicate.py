"""Tables in which every row occurs several times, which hold no more than one copy of each."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from automl.detect.parse import word

__all__ = ["deduplicate"]


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


def _codes(series: pd.Series) -> np.ndarray:
    values = series.astype(object) if isinstance(series.dtype, pd.CategoricalDtype) else series
    try:
        return np.asarray(pd.factorize(values)[0])
    except TypeError:  # lists and dicts cannot be hashed
        return np.asarray(pd.factorize(values.map(word))[0])
