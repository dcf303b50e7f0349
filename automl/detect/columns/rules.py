"""What a column holds: one small function a rule, tried in order; the first that answers decides.

What was learnt may overrule those that are not certain (`automl.detect.columns.kinds`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.columns.names import AMOUNTS
from automl.detect.columns.sample import ColumnSample, is_named, share_words, shown
from automl.detect.parse import (
    MISSING_NUMBERS,
    bins_reading,
    boolean_reading,
    date_reading,
    dates,
    list_reading,
    number_reading,
    numbers,
    packed_numbers,
    quantity_reading,
    sentinels,
    spellings,
    words,
)
from automl.detect.quoting import is_personal, percent, quotable, usual_shape
from automl.intake.inline import is_inline
from automl.records import MIN_LEVEL_ROWS, Column
from automl.system.counts import counted, noun

__all__ = [
    "AMOUNT_NAMES", "RULES", "TABLE_RULES", "binned", "boolean", "datetime", "declared", "embedded_number", "list_of",
    "numeric", "says_days", "url",
]  # fmt: skip

CHECKED_DATES = 200
ENOUGH = 0.95  # the share of sampled values a pattern must explain; the others become missing
CODE_NAMES = (
    r"id|ids|code|codes|zip|zipcode|postcode|postal|plz|fips|phone|sku|isbn|type|"
    r"class|category|cluster|group|ward|district"
)
COUNT_NAMES = r"count|counts|n|num|number|nr|total|sum|qty|quantity|amount|price|age|year|years|days|hours|score|size"
IDENTIFIER_NAMES = r"id|ids|uuid|guid|key|index|identifier|rowid|row|rownum|record|unnamed:?"
TEXT_NAMES = (
    r"text|message|msg|review|comment|comments|description|title|body|"
    r"sentence|content|headline|tweet|summary|abstract|question"
)
DATE_NAMES = r"date|dates|day|month|yearmonth|period|time|timestamp|datetime|dt|ts|epoch|created|updated|at|on"

AMOUNT_NAMES = rf"{COUNT_NAMES}|{DATE_NAMES}"  # of whole numbers that stay numbers

SHOWN_BINS = 8
DOUBTFUL_BINS = 0.5
"""Confidence at most of ranges that may be codes or scores."""

_URL = re.compile(r"(?:https?://|ftp://|www\.)\S+", re.IGNORECASE)
_IMAGE = re.compile(
    r".+\.(?:a?png|jp(?:e?g|e)|jf?if|pjp(?:eg)?|gif|bmp|dib|tiff?|webp|p[pgbn]m)", re.IGNORECASE | re.DOTALL
)
_SOUND = re.compile(
    r".+\.(?:wave?|flac|og[ga]|opus|mp3|aif[fc]?|au|m4a|aac|wma|amr|ac3|caf|mka)", re.IGNORECASE | re.DOTALL
)
_CODE = re.compile(r"(?=.*\d)[\w\-.:/#]{1,64}|[0-9a-fA-F\-]{8,64}", re.ASCII)
_TOKEN = re.compile(r"\S+")


def constant(seen: ColumnSample) -> Column | None:
    """No value at all, or one value in every row."""
    if seen.n_present == 0 or not seen.texts:
        return Column(seen.name, "constant", 1.0, "no row holds a value")
    if len(seen.levels) == 1 and seen.n_distinct == 1 and seen.n_missing == 0:
        level = shown(quotable(seen.name, seen.different)) or "the same value"
        return Column(seen.name, "constant", 1.0, f"every row holds {level}")
    return None


def declared(seen: ColumnSample) -> Column | None:
    """The table itself says so: booleans, timestamps, pandas categories, lists."""
    dtype = seen.series.dtype
    if pd.api.types.is_bool_dtype(dtype):
        return Column(seen.name, "boolean", 1.0, "stored as true and false", {"true": "True", "false": "False"})
    if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return Column(seen.name, "datetime", 1.0, "stored as timestamps")
    if isinstance(dtype, pd.CategoricalDtype):
        return Column(seen.name, "categorical", 1.0, f"stored as {_categories(seen, dtype)}")
    if pd.api.types.is_object_dtype(dtype) and all(
        isinstance(v, (list, tuple, set)) for v in seen.series.dropna().iloc[:100]
    ):
        return Column(seen.name, "list", 1.0, "stored as lists", {"separator": ","})
    return None


def _categories(seen: ColumnSample, dtype: pd.CategoricalDtype) -> str:
    """What a table declares, and the order of categories, as far as they may be quoted."""
    if not dtype.ordered:
        return "categories"
    quoted = set(quotable(seen.name, seen.different))
    order = [repr(str(level)) for level in dtype.categories if str(level) in quoted][:6]
    return "ordered categories" + (f": {' < '.join(order)}" if len(order) > 1 else "")


def image_path(seen: ColumnSample) -> Column | None:
    """Texts that end in the extension of a picture, or that are pictures themselves."""
    if seen.is_numeric:
        return None
    inline = sum(n for text, n in seen.different.items() if is_inline(text)) / max(len(seen.texts), 1)
    if inline >= ENOUGH:
        return Column(seen.name, "image_path", inline, share_words(inline, len(seen.texts), "hold an image"))
    if (share := seen.matching(_IMAGE)) + inline < ENOUGH:
        return None
    return Column(seen.name, "image_path", share, share_words(share, len(seen.texts), "end like an image file's name"))


def audio_path(seen: ColumnSample) -> Column | None:
    """Texts that end in the extension of a sound file."""
    if seen.is_numeric or (share := seen.matching(_SOUND)) < ENOUGH:
        return None
    return Column(seen.name, "audio_path", share, share_words(share, len(seen.texts), "end like a sound file's name"))


def url(seen: ColumnSample) -> Column | None:
    """Texts that start like a web address."""
    if seen.is_numeric or (share := seen.matching(_URL)) < ENOUGH:
        return None
    return Column(seen.name, "url", share, share_words(share, len(seen.texts), "are web addresses"))


def boolean(seen: ColumnSample) -> Column | None:
    """Two values that mean yes and no, in any spelling."""
    if seen.n_distinct > 8 or not 1 <= len(seen.levels) <= 8:
        return None
    spelled, n_gaps = spellings(seen.series, MISSING_NUMBERS)
    read = boolean_reading(sorted(spelled), n_gaps)
    return None if read is None else Column(seen.name, "boolean", 1.0, read[1], read[0])


def identifier(seen: ColumnSample) -> Column | None:
    """A number or code of each row's own; never a measurement, never a text of several words."""
    if seen.n_present < 3 or seen.distinct_share < 1 or seen.n_distinct < seen.n_present:
        return None
    named = seen.is_named(IDENTIFIER_NAMES)
    if seen.is_numeric:
        if not pd.api.types.is_integer_dtype(seen.series.dtype):
            return None
        numbers_ = np.sort(seen.values[~np.isnan(seen.values)])
        numbered = len(numbers_) >= 10 and bool((np.diff(numbers_) == 1).all()) and numbers_[0] in (0, 1)
        if not named and not numbered:
            return None
        why = "they number the rows" if numbered else f"the name '{seen.name}' says so"
        return Column(
            seen.name, "identifier", 0.95 if named else 0.85, f"all {seen.n_present:,} whole numbers differ and {why}"
        )
    tokens = seen.matching(_TOKEN)
    if tokens < ENOUGH or (not named and (seen.matching(_CODE) < ENOUGH or seen.n_present < 20)):
        return None
    if not named and (
        _numeric_share(seen)[0] >= ENOUGH or _quantity_share(seen)[0] >= ENOUGH or _date_share(seen)[1] >= ENOUGH
    ):
        return None
    if named and (
        _date_share(seen)[1] >= ENOUGH or (_numeric_share(seen)[0] >= ENOUGH and any("." in t for t in seen.texts))
    ):
        return None
    return Column(
        seen.name, "identifier", 0.95 if named else 0.8, f"all {seen.n_present:,} values are codes that occur once"
    )


