"""How strongly columns go together, and which of them are near enough to be one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from automl.frame_columns import number_blocks, numpy_kinds

__all__ = ["clusters", "likeliest", "matrix_of", "with_numbers"]

NEAR = 0.7
"""Columns of an average association from here on are one group."""
N_BINS = 5
MOST_LEVELS = 20


def matrix_of(frame: pd.DataFrame) -> np.ndarray:
    """``(n_columns, n_columns)`` from 0 to 1.

    Spearman's rank correlation of two columns of numbers, Cramér's V (with the correction of Bergsma 2013) of others;
    numbers are cut into fifths for it.
    """
    n_columns = frame.shape[1]
    numeric = [_is_numeric(frame.iloc[:, i]) for i in range(n_columns)]
    ranks = [_ranks(frame.iloc[:, i]) if numeric[i] else None for i in range(n_columns)]
    codes = [_codes(frame.iloc[:, i], numeric[i]) for i in range(n_columns)]
    found = np.eye(n_columns)
    for i in range(n_columns):
        for j in range(i):
            one, other = ranks[i], ranks[j]
            both = one is not None and other is not None
            found[i, j] = found[j, i] = abs(_correlation(one, other)) if both else _cramer(codes[i], codes[j])
    return found


def clusters(matrix: np.ndarray) -> list[list[int]]:
    """Groups of two columns or more, by average linkage."""
    if len(matrix) < 2:
        return []
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    distances = np.clip(1.0 - matrix, 0.0, 1.0)
    np.fill_diagonal(distances, 0.0)
    labels = fcluster(linkage(squareform(distances, checks=False), "average"), 1.0 - NEAR, "distance")
    groups = [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]
    return [group for group in groups if len(group) > 1]


def with_numbers(cells: pd.Series, values: Sequence[np.ndarray]) -> float:
    """The largest association of a column with any of these numbers ``(n,)``."""
    numeric = _is_numeric(cells)
    one = _ranks(cells) if numeric else None
    codes = _codes(cells, numeric)
    found = [0.0]
    for value in values:
        other = pd.Series(value)
        if one is not None:
            found.append(abs(_correlation(one, _ranks(other))))
        found.append(_cramer(codes, _codes(other, True)))
    return max(found)


def likeliest(
    inputs: pd.DataFrame, names: Sequence[tuple[str, ...]], rows: np.ndarray, values: Sequence[np.ndarray], most: int
) -> list[int]:
    """Which of many columns are likely to go together with some numbers: ranked all at once.

    Args:
        inputs: the table.
        names: of the columns, some of them in groups.
        rows: positions of the rows to look at.
        values: numbers of these rows, ``(n,)`` each.
        most: how many single columns of numbers to choose, and how many others.

    Returns:
        Places among `names`, ascending: of the numbers those whose ranks go together most with any of the values, of
        the others the first.
    """
    from scipy.stats import rankdata

    kinds = dict(zip(inputs.columns, numpy_kinds(inputs), strict=True))
    places = {own[0]: i for i, own in enumerate(names) if len(own) == 1 and kinds[own[0]] == "f"}
    others = [i for i, own in enumerate(names) if len(own) > 1 or own[0] not in places]
    wanted = _standard(np.stack([rankdata(value) for value in values], axis=1))
    found: dict[int, float] = {}
    for own, block in number_blocks(inputs, list(places), rows):
        gone = ~np.isfinite(block)
        ranks = rankdata(np.where(gone, 0.0, block), axis=0)
        ranks = np.where(gone, np.nan, ranks)
        middle = np.nan_to_num(np.nanmean(np.where(gone.all(axis=0), 0.0, ranks), axis=0))
        strongest = np.abs(wanted.T @ _standard(np.where(gone, middle, ranks))).max(axis=0)
        found |= {places[name]: strength for name, strength in zip(own, strongest.tolist(), strict=True)}
    best = sorted(found, key=lambda place: (-found[place], place))[:most]
    return sorted([*best, *others[:most]])


def _standard(table: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and length 1; 0 where a column does not vary."""
    centred = table - table.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    return np.asarray(centred / np.where(length > 0, length, 1.0))


def _is_numeric(cells: pd.Series) -> bool:
    return cells.dtype.kind in "iufM"


def _ranks(cells: pd.Series) -> np.ndarray:
    numbers = cells.astype("int64") if cells.dtype.kind == "M" else cells
    ranks = numbers.rank().to_numpy(np.float64, na_value=np.nan)
    if not np.isfinite(ranks).any():
        return np.zeros(len(ranks))
    return np.where(np.isfinite(ranks), ranks, np.nanmean(ranks))


def _correlation(one: np.ndarray | None, other: np.ndarray | None) -> float:
    if one is None or other is None or one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _codes(cells: pd.Series, numeric: bool) -> np.ndarray:
    if numeric:
        ranks = _ranks(cells)
        edges = np.unique(np.quantile(ranks, np.linspace(0, 1, N_BINS + 1)[1:-1]))
        return np.searchsorted(edges, ranks, side="right")
    codes, _ = pd.factorize(cells.astype(object).where(cells.notna(), None).map(str), use_na_sentinel=False)
    frequent = np.argsort(-np.bincount(codes), kind="stable")[:MOST_LEVELS]
    place = np.full(codes.max(initial=0) + 1, MOST_LEVELS)
    place[frequent] = np.arange(len(frequent))
    return np.asarray(place[codes])


def _cramer(one: np.ndarray, other: np.ndarray) -> float:
    n = len(one)
    rows, columns = np.unique(one, return_inverse=True)[1], np.unique(other, return_inverse=True)[1]
    n_rows, n_columns = int(rows.max(initial=0)) + 1, int(columns.max(initial=0)) + 1
    if n < 2 or min(n_rows, n_columns) < 2:
        return 0.0
    counts = np.bincount(rows * n_columns + columns, minlength=n_rows * n_columns).reshape(n_rows, n_columns)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / n
    phi = float(((counts - expected) ** 2 / expected).sum()) / n
    phi = max(0.0, phi - (n_rows - 1) * (n_columns - 1) / (n - 1))
    rows_left = n_rows - (n_rows - 1) ** 2 / (n - 1)
    columns_left = n_columns - (n_columns - 1) ** 2 / (n - 1)
    least = min(rows_left, columns_left) - 1
    return float(np.sqrt(min(1.0, phi / least))) if least > 0 else 0.0
