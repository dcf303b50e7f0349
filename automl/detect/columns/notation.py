"""New cells in another notation than training's: each is read by its own where that is certain.

A column's reading was decided by all of its training cells; a few new cells are no match for that, so it holds wherever
a cell leaves the notation open. A cell that contradicts it ("0,65" among decimal points) cannot have been meant so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.parse import (
    MISSING_NUMBERS,
    is_percent,
    is_unit,
    marks,
    numbers,
    quantity,
    related_factor,
    word,
)
from automl.records import Column

__all__ = ["Anew", "distinct_texts", "evenly", "is_as_stored", "numbers_anew", "replaced", "table_mark"]

Anew = tuple[np.ndarray, Counter[str]]
"""A column as it is read in the end, and how cells were read otherwise than in training, with their count."""
MOST_SHARE = 2.0
"""Ends of a column of shares, which are rounded beyond 1."""
LEAST_PERCENTAGE = 2.0
LOOKED_AT = 1_000
"""Cells, evenly taken, that say how a column is written."""
MARK_WORDS = {".": "with a decimal point", ",": "with a decimal comma"}
THOUSANDS = {".": "with points between thousands", ",": "with commas between thousands"}


def distinct_texts(series: pd.Series, at: np.ndarray | None = None) -> tuple[np.ndarray, list[str]]:
    """The place of each cell among the different texts of a column (-1 for other cells), and these.

    Args:
        series: as it came, ``(n,)``.
        at: ``(n,)`` bool, the cells to look at; None for all.
    """
    places = np.arange(len(series)) if at is None else np.flatnonzero(at)
    held = np.full(len(series), None, dtype=object)
    for place, value in zip(places.tolist(), series.iloc[places].tolist(), strict=True):
        held[place] = word(value) if isinstance(value, str) else None
    codes, uniques = pd.factorize(held)
    return codes, [str(text) for text in uniques]


def holding(series: pd.Series, mark: str) -> np.ndarray:
    """Which cells ``(n,)`` are texts that hold a mark."""
    if isinstance(series.dtype, pd.StringDtype):
        return np.asarray(series.str.contains(mark, regex=False).to_numpy(dtype=bool, na_value=False))
    return np.array([isinstance(cell, str) and mark in cell for cell in series.tolist()], dtype=bool)


def replaced(values: np.ndarray, codes: np.ndarray, anew: Mapping[int, tuple[Any, str]]) -> Anew:
    """A column whose cells of some texts have other values.

    Args:
        values: of all cells, ``(n,)``.
        codes: the place of each cell's text, ``(n,)``.
        anew: from such a place to the value and to how it was read; the words are empty where nothing is to be said.
    """
    out, said = values.copy(), Counter[str]()
    for place, (value, how) in anew.items():
        cells = codes == place
        out[cells] = value
        if how:
            said[how] += int(cells.sum())
    return out, said


def table_mark(columns: Iterable[pd.Series]) -> str:
    """The decimal mark that the cells of a table show, where some do and all of these the same; else an empty text.

    Args:
        columns: of numbers, as they came.
    """
    shown = set()
    for series in columns:
        if not _is_typed(series):
            for comma, point, _ in map(marks_of, distinct_texts(series, evenly(len(series)))[1]):
                shown |= {","} if comma else {"."} if point else set()
    return shown.pop() if len(shown) == 1 else ""


def is_as_stored(column: Column) -> bool:
    """Whether the numbers of new rows that are stored as such are taken as they stand (see `numbers_anew`)."""
    unit = column.reading.get("unit")
    return "bins" not in column.reading and not (unit and is_percent(str(unit))) and column.level_column is None


def numbers_anew(series: pd.Series, values: np.ndarray, column: Column, mark: str = "") -> Anew:
    """A column of numbers with those cells read by their own notation that show one.

    Args:
        series: as it came.
        values: as training's reading has them, ``(n,)`` with NaN.
        column: whose reading and range are training's.
        mark: see `table_mark`.
    """
    if "bins" in column.reading:
        return values, Counter()
    if (shares := _shares(series, values, column)) is not None:
        return shares
    if _is_typed(series):
        return values, Counter()
    if "form" in column.reading:
        return _other_units(series, values, column)
    odd = holding(series, _other_mark(column)) | np.isnan(values)
    codes, texts = distinct_texts(series, odd | evenly(len(series)))
    if all_open := _are_open_ones_other(texts, column, mark):
        codes, texts = distinct_texts(series)
    anew = _with_other_mark(texts, column, all_open)
    written = {name: value for name, value in column.reading.items() if name != "missing"}
    for place in np.flatnonzero(np.isnan(_read(texts, written))).tolist():
        if place not in anew and (found := _amount(texts[place], column)) is not None:
            anew[place] = found
    return replaced(values, codes, anew) if anew else (values, Counter())


def _other_units(series: pd.Series, values: np.ndarray, column: Column) -> Anew:
    """Numbers in several parts ("5 ft 11 in") of which some cells are one number with another unit of the family."""
    codes, texts = distinct_texts(series, np.isnan(values))
    anew = {place: found for place, text in enumerate(texts) if (found := _amount(text, column)) is not None}
    return replaced(values, codes, anew) if anew else (values, Counter())


def _shares(series: pd.Series, values: np.ndarray, column: Column) -> Anew | None:
    """Shares of one in a column of percentages that were hardly ever below one; None where there are none."""
    unit, usual = str(column.reading.get("unit") or ""), column.seen.get("usual", (0.0, 0.0))
    there = ~np.isnan(values)
    if not is_percent(unit) or usual[0] < LEAST_PERCENTAGE or not there.any():
        return None
    plain = all(unit not in cell for cell in series.tolist() if isinstance(cell, str))
    inner = bool(((values[there] > 0) & (values[there] < 1)).any())
    if not plain or not inner or values[there].min() < 0 or values[there].max() > 1:
        return None
    return values * 100.0, Counter({"as shares of one": int(there.sum())})


def _is_typed(series: pd.Series) -> bool:
    return series.dtype.kind in "fiubM"


def evenly(n: int) -> np.ndarray:
    """Which of so many cells are looked at to see how a column is written: ``(n,)`` bool."""
    at = np.zeros(n, bool)
    at[np.linspace(0, n - 1, min(n, LOOKED_AT)).astype(np.int64)] = True
    return at


def _read(texts: Sequence[str], reading: Mapping[str, Any]) -> np.ndarray:
    return numbers(pd.Series(list(texts), dtype=object), reading)


def marks_of(text: str) -> tuple[int, int, int]:
    """Whether one text shows a decimal comma, a decimal point, or a mark that may part thousands too."""
    return marks([text]) if "," in text or "." in text else (0, 0, 0)


def _mark(column: Column) -> str:
    return str(column.reading.get("decimal", "."))


def _other_mark(column: Column) -> str:
    return "." if _mark(column) == "," else ","


def _are_open_ones_other(texts: Sequence[str], column: Column, mark: str) -> bool:
    """Whether cells such as 1,500 have the mark that training has not: others show it, or the range says so."""
    other = _other_mark(column)
    shown = [marks_of(text) for text in texts]
    open_ = [text for text, (_, _, either) in zip(texts, shown, strict=True) if either]
    theirs, ours = (any(one[place] for one in shown) for place in ((0, 1) if other == "," else (1, 0)))
    if not open_ or ours:
        return False
    here = [_within(_read(open_, {**column.reading, "decimal": m}), column) for m in (_mark(column), other)]
    return here == ["none", "all"] or (here != ["all", "none"] and (theirs or mark == other))


def _with_other_mark(texts: Sequence[str], column: Column, all_open: bool) -> dict[int, tuple[float, str]]:
    """Texts that can only be written with the other decimal mark, and where so decided those that leave it open."""
    other = _other_mark(column)
    places = [
        place
        for place, (comma, point, either) in enumerate(map(marks_of, texts))
        if (comma if other == "," else point) or (either and all_open)
    ]
    found = _read([texts[place] for place in places], {**column.reading, "decimal": other})
    words = [MARK_WORDS[other] if other in texts[place] else THOUSANDS[_mark(column)] for place in places]
    return {place: (value, how) for place, value, how in zip(places, found, words, strict=True) if not np.isnan(value)}


def _within(values: np.ndarray, column: Column) -> str:
    """How many of some numbers are within training's range: "all", "none" or "some"; "some" where it is not known."""
    if "low" not in column.seen:
        return "some"
    inside = (values >= column.seen["low"]) & (values <= column.seen["high"])
    return "all" if inside.all() else "some" if inside.any() else "none"


