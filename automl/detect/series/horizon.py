"""How many steps a forecast looks ahead: set by the user, or about a season of the panel as a whole."""

from __future__ import annotations

import numpy as np

from automl.detect.series import calendars
from automl.errors import DataError, RecipeError
from automl.records import Recipe

__all__ = ["LEAST_ROWS", "ahead"]

LEAST_ROWS = 10
MOST_LOST = 0.5
"""Share of the rows that may be of series too short for a forecast that nobody asked for."""


def ahead(lengths: np.ndarray, given: np.ndarray | None, alias: str | None, recipe: Recipe, asked: bool) -> int:
    """The horizon: set by the user, or about a season; never more than the data allow.

    Series of the usual length decide, that of the series of the median row: a new shop of twelve days does not set the
    horizon of all others.

    Args:
        lengths: rows of each series.
        given: test rows of each series from the user's own file, or None.
        alias: of the calendar, or None.
        recipe: may set it.
        asked: whether a forecast was asked for. If not, most rows must be of series long enough.

    Raises:
        RecipeError: the horizon asked for is too long. DataError: the longest series is too short for any; or, where
            none was asked for, most of them are.
    """
    longest = int(lengths.max())
    if longest < LEAST_ROWS:
        raise DataError(f"the longest series has {longest} rows; a forecast needs at least {LEAST_ROWS}")
    given_most, most = _most(lengths, given)
    if recipe.horizon is not None:
        if recipe.horizon < 1:
            raise RecipeError(f"horizon must be a whole number of steps from 1, got {recipe.horizon}")
        if recipe.horizon > most:
            tested = f" of which {given_most} are given as test rows" if given_most else ""
            raise RecipeError(
                f"horizon {recipe.horizon} is too long: training, validation and test need one window "
                f"each, and the longest "
                f"series has {longest:,} rows{tested}; ask for at most {most}"
            )
        return recipe.horizon
    usable = lengths[lengths >= LEAST_ROWS]
    if not asked and usable.sum() < (1 - MOST_LOST) * lengths.sum():
        raise DataError(
            f"{len(lengths) - len(usable):,} of {len(lengths):,} series have fewer than the {LEAST_ROWS} rows that a "
            f"forecast needs"
        )
    chosen = calendars.horizon(alias, _usual(usable))
    if given is not None and given_most:
        chosen = min(chosen, _usual(given[given > 0]))
    return max(1, min(chosen, most))


def _usual(lengths: np.ndarray) -> int:
    """The length of the series that the median row is of."""
    ordered = np.sort(lengths)
    return int(ordered[np.searchsorted(np.cumsum(ordered), ordered.sum() / 2)])


def _most(lengths: np.ndarray, given: np.ndarray | None) -> tuple[int, int]:
    """(Most given test rows of a series, the longest horizon that leaves a window for each part)."""
    if given is None or not given.any():
        return 0, (int(lengths.max()) - 2) // 3
    given_most = int(given.max())
    return given_most, max(1, min(given_most, int((lengths - given)[given > 0].max() - 2) // 2))
