"""Inputs that already hold the answer: copies of the target, columns that tell it almost alone, sorted identifiers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.audit.models import model_skill
from automl.audit.univariate import ColumnSkill, column_skills, correlations, follows, numbers_of, order_of
from automl.audit.view import Target, TooLate, View, already_told, is_person, named, remembered
from automl.records import UNUSED_KINDS, Column, Finding, Severity

__all__ = ["copied_target", "copies", "leaking_column", "leaks", "sorted_identifier", "sorted_rows"]

LEAST_ROWS = 20
SAME = 1 - 1e-9
WHOLE = 0.9
"""Share of rows in which a copy must be there."""
MOST_REPEATED = 0.8
"""Different values a row, from which a level for each is no news."""
LIKELY_CLASSES, LIKELY_NUMBERS = 0.6, 0.9
"""Skill alone from which a column is held against all others together; one that tells most of a number is common."""
STRONG = 0.8
PERFECT = 0.99
FAR_ABOVE = 4.0
LEAST_OTHERS = 3
"""Other columns from which it is grave that they say far less: of two, one may well be what the target hangs on."""
ABOVE = 1.5
TOGETHER, TOGETHER_ABOVE = 0.85, 6.0
"""Skill, and ratio to what is left open without any suspect, from which suspects that hide each other are told."""
MOST_SUSPECTS = 3
MOST_CLASSES = 100
SORTED, SORTED_GRAVELY = 0.3, 0.6


# --------------------------------------------------------------------------- copies


def copied_target(view: View) -> Finding | None:
    """Columns that are the target again: equal, with other names for its labels, or rescaled."""
    found = copies(view)
    if not found:
        return None
    names = list(found)
    used = [name for name in names if next(c for c in view.columns if c.name == name).kind not in UNUSED_KINDS]
    said = "; ".join(f"{name!r} {found[name]}" for name in names[:5])
    message = (
        f"{said}. Whoever has such a column need not predict, and new rows will hardly have it: every score would be "
        "too good."
    )
    step = f"Leave {named(used or names)} out of the data" + ("." if used else "; here it is left out already.")
    return Finding("copied_target", "high" if used else "medium", message, step, tuple(names), (), len(names))


@remembered
def copies(view: View) -> dict[str, str]:
    """Names of columns that copy a target, and how."""
    found: dict[str, str] = {}
    if len(view.known) < LEAST_ROWS:
        return found
    for column in view.columns:
        for target in view.targets:
            how = _copies(column, view.known_frame[column.name], target, view.known)
            if how is not None:
                found.setdefault(column.name, f"{how} {target.name!r}")
    return found


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
            return "has a level of its own for each value of" if n_seen > 2 else "tells apart the two values of"
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


# --------------------------------------------------------------------------- columns that tell nearly all


def leaking_column(view: View) -> Finding | None:
    """A column that tells the target almost alone, and more than all the others together.

    What a column says alone (`alone.skill`) is held against what a forest says from all others: a strong column among
    others as strong is how many honest tables look. Nearly perfect columns are told in either case, and so are several
    strong ones without which the others say little: columns filled in after the fact seldom come alone. A person or a
    date that tells the target because rows of one, or near in time, are alike is another fault, told by its own check.
    It excuses neither a code that is not named like a person, nor a date that tells the target nearly perfectly.
    """
    people = {name for name in already_told(view, "crossing_groups") if is_person(name)}
    classes = bool(view.targets and view.targets[0].n_classes)  # a number that drifts is told by its date by nature
    dates = already_told(view, "ignored_time")
    found = [
        one
        for one in leaks(view)
        if one[0].column not in people and (one[0].column not in dates or (classes and one[0].skill >= PERFECT))
    ]
    if not found:
        return None
    worst = max((one[1] for one in found), key=("low", "medium", "high").index)
    names = [one[0].column for one in found]
    first, _, rest = found[0]
    others = f", all others together {max(rest, 0):.0%}" if rest is not None else ""
    told = f"explains {max(first.skill, 0):.1%} of what there is to know of {first.target!r}{others}"
    message = (
        f"{named(names)} {'alone ' if len(names) == 1 else 'each alone tell nearly everything: the first '}{told}. "
        "A column this telling is often filled in after the fact, or made from the target."
    ).replace("%", " %")
    become, it = ("becomes", "it") if len(names) == 1 else ("become", "them")
    step = f"Check when {named(names)} {become} known; if only together with the target, leave {it} out."
    return Finding("leaking_column", worst, message, step, tuple(names), (), len(names))


@remembered
def leaks(view: View) -> list[tuple[ColumnSkill, Severity, float | None]]:
    """Columns under suspicion, how strong, and what all others together say; None where time or classes forbid it."""
    found: list[tuple[ColumnSkill, Severity, float | None]] = []
    if len(view.known) < LEAST_ROWS or view.frame is None:
        return found
    copied = copies(view)
    least = LIKELY_CLASSES if view.targets and view.targets[0].n_classes else LIKELY_NUMBERS
    likely = [one for one in column_skills(view) if one.is_used and one.skill >= least and one.column not in copied]
    suspects = likely[:MOST_SUSPECTS]
    without: float | None = None
    for one in suspects:
        target = next(t for t in view.targets if t.name == one.target)
        if one.skill >= PERFECT and target.n_classes > MOST_CLASSES:
            found.append((one, "high", None))
            continue
        if target.n_classes > MOST_CLASSES:
            continue
        try:
            view.before_learning()
        except TooLate:
            found.append((one, "medium", None))
            continue
        values = target.values[view.known]
        rest = model_skill(view.matrix(view.known, (*copied, one.column)), values, target.n_classes)
        open_alone, open_rest = 1 - one.skill, 1 - rest
        beside = sum(c.name not in copied for c in view.used) - 1
        if one.skill >= STRONG and open_rest >= FAR_ABOVE * open_alone:
            found.append((one, "high" if beside >= LEAST_OTHERS or one.skill >= PERFECT else "medium", rest))
        elif one.skill >= PERFECT or (open_rest >= ABOVE * open_alone and beside >= LEAST_OTHERS):
            found.append((one, "medium", rest))
        elif len(suspects) > 1 and one.skill >= TOGETHER:
            if without is None:
                inputs = view.matrix(view.known, (*copied, *(s.column for s in suspects)))
                without = model_skill(inputs, values, target.n_classes)
            if 1 - without >= TOGETHER_ABOVE * open_alone:
                found.append((one, "medium", without))
    return found


# --------------------------------------------------------------------------- order


def sorted_identifier(view: View) -> Finding | None:
    """Identifiers whose order goes with the target, such as numbers given out class by class."""
    found = []
    if len(view.known) < LEAST_ROWS:
        return None
    for column in view.columns:
        series = view.known_frame[column.name]
        if column.kind != "identifier" and not _counts_rows(column, series):
            continue
        told = _in_order(view, order_of(series))
        if told >= SORTED:
            found.append((column, told))
    if not found:
        return None
    used = [c.name for c, _ in found if c.kind not in UNUSED_KINDS]
    names = [c.name for c, _ in found]
    who, whose = ("number", "their") if len(names) > 1 else ("numbers", "its")
    told_most = f"{max(told for _, told in found):.0%}".replace("%", " %")
    message = (
        f"{named(names)} only {who} the rows, yet {whose} order explains {told_most} of {view.task.target[0]!r}: the "
        "number tells the answer here and will not in new rows."
    )
    step = (
        f"Leave {named(used)} out of the data."
        if used
        else "It is left out of both sides; keep it out, and do not part rows by their position."
    )
    grave = max((told for c, told in found if c.kind not in UNUSED_KINDS), default=0.0) >= SORTED_GRAVELY
    return Finding("sorted_identifier", "high" if grave else "medium", message, step, tuple(names), (), len(names))


def _in_order(view: View, place: np.ndarray) -> float:
    return max((follows(place, t.values[view.known], t.n_classes) for t in view.targets), default=0.0)


def _counts_rows(column: Column, series: pd.Series) -> bool:
    """Whether numbers that models would learn from do no more than number the rows."""
    if column.kind != "numeric" or series.dtype.kind != "f":
        return False
    values = series.to_numpy()
    if not np.isfinite(values).all() or not (values == np.round(values)).all():
        return False
    steps = np.diff(values)
    return bool(len(np.unique(values)) == len(values) and ((steps > 0).all() or (steps < 0).all()))


def sorted_rows(view: View) -> Finding | None:
    """Rows that lie in the order of the target."""
    if len(view.known) < LEAST_ROWS or view.task.time_column is not None:
        return None
    place = view.known if view.dataset.row_numbers is None else view.dataset.row_numbers[view.known]
    told = _in_order(view, np.asarray(place, np.float64))
    if told < SORTED:
        return None
    message = (
        f"Rows lie in the order of the target: their position explains {told:.0%} of {view.task.target[0]!r}. Shuffled "
        "rows part fairly, first and last rows would not."
    ).replace("%", " %")
    step = "Do not part this file by position, and do not add the row number as a column."
    return Finding("sorted_rows", "low", message, step)
