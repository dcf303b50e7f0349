"""Families of columns: hundreds of one name but for a number (g0 to g19999), which people judge together.

Rules and model take a millisecond a column. Of a large family they judge a part; where that part agrees on one kind,
the other columns take it if their values fit, and are judged by themselves if not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from automl.detect.columns.rules import stored_numbers
from automl.records import Column

__all__ = ["LARGE", "Family", "alike", "families"]

LARGE = 500
"""Columns that make a family large."""
JUDGED = 100
"""Columns of a large family that are judged by themselves."""
BLOCK_CELLS = 4_000_000

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Family:
    """Columns of one name and one type.

    Attributes:
        judged: names of the columns that are judged by themselves, evenly taken.
        others: names of the rest.
    """

    judged: tuple[str, ...]
    others: tuple[str, ...]


def families(frame: pd.DataFrame, apart: Collection[str] = ()) -> list[Family]:
    """The large families among a table's columns of numbers.

    Args:
        frame: columns as they were read.
        apart: names of columns that belong to none, such as those whose kind is known.
    """
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, dtype in frame.dtypes.items():
        if dtype.kind in "iuf" and isinstance(dtype, np.dtype) and str(name) not in apart:
            found[_NUMBER.sub("0", str(name)), dtype.str].append(str(name))
    return [_parted(names) for names in found.values() if len(names) >= LARGE]


def _parted(names: Sequence[str]) -> Family:
    judged = {names[i] for i in np.linspace(0, len(names) - 1, JUDGED).astype(np.int64)}
    return Family(tuple(name for name in names if name in judged), tuple(name for name in names if name not in judged))


def alike(frame: pd.DataFrame, family: Family, examples: Sequence[Column]) -> dict[str, Column]:
    """The other columns of a family that are of its kind.

    Whole numbers of three values or more that do not number the rows are numeric, as those that were judged; columns
    that hold 0 and 1 are boolean.

    Args:
        frame: that holds the family.
        family: one of `families`.
        examples: what was found of `family.judged`.

    Returns:
        By name; empty where the columns that were judged differ in kind or reading.
    """
    first = examples[0]
    readings = {(one.kind, tuple(sorted(map(str, one.reading.items())))) for one in examples}
    if first.kind not in ("numeric", "boolean") or len(readings) > 1:
        return {}
    confidence = min(one.confidence for one in examples)
    found: dict[str, Column] = {}
    step = max(1, BLOCK_CELLS // max(len(frame), 1))
    for start in range(0, len(family.others), step):
        names = list(family.others[start : start + step])
        block = np.sort(frame[names].to_numpy(np.float64), axis=0)  # gaps come last
        for name, values in zip(names, block.T, strict=True):
            made = _like(name, values[~np.isnan(values)], len(values), first)
            if made is not None:
                found[name] = replace(made, confidence=confidence)
    return found


def _like(name: str, values: np.ndarray, n_rows: int, example: Column) -> Column | None:
    """The column as one of its family, or None where its values do not fit.

    Args:
        name: of the column.
        values: its numbers, ascending, without gaps.
        n_rows: with gaps.
        example: a column of the family that was judged.
    """
    if not len(values) or not np.isfinite(values).all() or (values != np.round(values)).any():
        return None
    n_distinct = 1 + int((np.diff(values) != 0).sum())
    if example.kind == "boolean":
        fits = n_distinct == 2 and values[0] == 0.0 and values[-1] == 1.0
        return replace(example, name=name) if fits else None
    numbers_rows = n_distinct == n_rows and values[-1] - values[0] == n_rows - 1
    if n_distinct < 3 or numbers_rows:
        return None
    made = stored_numbers(name, values, n_distinct, whole=True)
    return made if dict(made.reading) == dict(example.reading) else None
