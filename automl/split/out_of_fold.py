"""Folds of the rows that chose no settings: each is predicted by models that learn from all other rows."""

from __future__ import annotations

import numpy as np

from automl.records import Dataset, Split, Task
from automl.split.classes import refuse_one_class
from automl.split.draw import codes_of, may_be_drawn, strata_of

__all__ = ["fold_splits", "rows_that_chose"]

SEED_STEP = 5


def rows_that_chose(split: Split, n_holdouts: int) -> np.ndarray:
    """The rows by which settings, lengths and members were chosen: the validation rows of so many hold-outs.

    Args:
        split: of the contest.
        n_holdouts: the most hold-outs on which a trial was judged.
    """
    others = [valid for _, valid in split.folds[1:n_holdouts]]
    return np.unique(np.concatenate([split.valid, *others]))


def fold_splits(dataset: Dataset, task: Task, split: Split, n_holdouts: int, n_folds: int) -> tuple[Split, ...]:
    """Splits whose test rows are the folds of all rows that chose nothing, test rows of the contest among them.

    Rows that chose settings are never tested, since settings fit them, but all splits learn from them. Groups stay
    whole; otherwise each stratum is spread over all folds, and classes of too few rows are never tested.

    Args:
        dataset: that is split, not in time.
        task: its goal defines the strata.
        split: of the contest; its validation rows are those of every fold.
        n_holdouts: see `rows_that_chose`.
        n_folds: number of folds.

    Raises:
        DataError: no row of one of two classes would train.
    """
    chose = rows_that_chose(split, n_holdouts)
    everything = np.sort(np.concatenate([split.train, split.valid, split.test]))
    free = np.setdiff1d(everything, chose)
    rng = np.random.default_rng((split.seed % 2**32, SEED_STEP))
    if split.units == "group" and dataset.groups is not None:
        fold_of = _of_groups(codes_of(dataset.groups[free]), n_folds, rng)
    else:
        free = free[may_be_drawn(dataset, task, free)]
        fold_of = _of_strata(strata_of(dataset, task, free), n_folds, rng)
    made = []
    for fold in range(n_folds):
        test = free[fold_of == fold]
        if not len(test):
            continue
        train = np.setdiff1d(everything, np.concatenate([test, split.valid]))
        groups = dataset.groups is not None and split.units == "group"
        ids = codes_of(dataset.groups[test]) if groups else np.arange(len(test))  # type: ignore[index]
        part = Split(train, split.valid, test, split.units, ids, f"fold {fold + 1} of {n_folds}", split.seed)
        refuse_one_class(part, dataset, task)
        made.append(part)
    return tuple(made)


def _of_strata(strata: np.ndarray, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """``(n,)`` the fold of each row: the rows of each stratum, in random order, go to the folds in turn."""
    order = np.lexsort((rng.random(len(strata)), strata))
    fold_of = np.empty(len(strata), np.int64)
    fold_of[order] = np.arange(len(strata)) % n_folds
    return fold_of


def _of_groups(codes: np.ndarray, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """``(n,)`` the fold of each row: the largest groups first, each goes to the fold with the fewest rows."""
    sizes = np.bincount(codes)
    order = rng.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    filled, fold_of_group = np.zeros(n_folds, np.int64), np.empty(len(sizes), np.int64)
    for group in order:
        fold = int(filled.argmin())
        fold_of_group[group] = fold
        filled[fold] += sizes[group]
    return np.asarray(fold_of_group[codes])
