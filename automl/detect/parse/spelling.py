"""Cells as words: marks for missing values, for yes and for no, and the members of lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "FALSE_WORDS",
    "FEW",
    "MISSING_NUMBERS",
    "MISSING_WORDS",
    "TRUE_WORDS",
    "boolean_reading",
    "booleans",
    "by_value",
    "list_reading",
    "members",
    "spellings",
    "word",
    "words",
]

FEW = 64
"""Up to so many cells are read one by one: to set up a table of the different ones would take longer."""
MISSING_WORDS = frozenset({"", "?", "n/a", "nan", "null", "#n/a", "nat", "<na>", "\\n", "(null)", "[null]", "(blank)"})
"""Never a level among words. What may be one ("none", "unknown", "-") stays."""
MISSING_NUMBERS = MISSING_WORDS | frozenset(
    ["-", "--", "---", "–", "—", ".", "..", "...", "…", "*", "na", "n.a.", "n.a", "n/d", "nd", "n.d.", "n/k", "none",
     "nil", "void", "empty", "blank", "missing", "missing value", "unknown", "unk", "not known", "not available",
     "not applicable", "not reported", "not recorded", "not specified", "not given", "not measured", "no data",
     "no value", "no answer", "no response", "undefined", "unspecified", "undetermined", "tbd", "tba", "tbc", "pending",
     "to be determined", "refused", "don't know", "dont know", "k.a.", "k. a.", "k.a", "keine angabe", "unbekannt",
     "fehlt", "n.v.", "n. v.", "inconnu", "non renseigné", "desconocido", "sin datos", "s/d", "s.d.", "#value!",
     "#div/0!", "#ref!", "#name?", "#num!", "#null!", "<null>", "<none>", "{}", "[]", "??", "???", "xxx"]
)  # fmt: skip
"""Stands for a gap among numbers, dates and yes/no, where it cannot be a value."""
TRUE_WORDS = frozenset(
    ["true", "yes", "y", "t", "1", "on", "1.0", "ja", "oui", "si", "sí", "sì", "sim", "da", "tak", "yep", "yeah",
     "wahr", "vrai", "verdadero", "verdadeiro", "vero", "enabled", "checked", "✓", "✔", "☑", "✅", "да", "是", "はい"]
)  # fmt: skip
FALSE_WORDS = frozenset(
    ["false", "no", "n", "f", "0", "off", "0.0", "nein", "non", "não", "nao", "нет", "nie", "nope", "falsch", "faux",
     "falso", "disabled", "unchecked", "✗", "✘", "✕", "✖", "×", "☐", "❌", "否", "いいえ"]
)  # fmt: skip
MARKS = frozenset({"x", "✓", "✔", "☑", "✅", "•", "●"})
"""One of these in some cells and nothing in the others: ticked or not."""

_BRACKETED = re.compile(r"\[[^\[\]]*\]|\{[^{}:]*\}")
_INTERVAL = re.compile(r"\([^()\[\]]*\]|\[[^()\[\]]*\)")  # (0, 2] and [0, 2)
_NO_MEMBER = re.compile(r"[\d.,:%+\- ]*")


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


def _different(series: pd.Series) -> tuple[np.ndarray, np.ndarray] | None:
    """Each cell's place among the different values (-1 where missing), and these; None for few cells and lists."""
    values = series.astype(object) if isinstance(series.dtype, pd.CategoricalDtype) else series
    if len(values) <= FEW:
        return None
    try:
        codes, uniques = pd.factorize(values)
    except TypeError:  # lists and dicts cannot be hashed
        return None
    return codes, np.asarray(uniques, dtype=object)


def by_value(series: pd.Series, convert: Callable[[Any], Any], empty: Any) -> np.ndarray:
    """Convert each distinct value once; an object array, `empty` where the cell is missing."""
    found = _different(series)
    if found is None:
        cells = [convert(v) for v in series.tolist()]
        out = np.empty(len(cells), dtype=object)
        out[:] = [empty if c is None else c for c in cells]
        return out
    codes, uniques = found
    table = np.empty(len(uniques) + 1, dtype=object)
    table[:-1] = [empty if (c := convert(v)) is None else c for v in uniques]
    table[-1] = empty
    return np.asarray(table[codes])


def words(series: pd.Series, missing: frozenset[str] = MISSING_WORDS) -> np.ndarray:
    """A column as stripped texts, None where missing or spelled as missing."""

    def convert(value: Any) -> str | None:
        text = word(value)
        return None if text is None or text.lower() in missing else text

    return by_value(series, convert, None)


def spellings(series: pd.Series, missing: frozenset[str] = MISSING_WORDS) -> tuple[set[str], int]:
    """The different texts of a column as `words` reads them, and how many cells hold none."""
    found = _different(series)
    if found is None:
        cells = words(series, missing)
        return {t for t in cells if t is not None}, sum(t is None for t in cells)
    codes, uniques = found
    texts = words(pd.Series(uniques, dtype=object), missing)
    counts = np.bincount(codes + 1, minlength=len(uniques) + 1)
    return {t for t in texts if t is not None}, int(counts[0] + counts[1:][[t is None for t in texts]].sum())


# --------------------------------------------------------------------------- yes and no


