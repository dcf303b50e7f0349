"""Part the rows into training, validation and test before anything is fitted; say in one sentence how.

Rules, the first that applies: forecasts are parted in time within each series; the user's own test rows are kept;
groups stay whole; a named time column parts in time; otherwise rows are shuffled within strata of the target.

Where no row is to test (one side alone is trained, and nothing is compared), the same rules part training from
validation rows.

Below `FEW_ROWS` rows one hold-out mostly picks noise, so further ones are drawn from the training rows, disjoint and by
the same rule. Not for forecasts, which validate on several origins already, nor for dated tables, where an earlier cut
would train on less and judge another time.
"""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pandas as pd

from automl.errors import DataError, RecipeError
from automl.records import Dataset, Split, Task

__all__ = ["LEAST_ROWS", "LEAST_UNTESTED", "split", "windows"]

TEST_SHARE = 0.2
VALID_SHARE = 0.2  # of the rows that are not test
FORECAST_VALID_SHARE = 0.15
MOST_VALID = 10_000
MOST_TRAIN_WINDOWS = 200_000
LEAST_ROWS = 10
LEAST_UNTESTED = 8
PANEL = 10
FEW_ROWS = 2_000
HOLD_OUTS = 3
LEAST_HELD_OUT = 2


def split(dataset: Dataset, task: Task, seed: int, *, tested: bool = True, hold_outs: bool = True) -> Split:
    """Decide which rows train, validate and test.

    Args:
        dataset: as `detect` left it. task: what is to be done. seed: of every random choice.
        tested: without, no row tests: for a model that is trained and not judged.
        hold_outs: whether few rows get further hold-outs; of no use where one model alone is fitted.

    Returns:
        The split; the same one for the same arguments.

    Raises:
        DataError: too few rows, groups or times. RecipeError: two rules that exclude each other were asked for.
    """
    least = LEAST_ROWS if tested else LEAST_UNTESTED
    if dataset.n_rows < least:
        raise DataError(
            f"{dataset.name} has {dataset.n_rows} usable rows; at least {least} are needed to "
            f"{'train, validate and test' if tested else 'train and validate'}"
        )
    if task.goal == "forecast":
        if not tested:
            raise RecipeError("a forecast is split in time, with test windows at its end; ask for a contest")
        return _forecast(dataset, task, seed)
    dated = task.time_column is not None and dataset.times is not None
    if dated and dataset.groups is not None:
        raise RecipeError("group and time_column cannot both part the rows; name the one that new data will differ in")
    if not tested:
        made = _untested(dataset, task, seed, dated)
        return _with_folds(made, dataset, task) if hold_outs and not dated else made
    if dataset.given is not None and dataset.given.any():
        return _given(dataset, task, seed, dated)
    everything = np.arange(dataset.n_rows)
    if dated:
        rest, test = _latest(dataset, everything, TEST_SHARE)
        train, valid = _latest(dataset, rest, VALID_SHARE)
        rule = (
            f"in order of {task.time_column!r}: the latest {_share(test, dataset)} test, those before "
            f"them validate, the earliest train"
        )
        return _made(train, valid, test, "block", _blocks(dataset, test), rule, seed)
    rng = np.random.default_rng(seed)
    if dataset.groups is not None:
        rest, test = _grouped(dataset, task, everything, TEST_SHARE, rng)
        train, valid = _grouped(dataset, task, rest, VALID_SHARE, rng)
        rule = f"groups of {task.group_column!r} stay whole, shuffled; {_share(test, dataset)} of the rows test"
        made = _made(train, valid, test, "group", _codes(dataset.groups[test]), rule, seed)
        return _with_folds(made, dataset, task)
    rest, test = _stratified(dataset, task, everything, TEST_SHARE, rng)
    train, valid = _stratified(dataset, task, rest, VALID_SHARE, rng)
    rule = f"shuffled and stratified by {_strata_words(task)}; {_share(test, dataset)} of the rows test"
    return _with_folds(_made(train, valid, test, "row", np.arange(len(test)), rule, seed), dataset, task)


