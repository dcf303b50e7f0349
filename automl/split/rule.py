"""Chooses the rule that splits the rows, applies it, and writes the sentence that describes it."""

from __future__ import annotations

import numpy as np

from automl import goals
from automl.errors import DataError, RecipeError
from automl.records import Dataset, Split, Task
from automl.split.classes import each_class, refuse_one_class
from automl.split.draw import TEST_SHARE, blocks_of, codes_of, grouped, latest, shuffle_words, stratified
from automl.split.folds import with_folds
from automl.split.forecast import in_time
from automl.split.untargeted import split_untargeted
from automl.system.counts import counted, noun

__all__ = ["LEAST_ROWS", "LEAST_UNTESTED", "split"]

VALID_SHARE = 0.2  # of the rows that are not test
MOST_VALID = 10_000
LEAST_ROWS = 10
LEAST_UNTESTED = 8
LEAST_PICTURES = 5
"""With masks, for training and validation: each holds thousands of pixels."""


def split(dataset: Dataset, task: Task, seed: int, *, tested: bool = True, hold_outs: bool = True) -> Split:
    """Decide which rows train, validate and test.

    Args:
        dataset: as returned by `detect`.
        task: the task that was detected or asked for.
        seed: of every random choice.
        tested: whether there are test rows; False for a model that is trained but not compared.
        hold_outs: whether data with few rows gets further hold-outs; of no use where only one model is fitted.

    Returns:
        The split; the same one for the same arguments.

    Raises:
        DataError: there are too few rows, groups or times; or no row of one of two classes trains, or validates.
        RecipeError: the recipe asks for two rules that exclude each other.
    """
    if not goals.named(task).needs_target:
        return split_untargeted(dataset, task, lambda rows: _by_rule(rows, task, seed, tested))
    made = _by_rule(dataset, task, seed, tested)
    refuse_one_class(made, dataset, task)
    return with_folds(made, dataset, task) if hold_outs and made.units in ("row", "group") else made


def _by_rule(dataset: Dataset, task: Task, seed: int, tested: bool) -> Split:
    """The split without further hold-outs."""
    least = LEAST_ROWS if tested else _least_untested(task)
    if dataset.n_rows < least:
        raise DataError(
            f"{dataset.name} has {counted(dataset.n_rows, 'usable row')}; at least {least} are needed to "
            f"{'train, validate and test' if tested else 'train and validate'}"
        )
    if goals.named(task).in_windows:
        if not tested:
            raise RecipeError("a forecast is split in time, with test windows at its end; ask for a contest")
        return in_time(dataset, task, seed)
    dated = task.time_column is not None and dataset.times is not None
    if dated and dataset.groups is not None:
        raise RecipeError("group and time_column cannot both split the rows; name the one that new data will differ in")
    if not tested:
        return _untested(dataset, task, seed, dated)
    if dataset.given is not None and dataset.given.any():
        return _given(dataset, task, seed, dated)
    everything = np.arange(dataset.n_rows)
    if dated:
        rest, test = latest(dataset, everything, TEST_SHARE)
        train, valid = latest(dataset, rest, VALID_SHARE)
        rule = (
            f"in order of {task.time_column!r}: the latest {_share(test, dataset)} test, those before "
            f"them validate, the earliest train"
        )
        return _made(train, valid, test, "block", blocks_of(dataset, test), rule, seed)
    rng = np.random.default_rng(seed)
    if dataset.groups is not None:
        rest, test = grouped(dataset, task, everything, TEST_SHARE, rng)
        train, valid = grouped(dataset, task, rest, VALID_SHARE, rng)
        rule = f"groups of {task.group_column!r} stay whole, shuffled; {_share(test, dataset)} of the rows test"
        return _made(train, valid, test, "group", codes_of(dataset.groups[test]), rule, seed)
    rest, test = stratified(dataset, task, everything, TEST_SHARE, rng, stay=2)
    train, valid = stratified(dataset, task, rest, VALID_SHARE, rng)
    rule = f"{shuffle_words(dataset, task)}; {_share(test, dataset)} of the rows test"
    return _made(train, valid, test, "row", np.arange(len(test)), rule, seed)


