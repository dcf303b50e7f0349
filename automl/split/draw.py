"""Draws rows for a part of the split: stratified, by whole groups, or the latest."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl import goals
from automl.errors import DataError
from automl.records import Dataset, Task
from automl.system.counts import counted

__all__ = [
    "LEAST_OF_A_CLASS", "TEST_SHARE", "blocks_of", "codes_of", "grouped", "latest", "may_be_drawn",
    "shuffle_words", "strata_of", "stratified",
]  # fmt: skip

TEST_SHARE = 0.2
"""Share of the rows, or of a series, that is used as test."""

LEAST_OF_A_CLASS = 3
"""Rows with which a class is in all parts: training, validation and test."""


def codes_of(labels: np.ndarray) -> np.ndarray:
    """``(n,)`` int64: a code for each distinct label, in order of first occurrence."""
    return np.asarray(pd.factorize(labels)[0], np.int64)


def shuffle_words(dataset: Dataset, task: Task) -> str:
    """How `stratified` draws, in words; without a target there are no strata."""
    return "shuffled" if dataset.target is None else f"shuffled and stratified by {goals.named(task).strata_words}"


def strata_of(dataset: Dataset, task: Task, rows: np.ndarray) -> np.ndarray:
    """``(n,)`` int64: the code of each row's stratum, as the goal defines it."""
    if dataset.target is None:
        return np.zeros(len(rows), np.int64)
    return goals.named(task).strata(dataset.target.iloc[rows])


def stratified(
    dataset: Dataset,
    task: Task,
    rows: np.ndarray,
    share: float,
    rng: np.random.Generator,
    most: int | None = None,
    *,
    stay: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the same share of every stratum. A class that may be drawn gives at least one row.

    Args:
        dataset: that is split.
        task: its goal defines the strata.
        rows: row numbers to draw from.
        share: of `rows`.
        rng: draws them.
        most: rows that are drawn at most, but for those that a rare class must give.
        stay: rows of each class that are never drawn: one for each part that is still to be filled.

    Returns:
        (rest, drawn): row numbers.

    Raises:
        DataError: no class has enough rows.
    """
    strata = strata_of(dataset, task, rows)
    free = may_be_drawn(dataset, task, rows, stay)
    if not free.any():
        raise DataError(
            f"every class of {', '.join(task.target)} in {dataset.name} has fewer than {LEAST_OF_A_CLASS} rows; "
            f"gather more rows of each class"
        )
    n_wanted = max(1, round(share * len(rows)))
    n_wanted = min(n_wanted, most or n_wanted, max(1, int(0.5 * free.sum())))
    order = np.flatnonzero(free)
    order = order[np.lexsort((rng.random(len(order)), strata[order]))]
    # Every k-th row of the rows sorted by stratum: each stratum gives its share, plus or minus one row.
    at = np.floor((np.arange(n_wanted) + rng.random()) * len(order) / n_wanted).astype(np.int64)
    drawn = np.zeros(len(rows), bool)
    drawn[order[at]] = True
    if goals.named(task).is_classification:
        _at_least_one_of_each(strata, order, drawn, stay)
    return rows[~drawn], rows[drawn]


def may_be_drawn(dataset: Dataset, task: Task, rows: np.ndarray, stay: int = 1) -> np.ndarray:
    """Which rows may be drawn; without classes, all.

    With classes, those of a class that has `LEAST_OF_A_CLASS` rows in all the data and more than `stay` among `rows`.

    Args:
        dataset: that is split.
        task: its goal defines the strata.
        rows: ``(n,)`` row numbers to draw from.
        stay: rows of each class that are never drawn.
    """
    if not goals.named(task).is_classification:
        return np.ones(len(rows), bool)
    whole = strata_of(dataset, task, np.arange(dataset.n_rows))
    common = np.bincount(whole)[whole[rows]] >= LEAST_OF_A_CLASS
    return np.asarray(common & (np.bincount(whole[rows])[whole[rows]] > stay))


def _at_least_one_of_each(strata: np.ndarray, order: np.ndarray, drawn: np.ndarray, stay: int) -> None:
    """Correct a draw: one row at least of each stratum that may be drawn, and `stay` rows at least that are not.

    Args:
        strata: ``(n,)`` codes.
        order: ``(k,)`` positions that may be drawn, sorted by stratum, in random order within one.
        drawn: ``(n,)`` bool, changed in place.
        stay: rows of each stratum that stay.
    """
    taken, sizes = np.bincount(strata[drawn], minlength=int(strata.max()) + 1), np.bincount(strata)
    for stratum in np.unique(strata[order]):
        own = order[strata[order] == stratum]
        if taken[stratum] == 0:
            drawn[own[0]] = True
        elif (extra := taken[stratum] + stay - sizes[stratum]) > 0:
            drawn[own[drawn[own]][:extra]] = False


def grouped(
    dataset: Dataset, task: Task, rows: np.ndarray, share: float, rng: np.random.Generator, most: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(rest, drawn): whole groups; of 20 shuffles, the one nearest to the wanted share and to the class shares."""
    assert dataset.groups is not None
    codes = codes_of(dataset.groups[rows])
    n_groups = int(codes.max()) + 1
    if n_groups < 3:
        raise DataError(
            f"group column {task.group_column!r} has {counted(n_groups, 'group')} among {counted(len(rows), 'row')}; "
            f"at least 5 are needed to split them"
        )
    sizes = np.bincount(codes)
    wanted = min(share * len(rows), most or len(rows))
    strata = strata_of(dataset, task, rows)
    table = np.zeros((n_groups, int(strata.max()) + 1))
    np.add.at(table, (codes, strata), 1.0)
    best, best_miss = None, np.inf
    for _ in range(20):
        order = rng.permutation(n_groups)
        filled = np.cumsum(sizes[order])
        n = int(np.clip(np.abs(filled - wanted).argmin() + 1, 1, n_groups - 1))
        chosen = order[:n]
        got = table[chosen].sum(axis=0)
        gone = ((table.sum(axis=0) - got) == 0).sum()  # classes without a row in training
        miss = (
            abs(got.sum() - wanted) / len(rows)
            + np.abs(got / max(got.sum(), 1) - table.sum(axis=0) / len(rows)).sum()
            + gone
        )
        if miss < best_miss:
            best, best_miss = chosen, miss
    assert best is not None
    drawn = np.isin(codes, best)
    return rows[~drawn], rows[drawn]


def latest(dataset: Dataset, rows: np.ndarray, share: float, most: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(earlier, latest): split in time; rows with equal times stay together."""
    assert dataset.times is not None
    times = dataset.times[rows]
    order = np.argsort(times, kind="stable")
    wanted = max(1, min(round(share * len(rows)), most or len(rows)))
    cuts = np.flatnonzero(np.diff(times[order])) + 1  # first rows of a later time
    if not len(cuts):
        raise DataError(
            f"all {len(rows):,} rows that are to be split in time have the same time; name another time_column"
        )
    cut = int(cuts[np.abs(cuts - (len(rows) - wanted)).argmin()])
    return rows[order[:cut]], rows[order[cut:]]


def blocks_of(dataset: Dataset, test: np.ndarray) -> np.ndarray:
    """A block for each test row: some sqrt(n) blocks of neighbouring times (at most 60); equal times share a block."""
    assert dataset.times is not None
    times = dataset.times[np.sort(test)]
    n_blocks = int(np.clip(np.sqrt(len(test)), 1, 60))
    rank = np.searchsorted(np.sort(times), times, side="left")
    return np.asarray(np.unique(rank * n_blocks // len(test), return_inverse=True)[1], np.int64)
