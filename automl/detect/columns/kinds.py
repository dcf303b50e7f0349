"""The kinds of a table's columns: by rules, and where these are not certain by a model of labelled columns.

Record 13 of the decisions says when a rule (`automl.detect.columns.rules`) is overruled, and what each gives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from automl.detect.columns.deduplicate import deduplicate, without_copies
from automl.detect.columns.families import alike, families
from automl.detect.columns.features import NAMED
from automl.detect.columns.model import NINE, probabilities, shipped
from automl.detect.columns.plain_numbers import plain_numbers
from automl.detect.columns.profile import ColumnProfile, profile
from automl.detect.columns.rules import (  # fmt: skip
    AMOUNT_NAMES,
    ENOUGH,
    RULES,
    TABLE_RULES,
    binned,
    boolean,
    datetime,
    declared,
    embedded_number,
    list_of,
    numeric,
    says_days,
    url,
)
from automl.detect.columns.sample import ColumnSample, column_sample, is_named
from automl.detect.columns.worded import with_words
from automl.detect.parse import date_reading, decimal_mark, numbers, packed_numbers, quantity_reading
from automl.detect.quoting import percent
from automl.records import MIN_LEVEL_ROWS, QUANTITY_KINDS, Column, Kind

__all__ = ["NINE_OF_KIND", "column", "columns", "forced", "may_be_overruled", "settled"]

NINE_OF_KIND: Mapping[str, str] = {
    "numeric": "numeric", "categorical": "categorical", "boolean": "categorical", "datetime": "datetime",
    "text": "sentence", "url": "url", "image_path": "url", "audio_path": "url",
    "embedded_number": "embedded-number", "list": "list",
    "identifier": "not-generalizable", "constant": "not-generalizable", "unknown": "context-specific",
}  # fmt: skip
PLAIN = re.compile(r"[+-]?(?:0|[1-9]\d{0,14})?(?:\.\d*)?")  # numbers as any reader stores them, and no codes
CERTAIN = frozenset(
    {"constant", "boolean", "datetime", "image_path", "audio_path", "url"}
)  # kinds whose rules are not overruled
CONFIDENT = 0.8  # probability from which what was learnt overrules a rule
LEAVING_OUT = 0.95  # and from which it may leave a column out
LIKELY = 0.5  # probability from which it gives a kind to a column that no rule explains
UNLIKELY = 0.1  # probability of a rule's own kind up to which it is overruled


def column(name: str, series: pd.Series, kind: Kind | None = None) -> Column:
    """The kind of a column alone, by the first rule that answers, or the kind the user set.

    Args:
        name: of the column.
        series: as it was read.
        kind: set by the user, or None.
    """
    seen = column_sample(name, series)
    if kind is not None:
        return forced(seen, kind)
    return _ruled(seen)


def columns(frame: pd.DataFrame, kinds: Mapping[str, Kind] | None = None) -> list[Column]:
    """The kinds of a table's columns: by rules, and where these are not certain by a model of labelled columns.

    A table in which every row stands several times is read as if each stood once (`automl.detect.columns.deduplicate`).

    Args:
        frame: columns as they were read, names all different.
        kinds: set by the user.
    """
    kinds = kinds or {}
    distinct = deduplicate(frame)
    found = {name: column for name, column in plain_numbers(distinct).items() if name not in kinds}
    large = families(distinct, {*found, *kinds})
    later = {name for family in large for name in family.others}
    found |= _judged([c for c in map(str, frame.columns) if c not in found and c not in later], distinct, kinds)
    for family in large:
        found |= alike(distinct, family, [found[name] for name in family.judged])
    found |= _judged([c for c in map(str, frame.columns) if c not in found], distinct, kinds)
    names = set(map(str, frame.columns))
    return [_named_apart(found[c], names) for c in map(str, frame.columns)]


def _named_apart(found: Column, names: set[str]) -> Column:
    """The column, whose levels beside it are named like no other column."""
    name = found.reading.get("beside")
    if name is None or name not in names:
        return found
    while name in names:
        name += "*"
    return replace(found, reading={**found.reading, "beside": name})


def _judged(names: Sequence[str], distinct: pd.DataFrame, kinds: Mapping[str, Kind]) -> dict[str, Column]:
    """The kinds of these columns, each judged by itself; see `columns`."""
    seen, ruled = {}, {}
    for c in names:
        seen[c] = _sampled(c, distinct, c not in kinds)
        ruled[c] = forced(seen[c], kinds[c]) if c in kinds else _of_table(seen[c])
        vars(seen[c]).pop("values", None)  # of a long table, the numbers of all columns would not fit
    open_ = [c for c, by_rule in ruled.items() if c not in kinds and may_be_overruled(seen[c], by_rule)]
    if open_:
        profiles = [profile(c, _as_stored(seen[c], ruled[c])) for c in open_]
        likely = probabilities(profiles, shipped())
        ruled |= {
            c: _adjusted(settled(seen[c], ruled[c], p, row), ruled[c])
            for c, p, row in zip(open_, profiles, likely, strict=True)
        }
    known = {*open_, *kinds}
    return {c: one if c in known or _is_given(seen[c], one) else _measured(one) for c, one in ruled.items()}


def _as_stored(seen: ColumnSample, ruled: Column) -> pd.Series:
    """The cells as the model learnt to see them: plain numbers as numbers, though words for nothing are among them."""
    if ruled.kind != "numeric" or seen.is_numeric or seen.matching(PLAIN) < ENOUGH:
        return seen.series
    return pd.Series(numbers(seen.series, ruled.reading))


def _is_given(seen: ColumnSample, found: Column) -> bool:
    """Whether a kind is a fact: a column that never varies, or whose kind the table declares."""
    return found.kind == "constant" or declared(seen) is not None


def _adjusted(found: Column, ruled: Column) -> Column:
    """A kind that the model had a say in, with the share right of labelled columns of such a confidence.

    That a column holds lists is seen in all of its cells. The model sees a few of them, and has no say in how sure
    it is.
    """
    if found.kind == ruled.kind == "list":
        return replace(found, confidence=ruled.confidence)
    return replace(found, confidence=shipped().adjusted(found.confidence))


def _measured(ruled: Column) -> Column:
    """A kind that the rules alone decide, with the share right of labelled columns that they gave it, at most."""
    return replace(ruled, confidence=min(ruled.confidence, shipped().by_rule.get(ruled.kind, 1.0)))


def _sampled(name: str, frame: pd.DataFrame, is_free: bool) -> ColumnSample:
    """The sample of a column; without copied rows where its kind is not set by the user and they matter to it."""
    seen = column_sample(name, frame[name])
    if not is_free or declared(seen) is not None or (seen.is_numeric and not seen.is_integer):
        return seen
    once = without_copies(frame, name, seen.n_distinct)
    return seen if once is None else column_sample(name, once)


def _ruled(seen: ColumnSample, rules: Sequence[Callable[[ColumnSample], Column | None]] = RULES) -> Column:
    """The answer of the first rule that has one."""
    return next(answer for rule in rules if (answer := rule(seen)) is not None)


def _of_table(seen: ColumnSample) -> Column:
    """A table's column by the rules, where numbers with words among them are numbers."""
    ruled = _ruled(seen, TABLE_RULES)
    if "bins" in ruled.reading or ruled.kind in CERTAIN or declared(seen) is not None:
        return ruled
    return _worded(seen) or ruled