def windows(rows: np.ndarray, horizon: int, stride: int) -> np.ndarray:
    """Windows of consecutive rows.

    Args:
        rows: consecutive row numbers of one series. horizon: length of a window. stride: rows between starts.

    Returns:
        ``(n_windows, horizon)`` int64, from the first row on; an incomplete last window is left out.
    """
    if len(rows) < horizon:
        return np.empty((0, horizon), np.int64)
    view = np.lib.stride_tricks.sliding_window_view(np.asarray(rows, np.int64), horizon)
    return view[::stride].copy()


def _made(
    train: np.ndarray, valid: np.ndarray, test: np.ndarray, units: str, ids: np.ndarray, rule: str, seed: int
) -> Split:
    for name, rows in (("training", train), ("validation", valid), ("test", test)):
        if not len(rows):
            raise DataError(f"the rule '{rule}' leaves no row for {name}; add rows, or name another rule")
    return Split(np.sort(train), np.sort(valid), np.sort(test), units, np.asarray(ids, np.int64), rule, seed)


def _share(rows: np.ndarray, dataset: Dataset) -> str:
    return f"{100 * len(rows) / dataset.n_rows:.0f} %"


def _codes(labels: np.ndarray) -> np.ndarray:
    return np.asarray(pd.factorize(labels)[0], np.int64)


# --------------------------------------------------------------------------- rows


def _untested(dataset: Dataset, task: Task, seed: int, dated: bool) -> Split:
    """Training and validation rows alone; every class validates that has a row to spare."""
    everything, rng, nobody = np.arange(dataset.n_rows), np.random.default_rng(seed), np.empty(0, np.int64)
    units = "block" if dated else "row" if dataset.groups is None else "group"
    if dated:
        train, valid = _latest(dataset, everything, VALID_SHARE, MOST_VALID)
        rule = f"in order of {task.time_column!r}: the latest {_share(valid, dataset)} validate, the others train"
    elif dataset.groups is not None:
        train, valid = _grouped(dataset, task, everything, VALID_SHARE, rng, MOST_VALID)
        rule = f"groups of {task.group_column!r} stay whole, shuffled; {_share(valid, dataset)} of the rows validate"
    else:
        train, valid = _each_class(dataset, task, *_stratified(dataset, task, everything, VALID_SHARE, rng, MOST_VALID))
        rule = f"shuffled and stratified by {_strata_words(task)}; {_share(valid, dataset)} of the rows validate"
    return Split(np.sort(train), np.sort(valid), nobody, units, nobody, f"{rule}; none tests", seed)


