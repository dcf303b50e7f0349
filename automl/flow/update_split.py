"""Which rows of an update learn and which test: none that chose the settings, where the split allows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from automl.errors import RecipeError
from automl.intake import Grown, Rows, joined
from automl.intake.row_hashes import row_hashes

if TYPE_CHECKING:
    from automl.flow.prepare import Prepared
    from automl.records import Recipe

__all__ = ["Parted", "parted"]

NEW_TEST_SHARE = 0.2
"""Of the new rows, those that test: the share of a split."""


@dataclass(frozen=True, slots=True, eq=False)
class Parted:
    """The rows of an update.

    Attributes:
        train: to learn from; all rows where the latest of them test.
        test: that test; None where the latest of all rows do.
        chose: ``(len(train),)`` bool: rows that the settings were chosen on, and new rows that repeat one of them.
        n_repeats: new rows that repeat an old row word for word.
    """

    train: Rows
    test: Rows | None
    chose: np.ndarray
    n_repeats: int = 0


def parted(rows: Grown, prepared: Prepared, recipe: Recipe) -> Parted:
    """Part the rows into those to learn from and those that test.

    A new row that repeats an old one word for word goes where that one is: it must not test if that one chose the
    settings, and must not be learnt from if that one tests.

    Args:
        rows: old and new rows.
        prepared: the old rows, with the split of the run.
        recipe: of the run.

    Raises:
        RecipeError: the rows have weights that were given in memory, or lack the column of groups.
    """
    if recipe.weight is not None and not isinstance(recipe.weight, str):
        raise RecipeError("weight: an update needs the weights as a column of the data; write them into it")
    if recipe.group is not None and rows.new.column(recipe.group) is None:
        raise RecipeError(
            f"group: the run kept rows of one {recipe.group!r} together, and the new rows have no such column, nor do "
            "names of files tell it of old and new rows alike; add the column to the data and to the new rows, and run "
            "a new contest"
        )
    tested = _of(rows, prepared, prepared.split.test)
    if prepared.split.in_time:
        old = _of(rows, prepared, np.concatenate([prepared.split.train, prepared.split.valid]))
        again, of_test = _repeats(rows, old)
        marks = [old, *([] if rows.test is None else [np.zeros(len(rows.test), bool)]), again]
        whole = joined([rows.old, rows.test, rows.new])
        return Parted(whole, None, np.concatenate(marks), int((again | of_test).sum()))
    again, of_test = _repeats(rows, ~tested)
    drawn = (_drawn(rows, tested, recipe) | of_test) & ~again
    train = joined([rows.old.take(~tested), rows.new.take(~drawn)])
    test = joined([rows.old.take(tested), rows.test, rows.new.take(drawn)])
    chose = np.concatenate([np.ones(int((~tested).sum()), bool), again[~drawn]])
    return Parted(train, test, chose, int((again | of_test).sum()))


def _of(rows: Grown, prepared: Prepared, part: np.ndarray) -> np.ndarray:
    """``(n_old,)`` bool: the old rows of a part of the run's split."""
    dataset = prepared.dataset
    numbers = (np.arange(dataset.n_rows) if dataset.row_numbers is None else dataset.row_numbers)[part]
    return np.isin(rows.numbers, numbers if dataset.test_from is None else numbers[numbers < dataset.test_from])


def _repeats(rows: Grown, chose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """New rows that repeat one of `chose`, and those that repeat another old row.

    Args:
        rows: old and new rows.
        chose: ``(n_old,)`` bool.

    Returns:
        ``(n_new,)`` bool each.
    """
    old, new, *theirs = row_hashes([rows.old, rows.new, *([] if rows.test is None else [rows.test])])
    again = np.isin(new, old[chose])
    return again, np.isin(new, np.concatenate([old[~chose], *theirs])) & ~again


def _drawn(rows: Grown, tested: np.ndarray, recipe: Recipe) -> np.ndarray:
    """``(n_new,)`` bool: the new rows that test, a share of each class; rows of a known group go where it is."""
    n_new = len(rows.new)
    rng = np.random.default_rng((recipe.seed, len(rows.old), n_new))
    if recipe.group is not None:
        return _drawn_groups(rows, tested, recipe.group, rng)
    strata = np.zeros(n_new, np.int64)
    labels = rows.new.column(recipe.target[0]) if len(recipe.target) == 1 else None
    if labels is not None:
        codes = np.unique(labels.astype(str).to_numpy(), return_inverse=True)[1]
        strata = codes if codes.max(initial=0) < n_new * NEW_TEST_SHARE else strata
    drawn = np.zeros(n_new, bool)
    for stratum in np.unique(strata):
        members = rng.permutation(np.flatnonzero(strata == stratum))
        drawn[members[: int(NEW_TEST_SHARE * len(members) + rng.random())]] = True
    return drawn


def _drawn_groups(rows: Grown, tested: np.ndarray, group: str, rng: np.random.Generator) -> np.ndarray:
    groups, old = _labels(rows.new, group), _labels(rows.old, group)
    testing = set(old[tested]) | (set() if rows.test is None else set(_labels(rows.test, group)))
    fresh = rng.permutation(sorted(set(groups) - set(old) - testing))
    chosen = testing | set(fresh[: int(NEW_TEST_SHARE * len(fresh) + rng.random())].tolist())
    return np.isin(groups, sorted(chosen))


def _labels(rows: Rows, name: str) -> np.ndarray:
    column = rows.column(name)
    return np.empty(0, object) if column is None else column.astype(str).to_numpy()
