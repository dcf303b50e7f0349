"""Leaks: inputs that copy the target, and columns that predict it almost alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from automl.audit.models import model_skill
from automl.audit.steps import left_out
from automl.audit.univariate import (
    ColumnSkill,
    chance_skill,
    column_skills,
    correlations,
    numbers_of,
)
from automl.audit.view import Target, View, columns_named_by, is_person, quoted, remembered
from automl.detect.quoting import percent
from automl.records import UNUSED_KINDS, Column, Finding, Severity

__all__ = ["copied_target", "copies", "leaking_column", "leaks"]

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
    if not used:
        step = f"Leave {quoted(names)} out of the data; here it is left out already."
        return Finding("copied_target", "medium", message, step, tuple(names), (), len(names))
    step, options = left_out(used)
    return Finding("copied_target", "high", message, step, tuple(names), (), len(names), options=options)


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
    become = "becomes" if len(names) == 1 else "become"
    step, options = left_out(names, f"Check when {quoted(names)} {become} known; if only together with the target,")
    return Finding("leaking_column", worst, message, step, tuple(names), (), len(names), options=options)


@remembered
def leaks(view: View) -> list[tuple[ColumnSkill, Severity, float | None]]:
    """Suspected columns, each with its severity and the skill of all others; for at most `MOST_SUSPECTS` + 1 fits.

    A suspect predicts a target well, and better than any column predicts it with its rows shuffled, which matters in
    small tables of many columns. The skill of the others is None where there are too many classes for a model.
    """
    if len(view.known) < LEAST_ROWS or view.frame is None:
        return []
    copied = tuple(copies(view))
    least = LIKELY_CLASSES if view.targets and view.targets[0].n_classes else LIKELY_NUMBERS
    likely = [one for one in column_skills(view) if one.is_used and one.skill >= least and one.column not in copied]
    if likely:
        likely = [one for one in likely if one.skill > chance_skill(view)]
    targets = {target.name: target for target in view.targets}
    many = [one for one in likely[:MOST_SUSPECTS] if targets[one.target].n_classes > MOST_CLASSES]
    suspects = [one for one in likely[:MOST_SUSPECTS] if one not in many]
    leaking: list[tuple[ColumnSkill, Severity, float | None]] = [
        (one, "high", None) for one in many if one.skill >= PERFECT
    ]
    if suspects:
        leaking += _compared(view, suspects, likely, copied)
    return leaking


def _compared(
    view: View, suspects: Sequence[ColumnSkill], likely: Sequence[ColumnSkill], copied: tuple[str, ...]
) -> list[tuple[ColumnSkill, Severity, float | None]]:
    """The suspects that are leaks, by comparison with the other columns.

    The first model leaves all suspects out, and all nearly perfect columns. Others can only add to what it explains, so
    that no further model is needed if it explains nearly as much as the best suspect.
    """
    perfect = [one for one in likely if one.skill >= PERFECT and one not in suspects]
    strong = {one.column for one in (*suspects, *perfect)}
    target, best = suspects[0].target, suspects[0].skill
    without = _rest(view, target, (*copied, *strong))
    if best < PERFECT and 1 - without < ABOVE * (1 - best) and all(one.target == target for one in suspects):
        return []
    n_others = sum(c.name not in copied for c in view.used) - 1
    leaking: list[tuple[ColumnSkill, Severity, float | None]] = []
    for one in (*suspects, *perfect):
        rest = without
        if len(strong) > 1 and one not in perfect:
            rest = _rest(view, one.target, (*copied, one.column))
        hidden = len(strong) > 1 and one.target == target and one.skill >= TOGETHER
        hidden = hidden and 1 - without >= TOGETHER_ABOVE * (1 - one.skill)
        severity = _severity(one.skill, rest, n_others, hidden)
        if severity is not None:
            leaking.append((one, severity, min(rest, without) if hidden else rest))
    return leaking


def _rest(view: View, target: str, leave_out: tuple[str, ...]) -> float:
    """How well a forest on all other columns predicts a target."""
    one = next(t for t in view.targets if t.name == target)
    first = [skill.column for skill in column_skills(view)]
    return model_skill(view.matrix(view.known, leave_out, first), one.values[view.known], one.n_classes)


def _severity(skill: float, rest: float, n_others: int, hidden: bool) -> Severity | None:
    """How grave it is that a column predicts a target so well by itself; None where it is common in sound tables.

    Args:
        skill: of the column alone.
        rest: of all other columns together.
        n_others: how many there are.
        hidden: other suspects are among the others, without which these explain little.
    """
    open_alone, open_rest = 1 - skill, 1 - rest
    if skill >= STRONG and open_rest >= FAR_ABOVE * open_alone:
        return "high" if n_others >= LEAST_OTHERS or skill >= PERFECT else "medium"
    if skill >= PERFECT:
        return "high" if hidden and n_others >= LEAST_OTHERS else "medium"
    return "medium" if hidden or (open_rest >= ABOVE * open_alone and n_others >= LEAST_OTHERS) else None