def _each_class(dataset: Dataset, task: Task, train: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Move a training row of each class that none validates yet, where the class keeps another one to train."""
    if task.goal not in ("binary", "multiclass") or dataset.target is None:
        return train, valid
    labels = dataset.target.iloc[:, 0].to_numpy(object)
    spare = []
    for name in dict.fromkeys(labels[train]):
        own = train[labels[train] == name]
        if len(own) > 1 and name not in set(labels[valid]):
            spare.append(own[0])
        elif len(own) == 1 and task.goal == "binary" and name not in set(labels[valid]):
            raise DataError(
                f"class {name!r} of {task.target[0]} has one row; at least two of each class are needed, one to train "
                "and one to validate"
            )
    return np.setdiff1d(train, spare), np.union1d(valid, np.array(spare, np.int64))


def _given(dataset: Dataset, task: Task, seed: int, dated: bool) -> Split:
    """The user's own test rows; validation is drawn from the others."""
    assert dataset.given is not None
    rest, test = np.flatnonzero(~dataset.given), np.flatnonzero(dataset.given)
    if len(rest) < LEAST_ROWS - 2:
        raise DataError(
            f"{len(rest)} rows remain for training beside the {len(test)} given test rows; at least "
            f"{LEAST_ROWS - 2} are needed"
        )
    rng = np.random.default_rng(seed)
    rule = f"the {len(test):,} given rows test; validation rows are "
    if dated:
        train, valid = _latest(dataset, rest, VALID_SHARE, MOST_VALID)
        return _made(
            train,
            valid,
            test,
            "block",
            _blocks(dataset, test),
            rule + f"the latest others by {task.time_column!r}",
            seed,
        )
    if dataset.groups is not None:
        train, valid = _grouped(dataset, task, rest, VALID_SHARE, rng, MOST_VALID)
        both = len(set(dataset.groups[rest]) & set(dataset.groups[test]))
        shared = f" (groups on both sides of the given test: {both:,})" if both else ""
        rule += f"whole groups of {task.group_column!r} of the others{shared}"
        made = _made(train, valid, test, "group", _codes(dataset.groups[test]), rule, seed)
        return _with_folds(made, dataset, task)
    train, valid = _stratified(dataset, task, rest, VALID_SHARE, rng, MOST_VALID)
    rule += f"shuffled others, stratified by {_strata_words(task)}"
    return _with_folds(_made(train, valid, test, "row", np.arange(len(test)), rule, seed), dataset, task)


def _strata_words(task: Task) -> str:
    return {"regression": "the target's size", "multilabel": "the rarest label"}.get(task.goal, "class")


def _strata(dataset: Dataset, task: Task, rows: np.ndarray) -> np.ndarray:
    """A stratum's code for each row: its class, its rarest label, or its target's tenth."""
    if dataset.target is None:
        return np.zeros(len(rows), np.int64)
    target = dataset.target.iloc[rows]
    if task.goal == "multilabel":
        table = target.to_numpy()
        scarce = np.argsort(np.argsort(table.sum(axis=0), kind="stable"), kind="stable")
        rank = np.where(table > 0, scarce, table.shape[1]).min(axis=1)
        return np.asarray(rank, np.int64)
    if task.goal == "regression":
        values = target.iloc[:, 0].to_numpy(np.float64)
        order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
        return np.asarray(order * min(10, max(1, len(rows) // 5)) // max(len(rows), 1), np.int64)
    return _codes(target.iloc[:, 0].to_numpy(object))


def _stratified(
    dataset: Dataset, task: Task, rows: np.ndarray, share: float, rng: np.random.Generator, most: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(rest, drawn): an even share of every stratum; strata of fewer than three rows stay in the rest."""
    strata = _strata(dataset, task, rows)
    free = _free(strata, task)
    if not free.any():
        raise DataError(
            f"every class of {', '.join(task.target)} in {dataset.name} has fewer than 3 rows; "
            f"gather more rows of each class"
        )
    n_wanted = max(1, round(share * len(rows)))
    n_wanted = min(n_wanted, most or n_wanted, max(1, int(0.5 * free.sum())))
    order = np.flatnonzero(free)
    order = order[np.lexsort((rng.random(len(order)), strata[order]))]
    # every k-th row of the strata laid end to end: each stratum gives its share, give or take one row
    at = np.floor((np.arange(n_wanted) + rng.random()) * len(order) / n_wanted).astype(np.int64)
    drawn = np.zeros(len(rows), bool)
    drawn[order[at]] = True
    _keep_one_of_each(strata, drawn)
    return rows[~drawn], rows[drawn]


def _free(strata: np.ndarray, task: Task) -> np.ndarray:
    """Rows that may be drawn: those of a class with at least three."""
    if task.goal in ("binary", "multiclass", "multilabel"):
        return np.asarray(np.bincount(strata)[strata] >= 3)
    return np.ones(len(strata), bool)


def _keep_one_of_each(strata: np.ndarray, drawn: np.ndarray) -> None:
    """Give a row back where a stratum was drawn whole, so that training knows every class."""
    left = np.bincount(strata[~drawn], minlength=int(strata.max()) + 1)
    for stratum in np.flatnonzero((left == 0) & (np.bincount(strata) > 0)):
        drawn[np.flatnonzero((strata == stratum) & drawn)[0]] = False


def _grouped(
    dataset: Dataset, task: Task, rows: np.ndarray, share: float, rng: np.random.Generator, most: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(rest, drawn): whole groups; of 20 shuffles the one nearest to the share and to the classes' own shares."""
    assert dataset.groups is not None
    codes = _codes(dataset.groups[rows])
    n_groups = int(codes.max()) + 1
    if n_groups < 3:
        raise DataError(
            f"group column {task.group_column!r} has {n_groups} groups among {len(rows):,} rows; at "
            f"least 5 are needed to part them"
        )
    sizes = np.bincount(codes)
    wanted = min(share * len(rows), most or len(rows))
    strata = _strata(dataset, task, rows)
    table = np.zeros((n_groups, int(strata.max()) + 1))
    np.add.at(table, (codes, strata), 1.0)
    best, best_miss = None, np.inf
    for _ in range(20):
        order = rng.permutation(n_groups)
        filled = np.cumsum(sizes[order])
        n = int(np.clip(np.abs(filled - wanted).argmin() + 1, 1, n_groups - 1))
        chosen = order[:n]
        got = table[chosen].sum(axis=0)
        gone = ((table.sum(axis=0) - got) == 0).sum()  # classes that training would not know
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


def _latest(dataset: Dataset, rows: np.ndarray, share: float, most: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(earlier, latest): parted in time; rows of one time stay together."""
    assert dataset.times is not None
    times = dataset.times[rows]
    order = np.argsort(times, kind="stable")
    wanted = max(1, min(round(share * len(rows)), most or len(rows)))
    cuts = np.flatnonzero(np.diff(times[order])) + 1  # first rows of a later time
    if not len(cuts):
        raise DataError(
            f"all {len(rows):,} rows that are to be parted in time have the same time; name another time_column"
        )
    cut = int(cuts[np.abs(cuts - (len(rows) - wanted)).argmin()])
    return rows[order[:cut]], rows[order[cut:]]


def _blocks(dataset: Dataset, test: np.ndarray) -> np.ndarray:
    """Blocks of neighbouring times, about as many as they hold rows; rows of one time share a block."""
    assert dataset.times is not None
    times = dataset.times[np.sort(test)]
    n_blocks = int(np.clip(np.sqrt(len(test)), 1, 60))
    rank = np.searchsorted(np.sort(times), times, side="left")
    return np.asarray(np.unique(rank * n_blocks // len(test), return_inverse=True)[1], np.int64)


# --------------------------------------------------------------------------- hold-outs


def _with_folds(split: Split, dataset: Dataset, task: Task) -> Split:
    """The split with further hold-outs where its rows are few; their draws change nothing about the first."""
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
    """Validation rows like the split's own, from a pool that validated nowhere yet; None where it cannot give them."""
    share = len(split.valid) / max(len(pool), 1)
    if share > 0.5:
        return None
    if split.units == "group":
        assert dataset.groups is not None
        if len(np.unique(dataset.groups[pool].astype(str))) < 3:
            return None
        valid = _grouped(dataset, task, pool, share, rng)[1]
    else:
        if not _free(_strata(dataset, task, pool), task).any():
            return None
        valid = _stratified(dataset, task, pool, share, rng)[1]
    alike = len(valid) >= max(LEAST_HELD_OUT, len(split.valid) // 2) and _known(split, dataset, task, valid)
    return np.sort(valid) if alike else None


def _known(split: Split, dataset: Dataset, task: Task, valid: np.ndarray) -> bool:
    """Whether scores on these rows mean what they do on the split's own: truth varies, training knows its classes."""
    assert dataset.target is not None
    if _varies(dataset.target.iloc[split.valid]) and not _varies(dataset.target.iloc[valid]):
        return False
    if task.goal not in ("binary", "multiclass"):
        return True
    labels = dataset.target.iloc[:, 0].to_numpy(object)
    train = np.setdiff1d(np.union1d(split.train, split.valid), valid)
    return set(labels[split.train]) <= set(labels[train])


def _varies(target: pd.DataFrame) -> bool:
    return bool((target.nunique() > 1).any())


# --------------------------------------------------------------------------- forecasts


def _forecast(dataset: Dataset, task: Task, seed: int) -> Split:
    """Within each series: history and training windows, then validation, then test windows."""
    horizon = task.horizon or 1
    train, valid, test = [], [], []
    for first, end in _bounds(dataset.series, dataset.n_rows):
        start = _test_start(dataset, first, end, horizon)
        tested = windows(np.arange(start, end), horizon, horizon)
        room = start - first
        n_valid = max(1, int(FORECAST_VALID_SHARE * (end - first)) // horizon)
        n_valid = max(0, min(n_valid, (room - 2) // horizon, max(1, (room - 2 - horizon) // horizon)))
        begin = start - n_valid * horizon
        valid.append(windows(np.arange(begin, start), horizon, horizon))
        test.append(tested)
        context = horizon if begin - first >= 3 * horizon else 2
        train.append(windows(np.arange(first + context, begin), horizon, 1))
    parts = {"training": np.concatenate(train), "validation": np.concatenate(valid), "test": np.concatenate(test)}
    for name, part in parts.items():
        if not len(part):
            longest = max(b - a for a, b in _bounds(dataset.series, dataset.n_rows))
            given = " beside the given test rows" if dataset.given is not None and dataset.given.any() else ""
            raise RecipeError(
                f"horizon {horizon} leaves no {name} window{given}; the longest series has {longest:,} rows and needs "
                f"{3 * horizon + 2}: ask for a shorter horizon"
            )
    kept = parts["training"]
    if len(kept) > MOST_TRAIN_WINDOWS:
        kept = kept[np.sort(np.random.default_rng(seed).choice(len(kept), MOST_TRAIN_WINDOWS, replace=False))]
    units, ids = _window_units(dataset, parts["test"])
    from_given = dataset.given is not None and bool(dataset.given.any())
    rule = (
        f"in time within each series: {_counted(len(parts['test']))} of {horizon} steps "
        f"{'from the first given test row on' if from_given else 'at the end'} test, "
        f"{len(parts['validation']):,} before them validate, the rest trains"
    )
    return Split(
        np.unique(kept), np.unique(parts["validation"]), np.unique(parts["test"]), units, ids, rule, seed,
        train_windows=kept, valid_windows=parts["validation"], test_windows=parts["test"],
    )  # fmt: skip


def _counted(n_windows: int) -> str:
    return "one window" if n_windows == 1 else f"{n_windows:,} windows"


def _bounds(series: np.ndarray | None, n_rows: int) -> list[tuple[int, int]]:
    """(first row, end) of each series."""
    cuts = [] if series is None else (np.flatnonzero(series[1:] != series[:-1]) + 1).tolist()
    edges = [0, *cuts, n_rows]
    return list(pairwise(edges))


def _test_start(dataset: Dataset, first: int, end: int, horizon: int) -> int:
    """First test row of a series: the first given one, or that of the whole windows in its last fifth."""
    if dataset.given is not None and dataset.given.any():
        given = np.flatnonzero(dataset.given[first:end])
        if len(given) and int(given[0]) + len(given) < end - first:
            label = f" of series {dataset.series[first]!r}" if dataset.series is not None else ""
            raise DataError(
                f"given test rows{label} lie before training rows in time; give test rows that follow all training rows"
            )
        return first + int(given[0]) if len(given) else end
    n_windows = max(1, int(TEST_SHARE * (end - first)) // horizon)
    start = end - n_windows * horizon
    return start if start - first >= 2 else end


def _window_units(dataset: Dataset, tested: np.ndarray) -> tuple[str, np.ndarray]:
    """Series where there are ten or more of them, else windows (those that start at one time together)."""
    if dataset.series is not None:
        codes = _codes(dataset.series[tested[:, 0]])
        if len(np.unique(codes)) >= PANEL:
            return "series", codes
        if dataset.times is not None:
            return "window", _codes(dataset.times[tested[:, 0]])
    return "window", np.arange(len(tested), dtype=np.int64)
