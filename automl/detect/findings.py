"""Findings about how a table was read: each is one function that returns its finding or None."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from automl.detect.columns.sample import shown
from automl.detect.columns.worded import without_levels
from automl.detect.parse import MISSING_NUMBERS, numbers, unlike_units, word
from automl.detect.quoting import percent, quotable
from automl.detect.target.goal import SURE, Answer
from automl.records import ORDERED_KINDS, UNUSED_KINDS, Column, Finding, Kind, Recipe, Severity
from automl.system import shell
from automl.system.counts import counted, noun

__all__ = [
    "converted_units", "mixed_units", "reading_findings", "spelled_gaps", "stand_ins", "unclear_marks", "unsure",
    "unsure_kinds",
]  # fmt: skip

LOOKED_AT = 300
ASKED = 0.6
"""How sure of its kind a column must be for nobody to be asked: below, 12 % of labelled columns were right, of the
others 98 %."""
MOST_ASKED, LONGEST_NAME = 5, 40


def reading_findings(raw: pd.DataFrame, read: pd.DataFrame, columns: Sequence[Column]) -> tuple[Finding, ...]:
    """All findings about how columns were read.

    Args:
        raw: as it came.
        read: the same columns, typed.
        columns: what they hold.
    """
    findings = [
        stand_ins(raw, columns), spelled_gaps(raw, read, columns), converted_units(columns), mixed_units(raw, columns),
        unclear_marks(columns), unsure_kinds(raw, columns),
    ]  # fmt: skip
    return tuple(f for f in findings if f is not None)


def unsure(target: Answer, recipe: Recipe) -> tuple[Finding, ...]:
    """The goal, where neither the user nor the target's values decide it."""
    if recipe.goal is not None or target.confidence >= SURE or not target.doubt:
        return ()
    what, _, step = target.doubt.partition("; ")
    step = f"{step[:1].upper()}{step[1:]}." if step else "Pass --goal to say what it is."
    severity: Severity = "high" if target.confidence < 0.5 else "medium"
    return (Finding("unsure_goal", severity, f"Not sure: {what}.", step, tuple(map(str, target.target.columns))),)


def stand_ins(raw: pd.DataFrame, columns: Sequence[Column]) -> Finding | None:
    """Numbers such as -999 that were read as missing."""
    described, names, rows, count = [], [], [], 0
    for c in columns:
        gaps = c.reading.get("missing")
        if not gaps or c.name not in raw.columns:
            continue
        plain = numbers(raw[c.name], {k: v for k, v in c.reading.items() if k != "missing"})
        at = np.flatnonzero(np.isin(plain, np.asarray(gaps, dtype=np.float64)))
        if len(at):
            described.append(f"{', '.join(f'{gap:g}' for gap in gaps)} in {c.name!r}")
            names.append(c.name)
            rows += [int(i) for i in at[:20]]
            count += len(at)
    if not names:
        return None
    message = (
        f"{counted(count, 'cell')} {noun(count, 'holds', 'hold')} a number that lies far from all others and comes "
        f"back ({'; '.join(described[:5])}); {noun(count, 'it was', 'they were')} read as missing."
    )
    kind = next(c.kind for c in columns if c.name == names[0])
    step = f"If it is a real value, set the column's kind ({shell.columns_flag(names[0], kind)})."
    return Finding("stand_in_numbers", "medium", message, step, tuple(names), tuple(rows[:20]), count)


def spelled_gaps(raw: pd.DataFrame, read: pd.DataFrame, columns: Sequence[Column]) -> Finding | None:
    """Words such as "unknown" or "tbd" that were read as missing among numbers, dates, and yes and no."""
    names: list[str] = []
    seen: Counter[str] = Counter()
    kinds = {name: dtype.kind for name, dtype in raw.dtypes.items()}
    for c in columns:
        if c.kind not in ORDERED_KINDS or kinds.get(c.name, "f") in "fiubM":
            continue
        series = raw[c.name]
        lost = read[c.name].isna().to_numpy() & series.notna().to_numpy()
        held = without_levels([word(v) for v in series[lost].tolist()], c)
        texts = [t for t in held if t is not None and t.lower() in MISSING_NUMBERS]
        if texts:
            names.append(c.name)
            seen.update(texts)
    if not names:
        return None
    words = ", ".join(f"{w!r} ({n:,})" for w, n in seen.most_common(5)) + (" and more" if len(seen) > 5 else "")
    message = f"Words that stand for nothing were read as missing in {shown(names, 5)}: {words}."
    return Finding("spelled_gaps", "low", message, "If one is a value of its own, set the column's kind.", tuple(names),
                   (), seen.total())  # fmt: skip


