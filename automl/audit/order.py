"""Order: identifiers and rows that are sorted by the target."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.audit.steps import left_out
from automl.audit.univariate import follows, order_of
from automl.audit.view import View, quoted
from automl.detect.quoting import percent
from automl.records import UNUSED_KINDS, Column, Finding, Severity

__all__ = ["sorted_identifier", "sorted_rows"]

LEAST_ROWS = 20
SORTED, SORTED_GRAVELY = 0.3, 0.6


def sorted_identifier(view: View) -> Finding | None:
    """Identifiers whose order follows the target, such as numbers given out class by class."""
    ordered: list[tuple[Column, float]] = []
    if len(view.known) < LEAST_ROWS:
        return None
    for column in view.columns:
        series = view.known_frame[column.name]
        if column.kind != "identifier" and not _counts_rows(column, series):
            continue
        explained = _in_order(view, order_of(series))
        if explained >= SORTED:
            ordered.append((column, explained))
    if not ordered:
        return None
    used = [c.name for c, _ in ordered if c.kind not in UNUSED_KINDS]
    names = [c.name for c, _ in ordered]
    who, whose = ("number", "their") if len(names) > 1 else ("numbers", "its")
    most = percent(max(explained for _, explained in ordered))
    message = (
        f"{quoted(names)} only {who} the rows, yet {whose} order explains {most} of {view.task.target[0]!r}: the "
        "number predicts the target here and will not in new rows."
    )
    step, options = (
        left_out(used)
        if used
        else ("It is left out of both sides; keep it out, and do not part rows by their position.", ())
    )
    grave = max((explained for c, explained in ordered if c.kind not in UNUSED_KINDS), default=0.0) >= SORTED_GRAVELY
    severity: Severity = "high" if grave else "medium"
    return Finding("sorted_identifier", severity, message, step, tuple(names), (), len(names), options=options)


def _in_order(view: View, place: np.ndarray) -> float:
    """How much of a target follows from these places of the known rows."""
    return max((follows(place, t.values[view.known], t.n_classes) for t in view.targets), default=0.0)


def _counts_rows(column: Column, series: pd.Series) -> bool:
    """Whether a numeric column does no more than number the rows."""
    if column.kind != "numeric" or series.dtype.kind != "f":
        return False
    values = series.to_numpy()
    if not np.isfinite(values).all() or not (values == np.round(values)).all():
        return False
    steps = np.diff(values)
    return bool(len(np.unique(values)) == len(values) and ((steps > 0).all() or (steps < 0).all()))


def sorted_rows(view: View) -> Finding | None:
    """Rows that are sorted by the target."""
    if len(view.known) < LEAST_ROWS or view.task.time_column is not None:
        return None
    place = view.known if view.dataset.row_numbers is None else view.dataset.row_numbers[view.known]
    explained = _in_order(view, np.asarray(place, np.float64))
    if explained < SORTED:
        return None
    message = (
        f"Rows are sorted by the target: their position explains {percent(explained)} of {view.task.target[0]!r}. A "
        "random split is fair, a split by position is not."
    )
    step = "Do not part this file by position, and do not add the row number as a column."
    return Finding("sorted_rows", "low", message, step)
