"""Columns whose cells are lists of numbers → columns of numbers: one a member, or a few statistics of each list.

Cells are text here, whatever they came as (arrays, lists of Parquet, JSON, text in a CSV file): "[0.1, 0.2]", or as
NumPy prints them, "[0.1 0.2]".
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from automl.errors import DataError
from automl.intake.frames import is_frame
from automl.intake.limits import refuse_beyond, refuse_columns, whole_mib
from automl.intake.raw import Raw, listed
from automl.records import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_trained", "with_vectors"]

NUMBER = r"[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|nan|inf|NaN|Infinity|null)"
LIST_OF_NUMBERS = re.compile(rf"\s*\[\s*(?:{NUMBER}(?:\s*,\s*|\s+|(?=\s*\])))*\s*\]\s*")
LOOKED_CELLS, LOOKED_CHARACTERS = 20, 2_000
LEAST_MEMBERS = 2
LEAST_WHOLE = 3
"""Members of a list of whole numbers: two of them may be labels."""
MOST_MEMBERS = 20_000
MEMBER_BYTES = 40
NO_LISTS = frozenset("biufmM")
"""Kinds of types whose cells are no text."""
STATISTICS = ("length", "mean", "std", "min", "max", "first", "last", "mean_change")


def with_vectors(raw: Raw, excluded: Collection[str]) -> Raw:
    """A table with each column of lists of numbers spelled out.

    Lists of one length become "name_0", "name_1" and so on; lists of fractions whose lengths differ become statistics
    ("name_length", "name_mean", ...). Lists of whole numbers whose lengths differ stay: they are labels.

    Args:
        raw: as read, its test rows appended.
        excluded: names of columns that have another role, or a kind that the user set.

    Raises:
        DataError: lists of more members than a table can have columns, or a name that is taken.
    """
    if not is_frame(raw.inputs):
        return raw
    findings: list[Finding] = []
    made: dict[str, pd.DataFrame] = {}
    for name, kind in zip(raw.inputs.columns, (dtype.kind for dtype in raw.inputs.dtypes.tolist()), strict=True):
        if kind in NO_LISTS or name in excluded or not _may_hold_lists(raw.inputs[name]):
            continue
        lists = _lists(raw.inputs[name])
        if lists is None:
            continue
        columns, finding = _spelled_out(name, lists, raw.where)
        if columns is not None and finding is not None:
            _refuse_taken(name, columns, raw.inputs.columns)
            made[name] = columns
            findings.append(finding)
    if not made:
        return raw
    return replace(raw, inputs=_replaced(raw.inputs, made), findings=(*raw.findings, *findings))


def as_trained(frame: pd.DataFrame, known: Collection[str]) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """New rows whose columns of lists are spelled out as those trained on were.

    Args:
        frame: new rows.
        known: names of the columns trained on.
    """
    findings: tuple[Finding, ...] = ()
    made: dict[str, pd.DataFrame] = {}
    for name in frame.columns:
        if name in known:
            continue
        n_members = next(n for n in range(len(known) + 1) if f"{name}_{n}" not in known)
        if n_members < LEAST_MEMBERS and not {f"{name}_length", f"{name}_mean_change"} <= set(known):
            continue
        lists = [_numbers(cell) if isinstance(cell, str) else None for cell in frame[name]]
        n_odd = sum(cell is not None and cell == cell for cell in frame[name])
        if n_members >= LEAST_MEMBERS:
            fits = [values if values is not None and len(values) == n_members else None for values in lists]
            made[name] = _members(name, fits, n_members)
        else:
            fits = lists
            made[name] = _statistics(name, lists)
        n_odd -= sum(values is not None for values in fits)
        if n_odd:
            wanted = f"of {n_members} numbers, as those trained on" if n_members >= LEAST_MEMBERS else "of numbers"
            message = f"{n_odd:,} cells of {name!r} are no lists {wanted}; they are read as missing."
            step = "Write these cells as the training rows were written."
            findings += (Finding("odd_vectors", "high", message, step, columns=(name,), count=n_odd),)
    return (_replaced(frame, made) if made else frame), findings


def _replaced(frame: pd.DataFrame, made: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A frame with columns in place of some of its own."""
    import pandas as pd

    parts = [made[name] if name in made else frame[[name]] for name in frame.columns]
    return pd.concat([part.set_axis(frame.index, axis=0) for part in parts], axis=1)


def _refuse_taken(name: str, columns: pd.DataFrame, taken: Collection[str]) -> None:
    if twice := [column for column in columns.columns if column in taken]:
        raise DataError(
            f"the lists of {name!r} would become columns that are there already ({listed(twice, 3)}); rename {name!r}, "
            "or drop it"
        )


# --------------------------------------------------------------------------- cells


