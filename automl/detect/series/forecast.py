"""Detection for forecasts: clean series on a grid, and the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from automl import goals, metrics
from automl.detect.columns.checks import audit
from automl.detect.columns.convert import as_frame, read
from automl.detect.findings import reading_findings, stand_ins
from automl.detect.parse import dates, numbers, zone_of
from automl.detect.rows import in_file, take
from automl.detect.series import calendars, frequency
from automl.detect.series.axis import Axis, series_blocks
from automl.detect.series.grid import block_bounds, drop_short, filled, gridded, ordered, unrepeated
from automl.detect.series.horizon import ahead
from automl.detect.series.keys import keys_of, labels_of
from automl.detect.series.mend import averaged_hours, on_calendar
from automl.detect.series.options import is_asked
from automl.detect.series.timing import columns_of, times_of
from automl.detect.target.proposals import proposals
from automl.errors import DataError, RecipeError
from automl.goals.forecast import FORECAST
from automl.records import Column, Dataset, Finding, Recipe, Task

__all__ = ["detect", "history"]

QUANTILES = (0.1, 0.9)
MOST_SERIES = 20
LAST_SHARE = 0.2
"""Of each series: rows that may test, so that nothing is said of their values before the end."""


def detect(
    dataset: Dataset, whole: pd.DataFrame, columns: Sequence[Column], axis: Axis, recipe: Recipe
) -> tuple[Dataset, Task]:
    """Sort the series, fill their gaps from the past and describe them.

    Args:
        dataset: raw.
        whole: its inputs and targets side by side.
        columns: kinds of `whole`.
        axis: how it runs.
    """
    if recipe.group is not None:
        raise RecipeError("group does not go with a forecast, whose rows are parted by time; leave it out")
    kinds = {c.name: c for c in columns}
    covariates = [kinds[name] for name in axis.covariates]
    unasked = dataset.target is None and not is_asked(recipe)
    dataset, findings = _timed(dataset, whole, axis)
    values = (
        {t: numbers(dataset.target[t], kinds[t].reading) for t in axis.targets} if dataset.target is not None else {}
    )
    for name, series in values.items():
        if not (~np.isnan(series)).any():
            raise DataError(
                f"target {name!r} holds no number in all {len(series):,} rows of {dataset.name}; pass "
                f"--target with another column"
            )
    raw = dataset.inputs[list(axis.covariates)]
    typed = read(raw, covariates)
    findings += in_file((*audit(raw, typed, covariates), *reading_findings(raw, typed, covariates)), dataset)
    gaps = stand_ins(dataset.target, [kinds[t] for t in axis.targets]) if dataset.target is not None else None
    findings += in_file([gaps], dataset) if gaps else ()
    dataset = replace(dataset, inputs=typed, target=pd.DataFrame(values))
    infinite = _infinite(whole, axis.targets)
    findings += (infinite,) if infinite else ()
    dataset, alias, mended = _mended(dataset, axis)
    findings += mended
    assert dataset.target is not None
    flat = [t for t in axis.targets if dataset.target[t].nunique() < 2]
    if flat:
        raise DataError(f"target {flat[0]!r} never varies in {dataset.name}; pass --target with a column that varies")
    counts = alias if axis.time is not None and axis.time.reading.get("numbers") != "steps" else None
    horizon = ahead(_lengths(dataset), _given(dataset), counts, recipe, is_asked(recipe))
    dataset, dropped = drop_short(dataset, horizon + 2)
    season, rhythm = _season(dataset, counts, horizon, recipe.season)
    dataset = filled(dataset, season)
    metric = recipe.metric or goals.default_metric(FORECAST.name)
    if not goals.serves(metrics.named(metric).goals, FORECAST.name):
        fitting = ", ".join(goals.metrics_for(FORECAST.name))
        raise RecipeError(f"metric {metric!r} does not score goal {FORECAST.name!r}; metrics that do: {fitting}")
    evidence = (
        f"modality sequence: {_count(dataset)} of {_values(len(axis.targets))} a step",
        *axis.evidence,
        *rhythm,
        f"horizon {horizon}: {'set by you' if recipe.horizon else 'usual for ' + _pace(counts)}",
        f"metric {metric}: {'set by you' if recipe.metric else 'the usual one for forecast'}",
        *((f"known beforehand: {', '.join(recipe.known)}",) if recipe.known else ()),
        *((f"other goals without a target: {', '.join(_other_goals(axis))}",) if unasked else ()),
    )
    doubts = (_several(axis),) if unasked and len(axis.targets) > 1 else ()
    described = _described(axis, kinds)
    task = Task(
        modality="sequence",
        goal=FORECAST.name,
        target=axis.targets,
        metric=metric,
        horizon=horizon,
        frequency=counts,
        season=season,
        quantiles=QUANTILES,
        columns=(*described, *covariates),
        covariates_known=recipe.known,
        time_column=axis.time.name if axis.time else None,
        series_column=axis.series.name if axis.series else None,
        label=recipe.label,
        evidence=evidence,
        target_columns=tuple(kinds[t] for t in axis.targets),
        confidence=1.0 if recipe.goal else 0.6 if doubts or axis.time is None else 0.9,
    )
    return replace(dataset, findings=(*doubts, *dataset.findings, *findings, *dropped), groups=None), task


def _other_goals(axis: Axis) -> tuple[str, ...]:
    """What else may be done with rows in time that have no target, as flags."""
    return proposals(None, axis.time.name if axis.time is not None else None)


def _several(axis: Axis) -> Finding:
    """That several columns of numbers are forecast though nobody said what is wanted."""
    names = axis.targets
    shown = ", ".join(map(repr, names[:3])) + (" and more" if len(names) > 3 else "")
    return Finding(
        "unsure_goal", "medium",
        f"Not sure: no target was named, so all {len(names)} columns of numbers ({shown}) are forecast.",
        f"Pass --target with the column to forecast, {', '.join(_other_goals(axis))}, or --goal forecast if all of "
        "them are to be forecast.", names, count=len(names),
    )  # fmt: skip


def history(dataset: Dataset, task: Task) -> Dataset:
    """New past rows of a forecast, read and gap-filled as the training rows were.

    Args:
        dataset: raw rows with the task's time, series, target and covariate columns.
        task: a forecast.

    Returns:
        Rows sorted by (series, time) on the task's grid, with `times`, `series`, typed covariates, and targets whose
        gaps are filled from the past.

    Raises:
        DataError: the time, series or target column is missing or unreadable.
    """
    inputs = as_frame(dataset.inputs)
    kinds = {c.name: c for c in task.columns}
    whole = inputs if dataset.target is None else pd.concat([inputs, dataset.target], axis=1)
    time = kinds.get(task.time_column) if task.time_column else None
    series = kinds.get(task.series_column) if task.series_column else None
    index = (*columns_of(time), *keys_of(series))
    covariates = [c for c in task.columns if c.name not in index]
    held = {task.time_column: dataset.times, task.series_column: dataset.series}
    for name in (*index, *task.target):
        if name is not None and name not in whole.columns and held.get(name) is None:
            raise DataError(
                f"a forecast needs column {name!r}, and {dataset.name} has {list(map(str, whole.columns))}; add it"
            )
    axis = Axis(time, series, task.target, tuple(c.name for c in covariates), (), task.frequency)
    dataset, _ = _timed(replace(dataset, inputs=inputs), whole, axis)
    written = {c.name: c.reading for c in task.target_columns}
    assert dataset.target is not None
    target = pd.DataFrame({t: numbers(dataset.target[t], written.get(t)) for t in task.target})
    dataset = replace(dataset, inputs=read(dataset.inputs, covariates), target=target)
    mended, _, _ = _mended(dataset, axis)
    return filled(mended, task.season or 1)


def _timed(dataset: Dataset, whole: pd.DataFrame, axis: Axis) -> tuple[Dataset, tuple[Finding, ...]]:
    """Times and series labels out of their columns; rows whose time cannot be read go."""
    zone = dataset.zone
    if axis.time is None:
        times = np.arange(dataset.n_rows).astype("datetime64[D]").astype("datetime64[ns]")
    elif axis.time.name in whole.columns:
        times = times_of(whole, axis.time)
        zone = zone_of(whole[axis.time.name], axis.time.reading)
    else:
        times = dates(pd.Series(dataset.times), axis.time.reading)
    labels = dataset.series if dataset.series is not None and axis.series is not None else None
    if axis.series is not None and axis.series.name in whole.columns:
        labels = labels_of(whole, axis.series)
    elif labels is not None:
        labels = np.array(["(missing)" if v is None else str(v) for v in labels], dtype=object)
    target = whole[list(axis.targets)].reset_index(drop=True)
    dataset = replace(dataset, times=times, series=labels, target=target, zone=zone)
    far = np.zeros(len(times), bool) if axis.stray is None else axis.stray
    if not (far | np.isnat(times)).any():
        return dataset, ()
    name = axis.time.name if axis.time else ""
    findings = [
        Finding(check, "medium", f"{len(rows):,} {what} in {name!r} and were dropped.", "Correct these times.", (name,),
                tuple(map(int, rows[:20])), len(rows))
        for check, rows, what in (
            ("missing_time", np.flatnonzero(np.isnat(times)), "rows have no readable time"),
            ("stray_times", np.flatnonzero(far), "rows lie far from all other times"),
        )
        if len(rows)
    ]  # fmt: skip
    return take(dataset, np.flatnonzero(~(far | np.isnat(times)))), in_file(findings, dataset)


def _mended(dataset: Dataset, axis: Axis) -> tuple[Dataset, str | None, tuple[Finding, ...]]:
    """Sorted, unrepeated, on a calendar and with a row for each of its steps; the calendar's alias."""
    dataset, sorted_ = ordered(dataset)
    time_name = axis.time.name if axis.time else "the row order"
    dataset, hours = averaged_hours(dataset, time_name)
    dataset, repeated = unrepeated(dataset, time_name, " and ".join(keys_of(axis.series)) or None, dataset.name)
    assert dataset.times is not None
    alias = axis.alias
    if alias is None and axis.time is not None:
        alias, _ = frequency.frequency(series_blocks(dataset.times, dataset.series))
    dataset, moved = on_calendar(dataset, alias, time_name)
    dataset, gaps = gridded(dataset, alias)
    return dataset, alias, (*sorted_, *hours, *repeated, *moved, *gaps)


