"""Ranges of numbers as people write them ("30-40", "under 18", "(20, 30]", "20k–30k"), and columns of such bins."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from automl.detect.parse.numerals import LONGEST, compact, decimal_mark, has_digit
from automl.detect.parse.units import ENOUGH, canonical, quantity, related_factor
from automl.records import MIN_LEVEL_ROWS

__all__ = ["Interval", "bins_converter", "bins_reading", "has_ranges", "interval"]

LEAST_ROWS = 2
"""Rows of a bin that counts for what the bins leave out of their range: a single cell may be a slip."""
STEP_ERROR = 1e-6
LEAST_BINS, LEAST_RANGES, LEAST_CLOSED = 3, 2, 1
"""Different cells of a column of bins; of these, ranges; of these, ranges with two ends."""
MOST_EMPTY, MOST_UNSURE = 0.25, 0.1
"""Share of a range that its bins leave out: with more they are codes; with more than the second they may be."""
MOST_SHARE = 0.5
"""Different cells a cell, above which ranges are no bins that rows share."""

_LABEL = re.compile(r"\A[A-Za-z][.):]?\s+(?=[^A-Za-z\s])")
"""A letter before a range that only sorts it: "f 50-99"."""
_LEAD = re.compile(r"\A(?:ages?|aged|between|from|von|zwischen|de|entre)\s+(?=[^A-Za-z\s])", re.IGNORECASE)
_BRACKETED = re.compile(r"[\[(]\s*(?P<low>[-+−]?[^\s,;()\[\]]+?)\s*(?:[,;]\s*|-)(?P<high>[^,;()\[\]]+?)\s*[\])]")
_INFINITE = re.compile(r"[-+−]?(?:inf(?:inity)?|∞)", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:[-–—‒−~]|\.{2,3}|…|\b(?:to|bis|through|thru|and|und|à|a)\b)\s*", re.IGNORECASE)
_BELOW = re.compile(
    r"(?:<=?|≤|(?:under|below|less than(?: or equal to)?|fewer than|lower than|younger than|up to|at most|no more than|"
    r"max\.?|maximum|unter|bis(?: zu)?|weniger als|höchstens|moins de|menos de)\b)\s*(?P<rest>.*)",
    re.IGNORECASE,
)
_ABOVE = re.compile(
    r"(?:>=?|≥|(?:over|above|more than|greater than|higher than|older than|at least|min\.?|minimum|ab|über|mehr als|"
    r"mindestens|plus de|más de)\b)\s*(?P<rest>.*)",
    re.IGNORECASE,
)
_AND_LESS = re.compile(
    r"(?P<rest>.*?)\s*\b(?:and|or|und|oder|&)\s*(?:less|fewer|under|below|younger|lower|weniger|jünger)", re.IGNORECASE
)
_AND_MORE = re.compile(
    r"(?P<rest>.*?)\s*(?:\b(?:and|or|und|oder|&)\s*(?:more|over|above|older|up|higher|greater|beyond|mehr|älter|darüber)"
    r"|\bplus\b|(?<=\d)\s*\+)\s*(?P<unit>.*)",
    re.IGNORECASE,
)
_MONTHS = re.compile(r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\b", re.IGNORECASE)
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_REMARK = re.compile(r"\s*\([^()\d]*\)\Z")
_TAIL = re.compile(r"[^\d]*$")
_PADDED = re.compile(r"(?<![\d.,])0\d")
_WHOLE, _PAIR = re.compile(r"\d{1,9}"), re.compile(r"\d{1,9} ?[-–/:] ?\d{1,9}")
_CODE = re.compile(r"(?<![\d.,])0\d{2,}")
"""A number of three digits or more that begins with zero: a code, as in "00984-3869"."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of numbers.

    Attributes:
        low: its lower end, -inf for "under 18".
        high: its upper end, inf for "65 and over"; equal to `low` for a single number.
        unit: of both ends, empty for none.
    """

    low: float
    high: float
    unit: str

    @property
    def is_closed(self) -> bool:
        """Whether it has two ends, and they differ."""
        return math.isfinite(self.high - self.low) and self.high > self.low

    def scaled(self, factor: float) -> Interval:
        """In another unit."""
        return Interval(self.low * factor, self.high * factor, self.unit)


def interval(text: str, decimal: str = ".") -> Interval | None:
    """A cell as a range of numbers, a single number included; None where it is none.

    Args:
        text: one cell.
        decimal: its mark.
    """
    plain = compact(text)
    if plain is None or not has_digit(plain) or _CODE.search(plain):
        return None
    text = plain
    text = _LABEL.sub("", _REMARK.sub("", text.strip().strip("'\"").strip()), count=1)
    if _BETWEEN.match(text) is None:
        text = _LEAD.sub("", text, count=1)
    if (found := _BRACKETED.fullmatch(text)) is not None:
        return _bracketed(found["low"], found["high"], decimal)
    return _open(text, decimal) or _closed(text, decimal) or _single(text, decimal)


def _bracketed(low: str, high: str, decimal: str) -> Interval | None:
    if _INFINITE.fullmatch(high):
        start = quantity(low, decimal)
        return None if start is None else Interval(start[0], math.inf, start[1])
    end = quantity(high, decimal)
    start = (-math.inf, "") if _INFINITE.fullmatch(low) else quantity(low, decimal)
    if start is None or end is None or start[0] >= end[0]:
        return None
    return Interval(start[0], end[0], end[1] or start[1])


def _open(text: str, decimal: str) -> Interval | None:
    for pattern, is_above in ((_BELOW, False), (_AND_LESS, False), (_ABOVE, True), (_AND_MORE, True)):
        found = pattern.fullmatch(text)
        if found is None:
            continue
        unit = found.groupdict().get("unit") or ""
        end = quantity(f"{found['rest']} {unit}".strip(), decimal)
        if end is not None:
            return Interval(end[0], math.inf, end[1]) if is_above else Interval(-math.inf, end[0], end[1])
    return None


def _closed(text: str, decimal: str) -> Interval | None:
    """A range with two ends; a unit or scale behind the second holds for the first where that has none."""
    for mark in _BETWEEN.finditer(text):
        left, right = text[: mark.start()].strip(), text[mark.end() :].strip()
        bounded = _BELOW.fullmatch(right)  # "20 to under 30"
        right = right if bounded is None else bounded["rest"]
        if not has_digit(left) or not has_digit(right):
            continue
        end = quantity(right, decimal)
        if end is None:
            continue
        tail = "" if _tail(left) else _tail(right)
        for written in dict.fromkeys((f"{left}{tail}", left)):
            start = quantity(written, decimal)
            if start is not None and start[0] < end[0]:
                return _joined(start, end)
    return None


def _joined(start: tuple[float, str], end: tuple[float, str]) -> Interval | None:
    """One range of two ends, the first in the unit of the second."""
    if not start[1] or not end[1] or canonical(start[1]) == canonical(end[1]):
        return Interval(start[0], end[0], end[1] or start[1])
    factor = related_factor(start[1], end[1])
    low = None if factor is None else start[0] * factor
    return None if low is None or low >= end[0] else Interval(low, end[0], end[1])


def _tail(text: str) -> str:
    """What follows the last digit."""
    found = _TAIL.search(text)
    return "" if found is None else found.group()


def _single(text: str, decimal: str) -> Interval | None:
    value = quantity(text, decimal)
    return None if value is None else Interval(value[0], value[0], value[1])


def has_ranges(texts: Sequence[str]) -> bool:
    """Whether some of these cells are ranges with two ends: cheap for the columns that hold none."""
    short = (plain for text in texts if (plain := compact(text)) is not None and has_digit(plain))
    return any(_BETWEEN.search(text) or _BRACKETED.match(text.strip("'\" ")) for text in short)


# --------------------------------------------------------------------------- a column of bins


def _bin(text: str, decimal: str) -> Interval | None:
    """A cell among bins: also one that a spreadsheet took for a date ("Nov-50" was 11-50), or that is parted by "/"."""
    plain = compact(text)
    if plain is None:
        return None
    text = plain
    parted = interval(text.replace("/", "-"), decimal) if text.count("/") == 1 else None
    found = parted if parted is not None and parted.is_closed else interval(text, decimal)
    if found is not None:
        return found
    dated = _MONTHS.sub(lambda month: str(_MONTH_NAMES.index(month.group().lower()) + 1), text)
    ends = dated.split("-")
    if dated == text or len(ends) != 2:
        return None
    return interval(dated, decimal) or interval("-".join(ends[::-1]), decimal)  # "4-Jan" was 1-4


def bins_reading(texts: Sequence[str]) -> tuple[dict[str, Any], float, list[str], bool] | None:
    """How a column's ranges are read: (reading, share of the cells that are ranges or numbers, cells in their order,
    whether they are certainly bins).

    Bins part the numbers: they overlap in no more than their ends, and leave little of their range out. Others are read
    where they have a unit (salaries from … to …), as scores, codes and dates have none. The reading holds the unit, and
    what is added to the end of an open bin: half the width of the bin beside it.

    Args:
        texts: sampled cells, spellings of "missing" left out.

    Returns:
        None where the cells are no ranges.
    """
    counts = Counter(texts)
    n_short = sum(n for text, n in counts.items() if len(text) <= LONGEST or compact(text) is not None)
    if n_short < ENOUGH * len(texts) or not has_ranges(list(counts)):
        return None
    decimal = decimal_mark([part for text in texts for part in _ends(text)])
    if sum(one is not None and one.is_closed for one in (interval(text, decimal) for text in counts)) < LEAST_CLOSED:
        return None
    read = {text: found for text in counts if (found := _bin(text, decimal)) is not None}
    main = _main_unit(read, counts)
    bins = {text: made for text, one in read.items() if (made := _in_unit(one, main)) is not None}
    share = sum(counts[text] for text in bins) / max(len(texts), 1)
    closed = [one for one in bins.values() if one.is_closed]
    n_ranges = sum(one.low < one.high for one in bins.values())
    if share < ENOUGH or n_ranges < LEAST_RANGES or len(bins) < LEAST_BINS:
        return None
    empty = _empty_share([one for text, one in bins.items() if counts[text] >= LEAST_ROWS] or list(bins.values()))
    are_parts = _are_parts(list(bins.values())) and empty <= MOST_EMPTY
    are_shared_parts = are_parts and len(counts) <= MOST_SHARE * len(texts)
    if not are_shared_parts and (not main or len(closed) < MOST_SHARE * len(bins)):
        return None
    offsets = _offsets([one for text, one in bins.items() if counts[text] >= MIN_LEVEL_ROWS])
    if offsets is None:
        return None
    reading = {"decimal": decimal, "unit": main, "bins": list(offsets)}
    order = sorted(bins, key=lambda text: _middle(bins[text], offsets))
    return reading, share, order, bool(main) or (empty <= MOST_UNSURE and not _may_be_codes(bins))


def _ends(text: str) -> list[str]:
    """The two ends of a range as texts, or the cell itself."""
    plain = compact(text)
    if plain is None:
        return [text]
    text = plain
    found = _BRACKETED.fullmatch(text.strip("'\" "))
    return _BETWEEN.split(text) if found is None else [found["low"], found["high"]]


def _main_unit(read: Mapping[str, Interval], counts: Mapping[str, int]) -> str:
    """The commonest unit; empty where most ranges have none."""
    units: Counter[str] = Counter()
    for text, one in read.items():
        units[one.unit] += counts[text]
    named = [unit for unit, _ in units.most_common() if unit]
    return named[0] if named and units[named[0]] >= 0.2 * units.total() else ""


def _in_unit(one: Interval, main: str) -> Interval | None:
    """A range in the column's unit; None where its own is another one."""
    if not one.unit or canonical(one.unit) == canonical(main):
        return one
    factor = related_factor(one.unit, main) if main else None
    return None if factor is None else one.scaled(factor)