def _worded(seen: ColumnSample) -> Column | None:
    """The column as numbers with words among them, or None."""

    def of_numbers(stored: ColumnSample) -> Column:
        return _judged([seen.name], pd.DataFrame({seen.name: stored.series}), {})[seen.name]

    return with_words(seen, lambda part: _ruled(part, TABLE_RULES), of_numbers)


def may_be_overruled(seen: ColumnSample, ruled: Column) -> bool:
    """Whether the kind is neither declared by the table nor certain, and the values are no numbers with decimals."""
    if ruled.kind in CERTAIN or "beside" in ruled.reading or declared(seen) is not None:
        return False
    return not (ruled.kind == "numeric" and seen.is_numeric and not seen.is_integer)


def settled(seen: ColumnSample, ruled: Column, p: ColumnProfile, row: np.ndarray) -> Column:
    """A rule's answer, or another kind where the model is confident of it and the values can be read as it.

    In doubt a column stays usable: to be left out as an identifier or as unknown takes far more confidence than to be
    read otherwise, and numbers are never unknown. Years and counts are no categories, though people label them so.

    Args:
        seen: the column.
        ruled: what the rules say.
        p: its profile.
        row: probabilities of the nine kinds.
    """
    own = float(row[NINE.index(NINE_OF_KIND[ruled.kind])])
    lost = ruled.kind == "unknown"  # left out by the rules: any likely kind that can be read is better
    for place in np.argsort(-row, kind="stable").tolist():
        sure = float(row[place])
        if sure < (LIKELY if lost else CONFIDENT) or own > (LIKELY if lost else UNLIKELY):
            break
        other = _readable(seen, NINE[place], sure, ruled)
        if other is not None and other.kind != ruled.kind:
            return replace(other, confidence=sure, evidence=_facts(p, other.kind, shipped().adjusted(sure)))
    if lost or (ruled.kind == "numeric" and seen.is_named(AMOUNT_NAMES)):
        return ruled
    # How sure it is among the kinds that keep it in use: that people would ask about it does not make it another one.
    out_of_use = {NINE_OF_KIND["unknown"], NINE_OF_KIND["identifier"]} - {NINE_OF_KIND[ruled.kind]}
    in_use = 1.0 - sum(float(row[NINE.index(nine)]) for nine in out_of_use)
    return replace(ruled, confidence=max(min(ruled.confidence, own / max(in_use, own, 1e-6)), 0.01))


