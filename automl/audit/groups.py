"""Groups: the same person, device or place in training and test rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.audit.leakage import copies
from automl.audit.univariate import skill
from automl.audit.view import View, is_person, remembered, sample_of
from automl.detect.columns.sample import is_named
from automl.detect.quoting import percent
from automl.records import Column, Finding, Severity
from automl.system.advice import advice

__all__ = ["crossing_groups"]

CODE = r"id|ids|no|nr|num|number|code|key|uid|uuid|hash"
LEAST_LEVELS = 10
ROWS_A_LEVEL = (1.5, 200.0)
CROSSING = 0.3
ALIKE, VERY_ALIKE = 0.2, 0.6
MOST_COUNTED = 200_000
MOST_ROWS, MOST_TEST = 1_000_000, 20_000
"""Rows of training and test whose levels are compared."""
MOST_CANDIDATES = 10
"""Columns whose levels are compared, those that are named like persons first."""


@remembered
def crossing_groups(view: View) -> Finding | None:
    """A column of groups whose levels occur in both training and test rows.

    A column may hold groups if it is named like a person, device or session, or holds codes, and its levels have
    several rows each. How well a level's other rows predict the target (`univariate.skill`) measures how much a model
    gains by recognising the group.
    """
    split, task = view.split, view.task
    if view.frame is None or split is None or not len(split.test) or task.group_column is not None:
        return None
    if view.goal.in_windows or split.units == "group":
        return None
    crossing: list[tuple[float, float, int, Column]] = []
    known, test = np.union1d(split.train, split.valid)[:MOST_ROWS], sample_of(split.test, MOST_TEST)
    for column, n_levels in _candidates(view):
        alike, share = _crossing(view, view.frame[column.name], known, test)
        if share >= CROSSING and (is_person(column.name) or alike >= VERY_ALIKE):
            crossing.append((alike, share, n_levels, column))
    if not crossing:
        return None
    alike, share, n_levels, column = max(crossing, key=lambda one: one[0])
    severity: Severity = "high" if alike >= ALIKE and is_person(column.name) else "medium"
    shared = ""
    if alike >= ALIKE:
        explained = percent(max(alike, 0))
        shared = f", and rows of one share their {task.target[0]!r} ({explained} of it follows from its other rows)"
    message = (
        f"{percent(share)} of the test rows belong to one of {n_levels:,} values of {column.name!r} that also occur in "
        f"training rows{shared}. If new rows have other values, the test score is too good."
    )
    step = f"Pass {advice('group', [column.name])} so that each is wholly in training or wholly in test."
    options = (("group", (column.name,)),)
    return Finding("crossing_groups", severity, message, step, (column.name,), (), n_levels, options=options)


def _candidates(view: View) -> list[tuple[Column, int]]:
    """Columns that look like groups, and how many groups each has."""
    assert view.frame is not None
    candidates: list[tuple[Column, int]] = []
    for column in sorted(view.columns, key=lambda c: not is_person(c.name)):
        if column.name in copies(view) or view.known_frame[column.name].nunique() < LEAST_LEVELS:
            continue
        n_levels = _n_groups(view.frame[column.name], column)
        if n_levels is not None:
            candidates.append((column, n_levels))
        if len(candidates) == MOST_CANDIDATES:
            break
    return candidates


def _n_groups(series: pd.Series, column: Column) -> int | None:
    """How many groups a column has; None where it does not look like a column of groups."""
    are_codes = column.kind == "numeric" and (is_person(column.name) or is_named(column.name, CODE))
    if column.kind not in ("categorical", "identifier", "unknown") and not are_codes:
        return None
    sample = series if len(series) <= MOST_COUNTED else series.iloc[:MOST_COUNTED]
    n_levels = int(sample.nunique())
    rows = len(sample) / max(n_levels, 1)
    if n_levels < LEAST_LEVELS or not ROWS_A_LEVEL[0] <= rows <= ROWS_A_LEVEL[1]:
        return None
    if are_codes:
        values = series.to_numpy(np.float64)
        values = values[np.isfinite(values)]
        if not len(values) or not (values == np.round(values)).all():
            return None
    return n_levels


def _crossing(view: View, series: pd.Series, known: np.ndarray, test: np.ndarray) -> tuple[float, float]:
    """How much of the target follows from the other rows of a level, and the share of test rows of a known level."""
    codes = np.asarray(pd.factorize(series.iloc[np.concatenate([known, test])])[0], np.int64)
    ours, theirs = codes[: len(known)], codes[len(known) :]
    seen = np.bincount(ours[ours >= 0], minlength=int(codes.max(initial=0)) + 1) > 0
    share = float(((theirs >= 0) & seen[theirs]).mean())
    known, ours = known[ours >= 0], ours[ours >= 0]
    if len(ours) > MOST_COUNTED:  # a part of the levels, with all of their rows
        kept = ours < np.quantile(ours, MOST_COUNTED / len(ours))
        known, ours = known[kept], ours[kept]
    return max((skill(ours, t.values[known], t.n_classes) for t in view.targets), default=0.0), share
