"""Groups: the same person, device or place in training and test rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from automl.audit.entities import Compared, compared, constant_within, is_count
from automl.audit.leakage import copies
from automl.audit.univariate import skill
from automl.audit.view import View, is_person, quoted, remembered, sample_of
from automl.detect.columns.sample import is_named
from automl.detect.quoting import percent
from automl.records import Column, Finding, Severity
from automl.system.advice import advice

__all__ = ["crossing_groups", "rows_of_a_level"]

CODE_ONLY = r"id|ids|code|key|uid|uuid|hash"
CODE = rf"{CODE_ONLY}|no|nr|num|number"
"""Parts of names of ids; those of the first are no counts."""
LEAST_LEVELS = 10
ROWS_A_LEVEL = (1.5, 200.0)
CROSSING = 0.3
CODES = 0.9
"""Share of the levels that hold digits, from which a column of words holds codes."""
LEAST_LEARNT, LEAST_LOST = 0.05, 0.03
"""Share of the target that a quick model explains, and explains less on new groups, from which groups are grave."""
MOST_SHARED = 4
ALIKE, VERY_ALIKE = 0.2, 0.6
MOST_COUNTED = 200_000
MOST_ROWS, MOST_TEST = 1_000_000, 20_000
"""Rows of training and test whose levels are compared."""
ALL_READ = 0.9
"""Share of the source's rows from which they are taken for all of them."""
MOST_CANDIDATES = 10
"""Columns whose levels are compared, those that are named like persons first."""


@remembered
def crossing_groups(view: View) -> Finding | None:
    """A column of groups whose levels occur in both training and test rows.

    A column may hold groups if it is named like a person, device or session, or holds codes, and its levels have
    several rows each. How well a level's other rows predict the target (`univariate.skill`) measures how much a model
    gains by recognising the group. An id whose rows share other columns' values (`entities.constant_within`) is one
    whatever its name, and a quick model says what its held-out rows would score.
    """
    split, task = view.split, view.task
    if view.frame is None or split is None or not len(split.test) or task.group_column is not None:
        return None
    if view.goal.in_windows or split.units == "group":
        return None
    crossing: list[Crossing] = []
    known, test = np.union1d(split.train, split.valid)[:MOST_ROWS], sample_of(split.test, MOST_TEST)
    given = view.dataset.given is not None and bool(view.dataset.given.any())
    for column, n_levels, rows in _candidates(view):
        alike, share, n_seen = _crossing(view, view.frame[column.name], known, test)
        if _share_read(view) < ALL_READ and split.units == "row" and not given:
            share = max(share, 1 - (len(split.test) / view.dataset.n_rows) ** (rows - 1))
        if share < CROSSING:
            continue
        shared = constant_within(view, column, known) if _is_id(view, column) else ()
        if shared or (_is_named_or_words(column) and (is_person(column.name) or alike >= VERY_ALIKE)):
            may_be_count = bool(shared) and _is_unnamed_count(view, column)
            crossing.append(Crossing(column, alike, share, max(n_levels, n_seen), shared, may_be_count))
    if not crossing:
        return None
    gravest = max(crossing, key=lambda one: (bool(one.shared), one.alike))
    quick = compared(view, gravest.column, known) if gravest.shared or gravest.alike >= ALIKE else None
    return _finding(gravest, quick, task.target[0])


@dataclass(frozen=True, slots=True)
class Crossing:
    """A column of groups that are on both sides of the split.

    Attributes:
        column: of groups.
        alike: how much of the target follows from the other rows of a group.
        share: of the test rows, those of a group with rows in training.
        n_levels: how many groups there are.
        shared: names of the columns that are constant within each group.
        may_be_count: whether the groups are numbers that may as well be a count, such as rooms.
    """

    column: Column
    alike: float
    share: float
    n_levels: int
    shared: tuple[str, ...]
    may_be_count: bool


def _finding(one: Crossing, quick: Compared | None, target: str) -> Finding:
    """The finding: grave where it is proved that models gain by recognising a group, and the column holds groups."""
    name = one.column.name
    loses = quick is not None and quick.explained >= LEAST_LEARNT and quick.lost >= LEAST_LOST
    is_entity = bool(one.shared) and not one.may_be_count
    grave = (one.alike >= ALIKE and (is_person(name) or is_entity)) or (is_entity and loses)
    severity: Severity = "high" if grave else "medium"
    said = [f"their values of {quoted(one.shared, MOST_SHARED)}"] if one.shared else []
    if one.alike >= ALIKE:
        said += [f"their {target!r} ({percent(max(one.alike, 0))} of it follows from its other rows)"]
    rows = f", and rows of one share {' and '.join(said)}" if said else ""
    scored = ""
    if quick is not None and said:
        scored = (
            f" A quick model scores {quick.score} {quick.at_random:.2f} with rows split at random and "
            f"{quick.by_id:.2f} with whole values of {name!r} held out."
        )
    message = (
        f"{percent(one.share)} of the test rows belong to one of {one.n_levels:,} values of {name!r} that also occur "
        f"in training rows{rows}.{scored} If new rows have other values, the test score is too good."
    )
    step = f"Pass {advice('group', [name])} so that each is wholly in training or wholly in test."
    options = (("group", (name,)),)
    return Finding("crossing_groups", severity, message, step, (name,), (), one.n_levels, options=options)


