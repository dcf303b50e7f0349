"""Ordered categories: what keeps their order, and which of them are rather numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_graded", "numbers_of_grades"]


def as_graded(theirs: pd.DataFrame, ours: pd.DataFrame) -> pd.DataFrame:
    """Columns of test rows as ordered categories where those of training are, and hold each of their values.

    Args:
        theirs: the test rows.
        ours: the training rows, with the same columns.
    """
    import pandas as pd

    graded = {}
    for name in ours.columns:
        dtype = ours[name].dtype
        if not isinstance(dtype, pd.CategoricalDtype) or theirs[name].dtype == dtype:
            continue
        levels = theirs[name].astype(object)
        spelled = [None if cell is None or cell != cell else str(cell).strip() for cell in levels]
        if set(spelled) - {None} <= set(dtype.categories):
            graded[name] = pd.Series(pd.Categorical(spelled, dtype=dtype), index=theirs.index)
    return theirs.assign(**graded) if graded else theirs


def numbers_of_grades(frame: pd.DataFrame) -> pd.DataFrame:
    """Inputs without ordered categories that are numbers in their own order: these are read as numbers."""
    import pandas as pd

    plain = {}
    for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if not isinstance(dtype, pd.CategoricalDtype):
            continue
        levels = pd.to_numeric(pd.Series(dtype.categories, dtype=object), errors="coerce")
        if len(levels) and levels.notna().all() and levels.is_monotonic_increasing:
            codes = frame[name].cat.codes.to_numpy()
            values = levels.to_numpy(dtype="float64")[codes]
            values[codes < 0] = float("nan")
            whole = (codes >= 0).all() and (values == values.round()).all()
            plain[name] = pd.Series(values.astype("int64") if whole else values, index=frame.index)
    return frame.assign(**plain) if plain else frame
