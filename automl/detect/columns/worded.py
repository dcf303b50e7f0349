"""Numbers with words among them: a wind of "Calm", a rain of "trace", a laboratory's "<0.05" or "<LOD".

Such a column stays one of numbers; its words become levels beside them (`automl.records.Column.level_column`). Record
31 of the decisions says which columns of numbers and words stay categories.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from automl.detect.columns.sample import ColumnSample, column_sample
from automl.detect.parse import MISSING_NUMBERS, has_digit, is_bound, numbers, words
from automl.detect.quoting import quotable
from automl.records import MIN_LEVEL_ROWS, QUANTITY_KINDS, Column
from automl.system.counts import counted

__all__ = ["beside_name", "with_words", "without_levels"]

MOST_WORDS, MOST_CHARACTERS, MOST_BLANKS = 8, 40, 4
"""Words that a column of numbers may have, and the length of each."""
LEAST_CELLS, LEAST_SHARE, LEAST_NUMBERS = 20, 0.1, 10
"""Cells with numbers, their share of the cells that hold something, and different numbers."""
NUMBERS_A_WORD = 3
"""Different numbers for each word: a few codes among words are words."""
MOST_ODD = 0.05
"""Share of the cells that may be neither numbers nor words that come back."""

Judge = Callable[[ColumnSample], Column]


@dataclass(frozen=True, eq=False)
class Parted:
    """A column's cells, parted.

    Attributes:
        numbers: the cells that hold digits.
        words: how many rows hold each word that comes back, most frequent first.
    """

    numbers: ColumnSample
    words: Counter[str]


def with_words(seen: ColumnSample, by_rule: Judge, of_numbers: Judge) -> Column | None:
    """The column as numbers with words among them; None where it is none.

    The numbers decide: without the words they must be read as numbers, and not as codes, dates or names of rows.

    Args:
        seen: the column.
        by_rule: what the rules say of the cells that hold digits.
        of_numbers: what is said of plain numbers once they are stored as such, without the words.
    """
    if seen.is_numeric or not any(_may_be_level(text) for text in seen.different):
        return None
    sampled = [text for text in seen.texts if has_digit(text)]
    if not sampled or by_rule(_sample_of(seen.name, pd.Series(sampled, dtype=object))).kind not in QUANTITY_KINDS:
        return None
    parts = _parted(seen)
    if parts is None:
        return None
    ruled = by_rule(parts.numbers)
    if ruled.kind not in QUANTITY_KINDS:
        return None
    if "bins" not in ruled.reading:
        values = numbers(parts.numbers.series, ruled.reading)
        if len(np.unique(values[~np.isnan(values)])) < max(LEAST_NUMBERS, NUMBERS_A_WORD * len(parts.words)):
            return None
    if ruled.kind == "numeric":
        judged = of_numbers(_stored(seen.name, parts.numbers, ruled))
        if judged.kind != "numeric":
            return None
        ruled = replace(ruled, confidence=min(ruled.confidence, judged.confidence))
    reading = {**ruled.reading, "words": list(parts.words), "beside": beside_name(seen.name, "word")}
    return replace(
        ruled, name=seen.name, evidence=f"{_said(seen.name, parts.words)}: {ruled.evidence}", reading=reading
    )


def beside_name(name: str, what: str) -> str:
    """The name of the levels beside a column."""
    return f"{name} ({what})"


def without_levels(texts: Sequence[str | None], column: Column) -> list[str | None]:
    """Cells of a column of numbers, None for those that are one of its words."""
    known = {word.casefold() for word in column.reading.get("words", ())}
    return [None if text is None or text.casefold() in known else text for text in texts]


def _sample_of(name: str, cells: pd.Series) -> ColumnSample:
    return column_sample(name, cells.reset_index(drop=True))


def _stored(name: str, part: ColumnSample, ruled: Column) -> ColumnSample:
    """Numbers written as text, as if the table stored them as numbers."""
    values = numbers(part.series, ruled.reading)
    values = values[~np.isnan(values)]
    is_whole = bool((values == np.round(values)).all()) and bool((np.abs(values) < 2**53).all())
    return _sample_of(name, pd.Series(values.astype(np.int64) if is_whole else values))


def _may_be_level(text: str) -> bool:
    short = len(text) <= MOST_CHARACTERS and text.count(" ") < MOST_BLANKS
    return short and (is_bound(text) if has_digit(text) else True)


def _parted(seen: ColumnSample) -> Parted | None:
    """The whole column's numbers and words; None where too few cells are numbers, or too many words differ."""
    cells = words(seen.series)
    counts = Counter(cell for cell in cells.tolist() if cell is not None)
    if sum(counts[cell] for cell in counts if cell.lower() in MISSING_NUMBERS) <= 0.5 * counts.total():
        counts = Counter({cell: n for cell, n in counts.items() if cell.lower() not in MISSING_NUMBERS})
    levels = _levels(counts)
    held = Counter({cell: n for cell, n in counts.items() if has_digit(cell)})
    known = {level.casefold() for level in levels}
    n_odd = sum(n for cell, n in counts.items() if cell not in held and cell.casefold() not in known)
    n_numbers, total = held.total(), counts.total()
    if not 1 <= len(levels) <= MOST_WORDS or n_numbers < max(LEAST_CELLS, LEAST_SHARE * total):
        return None
    if n_odd > MOST_ODD * total:
        return None
    at = np.array([cell is not None and cell in held for cell in cells.tolist()], dtype=bool)
    return Parted(_sample_of(seen.name, pd.Series(cells[at], dtype=object)), levels)


def _levels(counts: Counter[str]) -> Counter[str]:
    """Words and bounds that come back, each in its commonest spelling, with the rows of all its spellings."""
    spelled: dict[str, Counter[str]] = {}
    for cell, n in counts.items():
        if _may_be_level(cell):
            spelled.setdefault(cell.casefold(), Counter())[cell] += n
    found = {some.most_common(1)[0][0]: some.total() for some in spelled.values() if some.total() >= MIN_LEVEL_ROWS}
    return Counter(dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))))


def _said(name: str, levels: Counter[str]) -> str:
    """The words of a column for its evidence, as far as they may be quoted."""
    quoted = quotable(name, levels)
    if not quoted:
        return f"numbers, with {counted(len(levels), 'word')} among them"
    shown = ", ".join(f"{word!r} ({counted(levels[word], 'row')})" for word in quoted[:3])
    more = f" and {len(levels) - 3} more" if len(levels) > 3 else ""
    return f"numbers, with the word{'s' if len(levels) > 1 else ''} {shown}{more}"
