"""Rows of any fields as features, in which distributions are compared."""

from __future__ import annotations

import numpy as np

from automl.metrics.contents import features_of, is_content
from automl.metrics.contents.columns import Columns
from automl.metrics.contents.components import Components

__all__ = ["RowFeatures"]

N_COMPONENTS = 48
"""So many that 2,000 rows are weighed anew 2,000 times within a second or two."""


class RowFeatures:
    """Features of rows, fitted on reference rows: at most 48 principal components of all fields together.

    A picture, a series or a text has a variance of 1, a column of numbers or levels at most ½, a share as in nearest
    neighbours. Then all is scaled, so that the variances of reference rows add up to 1.

    Args:
        rows: a structured array ``(n,)`` with at least one row.
    """

    def __init__(self, rows: np.ndarray) -> None:
        names = rows.dtype.names or ()
        self.contents = {name: features_of(rows[name]) for name in names if is_content(rows[name])}
        self.columns = Columns(rows)
        self.components = Components(self._parts(rows), N_COMPONENTS)

    def transform(self, rows: np.ndarray) -> np.ndarray:
        """``(n, at most 48)`` float64."""
        return self.components.transform(self._parts(rows))

    def _parts(self, rows: np.ndarray) -> np.ndarray:
        parts = [features.transform(rows[name]) for name, features in self.contents.items()]
        return np.concatenate([np.zeros((len(rows), 1)), *parts, *self.columns.parts(rows)], axis=1)
