"""Draws further hold-outs for data with few rows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from automl import goals
from automl.records import Dataset, Split, Task
from automl.split.draw import grouped, may_be_drawn, stratified

__all__ = ["with_folds"]

FEW_ROWS = 2_000
HOLD_OUTS = 3
LEAST_HELD_OUT = 2


def with_folds(split: Split, dataset: Dataset, task: Task) -> Split:
    """The split, with further hold-outs if its rows are few. The first hold-out stays the same."""
    rest = np.union1d(split.train, split.valid)
    if len(rest) >= FEW_ROWS:
        return split
    rng = np.random.default_rng((split.seed % 2**32, HOLD_OUTS))
    pool, folds = split.train, [(split.train, split.valid)]
    while len(folds) < HOLD_OUTS:
        valid = _another(split, dataset, task, pool, rng)
        if valid is None:
            break
        folds.append((np.setdiff1d(rest, valid), valid))
        pool = np.setdiff1d(pool, valid)
    if len(folds) == 1:
        return split
    return dataclasses.replace(
        split,
        folds=tuple(folds),
        rule=f"{split.rule}; the rows are few, so {len(folds)} disjoint parts validate in turn",
    )


def _another(
    split: Split, dataset: Dataset, task: Task, pool: np.ndarray, rng: np.random.Generator
) -> np.ndarray | None:
    """Validation rows like those of the split, from a pool of rows not yet used for it; None if there are too few."""
    share = len(split.valid) / max(len(pool), 1)
    if share > 0.5:
        return None
    if split.units == "group":
        assert dataset.groups is not None
        if len(np.unique(dataset.groups[pool].astype(str))) < 3:
            return None
        valid = grouped(dataset, task, pool, share, rng)[1]
    else:
        if not may_be_drawn(dataset, task, pool).any():
            return None
        valid = stratified(dataset, task, pool, share, rng)[1]
    alike = len(valid) >= max(LEAST_HELD_OUT, len(split.valid) // 2) and _known(split, dataset, task, valid)
    return np.sort(valid) if alike else None


def _known(split: Split, dataset: Dataset, task: Task, valid: np.ndarray) -> bool:
    """Whether these rows give scores comparable to the split's own validation rows.

    Their target must vary if it varies there, and the other rows must contain all training classes.
    """
    assert dataset.target is not None
    if _varies(dataset.target.iloc[split.valid]) and not _varies(dataset.target.iloc[valid]):
        return False
    if not goals.named(task).is_one_class:
        return True
    labels = dataset.target.iloc[:, 0].to_numpy(object)
    train = np.setdiff1d(np.union1d(split.train, split.valid), valid)
    return set(labels[split.train]) <= set(labels[train])


def _varies(target: pd.DataFrame) -> bool:
    return bool((target.nunique() > 1).any())