def _readable(seen: ColumnSample, nine: str, sure: float, ruled: Column) -> Column | None:
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


def _has_fractions(seen: ColumnSample, ruled: Column) -> bool:
    """Whether numbers of the column are not whole, be they stored as numbers or read from texts."""
    if seen.is_numeric:
        return not seen.is_integer
    values = numbers(pd.Series(seen.texts, dtype=object), ruled.reading)
    return bool((values[np.isfinite(values)] % 1 != 0).any())


def _facts(p: ColumnProfile, kind: str, sure: float) -> str:
    """The evidence for a kind that the model gave, in words."""
    what = (
        ("whole numbers" if p.low == round(p.low) and p.high == round(p.high) else "numbers")
        if p.is_number
        else "texts"
    )
    said = [clue for clue in ("code", "id", "date", "text", "type", "list", "url") if is_named(p.name, NAMED[clue])]
    name = f", the name '{p.name}' speaks of {'an id' if said[0] == 'id' else f'a {said[0]}'}" if said else ""
    return (
        f"{p.n_distinct:,} different {what} in {p.n_present:,} rows{name}; of labelled columns like it "
        f"{percent(sure)} are {kind}"
    )


def forced(seen: ColumnSample, kind: Kind) -> Column:
    """The kind that the user set, with the reading that fits the values best."""
    reading: Mapping[str, Any] = {}
    if kind == "boolean":
        by_rule = declared(seen) or boolean(seen)
        levels = sorted(seen.levels[:2])
        if seen.n_distinct > 2 and min(map(seen.different.__getitem__, levels), default=0) < MIN_LEVEL_ROWS:
            levels = []  # two cells among many, and no yes and no
        reading = (
            by_rule.reading
            if by_rule is not None and by_rule.kind == "boolean"
            else {"true": levels[-1], "false": levels[0]}
            if levels
            else {}
        )
    elif kind == "datetime" and not seen.is_numeric:
        reading = date_reading(seen.texts)[0]
    elif kind == "datetime":
        packed = datetime(seen)
        reading = packed.reading if packed is not None else {"numbers": _numbers_as_time(seen)}
    elif kind in QUANTITY_KINDS and (ruled := binned(seen) or _worded(seen)) is not None:
        reading = ruled.reading
    elif kind == "numeric" and not seen.is_numeric:
        reading = {"decimal": decimal_mark(seen.texts)}
    elif kind == "embedded_number" and not seen.is_numeric:
        reading = quantity_reading(seen.texts)[0]
    elif kind == "list":
        split = list_of(seen)
        reading = split.reading if split is not None else {"separator": ","}
    return Column(seen.name, kind, 1.0, "set by you", reading)


def _numbers_as_time(seen: ColumnSample) -> str:
    """How numbers are read that the user declares as times: as years, a packed form, or steps."""
    values = seen.values[~np.isnan(seen.values)]
    if len(values) and seen.is_integer and values.min() >= 1678 and values.max() <= 2261:
        return "year"
    packed = packed_numbers(values, says_days(seen.name)) if seen.is_integer else None
    return "steps" if packed is None else packed[0]
