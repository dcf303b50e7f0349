"""Whether a table is a set of series, and along which columns they run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from automl.detect.series import frequency
from automl.detect.series.calendars import DAY, constant_step
from automl.detect.series.dependence import is_in_order
from automl.detect.series.keys import follow, keys_of, labels_of, series_key
from automl.detect.series.options import is_asked, not_later, spoken_against
from automl.detect.series.timing import columns_of, stray, time_column, times_of, with_parts
from automl.errors import DataError, RecipeError
from automl.goals.forecast import FORECAST
from automl.records import NUMERIC_KINDS, QUANTITY_KINDS, Column, Recipe

__all__ = ["Axis", "Declined", "axis", "series_blocks"]

MOST_COLUMNS = 12
"""Columns beside the target up to which a table may be a set of series that nobody asked for."""

LEAST_KNOWN = 0.9
LEAST_DIFFERENT = 0.9
LEAST_ROWS = 10
FULL_UNASKED = 0.6
"""Share of a calendar's places that must be there if nobody asked for a forecast; teams play at home half the time."""


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """How a table runs in time.

    Attributes:
        time: the time column with its reading (None: the rows' own order).
        series: the series column or None; its reading may name several.
        targets: names to forecast.
        covariates: further columns.
        evidence: why.
        alias: of the calendar on which the times lie; None without one.
        stray: ``(n,)`` bool: rows whose times lie far from all others; None in new rows.
    """

    time: Column | None
    series: Column | None
    targets: tuple[str, ...]
    covariates: tuple[str, ...]
    evidence: tuple[str, ...]
    alias: str | None = None
    stray: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """Why a table is not forecast.

    Attributes:
        reason: in words.
        time: what tells the time of its rows, or None.
        series: what tells series apart, or None.
        is_series: whether there is nothing beside time and series that a row could be predicted from.
        by_options: whether options of the user speak for another goal.
    """

    reason: str
    time: Column | None = None
    series: Column | None = None
    is_series: bool = False
    by_options: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The columns of a table that may hold series.

    Attributes:
        time: the time column or None.
        stamps: ``(n,)`` its times, or None; NaT where they are stray.
        stray: ``(n,)`` bool: times far from all others, or None.
        series: the series column or None.
        labels: ``(n,)`` of the series, or None.
        others: columns beside these and the targets.
        idle: names of others that tell nothing beside time and series.
    """

    time: Column | None
    stamps: np.ndarray | None
    stray: np.ndarray | None
    series: Column | None
    labels: np.ndarray | None
    others: list[Column]
    idle: set[str]


def axis(
    frame: pd.DataFrame, columns: Sequence[Column], targets: Sequence[str], recipe: Recipe, given: np.ndarray | None
) -> Axis | Declined:
    """How the table would be forecast, or why it is no forecast.

    Args:
        frame: all columns, targets among them.
        columns: kinds of all of them.
        targets: names, maybe none.
        recipe: goal, time_column, series and the options that speak for or against a forecast.
        given: which rows are the user's own test rows, or None.

    Raises:
        RecipeError, DataError: a forecast was asked for and cannot be made.
    """
    asked = is_asked(recipe)
    laid = _layout(frame, columns, targets, recipe, asked)
    if isinstance(laid, Declined):
        return laid
    time, series, others = laid.time, laid.series, laid.others
    if not targets:
        free = [c for c in others if c.name not in laid.idle and c.name not in recipe.known]
        targets = [c.name for c in free if c.kind in QUANTITY_KINDS]
        others = [c for c in others if c.name not in targets]
        if not targets:
            return Declined("no column holds numbers to forecast", time, series)
    _check_known(columns, others, recipe)
    varying = [c for c in others if c.name not in laid.idle]
    if varying and not asked:
        return Declined(_varies(varying), time, series)
    declined = Declined(_no_numbers(columns, targets, recipe, asked), time, series, is_series=True)
    if not declined.reason and not asked:
        reason = spoken_against(recipe) or not_later(laid.stamps, laid.labels, given)
        declined = replace(declined, reason=reason, by_options=bool(reason))
    alias = None
    if not declined.reason and time is not None:
        time = _on_its_clock(frame, time, laid)
        stamps = _without(times_of(frame, time), laid.stray)
        alias, reason = _regular(time, stamps, laid.labels, asked)
        declined = replace(declined, reason=reason)
    if declined.reason:
        return declined
    why = [series.evidence] if series is not None and recipe.series is None else []
    evidence = (f"goal forecast: {'set by you' if recipe.goal else _because(time, series, targets, asked)}", *why)
    return Axis(time, series, tuple(targets), tuple(c.name for c in others), evidence, alias, laid.stray)


def _layout(
    frame: pd.DataFrame, columns: Sequence[Column], targets: Sequence[str], recipe: Recipe, asked: bool
) -> Layout | Declined:
    """What tells the time, what tells series apart, and what else there is."""
    time = time_column(frame, [c for c in columns if c.name not in targets], recipe.time_column)
    if time is None and not asked:
        return Declined("no column tells the time")
    others = _inputs(columns, time, targets, recipe)
    if not asked and len(others) > MOST_COLUMNS:
        return Declined(_varies(others), time)
    if time is not None:
        time = with_parts(frame, time, _may_be_parts(columns, time, targets, recipe))
        others = [c for c in others if c.name not in columns_of(time)]
    stamps = None if time is None else times_of(frame, time)
    far = None if stamps is None else stray(stamps)
    if stamps is not None:
        stamps = _without(stamps, far)
    series = _series(frame, stamps, others, recipe, asked)
    others = [c for c in others if c.name not in keys_of(series)]
    labels = None if series is None else labels_of(frame, series)
    idle = follow(frame, labels, stamps, others) if stamps is not None and not asked else set()
    return Layout(time, stamps, far, series, labels, others, idle)


def _inputs(columns: Sequence[Column], time: Column | None, targets: Sequence[str], recipe: Recipe) -> list[Column]:
    """The columns beside time and targets that may tell something."""
    out = {time.name if time else None, *targets, recipe.group}
    return [
        c
        for c in columns
        if c.name not in out and c.kind != "constant" and not (c.kind == "identifier" and c.name != recipe.series)
    ]


def _may_be_parts(columns: Sequence[Column], time: Column, targets: Sequence[str], recipe: Recipe) -> list[Column]:
    """Columns that may tell a part of the time; the month of a file may be the same in all rows."""
    out = {time.name, *targets, recipe.group, recipe.series, *recipe.columns}
    return [c for c in columns if c.name not in out]


def _check_known(columns: Sequence[Column], others: Sequence[Column], recipe: Recipe) -> None:
    """Refuse a covariate known beforehand that is not there, or that holds no numbers."""
    kinds, usable = {c.name: c for c in columns}, {c.name for c in others if c.kind in NUMERIC_KINDS}
    for name in recipe.known:
        if name not in kinds:
            raise RecipeError(f"known: no column {name!r}; the data have {', '.join(map(repr, kinds))}")
        if name not in usable:
            held = kinds[name]
            raise RecipeError(
                f"known: {name!r} holds {held.kind} values ({held.evidence}), and covariates of a forecast are numbers "
                "or yes and no; write it in numbers, or leave it out"
            )


def _varies(others: Sequence[Column]) -> str:
    more = " and others vary" if len(others) > 1 else " varies"
    return f"{others[0].name!r}{more} beside the time, so each row is predicted from its own columns"


def _because(time: Column | None, series: Column | None, targets: Sequence[str], asked: bool) -> str:
    if asked:
        return "horizon, season, series, known and metrics of forecasts are options of no other goal"
    beside = f"series column {' and '.join(map(repr, keys_of(series)))} and " if series else ""
    names = ", ".join(targets[:3]) + (" and more" if len(targets) > 3 else "")
    clock = " and ".join(map(repr, columns_of(time))) if time else "'row order'"
    instead = "pass goal regression to predict rows in any order"
    return f"beside time column {clock} there is only {beside}{names}; {instead}"


def _series(
    frame: pd.DataFrame, stamps: np.ndarray | None, others: Sequence[Column], recipe: Recipe, asked: bool
) -> Column | None:
    """What tells the series apart: the column that the user named, else the fewest ones, where times repeat."""
    if recipe.series is not None:
        known = next((c for c in others if c.name == recipe.series), None)
        kind = known if known is not None and known.kind in ("categorical", "boolean") else None
        return kind or Column(recipe.series, "categorical", 1.0, "named as the series column")
    if stamps is None:
        return None
    if pd.Series(stamps).duplicated().any():
        return series_key(frame, stamps, others, asked)
    names = [c for c in others if c.kind == "categorical"]
    if not names or frequency.frequency(_blocks(stamps, None))[0] is not None:
        return None
    return next(filter(None, (_own_calendar(frame, stamps, c) for c in names)), None)


def _own_calendar(frame: pd.DataFrame, stamps: np.ndarray, c: Column) -> Column | None:
    """A column as that of the series, where its series lie on one calendar, each at times of its own."""
    labels = labels_of(frame, c)
    n_series = len(np.unique(labels))
    if n_series > len(labels) / LEAST_ROWS or frequency.frequency(_blocks(stamps, labels))[0] is None:
        return None
    return Column(c.name, "categorical", 0.9, f"the times of each of the {n_series:,} values of {c.name!r} are regular")


def _no_numbers(columns: Sequence[Column], targets: Sequence[str], recipe: Recipe, asked: bool) -> str:
    """That a target holds no numbers; empty if all do. An error where the user asked for a forecast."""
    kinds = {c.name: c for c in columns}
    fitting = (*QUANTITY_KINDS, "boolean", "identifier") if asked else QUANTITY_KINDS
    wrong = next((kinds[t] for t in targets if kinds[t].kind not in fitting), None)
    if wrong is None:
        return ""
    if asked:
        by = "" if recipe.goal else " (horizon, season, series, known and metrics of forecasts ask for it)"
        raise RecipeError(
            f"goal {FORECAST.name!r}{by} needs numbers, but target {wrong.name!r} holds {wrong.kind} values "
            f"({wrong.evidence})"
        )
    return f"the target {wrong.name!r} holds no numbers"


def series_blocks(times: np.ndarray, series: np.ndarray | None) -> list[np.ndarray]:
    """Sorted, distinct times of each series."""
    if series is None:
        return [np.unique(times)]
    order = np.argsort(pd.factorize(series)[0], kind="stable")
    codes = pd.factorize(series)[0][order]
    return [np.unique(part) for part in np.split(times[order], np.flatnonzero(np.diff(codes)) + 1)]


def _regular(time: Column, stamps: np.ndarray, labels: np.ndarray | None, asked: bool) -> tuple[str | None, str]:
    """(Alias of the calendar, why there is none). An error where the user asked for a forecast."""
    known = ~np.isnat(stamps)
    if known.sum() < 3 or (not asked and known.mean() < LEAST_KNOWN):
        if asked:
            raise DataError(
                f"time column {time.name!r} holds {int(known.sum()):,} readable times in {len(stamps):,} "
                f"rows; a forecast needs at least 10"
            )
        return None, f"too few values of {time.name!r} are readable times"
    blocks = _blocks(stamps, labels)
    if not asked and sum(map(len, blocks)) < LEAST_DIFFERENT * known.sum():
        return None, f"times in {time.name!r} repeat and no column tells series apart"
    alias, full = frequency.frequency(blocks, frequency.LEAST_FULL if asked else FULL_UNASKED)
    if not asked and time.reading.get("numbers") == "steps" and full < 1 and not is_in_order(stamps, labels):
        return None, f"rows are not in the order of {time.name!r}, so its numbers may count anything"
    if alias is not None:
        return alias, ""
    if asked:
        raise DataError(
            f"times in {time.name!r} lie on no regular grid (not hourly, daily, monthly, ...); bring "
            f"the data to one "
            "row a step (for example with pandas resample), or choose goal 'regression'"
        )
    return None, f"times in {time.name!r} are irregular: they lie on no calendar of hours, days, weeks or months"


def _on_its_clock(frame: pd.DataFrame, time: Column, laid: Layout) -> Column:
    """The time column, read as its clock shows the times where they are days, weeks or months of that clock.

    Days of a place begin at its midnight, which is another time in UTC while there is summer time. Hours are regular in
    UTC.
    """
    if "numbers" in time.reading or "parts" in time.reading:
        return time
    local = replace(time, reading={**time.reading, "wall": True})
    in_utc, shown = times_of(frame, time), times_of(frame, local)
    if not (in_utc != shown)[~np.isnat(in_utc)].any():
        return time
    alias, _ = frequency.frequency(_blocks(_without(shown, laid.stray), laid.labels))
    step = None if alias is None else constant_step(alias)
    if alias is None or (step is not None and step < DAY):
        return time
    return replace(local, evidence=f"{time.evidence}; read on the local clock")


def _without(stamps: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
    """Times, unknown in these rows."""
    return stamps if rows is None else np.asarray(np.where(rows, np.datetime64("NaT", "ns"), stamps))


def _blocks(stamps: np.ndarray, labels: np.ndarray | None) -> list[np.ndarray]:
    known = ~np.isnat(stamps)
    return series_blocks(stamps[known], None if labels is None else labels[known])
