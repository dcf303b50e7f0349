"""Cells as people write them: words, numbers with units, dates. Nothing here looks at more than one column."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "FALSE_WORDS",
    "MISSING_NUMBERS",
    "MISSING_WORDS",
    "TRUE_WORDS",
    "date_reading",
    "dates",
    "decimal_mark",
    "number",
    "numbers",
    "quantity",
    "word",
    "words",
]

MISSING_WORDS = frozenset({"", "?", "n/a", "nan", "null", "#n/a", "nat", "<na>"})
MISSING_NUMBERS = frozenset(
    {"", "?", "-", "--", "---", "–", "—", ".", "n/a", "na", "nan", "null", "none", "nil", "missing", "#n/a", "nat"}
    | {"<na>", "n.a.", "n.a", "unknown", "#value!", "#div/0!"}
)
FEW = 64
TRUE_WORDS = frozenset({"true", "yes", "y", "t", "1", "on", "1.0", "ja", "oui", "si", "sí"})
FALSE_WORDS = frozenset({"false", "no", "n", "f", "0", "off", "0.0", "nein", "non"})

_DIGITS = r"(?:\d{1,3}(?:[ ,.'’\u00a0\u202f]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][+-]?\d+)?"
_POINT = re.compile(r"[+-]?(?:\d{1,3}(?:[ ,'’\u00a0\u202f]\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:[ .'’\u00a0\u202f]\d{3})+|\d+)?(?:,\d*)?(?:[eE][+-]?\d+)?")
_CURRENCY = r"(?:US\$|A\$|C\$|R\$|[€$£¥₹₽₩¢₺฿]|USD|EUR|GBP|CHF|JPY|INR|CAD|AUD|Rs\.?|kr\.?)"
_QUANTITY = re.compile(
    rf"(?P<open>\()?\s*(?P<about>[~≈])?\s*(?P<sign>[-+−])?\s*(?P<currency>{_CURRENCY})?\s*(?P<minus>[-−])?\s*"
    rf"(?P<number>{_DIGITS})\s*"
    r"(?:(?P<scale>k|K|M|B|bn|mn|mio|tsd|mrd|Mio\.?|Mrd\.?|Tsd\.?|thousand|million|billion)(?![A-Za-z]))?\s*"
    rf"(?P<unit>{_CURRENCY}|%|‰|°\s?[A-Za-z]?|(?:[A-Za-zµμÀ-ÿ]{{1,14}}|[\"'])[²³23]?(?:/[A-Za-z]{{1,8}}[²³23]?)?"
    r"(?:\s[A-Za-z]{1,10})?)?\s*(?P<close>\))?"
)
_NOT_UNITS = frozenset({"st", "nd", "rd", "th", "am", "pm", "e", "x"})
_SCALES = {"k": 1e3, "tsd": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6,
           "b": 1e9, "bn": 1e9, "mrd": 1e9, "billion": 1e9}  # fmt: skip


# --------------------------------------------------------------------------- words


def word(value: Any) -> str | None:
    """One cell as text: numbers without a trailing ``.0``, lists joined by commas, None when missing."""
    if isinstance(value, str):
        return value.strip() or None
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return "True" if value else "False"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        if np.isnan(value):
            return None
        plain = float(value)
        return str(int(plain)) if plain.is_integer() and abs(plain) < 1e15 else repr(plain)
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        return ", ".join(w for w in map(word, value) if w is not None) or None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip() or None
    return str(value)


def by_value(series: pd.Series, convert: Callable[[Any], Any], empty: Any) -> np.ndarray:
    """Convert each distinct value once; an object array, `empty` where the cell is missing."""
    values = series.astype(object) if isinstance(series.dtype, pd.CategoricalDtype) else series
    try:
        codes, uniques = pd.factorize(values)
    except TypeError:  # lists and dicts cannot be hashed
        cells = [convert(v) for v in values]
        out = np.empty(len(cells), dtype=object)
        out[:] = [empty if c is None else c for c in cells]
        return out
    table = np.empty(len(uniques) + 1, dtype=object)
    table[:-1] = [empty if (c := convert(v)) is None else c for v in np.asarray(uniques, dtype=object)]
    table[-1] = empty
    return table[codes]


def words(series: pd.Series, missing: frozenset[str] = MISSING_WORDS) -> np.ndarray:
    """A column as stripped texts, None where missing or spelled as missing."""

    def convert(value: Any) -> str | None:
        text = word(value)
        return None if text is None or text.lower() in missing else text

    return by_value(series, convert, None)


# --------------------------------------------------------------------------- numbers


def decimal_mark(texts: Sequence[str]) -> str:
    """The decimal mark of a whole column: a comma only where dots or groups of three cannot explain it."""
    comma = point = 0
    for text in texts:
        found = re.search(r"\d[\d.,'’ \u00a0\u202f]*", text)
        if found is None:
            found = re.search(r"[.,]\d+", text)
            if found is None:
                continue
        digits = found.group().rstrip(".,' ’")
        last_comma, last_point = digits.rfind(","), digits.rfind(".")
        if last_comma >= 0 and last_point >= 0:
            comma, point = comma + (last_comma > last_point), point + (last_point > last_comma)
        elif last_comma >= 0:
            once = digits.count(",") == 1
            comma += once and (len(digits) - last_comma != 4 or digits.startswith(("0,", ",")) or last_comma > 3)
            point += digits.count(",") > 1
        elif last_point >= 0:
            once = digits.count(".") == 1
            point += once and (len(digits) - last_point != 4 or digits.startswith(("0.", ".")) or last_point > 3)
            comma += digits.count(".") > 1
    return "," if comma > point else "."


def number(text: str, decimal: str = ".") -> float | None:
    """A plain number, with or without grouped thousands; None when it is not one."""
    if not text or not any(c.isdigit() for c in text):
        return None
    text = text.replace("−", "-")
    if not (_COMMA if decimal == "," else _POINT).fullmatch(text):
        return None
    drop = " .'’\u00a0\u202f" if decimal == "," else " ,'’\u00a0\u202f"
    plain = text.translate({ord(c): None for c in drop})
    try:
        value = float(plain.replace(",", ".") if decimal == "," else plain)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def quantity(text: str, decimal: str = ".") -> tuple[float, str] | None:
    """A number and its unit: ``"$1,200"`` → (1200, "$"), ``"85 %"`` → (85, "%"), ``"1.2k"`` → (1200, "")."""
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return None
    value = number(found["number"], decimal)
    unit = (found["currency"] or found["unit"] or "").strip()
    if value is None or unit.lower() in _NOT_UNITS or bool(found["open"]) != bool(found["close"]):
        return None
    if found["scale"]:
        value *= _SCALES[found["scale"].lower().rstrip(".")]
    if found["currency"] and found["unit"] == "m":
        value *= 1e6
    negative = found["sign"] in ("-", "−") or bool(found["minus"]) or (bool(found["open"]) and bool(found["currency"]))
    return (-value if negative else value), unit.replace(" ", "") if unit.startswith("°") else unit


def numbers(series: pd.Series, reading: Mapping[str, Any] | None = None) -> np.ndarray:
    """A column as float64; what is no (finite) number is NaN.

    Args:
        series: numbers, texts or a mixture.
        reading: ``decimal`` ("." when absent) and, for numbers with a unit, ``unit``.
    """
    if pd.api.types.is_numeric_dtype(series.dtype) and not isinstance(series.dtype, pd.CategoricalDtype):
        out = pd.to_numeric(series).to_numpy(dtype=np.float64, na_value=np.nan).copy()
        out[~np.isfinite(out)] = np.nan
        return out
    decimal = str((reading or {}).get("decimal", "."))
    unit = (reading or {}).get("unit")

    def convert(value: Any) -> float | None:
        if isinstance(value, (int, float, np.integer, np.floating, np.bool_)):
            return float(value) if np.isfinite(value) else None
        text = word(value)
        if text is None:
            return None
        plain = number(text, decimal)
        if plain is None and unit:
            plain = number(text.replace(str(unit), "").strip(), decimal)
        if plain is None and unit is not None:
            found = quantity(text, decimal)
            if found is not None and found[1].lower() in ("", str(unit).lower()):
                return found[0]
        return plain

    few = len(series) <= FEW  # setting up Arrow's functions would take longer
    if few or series.dtype == "category" or pd.api.types.infer_dtype(series, skipna=True) != "string":
        return by_value(series, convert, np.nan).astype(np.float64)
    quick = _quick(series, decimal, str(unit or ""))
    left = np.isnan(quick) & series.notna().to_numpy()
    if left.any():
        quick[left] = by_value(series[left], convert, np.nan).astype(np.float64)
    return quick


def _quick(series: pd.Series, decimal: str, unit: str) -> np.ndarray:
    """The plainly written numbers of a column of texts, all at once; NaN for the others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pa.array(series, pa.large_string(), from_pandas=True)
    texts = pc.utf8_trim_whitespace(found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found)
    if unit:
        texts = pc.utf8_trim_whitespace(pc.replace_substring(texts, unit, ""))
    group, mark = (r"\.", ",") if decimal == "," else (",", r"\.")
    plain = rf"^[+-]?(?:[0-9]+|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+)(?:{mark}[0-9]+)?$"
    texts = pc.if_else(pc.match_substring_regex(texts, plain), texts, pa.scalar(None, texts.type))
    texts = pc.replace_substring(texts, group[-1], "")
    if decimal == ",":
        texts = pc.replace_substring(texts, ",", ".")
    texts = pc.replace_substring_regex(texts, r"^\+", "")  # Arrow reads no leading plus
    out = np.array(pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    out[np.isinf(out)] = np.nan
    return out


# --------------------------------------------------------------------------- dates

_CLOCK = (
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:\.\d+)?))?\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?"
)
_ZONE = r"\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
_PLAIN_ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_YEAR_FIRST = re.compile(r"\d{4}[-/.](?:0?[1-9]|1[0-2])(?:[-/.](?:0?[1-9]|[12]\d|3[01]))?" + _CLOCK + _ZONE)
_YEAR_LAST = re.compile(
    r"(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second_part>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})" + _CLOCK + _ZONE
)
_MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAYNAME = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
_NAMED = re.compile(
    rf"{_DAYNAME}(?:\d{{1,2}}(?:st|nd|rd|th)?[ -]+{_MONTHS}[ ,-]+\d{{2,4}}|{_MONTHS}[ "
    rf"-]+\d{{1,2}}(?:st|nd|rd|th)?[ ,-]+\d{{4}}|"
    rf"{_MONTHS}[ ,-]+\d{{4}}|\d{{4}}[ -]+{_MONTHS}(?:[ -]+\d{{1,2}})?)" + _CLOCK + _ZONE,
    re.IGNORECASE,
)
_QUARTER = re.compile(r"(?P<year>\d{4})[- ]?[Qq](?P<quarter>[1-4])")
_PACKED = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")


