"""What a column holds: one small function a rule, tried in order; the first that answers decides.

Rules that are not certain may be overruled, for the columns of a table, by what was learnt from 7,936 labelled columns
(`automl.detect.learned`). Record 13 of the decisions tells when, and what each gives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.glimpse import Glimpse, glimpse, is_named, share_words, shown
from automl.detect.learned import NINE, probabilities, shipped
from automl.detect.levels import AMOUNTS
from automl.detect.once import once
from automl.detect.parse import (
    MISSING_NUMBERS,
    boolean_reading,
    date_reading,
    decimal_mark,
    list_reading,
    number_reading,
    numbers,
    packed_numbers,
    quantity_reading,
    sentinels,
    spellings,
    words,
)
from automl.detect.profile import ColumnProfile, profile
from automl.detect.signs import NAMED
from automl.records import Column, Kind

__all__ = ["NINE_OF_KIND", "RULES", "column", "columns", "forced", "settled"]

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

_URL = re.compile(r"(?:https?://|ftp://|www\.)\S+", re.IGNORECASE)
_IMAGE = re.compile(r".+\.(?:png|jpe?g|gif|bmp|tiff?|webp|ppm|pgm)", re.IGNORECASE | re.DOTALL)
_CODE = re.compile(r"(?=.*\d)[\w\-.:/#]{1,64}|[0-9a-fA-F\-]{8,64}", re.ASCII)
_TOKEN = re.compile(r"\S+")


def constant(seen: Glimpse) -> Column | None:
    """No value at all, or one value in every row."""
    if seen.n_present == 0 or not seen.texts:
        return Column(seen.name, "constant", 1.0, "no row holds a value")
    if len(seen.levels) == 1 and seen.n_distinct == 1 and seen.n_missing == 0:
        return Column(seen.name, "constant", 1.0, f"every row holds {shown(seen.levels)}")
    return None


def declared(seen: Glimpse) -> Column | None:
    """The table itself says so: booleans, timestamps, pandas categories, lists."""
    dtype = seen.series.dtype
    if pd.api.types.is_bool_dtype(dtype):
        return Column(seen.name, "boolean", 1.0, "stored as true and false", {"true": "True", "false": "False"})
    if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return Column(seen.name, "datetime", 1.0, "stored as timestamps")
    if isinstance(dtype, pd.CategoricalDtype):
        return Column(seen.name, "categorical", 1.0, "stored as categories")
    if pd.api.types.is_object_dtype(dtype) and all(
        isinstance(v, (list, tuple, set)) for v in seen.series.dropna().iloc[:100]
    ):
        return Column(seen.name, "list", 1.0, "stored as lists", {"separator": ","})
    return None


def image_path(seen: Glimpse) -> Column | None:
    """Texts that end in the extension of a picture."""
    if seen.is_numeric or (share := seen.matching(_IMAGE)) < ENOUGH:
        return None
    return Column(seen.name, "image_path", share, share_words(share, len(seen.texts), "end like an image file's name"))


def url(seen: Glimpse) -> Column | None:
    """Texts that start like a web address."""
    if seen.is_numeric or (share := seen.matching(_URL)) < ENOUGH:
        return None
    return Column(seen.name, "url", share, share_words(share, len(seen.texts), "are web addresses"))


def boolean(seen: Glimpse) -> Column | None:
    """Two values that mean yes and no, in any spelling."""
    if seen.n_distinct > 8 or not 1 <= len(seen.levels) <= 8:
        return None
    spelled, n_gaps = spellings(seen.series, MISSING_NUMBERS)
    found = boolean_reading(sorted(spelled), n_gaps)
    return None if found is None else Column(seen.name, "boolean", 1.0, found[1], found[0])


def identifier(seen: Glimpse) -> Column | None:
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


def _date_share(seen: Glimpse) -> tuple[dict[str, Any], float, str]:
    return date_reading(seen.texts)


def datetime(seen: Glimpse) -> Column | None:
    """Dates as text, or packed into whole numbers where the name says date or time."""
    if not seen.is_numeric:
        reading, share, order = _date_share(seen)
        if share < ENOUGH:
            return _packed_texts(seen)
        if "day_first" in reading and len(seen.series) > len(seen.texts):
            reading, _, order = date_reading([t for t in words(seen.series.drop_duplicates()) if t is not None])
        evidence = share_words(share, len(seen.texts), "parse as dates") + (f", {order}" if order else "")
        return Column(
            seen.name, "datetime", share if "no day above" not in order else min(share, 0.7), evidence, reading
        )
    if not seen.is_integer or not seen.is_named(DATE_NAMES):
        return None
    packed = packed_numbers(seen.values[~np.isnan(seen.values)], says_days(seen.name))
    if packed is None:
        return None
    return Column(
        seen.name, "datetime", 0.7 if packed[0] == "excel" else 0.9, f"the name says a time and all values {packed[1]}",
        {"numbers": packed[0]},
    )  # fmt: skip


def says_days(name: str) -> bool:
    """Whether a name says a date and nothing else, as "hire_date" does, and "price_on_date" and "date_key" do not."""
    parts = re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower())
    dated = 1 <= len(parts) <= 2 and parts[-1] in ("date", "dates")
    return dated and not is_named(name, f"{AMOUNTS}|{CODE_NAMES}")


def _packed_texts(seen: Glimpse) -> Column | None:
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


def code(seen: Glimpse) -> Column | None:
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
        return Column(seen.name, "categorical", 0.9, f"digits, and {zeros:,} sampled values begin with a zero")
    if digits >= ENOUGH * len(seen.texts) and seen.is_named(CODE_NAMES) and not seen.is_named(COUNT_NAMES):
        return Column(seen.name, "categorical", 0.8, f"digits, and the name '{seen.name}' says that they are codes")
    return None


def _numeric_share(seen: Glimpse) -> tuple[float, dict[str, Any]]:
    reading, share = number_reading(seen.texts)
    return share, reading


def _gaps(values: np.ndarray) -> tuple[dict[str, Any], str]:
    """Numbers that stand for a gap, as a reading and in words."""
    gaps = sentinels(values)
    if not gaps:
        return {}, ""
    return {"missing": list(gaps)}, f", {' and '.join(f'{gap:g}' for gap in gaps)} read as missing"


def numeric(seen: Glimpse) -> Column | None:
    """Numbers, also those written as text, with decimal commas, grouped thousands or spelled gaps."""
    if seen.is_numeric:
        what = "whole numbers" if seen.is_integer else "numbers"
        reading, note = _gaps(seen.values)
        return Column(
            seen.name,
            "numeric",
            1.0 if not seen.is_integer else 0.95,
            f"stored as {what}, {seen.n_distinct:,} different{note}",
            reading,
        )
    share, reading = _numeric_share(seen)
    if share < ENOUGH:
        return None
    gaps, note = _gaps(numbers(pd.Series(seen.texts, dtype=object), reading))
    note = (", decimal comma" if reading["decimal"] == "," else "") + note
    evidence = share_words(share, len(seen.texts), "are numbers") + note
    return Column(seen.name, "numeric", share, evidence, {**reading, **gaps})


def _quantity_share(seen: Glimpse) -> tuple[float, dict[str, Any], str]:
    """Share of texts that are numbers among units, how they are read, and the units in words."""
    reading, share, said = quantity_reading(seen.texts)
    return share, reading, said


def embedded_number(seen: Glimpse) -> Column | None:
    """One number inside text: a price, a share, a measurement in units that can be turned into each other."""
    if seen.is_numeric:
        return None
    share, reading, said = _quantity_share(seen)
    if share < ENOUGH:
        return None
    gaps, note = _gaps(numbers(pd.Series(seen.texts, dtype=object), reading))
    as_text = "" if "written as" in said else " written as text"
    what = f"are numbers{f' in {said}' if said else ''}{as_text}, such as {shown(seen.texts, 1)}"
    evidence = share_words(share, len(seen.texts), what) + note
    return Column(seen.name, "embedded_number", share, evidence, {**reading, **gaps})


def list_of(seen: Glimpse) -> Column | None:
    """Several members in a cell, parted by commas, semicolons, bars or slashes, that come back in other cells."""
    if seen.is_numeric or len(seen.texts) < 5 or (found := list_reading(seen.texts)) is None:
        return None
    reading, share, said = found
    evidence = share_words(share, len(seen.texts), f"are {said}") if said.startswith("lists") else said
    return Column(seen.name, "list", share, evidence, reading)


def text(seen: Glimpse) -> Column | None:
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
    evidence = f"{n_words:.1f} words on average and {distinct:.0%} of {many:,} sampled values differ".replace("%", " %")
    return Column(seen.name, "text", 0.95 if n_words >= 5 else 0.8, evidence)


def categorical(seen: Glimpse) -> Column | None:
    """Words that come back."""
    if seen.is_numeric or not seen.texts:
        return None
    n, levels = len(seen.texts), len(seen.levels)
    if seen.distinct_share > 0.9 and n > 20 and seen.n_distinct > 0.5 * seen.n_present:
        return None  # a sample of thousands of levels shows most of them once; over all rows they come back
    sure = 0.95 if seen.distinct_share < 0.2 else 0.7
    return Column(
        seen.name, "categorical", sure, f"{levels:,} different values among {n:,} sampled, such as {shown(seen.levels)}"
    )


def unknown(seen: Glimpse) -> Column:
    """None of the other rules."""
    return Column(seen.name, "unknown", 0.5, f"no rule explains values such as {shown(seen.texts)}")


RULES: tuple[Callable[[Glimpse], Column | None], ...] = (
    constant, declared, image_path, url, boolean, identifier, datetime, code, numeric, embedded_number, list_of, text,
    categorical, unknown,
)  # fmt: skip


NINE_OF_KIND: Mapping[str, str] = {
    "numeric": "numeric", "categorical": "categorical", "boolean": "categorical", "datetime": "datetime",
    "text": "sentence", "url": "url", "image_path": "url", "embedded_number": "embedded-number", "list": "list",
    "identifier": "not-generalizable", "constant": "not-generalizable", "unknown": "context-specific",
}  # fmt: skip
CERTAIN = frozenset({"constant", "boolean", "datetime", "image_path", "url"})  # kinds whose rules are not overruled
CONFIDENT = 0.8  # probability from which what was learnt overrules a rule
LEAVING_OUT = 0.95  # and from which it may leave a column out
LIKELY = 0.5  # probability from which it gives a kind to a column that no rule explains
UNLIKELY = 0.1  # probability of a rule's own kind up to which it is overruled


def column(name: str, series: pd.Series, kind: Kind | None = None) -> Column:
    """The kind of a column alone, by the first rule that answers, or the kind the user set.

    Args:
        name: of the column. series: as it was read. kind: set by the user, or None.
    """
    seen = glimpse(name, series)
    if kind is not None:
        return forced(seen, kind)
    return _ruled(seen)


def columns(frame: pd.DataFrame, kinds: Mapping[str, Kind] | None = None) -> list[Column]:
    """The kinds of a table's columns: by rules, and where they are not certain by what was learnt from others.

    A table in which every row stands several times is read as if each stood once (`automl.detect.once`).

    Args:
        frame: columns as they were read, names all different. kinds: set by the user.
    """
    kinds = kinds or {}
    distinct = once(frame)
    seen, ruled = {}, {}
    for c in map(str, frame.columns):
        seen[c] = glimpse(c, distinct[c])
        ruled[c] = forced(seen[c], kinds[c]) if c in kinds else _ruled(seen[c])
        vars(seen[c]).pop("values", None)  # of a long table, the numbers of all columns would not fit
    open_ = [c for c, found in ruled.items() if c not in kinds and _may_be_overruled(seen[c], found)]
    if open_:
        profiles = [profile(c, seen[c].series) for c in open_]
        found = probabilities(profiles, shipped())
        ruled |= {c: settled(seen[c], ruled[c], p, row) for c, p, row in zip(open_, profiles, found, strict=True)}
    return list(ruled.values())


def _ruled(seen: Glimpse) -> Column:
    return next(found for rule in RULES if (found := rule(seen)) is not None)


def _may_be_overruled(seen: Glimpse, found: Column) -> bool:
    """Not what the table declares, not a certain kind, not numbers with decimals."""
    if found.kind in CERTAIN or declared(seen) is not None:
        return False
    return not (found.kind == "numeric" and seen.is_numeric and not seen.is_integer)


def settled(seen: Glimpse, ruled: Column, p: ColumnProfile, row: np.ndarray) -> Column:
    """A rule's answer, or another kind where what was learnt is confident of it and the values can be read as it.

    In doubt a column stays usable: to be left out as an identifier or as unknown takes far more confidence than to be
    read otherwise, and numbers are never unknown. Years and counts are no categories, though people label them so.

    Args:
        seen: the column. ruled: what the rules say. p: its profile. row: probabilities of the nine kinds.
    """
    own = float(row[NINE.index(NINE_OF_KIND[ruled.kind])])
    lost = ruled.kind == "unknown"  # left out by the rules: any likely kind that can be read is better
    for place in np.argsort(-row, kind="stable").tolist():
        sure = float(row[place])
        if sure < (LIKELY if lost else CONFIDENT) or own > (LIKELY if lost else UNLIKELY):
            break
        other = _readable(seen, NINE[place], sure, ruled)
        if other is not None and other.kind != ruled.kind:
            return replace(other, confidence=sure, evidence=_facts(p, other.kind, sure))
    if lost or (ruled.kind == "numeric" and seen.is_named(AMOUNT_NAMES)):
        return ruled
    # How sure it is among the kinds that keep it in use: that people would ask about it does not make it another one.
    out_of_use = {NINE_OF_KIND["unknown"], NINE_OF_KIND["identifier"]} - {NINE_OF_KIND[ruled.kind]}
    in_use = 1.0 - sum(float(row[NINE.index(nine)]) for nine in out_of_use)
    return replace(ruled, confidence=max(min(ruled.confidence, own / max(in_use, own, 1e-6)), 0.01))


def _readable(seen: Glimpse, nine: str, sure: float, ruled: Column) -> Column | None:
    """The column as one of the nine kinds, if its values can be read so; with the reading."""
    if nine == "numeric":
        return numeric(seen)
    if nine == "embedded-number":
        return embedded_number(seen)
    if nine == "datetime":
        return datetime(seen)
    if nine == "list":
        return list_of(seen)
    if nine == "url":
        return url(seen)
    if nine == "sentence":
        wordy = not seen.is_numeric and sum(" " in t for t in seen.texts) >= 0.5 * len(seen.texts)
        return Column(seen.name, "text", sure, "") if wordy else None
    if nine == "categorical":
        few = seen.n_distinct <= 0.5 * seen.n_present
        amounts = (seen.is_numeric or ruled.kind == "numeric") and (
            _has_fractions(seen, ruled) or seen.is_named(AMOUNT_NAMES)
        )
        return Column(seen.name, "categorical", sure, "") if few and not amounts else None
    if sure < LEAVING_OUT:
        return None
    if nine == "context-specific":  # numbers named x1 and V2 are what many tables are made of
        return None if seen.is_numeric else Column(seen.name, "unknown", sure, "")
    return Column(seen.name, "identifier", sure, "") if seen.n_distinct == seen.n_present >= 3 else None


def _has_fractions(seen: Glimpse, ruled: Column) -> bool:
    """Whether numbers of the column are not whole, be they stored as numbers or read from texts."""
    if seen.is_numeric:
        return not seen.is_integer
    values = numbers(pd.Series(seen.texts, dtype=object), ruled.reading)
    return bool((values[np.isfinite(values)] % 1 != 0).any())


def _facts(p: ColumnProfile, kind: str, sure: float) -> str:
    """What speaks for a learnt kind, in words."""
    what = (
        ("whole numbers" if p.low == round(p.low) and p.high == round(p.high) else "numbers")
        if p.is_number
        else "texts"
    )
    said = [clue for clue in ("code", "id", "date", "text", "type", "list", "url") if is_named(p.name, NAMED[clue])]
    name = f", the name '{p.name}' speaks of {'an id' if said[0] == 'id' else f'a {said[0]}'}" if said else ""
    return (
        f"{p.n_distinct:,} different {what} in {p.n_present:,} rows{name}; of labelled columns like it "
        f"{sure:.0%} are {kind}".replace("%", " %")
    )


def forced(seen: Glimpse, kind: Kind) -> Column:
    """The user's own kind, with the reading that fits the values best."""
    reading: Mapping[str, Any] = {}
    if kind == "boolean":
        found = declared(seen) or boolean(seen)
        levels = sorted(seen.levels[:2])
        reading = (
            found.reading
            if found is not None and found.kind == "boolean"
            else {"true": levels[-1], "false": levels[0]}
            if levels
            else {}
        )
    elif kind == "datetime" and not seen.is_numeric:
        reading = date_reading(seen.texts)[0]
    elif kind == "datetime":
        packed = datetime(seen)
        reading = packed.reading if packed is not None else {"numbers": _numbers_as_time(seen)}
    elif kind == "numeric" and not seen.is_numeric:
        reading = {"decimal": decimal_mark(seen.texts)}
    elif kind == "embedded_number" and not seen.is_numeric:
        reading = quantity_reading(seen.texts)[0]
    elif kind == "list":
        split = list_of(seen)
        reading = split.reading if split is not None else {"separator": ","}
    return Column(seen.name, kind, 1.0, "set by you", reading)


def _numbers_as_time(seen: Glimpse) -> str:
    """What numbers are that the user says are times: years, a packed form, or steps."""
    values = seen.values[~np.isnan(seen.values)]
    if len(values) and seen.is_integer and values.min() >= 1678 and values.max() <= 2261:
        return "year"
    packed = packed_numbers(values, says_days(seen.name)) if seen.is_integer else None
    return "steps" if packed is None else packed[0]