def _date_share(seen: ColumnSample) -> tuple[dict[str, Any], float, str]:
    return date_reading(seen.texts)


def datetime(seen: ColumnSample) -> Column | None:
    """Dates as text, or packed into whole numbers where the name says date or time."""
    if not seen.is_numeric:
        reading, share, order = _date_share(seen)
        if share < ENOUGH or not _are_readable(seen.texts, reading):
            return _packed_texts(seen)
        if "day_first" in reading and len(seen.series) > len(seen.texts):
            reading, _, order = date_reading([t for t in words(seen.series.drop_duplicates()) if t is not None])
        evidence = share_words(share, len(seen.texts), "parse as dates") + (f", {order}" if order else "")
        return Column(seen.name, "datetime", share, evidence, reading)
    if not seen.is_integer or not seen.is_named(DATE_NAMES):
        return None
    packed = packed_numbers(seen.values[~np.isnan(seen.values)], says_days(seen.name))
    if packed is None:
        return None
    return Column(
        seen.name, "datetime", 0.7 if packed[0] == "excel" else 0.9, f"the name says a time and all values {packed[1]}",
        {"numbers": packed[0]},
    )  # fmt: skip


def _are_readable(texts: Sequence[str], reading: Mapping[str, Any]) -> bool:
    """Whether half of what looks like dates can be read: years such as 14 lie outside of what a time stamp can hold."""
    different = list(dict.fromkeys(texts))[:CHECKED_DATES]
    read = dates(pd.Series(different, dtype=object), reading)
    return bool(2 * np.count_nonzero(~np.isnat(read)) >= len(different))


