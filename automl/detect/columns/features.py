"""A column's profile as numbers that a model can learn from: what its counts, values and name look like.

Nothing depends on the order of rows, and all values are looked at `DRAW` at a time, as in the benchmark that the model
learnt from (see `automl.detect.columns.profile`).
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from automl.detect.columns.profile import ColumnProfile
from automl.detect.parse import FALSE_WORDS, TRUE_WORDS, date_reading, number, quantity

__all__ = [
    "BUCKETS",
    "N_FEATURES",
    "N_VOTES",
    "Lexicon",
    "column_features",
    "feature_names",
    "hashed",
    "is_gap",
    "name_words",
    "spoken",
    "stem",
]

BUCKETS = 1 << 13  # of hashed pieces of names, and as many of values
LONGEST = 400  # characters of a value that are looked at

_STOP_WORDS = (
    "a an the of in on at to for with by from and or but is are was were be been it its this that these those as "
    "he she they we you i his her their our your my not no so if then than there here what which who when where "
    "how all any some can will would could should has have had do does did"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())
GAP_WORDS = frozenset(
    {"-", "--", "?", ".", "..", "unknown", "none", "missing", "n.a.", "#null!", "#n/a", "nil", "na", "not available"}
    | {"not applicable", "#value!", "n/k"}
)
_STATES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK "
    "OR PA RI SC SD TN TX UT VT VA WA WV WI WY"
)
STATES = frozenset(_STATES.split())


def is_gap(text: str) -> bool:
    """Whether a text is a usual mark for a missing value."""
    return text.lower() in GAP_WORDS


_I = re.IGNORECASE
WHOLE = {
    "url": re.compile(r"(?:https?://|ftp://|www\.)\S+", _I),
    "domain": re.compile(r"[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|edu|gov|io|co|uk|de|fr|info)(?:/\S*)?", _I),
    "mail": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"),
    "clock": re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[ap]\.?m\.?)?", _I),
    "year": re.compile(r"(?:1[6-9]|20)\d\d"),
    "years": re.compile(r"(?:1[6-9]|20)\d\d[-/–](?:\d\d){1,2}"),
    "hexadecimal": re.compile(r"(?=.*\d)(?=.*[a-fA-F])[0-9a-fA-F-]{6,}"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"),
    "integer": re.compile(r"[+-]?\d+"),
    "decimal": re.compile(r"[+-]?\d*\.\d+"),
    "exponent": re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d+"),
    "grouped": re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"),
    "comma_decimal": re.compile(r"[+-]?\d+,\d+"),
    "spaced": re.compile(r"[+-]?\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:,\d+)?"),
    "percent": re.compile(r"[+-]?[\d.,]+ ?%"),
    "measure": re.compile(r"\D{0,6}[\d.,]+ ?[A-Za-z%°\"'/.]{1,12}"),
    "prefixed": re.compile(r"[A-Za-z]{1,4}[-_ ]?\d{2,}"),
    "code": re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w./:#-]+"),
    "interval": re.compile(r"\$?[\d.,]+k?%? ?(?:-|–|to) ?\$?[\d.,]+k?%?\D{0,12}"),
    "point": re.compile(r"\(?-?\d+\.\d+, ?-?\d+\.\d+\)?"),
    "enclosed": re.compile(r"\s*[\[{(].*[\]})]\s*", re.DOTALL),
    "phone": re.compile(r"\+?[\d() .-]{7,}"),
    "address_of_host": re.compile(r"\d+\.\d+\.\d+\.\d+"),
    "file": re.compile(r"\S+\.(?:png|jpe?g|gif|csv|txt|pdf|html?|wav|mp3|xml|json|dcm|tif)", _I),
    "path": re.compile(r"[\w.-]*/[\w./-]+"),
    "street": re.compile(
        r"\d+ .*\b(?:st|street|ave|avenue|rd|road|blvd|dr|drive|ln|lane|way|ct|court|pl|hwy)\b\.?", _I
    ),
    "person": re.compile(r"[A-Z][a-z]+,? (?:[A-Z]\.? )?[A-Z][a-zA-Z'-]+"),
}
WITHIN = {
    "url": re.compile(r"https?://|www\.", _I),
    "clock": re.compile(r"\d{1,2}:\d{2}"),
    "date": re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"),
    "month": re.compile(
        r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|tember|ober|ember)?\b", _I
    ),
    "weekday": re.compile(r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b", _I),
    "money": re.compile(r"[$€£¥₹]|\b(?:usd|eur|gbp)\b", _I),
    "markup": re.compile(r"<[a-zA-Z/][^<>]*>"),
    "scale": re.compile(
        r"\b(?:strongly|somewhat|very|never|always|often|sometimes|rarely|agree|disagree|high|low|medium|good|bad|poor"
        r"|excellent|yes|no|other|male|female)\b",
        _I,
    ),
}
MARKS = ',;|/-.:(_%$"#&+*<'
NAMED = {
    "id": r"id|ids|uuid|guid|key|identifier|no|number|num|nr|index|unnamed",
    "code": r"code|codes|cd|zip|zipcode|postal|fips|sku|isbn|icd|naics|sic",
    "date": r"date|dates|day|month|year|yr|time|timestamp|datetime|dt|created|updated|period|quarter|week|hour|start"
    r"|end|at|on",
    "count": r"count|counts|cnt|n|total|sum|qty|quantity|num|freq|size|avg|mean|average|min|max|std|median|rate|ratio"
    r"|pct|percent|percentage|score|index|per|value|val",
    "money": r"amount|amt|price|cost|salary|income|revenue|usd|fee|wage|budget|pay|sales|gdp",
    "text": r"text|message|comment|comments|description|desc|title|body|content|review|summary|notes|note|abstract"
    r"|question|explain|specify|other|remarks",
    "name": r"name|names|first|last|author|title|player|team|company|city|country|state|region|county|address|street"
    r"|location|place|school|district",
    "url": r"url|urls|link|links|website|web|site|homepage|href|image|img|photo|picture|thumbnail",
    "type": r"type|types|category|class|group|status|level|grade|gender|sex|race|color|colour|kind|code|flag|mode"
    r"|model|brand|method|rank|stage",
    "geography": r"lat|latitude|lon|lng|long|longitude|x|y|coord|coordinates|elevation|alt|altitude",
    "truth": r"is|has|was|flag|indicator|ind|yn|can|do|did|does",
    "contact": r"phone|fax|tel|email|mail|ssn|ip",
    "list": r"list|tags|genres|genre|keywords|categories|features|items|languages|cast|array",
    "unit": r"kg|km|cm|mm|mi|ft|lb|lbs|mph|mw|kwh|hours|minutes|seconds|days|years|age|weight|height|width|length|area"
    r"|distance|speed|temp|temperature|volume|depth|pressure",
}
_NAMED = {k: re.compile(rf"(?:^|[\W_\s\d])(?:{v})(?:$|[\W_\s\d])", _I) for k, v in NAMED.items()}
_RUNS = ((re.compile(r"[A-Z]+"), "A"), (re.compile(r"[a-z]+"), "a"), (re.compile(r"\d+"), "9"))
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_GAP_NUMBER = re.compile(r"-?9+8?|-1")
_NINES = re.compile(r"-9+")


def _asks(find: Callable[[str], re.Match[str] | None]) -> Callable[[str], bool]:
    return lambda text: find(text) is not None


def _holds(mark: str) -> Callable[[str], bool]:
    return lambda text: mark in text


def _counts(mark: str) -> Callable[[str], int]:
    return lambda text: text.count(mark)


# What a single value shows; of a draw the mean is taken.
_ONE: dict[str, Callable[[str], float | bool]] = {
    "is_alpha": str.isalpha,
    "is_upper": str.isupper,
    "is_lower": str.islower,
    "is_title": lambda t: t[:1].isupper() and t[1:2].islower(),
    "starts_with_digit": lambda t: t[:1].isdigit(),
    "ends_with_digit": lambda t: t[-1:].isdigit(),
    "has_digit": lambda t: any(c.isdigit() for c in t),
    "leading_zero": lambda t: len(t) > 1 and t[0] == "0" and t.isdigit(),
    "negative": lambda t: t[:1] == "-" and t[1:2].isdigit(),
    "truth": lambda t: t.lower() in TRUE_WORDS or t.lower() in FALSE_WORDS,
    "gap": lambda t: is_gap(t),
    "gap_number": lambda t: _GAP_NUMBER.fullmatch(t) is not None,
    "state": lambda t: t in STATES,
    "single": lambda t: len(t) == 1,
    "zero": lambda t: t == "0",
    "round": lambda t: len(t) > 1 and t.isdigit() and t.endswith("0"),
    "number_point": lambda t: number(t, ".") is not None,
    "number_comma": lambda t: number(t, ",") is not None,
    "ends_a_sentence": lambda t: " " in t and t.endswith((".", "!", "?")),
    "runs_of_digits": lambda t: len(_DIGITS.findall(t)),
    "parses_as_date": lambda t: date_reading([t])[1],
    **{f"is_{k}": _asks(pattern.fullmatch) for k, pattern in WHOLE.items()},
    **{f"has_{k}": _asks(pattern.search) for k, pattern in WITHIN.items()},
    **{f"has_{mark}": _holds(mark) for mark in MARKS},
    **{f"count_{mark}": _counts(mark) for mark in MARKS[:6]},
}
_ONE_CALLS = tuple(_ONE.values())


@lru_cache(maxsize=1 << 14)
def _one(text: str) -> tuple[float, ...]:
    return tuple(float(call(text)) for call in _ONE_CALLS)


def _of_values(texts: Sequence[str]) -> dict[str, float]:
    """Features of up to `DRAW` values."""
    out: dict[str, float] = {"n_values": float(len(texts))}
    texts = [t[:LONGEST] for t in texts] or [""]
    n = len(texts)
    out |= zip(_ONE, np.mean([_one(t) for t in texts], axis=0).tolist(), strict=True)
    for what, sizes in (("chars", [len(t) for t in texts]), ("words", [len(t.split()) for t in texts])):
        mean = sum(sizes) / n
        out |= {f"{what}_mean": mean, f"{what}_min": min(sizes), f"{what}_max": max(sizes)}
        out[f"{what}_deviation"] = math.sqrt(sum((s - mean) ** 2 for s in sizes) / n)
    out["chars_same"] = float(out["chars_min"] == out["chars_max"])
    joined = "".join(texts)
    n_chars = max(len(joined), 1)
    out["share_digits"] = sum(c.isdigit() for c in joined) / n_chars
    out["share_letters"] = sum(c.isalpha() for c in joined) / n_chars
    out["share_capitals"] = sum(c.isupper() for c in joined) / n_chars
    out["share_spaces"] = joined.count(" ") / n_chars
    out["share_marks"] = sum(not c.isalnum() and c != " " for c in joined) / n_chars
    out["share_beyond_ascii"] = sum(ord(c) > 127 for c in joined) / n_chars
    stops = [sum(w.strip(".,!?").lower() in STOP_WORDS for w in t.split()) for t in texts]
    out["stop_words"] = sum(stops) / n
    out["stop_share"] = sum(stops) / max(sum(len(t.split()) for t in texts), 1)
    return out | _together(texts)


def _together(texts: Sequence[str]) -> dict[str, float]:
    """Features of units, shapes, members and beginnings that values share."""
    n = len(texts)
    out: dict[str, float] = {}
    quantities = [q for t in texts if (q := quantity(t)) is not None]
    units = {unit for _, unit in quantities}
    out["quantities"] = len(quantities) / n
    out["units"] = len(units)
    out["one_unit"] = float(len(units) == 1 and "" not in units)
    out["all_with_unit"] = float(bool(quantities) and "" not in units)
    shapes = [_shape(t) for t in texts]
    out["shapes"] = len(set(shapes)) / n
    out["shape_chars"] = sum(map(len, shapes)) / n
    out["commonest_shape"] = max(map(shapes.count, shapes)) / n
    shortest = max(min(map(len, texts)), 1)
    out["prefix"] = _shared(texts) / shortest
    out["suffix"] = _shared([t[::-1] for t in texts]) / shortest
    tokens = [w for t in texts for w in set(re.findall(r"\w+", t.lower()))]
    out["repeated_words"] = 1 - len(set(tokens)) / max(len(tokens), 1)
    members = [m.strip(" '\"[](){}") for t in texts for mark in ",;|" if mark in t for m in t.split(mark)]
    out["members"] = len(members) / n
    out["member_chars"] = sum(map(len, members)) / max(len(members), 1)
    out["repeated_members"] = 1 - len(set(members)) / max(len(members), 1)
    decimals = [len(t) - t.rfind(".") - 1 if WHOLE["decimal"].fullmatch(t) else 0 for t in texts]
    out["decimals_max"], out["decimals_mean"] = max(decimals), sum(decimals) / n
    whole = [len(t) for t in texts if WHOLE["integer"].fullmatch(t)]
    out["integer_chars"] = sum(whole) / max(len(whole), 1)
    return out


def _shared(texts: Sequence[str]) -> int:
    """How many letters all texts begin with; 0 for a single one."""
    first, last = min(texts), max(texts)
    if len(texts) < 2:
        return 0
    return next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))


def _shape(text: str) -> str:
    for pattern, sign in _RUNS:
        text = pattern.sub(sign, text)
    return text


def _of_counts(p: ColumnProfile) -> dict[str, float]:
    """Features of counts, and of the distribution of numbers."""
    present, distinct = p.n_present, p.n_distinct
    low, high, mean, deviation = p.low, p.high, p.mean, p.deviation
    number_, reach = float(p.is_number), high - low
    gaps = sum(is_gap(t) for t in p.samples)
    odd = gaps + sum(_NINES.fullmatch(t) is not None for t in p.samples)
    whole = low == round(low) and high == round(high)
    out = {
        "rows": math.log1p(p.n_rows), "present": math.log1p(max(present, 0)), "distinct": math.log1p(distinct),
        "missing": p.n_missing / max(p.n_rows, 1), "distinct_of_rows": distinct / max(p.n_rows, 1),
        "distinct_of_present": distinct / max(present, 1), "all_differ": float(distinct == present),
        "few_distinct": float(min(distinct, 20)), "rows_a_value": math.log1p(max(present, 0) / max(distinct, 1)),
        "none_missing": float(p.n_missing == 0), "is_number": number_,
        "mean": _log(mean), "deviation": _log(deviation), "low": _log(low), "high": _log(high), "reach": _log(reach),
        "bounds_whole": float(whole) if p.is_number else -1.0,
        "from_0": float(low == 0), "from_1": float(low == 1), "below_0": float(low < 0),
        "density": distinct / (reach + 1) if p.is_number and reach < 1e12 else -1.0,
        "no_gap": float(p.is_number and reach + 1 == distinct),
        "high_to_distinct": _log(high) - math.log1p(distinct) if p.is_number else -9.0,
        "high_to_rows": _log(high) - math.log1p(p.n_rows) if p.is_number else -99.0,
        "numbers_rows": float(p.is_number and distinct == p.n_rows and reach + 1 == p.n_rows),
        "mean_in_reach": (mean - low) / reach if reach > 0 else -1.0,
        "variation": min(deviation / abs(mean), 50.0) if mean else -1.0,
        "deviation_in_reach": deviation / reach if reach > 0 else -1.0,
        "lower_tail": min((mean - low) / deviation, 1e4) if deviation > 0 else -1.0,
        "upper_tail": min((high - mean) / deviation, 1e4) if deviation > 0 else -1.0,
        "like_years": float(p.is_number and low >= 1600 and high <= 2100),
        "same_digits": float(p.is_number and 0 < low <= high < 1e15 and len(str(int(low))) == len(str(int(high)))),
        "like_degrees": float(p.is_number and low >= -90 and high <= 90 and not whole),
        "like_share": float(p.is_number and low >= 0 and high <= 1),
        "like_percent": float(p.is_number and low >= 0 and 50 < high <= 100),
        "gaps": float(odd), "levels": float(min(distinct - odd, 30)), "one_level": float(distinct - gaps == 1),
        "share_present": math.log1p(present) - math.log1p(p.n_rows), "up_to_2": float(distinct <= 2),
        "bound_like_gap": float(low in (-9, -99, -999, -9999, -1) or high in (8, 9, 88, 97, 98, 99, 999, 9999)),
    }  # fmt: skip
    return {f"n_{k}": v for k, v in out.items()}


def _log(x: float) -> float:
    return math.copysign(math.log1p(abs(x)), x)


def name_words(name: str) -> str:
    """A name with its words parted at changes of case."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.sub(r"(?<=[A-Z])(?=[A-Z][a-z])", " ", name)


