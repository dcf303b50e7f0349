"""Which columns of a wide table the audit looks at: all are compared with the target at once, on few rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from automl.audit.encoding import evenly
from automl.records import FILE_KINDS, ORDERED_KINDS, Column

if TYPE_CHECKING:
    from automl.audit.view import Target

__all__ = ["Screened", "screened", "skills_at_once"]

CELLS, LEAST_ROWS = 2_000_000, 60
"""Cells that are compared with a target in all, and the least rows of them."""
ROWS_A_BIN, MOST_BINS = 8, 16
CHUNK = 1_000_000
"""Cells, and counts of levels and classes, that are held at once."""
SHRINK = 1.0


@dataclass(frozen=True, slots=True)
class Screened:
    """Columns to look at.

    Attributes:
        columns: in the order of the table.
        chance: the best skill that any of all columns has for a target whose rows are shuffled; 0 where all columns are
            looked at.
    """

    columns: tuple[Column, ...]
    chance: float = 0.0


def screened(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    targets: Sequence[Target],
    rows: np.ndarray,
    most: int,
    keep: Collection[str],
) -> Screened:
    """The columns that tell most of a target by themselves.

    Args:
        frame: the table.
        columns: to choose from.
        targets: of all rows.
        rows: that may be read; at most `CELLS` cells of them are.
        most: how many columns to choose.
        keep: names of columns to choose before others; at most a tenth of `most`.
    """
    rows = evenly(rows, max(LEAST_ROWS, CELLS // len(columns)))
    shuffled = np.random.default_rng(0).permutation(len(rows))
    skill, chance = np.full(len(columns), -np.inf), 0.0
    for places, codes in _coded(frame, columns, rows):
        for target in targets:
            values = target.values[rows]
            own = skills_at_once(codes, values, target.n_classes)
            skill[places] = np.maximum(skill[places], own)
            chance = max(chance, float(skills_at_once(codes, values[shuffled], target.n_classes).max()))
    kept = [i for i, column in enumerate(columns) if column.name in keep][: most // 10]
    skill[kept] = np.inf
    best = np.sort(np.argsort(-skill, kind="stable")[:most])
    return Screened(tuple(columns[i] for i in best), chance)


def _coded(frame: pd.DataFrame, columns: Sequence[Column], rows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Places of some columns, and their levels or bins ``(n_rows, n)``, some columns at a time."""
    n_at_once = max(1, CHUNK // len(rows))
    ordered = [i for i, column in enumerate(columns) if column.kind in ORDERED_KINDS]
    others = [i for i, column in enumerate(columns) if column.kind not in (*ORDERED_KINDS, *FILE_KINDS)]
    for some in (ordered, others):
        for begin in range(0, len(some), n_at_once):
            places = some[begin : begin + n_at_once]
            series = [frame[columns[i].name].to_numpy()[rows] for i in places]
            if some is ordered:
                yield np.array(places), bins_at_once(np.column_stack([_as_floats(one) for one in series]))
            else:
                yield np.array(places), np.column_stack([pd.factorize(one, use_na_sentinel=False)[0] for one in series])


def _as_floats(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "M":
        return np.where(np.isnat(values), np.nan, values.astype("datetime64[s]").astype(np.float64))
    return values.astype(np.float64)


def bins_at_once(block: np.ndarray) -> np.ndarray:
    """Numbers ``(n, n_columns)`` as bins of equal size; equal numbers share a bin, and NaN has a bin of its own."""
    n = len(block)
    n_bins = int(np.clip(n // ROWS_A_BIN, 2, MOST_BINS))
    order = np.argsort(block, axis=0, kind="stable")  # NaN last
    ranked = np.take_along_axis(block, order, axis=0)
    begins = np.ones(block.shape, bool)
    begins[1:] = ranked[1:] != ranked[:-1]
    place = np.maximum.accumulate(np.where(begins, np.arange(n)[:, None], 0), axis=0)
    rank = np.empty_like(place)
    np.put_along_axis(rank, order, place, axis=0)
    gone = np.isnan(block)
    return np.asarray(np.where(gone, n_bins, rank * n_bins // np.maximum(n - gone.sum(axis=0), 1)))


def skills_at_once(codes: np.ndarray, values: np.ndarray, n_classes: int) -> np.ndarray:
    """`univariate.skill` of each of many columns.

    Args:
        codes: ``(n, n_columns)`` levels from 0.
        values: ``(n,)`` class codes, or numbers.
        n_classes: 0 for numbers.

    Returns:
        ``(n_columns,)``.
    """
    n_levels = int(codes.max(initial=0)) + 1
    n_at_once = max(1, CHUNK // max(len(codes), n_levels * max(n_classes, 1)))
    parts = [
        _skills(codes[:, begin : begin + n_at_once], n_levels, values, n_classes)
        for begin in range(0, codes.shape[1], n_at_once)
    ]
    return np.concatenate(parts)


def _skills(codes: np.ndarray, n_levels: int, values: np.ndarray, n_classes: int) -> np.ndarray:
    n, n_columns = codes.shape
    at = codes + n_levels * np.arange(n_columns)  # a level of a column has a number of its own
    size = np.bincount(at.ravel(), minlength=n_levels * n_columns).astype(np.float64)
    rest = size[at] - 1 + SHRINK
    if n_classes == 0:
        values = np.clip(values, *np.quantile(values, [0.01, 0.99]))
        if not values.var() > 0:
            return np.zeros(n_columns)
        weights = np.repeat(values, n_columns)
        total = np.bincount(at.ravel(), weights, minlength=n_levels * n_columns)
        predicted = (total[at] - values[:, None] + SHRINK * values.mean()) / rest
        return np.asarray(1 - ((values[:, None] - predicted) ** 2).mean(axis=0) / values.var())
    prior = np.bincount(values, minlength=n_classes) / n
    base = 1 - (prior**2).sum()
    if base <= 0:
        return np.zeros(n_columns)
    pairs = at * n_classes + values[:, None]
    count = np.bincount(pairs.ravel(), minlength=n_levels * n_columns * n_classes).astype(np.float64)
    squares = ((count.reshape(-1, n_classes) + SHRINK * prior) ** 2).sum(axis=1)
    own = count[pairs] + SHRINK * prior[values][:, None]
    of_all = (squares[at] - 2 * own + 1) / rest**2
    return np.asarray(1 - (of_all - 2 * (own - 1) / rest + 1).mean(axis=0) / base)
