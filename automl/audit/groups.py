"""The same person, device or place on both sides of the split."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.audit.leakage import copies
from automl.audit.univariate import skill
from automl.audit.view import View, is_person, remembered
from automl.detect.columns.sample import is_named
from automl.records import Column, Finding, Severity
from automl.system import shell

__all__ = ["crossing_groups"]

CODE = r"id|ids|no|nr|num|number|code|key|uid|uuid|hash"
LEAST_LEVELS = 10
ROWS_A_LEVEL = (1.5, 200.0)
CROSSING = 0.3
ALIKE, VERY_ALIKE = 0.2, 0.6
MOST_COUNTED = 200_000


@remembered
def crossing_groups(view: View) -> Finding | None:
    """A column that names whom a row belongs to, whose levels come back in training and test rows.

    A column named like a person, device or session, or an identifier, whose levels hold several rows. What a level's
    other rows say of the target (`alone.skill`) tells how much a model gains by knowing it.
    """
    split, task = view.split, view.task
    if view.frame is None or split is None or not len(split.test) or task.group_column is not None:
        return None
    if view.goal.in_windows or split.units == "group":
        return None
    found: list[tuple[float, float, int, Column]] = []
    known = np.union1d(split.train, split.valid)
    for column in view.columns:
        if column.name in copies(view):
            continue
        if view.known_frame[column.name].nunique() < LEAST_LEVELS:
            continue
        seen = view.frame[column.name]
        counted = _counted(seen, column)
        if counted is None:
            continue
        alike = _alike(view, seen, known)
        crossing = float(seen.iloc[split.test].isin(pd.unique(seen.iloc[known].dropna())).mean())
        by_name = is_person(column.name)
        if crossing >= CROSSING and (by_name or alike >= VERY_ALIKE):
            found.append((alike, crossing, counted, column))
    if not found:
        return None
    alike, crossing, n_levels, column = max(found, key=lambda one: one[0])
    named = is_person(column.name)
    severity: Severity = "high" if alike >= ALIKE and named else "medium"
    told = f"and rows of one share their {task.target[0]!r} ({max(alike, 0):.0%} of it follows from its other rows)"
    message = (
        f"{crossing:.0%} of the test rows belong to one of {n_levels:,} values of {column.name!r} that training knows"
        f"{', ' + told if alike >= ALIKE else ''}. If new rows are of others, the test score is too good."
    ).replace("%", " %")
    step = f"Pass {shell.flag('--group', column.name)} so that each is wholly in training or wholly in test."
    return Finding("crossing_groups", severity, message, step, (column.name,), (), n_levels)


def _counted(series: pd.Series, column: Column) -> int | None:
    """Levels of a column that may name groups, None where it does not look like one."""
    named = is_person(column.name)
    whole = column.kind == "numeric" and (named or is_named(column.name, CODE))
    if column.kind not in ("categorical", "identifier", "unknown") and not whole:
        return None
    sample = series if len(series) <= MOST_COUNTED else series.iloc[:MOST_COUNTED]
    n_levels = int(sample.nunique())
    rows = len(sample) / max(n_levels, 1)
    if n_levels < LEAST_LEVELS or not ROWS_A_LEVEL[0] <= rows <= ROWS_A_LEVEL[1]:
        return None
    if whole:
        values = series.to_numpy(np.float64)
        values = values[np.isfinite(values)]
        if not len(values) or not (values == np.round(values)).all():
            return None
    return n_levels


def _alike(view: View, series: pd.Series, known: np.ndarray) -> float:
    """How much of the target follows from the other rows of a level: whole levels are drawn, so that they stay full."""
    codes = np.asarray(pd.factorize(series.iloc[known])[0], np.int64)
    known, codes = known[codes >= 0], codes[codes >= 0]
    if len(codes) > MOST_COUNTED:
        kept = codes < np.quantile(codes, MOST_COUNTED / len(codes))
        known, codes = known[kept], codes[kept]
    return max((skill(codes, t.values[known], t.n_classes) for t in view.targets), default=0.0)
