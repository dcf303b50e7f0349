"""Predictions as values that JSON can hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["plain_values"]


def plain_values(frame: pd.DataFrame | pd.Series) -> list[Any]:
    """A value for each row of a series, an object for each row of a frame; gaps and infinite numbers are null."""
    if isinstance(frame, pd.Series):
        return _column(frame)
    columns = [_column(frame.iloc[:, place]) for place in range(frame.shape[1])]
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _column(series: pd.Series) -> list[Any]:
    values: list[Any] = series.tolist()
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "iub":
        return values
    return [_value(value) for value in values]


def _value(value: Any) -> Any:
    """One cell."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value
    if isinstance(value, tuple | list):
        return [_value(one) for one in value]
    if value is pd.NA or value is pd.NaT:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
