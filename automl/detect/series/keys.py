"""The columns that tell the series of a panel apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from automl.detect.columns.sample import column_sample, is_named
from automl.detect.parse import dates, words
from automl.detect.series.calendars import DAY
from automl.records import Column, Task

__all__ = ["follow", "key_columns", "keys_of", "labels_of", "series_key"]

MOST_KEYS = 3
MOST_CANDIDATES = 8
MOST_REPEATED = 0.02
SAMPLE_ROWS = 50_000
MOST_APART = 366 * DAY
MARKS = (" / ", " | ", " · ", " // ", " || ")
KEY_NAMES = (
    r"id|ids|code|key|nr|store|shop|item|product|sku|region|country|state|city|site|station|location|sensor|"
    r"device|customer|client|branch|dept|department|category|family|brand|series|machine|outlet|warehouse|"
    r"route|zone|district|county|ticker|symbol|meter|household|filiale|artikel|geschäft|magasin|tienda"
)
CALENDAR_NAMES = (
    r"year|yr|quarter|qtr|month|mon|mnth|week|wk|weekday|weekend|day|dow|doy|wday|yday|mday|dayofweek|dayofyear|hour|hr|"
    r"jahr|monat|woche|wochentag|tag|stunde|mois|jour|semaine|heure|mes|dia|semana|hora"
)


def keys_of(series: Column | None) -> tuple[str, ...]:
    """Names of the columns that tell the series apart."""
    if series is None:
        return ()
    return tuple(series.reading.get("keys") or (series.name,))


def labels_of(frame: pd.DataFrame, series: Column) -> np.ndarray:
    """The label of each row's series, as str; of several columns their values, joined by a mark of the reading."""
    parts = [_labels(frame[name]) for name in keys_of(series)]
    mark = str(series.reading.get("separator") or MARKS[0])
    joined = parts[0] if len(parts) == 1 else [mark.join(row) for row in zip(*parts, strict=True)]
    return np.array(list(joined), dtype=object)


def _labels(column: pd.Series) -> np.ndarray:
    return np.array(["(missing)" if value is None else str(value) for value in words(column)], dtype=object)


def key_columns(labels: np.ndarray, task: Task) -> dict[str, np.ndarray]:
    """The columns that tell the series apart, by name, of labels as `labels_of` makes them."""
    series = next((c for c in task.columns if c.name == task.series_column), None)
    names = keys_of(series)
    if len(names) < 2 or series is None:
        return {task.series_column or "series": labels}
    mark = str(series.reading.get("separator") or MARKS[0])
    parts = [str(label).split(mark, len(names) - 1) for label in labels]
    filled = np.array([[*part, *[""] * (len(names) - len(part))] for part in parts], dtype=object)
    return {name: filled[:, place] for place, name in enumerate(names)}


def codes_of(column: pd.Series) -> np.ndarray:
    """``(n,)`` int64: a code for each different cell, -1 where it is missing."""
    try:
        return np.asarray(pd.factorize(column)[0], np.int64)
    except TypeError:  # lists and the like
        return np.asarray(pd.factorize(pd.Series(words(column), dtype=object))[0], np.int64)


def series_key(frame: pd.DataFrame, stamps: np.ndarray, others: Sequence[Column], asked: bool) -> Column | None:
    """The fewest columns that tell series apart where times repeat; None where none do.

    Args:
        frame: with these columns.
        stamps: the time of each row.
        others: columns beside time and targets.
        asked: whether a forecast was asked for, so that numbers may tell series apart, too.
    """
    candidates = [c for c in others if _may_be_key(frame, c, asked, single=len(others) == 1)][:MOST_CANDIDATES]
    candidates.sort(key=lambda c: c.kind != "categorical")
    codes = {c.name: codes_of(frame[c.name]) for c in candidates}
    times = np.asarray(pd.factorize(pd.Series(stamps))[0], np.int64)
    some = _some_times(times)
    for keys in _sets(candidates):
        parts = [codes[c.name] for c in keys]
        if _repeated([part[some] for part in parts], times[some]) >= MOST_REPEATED:
            continue
        n_series = len(np.unique(_crossed(parts)))
        if n_series <= len(times) / 2 and _repeated(parts, times) < MOST_REPEATED:
            return _key(frame, [c for c in others if c in keys], n_series)
    return None


