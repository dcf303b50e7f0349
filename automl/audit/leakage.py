"""Leaks: inputs that copy the target, columns that predict it almost alone, identifiers and rows in its order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.audit.models import model_skill
from automl.audit.univariate import ColumnSkill, column_skills, correlations, follows, numbers_of, order_of
from automl.audit.view import Target, TooLate, View, columns_named_by, is_person, quoted, remembered
from automl.detect.quoting import percent
from automl.records import UNUSED_KINDS, Column, Finding, Severity

__all__ = ["copied_target", "copies", "leaking_column", "leaks", "sorted_identifier", "sorted_rows"]

LEAST_ROWS = 20
SAME = 1 - 1e-9
WHOLE = 0.9
"""Share of rows in which a copy must have a value."""
MOST_REPEATED = 0.8
"""Different target values a row, above which a column with a level for each of them is no copy."""
LIKELY_CLASSES, LIKELY_NUMBERS = 0.6, 0.9
"""Skill from which a column is compared with all others together, for classes and for numbers.

It is higher for numbers, since single columns often explain most of a number.
"""
STRONG = 0.8
PERFECT = 0.99
FAR_ABOVE = 4.0
LEAST_OTHERS = 3
"""Least number of other columns for a grave finding: of one or two, one may explain little for good reasons."""
ABOVE = 1.5
TOGETHER, TOGETHER_ABOVE = 0.85, 6.0
"""For suspects that hide each other: least skill, and least ratio of what is unexplained without any of them."""
MOST_SUSPECTS = 3
MOST_CLASSES = 100
SORTED, SORTED_GRAVELY = 0.3, 0.6


# --------------------------------------------------------------------------- copies


def copied_target(view: View) -> Finding | None:
    """Columns that copy the target: equal, with other names for its labels, or rescaled."""
    copied = copies(view)
    if not copied:
        return None
    names = list(copied)
    used = [name for name in names if next(c for c in view.columns if c.name == name).kind not in UNUSED_KINDS]
    described = "; ".join(f"{name!r} {copied[name]}" for name in names[:5])
    message = (
        f"{described}. With such a column there is nothing to predict, and new rows will hardly have it: every score "
        "would be too good."
    )
    step = f"Leave {quoted(used or names)} out of the data" + ("." if used else "; here it is left out already.")
    return Finding("copied_target", "high" if used else "medium", message, step, tuple(names), (), len(names))


@remembered
def copies(view: View) -> dict[str, str]:
    """Names of columns that copy a target, and how."""
    copied: dict[str, str] = {}
    if len(view.known) < LEAST_ROWS:
        return copied
    for column in view.columns:
        for target in view.targets:
            how = _copies(column, view.known_frame[column.name], target, view.known)
            if how is not None:
                copied.setdefault(column.name, f"{how} {target.name!r}")
    return copied


def _copies(column: Column, series: pd.Series, target: Target, rows: np.ndarray) -> str | None:
    """How a column copies a target, or None."""
    values = target.values[rows]
    codes, levels = pd.factorize(series)
    there = codes >= 0
    n_seen = len(np.unique(values))
    if n_seen < 2 or there.mean() < WHOLE:
        return None
    if len(levels) == n_seen and n_seen <= MOST_REPEATED * len(values):
        answers = np.unique(values, return_inverse=True)[1]
        pairs = np.unique(codes[there] * n_seen + answers[there])
        if len(pairs) == n_seen == len(np.unique(pairs % n_seen)):
            return (
                "has a level of its own for each value of"
                if n_seen > 2
                else "has one level for each of the two values of"
            )
    if target.n_classes or column.kind in ("datetime", "boolean") or n_seen < 10:
        return None
    numbers = numbers_of(series) if series.dtype.kind in "fiub" else pd.to_numeric(series, errors="coerce").to_numpy()
    both = np.isfinite(np.asarray(numbers, np.float64))
    if both.mean() < WHOLE:
        return None
    straight, ranked = correlations(np.asarray(numbers, np.float64), values)
    if abs(straight) >= SAME:
        return "equals" if np.allclose(numbers[both], values[both]) else "is a linear function of"
    return "rises or falls exactly with" if abs(ranked) >= SAME else None


# --------------------------------------------------------------------------- columns that explain nearly all


def leaking_column(view: View) -> Finding | None:
    """A column that predicts the target almost alone, and better than all others together.

    The skill of a column alone (`univariate.skill`) is compared with that of a forest on all other columns. A strong
    column among others as strong is common in sound tables. Reported in any case are nearly perfect columns, and strong
    ones without which the rest explain little: columns filled in after the fact seldom come alone.

    A person or a date may predict the target because rows of one person, or near in time, are alike. Other checks
    report these, and they are left out here. Two kinds of them stay: columns of codes that are not named like a person,
    and dates that predict classes nearly perfectly.
    """
    people = {name for name in columns_named_by(view, "crossing_groups") if is_person(name)}
    # the date of a number that drifts predicts it by nature
    classes = bool(view.targets and view.targets[0].n_classes)
    dates = columns_named_by(view, "ignored_time")
    leaking = [
        one
        for one in leaks(view)
        if one[0].column not in people and (one[0].column not in dates or (classes and one[0].skill >= PERFECT))
    ]
    if not leaking:
        return None
    worst = max((one[1] for one in leaking), key=("low", "medium", "high").index)
    names = [one[0].column for one in leaking]
    first, _, rest = leaking[0]
    others = f", all other columns together {percent(max(rest, 0))}" if rest is not None else ""
    explained, target = percent(max(first.skill, 0), 1), repr(first.target)
    message = (
        f"{quoted(names)} alone explains {explained} of {target}{others}. "
        if len(names) == 1
        else f"{quoted(names)} each predict {target} well without the others: the first explains {explained}{others}. "
    )
    message += "Such a column is often filled in after the fact, or made from the target."
    become, it = ("becomes", "it") if len(names) == 1 else ("become", "them")
    step = f"Check when {quoted(names)} {become} known; if only together with the target, leave {it} out."
    return Finding("leaking_column", worst, message, step, tuple(names), (), len(names))


@remembered
def leaks(view: View) -> list[tuple[ColumnSkill, Severity, float | None]]:
    """Suspected columns, each with its severity and the skill of all others.

    The skill is None where there was no time to fit a model, or there are too many classes.
    """
    leaking: list[tuple[ColumnSkill, Severity, float | None]] = []
    if len(view.known) < LEAST_ROWS or view.frame is None:
        return leaking
    copied = copies(view)
    least = LIKELY_CLASSES if view.targets and view.targets[0].n_classes else LIKELY_NUMBERS
    likely = [one for one in column_skills(view) if one.is_used and one.skill >= least and one.column not in copied]
    suspects = likely[:MOST_SUSPECTS]
    without: float | None = None
    for one in suspects:
        target = next(t for t in view.targets if t.name == one.target)
        if one.skill >= PERFECT and target.n_classes > MOST_CLASSES:
            leaking.append((one, "high", None))
            continue
        if target.n_classes > MOST_CLASSES:
            continue
        try:
            view.before_learning()
        except TooLate:
            leaking.append((one, "medium", None))
            continue
        values = target.values[view.known]
        rest = model_skill(view.matrix(view.known, (*copied, one.column)), values, target.n_classes)
        open_alone, open_rest = 1 - one.skill, 1 - rest
        n_others = sum(c.name not in copied for c in view.used) - 1
        if one.skill >= STRONG and open_rest >= FAR_ABOVE * open_alone:
            leaking.append((one, "high" if n_others >= LEAST_OTHERS or one.skill >= PERFECT else "medium", rest))
        elif one.skill >= PERFECT or (open_rest >= ABOVE * open_alone and n_others >= LEAST_OTHERS):
            leaking.append((one, "medium", rest))
        elif len(suspects) > 1 and one.skill >= TOGETHER:
            if without is None:
                inputs = view.matrix(view.known, (*copied, *(s.column for s in suspects)))
                without = model_skill(inputs, values, target.n_classes)
            if 1 - without >= TOGETHER_ABOVE * open_alone:
                leaking.append((one, "medium", without))
    return leaking


# --------------------------------------------------------------------------- order


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
    step = (
        f"Leave {quoted(used)} out of the data."
        if used
        else "It is left out of both sides; keep it out, and do not part rows by their position."
    )
    grave = max((explained for c, explained in ordered if c.kind not in UNUSED_KINDS), default=0.0) >= SORTED_GRAVELY
    return Finding("sorted_identifier", "high" if grave else "medium", message, step, tuple(names), (), len(names))


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
