"""Levels of categories as 0/1 columns of a sparse matrix, beside dense columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import sparse

from automl.baselines.features.levels import find, levels_of
from automl.records import Table

__all__ = ["level_scale", "places_of_levels", "with_levels"]

SPREAD_OF_RAREST = 1 / 8
CHUNK_ROWS = 50_000


def places_of_levels(plan: Mapping[str, Mapping[str, Any]], frame: Table) -> list[tuple[np.ndarray, int]]:
    """Of each one-hot column: the place of each row's level, -1 for none, and how many levels there are."""
    found = []
    for name, step in plan.items():
        if step["kind"] != "onehot":
            continue
        levels, at = levels_of(frame[name])
        place = find(step["names"], levels)
        place[place >= 0] = step["values"][place[place >= 0]]
        if len(step["names"]):
            found.append((place[at].astype(np.int32), len(step["names"])))
    return found


def level_scale(levels: list[tuple[np.ndarray, int]]) -> np.ndarray:
    """What each 0/1 column is multiplied by: one over its standard deviation, at most 8."""
    scales = []
    for place, n_levels in levels:
        share = np.bincount(place[place >= 0], minlength=n_levels) / max(len(place), 1)
        scales.append(1.0 / np.maximum(np.sqrt(share * (1.0 - share)), SPREAD_OF_RAREST))
    return np.concatenate(scales) if scales else np.zeros(0)


def with_levels(
    matrix: np.ndarray, finish: Callable[[np.ndarray], np.ndarray], n_dense: int,
    levels: list[tuple[np.ndarray, int]], scale: np.ndarray,
) -> sparse.csr_matrix:  # fmt: skip
    """The finished dense columns followed by the levels, which are scaled but not centred.

    Every row stores as many numbers (an unknown level a zero), so nothing is copied to put them together.

    Args:
        matrix: dense columns ``(n, columns)``; some thousand rows at a time are finished.
        finish: makes ``(rows, n_dense)`` of rows of it.
        n_dense: dense columns when finished.
        levels: of `places_of_levels`.
        scale: of `level_scale`.
    """
    n_rows = len(matrix)
    width = n_dense + len(levels)
    data = np.zeros((n_rows, width), np.float32)
    places = np.empty((n_rows, width), np.int32)
    places[:, :n_dense] = np.arange(n_dense)
    for begin in range(0, n_rows, CHUNK_ROWS):
        part = slice(begin, begin + CHUNK_ROWS)
        data[part, :n_dense] = finish(matrix[part])
    first = n_dense
    for column, (place, n_levels) in enumerate(levels, n_dense):
        own = np.append(scale[first - n_dense : first - n_dense + n_levels], 0.0)
        data[:, column] = own[place]
        places[:, column] = first + np.maximum(place, 0)
        first += n_levels
    ends = np.arange(n_rows + 1, dtype=np.int64) * width
    ends = ends.astype(np.int32) if ends[-1] < 2**31 else ends
    return sparse.csr_matrix((data.ravel(), places.ravel(), ends), (n_rows, first))
