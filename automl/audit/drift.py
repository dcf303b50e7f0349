"""Rows that differ by when or whence they come: test rows unlike training rows, and times that a random split mixes.

These checks see the inputs (never the target) of test rows before the contest ends. "Nothing after split sees a test
row until compare" holds all the same for whatever is fitted or chosen: a check's models are thrown away, and only a
finding for the reader comes out; no encoder, search, threshold or verdict reads findings.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.audit.models import area, class_probabilities
from automl.audit.univariate import codes_of, follows, numbers_of, skill
from automl.audit.view import View, is_birth, named, remembered
from automl.records import Column, Finding, Severity
from automl.system import shell

__all__ = ["drifted_test", "ignored_time"]

LEAST_ROWS = 40
HIGH, MEDIUM, LOW = 0.75, 0.62, 0.56
TIME_HIGH, TIME_MEDIUM, TIME_LOW = 0.95, 0.85, 0.7
NAMED = 0.05
TARGET_DRIFT = 0.03
INPUT_DRIFT = 0.7
STRONG_DRIFT = 0.2
SIDE_ROWS = 2_000


def drifted_test(view: View) -> Finding | None:
    """A forest that tells test rows from training rows by their inputs, and by which columns.

    Asked only where the rows were not shuffled: test rows of the user's own, or the latest ones. In the latter case
    some drift is what the split is for, the time column is left out, and only strong drift is told.
    """
    split, task = view.split, view.task
    if split is None or view.goal.in_windows or not len(split.test):
        return None
    given = view.dataset.given is not None and bool(view.dataset.given.any())
    if not given and split.units != "block":
        return None
    known, test = view.known[_spread(view.known)], view.test[_spread(view.test)]
    rows = np.concatenate([known, test])
    is_test = np.arange(len(rows)) >= len(known)
    if min(len(known), len(test)) < LEAST_ROWS:
        return None
    dated = () if task.time_column is None else (task.time_column,)
    inputs = view.matrix(rows, dated)
    if not inputs.shape[1]:
        return None
    view.before_learning()
    auc, error = area(class_probabilities(inputs, is_test.astype(np.int64), 2)[:, 1], is_test)
    low, high = auc - 1.96 * error, min(1.0, auc + 1.96 * error)
    bounds = (HIGH, MEDIUM, LOW) if split.units != "block" else (TIME_HIGH, TIME_MEDIUM, TIME_LOW)
    if low < bounds[2]:
        return None
    severity: Severity = "high" if low >= bounds[0] else "medium" if low >= bounds[1] else "low"
    names = _telling(view, rows, is_test, dated)
    which = f", most by {named(names)}" if names else ""
    message = (
        f"A small forest tells test rows from training rows{which} (ROC AUC {auc:.2f}, 95 % interval {low:.2f} to "
        f"{high:.2f}; 0.5 if they were alike). Scores then speak of other rows than training has seen."
    )
    if given:
        step = f"Check how the test rows were gathered{' and how these columns were filled' if names else ''}."
    else:
        step = "Expect scores to fall further with time; train on recent rows, or leave out what drifts."
    return Finding("drifted_test", severity, message, step, names, (), 0)


def _spread(rows: np.ndarray) -> np.ndarray:
    """Places of at most `SIDE_ROWS`, evenly taken."""
    return np.linspace(0, len(rows) - 1, min(len(rows), SIDE_ROWS)).astype(int)


def _telling(view: View, rows: np.ndarray, is_late: np.ndarray, leave_out: tuple[str, ...]) -> tuple[str, ...]:
    """Columns that tell the two kinds of rows apart by themselves, best first."""
    if view.frame is None:
        return ()
    part = view.frame.iloc[rows]
    found = []
    for column in view.used:
        if column.name in leave_out or column.kind == "image_path":
            continue
        told = skill(codes_of(_shape(part[column.name], column), column.kind if column.kind != "text" else "numeric"),
                     is_late.astype(np.int64), 2)  # fmt: skip
        if told >= NAMED:
            found.append((told, column.name))
    return tuple(name for _, name in sorted(found, key=lambda one: -one[0])[:5])


def _shape(series: pd.Series, column: Column) -> pd.Series:
    return series.str.len().astype(np.float64) if column.kind == "text" else series


# --------------------------------------------------------------------------- time


@remembered
def ignored_time(view: View) -> Finding | None:
    """Rows are dated, the target or the inputs change with time, and the split shuffles them all the same."""
    task = view.task
    if view.frame is None or task.time_column is not None or view.goal.in_windows or not view.targets:
        return None
    if view.dataset.given is not None and view.dataset.given.any():
        return None
    found = []
    for column in view.columns:
        if column.kind != "datetime" or is_birth(column.name):
            continue
        times = view.known_frame[column.name]
        if times.notna().mean() < 0.9 or times.nunique() < 10:
            continue
        told = max(follows(numbers_of(times), t.values[view.known], t.n_classes) for t in view.targets)
        found.append((told, column))
    if not found or len(view.known) < 2 * LEAST_ROWS:
        return None
    told, column = max(found, key=lambda one: one[0])
    dated = tuple(c.name for _, c in found)
    auc, error = _early_from_late(view, column, dated)
    if told < TARGET_DRIFT and auc - 1.96 * error < INPUT_DRIFT:
        return None
    drifts = [f"{told:.0%} of the target follows from it".replace("%", " %")] if told >= TARGET_DRIFT else []
    if auc - 1.96 * error >= INPUT_DRIFT:
        drifts.append(f"inputs of the first and last third differ (ROC AUC {auc:.2f})")
    severity: Severity = "high" if told >= STRONG_DRIFT else "medium"
    message = (
        f"Rows are dated by {column.name!r} and change with time ({' and '.join(drifts)}), but the split is random: "
        "the score is for gaps in the known past, and predicting later rows will be harder."
    )
    named = shell.flag("--time-column", column.name)
    step = f"Pass {named} to test on the latest rows, if later rows are what you will predict."
    return Finding("ignored_time", severity, message, step, (column.name,), (), 0)


def _early_from_late(view: View, column: Column, dated: tuple[str, ...]) -> tuple[float, float]:
    """How well a forest tells the first third of the known sample from the last by inputs without a date."""
    times = view.known_frame[column.name].to_numpy()
    there = np.flatnonzero(~np.isnat(times))
    order = there[np.argsort(times[there], kind="stable")]
    third = len(order) // 3
    rows = np.concatenate([view.known[order[:third]], view.known[order[-third:]]])
    is_late = np.arange(2 * third) >= third
    inputs = view.matrix(rows, dated)
    if third < LEAST_ROWS or not inputs.shape[1]:
        return 0.5, 0.0
    view.before_learning()
    return area(class_probabilities(inputs, is_late.astype(np.int64), 2)[:, 1], is_late)
