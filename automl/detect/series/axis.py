"""Whether a table is a set of series, along which column they run, and how far to look ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from automl import goals
from automl.detect.columns.convert import typed
from automl.detect.columns.kinds import column
from automl.detect.columns.sample import column_sample, is_named
from automl.detect.parse import dates, words
from automl.detect.series import frequency
from automl.errors import DataError, RecipeError
from automl.records import QUANTITY_KINDS, Column, Recipe

__all__ = ["Axis", "ahead", "axis", "series_blocks", "time_column"]

TIMES = r"date|time|timestamp|datetime|day|week|month|quarter|year|yr|period|ds|step|t|jahr|annee|año"
RATES = r"per|hours|minutes|n|num|number|count|no|age|old"  # hours per week, number of days: amounts, not times


@dataclass(frozen=True, slots=True)
class Axis:
    """How a table runs in time.

    Attributes:
        time: the time column with its reading (None: the rows' own order).
        series: the series column or None.
        targets: names to forecast.
        covariates: further columns.
        evidence: why.
    """

    time: Column | None
    series: Column | None
    targets: tuple[str, ...]
    covariates: tuple[str, ...]
    evidence: tuple[str, ...]


def time_column(frame: pd.DataFrame, columns: Sequence[Column], named: str | None) -> Column | None:
    """The column that tells the time: the one the user named, else dates, else years or months as whole numbers."""
    if named is not None:
        known = next((c for c in columns if c.name == named), None)
        if known is not None and known.kind == "datetime":
            return known
        dated = column(named, frame[named], "datetime")
        return Column(named, "datetime", 1.0, "named as the time column", dated.reading)
    for c in columns:
        if c.kind == "datetime" and not c.reading.get("clock"):
            return c
    for c in columns:
        if c.kind not in ("numeric", "identifier") or not is_named(c.name, TIMES) or is_named(c.name, RATES):
            continue
        seen = column_sample(c.name, frame[c.name])
        if not seen.is_numeric or not seen.is_integer:
            continue
        values = seen.values[~np.isnan(seen.values)]
        if len(values) == len(frame) and values.min() >= 1000 and values.max() <= 2261:
            return Column(c.name, "datetime", 0.9, "whole numbers between 1000 and 2261: years", {"numbers": "year"})
        if len(values) == len(frame) and abs(values).max() < 1e5 and seen.is_named("step|t|time|period|day|week|month"):
            return Column(c.name, "datetime", 0.7, "whole numbers that count steps", {"numbers": "steps"})
    return None


def axis(frame: pd.DataFrame, columns: Sequence[Column], targets: Sequence[str], recipe: Recipe) -> Axis | str:
    """How the table would be forecast, or why it is no forecast.

    Args:
        frame: all columns, targets among them.
        columns: kinds of all of them.
        targets: names, maybe none.
        recipe: goal, time_column, series.

    Raises:
        RecipeError, DataError: a forecast was asked for and cannot be made.
    """
    asked = recipe.goal is not None and goals.named(recipe.goal).in_windows
    time = time_column(frame, [c for c in columns if c.name not in targets], recipe.time_column)
    if time is None and not asked:
        return "no column tells the time"
    out = {time.name if time else None, *targets, recipe.group}
    others = [
        c
        for c in columns
        if c.name not in out and c.kind != "constant" and not (c.kind == "identifier" and c.name != recipe.series)
    ]
    if not asked and recipe.series is None:  # one of them may tell the series apart; look no further if more are left
        rest = others if targets else [c for c in others if c.kind not in QUANTITY_KINDS]
        if len(rest) > 1:
            return f"{rest[0].name!r} and others vary beside the time, so each row is predicted from its own columns"
    series, why = _series(frame, time, others, recipe, asked)
    others = [c for c in others if series is None or c.name != series.name]
    if not targets:
        targets = [c.name for c in others if c.kind in QUANTITY_KINDS]
        others = [c for c in others if c.kind not in QUANTITY_KINDS]
        if not targets:
            return "no column holds numbers to forecast"
        if others and not asked:
            return f"{others[0].name!r} varies beside the time and holds no numbers"
    if others and not asked:
        return f"{others[0].name!r} varies beside the time, so each row is predicted from its own columns"
    kinds = {c.name: c for c in columns}
    wrong = [
        t
        for t in targets
        if kinds[t].kind not in QUANTITY_KINDS and not (kinds[t].kind in ("boolean", "identifier") and asked)
    ]
    if wrong:
        if asked:
            raise RecipeError(
                f"goal {recipe.goal!r} needs numbers, but target {wrong[0]!r} holds {kinds[wrong[0]].kind} "
                f"values ({kinds[wrong[0]].evidence})"
            )
        return f"the target {wrong[0]!r} holds no numbers"
    if time is not None and (reason := _irregular(frame, time, series, asked)) is not None:
        return reason
    evidence = [f"goal forecast: {'set by you' if asked else _because(time, series, targets)}", *why]
    return Axis(time, series, tuple(targets), tuple(c.name for c in others), tuple(evidence))


def _because(time: Column | None, series: Column | None, targets: Sequence[str]) -> str:
    beside = f"series column {series.name!r} and " if series else ""
    names = ", ".join(targets[:3]) + (" and more" if len(targets) > 3 else "")
    return (
        f"beside time column {time.name if time else 'row order'!r} there is only {beside}{names}; pass goal "
        f"regression to predict rows in any order"
    )


def _series(
    frame: pd.DataFrame, time: Column | None, others: Sequence[Column], recipe: Recipe, asked: bool
) -> tuple[Column | None, list[str]]:
    """The column that tells the series apart, where times repeat."""
    if recipe.series is not None:
        known = next((c for c in others if c.name == recipe.series), None)
        kind = known if known is not None and known.kind in ("categorical", "boolean") else None
        return kind or Column(recipe.series, "categorical", 1.0, "named as the series column"), []
    if time is None:
        return None, []
    stamps = pd.Series(dates(frame[time.name], time.reading))
    if not stamps.duplicated().any():
        return None, []
    candidates = [c for c in others if c.kind in ("categorical", "boolean", "unknown", "text") or _is_code(frame, c)]
    if not asked and len(candidates) > 1:
        candidates = [c for c in candidates if c.kind in ("categorical", "boolean")]
    for c in sorted(candidates, key=lambda c: c.kind != "categorical"):
        keys = pd.DataFrame({"s": words(frame[c.name]), "t": stamps})
        repeated = keys.duplicated().mean()
        if repeated < 0.02 and keys["s"].nunique() <= len(keys) / 2:
            note = f"times repeat, and {c.name!r} ({keys['s'].nunique():,} values) tells the series apart"
            return Column(c.name, "categorical", 0.9, note), [note]
    return None, []


def _is_code(frame: pd.DataFrame, c: Column) -> bool:
    if c.kind != "numeric":
        return False
    seen = column_sample(c.name, frame[c.name])
    return seen.is_numeric and seen.is_integer and seen.n_distinct <= len(frame) / 5


def series_blocks(times: np.ndarray, series: np.ndarray | None) -> list[np.ndarray]:
    """Sorted, distinct times of each series."""
    if series is None:
        return [np.unique(times)]
    order = np.argsort(pd.factorize(series)[0], kind="stable")
    codes = pd.factorize(series)[0][order]
    return [np.unique(part) for part in np.split(times[order], np.flatnonzero(np.diff(codes)) + 1)]


def _irregular(frame: pd.DataFrame, time: Column, series: Column | None, asked: bool) -> str | None:
    """Why the times lie on no grid; None where they do. An error where the user asked for a forecast."""
    times = typed(frame[time.name], time).to_numpy()
    known = ~np.isnat(times)
    if known.sum() < 3 or (not asked and known.mean() < 0.9):
        if asked:
            raise DataError(
                f"time column {time.name!r} holds {int(known.sum()):,} readable times in {len(times):,} "
                f"rows; a forecast needs at least 10"
            )
        return f"too few values of {time.name!r} are readable times"
    labels = words(frame[series.name])[known] if series else None
    blocks = series_blocks(times[known], labels)
    distinct = sum(len(b) for b in blocks)
    if not asked and distinct < 0.9 * known.sum():
        return f"times in {time.name!r} repeat and no column tells series apart"
    alias, _ = frequency.frequency(blocks)
    if alias is None:
        if asked:
            raise DataError(
                f"times in {time.name!r} lie on no regular grid (not hourly, daily, monthly, ...); bring "
                f"the data to one "
                "row a step (for example with pandas resample), or choose goal 'regression'"
            )
        return f"times in {time.name!r} are irregular"
    return None


def ahead(lengths: np.ndarray, given: np.ndarray | None, alias: str | None, recipe: Recipe) -> int:
    """The horizon: set by the user, or about a season; never more than the data allow.

    Args:
        lengths: rows of each series.
        given: test rows of each series from the user's own file, or None.

    Raises:
        RecipeError: the horizon asked for is too long. DataError: the longest series is too short for any.
    """
    longest = int(lengths.max())
    if longest < 10:
        raise DataError(f"the longest series has {longest} rows; a forecast needs at least 10")
    if given is not None and given.any():
        given_most = int(given.max())
        most = max(1, min(given_most, int((lengths - given)[given > 0].max() - 2) // 2))
    else:
        given_most, most = 0, (longest - 2) // 3
    if recipe.horizon is not None:
        if recipe.horizon < 1:
            raise RecipeError(f"horizon must be a whole number of steps from 1, got {recipe.horizon}")
        if recipe.horizon > most:
            tested = f" of which {given_most} are given as test rows" if given_most else ""
            raise RecipeError(
                f"horizon {recipe.horizon} is too long: training, validation and test need one window "
                f"each, and the longest "
                f"series has {longest:,} rows{tested}; ask for at most {most}"
            )
        return recipe.horizon
    usual = int(np.quantile(lengths, 0.1, method="lower")) if len(lengths) >= 10 else int(lengths.min())
    chosen = frequency.horizon(alias, max(usual, 10))
    if given_most:
        chosen = min(chosen, int(given[given > 0].min()) if given is not None else chosen)
    return max(1, min(chosen, most))
