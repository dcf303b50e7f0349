"""Classes: the order that grades have, the one that a score speaks of, and what is to be said of their rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from automl.detect.columns.sample import shown
from automl.detect.parse import FALSE_WORDS, TRUE_WORDS
from automl.detect.parse.numerals import LONGEST, compact
from automl.records import Finding
from automl.system.counts import counted

__all__ = ["class_findings", "grades", "natural", "positive_class"]

NEGATIVES = FALSE_WORDS | {
    "negative",
    "neg",
    "ham",
    "normal",
    "healthy",
    "benign",
    "-1",
    "absent",
    "none",
    "control",
    "legit",
}
POSITIVES = TRUE_WORDS | {
    "positive",
    "pos",
    "spam",
    "abnormal",
    "anomaly",
    "fraud",
    "malignant",
    "present",
    "sick",
    "churn",
    "churned",
}
SCALES = (
    ("none", "very low", "low", "medium", "moderate", "high", "very high", "extreme"),
    ("very bad", "bad", "poor", "fair", "average", "ok", "good", "very good", "premium", "ideal", "excellent"),
    ("never", "rarely", "seldom", "sometimes", "often", "usually", "always"),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("none", "minor", "mild", "moderate", "major", "severe", "critical", "fatal"),
    ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl"),
    ("very dissatisfied", "dissatisfied", "neutral", "satisfied", "very satisfied"),
    ("very unlikely", "unlikely", "neutral", "likely", "very likely"),
    ("very negative", "negative", "neutral", "mixed", "positive", "very positive"),
    ("awful", "terrible", "poor", "okay", "decent", "good", "great", "amazing", "excellent", "outstanding"),
    ("underweight", "insufficient weight", "normal", "normal weight", "overweight", "overweight level i",
     "overweight level ii", "obese", "obesity type i", "obesity type ii", "obesity type iii"),
    ("none", "preschool", "primary", "primary school", "elementary", "middle school", "secondary", "secondary school",
     "some high school", "high school", "hs grad", "high school graduate", "vocational", "some college", "associate",
     "associates", "associate degree", "associate's degree", "college", "bachelor", "bachelors", "bachelor degree",
     "bachelor's degree", "university", "graduate", "master", "masters", "master degree", "master's degree", "phd",
     "doctorate", "doctoral degree"),
    ("bronze", "silver", "gold", "platinum", "diamond"),
    ("beginner", "novice", "elementary", "intermediate", "upper intermediate", "advanced", "expert"),
    ("trainee", "intern", "junior", "mid", "senior", "lead", "principal"),
    ("ungenügend", "mangelhaft", "ausreichend", "befriedigend", "gut", "sehr gut"),
    ("niedrig", "mittel", "hoch"), ("faible", "moyen", "élevé"), ("bajo", "medio", "alto"),
    ("tiny", "small", "medium", "large", "huge"),
)  # fmt: skip
LETTER_NAMES = r"grade|grades|rating|score|mark|marks|band|tier|class|rank|level|risk|note|result"

_STEP = re.compile(
    r"(?P<word>level|stage|grade|tier|step|phase|band|rank|quartile|quintile|decile|bin|year|priority|severity|stars?|"
    r"stufe|klasse|niveau|nivel)?[ _-]?"
    r"(?P<value>\d{1,3}|[ivx]{1,5})(?:st|nd|rd|th)?(?: (?P<after>stars?|years?|points?))?"
)
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_RANGE = re.compile(
    r"(?P<below><=?|≤|under|below|less than|up to|bis|unter)?\s*"
    r"(?P<above>>=?|≥|over|above|more than|at least|über|ab)?\s*"
    r"[$€£]?\s?(?P<low>-?\d[\d.,]*)\s?(?P<scale>[kKmM])?\s?(?:%|°C|years?|yrs?|yo)?"
    r"(?:\s*(?:-|–|—|to|bis|\.\.)\s*[$€£]?\s?(?P<high>\d[\d.,]*)\s?[kKmM]?\s?(?:%|°C|years?|yrs?|yo)?)?\s*"
    r"(?P<more>\+|and (?:over|above|older|more)|or (?:over|above|older|more))?"
)


# --------------------------------------------------------------------------- the order of grades


def grades(levels: Sequence[str], dtype: Any, name: str = "") -> list[str] | None:
    """Classes in the order that they have; None where they have none.

    The order is the one that the column's type declares, that of a common scale (low to high, never to always, school
    to doctorate), of numbered steps (1st, level 2, stage III), of ranges that do not overlap (18-25, 26-35, 65+), or of
    letters, where the name or a plus says that they are grades (F to A+).

    Args:
        levels: the classes.
        dtype: of the column.
        name: of the column.
    """
    if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered:
        declared = [text for value in dtype.categories if (text := str(value).strip()) in set(levels)]
        return declared if len(declared) == len(levels) else None
    plain = {level: " ".join(re.sub(r"_|(?<=\w)-(?=\w)", " ", level.casefold()).split()) for level in levels}
    if len(set(plain.values())) < len(levels):
        return None
    for scale in (*SCALES, _ORDINALS):
        if set(plain.values()) <= set(scale):
            return sorted(levels, key=lambda level: scale.index(plain[level]))
    for key in (_by_step, _by_range, _by_letter):
        if len(levels) >= 3 and (order := key(levels, name)) is not None:
            return order
    return None


def _by_step(levels: Sequence[str], name: str) -> list[str] | None:
    """Steps with a number: 1st, 2nd; level 1; stage IV; 5 stars. Plain numbers are left to others."""
    found = [_STEP.fullmatch(level.casefold().strip()) for level in levels if len(level) <= LONGEST]
    if len(found) < len(levels):
        return None
    if not all(found) or all(level.strip().isdigit() for level in levels):
        return None
    words = {(f["word"] or "", (f["after"] or "").rstrip("s")) for f in found if f is not None}
    if len(words) != 1:
        return None
    values = [f["value"] for f in found if f is not None]
    if all(v.isdigit() for v in values):
        numbers = [int(v) for v in values]
    elif set(values) <= set(_ROMAN):
        numbers = [_ROMAN.index(v) for v in values]
    else:
        return None
    return (
        [level for _, level in sorted(zip(numbers, levels, strict=True))] if len(set(numbers)) == len(levels) else None
    )


def _by_range(levels: Sequence[str], name: str) -> list[str] | None:
    """Bands such as 18-25, <18, 65+ that do not overlap."""
    spans = []
    for level in levels:
        plain = compact(level)
        found = None if plain is None else _RANGE.fullmatch(plain)
        if found is None or not (found["high"] or found["below"] or found["above"] or found["more"]):
            return None
        scale = {"k": 1e3, "m": 1e6}.get((found["scale"] or "").lower(), 1.0)
        try:
            low = float(found["low"].replace(",", "")) * scale
        except ValueError:
            return None
        spans.append((low, bool(not found["below"]), level))
    spans.sort()
    return [level for *_, level in spans] if len({span[:2] for span in spans}) == len(levels) else None


def _by_letter(levels: Sequence[str], name: str) -> list[str] | None:
    """School grades and credit ratings, worst first."""
    upper = [level.strip() for level in levels]
    signed = any(level[-1:] in "+-" for level in upper)
    if not all(re.fullmatch(r"([A-FU]|A{2,3}|B{2,3}|C{2,3})[+-]?", level) for level in upper):
        return None
    if not signed and re.search(rf"(?:^|[\W_])(?:{LETTER_NAMES})(?:$|[\W_])", name, re.IGNORECASE) is None:
        return None
    order = {
        level: (ord(level[0]), -len(level.rstrip("+-")), {"+": 0, "": 1, "-": 2}[level.lstrip("ABCDEFU")])
        for level in upper
    }
    return sorted(levels, key=lambda level: order[level.strip()], reverse=True)


def natural(text: str) -> tuple[int, float, str]:
    """Sorts numbers as numbers, before words."""
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text


# --------------------------------------------------------------------------- the positive class


def positive_class(levels: tuple[str, str], counts: tuple[int, int]) -> tuple[str, str]:
    """The class a score speaks of, and why: the one whose label says so, else the rarer one.

    Args:
        levels: the two classes.
        counts: rows of each.
    """
    low = [level.lower().strip() for level in levels]
    for a, b in ((0, 1), (1, 0)):
        denied = any(
            low[a] == f"{no}{low[b]}" for no in ("not ", "no ", "non-", "non ", "un", "not_", "no_", "non_", "in")
        )
        if (
            denied
            or (low[a] in NEGATIVES and low[b] not in NEGATIVES)
            or (low[b] in POSITIVES and low[a] not in POSITIVES)
        ):
            return levels[b], "its label says so"
    rarer = 1 if counts[1] <= counts[0] else 0
    return levels[rarer], f"it is the rarer one ({min(counts):,} of {sum(counts):,} rows)"


def class_findings(name: str, counts: pd.Series) -> tuple[Finding, ...]:
    """Classes of one or two rows, and classes whose rows differ by a factor of ten.

    Args:
        name: of the target.
        counts: rows by class, most first.
    """
    findings = []
    for code, n_rows, words in (("single_row_class", 1, "one row"), ("two_row_class", 2, "two rows")):
        few = [str(level) for level in counts.index[counts == n_rows]]
        if few:
            occur = "class occurs" if len(few) == 1 else "classes occur"
            message = f"{len(few):,} {occur} in {words} of {name!r} only: {shown(few)}."
            step = "All of them train and none is tested, which takes three rows; gather more rows or merge classes."
            findings.append(Finding(code, "medium", message, step, (name,), (), len(few)))
    rest = counts[counts > 1] if (counts > 1).any() else counts
    if len(rest) > 1 and rest.max() >= 10 * rest.min():
        findings.append(
            Finding(
                "imbalance",
                "high" if rest.max() >= 100 * rest.min() else "medium",
                f"Class {str(rest.index[-1])!r} has {counted(int(rest.min()), 'row')} and class "
                f"{str(rest.index[0])!r} {int(rest.max()):,}.",
                "Look at the scores of the rare class, not at accuracy alone.",
                (name,),
                (),
                int(rest.min()),
            )
        )
    return tuple(findings)