def says_days(name: str) -> bool:
    """Whether a name says a date and nothing else, as "hire_date" does, and "price_on_date" and "date_key" do not."""
    parts = re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower())
    dated = 1 <= len(parts) <= 2 and parts[-1] in ("date", "dates")
    return dated and not is_named(name, f"{AMOUNTS}|{CODE_NAMES}")


def _packed_texts(seen: ColumnSample) -> Column | None:
    """Digits such as 20200131, written as text."""
    if not seen.is_named(DATE_NAMES) or not all(t.isascii() and t.isdigit() and len(t) < 20 for t in seen.texts):
        return None
    packed = packed_numbers(np.array([float(t) for t in seen.texts]), says_days(seen.name))
    if packed is None:
        return None
    return Column(
        seen.name, "datetime", 0.7 if packed[0] == "excel" else 0.9, f"the name says a time and all values {packed[1]}",
        {"numbers": packed[0]},
    )  # fmt: skip


def code(seen: ColumnSample) -> Column | None:
    """Whole numbers that name something: postcodes, codes, leading zeros."""
    if seen.is_numeric:
        if not seen.is_integer or not seen.is_named(CODE_NAMES) or seen.is_named(COUNT_NAMES):
            return None
        if (
            seen.distinct_share > 0.98
            and len(seen.texts) > 20
            and not seen.is_named("zip|zipcode|postcode|postal|plz|code")
        ):
            return None
        return Column(
            seen.name, "categorical", 0.8, f"whole numbers, and the name '{seen.name}' says that they are codes"
        )
    zeros = sum(len(t) > 1 and t[0] == "0" and t.isdigit() for t in seen.texts)
    digits = sum(t.isdigit() for t in seen.texts)
    if digits >= ENOUGH * len(seen.texts) and zeros:
        return Column(
            seen.name,
            "categorical",
            0.9,
            f"digits, and {counted(zeros, 'sampled value')} {noun(zeros, 'begins', 'begin')} with a zero",
        )
    if digits >= ENOUGH * len(seen.texts) and seen.is_named(CODE_NAMES) and not seen.is_named(COUNT_NAMES):
        return Column(seen.name, "categorical", 0.8, f"digits, and the name '{seen.name}' says that they are codes")
    return None


def _numeric_share(seen: ColumnSample) -> tuple[float, dict[str, Any]]:
    reading, share = number_reading(seen.texts)
    return share, reading


def _gaps(values: np.ndarray) -> tuple[dict[str, Any], str]:
    """Numbers that stand for a gap, as a reading and in words."""
    gaps = sentinels(values)
    if not gaps:
        return {}, ""
    return {"missing": list(gaps)}, f", {' and '.join(f'{gap:g}' for gap in gaps)} read as missing"


def stored_numbers(name: str, values: np.ndarray, n_distinct: int, *, whole: bool = False) -> Column:
    """The answer for a column that the table stores as numbers.

    Args:
        name: of the column.
        values: ``(n,)`` float64, in any order, with or without its gaps.
        n_distinct: different values.
        whole: whether all of them are whole numbers.
    """
    reading, note = _gaps(values)
    n_present = len(values) - int(np.isnan(values).sum())
    many = "all" if n_distinct == n_present else "nearly all" if n_distinct > 0.9 * n_present else f"{n_distinct:,}"
    evidence = f"stored as {'whole numbers' if whole else 'numbers'}, {many} different{note}"
    return Column(name, "numeric", 0.95 if whole else 1.0, evidence, reading)


def numeric(seen: ColumnSample) -> Column | None:
    """Numbers, also those written as text, with decimal commas, grouped thousands or spelled gaps."""
    if seen.is_numeric:
        return stored_numbers(seen.name, seen.values, seen.n_distinct, whole=seen.is_integer)
    share, reading = _numeric_share(seen)
    if share < ENOUGH:
        return None
    gaps, note = _gaps(numbers(pd.Series(seen.texts, dtype=object), reading))
    note = (", decimal comma" if reading["decimal"] == "," else "") + note
    evidence = share_words(share, len(seen.texts), "are numbers") + note
    return Column(seen.name, "numeric", share, evidence, {**reading, **gaps})


