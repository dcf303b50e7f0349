"""What the user should know about a table: each check is one function that returns its finding or None."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from automl.detect.columns.plain_numbers import missing_shares
from automl.detect.columns.sample import shown
from automl.detect.columns.worded import without_levels
from automl.detect.parse import MISSING_NUMBERS, words
from automl.detect.quoting import quotable, usual_shape
from automl.frame_columns import number_blocks, numpy_kinds
from automl.records import ORDERED_KINDS, Column, Finding, Severity
from automl.system import shell
from automl.system.counts import counted, noun

__all__ = [
    "ambiguous_dates",
    "audit",
    "duplicate_rows",
    "infinite_numbers",
    "left_out",
    "mixed_types",
    "mostly_missing",
]


def audit(raw: pd.DataFrame, read: pd.DataFrame, columns: Sequence[Column]) -> tuple[Finding, ...]:
    """All findings about a table's inputs.

    Args:
        raw: as it came.
        read: the same columns, typed.
        columns: what they hold.
    """
    findings = [
        infinite_numbers(raw),
        mixed_types(raw, read, columns),
        left_out(columns, "identifier"),
        left_out(columns, "constant"),
        left_out(columns, "unknown"),
        ambiguous_dates(columns),
        mostly_missing(read, columns),
    ]
    return tuple(f for f in findings if f is not None)


def infinite_numbers(raw: pd.DataFrame) -> Finding | None:
    """Numbers without bound, which are read as missing."""
    kinds = numpy_kinds(raw)
    found = dict.fromkeys((name for name, dtype in raw.dtypes.items() if dtype.kind == "f"), 0)
    for own, block in number_blocks(raw, [name for name, kind in zip(raw.columns, kinds, strict=True) if kind == "f"]):
        found |= zip(own, np.isinf(block).sum(axis=0).tolist(), strict=True)
    for own_type in [name for name, kind in zip(raw.columns, kinds, strict=True) if not kind and name in found]:
        found[own_type] = int(np.isinf(raw[own_type].to_numpy(dtype=np.float64, na_value=np.nan)).sum())
    names = [str(name) for name, n in found.items() if n]
    count = sum(found.values())
    if not count:
        return None
    message = (
        f"{counted(count, 'infinite number')} in {shown(names)} {noun(count, 'was', 'were')} read as missing: "
        f"nothing can be learnt from {noun(count, 'it', 'them')}."
    )
    return Finding(
        "infinite_numbers",
        "medium",
        message,
        "Look for divisions by zero where these columns are made.",
        tuple(names),
        (),
        count,
    )


def mixed_types(raw: pd.DataFrame, read: pd.DataFrame, columns: Sequence[Column]) -> Finding | None:
    """Values that cannot be read as what the rest of their column holds, and are therefore missing."""
    names: list[str] = []
    samples: list[str] = []
    forms: list[str] = []
    rows: list[int] = []
    count = 0
    dtypes = dict(raw.dtypes.items())
    for c in columns:
        if c.kind not in ORDERED_KINDS or c.name not in dtypes or dtypes[c.name].kind in "fiub":
            continue
        series = raw[c.name]
        lost = read[c.name].isna().to_numpy() & series.notna().to_numpy()
        if not lost.any():
            continue
        at = np.flatnonzero(lost)
        texts = words(series.iloc[at], MISSING_NUMBERS)
        unread = without_levels(texts.tolist(), c)
        real = [i for i, t in zip(at, unread, strict=True) if t is not None]
        if real:
            names, count = [*names, c.name], count + len(real)
            rows += [int(i) for i in real[:20]]
            odd = [t for t in unread if t is not None]
            samples += quotable(c.name, Counter(odd))[:2]
            forms += [usual_shape(odd)]
    if not count:
        return None
    message = (
        f"{counted(count, 'value')} of {shown(names)} {noun(count, 'does', 'do')} not fit the rest of "
        f"{noun(count, 'its', 'their')} column{_such_as(samples, forms)}; "
        f"{noun(count, 'it was', 'they were')} read as missing."
    )
    return Finding(
        "mixed_types",
        "medium",
        message,
        "Correct them, or set the column's kind.",
        tuple(names),
        tuple(rows[:20]),
        count,
    )


def _such_as(samples: Sequence[str], forms: Sequence[str]) -> str:
    """Values that may be quoted, or how others are built."""
    if samples:
        return f", such as {shown(samples)}"
    built = shown([form for form in dict.fromkeys(forms) if form])
    return f", built like {built} (a: letters, 9: digits)" if built else ""


def left_out(columns: Sequence[Column], kind: str) -> Finding | None:
    """Columns of a kind that neither side learns from."""
    names = [c.name for c in columns if c.kind == kind]
    if not names:
        return None
    why = {"identifier": "only name the row", "constant": "never vary", "unknown": "follow no rule we know"}[kind]
    many = f"{len(names)} columns" if len(names) > 1 else "One column"
    rest = f" and {len(names) - 5} more" if len(names) > 5 else ""
    message = (
        f"{many} left out because {'they' if len(names) > 1 else 'its values'} {why}: "
        f"{', '.join(map(repr, names[:5]))}{rest}."
    )
    return Finding(
        f"{kind}_column",
        "low",
        message,
        "Nothing is lost; if they should vary, look at how they were filled."
        if kind == "constant"
        else f"Pass {shell.columns_flag(names[0], 'KIND')} to use it all the same "
        "(KIND: numeric, categorical, text, ...).",
        tuple(names),
        (),
        len(names),
    )


def ambiguous_dates(columns: Sequence[Column]) -> Finding | None:
    """Dates whose order of day and month no value decides, or values decide both ways."""
    names = [
        c.name
        for c in columns
        if c.kind == "datetime" and ("no day above 12" in c.evidence or "both orders" in c.evidence)
    ]
    if not names:
        return None
    message = (
        f"Dates in {shown(names)} can be read day first or month first: "
        f"{next(c.evidence for c in columns if c.name == names[0])}."
    )
    return Finding("ambiguous_dates", "medium", message, "Write dates as year-month-day.", tuple(names), (), len(names))


def mostly_missing(read: pd.DataFrame, columns: Sequence[Column]) -> Finding | None:
    """Columns that are empty in more than half of the rows."""
    shares = {**missing_shares(read), **{c.name: _empty(read, c) for c in columns if c.level_column is not None}}
    names = [
        c.name
        for c in columns
        if c.kind not in ("constant", "text")
        and (shares[c.name] if c.name in shares else read[c.name].isna().mean()) > 0.5
    ]
    if not names:
        return None
    rest = f" and {len(names) - 5} more" if len(names) > 5 else ""
    message = (
        f"More than half of the values of {', '.join(map(repr, names[:5]))}{rest} are missing: such a column says "
        f"little, and mostly by being there at all."
    )
    return Finding(
        "mostly_missing",
        "low",
        message,
        "Check that these columns were exported completely.",
        tuple(names),
        (),
        len(names),
    )


def _empty(read: pd.DataFrame, column: Column) -> float:
    """The share of cells that hold neither a number nor a level beside the numbers."""
    assert column.level_column is not None
    return float((read[column.name].isna() & read[column.level_column.name].isna()).mean())


def duplicate_rows(raw: pd.DataFrame, target: pd.DataFrame | None) -> Finding | None:
    """Rows that repeat an earlier one in every column, target included (they are kept)."""
    whole = raw if target is None else pd.concat([raw, target.add_prefix("target: ")], axis=1)
    if whole.shape[1] < 2 or len(whole) < 2:  # values of one column come back by nature
        return None
    alive = np.arange(len(whole))
    hashes = np.zeros(len(whole), dtype=np.uint64)
    kinds = dict(zip(whole.columns, (dtype.kind for dtype in whole.dtypes.tolist()), strict=True))
    wide_first = sorted(whole.columns, key=lambda c: kinds[c] not in "fO")
    for name in wide_first:
        hashes = hashes * np.uint64(31) + _hashed(whole[name].iloc[alive])
        again = pd.Series(hashes).duplicated(keep=False).to_numpy()
        alive, hashes = alive[again], hashes[again]
        if not len(alive):
            return None
    later = pd.Series(hashes).duplicated(keep="first").to_numpy()
    count = int(later.sum())
    message = f"{count:,} of {len(whole):,} rows {noun(count, 'repeats', 'repeat')} an earlier row exactly."
    step = "Remove them if they are copies: a copy in the test part makes every score look better."
    severity: Severity = "medium" if count > 0.01 * len(whole) else "low"
    return Finding("duplicate_rows", severity, message, step, (), tuple(int(i) for i in alive[later][:20]), count)


def _hashed(series: pd.Series) -> np.ndarray:
    try:
        return np.asarray(pd.util.hash_pandas_object(series, index=False, categorize=True), dtype=np.uint64)
    except (TypeError, ValueError):  # lists, numbers and texts together, bytes
        return np.asarray(pd.util.hash_pandas_object(pd.Series(words(series)), index=False), dtype=np.uint64)
