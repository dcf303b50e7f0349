"""Rows of a table as normal scores and codes from which a generator learns, and back to the user's columns.

Numbers and dates become normal scores (`automl.goals.shared.quantile_function`) or, where they have few different
values, codes; levels become codes. Code 0 says that a cell is missing. Back from scores and codes come the values in
the user's columns, types, decimals and ranges; identifiers are drawn anew.

No cell is stored that fewer than `MIN_LEVEL_ROWS` training rows share. Such a cell counts as one of the others: a
number as the nearest, a level as one drawn by the shares of the levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import DataError
from automl.goals.shared.row_columns import (
    DerivedColumn,
    IdentifierColumn,
    LevelColumn,
    RowColumn,
    ScoreColumn,
    fit_column,
    fit_derived,
    restore_column,
)
from automl.records import FILE_KINDS, MIN_LEVEL_ROWS, Column, InputSpec
from automl.system.counts import counted

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RowCodec", "fit_rowcodec", "restore_rowcodec"]

MAX_FIT_ROWS = 200_000
LEAST_SHARE = 1e-9
"""Of a code that never came."""
NOT_GENERATED = ("text", "list", *FILE_KINDS, "unknown")


@dataclass(eq=False)
class RowCodec:
    """A table's columns ↔ normal scores and codes.

    Attributes:
        columns: one for each column of the frame, in its order.
        exclusive: pairs (column of numbers, column of the words among them): a row holds one of both.
    """

    columns: list[RowColumn]
    exclusive: list[tuple[str, str]]

    @property
    def scored(self) -> list[ScoreColumn]:
        """The columns with normal scores, in the order of `encode`'s numbers."""
        return [column for column in self.columns if isinstance(column, ScoreColumn)]

    @property
    def coded(self) -> list[ScoreColumn | LevelColumn]:
        """The columns with codes, in the order of `encode`'s categories; of scores those that may be missing."""
        return [c for c in self.columns if isinstance(c, ScoreColumn | LevelColumn) and len(c.shares) > 0]

    @property
    def n_numbers(self) -> int:
        """Normal scores of a row."""
        return len(self.scored)

    @property
    def n_categories(self) -> int:
        """Codes of a row."""
        return len(self.coded)

    def log_shares(self, categories: np.ndarray) -> np.ndarray:
        """The logarithm ``(n,)`` of the product of the shares of codes ``(n, n_categories)`` among training rows."""
        total = np.zeros(len(categories))
        for column, codes in zip(self.coded, categories.T, strict=True):
            total += np.log(np.maximum(np.asarray(column.shares, np.float64), LEAST_SHARE))[codes]
        return total

    @cached_property
    def specs(self) -> tuple[InputSpec, ...]:
        """Numbers ("columns", "ties") and categories ("columns", "sizes", "priors"), where there are any."""
        found = []
        if self.scored:
            ties = [[list(pair) for pair in column.quantiles.intervals] for column in self.scored]
            stats: dict[str, Any] = {"columns": [column.name for column in self.scored], "ties": ties}
            found.append(InputSpec("numbers", "numbers", (len(self.scored),), "float32", stats=stats))
        if self.coded:
            names = [c.name if isinstance(c, LevelColumn) else f"{c.name} is missing" for c in self.coded]
            sizes = [len(column.shares) for column in self.coded]
            stats = {"columns": names, "sizes": sizes, "priors": [column.shares.tolist() for column in self.coded]}
            found.append(InputSpec("categories", "categories", (len(sizes),), "int32", max(sizes), stats))
        return tuple(found)

    def encode(self, frame: pd.DataFrame, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Normal scores ``(n, n_numbers)`` float32 without NaN, and codes ``(n, n_categories)`` int32.

        Args:
            frame: rows with at least the columns that the codec was fitted on, typed as those.
            seed: of the draws within ties, and for missing numbers and rare levels.
        """
        numbers = np.empty((len(frame), len(self.scored)), np.float32)
        codes = np.empty((len(frame), len(self.coded)), np.int32)
        rng = np.random.default_rng([seed, 0])
        for place, scored in enumerate(self.scored):
            numbers[:, place] = scored.scores(frame[scored.name], rng)
        for place, coded in enumerate(self.coded):
            codes[:, place] = coded.codes(frame[coded.name], rng)
        return numbers, codes

    def decode(self, numbers: np.ndarray, categories: np.ndarray, seed: int = 0) -> pd.DataFrame:
        """The columns of rows, as the frame had them.

        Args:
            numbers: normal scores ``(n, n_numbers)``.
            categories: codes ``(n, n_categories)``; those out of range are cut to it.
            seed: of the draws of identifiers.
        """
        import pandas as pd

        n = len(numbers)
        rng = np.random.default_rng([seed, 1])
        scores = {column.name: numbers[:, place] for place, column in enumerate(self.scored)}
        codes = {column.name: categories[:, place] for place, column in enumerate(self.coded)}
        values: dict[str, np.ndarray] = {}
        for column in self.columns:
            if isinstance(column, ScoreColumn):
                values[column.name] = column.decode(scores[column.name], codes.get(column.name))
            elif isinstance(column, LevelColumn):
                values[column.name] = column.decode(codes.get(column.name), n)
            elif isinstance(column, IdentifierColumn):
                values[column.name] = column.names.draw(n, rng)
        for column in self.columns:
            if isinstance(column, DerivedColumn):
                values[column.name] = column.decode(values[column.source])
        for number, word in self.exclusive:
            values[number] = np.where(pd.isna(values[word]), values[number], np.nan)
        index = pd.RangeIndex(n)
        return pd.DataFrame(
            {c.name: pd.Series(values[c.name], index=index, dtype=c.dtype) for c in self.columns}, index=index
        )

    def state(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and arrays."""
        return {
            "codec": "rows",
            "columns": [column.state() for column in self.columns],
            "exclusive": [list(pair) for pair in self.exclusive],
        }


def restore_rowcodec(state: Mapping[str, Any]) -> RowCodec:
    """The codec that `RowCodec.state` described.

    Raises:
        ValueError: a part of it is malformed.
    """
    columns = [restore_column(part) for part in state["columns"]]
    exclusive = [(str(number), str(word)) for number, word in state["exclusive"]]
    names = {column.name for column in columns}
    needed = [name for pair in exclusive for name in pair] + [c.source for c in columns if isinstance(c, DerivedColumn)]
    if not names.issuperset(needed):
        raise ValueError("expected a codec of rows whose columns depend on columns of its own")
    return RowCodec(columns, exclusive)


def fit_rowcodec(frame: pd.DataFrame, columns: Sequence[Column], seed: int) -> RowCodec:
    """Fit on a typed frame of training rows.

    Args:
        frame: training rows, of which at most `MAX_FIT_ROWS`, evenly taken, are looked at.
        columns: of the frame, see `automl.records.encoded_columns`.
        seed: of draws in the fit, of which there are none: fits on the same rows are equal.

    Raises:
        DataError: a column is of a kind that is not generated, rows are too few, or no column varies.
    """
    _check(frame, columns)
    if len(frame) > MAX_FIT_ROWS:
        frame = frame.iloc[np.linspace(0, len(frame) - 1, MAX_FIT_ROWS).astype(np.int64)]
    binned = {c.name: c.level_column.name for c in columns if c.level_column is not None and "bins" in c.reading}
    exclusive = [
        (c.name, c.level_column.name) for c in columns if c.level_column is not None and "words" in c.reading
        and c.level_column.name in frame.columns
    ]  # fmt: skip
    found = [
        fit_derived(c.name, binned[c.name], frame) if binned.get(c.name) in frame.columns else
        fit_column(c, frame[c.name])
        for c in columns
    ]  # fmt: skip
    _need_levels([column.name for column in found if isinstance(column, LevelColumn) and column.is_rare])
    codec = RowCodec(found, exclusive)
    if not codec.specs:
        shown = ", ".join(f"{column.name} ({column.kind})" for column in columns[:8])
        raise DataError(
            f"expected at least one column that varies in the {counted(len(frame), 'training row')}; found {shown}. "
            "Add a column that varies: there is nothing to generate"
        )
    return codec


def _check(frame: pd.DataFrame, columns: Sequence[Column]) -> None:
    odd = [
        column for column in columns
        if column.kind in NOT_GENERATED and not (column.kind == "unknown" and frame[column.name].isna().all())
    ]  # fmt: skip
    if odd:
        shown = ", ".join(f"{column.name!r} ({column.kind})" for column in odd[:8])
        more = f" and {len(odd) - 8} more" if len(odd) > 8 else ""
        raise DataError(
            "expected columns of numbers, dates, levels, yes and no, or identifiers to generate rows of; "
            f"found {shown}{more}. Leave them out: drop={[column.name for column in odd]!r}, "
            "or name the kind of one that was misread, such as columns={'name': 'categorical'}"
        )
    least = max(len(columns), MIN_LEVEL_ROWS)
    if len(frame) < least:
        raise DataError(
            f"expected at least {counted(least, 'training row')} to generate rows of "
            f"{counted(len(columns), 'column')}; found {len(frame):,}. Add rows, or leave out columns (drop=[...])"
        )


def _need_levels(names: Sequence[str]) -> None:
    if names:
        raise DataError(
            f"expected levels that at least {MIN_LEVEL_ROWS} training rows share, so that no row's own cell is given "
            f"away; found none in {', '.join(map(repr, names))}. Leave them out: drop={list(names)!r}, or say that "
            f"they only name rows: columns={{{names[0]!r}: 'identifier'}}"
        )
