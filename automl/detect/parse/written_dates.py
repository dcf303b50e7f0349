"""How a column writes its dates: in which form, day or month first, or packed in whole numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from automl.detect.parse.date_forms import (
    CHINESE,
    LONGEST_DATE,
    MONTH_YEAR,
    QUARTER,
    TIME,
    WEEK,
    YEAR_FIRST,
    ends_in_year,
    named,
)
from automl.detect.parse.numerals import has_digit

__all__ = ["date_orders", "date_reading", "packed_numbers"]

SERIALS = 25_569, 55_153  # days of spreadsheets: 1 January 1970 to 31 December 2050


def _shape(text: str) -> str | None:
    """Which way of writing a date a text follows, the year standing last among digits left out; None for no date."""
    if len(text) > 60 or not has_digit(text):
        return None
    if text[:4].isdigit() and (YEAR_FIRST.fullmatch(text) or CHINESE.fullmatch(text)):
        return "year first"
    if MONTH_YEAR.fullmatch(text):
        return "month and year"
    if QUARTER.fullmatch(text):
        return "quarter"
    if WEEK.fullmatch(text):
        return "week"
    return "named month" if named(text) is not None else None


def date_reading(texts: Sequence[str]) -> tuple[dict[str, Any], float, str]:
    """How a column's dates are written: (reading, share that look like dates, words about order and formats).

    ``day_first`` is decided by all values together: a part above 12 can only be a day. Times of day alone are read
    with ``clock``.

    Args:
        texts: sampled cells, spellings of "missing" left out.
    """
    if not len(texts):
        return {}, 0.0, ""
    shapes: Counter[str | None] = Counter()
    day_first, month_first, marks = 0, 0, set()
    different = Counter(texts)
    for text, n in different.items():
        found = ends_in_year(text)
        if found is None:
            shapes[_shape(text)] += n
            continue
        first, second = int(found["first"]), int(found["second_part"])
        if first > 31 or second > 31 or not 1 <= min(first, second) <= 12:
            shapes[None] += n
            continue
        shapes["year last"] += n
        day_first, month_first = day_first + n * (first > 12), month_first + n * (second > 12)
        marks.add(found["mark"])
    del shapes[None]
    share = shapes.total() / len(texts)
    if not shapes and (timed := sum(n for t, n in different.items() if len(t) <= LONGEST_DATE and TIME.fullmatch(t))):
        return {"clock": True}, timed / len(texts), "times of day"
    several = (
        f"in {len(shapes)} formats ({', '.join(str(s) for s, _ in shapes.most_common())})" if len(shapes) > 1 else ""
    )
    if not marks:
        return {}, share, several
    if day_first and month_first:
        chosen = day_first >= month_first
        order = f"both orders occur, read {'day' if chosen else 'month'} first where either is possible"
    elif day_first or month_first:
        chosen = bool(day_first)
        order = f"{'day' if chosen else 'month'} first"
    else:
        chosen = marks == {"."}
        order = f"no day above 12 tells the order, read {'day' if chosen else 'month'} first"
    return {"day_first": chosen}, share, f"{several}, {order}" if several else order


def date_orders(texts: Sequence[str]) -> tuple[int, int]:
    """How many texts such as 31/12/2020 can only have the day first, and how many only the month."""
    day_first = month_first = 0
    for text in texts:
        if (found := ends_in_year(text)) is not None:
            first, second = int(found["first"]), int(found["second_part"])
            day_first += 12 < first <= 31 and 1 <= second <= 12
            month_first += 12 < second <= 31 and 1 <= first <= 12
    return day_first, month_first


def packed_numbers(values: np.ndarray, dated: bool = False) -> tuple[str, str] | None:
    """How whole numbers may pack dates or times: (``reading["numbers"]``, in words); None where they do not.

    Args:
        values: present values of a column whose name says a date or a time.
        dated: the name says a date, so that whole numbers of the years 1970 to 2050 may be the days that spreadsheets
            count.
    """
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    if low >= 19_000_101 and high <= 21_001_231:
        month, day = values // 100 % 100, values % 100
        if bool(((day >= 1) & (day <= 31) & (month >= 1) & (month <= 12)).all()):
            return "yyyymmdd", "are dates written as year, month and day"
    if low >= 167_801 and high <= 226_112 and bool(((values % 100 >= 1) & (values % 100 <= 12)).all()):
        return "yyyymm", "are written as year and month"
    for how, scale, what in (("s", 1.0, "seconds"), ("ms", 1e3, "milliseconds"), ("us", 1e6, "microseconds"),
                             ("ns", 1e9, "nanoseconds")):  # fmt: skip
        if low >= 5e8 * scale and high <= 4e9 * scale:
            return how, f"are {what} since 1970"
    if dated and low >= SERIALS[0] and high <= SERIALS[1]:
        return "excel", "are days since 1899, as spreadsheets count them"
    return None