def _candidates(view: View) -> list[tuple[Column, int, float]]:
    """Columns that look like groups, how many groups each has, and how many rows a group has."""
    assert view.frame is not None
    candidates: list[tuple[Column, int, float]] = []
    for column in sorted(view.columns, key=lambda c: (not is_person(c.name), not _is_named_or_words(c))):
        if column.name in copies(view) or view.known_frame[column.name].nunique() < LEAST_LEVELS:
            continue
        n_levels, rows = _n_groups(view.frame[column.name], column, _share_read(view))
        if n_levels:
            candidates.append((column, n_levels, rows))
        if len(candidates) == MOST_CANDIDATES:
            break
    return candidates


def _is_id(view: View, column: Column) -> bool:
    """Whether a column may hold ids: by its name, its kind, or since nearly all of its levels hold digits."""
    assert view.frame is not None
    if is_person(column.name) or is_named(column.name, CODE) or column.kind != "categorical":
        return True
    levels = [level for level in view.known_frame[column.name].unique().tolist() if isinstance(level, str)]
    return sum(any(map(str.isdigit, level)) for level in levels) >= CODES * max(len(levels), 1)


def _is_unnamed_count(view: View, column: Column) -> bool:
    """Whether a column holds numbers from 0 or 1 on, and no name says that they are ids ("n_rooms", "num" do not)."""
    if column.kind != "numeric" or is_person(column.name) or is_named(column.name, CODE_ONLY):
        return False
    return is_count(view.known_frame[column.name])


def _is_named_or_words(column: Column) -> bool:
    """Whether a column may hold groups without a proof: words and codes, and numbers that are named as such."""
    return column.kind != "numeric" or is_person(column.name) or is_named(column.name, CODE)


def _n_groups(series: pd.Series, column: Column, share_read: float) -> tuple[int, float]:
    """How many groups a column has, 0 where it does not look like a column of groups; and the rows of a group."""
    are_codes = column.kind == "numeric"
    if column.kind not in ("categorical", "identifier", "unknown") and not are_codes:
        return 0, 1.0
    sample = series.iloc[sample_of(np.arange(len(series)), MOST_COUNTED)]
    n_levels = int(sample.nunique())
    rows = rows_of_a_level(len(sample) / max(n_levels, 1), share_read * len(sample) / len(series))
    if n_levels < LEAST_LEVELS or not ROWS_A_LEVEL[0] <= rows <= ROWS_A_LEVEL[1]:
        return 0, rows
    if are_codes:
        values = series.to_numpy(np.float64)
        values = values[np.isfinite(values)]
        if not len(values) or not (values == np.round(values)).all():
            return 0, rows
    return n_levels, rows


def _share_read(view: View) -> float:
    """The share of the source's rows that were read; 1 where the rows read follow each other."""
    numbers = view.dataset.row_numbers
    return 1.0 if numbers is None or not len(numbers) else min(1.0, len(numbers) / (int(numbers.max()) + 1))


def rows_of_a_level(rows_read: float, share_read: float) -> float:
    """Rows of a level in the whole source, by those in a random sample of it.

    Of a level with k rows a share s of the source holds k s rows, and at least one in 1 - (1 - s)^k of the cases. So
    the levels seen have k s / (1 - (1 - s)^k) rows each, which grows with k.

    Args:
        rows_read: mean number of rows of a level in the sample.
        share_read: share of the source's rows in the sample.
    """
    if share_read >= ALL_READ or rows_read <= 1:
        return rows_read
    low, high = 1.0, rows_read / share_read
    for _ in range(50):
        k = (low + high) / 2
        if k * share_read / -np.expm1(k * np.log1p(-share_read)) < rows_read:
            low = k
        else:
            high = k
    return low


def _crossing(view: View, series: pd.Series, known: np.ndarray, test: np.ndarray) -> tuple[float, float, int]:
    """How much of the target follows from the other rows of a level, and the share of test rows of a known level.

    Returns:
        Both, and the number of known levels.
    """
    codes = np.asarray(pd.factorize(series.iloc[np.concatenate([known, test])])[0], np.int64)
    ours, theirs = codes[: len(known)], codes[len(known) :]
    seen = np.bincount(ours[ours >= 0], minlength=int(codes.max(initial=0)) + 1) > 0
    share = float(((theirs >= 0) & seen[theirs]).mean())
    known, ours = known[ours >= 0], ours[ours >= 0]
    if _share_read(view) < ALL_READ:  # the partners of most rows were not read: a row alone says nothing of its level
        again = np.bincount(ours)[ours] > 1
        known, ours = known[again], ours[again]
    if len(ours) > MOST_COUNTED:  # a part of the levels, with all of their rows
        kept = ours < np.quantile(ours, MOST_COUNTED / len(ours))
        known, ours = known[kept], ours[kept]
    alike = max((skill(ours, t.values[known], t.n_classes) for t in view.targets), default=0.0)
    return alike, share, int(seen.sum())
