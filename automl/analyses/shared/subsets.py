"""Nested parts of the rows that finalists learn from: each smaller one lies within the larger ones of the same draw."""

from __future__ import annotations

import dataclasses

import numpy as np

from automl import goals
from automl.goals.shared.scoring import series_codes
from automl.records import Dataset, Split, Task
from automl.sides.items import refit_items
from automl.split.draw import codes_of, strata_of

__all__ = ["LEAST_ITEMS", "is_drawn", "subset"]

LEAST_ITEMS = 30
"""Training and validation items of the smallest part."""
LEAST_OF_A_CLASS = 2
TRAIN_SHARE = 0.8
"""Of a stretch of time, what counts as its training items: encoders learn from these alone."""


def is_drawn(split: Split) -> bool:
    """Whether parts are drawn at random, so that there are several of a size; otherwise they are the latest stretch."""
    return not split.in_time and split.train_windows is None


def subset(dataset: Dataset, task: Task, split: Split, share: float, draw: int) -> Split | None:
    """The split with a share of its training and validation items; its test items stay.

    Rows are drawn with the same share of each class and of each part, whole groups where the split keeps groups whole.
    Of rows in time, and of forecasts, the latest stretch stays.

    Args:
        dataset: all rows.
        task: its goal says what the classes are.
        split: of the contest.
        share: of the items; 1 for all.
        draw: number of the draw; parts of the same number are nested.

    Returns:
        None where so few items could not be learnt from.
    """
    if share >= 1:
        return split
    if split.refit_windows is not None:
        return _latest_windows(dataset, task, split, share)
    rows = np.sort(refit_items(split))
    least = max(LEAST_ITEMS, 2 * LEAST_OF_A_CLASS * _n_classes(task))
    if share * len(rows) < least:
        return None
    if not is_drawn(split):
        assert dataset.times is not None
        kept = rows[np.argsort(dataset.times[rows], kind="stable")][-round(share * len(rows)) :]
        n_train = max(1, round(len(kept) * len(split.train) / len(rows)))
        return _with_rows(split, kept[:n_train], kept[n_train:])
    rng = np.random.default_rng((split.seed % 2**32, 11, draw))
    if split.units == "group" and dataset.groups is not None:
        kept = _whole_groups(codes_of(dataset.groups[rows]), share, rng)
    else:
        kept = _stratified(dataset, task, split, rows, share, rng)
    own = rows[kept]
    return _with_rows(split, np.intersect1d(own, split.train), np.intersect1d(own, split.valid))


def _n_classes(task: Task) -> int:
    return len(task.classes) if goals.named(task).is_one_class else 1


def _with_rows(split: Split, train: np.ndarray, valid: np.ndarray) -> Split:
    """The split with these rows to learn from. A refit learns from both parts, but neither may be empty."""
    if len(valid) == 0:
        train, valid = train[:-1], train[-1:]
    elif len(train) == 0:
        train, valid = valid[:-1], valid[-1:]
    train, valid = np.sort(train), np.sort(valid)
    refit_rows = None if split.refit_rows is None else np.concatenate([train, valid])
    return dataclasses.replace(split, train=train, valid=valid, folds=(), refit_rows=refit_rows)


def _stratified(
    dataset: Dataset, task: Task, split: Split, rows: np.ndarray, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Positions of the drawn rows: of each class and part the first rows of a random order.

    The first two training rows of each class come before all others, so that no class is missing.
    """
    classes = strata_of(dataset, task, rows)
    strata = 2 * classes + np.isin(rows, split.valid)
    order = np.lexsort((rng.random(len(rows)), strata))
    begins = np.searchsorted(strata[order], strata[order], side="left")
    place = np.empty(len(rows))
    place[order] = np.arange(len(rows)) - begins
    key = (place + rng.random(len(rows))) / np.bincount(strata)[strata]
    if goals.named(task).is_one_class:
        key[(place < LEAST_OF_A_CLASS) & (strata % 2 == 0)] = -1.0
    return np.argsort(key, kind="stable")[: round(share * len(rows))]


def _whole_groups(codes: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Positions of the rows of the first groups of a random order: as many as come nearest to the share."""
    sizes = np.bincount(codes)
    order = rng.permutation(len(sizes))
    n = 1 + int(np.abs(np.cumsum(sizes[order]) - share * len(codes)).argmin())
    return np.flatnonzero(np.isin(codes, order[:n]))


def _latest_windows(dataset: Dataset, task: Task, split: Split, share: float) -> Split | None:
    """Of each series the latest windows of a refit; the earliest of these count as training windows."""
    windows = refit_items(split)
    codes = series_codes(dataset)[windows[:, 0]]
    order = np.lexsort((windows[:, 0], codes))
    windows, codes = windows[order], codes[order]
    sizes, firsts = np.bincount(codes), np.searchsorted(codes, codes, side="left")
    place = np.arange(len(codes)) - firsts  # of the window within its series
    kept_of = np.maximum(2, np.ceil(share * sizes)).astype(np.int64)
    begin = (sizes - kept_of)[codes]
    kept = place >= begin
    trains = kept & (place < begin + np.maximum(1, TRAIN_SHARE * kept_of[codes]))
    train, added = windows[trains], windows[kept & ~trains]
    least_rows = 2 * (task.season or 1) + (task.horizon or 1)
    if len(train) < LEAST_ITEMS or len(np.unique(train)) < least_rows * int((sizes > 0).sum()):
        return None
    return dataclasses.replace(
        split, train=np.unique(train), train_windows=train, refit_windows=np.concatenate([train, added])
    )
