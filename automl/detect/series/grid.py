"""Put series on a grid: sorted by (series, time), one row for each step, without repetitions; fill their gaps."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from automl.detect.rows import take
from automl.detect.series import calendars
from automl.errors import DataError
from automl.records import Dataset, Finding

__all__ = ["block_bounds", "drop_short", "filled", "gridded", "ordered", "unrepeated"]


def ordered(dataset: Dataset) -> tuple[Dataset, tuple[Finding, ...]]:
    """Sort by (series, time); series keep the order of their first row."""
    assert dataset.times is not None
    codes = np.zeros(dataset.n_rows, np.int64) if dataset.series is None else pd.factorize(dataset.series)[0]
    order = np.lexsort((np.arange(dataset.n_rows), dataset.times, codes))
    if (order == np.arange(dataset.n_rows)).all():
        return dataset, ()
    backwards = np.diff(dataset.times.astype(np.int64)[np.argsort(codes, kind="stable")]) < 0
    same = np.diff(np.sort(codes, kind="stable")) == 0
    count = int((backwards & same).sum())
    if not count:  # only the series were interleaved
        return take(dataset, order), ()
    message = f"Rows were not in the order of time ({count:,} steps backwards); they were sorted."
    step = "Nothing is lost, if the times are read as they are meant."
    return take(dataset, order), (Finding("unsorted_times", "low", message, step, (), (), count),)


def unrepeated(
    dataset: Dataset, time_name: str, series_name: str | None, where: str
) -> tuple[Dataset, tuple[Finding, ...]]:
    """Drop exact repetitions of a row; refuse two different rows at one time. Sorted rows expected.

    Raises:
        DataError: two rows of one series share a time and differ.
    """
    assert dataset.times is not None
    assert dataset.target is not None
    again = np.zeros(dataset.n_rows, bool)
    again[1:] = dataset.times[1:] == dataset.times[:-1]
    if dataset.series is not None:
        again[1:] &= dataset.series[1:] == dataset.series[:-1]
    if not again.any():
        return dataset, ()
    whole = pd.concat([dataset.target, dataset.inputs], axis=1)
    at = np.flatnonzero(again)
    before, after = whole.iloc[at - 1].reset_index(drop=True), whole.iloc[at].reset_index(drop=True)
    same = ((before == after) | (before.isna() & after.isna())).all(axis=1).to_numpy()
    if not same.all():
        row = int(at[~same][0])
        label = f" of series {dataset.series[row]!r}" if dataset.series is not None else ""
        hint = (
            f"make {series_name!r} and {time_name!r} unique together, for example by averaging"
            if series_name is not None
            else "if they belong to different series, pass --series with the column that tells them "
            "apart; else average them"
        )
        raise DataError(
            f"{int((~same).sum()):,} times in {time_name!r} of {where} occur twice with different values; {hint}",
            f"the first is {pd.Timestamp(dataset.times[row])}{label}",
        )
    message = f"{len(at):,} rows repeat an earlier row with the same time and values; they were dropped."
    step = "Look at why they come twice, if they should not."
    numbers = dataset.row_numbers if dataset.row_numbers is not None else np.arange(dataset.n_rows)
    rows = tuple(int(numbers[i]) for i in at[:20])
    return take(dataset, np.flatnonzero(~again)), (
        Finding("repeated_times", "low", message, step, (time_name,), rows, len(at)),
    )


def block_bounds(series: np.ndarray | None, n_rows: int) -> list[tuple[int, int]]:
    """(first row, end) of each series in sorted rows."""
    if series is None or n_rows == 0:
        return [(0, n_rows)] if n_rows else []
    cuts = np.flatnonzero(series[1:] != series[:-1]) + 1
    edges = [0, *cuts.tolist(), n_rows]
    return list(pairwise(edges))


def gridded(dataset: Dataset, alias: str | None) -> tuple[Dataset, tuple[Finding, ...]]:
    """Insert missing steps, with missing targets; rows before the first and after the last value of any target go.

    Args:
        dataset: sorted, unrepeated.
        alias: of the calendar; None leaves the steps as they are.

    Returns:
        The dataset, its targets NaN where they are not known, and what was found.

    Raises:
        DataError: no row holds a target.
    """
    assert dataset.times is not None
    assert dataset.target is not None
    values = dataset.target.to_numpy(dtype=np.float64)
    rows, times, targets, inserted, guessed, dropped = [], [], [], 0, 0, 0
    for first, end in block_bounds(dataset.series, dataset.n_rows):
        known = np.flatnonzero(~np.isnan(values[first:end]).all(axis=1))
        if not len(known):
            dropped += end - first
            continue
        dropped += (end - first) - (known[-1] + 1 - known[0])
        first, end = first + int(known[0]), first + int(known[-1]) + 1
        at = dataset.times[first:end]
        grid = _grid(at, alias)
        source = first + np.searchsorted(at, grid, side="right") - 1  # inserted rows copy the one before
        there = np.isin(grid, at)
        block = np.where(there[:, None], values[source], np.nan)
        inserted += int((~there).sum())
        guessed += int(np.isnan(block[there]).any(axis=1).sum())
        rows.append(source)
        times.append(grid)
        targets.append(block)
    if not rows:
        raise DataError(
            f"no row of {dataset.name} holds a number in {list(dataset.target.columns)}; pass --target "
            f"with another column"
        )
    findings = _gap_findings(dataset, inserted, guessed, dropped)
    if not findings:
        return replace(dataset, target=dataset.target.astype(np.float64)), ()
    target = pd.DataFrame(np.concatenate(targets), columns=dataset.target.columns)
    return replace(take(dataset, np.concatenate(rows)), times=np.concatenate(times), target=target), findings


def filled(dataset: Dataset, season: int) -> Dataset:
    """Fill the gaps of each target from the past of its series, and mark them in `observed`.

    A filled value depends on earlier rows of its series alone, so that no split and no forecast origin lies between it
    and what it is made of. Before the first value of a target in its series it stays missing.

    Args:
        dataset: from `gridded`.
        season: of the series, in steps.
    """
    assert dataset.target is not None
    values = dataset.target.to_numpy(dtype=np.float64)
    observed = ~np.isnan(values)
    if observed.all():
        return dataset
    parts = [
        np.stack([_continued(column, season) for column in values[first:end].T], axis=1)
        for first, end in block_bounds(dataset.series, dataset.n_rows)
    ]
    target = pd.DataFrame(np.concatenate(parts), columns=dataset.target.columns)
    return replace(dataset, target=target, observed=observed)


def _continued(values: np.ndarray, season: int) -> np.ndarray:
    """One target of a series ``(n,)`` with its gaps filled from the past, see decision 23.

    A step of a gap gets the last value before it, plus what the same steps brought in the season up to that value. So a
    gap repeats the last season on its level. Without a season, and in the first one, it gets the last value.
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    out = values.copy()
    last = np.maximum.accumulate(np.where(missing, -1, np.arange(len(values))))
    for step in np.flatnonzero(missing & (last >= 0)):
        end = last[step]
        change = 0.0
        if end >= season > 1:
            change = out[end - season + 1 + (step - end - 1) % season] - out[end - season]
        out[step] = out[end] + (change if np.isfinite(change) else 0.0)
    return out


