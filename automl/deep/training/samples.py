"""Trains networks that generate rows, and says so where they generate one row again and again. TensorFlow only."""

from __future__ import annotations

import numpy as np

from automl.deep.training.failure import Collapsed
from automl.deep.training.network import Network

__all__ = ["GeneratorNetwork"]

DECIMALS = 2
"""Of normal scores: rows that agree to so many are the same."""
LEAST_DIFFERENT = 0.01
LEAST_ROWS = 50


class GeneratorNetwork(Network):
    """A network whose output is a new row. The arguments are those of `Network`."""

    def predict_valid(self) -> np.ndarray:
        """New rows, as many as there are validation rows, shape (n_valid, n_numbers + n_categories).

        Raises:
            Collapsed: no more than a hundredth of them differ.
        """
        rows = super().predict_valid()
        check_rows(rows)
        return rows


def check_rows(rows: np.ndarray) -> None:
    """Refuse generated rows ``(n, n_columns)`` that collapsed; those that are not finite fail elsewhere.

    Raises:
        Collapsed: as of `GeneratorNetwork.predict_valid`.
    """
    flat = np.round(rows.reshape(len(rows), -1).astype(np.float64), DECIMALS)
    if len(flat) < LEAST_ROWS or not np.isfinite(flat).all():
        return
    n_different = len(np.unique(flat, axis=0))
    if n_different <= LEAST_DIFFERENT * len(flat):
        raise Collapsed(
            f"only {n_different} of {len(flat):,} generated rows differ: the generator makes the same rows again and "
            "again; a lower learning rate or another seed may help"
        )
