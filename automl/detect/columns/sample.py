"""One column as the rules see it: a bounded sample of its values, and a few counts over all of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from automl.detect.parse import MISSING_NUMBERS, numbers, word

__all__ = ["LOOKED_CHARACTERS", "ColumnSample", "column_sample", "is_named", "share_words", "shown"]

SAMPLE_ROWS = 1_000
LOOKED_CHARACTERS = 20_000
"""Characters of a cell that are read: its beginning shows what it is, and each pattern reads all of them."""


@dataclass(frozen=True, eq=False)
class ColumnSample:
    """A column, and a deterministic sample of what it holds.

    Attributes:
        name: of the column.
        series: the whole column as it was read.
        texts: sampled values as stripped texts, spellings of "missing" left out.
        is_numeric: whether pandas read numbers (not booleans).
    """

    name: str
    series: pd.Series
    texts: tuple[str, ...]
    is_numeric: bool

    @cached_property
    def n_missing(self) -> int:
        """Missing cells in the whole column (as pandas sees them)."""
        return int(self.series.isna().sum())

    @cached_property
    def n_distinct(self) -> int:
        """Distinct values in the whole column, missing ones left out."""
        try:
            return int(self.series.nunique())
        except TypeError:
            return int(self.series.map(word).nunique())

    @property
    def n_present(self) -> int:
        """Cells of the whole column that hold something."""
        return len(self.series) - self.n_missing

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """Distinct sampled texts, most frequent first."""
        return tuple(pd.Series(self.texts, dtype=object).value_counts().index) if self.texts else ()

    @cached_property
    def different(self) -> Counter[str]:
        """How often each sampled text occurs, in the order of first occurrences."""
        return Counter(self.texts)

    @cached_property
    def values(self) -> np.ndarray:
        """The whole column as numbers (only for numeric columns)."""
        return numbers(self.series)

    @cached_property
    def is_integer(self) -> bool:
        """Whether every present value of a numeric column is a whole number."""
        seen = self.values[~np.isnan(self.values)]
        return bool(len(seen)) and bool((seen == np.round(seen)).all())

    @property
    def distinct_share(self) -> float:
        """Distinct values among the sampled texts."""
        return len(self.levels) / max(len(self.texts), 1)

    def is_named(self, pattern: str) -> bool:
        """Whether a part of the column's name (split at case, digits and marks) is one of these words."""
        return is_named(self.name, pattern)

    def matching(self, pattern: re.Pattern[str]) -> float:
        """Share of sampled texts that match the whole pattern."""
        n_matching = sum(n for t, n in self.different.items() if pattern.fullmatch(t))
        return n_matching / max(len(self.texts), 1)


def is_named(name: str, pattern: str) -> bool:
    """Whether a part of a name (split at case, digits and marks) is one of these words."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.search(rf"(?:^|[\W_\s])(?:{pattern})(?:$|[\W_\s\d])", spaced, re.IGNORECASE) is not None


def column_sample(name: str, series: pd.Series) -> ColumnSample:
    """Sample a column: at most 1,000 present values, the same ones each time."""
    series = series.infer_objects() if series.dtype == object else series
    is_numeric = bool(pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_bool_dtype(series.dtype))
    rows = np.flatnonzero(series.notna().to_numpy())
    if len(rows) > SAMPLE_ROWS:
        rows = rows[_places(len(rows))]
    if series.dtype.kind == "f":
        written = tuple(map(_written, series.iloc[rows].to_numpy(np.float64, na_value=np.nan).tolist()))
        return ColumnSample(name, series, written, is_numeric)
    cells = [word(v) for v in series.iloc[rows].astype(object).tolist()]
    cells = [None if t is None else t[:LOOKED_CHARACTERS] for t in cells]
    texts = tuple(t for t in cells if t is not None and t.lower() not in MISSING_NUMBERS)
    if not is_numeric and sum(t is not None for t in cells) - len(texts) > 0.5 * len(cells) and texts:
        # "none" and "-" fill most of the column: here they are rather a level than a gap
        texts = tuple(t for t in cells if t is not None)
    return ColumnSample(name, series, texts, is_numeric)


@lru_cache(maxsize=64)
def _places(n_rows: int) -> np.ndarray:
    """Which of so many rows are sampled."""
    return np.sort(np.random.default_rng(0).choice(n_rows, SAMPLE_ROWS, replace=False))


def _written(value: float) -> str:
    """A present number as `word` writes it, in a third of the time: thousands of columns hold a thousand each."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def share_words(share: float, n: int, what: str) -> str:
    """``"97 % of 1,000 sampled values parse as dates"``; "all" for a share of one."""
    if n == 1:
        return f"the one value {what}"
    if share >= 1.0:
        return f"all {n:,} sampled values {what}"
    return f"{min(share * 100, 99.9):.{0 if share < 0.99 else 1}f} % of {n:,} sampled values {what}"


def shown(values: Sequence[str], most: int = 3) -> str:
    """A few values in quotes, shortened."""
    return ", ".join(f"'{v if len(v) <= 24 else v[:22] + '…'}'" for v in values[:most])