def _may_hold_lists(column: pd.Series) -> bool:
    """Whether the first cells are lists of numbers."""
    seen = column.dropna().iloc[:LOOKED_CELLS].tolist()
    return bool(seen) and all(isinstance(cell, str) and _looks_listed(cell) for cell in seen)


def _looks_listed(cell: str) -> bool:
    text = cell.strip()
    if not text.startswith("[") or not text.endswith("]"):
        return False
    if len(text) > LOOKED_CHARACTERS:  # its beginning shows what it is
        text = re.sub(r"[^\s,]*$", "", text[:LOOKED_CHARACTERS]).rstrip(" ,") + "]"
    flat = re.sub(r"[\[\]]+", " ", text).strip(" ,")  # lists of lists, too
    return LIST_OF_NUMBERS.fullmatch(f"[{flat}]") is not None


def _lists(column: pd.Series) -> list[np.ndarray | None] | None:
    """The numbers of each cell, None where it is missing or empty; None altogether where a cell is something else."""
    lists: list[np.ndarray | None] = []
    for cell in column:
        if cell is None or cell != cell:
            lists.append(None)
            continue
        values = _numbers(cell) if isinstance(cell, str) else None
        if values is None:
            return None
        lists.append(values if len(values) else None)
    return lists


def _numbers(cell: str) -> np.ndarray | None:
    """The members of a list of numbers, those of a list of lists one after another; None for anything else."""
    try:
        values = np.array(json.loads(cell), dtype=np.float64)  # null becomes missing
    except RecursionError:
        return None
    except (ValueError, TypeError, OverflowError):
        text = cell.strip()
        if not text.startswith("[") or not text.endswith("]"):
            return None
        try:
            values = np.array(text[1:-1].replace(",", " ").split(), dtype=np.float64)
        except ValueError:
            return None
    return values.ravel() if values.ndim else None


# --------------------------------------------------------------------------- columns


def _spelled_out(name: str, lists: list[np.ndarray | None], where: str) -> tuple[pd.DataFrame | None, Finding | None]:
    present = [values for values in lists if values is not None]
    lengths = {len(values) for values in present}
    whole = all(bool((values[np.isfinite(values)] % 1 == 0).all()) for values in present)
    if not lengths or max(lengths) < (LEAST_WHOLE if whole else LEAST_MEMBERS) or (whole and len(lengths) > 1):
        return None, None
    step = f"Set its kind to 'list' or 'text' to have it read as written, or drop it (column {name!r})."
    if len(lengths) > 1:
        message = (
            f"The cells of {name!r} are lists of {min(lengths):,} to {max(lengths):,} numbers; of each list "
            f"{len(STATISTICS)} statistics are used ({', '.join(STATISTICS)})."
        )
        step = f"Bring them to one length to have each number used. {step}"
        finding = Finding("lists_of_numbers", "medium", message, step, columns=(name,), count=len(present))
        return _statistics(name, lists), finding
    (length,) = lengths
    if length > MOST_MEMBERS:
        raise DataError(
            f"the cells of {name!r} in {where} are lists of {length:,} numbers: expected at most {MOST_MEMBERS:,}; "
            "pass such series as an array of shape (n, channels, length) with their targets, a pair (X, y)"
        )
    refuse_columns(where, length)
    refuse_beyond(where, MEMBER_BYTES * length * len(lists), whole_mib(None), f"lists of {length:,} numbers")
    message = (
        f"The cells of {name!r} are lists of {length:,} numbers; they are read as {length:,} columns of numbers, "
        f"{name + '_0'!r} to {f'{name}_{length - 1}'!r}."
    )
    finding = Finding("vectors", "low", message, step, columns=(name,), count=len(present))
    return _members(name, lists, length), finding


def _members(name: str, lists: list[np.ndarray | None], length: int) -> pd.DataFrame:
    import pandas as pd

    table = np.full((len(lists), length), np.nan)
    for row, values in enumerate(lists):
        if values is not None:
            table[row] = values
    return pd.DataFrame(table, columns=pd.Index([f"{name}_{place}" for place in range(length)], dtype=object))


def _statistics(name: str, lists: list[np.ndarray | None]) -> pd.DataFrame:
    import pandas as pd

    table = np.array([_described(values) for values in lists], dtype=np.float64).reshape(-1, len(STATISTICS))
    return pd.DataFrame(table, columns=pd.Index([f"{name}_{word}" for word in STATISTICS], dtype=object))


def _described(values: np.ndarray | None) -> list[float]:
    """The numbers that `STATISTICS` names."""
    known = np.empty(0) if values is None else values[np.isfinite(values)]
    if not len(known):
        return [np.nan if values is None else float(len(values)), *[np.nan] * (len(STATISTICS) - 1)]
    change = float(np.abs(np.diff(known)).mean()) if len(known) > 1 else 0.0
    ends = [float(known.mean()), float(known.std()), float(known.min()), float(known.max())]
    return [float(len(known)), *ends, float(known[0]), float(known[-1]), change]
