"""Numbers that pictures, series and texts are judged by: what a classifier, a distance and neighbours read of them.

Items come as a field of a structured array: pictures ``(n, h, w, channels)`` uint8, series ``(n, channels, steps)``
float32, texts as strings with more room than any level has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from automl.metrics.contents import pictures, series, texts
from automl.metrics.contents.components import Remembered, digest

__all__ = ["MOST_LEVEL_CHARACTERS", "Features", "features_of", "form_of", "is_content", "is_text"]

MOST_LEVEL_CHARACTERS = 200
"""Characters of a level of a table; strings with room for more are texts."""
KEPT = 8
_known: Remembered[Features] = Remembered(KEPT)


class Features(Protocol):
    """What is fitted on reference items and gives numbers of any."""

    def transform(self, items: np.ndarray) -> np.ndarray:
        """For distances of distributions, ``(n, n_dims)`` float64; the variances of reference items add up to 1."""

    def columns(self, items: np.ndarray) -> np.ndarray:
        """For a classifier, ``(n, n_columns)`` float64."""

    def points(self, items: np.ndarray) -> np.ndarray:
        """For nearest neighbours, ``(n, n_dims)`` float64; the mean squared distance of reference items is 1."""


def is_text(dtype: np.dtype) -> bool:
    """Whether strings of this type are texts, and not levels."""
    return dtype.kind == "U" and dtype.itemsize > 4 * MOST_LEVEL_CHARACTERS


def is_content(cells: np.ndarray) -> bool:
    """Whether a field holds pictures, series or texts, and not numbers or levels."""
    return cells.ndim > 1 or is_text(cells.dtype)


def features_of(cells: np.ndarray) -> Features:
    """The features of pictures, series or texts, fitted on these; the last few are remembered by what they hold.

    Args:
        cells: a field with at least one item, see `is_content`.
    """
    forms: dict[int, Callable[[np.ndarray], Features]] = {4: pictures.Features, 3: series.Features, 1: texts.Features}
    return _known.get(digest(cells), lambda: forms[cells.ndim](cells))


def form_of(rows: np.ndarray) -> str:
    """What items ``(n,)`` of a structured array are: "picture", "series" or "text"; empty of rows of a table."""
    forms = {3: "picture", 2: "series"}
    for name in rows.dtype.names or ():
        field = rows.dtype[name]
        if field.shape or is_text(field):
            return forms.get(len(field.shape), "text")
    return ""
