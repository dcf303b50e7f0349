"""Leaves the columns out that the user wants to be no inputs (`drop`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from automl.errors import DataError
from automl.intake.frames import is_frame
from automl.intake.raw import Raw, listed, unknown_column
from automl.records import Finding

__all__ = ["without_dropped", "without_those_present"]


def without_dropped(raw: Raw, names: Sequence[str], target: Sequence[str] = ()) -> Raw:
    """Training rows without these columns; a finding says which were left out.

    Args:
        raw: as read.
        names: of the columns to leave out.
        target: names of the target columns, as far as the recipe names them.

    Raises:
        DataError: a name is no column (the nearest ones are named), is a target, or no column is left; or there are no
            columns to name.
    """
    if not names:
        return raw
    if not is_frame(raw.inputs):
        raise DataError(f"drop={names[0]!r} names a column, but {raw.where} is an array without columns; leave it out")
    there = list(raw.inputs.columns)
    targets = [*target, *([] if raw.target is None else raw.target.columns)]
    for name in names:
        if name in targets:
            raise DataError(
                f"drop: {name!r} is the target of {raw.where}, which cannot be dropped; take it out of drop"
            )
        if name not in there:
            raise unknown_column("drop:", name, there, raw.where)
    if set(names) >= set(there):
        raise DataError(
            f"drop names every column of {raw.where} ({listed(there)}): expected at least one input; drop fewer"
        )
    message = f"{len(names)} column{' was' if len(names) == 1 else 's were'} left out, as you asked: {listed(names)}."
    step = "Take them out of drop to use them." if len(names) > 1 else "Take it out of drop to use it."
    finding = Finding("dropped_columns", "low", message, step, columns=tuple(names), count=len(names))
    return replace(raw, inputs=raw.inputs.drop(columns=list(names)), findings=(*raw.findings, finding))


def without_those_present(raw: Raw, names: Sequence[str]) -> Raw:
    """Test rows without those of these columns that they have."""
    if not names or not is_frame(raw.inputs):
        return raw
    return replace(raw, inputs=raw.inputs.drop(columns=[name for name in names if name in raw.inputs.columns]))