def _amount(text: str, column: Column) -> tuple[float, str] | None:
    """A cell with a unit or a bound that training's cells did not have; None where it is no number to be sure of."""
    reading = column.reading
    if text.lower() in MISSING_NUMBERS:
        return None
    comma, point, _ = marks_of(text)
    decimal = "," if comma > point else "." if point > comma else _mark(column)
    found = quantity(text, decimal, str(reading.get("brackets", "")))
    if found is None:
        return None
    value, unit = found
    main = str(reading.get("unit") or "")
    if not unit:
        return (value, "with signs around the number") if not main else None
    if main:
        factor = related_factor(unit, main)
        return None if factor is None else (value * factor, f"in {unit!r}, turned into {main!r}")
    if is_percent(unit):
        share = _is_share(value / 100, value, column)
        return (value / 100, "as percentages of one") if share else (value, f"without the unit {unit!r}")
    return (value, f"without the unit {unit!r}") if is_unit(unit) else None


def _is_share(share: float, percentage: float, column: Column) -> bool:
    """Whether training held shares of one rather than percentages."""
    here = [_within(np.array([value]), column) for value in (share, percentage)]
    small = column.seen.get("low", -np.inf) >= -MOST_SHARE and column.seen.get("high", np.inf) <= MOST_SHARE
    return here == ["all", "none"] or (here[0] == here[1] and small)
