"""Carries sensitive columns beside the inputs, so that both sides can be compared by their groups after the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from automl.errors import DataError
from automl.intake.frames import is_frame
from automl.intake.raw import Raw, unknown_column

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["set_aside"]


def set_aside(raw: Raw, names: Sequence[str], target: Sequence[str] = (), first: int = 0) -> pd.DataFrame | None:
    """A copy of these columns, its index the numbers of the rows; None if none are named.

    They stay among the inputs unless the user drops them.

    Args:
        raw: as read, before anything is dropped.
        names: of the sensitive columns.
        target: names of the target columns, as far as the recipe names them.
        first: the number of the first row: of test data, beyond those of the training source.

    Raises:
        DataError: a name is no column (the nearest ones are named) or is a target; or there are no columns to name.
    """
    if not names:
        return None
    if not is_frame(raw.inputs):
        raise DataError(
            f"sensitive={names[0]!r} names a column, but {raw.where} is an array without columns; leave it out"
        )
    there = list(raw.inputs.columns)
    for name in names:
        if name in target or (raw.target is not None and name in raw.target.columns):
            raise DataError(
                f"sensitive: {name!r} is the target of {raw.where}, and what is predicted cannot be the group that it "
                "is predicted for; take it out of sensitive"
            )
        if name not in there:
            raise unknown_column("sensitive:", name, there, raw.where, raw.encoding)
    rows = raw.rows if raw.rows is not None else np.arange(len(raw.inputs))
    made: pd.DataFrame = raw.inputs[list(names)].set_axis(first + np.asarray(rows, dtype=np.int64), axis=0)
    return made
