"""Dates and times as people write them: the order of day and month, names of months, quarters, weeks, zones."""

from __future__ import annotations

import datetime as _datetime
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.parse.amounts import numbers
from automl.detect.parse.numerals import has_digit
from automl.detect.parse.spelling import word

__all__ = ["date_reading", "dates", "packed_numbers"]

_CLOCK = (
    r"(?:(?:[T ,:]|\bat\b|\bum\b)+(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d(?:[.,]\d+)?|60))?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?(?:\s*(?:Uhr|hrs?\.?))?)?"
)
_ZONE = (
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2}|\(?(?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d{2})?)?\)?|[A-Z]{2,4}T)?(?:\s*\([A-Za-z ]+\))?"
)
_PLAIN_ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_MONTH, _DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR_FIRST = re.compile(rf"\d{{4}}(?:([-/]){_MONTH}(?:\1{_DAY})?|\.{_MONTH}\.{_DAY})" + _CLOCK + _ZONE)
_CHINESE = re.compile(rf"(\d{{4}})年({_MONTH})月(?:({_DAY})日)?")
_YEAR_LAST = re.compile(
    r"(?P<first>\d{1,2})(?P<mark>[-/.])\s?(?P<second_part>\d{1,2})(?P=mark)\s?(?P<year>\d{4}|\d{2})" + _CLOCK + _ZONE
)
_MONTH_YEAR = re.compile(rf"(?P<month>{_MONTH})[-/](?P<year>(?:19|20)\d{{2}})")
_QUARTER = re.compile(
    r"(?P<year>\d{4})\s?[-/ ]?\s?[QqTt](?P<quarter>[1-4])|[QqTt](?P<quarter2>[1-4])\s?[-/ ']?\s?(?P<year2>\d{4})"
)
_WEEK = re.compile(
    r"(?P<year>\d{4})\s?[-/]?\s?(?:W|KW\s?)(?P<week>5[0-3]|[1-4]\d|0?[1-9])(?:-?(?P<day>[1-7]))?|"
    r"(?:W|KW\s?|Week\s)(?P<week2>5[0-3]|[1-4]\d|0?[1-9])[ /,-]{1,2}(?P<year2>\d{4})",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?P<hour>[01]?\d|2[0-3])(?::(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d(?:\.\d+)?))?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"(?:\s*Uhr)?|\s?(?P<half2>[AaPp]\.?[Mm]\.?)|\s?h\s?(?P<minute2>[0-5]\d))"
)
_PACKED = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_LETTERS = r"[^\W\d_]{3,10}"
_DAYNAME = r"(?:[^\W\d_]{2,10}\.?,?\s+)?"
_NAMED = tuple(
    re.compile(shape + _CLOCK + _ZONE, re.IGNORECASE)
    for shape in (
        _DAYNAME + rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?(?:[ /-]|de |of )*(?P<month>{_LETTERS})\.?"
        r"(?:[ ,/'’-]|de |of |del )*(?P<year>\d{4}|(?<=[ '’/-])\d{2})",
        _DAYNAME + rf"(?P<month>{_LETTERS})\.?[ -]+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ ,-]+(?P<year>\d{{4}})",
        rf"(?P<month>{_LETTERS})\.?(?:[ ,/-]|de |of )+(?P<year>\d{{4}})",
        rf"(?P<month>{_LETTERS})\.?[ -]?['’-](?P<year>\d{{2}})",
        rf"(?P<year>\d{{4}})[ ,-]+(?P<month>{_LETTERS})\.?(?:[ ,-]+(?P<day>\d{{1,2}}))?",
    )
)
_MAIL = re.compile(
    rf"{_LETTERS} (?P<month>{_LETTERS}) +(?P<day>\d{{1,2}}) "
    r"(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})(?P<half>)"
    r"(?: (?P<zone>[+-]\d{4}|[A-Z]{3,4}))? (?P<year>\d{4})"
)
_NAMES = (
    "jan january januar jänner janvier janv enero ene gennaio gen janeiro januari",
    "feb february februar février févr fév fevrier febrero febbraio fevereiro februari",
    "mar march märz mrz mär mars marzo março marco maart mrt",
    "apr april avril avr abril abr aprile",
    "may mai mayo maggio maio mei",
    "jun june juni juin junio giugno junho",
    "jul july juli juillet juil julio luglio julho",
    "aug august août aout agosto ago augustus",
    "sep sept september septembre septiembre settembre setembro set",
    "oct october oktober okt octobre octubre ottobre outubro",
    "nov november novembre noviembre novembro",
    "dec december dezember dez décembre déc decembre diciembre dic dicembre dezembro",
)
MONTHS = {name: i + 1 for i, names in enumerate(_NAMES) for name in names.split()}
"""Names of months in English, German, French, Spanish, Italian, Portuguese and Dutch."""
ZONES = {"EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
         "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120, "BST": 60, "WEST": 60, "EET": 120, "EEST": 180, "MSK": 180,
         "JST": 540, "KST": 540, "IST": 330, "AEST": 600, "AEDT": 660, "SGT": 480, "HKT": 480}  # fmt: skip