def converted_units(columns: Sequence[Column]) -> Finding | None:
    """Columns whose cells were in several units and were converted to one."""
    names = [c.name for c in columns if len([u for u in c.reading.get("units", {}) if u]) > 1]
    if not names:
        return None
    described = "; ".join(
        f"{c.name!r} in {c.reading['unit']!r} (from {', '.join(repr(u) for u in c.reading['units'] if u)})"
        for c in columns if c.name in names[:5]
    )  # fmt: skip
    message = f"Numbers in several units were turned into one: {described}."
    step = "If a unit was taken for another, write it out in full (as min for m)."
    return Finding("converted_units", "low", message, step, tuple(names), (), len(names))


def mixed_units(raw: pd.DataFrame, columns: Sequence[Column]) -> Finding | None:
    """Numbers in units that cannot be converted into each other, such as prices in several currencies."""
    names, described = [], []
    for c in columns:
        if c.kind not in ("categorical", "unknown", "text", "list") or c.evidence == "set by you":
            continue
        cells = map(word, raw[c.name].iloc[:LOOKED_AT].tolist()) if c.name in raw.columns else ()
        texts = [t for t in cells if t is not None and t.lower() not in MISSING_NUMBERS]
        if not texts or sum(any(ch.isdigit() for ch in t) for t in texts) < 0.9 * len(texts):
            continue
        units = unlike_units(texts)
        if units:
            names.append(c.name)
            spelled = ", ".join(map(repr, quotable(c.name, units)[:4]))
            described.append(f"{c.name!r}{f' ({spelled})' if spelled else ''}")
    if not names:
        return None
    message = (
        f"Numbers in units that cannot be turned into each other were not read as numbers: "
        f"{'; '.join(described[:5])}; as words, or left out, they tell a model little."
    )
    step = "Write the unit in a column of its own and the numbers in another."
    return Finding("mixed_units", "medium", message, step, tuple(names), (), len(names))


def unclear_marks(columns: Sequence[Column]) -> Finding | None:
    """Numbers such as 1.500, whose point may group thousands, where no cell decides.

    A comma in their place would be no decimal mark.
    """
    names = [c.name for c in columns if c.reading.get("mark") == "."]
    if not names:
        return None
    message = f"Numbers in {shown(names)} have three digits after each point (as in 1.500), which was read as decimal."
    step = "If it parts thousands, write them without it."
    return Finding("unclear_marks", "low", message, step, tuple(names), (), len(names))


def unsure_kinds(raw: pd.DataFrame, columns: Sequence[Column]) -> Finding | None:
    """Columns in use whose kind is rather a guess: the user is asked."""
    open_ = [c for c in columns if c.confidence < ASKED and c.kind not in UNUSED_KINDS and c.name in raw.columns]
    if not open_:
        return None
    open_.sort(key=lambda c: c.confidence)
    asked = [(c, _other_kind(raw[c.name], c)) for c in open_[:MOST_ASKED]]
    said = "; ".join(
        f"is {shown([c.name])} {WORDS[c.kind]} ({percent(c.confidence)} sure) or {WORDS[o]}?" for c, o in asked
    )
    more = f" And {len(open_) - MOST_ASKED} more columns are unsure." if len(open_) > MOST_ASKED else ""
    first, other = asked[0]
    name = first.name if len(first.name) <= LONGEST_NAME else "NAME"
    keep, change = shell.columns_flag(name, first.kind), shell.columns_flag(name, other)
    step = f"Say which: {keep} keeps it, or pass {change}."
    return Finding("unsure_kinds", "low", f"Not sure of every column's kind: {said}{more}", step,
                   tuple(c.name for c in open_), (), len(open_))  # fmt: skip


WORDS: Mapping[Kind, str] = {
    "numeric": "a number", "embedded_number": "a number", "categorical": "a category", "boolean": "a yes or no",
    "datetime": "a date", "text": "a text", "url": "a web address", "list": "a list", "image_path": "a picture",
    "audio_path": "a sound",
}  # fmt: skip


def _other_kind(series: pd.Series, column: Column) -> Kind:
    """The kind that a column may be instead of its own."""
    if column.kind != "categorical":
        return "categorical"
    cells = series.iloc[:LOOKED_AT]
    there = int(cells.notna().sum())
    return "numeric" if there and np.isfinite(numbers(cells)).sum() >= 0.5 * there else "text"
