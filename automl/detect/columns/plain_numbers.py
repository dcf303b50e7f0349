"""Numbers with decimals, many columns at a time: of wide tables, one by one they take most of the time of detection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from automl.detect.columns.rules import stored_numbers
from automl.frame_columns import number_blocks
from automl.records import Column

__all__ = ["missing_shares", "plain_numbers"]


def plain_numbers(frame: pd.DataFrame) -> dict[str, Column]:
    """Columns that are stored as finite float64, vary, and hold a number that is not whole.

    The rules give such a column the kind numeric whatever its name, and the model does not overrule them. The answer is
    that of the rules.

    Args:
        frame: columns as they were read, names all different.

    Returns:
        By name.
    """
    found: dict[str, Column] = {}
    for names, block in _blocks(frame):
        present = ~np.isnan(block)
        finite = ~np.isinf(block).any(axis=0)
        fractions = (present & (block != np.round(block))).any(axis=0)
        block = np.sort(block, axis=0)  # gaps come last
        steps = (block[1:] != block[:-1]) & ~np.isnan(block[1:])
        n_distinct = steps.sum(axis=0) + present.any(axis=0)
        varies = (n_distinct > 1) | ~present.all(axis=0)
        for place in np.flatnonzero(finite & fractions & varies).tolist():
            values = block[: int(present[:, place].sum()), place]
            found[names[place]] = stored_numbers(names[place], values, int(n_distinct[place]))
    return found


def missing_shares(frame: pd.DataFrame) -> dict[str, float]:
    """The share of gaps in each float64 column, by name.

    Args:
        frame: any; other columns are left out.
    """
    shares: dict[str, float] = {}
    for names, block in _blocks(frame):
        shares |= dict(zip(names, np.isnan(block).mean(axis=0).tolist(), strict=True))
    return shares


def _blocks(frame: pd.DataFrame) -> Iterator[tuple[Sequence[str], np.ndarray]]:
    """(names, ``(n_rows, n)`` float64) of the float64 columns, some at a time."""
    if not len(frame):
        return
    dtypes = frame.dtypes.tolist()
    names = [str(name) for name, dtype in zip(frame.columns, dtypes, strict=True) if dtype == np.float64]
    yield from number_blocks(frame, names)