def boolean_reading(levels: Sequence[str], n_gaps: int) -> tuple[dict[str, str], str] | None:
    """How yes and no are spelled, as a reading and in words; None where the values mean something else.

    Args:
        levels: all distinct texts of a column, spellings of "missing" left out.
        n_gaps: cells without any of them.
    """
    lower = {level.lower(): level for level in levels}
    true, false = [t for t in lower if t in TRUE_WORDS], [t for t in lower if t in FALSE_WORDS]
    if true and false and len(true) + len(false) == len(lower):
        yes, no = lower[true[0]], lower[false[0]]
        several = "" if len(lower) == 2 else f" and other spellings of them, {len(lower)} in all"
        return {"true": yes, "false": no}, f"two values, '{yes}' and '{no}'{several}"
    if len(lower) == 1 and n_gaps and (mark := next(iter(lower))) in MARKS:
        return {"true": lower[mark], "empty": "false"}, f"'{lower[mark]}' or nothing, as boxes are ticked"
    return None


def booleans(series: pd.Series, reading: Mapping[str, Any]) -> np.ndarray:
    """A column as 1.0 and 0.0, NaN where it is neither.

    Args:
        series: any values.
        reading: ``true`` and ``false``, as spelled; ``empty``: "false" where a gap means no.
    """
    true, false = (str(reading.get(k, k)).lower() for k in ("true", "false"))
    texts = words(series)
    table: dict[str, float] = {}
    for text in set(texts) - {None}:
        low = text.lower()
        if low in (true, false):
            table[text] = float(low == true)
        elif low in TRUE_WORDS or low in FALSE_WORDS:
            table[text] = float(low in TRUE_WORDS)
        elif re.fullmatch(r"[+-]?0(\.0*)?|\+?1(\.0*)?", low):
            table[text] = abs(float(low))
    gap = 0.0 if reading.get("empty") == "false" else np.nan
    found = np.array([np.nan if v is None else table.get(v, np.nan) for v in texts], dtype=np.float64)
    if gap == 0.0:
        found[[v is None or v.lower() in MISSING_NUMBERS for v in texts]] = 0.0
    return found


# --------------------------------------------------------------------------- lists


def members(text: str, separator: str) -> list[str]:
    """The parts of a list in one cell, without brackets and quotes around them."""
    return [m for part in text.strip("[](){} ").split(separator) if (m := part.strip(" \t'\""))]


def list_reading(texts: Sequence[str]) -> tuple[dict[str, str], float, str] | None:
    """The separator of a column's lists: (reading, how sure, in words); None where cells are no lists.

    Members come back in other cells, three times or more on average, and beside other members: a level such as
    "Sci/Tech" that only ever comes whole is one word. Parted by a slash they are words, so that fractions, paths and
    pairs of letters are none.

    Args:
        texts: sampled cells.
    """
    different = Counter(texts)
    if any(map(_INTERVAL.fullmatch, different)):
        return None
    bracketed = sum(n for t, n in different.items() if _BRACKETED.fullmatch(t)) / max(len(texts), 1)
    if bracketed >= 0.95:
        within = [t.strip("[](){} ") for t in texts]
        separator = next((s for s in (",", ";", "|") if any(s in t for t in within)), ",")
        return {"separator": separator}, bracketed, "lists in brackets"
    for separator in (";", "|", ",", "/", "\n"):
        if sum(n for t, n in different.items() if separator in t) / max(len(texts), 1) < 0.3:
            continue
        parted = [(members(t, separator), n) for t, n in different.items()]
        share = sum(n for p, n in parted if len(p) > 1) / max(len(texts), 1)
        counts: Counter[str] = Counter()
        for p, n in parted:
            for m in p:
                counts[m] += n
        total = sum(counts.values())
        if share < 0.3 or total < 3 * len(counts) or len(different) < 3:
            continue
        if sum(m.count(" ") * c for m, c in counts.items()) > 2.5 * total:
            continue
        if not _combine(parted) or (separator == "/" and not _are_words(counts, texts)):
            continue
        shown = "a line break" if separator == "\n" else f"'{separator}'"
        said = f"{share:.0%} of {len(texts):,} sampled values hold several of {len(counts):,} members parted by {shown}"
        return {"separator": separator}, 0.9, said.replace("%", " %", 1)
    return None


def _combine(parted: Sequence[tuple[Sequence[str], int]]) -> bool:
    """Whether most cells of several members have one that stands in another combination too.

    Args:
        parted: the members of each different cell, and how many cells hold them.
    """
    combinations: Counter[frozenset[str]] = Counter()
    for found, n in parted:
        combinations[frozenset(found)] += n
    several: Counter[frozenset[str]] = Counter()
    for found, n in parted:
        if len(found) > 1:
            several[frozenset(found)] += n
    homes = Counter(m for combination in combinations for m in combination)
    shared = sum(n for combination, n in several.items() if any(homes[m] > 1 for m in combination))
    return shared >= 0.5 * several.total()


def _are_words(counts: Mapping[str, int], texts: Sequence[str]) -> bool:
    long = sum(c for m, c in counts.items() if len(m) >= 3 and not _NO_MEMBER.fullmatch(m))
    return long >= 0.9 * sum(counts.values()) and not any(t.startswith(("/", "./")) or "//" in t for t in texts)