def _least_untested(task: Task) -> int:
    return LEAST_PICTURES if goals.named(task).in_pixels else LEAST_UNTESTED


def _made(
    train: np.ndarray, valid: np.ndarray, test: np.ndarray, units: str, ids: np.ndarray, rule: str, seed: int
) -> Split:
    for name, rows in (("training", train), ("validation", valid), ("test", test)):
        if not len(rows):
            raise DataError(f"the rule '{rule}' leaves no row for {name}; add rows, or name another rule")
    return Split(np.sort(train), np.sort(valid), np.sort(test), units, np.asarray(ids, np.int64), rule, seed)


def _share(rows: np.ndarray, dataset: Dataset) -> str:
    return f"{100 * len(rows) / dataset.n_rows:.0f} %"


def _untested(dataset: Dataset, task: Task, seed: int, dated: bool) -> Split:
    """Training and validation rows only; every class with two rows or more is in validation."""
    everything, rng, nobody = np.arange(dataset.n_rows), np.random.default_rng(seed), np.empty(0, np.int64)
    units = "block" if dated else "row" if dataset.groups is None else "group"
    if dated:
        train, valid = latest(dataset, everything, VALID_SHARE, MOST_VALID)
        rule = f"in order of {task.time_column!r}: the latest {_share(valid, dataset)} validate, the others train"
    elif dataset.groups is not None:
        train, valid = grouped(dataset, task, everything, VALID_SHARE, rng, MOST_VALID)
        rule = f"groups of {task.group_column!r} stay whole, shuffled; {_share(valid, dataset)} of the rows validate"
    else:
        train, valid = each_class(dataset, task, *stratified(dataset, task, everything, VALID_SHARE, rng, MOST_VALID))
        rule = f"{shuffle_words(dataset, task)}; {_share(valid, dataset)} of the rows validate"
    return Split(np.sort(train), np.sort(valid), nobody, units, nobody, f"{rule}; none tests", seed)


def _given(dataset: Dataset, task: Task, seed: int, dated: bool) -> Split:
    """The user's own test rows; validation is drawn from the others."""
    assert dataset.given is not None
    rest, test = np.flatnonzero(~dataset.given), np.flatnonzero(dataset.given)
    least = _least_untested(task)
    if len(rest) < least:
        raise DataError(
            f"{counted(len(rest), 'row')} {noun(len(rest), 'remains', 'remain')} for training besides the "
            f"{counted(len(test), 'given test row')}; at least "
            f"{least} are needed"
        )
    rng = np.random.default_rng(seed)
    rule = f"the {counted(len(test), 'given row')} {noun(len(test), 'tests', 'test')}; validation rows are "
    if dated:
        train, valid = latest(dataset, rest, VALID_SHARE, MOST_VALID)
        return _made(
            train,
            valid,
            test,
            "block",
            blocks_of(dataset, test),
            rule + f"the latest others by {task.time_column!r}",
            seed,
        )
    if dataset.groups is not None:
        train, valid = grouped(dataset, task, rest, VALID_SHARE, rng, MOST_VALID)
        both = len(set(dataset.groups[rest]) & set(dataset.groups[test]))
        shared = f" (groups on both sides of the given test: {both:,})" if both else ""
        rule += f"whole groups of {task.group_column!r} of the others{shared}"
        return _made(train, valid, test, "group", codes_of(dataset.groups[test]), rule, seed)
    train, valid = stratified(dataset, task, rest, VALID_SHARE, rng, MOST_VALID)
    rule += f"others, {shuffle_words(dataset, task)}"
    return _made(train, valid, test, "row", np.arange(len(test)), rule, seed)
