"""Where the windows of a forecast lie: their series, their start, and what was known before."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.records import Outcome

__all__ = ["past", "series_of", "starts"]


def series_of(outcome: Outcome) -> list[str] | None:
    """The series of each window; None where there is only one."""
    names = (outcome.history or {}).get("series")
    return None if names is None else [str(name) for name in names]


def starts(outcome: Outcome) -> list[str] | None:
    """The time at which each window begins, as text; None where times are unknown."""
    times = (outcome.history or {}).get("times")
    if times is None:
        return None
    stamps = np.asarray(times)[:, 0].astype("datetime64[s]").astype(str)
    return [str(stamp).replace("T00:00:00", "").replace("T", " ") for stamp in stamps]


def past(outcome: Outcome, i: int, t: int = 0) -> Any:
    """Known values of a target before a window, oldest first, NaN in gaps, without a leading gap."""
    values = (outcome.history or {}).get("values")
    if values is None:
        return np.zeros(0)
    line = np.asarray(values, dtype=float)[i, :, t]
    known = np.flatnonzero(np.isfinite(line))
    return line[known[0] :] if len(known) else np.zeros(0)