def date_reading(texts: Sequence[str]) -> tuple[dict[str, Any], float, str]:
    """How a column's dates are written: (reading, share that look like dates, words about the order).

    ``day_first`` is decided by all values together: a part above 12 can only be a day.
    """
    if not len(texts):
        return {}, 0.0, ""
    looks, day_first, month_first, marks = 0, 0, 0, set()
    for text in texts:
        found = _YEAR_LAST.fullmatch(text)
        if found is not None:
            first, second = int(found["first"]), int(found["second_part"])
            if max(first, second) > 31 or min(first, second) > 12 or not min(first, second):
                continue
            looks, day_first, month_first = looks + 1, day_first + (first > 12), month_first + (second > 12)
            marks.add(found["mark"])
        elif _YEAR_FIRST.fullmatch(text) or _NAMED.fullmatch(text) or _QUARTER.fullmatch(text):
            looks += 1
    share = looks / len(texts)
    if not marks:
        return {}, share, ""
    if day_first and month_first:
        chosen = day_first >= month_first
        order = f"both orders occur, read {'day' if chosen else 'month'} first where either is possible"
    elif day_first or month_first:
        chosen = bool(day_first)
        order = f"{'day' if chosen else 'month'} first"
    else:
        chosen = marks == {"."}
        order = f"no day above 12 tells the order, read {'day' if chosen else 'month'} first"
    return {"day_first": chosen}, share, order


