"""A number and its unit in one cell, and what units of a column are to each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from automl.detect.parse.numerals import DIGITS, compact, decimal_mark, number, open_mark

__all__ = [
    "FORMS", "converter", "factor_of", "is_bound", "is_money", "is_percent", "is_unit", "quantity", "quantity_reading",
    "related_factor", "unlike_units",
]  # fmt: skip

_CURRENCY = (
    r"(?:US\$|A\$|C\$|R\$|HK\$|NZ\$|S\$|[€$£¥₹₽₩¢₺฿₫₴₪]|USD|EUR|GBP|CHF|JPY|INR|CAD|AUD|CNY|RMB|SEK|NOK|DKK|PLN|BRL|MXN|"
    r"Rs\.?|kr\.?|zł|Fr\.)"
)
_NAMED_UNIT = r"(?:[A-Za-zµμÀ-ÿΩ]{1,14}|[\"'″′])[²³23]?(?:/\d*[A-Za-zµμ]{1,8}[²³23]?)?"
_QUANTITY = re.compile(
    r"(?P<open>\()?\s*(?P<about>[~≈∼±]|ca\.?|approx\.?|about|around)?\s*"
    r"(?P<bound><=?|>=?|≤|≥|over|under|up to|at least)?\s*"
    rf"(?P<sign>[-+−])?\s*(?P<currency>{_CURRENCY})?\s*(?P<minus>[-−])?\s*"
    rf"(?P<number>{DIGITS})(?P<after>[-−+])?\s*"
    r"(?:(?P<scale>k|K|M|B|bn|mn|mio|tsd|mrd|Mio\.?|Mrd\.?|Tsd\.?|thousand|million|billion|lakh|crore)(?![A-Za-z]))?\s*"
    rf"(?P<unit>{_CURRENCY}(?:\s?/\s?[A-Za-z]{{1,8}})?|%|‰|°\s?[A-Za-z]?|/\s?\d+|out of \d+(?:\s[A-Za-z]{{1,10}})?|"
    rf"{_NAMED_UNIT}(?:\s[A-Za-z]{{1,10}})?\.?)?\s*(?P<close>\))?(?P<more>\+)?"
)
_BOUND = re.compile(r"\s*(?:[<>≤≥]|over\b|under\b|up to\b|at least\b)")
_NOT_UNITS = frozenset({"st", "nd", "rd", "th", "am", "pm", "e", "x", "er", "ter", "º", "ª"})
_SCALES = {"k": 1e3, "tsd": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "lakh": 1e5,
           "crore": 1e7, "b": 1e9, "bn": 1e9, "mrd": 1e9, "billion": 1e9}  # fmt: skip

FAMILIES: tuple[Mapping[str, float], ...] = (
    {"µg": 1e-6, "μg": 1e-6, "mcg": 1e-6, "mg": 1e-3, "g": 1.0, "gr": 1.0, "gram": 1.0, "kg": 1e3, "kilo": 1e3,
     "kilogram": 1e3, "t": 1e6, "tonne": 1e6, "oz": 28.349523125, "ounce": 28.349523125, "lb": 453.59237,
     "pound": 453.59237},
    {"nm": 1e-9, "µm": 1e-6, "μm": 1e-6, "mm": 1e-3, "cm": 1e-2, "dm": 0.1, "m": 1.0, "meter": 1.0, "metre": 1.0,
     "km": 1e3, "kilometer": 1e3, "kilometre": 1e3, "in": 0.0254, "inch": 0.0254, "inches": 0.0254, '"': 0.0254,
     "″": 0.0254, "ft": 0.3048, "foot": 0.3048, "feet": 0.3048, "'": 0.3048, "yd": 0.9144, "mi": 1609.344,
     "mile": 1609.344},
    {"µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "sek": 1.0, "min": 60.0, "m": 60.0,
     "minute": 60.0, "h": 3600.0, "hr": 3600.0, "hour": 3600.0, "std": 3600.0, "d": 86400.0, "day": 86400.0,
     "tag": 86400.0, "tage": 86400.0, "w": 604800.0, "wk": 604800.0, "week": 604800.0, "woche": 604800.0,
     "wochen": 604800.0},
    {"month": 1.0, "mo": 1.0, "mth": 1.0, "monat": 1.0, "monate": 1.0, "yr": 12.0, "year": 12.0, "y": 12.0,
     "jahr": 12.0, "jahre": 12.0},
    {"byte": 1.0, "b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 1024.0, "mib": 1024.0**2,
     "gib": 1024.0**3, "tib": 1024.0**4},
    {"%": 1.0, "percent": 1.0, "pct": 1.0, "‰": 0.1},
    {"µl": 1e-6, "μl": 1e-6, "ml": 1e-3, "cl": 1e-2, "dl": 0.1, "l": 1.0, "liter": 1.0, "litre": 1.0, "hl": 100.0},
    {"mw": 1e6, "w": 1.0, "kw": 1e3, "gw": 1e9},
    {"wh": 1.0, "kwh": 1e3, "mwh": 1e6, "gwh": 1e9},
    {"hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9},
    {"pa": 1.0, "hpa": 100.0, "kpa": 1e3, "mpa": 1e6, "bar": 1e5, "mbar": 100.0},
    {"mm²": 1e-6, "cm²": 1e-4, "m²": 1.0, "m2": 1.0, "sqm": 1.0, "qm": 1.0, "ha": 1e4, "km²": 1e6, "km2": 1e6},
    {"€": 1.0, "eur": 1.0, "euro": 1.0}, {"$": 1.0, "usd": 1.0, "us$": 1.0, "dollar": 1.0}, {"£": 1.0, "gbp": 1.0},
    {"¥": 1.0, "jpy": 1.0}, {"₹": 1.0, "inr": 1.0, "rs": 1.0},
    {"km/h": 1.0, "kmh": 1.0, "kph": 1.0, "m/s": 3.6, "mph": 1.609344},
)  # fmt: skip
"""Units that a factor converts into each other: mass, length, time, months, bytes, shares, volumes, and so on."""
PERCENT = frozenset({"%", "percent", "pct"})
ENOUGH = 0.95


def quantity(text: str, decimal: str = ".", brackets: str = "") -> tuple[float, str] | None:
    """A number and its unit: ``"$1,200"`` → (1200, "$"), ``"85 %"`` → (85, "%"), ``"1.2k"`` → (1200, "").

    Args:
        text: one cell.
        decimal: its mark.
        brackets: "negative" or "plain" for what (1,200) is; else only amounts of money in brackets are negative.
    """
    plain = compact(text)
    found = None if plain is None else _QUANTITY.fullmatch(plain)
    if found is None:
        return None
    value = number(found["number"], decimal)
    unit = (found["currency"] or found["unit"] or "").strip()
    if value is None or unit.lower() in _NOT_UNITS or bool(found["open"]) != bool(found["close"]):
        return None
    if found["after"] and (found["sign"] or found["minus"] or unit):
        return None
    scale = found["scale"]
    if scale:
        value *= _SCALES[scale.lower().rstrip(".")]
    if found["currency"] and found["unit"] == "m":
        value *= 1e6
    enclosed = bool(found["open"]) and (brackets == "negative" or (not brackets and bool(found["currency"])))
    minus = found["sign"] in ("-", "−") or bool(found["minus"]) or found["after"] in ("-", "−")
    return (-value if minus or enclosed else value), unit.replace(" ", "") if unit.startswith(("°", "/")) else unit


def canonical(unit: str) -> str:
    """A unit without case, its final point and its plural: "Days" → "day", "Rs." → "rs"."""
    plain = " ".join(unit.lower().split()).rstrip(".")
    return plain[:-1] if len(plain) > 2 and plain.endswith("s") and plain[-2] not in "s/" and plain != "gas" else plain


# --------------------------------------------------------------------------- numbers in several parts

_TIME_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_DURATION = re.compile(
    r"(?P<minus>-)?(?:(?P<d>\d+(?:\.\d+)?)\s*(?:d|days?),?\s*)?(?:(?P<h>\d+(?:\.\d+)?)\s*(?:h|hrs?|hours?|std),?\s*)?"
    r"(?:(?P<m>\d+(?:\.\d+)?)\s*(?:m|mins?|minutes?|'),?\s*)?(?:(?P<s>\d+(?:\.\d+)?)\s*(?:s|secs?|seconds?|\"))?",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"(?P<minus>-)?(?:(?P<d>\d+) days?,? )?\+?(?P<h>\d{1,3}):(?P<m>[0-5]\d):(?P<s>[0-5]\d(?:\.\d+)?)")
_LAP = re.compile(r"(?P<m>\d{1,3}):(?P<s>[0-5]\d(?:\.\d+)?)")
_FEET = re.compile(
    r"(?P<feet>\d{1,2})\s*(?:'|′|’|ft\.?|feet)\s*(?:-?\s*(?P<inches>\d{1,2}(?:\.\d+)?)\s*(?:\"|″|”|''|in\.?|inches)?)?"
)
_DEGREES = re.compile(
    r"(?P<sign>[-+])?(?P<d>\d{1,3}(?:\.\d+)?)\s*°\s*(?:(?P<m>\d{1,2}(?:\.\d+)?)\s*['′’]\s*)?"
    r"(?:(?P<s>\d{1,2}(?:\.\d+)?)\s*(?:\"|″|”|'')\s*)?(?P<side>[NSEWO])?"
)
_POUNDS = re.compile(r"(?P<lb>\d{1,4})\s*lbs?\.?,?\s*(?P<oz>\d{1,2}(?:\.\d+)?)\s*oz\.?")
_MIXED = re.compile(
    r"(?:(?P<whole>\d{1,4})[ -])?(?P<over>\d{1,3})\s?[/⁄]\s?(?P<under>[1-9]\d?)|(?P<only>\d+(?:\.\d+)?)"
)
_GLYPHS = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8"}


def _float(part: str | None) -> float:
    return float(part) if part else 0.0


def _seconds(text: str) -> float | None:
    found = _COUNTED.fullmatch(text) or _DURATION.fullmatch(text)
    if found is None or not any(found[k] for k in _TIME_UNITS):
        return None
    total = sum(_float(found[k]) * scale for k, scale in _TIME_UNITS.items())
    return -total if found["minus"] else total


def _lap_seconds(text: str) -> float | None:
    found = _LAP.fullmatch(text)
    return _seconds(text) if found is None else 60.0 * float(found["m"]) + float(found["s"])


def _inches(text: str) -> float | None:
    found = _FEET.fullmatch(text)
    return None if found is None else 12.0 * float(found["feet"]) + _float(found["inches"])


def _ounces(text: str) -> float | None:
    found = _POUNDS.fullmatch(text)
    return None if found is None else 16.0 * float(found["lb"]) + float(found["oz"])


def _degrees(text: str) -> float | None:
    found = _DEGREES.fullmatch(text)
    if found is None:
        return None
    value = float(found["d"]) + _float(found["m"]) / 60 + _float(found["s"]) / 3600
    return -value if found["sign"] == "-" or found["side"] in ("S", "W", "O") else value


def _fraction(text: str) -> float | None:
    for glyph, plain in _GLYPHS.items():
        text = text.replace(glyph, f" {plain}")
    found = _MIXED.fullmatch(text.strip())
    if found is None:
        return None
    return (
        float(found["only"]) if found["only"] else _float(found["whole"]) + float(found["over"]) / float(found["under"])
    )


FORMS: Mapping[str, tuple[Callable[[str], float | None], str, re.Pattern[str]]] = {
    "feet and inches": (_inches, "in", re.compile(r".*\d\s*(?:'|′|’|ft|feet).*\d.*")),
    "pounds and ounces": (_ounces, "oz", re.compile(r".*lb.*oz.*")),
    "degrees, minutes, seconds": (_degrees, "°", re.compile(r".*°.*\d.*['′’].*|.*°\s*[NSEWO]")),
    "a duration": (_seconds, "s", re.compile(r".*\d\s*(?:d|h|m)[a-z]*,?\s*\d.*|.*days? .*:.*")),
    "minutes and seconds": (
        _lap_seconds,
        "s",
        re.compile(r".*:[0-5]\d\.\d+|(?:2[4-9]|[3-9]\d|\d{3}):.*|.*\d\s*:\d\d:.*"),
    ),
    "a fraction": (_fraction, "", re.compile(r"\d+[ -]\d+/[2-9]\d?|.*[½¼¾⅓⅔⅛⅜⅝⅞]")),
}
"""Numbers in several parts: the function that reads a cell, its unit, and a pattern that some cell must match."""


def _reader(form: str) -> Callable[[str], float | None]:
    """The function that reads a cell of a form; cells that are too long for a number are none."""
    read = FORMS[form][0]

    def bounded(text: str) -> float | None:
        plain = compact(text)
        return None if plain is None else read(plain)

    return bounded


# --------------------------------------------------------------------------- a column's units


def factor_of(unit: str, reading: Mapping[str, Any]) -> float | None:
    """The factor that converts a number in this unit to the unit of its column; None for other units."""
    key = canonical(unit)
    if "units" in reading:
        factor = reading["units"].get(key)
        return None if factor is None else float(factor)
    return 1.0 if key in ("", canonical(str(reading.get("unit") or ""))) else None


def quantity_reading(texts: Sequence[str]) -> tuple[dict[str, Any], float, str]:
    """How a column writes numbers with units: (reading, share of texts that it explains, in words).

    Args:
        texts: sampled cells, spellings of "missing" left out.
    """
    decimal = decimal_mark(texts)
    brackets = _brackets(texts)
    bounds = [t for t in texts if _BOUND.match(t)]
    plain = [t for t in texts if not _BOUND.match(t)] if len(bounds) > 0.5 * len(texts) else texts  # "<=50K", ">50K"
    as_read = {t: quantity(t, decimal, brackets) for t in set(plain)}
    found = [q for t in plain if (q := as_read[t]) is not None]
    best: tuple[dict[str, Any], float, str] = ({"unit": "", "decimal": decimal}, 0.0, "")
    if len(found) >= 0.5 * len(texts):
        spelled = Counter(unit for _, unit in found)
        counts: Counter[str] = Counter()
        for unit, n in spelled.items():
            counts[canonical(unit)] += n
        del spelled[""]
        reading, share, said = _one_unit(counts, spelled, found, len(texts))
        best = {**reading, "decimal": decimal, **({"brackets": brackets} if brackets else {})}, share, said
    if best[1] >= ENOUGH and (mark := open_mark(texts)):
        best[0]["mark"] = mark
    if best[1] < ENOUGH:
        formed = _formed(texts)
        best = formed if formed[1] > best[1] else best
    return best


def _one_unit(
    counts: Counter[str], spelled: Counter[str], found: Sequence[tuple[float, str]], n: int
) -> tuple[dict[str, Any], float, str]:
    """The commonest unit, and the known factors of the others."""
    named = [u for u in counts if u]
    if not named:
        return {"unit": ""}, counts[""] / n, ""
    main = max(named, key=lambda u: counts[u])
    unit = next(u for u, _ in spelled.most_common() if canonical(u) == main)
    reading: dict[str, Any] = {"unit": unit}
    units = _factors(named, main)
    units = {**units, "": _of_plain(main, found)}
    share = sum(counts[u] for u in units) / n
    others = [u for u in named if u != main and u in units]
    if not others and units[""] == 1.0:
        return reading, share, f"'{unit}'"
    turned = ", ".join(repr(u) for u in others[:5]) if others else "those without a unit"
    return {**reading, "units": units}, share, f"'{unit}' ({turned} converted to it)"


def _factors(named: Sequence[str], main: str) -> dict[str, float]:
    """Factors that turn units into the main one, by the family that knows most of them."""
    families = [f for f in FAMILIES if main in f]
    family = max(families, key=lambda f: sum(u in f for u in named), default={main: 1.0})
    return {u: round(family[u] / family[main], 12) for u in named if u in family}


def _of_plain(main: str, found: Sequence[tuple[float, str]]) -> float:
    """The factor of numbers without a unit: 100 for shares of one among percentages, else 1."""
    if main not in PERCENT:
        return 1.0
    plain = [v for v, unit in found if not unit]
    shares = [v for v, unit in found if unit]
    small = bool(plain) and max(plain) <= 1.0 and min(plain) >= 0.0 and any(0.0 < v < 1.0 for v in plain)
    return 100.0 if small and max(shares) > 1.0 else 1.0


def _brackets(texts: Sequence[str]) -> str:
    """What brackets around numbers mean: a minus sign, as in accounts, unless all cells have them."""
    n_enclosed = sum(t.startswith("(") and t.endswith(")") and any(c.isdigit() for c in t) for t in texts)
    return "" if not n_enclosed else "plain" if n_enclosed == len(texts) else "negative"


def _formed(texts: Sequence[str]) -> tuple[dict[str, Any], float, str]:
    different = Counter(texts)
    short = [plain for t in different if (plain := compact(t)) is not None]
    if sum(n for t, n in different.items() if compact(t) is not None) < ENOUGH * len(texts):
        return {}, 0.0, ""
    for name, (_, unit, sign) in FORMS.items():
        if any(sign.fullmatch(t) for t in short):
            read = _reader(name)
            share = sum(n for t, n in different.items() if read(t) is not None) / len(texts)
            if share >= ENOUGH:
                return {"unit": unit, "form": name}, share, f"'{unit}', written as {name}" if unit else name
    return {}, 0.0, ""


def is_bound(text: str) -> bool:
    """Whether a cell gives a bound instead of a number, as "<0.05" and "over 100" do."""
    return _BOUND.match(text) is not None


def is_money(unit: str) -> bool:
    """Whether a unit is a currency, or one a piece of something ("$/kg")."""
    return re.match(rf"{_CURRENCY}(?:$|\s?/)", unit) is not None


def is_percent(unit: str) -> bool:
    """Whether a unit is hundredths."""
    return canonical(unit) in PERCENT


def is_unit(unit: str) -> bool:
    """Whether a word is a unit that is known, a currency among them."""
    return is_money(unit) or any(canonical(unit) in family for family in FAMILIES)


def related_factor(unit: str, main: str) -> float | None:
    """The factor that turns numbers of one unit into another of its family; None where they are not related."""
    ours, theirs = canonical(main), canonical(unit)
    if ours == theirs:
        return 1.0
    family = next((family for family in FAMILIES if ours in family and theirs in family), None)
    return None if family is None else round(family[theirs] / family[ours], 12)


def unlike_units(texts: Sequence[str]) -> dict[str, int]:
    """Units of a column, if its cells are numbers in several units that cannot be converted; else empty.

    Args:
        texts: sampled cells.
    """
    decimal = decimal_mark(texts)
    found = [q for t in texts if (q := quantity(t, decimal)) is not None]
    counts = Counter(unit for _, unit in found if unit)
    if len(found) < ENOUGH * len(texts) or len(counts) < 2 or sum(counts.values()) < ENOUGH * len(found):
        return {}
    return dict(counts.most_common()) if quantity_reading(texts)[1] < ENOUGH else {}


def converter(reading: Mapping[str, Any]) -> Callable[[Any], float | None]:
    """The function that reads one text by a column's reading; see `amounts.numbers`."""
    decimal, unit = str(reading.get("decimal", ".")), reading.get("unit")
    brackets = str(reading.get("brackets", ""))
    plain_factor = factor_of("", reading)
    if "form" in reading:
        return _reader(reading["form"])

    def convert(text: str) -> float | None:
        plain = number(text, decimal)
        if plain is not None:
            return plain if plain_factor is None else plain * plain_factor
        if unit:
            bare = number(text.replace(str(unit), "").strip(), decimal) if str(unit) in text else None
            if bare is not None:
                return bare
        if unit is None:
            return None
        found = quantity(text, decimal, brackets)
        factor = None if found is None else factor_of(found[1], reading)
        return None if found is None or factor is None else found[0] * factor

    return convert
