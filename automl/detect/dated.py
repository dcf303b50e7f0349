"""Tables whose rows are dated: how they are split in time, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from automl import goals
from automl.detect.rows import in_file, take
from automl.detect.series.axis import Declined
from automl.detect.series.dependence import depends_on_time, is_in_order
from automl.detect.series.keys import keys_of, labels_of
from automl.detect.series.timing import columns_of, time_column, times_of
from automl.detect.target.goal import Answer
from automl.errors import DataError
from automl.records import Column, Dataset, Finding, Recipe
from automl.system.counts import counted, noun

__all__ = ["about_time", "dated", "split_in_time"]

LEAST_TIMES = 5
MOST_UNDATED = 0.02
MOST_AT_ONCE = 0.3
"""Share of the rows of one time, which a split in time leaves together."""


def split_in_time(
    dataset: Dataset, columns: list[Column], recipe: Recipe, answered: Answer, declined: Declined | None
) -> tuple[Dataset, Column | None, list[Finding]]:
    """The column by whose times the rows are split: the one that the user named, or that of a series.

    A table that is a series but for its calendar or its length is split in time where its rows are in the order of time
    and the target depends on it: shuffled test rows would lie among the rows that tell them.
    """
    told = [] if declined is None else _no_forecast(dataset, declined, answered)
    if recipe.time_column is not None:
        name = str(recipe.time_column)
        if name not in dataset.inputs.columns:
            return dataset, Column(name, "datetime", 1.0, "named as the time column"), told
        time = time_column(dataset.inputs, columns, name)
        assert time is not None
        dataset, findings = dated(dataset, time)
        return dataset, time, told + findings
    if declined is None or declined.time is None or not declined.is_series or not _runs_in_time(dataset, declined):
        return dataset, None, told
    if recipe.group is not None or (dataset.given is not None and dataset.given.any()):
        return dataset, None, told
    if not goals.named(answered.goal).is_numeric:
        return dataset, None, told
    dataset, findings = dated(dataset, declined.time)
    names = " and ".join(map(repr, columns_of(declined.time)))
    message = (
        f"Rows are in the order of {names} and the target changes with it, so the latest rows test: shuffled ones "
        "would lie among the rows that tell them."
    )
    step = "Pass goal regression to shuffle the rows, if new rows will be of the same times."
    finding = Finding("split_in_time", "low", message, step, columns_of(declined.time))
    return dataset, declined.time, [*told, *findings, finding]


def _no_forecast(dataset: Dataset, declined: Declined, answered: Answer) -> list[Finding]:
    """Why a table that looks like a series in the order of time is predicted row by row."""
    if not declined.is_series or declined.by_options or declined.time is None:
        return []
    labels = None if declined.series is None else labels_of(dataset.inputs, declined.series)
    if not goals.named(answered.goal).is_numeric or not is_in_order(times_of(dataset.inputs, declined.time), labels):
        return []
    names = (*columns_of(declined.time), *keys_of(declined.series))
    message = (
        f"There is nothing beside {' and '.join(map(repr, names))} to predict the target from, as in a series, but "
        f"rows are predicted one by one: {declined.reason}."
    )
    step = "Change this for a forecast, or add columns that tell more of each row."
    return [Finding("no_forecast", "low", message, step, names)]


def _runs_in_time(dataset: Dataset, declined: Declined) -> bool:
    """Whether rows are in the order of time, at several times, and the target depends on it."""
    assert declined.time is not None and dataset.target is not None
    times = times_of(dataset.inputs, declined.time)
    counts = np.unique(times[~np.isnat(times)], return_counts=True)[1]
    if np.isnat(times).mean() > MOST_UNDATED or len(counts) < LEAST_TIMES or counts.max() > MOST_AT_ONCE * len(times):
        return False
    labels = None if declined.series is None else labels_of(dataset.inputs, declined.series)
    return is_in_order(times, labels) and depends_on_time(times, dataset.target, labels)


def about_time(
    frame: pd.DataFrame, columns: list[Column], recipe: Recipe, answered: Answer, declined: Declined | None,
    time: Column | None,
) -> list[str]:  # fmt: skip
    """Sentences on a series column that is an input, on dates, and on why there is no forecast."""
    said = [f"series column {recipe.series!r} is used as an input: the goal is no forecast"] if recipe.series else []
    if not goals.named(answered.goal).is_numeric:
        return said
    if time is None and (stamps := time_column(frame, columns, None)) is not None:
        said.append(
            f"rows are dated by {stamps.name!r}; pass time_column to test on the latest rows instead of random ones"
        )
    elif time is None or recipe.time_column is not None:
        return said
    return said + ([f"goal forecast is possible, not chosen: {declined.reason}"] if declined is not None else [])


def dated(dataset: Dataset, time: Column) -> tuple[Dataset, list[Finding]]:
    """The times of a table that is split in time; rows without a time go."""
    name = time.name
    times = times_of(dataset.inputs, time)
    lost = np.flatnonzero(np.isnat(times))
    if len(lost) > 0.5 * len(times):
        raise DataError(
            f"time_column {name!r} of {dataset.name} holds no readable time in {len(lost):,} of "
            f"{len(times):,} rows; name another column"
        )
    if not len(lost):
        return replace(dataset, times=times), []
    n = len(lost)
    dropped = f"{noun(n, 'was', 'were')} dropped"
    message = f"{counted(n, 'row')} {noun(n, 'has', 'have')} no readable time in {name!r} and {dropped}."
    finding = Finding(
        "missing_time", "medium", message, "Correct these times.", (name,), tuple(map(int, lost[:20])), len(lost)
    )
    kept = take(replace(dataset, times=times), np.flatnonzero(~np.isnat(times)))
    return kept, [*in_file([finding], dataset)]