def dates(series: pd.Series, reading: Mapping[str, Any] | None = None) -> np.ndarray:
    """A column as datetime64[ns] in UTC without a zone; what is no date is NaT.

    Args:
        series: timestamps, texts, or numbers (years, yyyymmdd, seconds: see ``reading["numbers"]``).
        reading: ``day_first`` for dates such as 03/04/2020; ``numbers``: "year", "yyyymmdd", "s", "ms" or "steps".
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
        return _numbered(numbers(series), "year" if _years(numbers(series)) else "yyyymmdd")
    if series.dtype == object:
        series = series.map(_dateable)
    codes, uniques = pd.factorize(series)
    stamps = _plain(uniques)
    if stamps is not None:
        return np.asarray(np.append(stamps, np.datetime64("NaT"))[codes], dtype="datetime64[ns]")
    texts = np.array([str(u).strip() for u in uniques], dtype=object)
    parsed = np.append(_written(pd.Series(texts, dtype=object), bool(reading.get("day_first"))), np.datetime64("NaT"))
    return np.asarray(parsed[codes], dtype="datetime64[ns]")


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
        texts = pd.Series(values[seen].astype(np.int64).astype(str), dtype=object)
        out[seen] = _nanoseconds(pd.to_datetime(texts, format="%Y%m%d", errors="coerce"))
    elif how == "yyyymm":
        seen &= (values >= 167801) & (values < 226200)
        whole = values[seen].astype(np.int64)
        out[seen] = ((whole // 100 - 1970) * 12 + whole % 100 - 1).astype("datetime64[M]").astype("datetime64[ns]")
    elif how in ("s", "ms"):
        scale = {"s": 1e9, "ms": 1e6}[how]
        seen &= np.abs(values) * scale < 9.2e18
        out[seen] = (values[seen] * scale).astype(np.int64).astype("datetime64[ns]")
    else:  # steps: counted in days, so that order and spacing are kept
        seen &= np.abs(values) < 1e5
        out[seen] = (values[seen] * 86_400e9).astype(np.int64).astype("datetime64[ns]")
    return out


def _nanoseconds(stamps: pd.Series) -> np.ndarray:
    if getattr(stamps.dt, "tz", None) is not None:
        stamps = stamps.dt.tz_convert("UTC").dt.tz_localize(None)
    low, high = pd.Timestamp("1677-09-22"), pd.Timestamp("2262-04-10")
    return np.asarray(stamps.where((stamps >= low) & (stamps <= high)).to_numpy(dtype="datetime64[ns]"))


def _written(uniques: pd.Series, day_first: bool) -> np.ndarray:
    """Parse distinct texts, each by the shape it has."""
    out = np.full(len(uniques), np.datetime64("NaT"), dtype="datetime64[ns]")
    iso, named, last = [], [], []
    for i, text in enumerate(uniques):
        if _YEAR_FIRST.fullmatch(text):
            iso.append(i)
        elif _YEAR_LAST.fullmatch(text):
            last.append(i)
        elif (found := _QUARTER.fullmatch(text)) is not None:
            out[i] = np.datetime64(f"{found['year']}-{int(found['quarter']) * 3 - 2:02d}-01", "ns")
        elif _NAMED.fullmatch(text):
            named.append(i)
        elif _PACKED.fullmatch(text):
            out[i : i + 1] = _numbered(np.array([float(text)]), "yyyymmdd")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if iso:
            texts = uniques.iloc[iso].str.replace(r"^(\d{4})[/.](\d{1,2})(?:[/.](\d{1,2}))?", _dashed, regex=True)
            first = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
            if first.isna().any():
                rest = pd.to_datetime(texts[first.isna()], format="mixed", errors="coerce", utc=True)
                first = first.fillna(rest)
            out[iso] = _nanoseconds(first)
        if named:
            texts = uniques.iloc[named].str.replace(r"(?<=\d)(?:st|nd|rd|th)\b", "", regex=True)
            out[named] = _nanoseconds(pd.to_datetime(texts, format="mixed", errors="coerce", utc=True))
    if last:
        out[last] = _year_last(uniques.iloc[last], day_first)
    return out


def _dashed(found: re.Match[str]) -> str:
    return "-".join(f"{int(part):02d}" if len(part) < 3 else part for part in found.groups() if part)


def _year_last(texts: pd.Series, day_first: bool) -> np.ndarray:
    parts = texts.str.extract(_YEAR_LAST)
    first, second, year = (pd.to_numeric(parts[c]).to_numpy() for c in ("first", "second_part", "year"))
    year = np.where(year < 100, np.where(year < 70, 2000 + year, 1900 + year), year)
    day, month = (first, second) if day_first else (second, first)
    swap = (month > 12) & (day <= 12)
    day, month = np.where(swap, month, day), np.where(swap, day, month)
    clock = {c: pd.to_numeric(parts[c]).fillna(0).to_numpy(float) for c in ("hour", "minute", "second")}
    half = parts["half"].fillna("").astype(str).str.lower().str[:1].to_numpy(dtype=object)
    hour = np.where((half == "p") & (clock["hour"] < 12), clock["hour"] + 12, clock["hour"])
    hour = np.where((half == "a") & (hour == 12), 0, hour)
    stamps = pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": day}), errors="coerce")
    seconds = np.round((hour * 3600 + clock["minute"] * 60 + clock["second"]) * 1e9).astype("timedelta64[ns]")
    return np.asarray(_nanoseconds(stamps) + seconds, dtype="datetime64[ns]")