def _of_name(name: str) -> dict[str, float]:
    spaced = name_words(name)
    letters = re.findall(r"[A-Za-z]+", spaced)
    out = {k: float(p.search(spaced) is not None) for k, p in _NAMED.items()}
    out |= {
        "chars": len(name), "words": len(letters), "digits": sum(c.isdigit() for c in name) / max(len(name), 1),
        "ends_with_digit": float(name[-1:].isdigit()), "is_upper": float(name.isupper()),
        "is_lower": float(name.islower()), "underscore": float("_" in name), "space": float(" " in name),
        "unit_mark": float(any(c in name for c in "(%$")),
        "is_year": float(re.fullmatch(r"(19|20)\d\d(\.0)?", name) is not None),
        "is_unnamed": float(name.lower().startswith("unnamed")),
        "is_question": float(re.match(r"[qQ]\d", name) is not None),
        "word_chars": sum(map(len, letters)) / max(len(letters), 1),
        "ends_with_id": float(re.search(r"(?:id|ID|Id)s?$", name) is not None),
        "month": float(WITHIN["month"].search(spaced) is not None),
    }  # fmt: skip
    return {f"name_{k}": float(v) for k, v in out.items()}


@dataclass(frozen=True)
class Lexicon:
    """What was learnt from names of columns: their words, and the kinds of columns with the same name.

    Attributes:
        weight: of each word, more for common ones.
        files: in how many files it is part of a column's name.
        votes: of each `stem`, how strongly files spoke for each kind of column: (kinds,).
    """

    weight: Mapping[str, float]
    files: Mapping[str, int]
    votes: Mapping[str, np.ndarray]


