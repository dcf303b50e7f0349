"""The rows or items of an earlier run and new ones, as the user gave them, to be split and learnt from together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import DataError
from automl.intake.assemble import absolute_files, room_of
from automl.intake.frames import is_frame
from automl.intake.grades import as_graded
from automl.intake.raw import Hints, Raw, listed
from automl.intake.recordings import with_groups_of_names
from automl.intake.source import read
from automl.records import Mask

if TYPE_CHECKING:
    import pandas as pd

    from automl.records import Recipe

__all__ = ["Grown", "Rows", "grown", "joined"]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of a table with their targets, or items of an array.

    Attributes:
        inputs: a frame that also has the target's columns, or an array ``(n, ...)``.
        target: of an array, the frame of its targets; None where it has none, and for a table.
        rate: samples a second of an array of sounds, or None.
    """

    inputs: Any
    target: pd.DataFrame | None = None
    rate: float | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def is_table(self) -> bool:
        """Whether rows are those of a table."""
        return is_frame(self.inputs)

    def column(self, name: str) -> pd.Series | None:
        """A column, or a target of an array; None where there is none of this name."""
        frame = self.inputs if self.is_table else self.target
        return frame[name] if frame is not None and name in frame else None

    def take(self, chosen: np.ndarray) -> Rows:
        """The rows where ``(n,)`` bool is true."""
        target = None if self.target is None else self.target[chosen].reset_index(drop=True)
        return replace(self, inputs=self.inputs[chosen], target=target)


def joined(parts: Sequence[Rows | None]) -> Rows:
    """Rows one after another; parts that are None are left out."""
    import pandas as pd

    there = [one for one in parts if one is not None]
    if there[0].is_table:
        return replace(there[0], inputs=pd.concat([one.inputs for one in there], ignore_index=True))
    targets = [one.target for one in there if one.target is not None]
    return replace(
        there[0],
        inputs=np.concatenate([one.inputs for one in there]),
        target=pd.concat(targets, ignore_index=True) if targets else None,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """Old and new rows with the same columns, or items of the same shape.

    Attributes:
        name: of the old data.
        old: rows of the old data.
        numbers: ``(n_old,)`` positions of these rows in their source, as `Dataset.row_numbers` has them.
        test: the user's own test rows of the old data, or None.
        new: the new rows.
    """

    name: str
    old: Rows
    numbers: np.ndarray
    test: Rows | None
    new: Rows


def grown(recipe: Recipe, new: Any) -> Grown:
    """Read the data of a recipe and new rows, with all their columns.

    Args:
        recipe: of the earlier run.
        new: new rows, in any form that `fit` takes; all columns of the old data must be there, and items have the
            shape of the old ones. A folder has the layout of the old one.

    Raises:
        DataError: old and new rows differ in form, a column is missing, items cannot be kept as a file, or a source
            cannot be read.
    """
    old = read(recipe.data, "the data", Hints(target=recipe.target, room=room_of(recipe)))
    numbers = np.asarray(old.rows if old.rows is not None else np.arange(len(old.inputs)), np.int64)
    if not is_frame(old.inputs):
        items = Rows(old.inputs, old.target, old.rate)
        hints = Hints(recipe.target)
        added, test = (_alike(items, one, old.where) for one in _read_others(recipe, new, hints))
    else:
        frame = _table(old)
        hints = Hints(recipe.target, names=tuple(frame.columns), encoding=old.encoding, text=_texts(frame))
        raw, theirs = _read_others(recipe, new, hints)
        grouped = with_groups_of_names([one for one in (old, raw, theirs) if one is not None], recipe)
        items = Rows(_table(grouped[0]))
        added, test = (
            _same_columns(one, items.inputs) for one in (grouped[1], grouped[2] if theirs is not None else None)
        )
    assert added is not None
    return Grown(old.name, items, numbers, test, added)


def _read_others(recipe: Recipe, new: Any, hints: Hints) -> tuple[Raw, Raw | None]:
    """The new rows, and the user's own test rows of the old data, if there are any."""
    test = None if recipe.test is None else read(recipe.test, "the test data", hints)
    return read(new, "the new rows", hints), test


# --------------------------------------------------------------------------- tables


def _table(raw: Raw) -> pd.DataFrame:
    """A table with its targets, and paths of files that hold wherever the table is."""
    import pandas as pd

    frame: pd.DataFrame = raw.inputs
    if raw.target is not None:
        frame = pd.concat([frame, raw.target[[name for name in raw.target.columns if name not in frame]]], axis=1)
    masks = [name for name in frame.columns if any(isinstance(cell, Mask) for cell in frame[name].head(50).tolist())]
    if masks:
        raise DataError(
            f"an update keeps rows as a file, and {listed(masks)} of {raw.where} holds masks: give pictures and masks "
            "as arrays X and y (an .npz), or run a new contest on all of them"
        )
    return frame if raw.root is None else absolute_files(frame, raw.root, raw.kinds)


def _texts(frame: pd.DataFrame) -> frozenset[str]:
    import pandas as pd

    return frozenset(c for c in frame.columns if isinstance(frame[c].dtype, pd.StringDtype) or frame[c].dtype == object)


def _same_columns(raw: Raw | None, like: pd.DataFrame) -> Rows | None:
    if raw is None:
        return None
    if not is_frame(raw.inputs):
        raise DataError(
            f"{raw.where} has shape {np.shape(raw.inputs)}, and the data of the run are a table of "
            f"{listed(like.columns)}; give the new rows in the same form"
        )
    frame = _table(raw)
    missing = [name for name in like.columns if name not in frame.columns]
    if missing:
        raise DataError(
            f"{raw.where} lacks {listed(missing)} of the data of the run; it has {listed(frame.columns)}; give the new "
            "rows the same columns, the target among them"
        )
    return Rows(as_graded(frame[list(like.columns)].reset_index(drop=True), like))


# --------------------------------------------------------------------------- arrays


def _alike(like: Rows, raw: Raw | None, where: str) -> Rows | None:
    """Items of the shape, rate and targets of the old ones.

    Raises:
        DataError: they are not alike.
    """
    if raw is None:
        return None
    if is_frame(raw.inputs) or raw.inputs.shape[1:] != like.inputs.shape[1:]:
        told = f"is a table of {listed(raw.inputs.columns)}" if is_frame(raw.inputs) else f"has {raw.inputs.shape}"
        raise DataError(f"{raw.where} {told}, and {where} has {like.inputs.shape}; give the new items the same shape")
    if (raw.inputs.dtype.kind in "bui") != (like.inputs.dtype.kind in "bui"):
        raise DataError(
            f"{raw.where} holds {raw.inputs.dtype}, and {where} {like.inputs.dtype}; give the new items the same type"
        )
    if raw.rate != like.rate:
        raise DataError(
            f"{raw.where} has {raw.rate or 'no'} samples a second, and {where} {like.rate or 'none'}; give the new "
            "sounds the same rate"
        )
    target = raw.target
    if (target is None) != (like.target is None) or (
        target is not None and like.target is not None and target.shape[1] != like.target.shape[1]
    ):
        n_old, n_new = (0 if one is None else one.shape[1] for one in (like.target, target))
        raise DataError(f"{raw.where} has {n_new} targets, and {where} {n_old}; give the new items the same targets")
    if target is not None and like.target is not None:
        target = target.set_axis(like.target.columns, axis=1)
    return Rows(raw.inputs, target, raw.rate)
