"""New dates in another notation than training's: another order of day and month, another form, packed in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.columns.notation import Anew, distinct_texts, evenly, replaced
from automl.detect.parse import date_orders, date_reading, dates, numbers, packed_numbers
from automl.records import Column

__all__ = ["dates_anew"]

FORM = "as dates of another form"


def dates_anew(series: pd.Series, values: np.ndarray, column: Column) -> Anew:
    """A column of dates with those cells read by their own notation that show one.

    Args:
        series: as it came.
        values: as training's reading has them, ``(n,)`` with NaT.
        column: whose reading is training's.
    """
    if series.dtype.kind == "M":
        return values, Counter()
    if series.dtype.kind in "fiu":
        return _packed(series, values, column)
    lost = np.isnat(values)
    codes, texts = distinct_texts(series, lost | evenly(len(series)))
    if not lost.any() and "day_first" not in date_reading(texts)[0]:
        return values, Counter()
    codes, texts = distinct_texts(series)
    ours = dates(pd.Series(texts, dtype=object), column.reading)
    anew = _in_other_order(texts, ours, column)
    anew |= _in_other_form(texts, [place for place in np.flatnonzero(np.isnat(ours)).tolist() if place not in anew])
    return replaced(values, codes, anew) if anew else (values, Counter())


def _in_other_form(texts: Sequence[str], places: Sequence[int]) -> dict[int, tuple[Any, str]]:
    """Texts that training's reading cannot read, by one of their own; numbers may pack dates."""
    cells = pd.Series([texts[place] for place in places], dtype=object)
    plain = numbers(cells)
    if len(cells) and not np.isnan(plain).any():
        packed = packed_numbers(plain, dated=True)
        reading, how = ({"numbers": packed[0]}, f"as numbers that {packed[1]}") if packed else ({}, FORM)
    else:
        reading, how = date_reading(cells.tolist())[0], FORM
    found = dates(cells, reading)
    return {place: (stamp, how) for place, stamp in zip(places, found, strict=True) if not np.isnat(stamp)}


def _in_other_order(texts: Sequence[str], ours: np.ndarray, column: Column) -> dict[int, tuple[Any, str]]:
    """Dates such as 03/04/2024 whose day and month the new cells order otherwise than training's reading."""
    day, month = date_orders(texts)
    known = "day_first" in column.reading
    if known and bool(day) == bool(month):
        return {}
    reading = date_reading(texts)[0]
    if "day_first" not in reading or (known and column.reading["day_first"] == reading["day_first"]):
        return {}
    cells = pd.Series(list(texts), dtype=object)
    theirs = dates(cells, reading)
    first, then = ("day", "month") if reading["day_first"] else ("month", "day")
    how = f"with the {first} before the {then}"
    before = ours
    if not day and not month:
        how, before = f"{how}, which no cell decides", dates(cells, {"day_first": not reading["day_first"]})
    there = np.flatnonzero(~np.isnat(theirs) & (theirs != before))
    return {int(place): (theirs[place], how) for place in there}


def _packed(series: pd.Series, values: np.ndarray, column: Column) -> Anew:
    """Numbers that stand for dates in another way than training's."""
    there = series.notna().to_numpy()
    unread = np.isnat(values) & there
    if not unread.any():
        return values, Counter()
    packed = packed_numbers(numbers(series[unread]), dated=True)
    if packed is None:
        return values, Counter()
    out = values.copy()
    out[unread] = dates(series[unread], {"numbers": packed[0]})
    return out, Counter({f"as numbers that {packed[1]}": int((~np.isnat(out[unread])).sum())})
