"""What a cell's text looks like: a value, nothing, a unit, a total, a note."""

from __future__ import annotations

import re

__all__ = [
    "COMMENT",
    "NAME",
    "NOTE",
    "NUMBER",
    "SENTENCE",
    "TOTAL",
    "is_absent",
    "is_rule",
    "is_unit",
    "is_value",
    "shape",
]

NUMBER = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?")
COMMENT = re.compile(r"\s*(#|//|%|--(?!\s*[,;\t|])|!)")
"""The beginning of a line that is a comment."""
NAME = re.compile(r"[^\W\d]\w*")
_VALUE = re.compile(
    r"[+-]?\s?[$€£¥]?\s?(\d[\d.,' \u00a0]*|\.\d+)([eE][+-]?\d+)?\s?[%$€£¥]?"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ]\d.*)?|\d{1,2}:\d\d(:\d\d(\.\d+)?)?|[+-]?inf(inity)?",
    re.IGNORECASE,
)
_ABSENT = frozenset(
    {"", "na", "n/a", "nan", "null", "none", "-", "--", ".", "*", "?", "#n/a", "<na>", "\\n", "missing"}
)
_TOKEN = (
    r"([mckµnd]?m|km|in|ft|yd|mi|[kmµ]?g|t|lbs?|oz|m?s|secs?|mins?|h|hrs?|d|yrs?|a|[°º]?[cfk]|deg[cf]?|rad|[khm]?pa|m?bar|"
    r"psi|[mk]?v|m?a|[km]?w|[kmg]?wh|k?j|k?cal|[kmg]?hz|[md]?l|ha|pp[mb]|db|m?mol|k?n|rpm|px|pts|pcs|stk?|eur|usd|gbp|chf|"
    r"jpy|cny|rub|pct|lx|lm|cd|ohm|kmh|mph|knots|bits?|[kmgt]?b|bytes?|utc|iso|[%‰°€$£¥#-]|sqm|sq ?ft|yyyy|mm|dd|hh|ss)"
)
_UNIT = re.compile(
    rf"[\[(<{{].*[\])>}}]|{_TOKEN}[²³23]?([/·.* ^:-]{{1,2}}({_TOKEN}|\d)?[²³0-9]?){{0,4}}|"
    r"(k|mio\.?|t|m)? ?(eur|usd|gbp|chf|euros?|dollars?)|(sq\.? ?)?(metres?|meters?|feet|miles?|inch(es)?)|"
    r"(milli|centi|kilo)?(met(er|re)|gram)s?|percent|degrees?|hours?|minutes?|seconds?|days?|months?|years?|celsius|"
    r"kelvin|count|number|unitless|"
    r"((big|small)?int|integer|float|double|decimal|numeric|string|str|text|char|varchar|date|datetime|timestamp|"
    r"bool|boolean|categor(y|ical)|continuous|discrete|real|object)(\d*|\(.*\))",
    re.IGNORECASE,
)
TOTAL = re.compile(
    r"\W*(grand |sub ?-?|over-?all )?(totals?|sums?|averages?|avg|mean|summe|gesamt(summe)?|insgesamt|mittelwert|total "
    r"g[eé]n[eé]ral|somme|moyenne|totale|suma|promedio|итого|всего|合計|总计|總計|合计|小計|평균|합계)\W*",
    re.IGNORECASE,
)
NOTE = re.compile(
    r"\W*(sources?|notes?|quelle|fuente|copyright|end of|eof|generated|exported|created|printed|as of|"
    r"\d[\d,.]* (rows?|records?|lines?|results?|zeilen))\b.*|©.*",
    re.IGNORECASE,
)
SENTENCE = re.compile(r".*[.!:)\]]|\*.*")


def is_value(cell: str) -> bool:
    """Whether a cell is written as a number or a date."""
    return _VALUE.fullmatch(cell.strip()) is not None


def is_absent(cell: str) -> bool:
    """Whether a cell stands for nothing."""
    return cell.strip().lower() in _ABSENT


def is_unit(cell: str) -> bool:
    """Whether a cell says in what a column is measured, or of what type it is."""
    return _UNIT.fullmatch(cell.strip()) is not None


def is_rule(cell: str) -> bool:
    """Whether a cell is part of a line that is drawn below a header."""
    return re.fullmatch(r"[\s|:+]*[-=]{2,}[\s|:+=-]*", cell) is not None


def shape(cell: str) -> str:
    """A cell with every digit as 9: dates of one form have one shape."""
    return re.sub(r"\d", "9", cell)
