"""Drift: test rows that differ from training rows, and dated rows that a random split mixes.

These checks see the inputs of test rows before the contest ends, and never their target. The models of a check are
thrown away. All that comes out is a finding for the reader, which no encoder, search, threshold or verdict reads.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.audit.encoding import evenly
from automl.audit.models import area, class_probabilities
from automl.audit.recorded import derived_from, runs_in_time, tests_are_later, time_columns
from automl.audit.steps import left_out
from automl.audit.univariate import codes_of, follows, numbers_of, skill
from automl.audit.view import View, quoted, remembered, severity_of
from automl.detect.quoting import percent
from automl.records import FILE_KINDS, Column, Finding, Severity
from automl.system.advice import Options, advice

__all__ = ["drifted_test", "ignored_time"]

LEAST_ROWS = 40
HIGH, MEDIUM, LOW = 0.75, 0.62, 0.56
TIME_HIGH, TIME_MEDIUM, TIME_LOW = 0.95, 0.85, 0.7
NAMED = 0.05
"""Skill of a single column from which it is named."""
TARGET_DRIFT = 0.03
INPUT_DRIFT = 0.7
STRONG_DRIFT = 0.2
GROUP_ROWS = 2_000
"""Most rows of each of two groups that a forest tells apart."""


def drifted_test(view: View) -> Finding | None:
    """Test rows that a forest can tell from training rows by their inputs, and the columns that help most.

    The check runs where rows were not shuffled: the user gave the test rows, or they are the latest ones. Some drift is
    expected of the latest rows: the time column is then left out, and only strong drift is reported.
    """
    split, task = view.split, view.task
    if split is None or view.goal.in_windows or not len(split.test):
        return None
    given = view.dataset.given is not None and bool(view.dataset.given.any())
    if not given and split.units != "block":
        return None
    known, test = evenly(view.known, GROUP_ROWS), evenly(view.test, GROUP_ROWS)
    rows = np.concatenate([known, test])
    is_test = np.arange(len(rows)) >= len(known)
    if min(len(known), len(test)) < LEAST_ROWS:
        return None
    dated = () if task.time_column is None else (task.time_column,)
    inputs = view.matrix(rows, dated)
    if not inputs.shape[1]:
        return None
    view.deadline.before_learning()
    auc, error = area(class_probabilities(inputs, is_test.astype(np.int64), 2)[:, 1], is_test)
    low, high = auc - 1.96 * error, min(1.0, auc + 1.96 * error)
    bounds = (HIGH, MEDIUM, LOW) if split.units != "block" else (TIME_HIGH, TIME_MEDIUM, TIME_LOW)
    if low < bounds[2]:
        return None
    names = _differing(view, rows, is_test, dated)
    which = f", most by {quoted(names)}" if names else ""
    message = (
        f"A small forest tells test rows from training rows{which} (ROC AUC {auc:.2f}, 95 % interval {low:.2f} to "
        f"{high:.2f}; 0.5 if they were alike). Test scores are then those of rows unlike the training rows."
    )
    options: Options = ()
    if given:
        step = f"Check how the test rows were collected{' and how these columns were filled' if names else ''}."
    else:
        step = "Expect scores to fall further with time. Train on recent rows."
        if names:
            step, options = left_out(names, f"{step[:-1]}, or, if they drift for no reason that lasts,")
    severity = severity_of(low, bounds[1], bounds[0])
    return Finding("drifted_test", severity, message, step, names, (), 0, options=options)


def _differing(view: View, rows: np.ndarray, is_test: np.ndarray, leave_out: tuple[str, ...]) -> tuple[str, ...]:
    """Columns that tell test rows from training rows by themselves, best first."""
    if view.frame is None:
        return ()
    part = view.frame.iloc[rows]
    skills: dict[str, float] = {}
    for column in view.used:
        if column.name not in leave_out and column.kind not in FILE_KINDS:
            codes = _codes(part[column.name], column.kind)
            skills[column.name] = skill(codes, is_test.astype(np.int64), 2)
    differing = [name for name in skills if skills[name] >= NAMED]
    return tuple(sorted(differing, key=lambda name: -skills[name])[:5])


def _codes(series: pd.Series, kind: str) -> np.ndarray:
    """Codes of a column as `codes_of` gives them; texts count by their length."""
    return codes_of(series.str.len().astype(np.float64), "numeric") if kind == "text" else codes_of(series, kind)


# --------------------------------------------------------------------------- time


@remembered
def ignored_time(view: View) -> Finding | None:
    """Dated rows that the split shuffles, although the target or the inputs change with time."""
    task = view.task
    if view.frame is None or task.time_column is not None or view.goal.in_windows or not view.targets:
        return None
    if view.dataset.given is not None and view.dataset.given.any():
        return _shuffled_validation(view)
    dated: list[tuple[float, Column]] = []
    for column in time_columns(view):
        places = numbers_of(view.known_frame[column.name])
        explained = max(follows(places, t.values[view.known], t.n_classes) for t in view.targets)
        dated.append((explained, column))
    if not dated or len(view.known) < LEAST_ROWS:
        return None
    explained, column = max(dated, key=lambda one: one[0])
    in_order = runs_in_time(view, column)
    dates = tuple(c for c in view.columns if c.kind == "datetime")
    derived = derived_from(view, column, dates)
    auc, error = _early_from_late(view, column, (*(c.name for c in dates), *derived, column.name))
    if explained < TARGET_DRIFT and auc - 1.96 * error < INPUT_DRIFT and not in_order:
        return None
    drifts = [f"{percent(explained)} of the target follows from it"] if explained >= TARGET_DRIFT else []
    if auc - 1.96 * error >= INPUT_DRIFT:
        drifts.append(f"inputs of the first and last third differ (ROC AUC {auc:.2f})")
    if in_order:
        drifts.append("rows are in its order, and neighbours have targets that are alike")
    by_groups = view.split is not None and view.split.units == "group"  # as the user asked
    severity: Severity = "high" if (explained >= STRONG_DRIFT or in_order) and not by_groups else "medium"
    how = "by groups" if by_groups else "random"
    message = (
        f"Rows are dated by {column.name!r} and change with time ({' and '.join(drifts)}), but the split is {how}: "
        "test rows lie between training rows in time, and predicting later rows will be harder."
    )
    flag, options = advice("time_column", [column.name]), (("time_column", (column.name,)),)
    step = f"Pass {flag} to test on the latest rows, if later rows are what you will predict."
    return Finding("ignored_time", severity, message, step, (column.name,), (), 0, options=options)


def _shuffled_validation(view: View) -> Finding | None:
    """Given test rows that are later than all training rows, among which validation rows are drawn at random."""
    column = next((c for c in time_columns(view) if tests_are_later(view, c) and runs_in_time(view, c)), None)
    if column is None:
        return None
    message = (
        f"The given test rows are later by {column.name!r} than all others, but validation rows are drawn among these "
        "at random: models are chosen by rows whose neighbours in time they know, and will do worse on the test rows."
    )
    flag, options = advice("time_column", [column.name]), (("time_column", (column.name,)),)
    step = f"Pass {flag} to validate on the latest of the other rows."
    return Finding("ignored_time", "medium", message, step, (column.name,), (), 0, options=options)


def _early_from_late(view: View, column: Column, dated: tuple[str, ...]) -> tuple[float, float]:
    """ROC AUC of a forest that tells the last third of the known sample from the first without dates; its error."""
    times = numbers_of(view.known_frame[column.name])
    there = np.flatnonzero(np.isfinite(times))
    order = there[np.argsort(times[there], kind="stable")]
    third = len(order) // 3
    rows = np.concatenate([view.known[order[:third]], view.known[order[-third:]]])
    is_late = np.arange(2 * third) >= third
    inputs = view.matrix(rows, dated)
    if third < LEAST_ROWS or not inputs.shape[1]:
        return 0.5, 0.0
    return area(class_probabilities(inputs, is_late.astype(np.int64), 2)[:, 1], is_late)