def _are_parts(bins: Sequence[Interval]) -> bool:
    """Whether ranges that differ overlap in no more than their ends."""
    different = sorted({(one.low, one.high) for one in bins})
    return all(before[1] <= after[0] for before, after in pairwise(different))


def _empty_share(bins: Sequence[Interval]) -> float:
    """The share of the numbers between the least and the greatest end that lie in no bin.

    Between 0-9 and 10-19 there is a step from one number to the next: the smallest distance of two neighbours, where no
    bin is narrower than it.
    """
    ends = sorted({(one.low, one.high) for one in bins})
    closed = [one.high - one.low for one in bins if one.is_closed]
    distances, reached = [], ends[0][1]
    for low, high in ends[1:]:
        if low > reached:
            distances.append(low - reached)
        reached = max(reached, high)
    finite = [end for pair in ends for end in pair if math.isfinite(end)]
    if not distances or not finite or max(finite) <= min(finite):
        return 0.0
    step = min(distances)
    step = step if not closed or step <= min(closed) * (1 + STEP_ERROR) else 0.0
    left_out = sum(distance - step for distance in distances if distance > step * (1 + STEP_ERROR))
    return left_out / (max(finite) - min(finite))


def _may_be_codes(bins: Mapping[str, Interval]) -> bool:
    """Whether plain pairs of whole numbers may as well be codes or scores: with zeros before them, or all of them
    neighbours (0-1, 1-2), none open and none in brackets.
    """
    if any(_PADDED.search(text) for text in bins):
        return True
    are_plain = all(math.isfinite(one.low) and math.isfinite(one.high) for one in bins.values())
    are_plain = are_plain and all(_PAIR.fullmatch(text) or _WHOLE.fullmatch(text) for text in bins)
    return are_plain and all(one.high - one.low <= 1 for one in bins.values())