N_VOTES = 9  # kinds that are voted for
_LEAST_VOTE = 1e-3  # less is what rounding leaves of a vote taken back


def stem(p: ColumnProfile) -> str:
    """The key of a column's votes: the name in small letters with all numbers alike, and whether it holds numbers."""
    return ("1" if p.is_number else "0") + re.sub(r"\d+", "0", " ".join(p.name.lower().split()))


def _of_votes(p: ColumnProfile, lexicon: Lexicon, own: np.ndarray | None) -> dict[str, float]:
    """Kinds of columns of the same stem in other files, and how many files voted; one file alone is not sure."""
    votes = lexicon.votes.get(stem(p))
    votes = np.zeros(N_VOTES) if votes is None else votes if own is None else votes - own
    total = float(votes.sum())
    if total < _LEAST_VOTE:
        votes, total = np.zeros(N_VOTES), 0.0
    shares = {f"votes_{i}": float(v) for i, v in enumerate(votes / (total + 0.5))}
    return shares | {"votes": math.log1p(total)}


def spoken(name: str) -> tuple[str, ...]:
    """The runs of letters in a name, in small letters."""
    return tuple(re.findall(r"[a-z]+", name_words(name).lower()))


def _read(word: str, lexicon: Lexicon) -> tuple[int, int]:
    """How many letters of a word are known words put together, and of how many: "plantdate" is "plant" and "date"."""
    best = [(0, 0, 0)]  # score, letters, words up to each letter
    for end in range(1, len(word) + 1):
        top = best[-1]
        for size in range(3, min(end, 14) + 1):
            weight = lexicon.weight.get(word[end - size : end])
            if weight is None or (size == 3 and len(word) > 3 and weight <= 2):
                continue
            score, letters, n = best[end - size]
            top = max(top, (score + size - 1 + (size == len(word)), letters + size, n + 1))
        best.append(top)
    return best[-1][1:]


