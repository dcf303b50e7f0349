"""Numbers and levels as points: numbers by their ranks among reference rows, levels as corners."""

from __future__ import annotations

import numpy as np

from automl.metrics.contents import is_content

__all__ = ["Columns"]

MOST_LEVELS = 50
N_KNOTS = 1_000


class Columns:
    """The columns of a table as points: numbers by their ranks among reference rows, levels as corners at distance 1.

    A missing number is as far from all others as they can be from each other. So each column adds at most one to the
    squared distance, as in Gower's. Fields of pictures, series and texts are left out.

    Args:
        rows: reference rows, a structured array.

    Source: Gower, "A general coefficient of similarity and some of its properties", Biometrics 27 (1971).
    """

    def __init__(self, rows: np.ndarray) -> None:
        self.knots: dict[str, np.ndarray] = {}
        self.levels: dict[str, np.ndarray] = {}
        for name in rows.dtype.names or ():
            if is_content(rows[name]):
                continue
            if rows[name].dtype.kind == "U":
                found, counts = np.unique(rows[name], return_counts=True)
                self.levels[name] = np.sort(found[np.argsort(-counts, kind="stable")[:MOST_LEVELS]])
            else:
                known = rows[name][~np.isnan(rows[name])]
                self.knots[name] = np.quantile(known, np.linspace(0, 1, N_KNOTS)) if len(known) else np.zeros(1)

    def parts(self, rows: np.ndarray) -> list[np.ndarray]:
        """Arrays ``(n, n_dims)`` float64: two of each number (its rank, whether it is missing), one of each level."""
        parts = []
        for name, knots in self.knots.items():
            values = rows[name]
            at, ranks = _ranks(knots)
            rank = np.interp(np.nan_to_num(values), at, ranks)
            gone = np.isnan(values)
            parts += [np.where(gone, 0.5, rank)[:, None], gone[:, None] * np.sqrt(0.75)]
        for name, levels in self.levels.items():
            parts.append((rows[name][:, None] == levels) * np.sqrt(0.5))
        return parts


def _ranks(knots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different knots, and for each the middle of the ranks that its value has."""
    at, first, counts = np.unique(knots, return_index=True, return_counts=True)
    return at, (first + (counts - 1) / 2.0) / max(len(knots) - 1, 1)