def _described(axis: Axis, kinds: Mapping[str, Column]) -> tuple[Column, ...]:
    """The columns that tell time and series."""
    own = {c.name: c for c in (axis.time, axis.series) if c is not None}
    names = dict.fromkeys((*columns_of(axis.time), *keys_of(axis.series)))
    return tuple(own.get(name) or kinds[name] for name in names)


def _infinite(whole: pd.DataFrame, targets: Sequence[str]) -> Finding | None:
    count = sum(
        int(np.isinf(whole[t].to_numpy(np.float64, na_value=np.nan)).sum())
        for t in targets
        if whole[t].dtype.kind == "f"
    )
    if not count:
        return None
    return Finding(
        "infinite_numbers",
        "medium",
        f"{count:,} infinite targets were read as missing.",
        "Look for divisions by zero where the target is made.",
        tuple(targets),
        (),
        count,
    )


def _lengths(dataset: Dataset) -> np.ndarray:
    return np.array([b - a for a, b in block_bounds(dataset.series, dataset.n_rows)])


def _given(dataset: Dataset) -> np.ndarray | None:
    if dataset.given is None:
        return None
    return np.array([int(dataset.given[a:b].sum()) for a, b in block_bounds(dataset.series, dataset.n_rows)])


def _count(dataset: Dataset) -> str:
    n = len(block_bounds(dataset.series, dataset.n_rows))
    return "one series" if n == 1 else f"{n:,} series"