def _of_speech(name: str, lexicon: Lexicon, own: bool) -> dict[str, float]:
    """Whether a stranger can read the name: "plantdate" can be read, "s3p2c1" cannot."""
    spelled = spoken(name)
    n_letters = max(sum(map(len, spelled)), 1)
    parts = [_read(w, lexicon) for w in spelled]
    letters = sum(part[0] for part in parts)
    whole = sum(len(w) for w in spelled if w in lexicon.weight)
    files = [math.log1p(max(lexicon.files.get(w, 0) - own, 0)) for w in spelled] or [0.0]
    runs = re.findall(r"[A-Za-z]+|\d+", name)
    vowels = sum(c in "aeiouy" for w in spelled for c in w)
    consonants = max(map(len, re.findall(r"[bcdfghjklmnpqrstvwxz]+", " ".join(spelled))), default=0)
    out = {
        "read": letters / n_letters, "unread_letters": sum(map(len, spelled)) - letters, "whole": whole / n_letters,
        "letters_in_no_word": sum(map(len, spelled)) - whole, "words": sum(part[1] for part in parts),
        "files_most": max(files), "files_least": min(files), "files_mean": sum(files) / len(files), "runs": len(runs),
        "digits_between_letters": len(re.findall(r"[A-Za-z]\d+[A-Za-z]", name)), "vowels": vowels / n_letters,
        "consonants_in_a_row": consonants, "longest": max(map(len, spelled), default=0),
        "shortest": min(map(len, spelled), default=0),
    }  # fmt: skip
    return {f"speech_{k}": float(v) for k, v in out.items()}


