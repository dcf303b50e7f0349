"""Texts that are empty, or in several languages."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from automl.audit.encoding import evenly
from automl.audit.view import View, file_rows, severity_of
from automl.detect.quoting import percent
from automl.records import Finding

__all__ = ["empty_texts", "language_of", "mixed_languages"]

EMPTY_SHARE = 0.002
SAMPLE = 2_000
SECOND_SHARE, SECOND_LEAST = 0.015, 8
MEDIUM_SHARE = 0.05
LEAST_HITS = 3
LEAST_OWN = 2
_WORD = re.compile(r"[^\W\d_]+")
STOP_WORDS = {
    "English": "the and is of to in that it was for with are this you not have be at from they his her but on as i do "
    "no so me my we if or an our what will can has had there their which",
    "German": "der die und das ist nicht ich ein eine zu mit den von auf für sich dem auch es im sie wie wird war",
    "French": "le la les et est des une pas que dans pour qui sur au ce avec il elle ne du sont vous nous plus",
    "Spanish": "el los las y es una que en por con para no se su del al lo como más pero sus este muy fue",
    "Italian": "il di che è la per un non sono una con del si da più anche gli della nel ma le questo come ha",
    "Portuguese": "o os e é não uma que em com para do da no na se por mais como dos mas foi ao ele das tem",
    "Dutch": "de het een en van is niet dat ik op te zijn met voor maar er aan ook bij was ze heeft worden",
    "Swedish": "och att det som en är på för av inte med har den till jag ett om var men så kan från",
    "Polish": "i w nie na się że z do to jest jak po co tak ale od za o przez dla czy może jego był",
    "Turkish": "ve bir bu için ile çok da de ne gibi ama olarak daha olan kadar var değil ben mi sonra her",
}
SCRIPTS = {
    "Cyrillic": ((0x0400, 0x052F),), "Greek": ((0x0370, 0x03FF),), "Arabic": ((0x0600, 0x06FF), (0x0750, 0x077F)),
    "Hebrew": ((0x0590, 0x05FF),), "Devanagari": ((0x0900, 0x097F),), "Thai": ((0x0E00, 0x0E7F),),
    "Japanese": ((0x3040, 0x30FF),), "Korean": ((0xAC00, 0xD7AF), (0x1100, 0x11FF)), "Chinese": ((0x4E00, 0x9FFF),),
}  # fmt: skip
_LISTS = {name: frozenset(words.split()) for name, words in STOP_WORDS.items()}
_OWN = {
    name: words - frozenset().union(*(others for other, others in _LISTS.items() if other != name))
    for name, words in _LISTS.items()
}


def empty_texts(view: View) -> Finding | None:
    """Rows of a text column that are empty."""
    if view.frame is None:
        return None
    rows_of = {}
    for column in view.used:
        if column.kind == "text":
            empty = view.frame[column.name].to_numpy() == ""
            if empty.mean() >= EMPTY_SHARE:
                rows_of[column.name] = np.flatnonzero(empty)
    if not rows_of or not view.modality.is_text:
        return None
    name, rows = max(rows_of.items(), key=lambda one: len(one[1]))
    message = (
        f"{len(rows):,} of {len(view.frame):,} texts of {name!r} are empty: a prediction for them is the commonest "
        "answer, or a guess."
    )
    step = "Remove these rows, or check how the texts were read."
    severity = severity_of(len(rows), MEDIUM_SHARE * len(view.frame))
    return Finding("empty_texts", severity, message, step, tuple(rows_of), file_rows(view.dataset, rows), len(rows))


def mixed_languages(view: View) -> Finding | None:
    """A text column in several languages."""
    if view.frame is None:
        return None
    rows = evenly(view.known, SAMPLE)
    for column in view.used:
        if column.kind != "text":
            continue
        languages = [language_of(text) for text in view.frame[column.name].iloc[rows].tolist()]
        counts = Counter(one for one in languages if one is not None).most_common()
        total = sum(n for _, n in counts)
        others = [(name, n) for name, n in counts[1:] if n >= SECOND_LEAST and n >= SECOND_SHARE * total]
        if not others:
            continue
        share = sum(n for _, n in others) / total
        names = {name for name, _ in others}
        odd = rows[[one in names for one in languages]]
        shares = ", ".join(f"{name} {percent(n / total)}" for name, n in [counts[0], *others[:3]])
        message = (
            f"Texts of {column.name!r} are in several languages ({shares} of {total:,} texts whose language is known): "
            "words learnt in one mean nothing in another."
        )  # fmt: skip
        step = "Add a column with the language, train one model for each, or translate the texts."
        severity, rows_in_file = severity_of(share, MEDIUM_SHARE), file_rows(view.dataset, odd)
        return Finding("mixed_languages", severity, message, step, (column.name,), rows_in_file, len(odd))
    return None


def language_of(text: str) -> str | None:
    """A text's language by its script or its commonest words; None where neither decides."""
    text = text[:2000]
    letters = [ord(c) for c in text if c > "\u036f"]
    if len(letters) > 0.3 * max(sum(c.isalpha() for c in text), 1):
        scripts = Counter(
            name for code in letters for name, spans in SCRIPTS.items() if any(a <= code <= b for a, b in spans)
        )
        if scripts:
            return "Japanese" if scripts["Japanese"] else scripts.most_common(1)[0][0]
    words = [w.casefold() for w in _WORD.findall(text)]
    hits = {name: sum(w in known for w in words) for name, known in _LISTS.items()}
    best, second = sorted(hits, key=lambda name: -hits[name])[:2]
    own = sum(w in _OWN[best] for w in words)
    sure = hits[best] >= max(LEAST_HITS, 0.1 * len(words)) and hits[best] >= 1.5 * hits[second] + 1 and own >= LEAST_OWN
    return best if sure else None