def _values(n: int) -> str:
    return "one value" if n == 1 else f"{n:,} values"


def _pace(alias: str | None) -> str:
    return f"one value every {calendars.said(alias)}" if alias else "steps without a calendar"


def _season(
    dataset: Dataset, alias: str | None, horizon: int, wanted: int | None
) -> tuple[int, tuple[str, ...]]:  # fmt: skip
    """The season set by the user or the calendar's, and whether most series follow it.

    Values decide nothing; they are only spoken of.

    Raises:
        RecipeError: no series has two of the seasons asked for before its last window.
    """
    bounds = block_bounds(dataset.series, dataset.n_rows)
    first, end = max(bounds, key=lambda b: b[1] - b[0])
    if wanted is not None:
        if wanted > 1 and end - first - horizon < 2 * wanted:
            raise RecipeError(
                f"season {wanted} is too long: the longest series has {end - first:,} rows, and two seasons beside a "
                f"window of {horizon} are needed; ask for at most {max((end - first - horizon) // 2, 1)}"
            )
        return wanted, (f"season {wanted}: set by you",)
    season = calendars.season(alias)
    pace = f"one value every {calendars.said(alias)}" if alias else "no calendar frequency: steps are counted"
    if season > 1 and end - first - horizon < 2 * season:
        return 1, (f"{pace}, season 1: the series are too short for a season of {season} steps",)
    if season == 1:
        return 1, (f"{pace}, season 1",)
    parts = _earlier_parts(dataset, bounds)
    strength = _median_correlation(parts, season)
    shorter = _median_correlation(parts, max(season // 2, 1))
    of = "" if len(parts) == 1 else f", the median of {len(parts)} series"
    if np.isfinite(strength) and (strength < 0.2 or strength < shorter):
        alike = "no more alike than others" if strength < 0.2 else "less alike than nearer ones"
        return season, (
            f"{pace}, season {season} by the calendar, though values {season} steps apart are {alike} "
            f"(correlation {strength:.2f}{of})",
        )
    return season, (
        f"{pace}, season {season}"
        + (f" (correlation {strength:.2f} at that distance{of})" if np.isfinite(strength) else ""),
    )


def _earlier_parts(dataset: Dataset, bounds: Sequence[tuple[int, int]]) -> list[np.ndarray]:
    """Values of the longest series and their targets, each ``(n,)``, without the rows that may test."""
    assert dataset.target is not None
    values = dataset.target.to_numpy(np.float64)
    parts = []
    for first, end in sorted(bounds, key=lambda b: b[0] - b[1])[:MOST_SERIES]:
        if dataset.given is not None and dataset.given.any():
            stop = end - int(dataset.given[first:end].sum())
        else:
            stop = end - int(LAST_SHARE * (end - first))
        parts += list(pd.DataFrame(values[first:stop]).ffill().to_numpy().T)
    return parts


def _median_correlation(parts: Sequence[np.ndarray], lag: int) -> float:
    found = np.array([frequency.autocorrelation(part, lag) for part in parts])
    return float(np.median(found[np.isfinite(found)])) if np.isfinite(found).any() else float("nan")