def feature_names() -> tuple[str, ...]:
    """The name of each number of `column_features`, in order."""
    blank = ColumnProfile("", 0, 0, 0, False, 0.0, 0.0, 0.0, 0.0, ())
    return (*_of_column(blank, Lexicon({}, {}, {}), None), *_of_values(()))


def _of_column(p: ColumnProfile, lexicon: Lexicon, own: np.ndarray | None) -> dict[str, float]:
    return _of_counts(p) | _of_name(p.name) | _of_speech(p.name, lexicon, own is not None) | _of_votes(p, lexicon, own)


def column_features(p: ColumnProfile, lexicon: Lexicon, own: np.ndarray | None = None) -> np.ndarray:
    """Features of a profile, a row for each of its draws: float32 of shape (draws, `N_FEATURES`).

    Args:
        p: the profile.
        lexicon: what was learnt from names.
        own: where the profile's file is one of those that the lexicon knows, how that file voted for the profile's
            stem, (`N_VOTES`,); it is left out.
    """
    head = list(_of_column(p, lexicon, own).values())
    return np.array([[*head, *_of_values(draw).values()] for draw in p.draws], dtype=np.float32)


N_FEATURES = len(feature_names())


def hashed(p: ColumnProfile, draw: Sequence[str]) -> dict[int, float]:
    """Pieces of a column's name and of a draw's values, each in one of 2 * `BUCKETS` buckets, of length 1 each half."""
    spaced = re.sub(r"\d+", "0", name_words(p.name).lower())
    pieces = [f" {w} "[i : i + k] for w in re.findall(r"\w+|[^\w\s]", spaced) for k in (2, 3, 4, 5)
              for i in range(max(len(w) + 3 - k, 0))]  # fmt: skip
    out = _weighed([*pieces, f"^{spaced}$", *re.findall(r"[a-z]+", spaced)], 0)
    values = []
    for text in draw:
        low = re.sub(r"\d", "0", text[:80].lower())
        low = re.sub(r"0{4,}", "0000", low)
        low = f"^{re.sub(r'[^0.,-]', '', low) if p.is_number else low}$"
        values += [low[i : i + k] for k in (1, 2, 3) for i in range(len(low) + 1 - k)]
        values += re.findall(r"[^\W\d_]{2,}", low)
    return out | _weighed(values, BUCKETS)


def _weighed(pieces: Sequence[str], offset: int) -> dict[int, float]:
    """Logarithms of how often each bucket is met, scaled to length 1."""
    counts: dict[int, int] = {}
    for piece in pieces:
        bucket = offset + zlib.crc32(piece.encode("utf-8", "surrogatepass")) % BUCKETS
        counts[bucket] = counts.get(bucket, 0) + 1
    weights = {b: 1 + math.log(n) for b, n in counts.items()}
    length = math.sqrt(sum(w * w for w in weights.values())) or 1.0
    return {b: w / length for b, w in weights.items()}