def _offsets(bins: Sequence[Interval]) -> tuple[float, float] | None:
    """What is added to the ends of bins without a lower and without an upper end; None where several are open.

    Args:
        bins: that enough rows hold for their widths to be stored.
    """
    below, above = {b.high for b in bins if b.low == -math.inf}, {b.low for b in bins if b.high == math.inf}
    closed = [one for one in bins if one.is_closed]
    if len(below) > 1 or len(above) > 1:
        return None
    if not closed:
        return 0.0, 0.0
    first, last = min(closed, key=lambda one: one.low), max(closed, key=lambda one: one.high)
    lower = -(first.high - first.low) / 2
    if below and min(one.high for one in bins) > 0 and next(iter(below)) + lower < 0:
        lower = -next(iter(below)) / 2  # amounts of zero or more
    return lower, (last.high - last.low) / 2


def _middle(one: Interval, offsets: Sequence[float]) -> float:
    """The number that stands for a range."""
    if one.low == -math.inf:
        return one.high + offsets[0]
    return one.low + offsets[1] if one.high == math.inf else (one.low + one.high) / 2


def bins_converter(reading: Mapping[str, Any]) -> Callable[[str], float | None]:
    """The function that reads one range as the number that stands for it, by the reading of `bins_reading`."""
    decimal, unit, offsets = str(reading.get("decimal", ".")), str(reading.get("unit") or ""), reading["bins"]

    def convert(text: str) -> float | None:
        one = _bin(text, decimal)
        made = None if one is None else _in_unit(one, unit)
        value = None if made is None else _middle(made, offsets)
        return value if value is not None and math.isfinite(value) else None

    return convert