def _gap_findings(dataset: Dataset, inserted: int, guessed: int, dropped: int) -> tuple[Finding, ...]:
    """Findings on steps that were missing, rows without a target, and those left out at the ends."""
    assert dataset.target is not None
    names, many = tuple(map(str, dataset.target.columns)), 0.05 * dataset.n_rows
    how = "values from the past stand in as history, and gaps are not scored."
    own = "Fill them yourself if you know better."
    findings = (
        Finding(
            "gaps", "medium" if inserted > many else "low",
            f"{_count(inserted, 'step was', 'steps were')} missing between the first and last time; {how}", own, (), (),
            inserted,
        ),
        Finding(
            "missing_target", "medium" if guessed > many else "low",
            f"{_count(guessed, 'row lacks', 'rows lack')} a target inside their series; {how}", own, names, (), guessed,
        ),
        Finding(
            "missing_target", "low",
            f"{_count(dropped, 'row', 'rows')} before the first or after the last target of their series "
            f"{'was' if dropped == 1 else 'were'} dropped.",
            "Fill them if these values are known.", names, (), dropped,
        ),
    )  # fmt: skip
    return tuple(one for one in findings if one.count)


def _count(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"


def _grid(at: np.ndarray, alias: str | None) -> np.ndarray:
    if alias is None or len(at) < 2:
        return at
    grid = calendars.grid(at[0], at[-1], alias)
    return at if len(grid) == len(at) else np.union1d(grid, at)


def drop_short(dataset: Dataset, least: int) -> tuple[Dataset, tuple[Finding, ...]]:
    """Leave out series too short for a window and its context, if others are long enough.

    Args:
        dataset: sorted.
        least: rows a series needs.

    Raises:
        DataError: no series is long enough.
    """
    bounds = block_bounds(dataset.series, dataset.n_rows)
    short = [(a, b) for a, b in bounds if b - a < least]
    if not short:
        return dataset, ()
    if len(short) == len(bounds):
        longest = max(b - a for a, b in bounds)
        raise DataError(
            f"the longest series of {dataset.name} has {longest} rows, but the horizon needs {least}; "
            f"ask for a shorter --horizon"
        )
    names = [str(dataset.series[a]) for a, _ in short] if dataset.series is not None else []
    keep = np.ones(dataset.n_rows, bool)
    for a, b in short:
        keep[a:b] = False
    some = ", ".join(map(repr, names[:5])) + (" and more" if len(names) > 5 else "")
    message = f"{len(short):,} of {len(bounds):,} series are shorter than {least} rows and were left out: {some}."
    finding = Finding(
        "short_series", "medium", message, "Ask for a shorter --horizon to keep them.", (), (), len(short)
    )
    return take(dataset, np.flatnonzero(keep)), (finding,)
