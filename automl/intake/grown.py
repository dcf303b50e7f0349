"""The rows of an earlier run and new ones, as the user wrote them, to be split and learnt from together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import DataError
from automl.intake.assemble import absolute_files, room_of
from automl.intake.frames import is_frame
from automl.intake.grades import as_graded
from automl.intake.raw import Hints, Raw, listed
from automl.intake.source import read

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Recipe

__all__ = ["Grown", "grown"]


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """Old and new rows with the same columns.

    Attributes:
        name: of the old data.
        old: rows of the old data.
        numbers: ``(n_old,)`` positions of these rows in their source, as `Dataset.row_numbers` has them.
        test: the user's own test rows of the old data, or None.
        new: the new rows.
    """

    name: str
    old: pd.DataFrame
    numbers: np.ndarray
    test: pd.DataFrame | None
    new: pd.DataFrame


def grown(recipe: Recipe, new: Any) -> Grown:
    """Read the data of a recipe and new rows, with all their columns.

    Args:
        recipe: of the earlier run.
        new: new rows, in any form that `fit` takes; all columns of the old data must be there.

    Raises:
        DataError: the old data are no table, a column is missing, or a source cannot be read.
    """
    old = read(recipe.data, "the data", Hints(target=recipe.target, room=room_of(recipe)))
    frame = _table(old)
    names = tuple(frame.columns)
    hints = Hints(recipe.target, names=names, encoding=old.encoding, text=_texts(frame))
    added = read(new, "the new rows", hints)
    test = None if recipe.test is None else read(recipe.test, "the test data", hints)
    numbers = old.rows if old.rows is not None else np.arange(len(frame))
    return Grown(
        old.name,
        _rooted(frame, old),
        np.asarray(numbers, np.int64),
        None if test is None else _same_columns(_rooted(_table(test), test), names, test.where, frame),
        _same_columns(_rooted(_table(added), added), names, added.where, frame),
    )


def _table(raw: Raw) -> pd.DataFrame:
    import pandas as pd

    if not is_frame(raw.inputs):
        raise DataError(
            f"an update reads tables, and {raw.where} is an array or a folder of items; run a new contest on all rows"
        )
    frame: pd.DataFrame = raw.inputs
    if raw.target is not None:
        frame = pd.concat([frame, raw.target[[name for name in raw.target.columns if name not in frame]]], axis=1)
    return frame


def _rooted(frame: pd.DataFrame, raw: Raw) -> pd.DataFrame:
    return frame if raw.root is None else absolute_files(frame, raw.root, raw.kinds)


def _texts(frame: pd.DataFrame) -> frozenset[str]:
    import pandas as pd

    return frozenset(c for c in frame.columns if isinstance(frame[c].dtype, pd.StringDtype) or frame[c].dtype == object)


def _same_columns(frame: pd.DataFrame, names: tuple[str, ...], where: str, like: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise DataError(
            f"{where} lacks {listed(missing)} of the data of the run; it has {listed(frame.columns)}; give the new "
            "rows the same columns, the target among them"
        )
    return as_graded(frame[list(names)].reset_index(drop=True), like)
