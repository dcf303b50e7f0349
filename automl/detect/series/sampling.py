"""Which part of a long table is to be looked at: rows drawn at random break a series, the first ones do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from automl.detect.series.dependence import is_in_order
from automl.detect.series.keys import codes_of
from automl.detect.series.timing import time_column, times_of, with_parts
from automl.records import Column

__all__ = ["runs_in_time"]

FEW_COLUMNS = 6
FEW_LEVELS = 0.2


def runs_in_time(frame: pd.DataFrame, columns: Sequence[Column], targets: Sequence[str]) -> bool:
    """Whether a table of a few columns is in the order of time, as a whole or within the levels of some columns.

    Args:
        frame: rows drawn at random, in the order that they have in the source.
        columns: kinds of all of them.
        targets: names that are not looked at.
    """
    inputs = [c for c in columns if c.name not in targets and c.kind != "constant"]
    if len(inputs) > FEW_COLUMNS:
        return False
    time = time_column(frame, inputs, None)
    if time is None:
        return False
    others = [c for c in inputs if c.name != time.name]
    times = times_of(frame, with_parts(frame, time, others))
    if is_in_order(times):
        return True
    keys = [codes_of(frame[c.name]) for c in others if frame[c.name].nunique() <= FEW_LEVELS * len(frame)]
    if not keys:
        return False
    together = np.unique(np.stack(keys), axis=1, return_inverse=True)[1]
    return any(is_in_order(times, labels) for labels in (*keys, together.ravel()))