"""Minutes ahead of UTC of zones that are named in letters; others are read as UTC."""
EXCEL_EPOCH = np.datetime64("1899-12-30", "ns")


# --------------------------------------------------------------------------- how a column is written


def _shape(text: str) -> str | None:
    """Which way of writing a date a text follows, the year standing last among digits left out; None for no date."""
    if len(text) > 60 or not has_digit(text):
        return None
    if text[:4].isdigit() and (_YEAR_FIRST.fullmatch(text) or _CHINESE.fullmatch(text)):
        return "year first"
    if _MONTH_YEAR.fullmatch(text):
        return "month and year"
    if _QUARTER.fullmatch(text):
        return "quarter"
    if _WEEK.fullmatch(text):
        return "week"
    return "named month" if _named(text) is not None else None


def _ends_in_year(text: str) -> re.Match[str] | None:
    """A date such as 31/12/2020, whichever of the first two is the day."""
    if not text[:1].isdigit() or text[:4].isdigit():
        return None
    return _YEAR_LAST.fullmatch(text)


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
        found = _ends_in_year(text)
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
    if not shapes and (timed := sum(n for t, n in different.items() if _TIME.fullmatch(t))):
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


def packed_numbers(values: np.ndarray) -> tuple[str, str] | None:
    """How whole numbers may pack dates or times: (``reading["numbers"]``, in words); None where they do not.

    Args:
        values: present values of a column whose name says a date or a time.
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
    return None


# --------------------------------------------------------------------------- reading a column


def dates(series: pd.Series, reading: Mapping[str, Any] | None = None) -> np.ndarray:
    """A column as datetime64[ns] in UTC without a zone; what is no date is NaT.

    Args:
        series: timestamps, texts, or numbers (years, yyyymmdd, seconds: see ``reading["numbers"]``).
        reading: ``day_first`` for dates such as 03/04/2020; ``clock``: times of day, on 1 January 1970; ``numbers``:
            "year", "yyyymmdd", "yyyymm", "s", "ms", "us", "ns", "excel" (days since 1899) or "steps".
    """
    reading = reading or {}
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return _nanoseconds(pd.Series(series))
    if isinstance(series.dtype, pd.PeriodDtype):
        return _nanoseconds(pd.Series(series.dt.to_timestamp()))
    if "numbers" in reading:
        return _numbered(numbers(series), str(reading["numbers"]))
    if pd.api.types.is_numeric_dtype(series.dtype):
        values = numbers(series)
        return _numbered(values, "year" if _years(values) else "yyyymmdd")
    if series.dtype == object:
        series = series.map(_dateable)
    codes, uniques = pd.factorize(series)
    stamps = _plain(uniques)
    if stamps is not None:
        return np.asarray(np.append(stamps, np.datetime64("NaT"))[codes], dtype="datetime64[ns]")
    texts = [str(u).strip() for u in uniques]
    if reading.get("clock"):
        parsed = np.array([_time_of_day(t) for t in texts], dtype="datetime64[ns]")
    else:
        parsed = _written(texts, bool(reading.get("day_first")))
    return np.asarray(np.append(parsed, np.datetime64("NaT"))[codes], dtype="datetime64[ns]")


def _plain(uniques: Any) -> np.ndarray | None:
    """All of them at once where each is written as 2020-01-31 or 2020-01-31 23:59:59; None where any is not."""
    texts = pd.Series(uniques, dtype="str")
    if not len(texts) or not texts.str.fullmatch(_PLAIN_ISO).all():
        return None
    stamps = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    return None if stamps.isna().any() else _nanoseconds(stamps)


def _dateable(value: Any) -> str | None:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else word(value)


def _years(values: np.ndarray) -> bool:
    seen = values[~np.isnan(values)]
    return bool(len(seen)) and bool(((seen >= 1000) & (seen <= 2262) & (seen == np.round(seen))).all())


def _numbered(values: np.ndarray, how: str) -> np.ndarray:
    out = np.full(len(values), np.datetime64("NaT"), dtype="datetime64[ns]")
    seen = ~np.isnan(values)
    if how == "year":
        seen &= (values >= 1678) & (values <= 2261)
        out[seen] = (values[seen].astype(np.int64) - 1970).astype("datetime64[Y]").astype("datetime64[ns]")
    elif how == "yyyymmdd":
        seen &= np.abs(values) < 1e9
        texts = pd.Series(values[seen].astype(np.int64).astype(str), dtype=object)
        out[seen] = _nanoseconds(pd.to_datetime(texts, format="%Y%m%d", errors="coerce"))
    elif how == "yyyymm":
        seen &= (values >= 167801) & (values < 226200)
        whole = values[seen].astype(np.int64)
        out[seen] = ((whole // 100 - 1970) * 12 + whole % 100 - 1).astype("datetime64[M]").astype("datetime64[ns]")
    elif how in ("s", "ms", "us", "ns"):
        scale = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}[how]
        seen &= np.abs(values) * scale < 9.2e18
        out[seen] = (values[seen] * scale).astype(np.int64).astype("datetime64[ns]")
    elif how == "excel":
        seen &= (values >= 0) & (values < 100_000)
        out[seen] = EXCEL_EPOCH + np.round(values[seen] * 86_400e3).astype("timedelta64[ms]").astype("timedelta64[ns]")
    else:  # steps: counted in days, so that order and spacing are kept
        seen &= np.abs(values) < 1e5
        out[seen] = (values[seen] * 86_400e9).astype(np.int64).astype("datetime64[ns]")
    return out


def _nanoseconds(stamps: pd.Series) -> np.ndarray:
    if getattr(stamps.dt, "tz", None) is not None:
        stamps = stamps.dt.tz_convert("UTC").dt.tz_localize(None)
    low, high = pd.Timestamp("1677-09-22"), pd.Timestamp("2262-04-10")
    return np.asarray(stamps.where((stamps >= low) & (stamps <= high)).to_numpy(dtype="datetime64[ns]"))


def _written(texts: Sequence[str], day_first: bool) -> np.ndarray:
    """Parse distinct texts, each by the shape it has."""
    out = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[ns]")
    iso, last = [], []
    for i, text in enumerate(texts):
        if _ends_in_year(text) is not None:
            last.append(i)
        elif text[:4].isdigit() and _YEAR_FIRST.fullmatch(text):
            iso.append(i)
        else:
            out[i] = _single(text)
    if iso:
        out[iso] = _year_first(pd.Series([texts[i] for i in iso], dtype=object))
    if last:
        out[last] = _year_last(pd.Series([texts[i] for i in last], dtype=object), day_first)
    return out


def _single(text: str) -> np.datetime64:
    """A text that neither begins nor ends with a year in digits among marks."""
    if (found := _QUARTER.fullmatch(text)) is not None:
        year, quarter = found["year"] or found["year2"], int(found["quarter"] or found["quarter2"])
        return _stamp(int(year), quarter * 3 - 2)
    if (found := _WEEK.fullmatch(text)) is not None:
        year, week = int(found["year"] or found["year2"]), int(found["week"] or found["week2"])
        try:
            day = _datetime.date.fromisocalendar(year, week, int(found["day"] or 1))
        except ValueError:
            return np.datetime64("NaT")
        return _stamp(day.year, day.month, day.day)
    if (found := _MONTH_YEAR.fullmatch(text)) is not None:
        return _stamp(int(found["year"]), int(found["month"]))
    if (found := _CHINESE.fullmatch(text)) is not None:
        return _stamp(int(found[1]), int(found[2]), int(found[3] or 1))
    if _PACKED.fullmatch(text):
        return np.datetime64(_numbered(np.array([float(text)]), "yyyymmdd")[0])
    parts = _named(text)
    return np.datetime64("NaT") if parts is None else _stamp(*parts)


def _stamp(year: int, month: int, day: int = 1, seconds: float = 0.0) -> np.datetime64:
    if not 1678 <= year <= 2261:
        return np.datetime64("NaT")
    try:
        at = np.datetime64(_datetime.date(year, month, day), "ns")
    except ValueError:
        return np.datetime64("NaT")
    return np.datetime64(at + np.timedelta64(round(seconds * 1e6), "us"))


def _named(text: str) -> tuple[int, int, int, float] | None:
    """Year, month, day and seconds (in UTC) of a date whose month is a word; None for others."""
    if not any(c.isalpha() for c in text):
        return None
    for shape in (*_NAMED, _MAIL):
        found = shape.fullmatch(text)
        if found is None:
            continue
        month = MONTHS.get(found["month"].lower())
        if month is None:
            continue
        parts = found.groupdict()
        year, day = int(parts["year"]), int(parts.get("day") or 1)
        if not 1 <= day <= 31:
            continue
        seconds = _clock_seconds(parts["hour"], parts["minute"], parts["second"], parts["half"])
        return _full_year(year), month, day, seconds - 60.0 * _ahead(parts["zone"])
    return None


def _full_year(year: int) -> int:
    return year + (2000 if year < 70 else 1900) * (year < 100)


def _clock_seconds(hour: str | None, minute: str | None, second: str | None, half: str | None) -> float:
    if not hour:
        return 0.0
    late = (half or "").lower()[:1]
    whole = int(hour) % 12 + 12 * (late == "p") if late else int(hour)
    return whole * 3600.0 + int(minute or 0) * 60.0 + float((second or "0").replace(",", "."))


def _ahead(zone: Any) -> float:
    """Minutes that a zone is ahead of UTC."""
    if not isinstance(zone, str):
        return 0.0
    if zone.upper().strip("()") in ZONES:
        return float(ZONES[zone.upper().strip("()")])
    found = re.search(r"([+-])(\d{1,2}):?(\d{2})?", zone)
    if found is None:
        return 0.0
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return -float(minutes) if found[1] == "-" else float(minutes)


def _time_of_day(text: str) -> np.datetime64:
    found = _TIME.fullmatch(text)
    if found is None:
        return np.datetime64("NaT")
    half, minute = found["half"] or found["half2"], found["minute"] or found["minute2"]
    return _stamp(1970, 1, 1, _clock_seconds(found["hour"], minute, found["second"], half))


def _year_first(texts: pd.Series) -> np.ndarray:
    texts = texts.str.replace(r"^(\d{4})[/.-](\d{1,2})(?:[/.-](\d{1,2}))?(?!\d)", _dashed, regex=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stamps = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
        rest = stamps.isna()
        if not rest.any():
            return _nanoseconds(stamps)
        parts = texts[rest].str.extract(r"^(?P<date>[\d-]+)" + _CLOCK + _ZONE + "$")
        day = parts["date"].where(parts["date"].str.len() > 7, parts["date"] + "-01")
        days = pd.to_datetime(day, format="%Y-%m-%d", errors="coerce", utc=True)
    out = _nanoseconds(stamps)
    out[rest.to_numpy()] = _nanoseconds(days) + _clocks(parts)
    return out


def _dashed(found: re.Match[str]) -> str:
    return "-".join(f"{int(part):02d}" if len(part) < 3 else part for part in found.groups() if part)


def _clocks(parts: pd.DataFrame) -> np.ndarray:
    """What clock and zone add to days, as timedelta64[ns]."""
    second = parts["second"].str.replace(",", ".")
    clock = [pd.to_numeric(c).fillna(0).to_numpy(np.float64) for c in (parts["hour"], parts["minute"], second)]
    late = parts["half"].fillna("").astype(str).str.lower().str[:1].to_numpy(dtype=object)
    hour = np.where(late != "", clock[0] % 12 + 12 * (late == "p"), clock[0])
    codes, zones = pd.factorize(parts["zone"])
    ahead = np.append([_ahead(zone) for zone in zones], 0.0)[codes]
    seconds = hour * 3600 + clock[1] * 60 + clock[2] - 60 * ahead
    return np.asarray(np.round(seconds * 1e6).astype("timedelta64[us]").astype("timedelta64[ns]"))


def _year_last(texts: pd.Series, day_first: bool) -> np.ndarray:
    parts = texts.str.extract(_YEAR_LAST)
    first, second, year = (pd.to_numeric(parts[c]).to_numpy() for c in ("first", "second_part", "year"))
    year = np.where(year < 100, np.where(year < 70, 2000 + year, 1900 + year), year)
    day, month = (first, second) if day_first else (second, first)
    swap = (month > 12) & (day <= 12)
    day, month = np.where(swap, month, day), np.where(swap, day, month)
    stamps = pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": day}), errors="coerce")
    days = _nanoseconds(stamps)
    return np.asarray(days + _clocks(parts), dtype="datetime64[ns]") if parts["hour"].notna().any() else days
