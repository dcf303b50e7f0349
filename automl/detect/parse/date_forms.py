"""The usual forms of dates and times, names of months and zones, and what one text says of them."""

from __future__ import annotations

import re

LONGEST_DATE = 100
"""Characters of the longest cell that is matched with the form of a date, which may have blanks in many places."""

CLOCK = (
    r"(?:(?:[T ,:]|\bat\b|\bum\b)+(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d(?:[.,]\d+)?|60))?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?(?:\s*(?:Uhr|hrs?\.?))?)?"
)
ZONE = (
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2}|(?:(?<=:\d\d)|(?<=\.\d{3})|(?<=\.\d{6}))[+-]\d{2}|"
    r"\(?(?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d{2})?)?\)?|[A-Z]{2,4}T)?(?:\s*\([A-Za-z ]+\))?"
)
OFFSET = re.compile(
    r"(?P<time>\d:[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?:\s?[AaPp]\.?[Mm]\.?)?)\s*"
    r"(?:Z|[+-]\d{2}(?::?\d{2})?|\(?(?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d{2})?)?\)?|[A-Z]{2,4}T)"
    r"(?:\s*\([A-Za-z ]+\))?(?=$| \d{4}$)"
)
"""A time of day, and the zone after it."""

PLAIN_ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_MONTH, _DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
YEAR_FIRST = re.compile(rf"\d{{4}}(?:([-/]){_MONTH}(?:\1{_DAY})?|\.{_MONTH}\.{_DAY})" + CLOCK + ZONE)
CHINESE = re.compile(rf"(\d{{4}})年({_MONTH})月(?:({_DAY})日)?")
YEAR_LAST = re.compile(
    r"(?P<first>\d{1,2})(?P<mark>[-/.])\s?(?P<second_part>\d{1,2})(?P=mark)\s?(?P<year>\d{4}|\d{2})" + CLOCK + ZONE
)
MONTH_YEAR = re.compile(rf"(?P<month>{_MONTH})[-/](?P<year>(?:19|20)\d{{2}})")
QUARTER = re.compile(
    r"(?P<year>\d{4})\s?[-/ ]?\s?[QqTt](?P<quarter>[1-4])|[QqTt](?P<quarter2>[1-4])\s?[-/ ']?\s?(?P<year2>\d{4})"
)
WEEK = re.compile(
    r"(?P<year>\d{4})\s?[-/]?\s?(?:W|KW\s?)(?P<week>5[0-3]|[1-4]\d|0?[1-9])(?:-?(?P<day>[1-7]))?|"
    r"(?:W|KW\s?|Week\s)(?P<week2>5[0-3]|[1-4]\d|0?[1-9])[ /,-]{1,2}(?P<year2>\d{4})",
    re.IGNORECASE,
)
TIME = re.compile(
    r"(?P<hour>[01]?\d|2[0-3])(?::(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d(?:\.\d+)?))?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"(?:\s*Uhr)?|\s?(?P<half2>[AaPp]\.?[Mm]\.?)|\s?h\s?(?P<minute2>[0-5]\d))"
)
PACKED = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_LETTERS = r"[^\W\d_]{3,10}"
_DAYNAME = r"(?:[^\W\d_]{2,10}\.?,?\s+)?"
_NAMED = tuple(
    re.compile(shape + CLOCK + ZONE, re.IGNORECASE)
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


def ends_in_year(text: str) -> re.Match[str] | None:
    """A date such as 31/12/2020, whichever of the first two is the day."""
    if len(text) > LONGEST_DATE or not text[:1].isdigit() or text[:4].isdigit():
        return None
    return YEAR_LAST.fullmatch(text)


def named(text: str) -> tuple[int, int, int, float] | None:
    """Year, month, day and seconds (in UTC) of a date whose month is a word; None for others."""
    if len(text) > LONGEST_DATE or not any(c.isalpha() for c in text):
        return None
    for shape in (*_NAMED, _MAIL):
        found = shape.fullmatch(text)
        if found is None:
            continue
        month = MONTHS.get(found["month"].lower())
        if month is None:
            continue
        parts = found.groupdict()
        day = int(parts.get("day") or 1)
        if not 1 <= day <= 31:
            continue
        seconds = clock_seconds(parts["hour"], parts["minute"], parts["second"], parts["half"])
        return full_year(parts["year"]), month, day, seconds - 60.0 * ahead_minutes(parts["zone"])
    return None


def full_year(digits: str) -> int:
    """The year that its digits mean: of two digits, one from 1970 to 2069; "0014" is the year 14."""
    year = int(digits)
    return year + (2000 if year < 70 else 1900) if len(digits) == 2 else year


def clock_seconds(hour: str | None, minute: str | None, second: str | None, half: str | None) -> float:
    """Seconds since midnight; `half` is what stands for a.m. or p.m."""
    if not hour:
        return 0.0
    late = (half or "").lower()[:1]
    whole = int(hour) % 12 + 12 * (late == "p") if late else int(hour)
    return whole * 3600.0 + int(minute or 0) * 60.0 + float((second or "0").replace(",", "."))


def ahead_minutes(zone: object) -> float:
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
