"""Calendars that series step by. A frequency is a text, so that a stored task can hold it.

Aliases are those of pandas ("MS", "W-MON", "15min"), and ``"C-Mon Tue Wed Thu Fri Sat"`` for some days of the week.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["following", "grid"]

WEEK = "C-"


def grid(first: np.datetime64, last: np.datetime64, alias: str) -> np.ndarray:
    """All places of a calendar from one time to another, both included, datetime64[ns]."""
    return pd.date_range(first, last, freq=_step(alias)).to_numpy().astype("datetime64[ns]")


def following(last: np.datetime64, n: int, alias: str) -> np.ndarray:
    """The `n` places of a calendar after a time, datetime64[ns]."""
    ahead = pd.date_range(last, periods=n + 1, freq=_step(alias))
    return ahead[ahead > pd.Timestamp(last)][:n].to_numpy().astype("datetime64[ns]")


def _step(alias: str) -> pd.offsets.BaseOffset:
    if alias.startswith(WEEK):
        return pd.offsets.CustomBusinessDay(weekmask=alias[len(WEEK) :])
    return pd.tseries.frequencies.to_offset(alias)