def _some_times(times: np.ndarray) -> np.ndarray:
    """All rows of some times, evenly taken: whether keys tell rows of one time apart shows in a part of them."""
    n_times = int(times.max(initial=0)) + 1
    every = max(1, n_times * len(times) // (SAMPLE_ROWS * max(n_times, 1)))
    return np.flatnonzero(times % every == 0)


def _repeated(parts: Sequence[np.ndarray], times: np.ndarray) -> float:
    """Share of the rows that have the keys and the time of an earlier one."""
    return float(pd.Series(_crossed([*parts, times])).duplicated().mean()) if len(times) else 0.0


def _may_be_key(frame: pd.DataFrame, c: Column, asked: bool, single: bool) -> bool:
    if c.kind in ("categorical", "boolean"):
        return True
    if c.kind in ("unknown", "text"):
        return asked or single or is_named(c.name, KEY_NAMES)
    return _is_code(frame, c) and (asked or single or is_named(c.name, KEY_NAMES))


def _is_code(frame: pd.DataFrame, c: Column) -> bool:
    if c.kind != "numeric":
        return False
    seen = column_sample(c.name, frame[c.name])
    return seen.is_numeric and seen.is_integer and seen.n_distinct <= len(frame) / 5


def _sets(candidates: Sequence[Column]) -> Iterator[tuple[Column, ...]]:
    for n in range(1, MOST_KEYS + 1):
        yield from combinations(candidates, n)


def _crossed(codes: Sequence[np.ndarray]) -> np.ndarray:
    """One code for each combination of values."""
    label = codes[0] + 1
    for code in codes[1:]:
        label = np.unique(label * (int(code.max(initial=0)) + 2) + code + 1, return_inverse=True)[1]
    return np.asarray(label)


def _key(frame: pd.DataFrame, keys: Sequence[Column], n_series: int) -> Column:
    names = " and ".join(repr(c.name) for c in keys)
    if len(keys) == 1:
        note = f"times repeat, and {names} ({n_series:,} values) tells the series apart"
        return Column(keys[0].name, "categorical", 0.9, note)
    texts = [set(_labels(frame[c.name])) for c in keys]
    mark = next((m for m in MARKS if not any(m.strip() in text for part in texts for text in part)), MARKS[-1])
    note = f"times repeat, and {names} together ({n_series:,} pairs of values) tell the series apart"
    note = note if len(keys) == 2 else note.replace("pairs", "combinations")
    return Column(keys[0].name, "categorical", 0.9, note, {"keys": [c.name for c in keys], "separator": mark})


def follow(frame: pd.DataFrame, labels: np.ndarray | None, stamps: np.ndarray, others: Sequence[Column]) -> set[str]:
    """Columns that tell nothing beside series and time: one value a series or a part of the calendar, the same dates.

    Args:
        frame: with these columns.
        labels: of the series, or None.
        stamps: the time of each row.
        others: columns beside time, series and targets.
    """
    known = np.flatnonzero(~np.isnat(stamps))
    if not len(known):
        return set()
    series = None if labels is None else np.asarray(pd.factorize(pd.Series(labels))[0])[known]
    parts = list(_calendar_parts(stamps[known]))
    names = set()
    for c in others:
        cells = frame[c.name].iloc[known]
        code = codes_of(cells)
        if series is not None and _is_constant_within(series, code):
            names.add(c.name)
        elif c.kind == "datetime" and not c.reading.get("clock"):
            if _rises_with(stamps[known], dates(cells, c.reading)):
                names.add(c.name)
        elif any(_tells(c.name, cells, code, part, comes_back) for part, comes_back in parts):
            names.add(c.name)
    return names


def _calendar_parts(stamps: np.ndarray) -> Iterator[tuple[np.ndarray, bool]]:
    """Year, month, day of the week and so on of each row, and whether the values come back again and again."""
    at = pd.DatetimeIndex(stamps)
    span = (at.max() - at.min()).days
    for part, days in ((at.year, None), (at.quarter, 730), (at.month, 730), (at.isocalendar().week, 730),
                       (at.day_of_year, 1095), (at.day, 93), (at.day_of_week, 28), (at.hour, 7)):  # fmt: skip
        values = np.asarray(part, np.int64)
        if values.min() < values.max():
            yield values, days is not None and span >= days


def _tells(name: str, cells: pd.Series, code: np.ndarray, part: np.ndarray, comes_back: bool) -> bool:
    """Whether a column follows from a part of the calendar that comes back, or is one by its name and values."""
    if comes_back and _is_constant_within(part, code):
        return True
    if not is_named(name, CALENDAR_NAMES):
        return False
    if pd.api.types.is_numeric_dtype(cells.dtype):
        shift = np.asarray(cells, np.float64) - part
        return bool(shift.min() == shift.max())
    return len(np.unique(code)) == len(np.unique(part)) > 2 and _is_constant_within(part, code)


def _rises_with(stamps: np.ndarray, others: np.ndarray) -> bool:
    """Whether dates are the same ones in another form (the end of the week): they never fall as time goes on."""
    if np.isnat(others).any() or np.ptp((others - stamps).astype(np.int64)) > MOST_APART:
        return False
    order = np.lexsort((others.astype(np.int64), stamps.astype(np.int64)))
    same = np.diff(stamps[order].astype(np.int64)) == 0
    steps = np.diff(others[order].astype(np.int64))
    return bool((steps >= 0).all()) and bool((steps[same] == 0).all())


def _is_constant_within(part: np.ndarray, code: np.ndarray) -> bool:
    """Whether a column has one value in each part."""
    pairs = pd.DataFrame({"p": part, "c": code}).drop_duplicates()
    return len(pairs) == len(np.unique(part))