def binned(seen: ColumnSample) -> Column | None:
    """Ranges of numbers ("30-40", "under 18"), each read as the number in its middle; the cells are levels beside."""
    if seen.is_numeric or (found := bins_reading(seen.texts)) is None:
        return None
    reading, share, order, is_sure = found
    is_open = not is_personal(seen.name)  # ranges look like telephones at times, and are none
    quoted = [text for text in order if is_open and seen.different[text] >= MIN_LEVEL_ROWS]
    ends = quoted if len(quoted) <= SHOWN_BINS else [*quoted[: SHOWN_BINS - 1], "…", quoted[-1]]
    said = f", in this order: {shown(ends, SHOWN_BINS + 1)}" if len(quoted) > 1 else ""
    unit = f" in {reading['unit']!r}" if reading["unit"] else ""
    evidence = share_words(share, len(seen.texts), f"are ranges of numbers{unit}, {len(order):,} different{said}")
    reading = {**reading, "beside": f"{seen.name} (range)"}
    return Column(seen.name, "embedded_number", share if is_sure else min(share, DOUBTFUL_BINS), evidence, reading)


def _quantity_share(seen: ColumnSample) -> tuple[float, dict[str, Any], str]:
    """Share of texts that are numbers among units, how they are read, and the units in words."""
    reading, share, said = quantity_reading(seen.texts)
    return share, reading, said


def embedded_number(seen: ColumnSample) -> Column | None:
    """One number inside text: a price, a share, a measurement in units that can be turned into each other."""
    if seen.is_numeric:
        return None
    share, reading, said = _quantity_share(seen)
    if share < ENOUGH:
        return None
    gaps, note = _gaps(numbers(pd.Series(seen.texts, dtype=object), reading))
    as_text = "" if "written as" in said else " written as text"
    what = f"are numbers{f' in {said}' if said else ''}{as_text}{_such_as(seen, 1)}"
    evidence = share_words(share, len(seen.texts), what) + note
    return Column(seen.name, "embedded_number", share, evidence, {**reading, **gaps})


def list_of(seen: ColumnSample) -> Column | None:
    """Several members in a cell, separated by commas, semicolons, bars or slashes, that repeat in other cells."""
    if seen.is_numeric or len(seen.texts) < 5 or (parted := list_reading(seen.texts)) is None:
        return None
    reading, share, said = parted
    evidence = share_words(share, len(seen.texts), f"are {said}") if said.startswith("lists") else said
    return Column(seen.name, "list", share, evidence, reading)


def text(seen: ColumnSample) -> Column | None:
    """Many words, mostly different in each row."""
    if seen.is_numeric or not seen.texts:
        return None
    n_words = float(np.mean([t.count(" ") + 1 for t in seen.texts]))
    n_chars = float(np.mean([len(t) for t in seen.texts]))
    distinct = seen.distinct_share
    hinted = seen.is_named(TEXT_NAMES)
    long = (
        (n_words >= 4 and distinct >= 0.5) or (n_words >= 2.5 and distinct >= 0.9) or (n_words >= 8 and distinct >= 0.1)
    )
    wordless = n_chars >= 30 and distinct >= 0.8  # languages written without spaces
    if not long and not wordless and not (hinted and n_words >= 1.5 and distinct >= 0.5):
        return None
    many = len(seen.texts)
    evidence = f"{n_words:.1f} words on average and {percent(distinct)} of {many:,} sampled values differ"
    return Column(seen.name, "text", 0.95 if n_words >= 5 else 0.8, evidence)


def categorical(seen: ColumnSample) -> Column | None:
    """Words that repeat."""
    if seen.is_numeric or not seen.texts:
        return None
    n, levels = len(seen.texts), len(seen.levels)
    if seen.distinct_share > 0.9 and n > 20 and seen.n_distinct > 0.5 * seen.n_present:
        return None  # a sample of thousands of levels shows most of them once; over all rows they come back
    sure = 0.95 if seen.distinct_share < 0.2 else 0.7
    return Column(seen.name, "categorical", sure, f"{levels:,} different values among {n:,} sampled{_such_as(seen, 3)}")


def unknown(seen: ColumnSample) -> Column:
    """Values that no other rule explains."""
    if examples := _such_as(seen, 3):
        return Column(seen.name, "unknown", 0.5, f"no rule explains its values{examples}")
    form = usual_shape(seen.texts)
    built = f", most of them built like '{form}' (a: small letters, A: capitals, 9: digits)" if form else ""
    return Column(seen.name, "unknown", 0.5, f"no rule explains its values{built}")


def _such_as(seen: ColumnSample, most: int) -> str:
    """A few values, where they may be quoted."""
    quoted = shown(quotable(seen.name, seen.different), most)
    return f", such as {quoted}" if quoted else ""


RULES: tuple[Callable[[ColumnSample], Column | None], ...] = (
    constant, declared, image_path, audio_path, url, boolean, identifier, datetime, code, numeric, embedded_number,
    list_of, text, categorical, unknown,
)  # fmt: skip
"""Of a column that is asked about alone, as a target is: ranges are its classes."""
TABLE_RULES = (*RULES[: RULES.index(code)], binned, *RULES[RULES.index(code) :])
"""Of the columns of a table."""
