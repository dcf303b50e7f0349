"""A table file of any supported format → a frame."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from automl.errors import DataError
from automl.intake import columnar, delimited, excel, json_tables
from automl.intake.frames import tidy
from automl.intake.raw import Hints
from automl.records import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Table", "is_table", "read"]


class Table(NamedTuple):
    """A table as read.

    Attributes:
        frame: with a RangeIndex.
        rows: positions of its rows in the file, None where all are there.
        encoding: Python's name of that of a delimited text, else empty.
    """

    frame: pd.DataFrame
    rows: Any
    findings: tuple[Finding, ...]
    encoding: str = ""


def read(data: bytes, form: str, name: str, hints: Hints, limit_mib: float = math.inf) -> Table:
    """Read one table.

    Args:
        data: the file's bytes, decompressed.
        form: "delimited", "json", "parquet", "feather" or "excel".
        name: of the file, for messages.
        hints: what is known of it.
        limit_mib: that reading it may take.

    Raises:
        DataError: the file is damaged, empty, not a table, or more than may be held.
    """
    if form == "delimited":
        text = delimited.read(data, name, hints, limit_mib)
        rows = None if _is_numbering(text.frame) else text.frame.index.to_numpy()
        frame, noticed = tidy(text.frame.reset_index(drop=True), name, clean=True)
        return Table(frame, rows, text.findings + noticed, text.encoding)
    findings: tuple[Finding, ...] = ()
    if form == "json":
        frame, findings = json_tables.read(data, name, hints, limit_mib)
    elif form == "excel":
        frame, findings = excel.read(data, name, hints, limit_mib)
    else:
        frame = columnar.read(data, form, name, limit_mib)
    if len(frame) == 0 or frame.shape[1] == 0:
        raise DataError(f"{name} holds {len(frame)} rows and {frame.shape[1]} columns: expected a table with rows")
    frame, noticed = tidy(frame, name)
    return Table(frame, None, findings + noticed)


def _is_numbering(frame: pd.DataFrame) -> bool:
    return len(frame) == 0 or (frame.index[0] == 0 and frame.index[-1] == len(frame) - 1)


def is_table(path: Path) -> bool:
    """Whether a path's name is that of a table file, compressed or not."""
    from automl.intake.files import COMPRESSIONS, TABLE_SUFFIXES

    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes = suffixes[:-1]
    return bool(suffixes) and suffixes[-1] in TABLE_SUFFIXES
