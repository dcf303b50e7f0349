"""What every reader hands on: rows as they were found, before roles (target, weight, group) are parted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from automl.errors import DataError
from automl.records import Finding, Kind

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Hints", "Raw", "Room", "listed", "nearest", "unknown_column"]

LONGEST_NAME = 100
"""Characters of a name that a message shows."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a table may be held, and which rows are kept where that is less than all of them.

    Attributes:
        memory_mib: what may be used in all; None for most of what is free.
        seed: of the draw.
        time_column: whose latest rows are kept, or None.
        is_series: a forecast is asked for, or a series column named.
        most_rows: to look at and not to learn from, so that no more are worth the time; None for no such bound.
    """

    memory_mib: float | None = None
    seed: int = 0
    time_column: str | None = None
    is_series: bool = False
    most_rows: int | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known before reading, so that a second file is read as the first one was.

    Attributes:
        target: names the user gave to the target.
        text: columns that stay text even where every cell looks like a number ("00123" in another file).
        words: columns where "NA" and "None" stay values (they are categories: unseen ones do no harm).
        room: how much of a large table may be held; None to read all of it.
        names: of the columns of the first file.
        encoding: of the first file, where it was text; empty where it was none.
        sheet: of a workbook, by name; empty to choose one.
    """

    target: tuple[str, ...] = ()
    text: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    room: Room | None = None
    names: tuple[str, ...] = ()
    encoding: str = ""
    sheet: str = ""

    @property
    def is_headless(self) -> bool:
        """Whether the first file had no header, so that its columns were numbered."""
        return bool(self.names) and set(self.names) == {f"x{i}" for i in range(len(self.names))}

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names that a header should hold."""
        return () if self.is_headless else tuple(dict.fromkeys((*self.target, *self.names)))


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """Rows as read.

    Attributes:
        name: short name of the source.
        where: how messages speak of it ("cars.csv", "the data").
        inputs: a frame (target columns of a table still among them) or an array of 3 or 4 dimensions.
        target: frame of targets where the source keeps them apart (pairs, npz, class folders).
        given: ``(n,)`` bool, where the source itself names test rows.
        root: folder of relative paths.
        rows: ``(n,)`` position of each row in the source, where some were left out.
        n_source_rows: that the source has, where only a part was read to be looked at.
        test_from: the number of the appended test data's first row.
        kinds: of columns, where the reader knows more than their cells say (images without an ending).
        encoding: Python's name of that of a delimited text, else empty.
        names: of all items of a folder, those that cannot be read among them.
        unread: positions in `names` of the latter.
        rate: samples a second of an array of sounds ``(n, channels, samples)``, or None.
    """

    name: str
    where: str
    inputs: Any
    target: pd.DataFrame | None = None
    given: np.ndarray | None = None
    root: str | None = None
    rows: np.ndarray | None = None
    findings: tuple[Finding, ...] = ()
    n_source_rows: int | None = None
    test_from: int | None = None
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    encoding: str = ""
    names: tuple[str, ...] = ()
    unread: tuple[int, ...] = ()
    rate: float | None = None

    @property
    def read(self) -> tuple[int, ...]:
        """Positions in `names` of the items that were read."""
        return tuple(sorted(set(range(len(self.names))) - set(self.unread)))


def nearest(name: str, names: Iterable[str]) -> str:
    """The nearest of some names as a clause for a message; empty when none is near."""
    lower = {str(other).lower().strip()[:LONGEST_NAME]: str(other) for other in names}
    close = get_close_matches(name.lower().strip()[:LONGEST_NAME], list(lower), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(_short(repr(lower[word])) for word in close)}?" if close else ""


def listed(names: Iterable[Any], most: int = 10) -> str:
    """Names as a readable list, cut after `most` of them."""
    names = list(names)
    shown = ", ".join(_short(repr(name)) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 2]}…{text[-1]}"


def unknown_column(what: str, name: str, names: Iterable[str], where: str, encoding: str = "") -> DataError:
    """The error for a column that is not there: names what was asked for, what there is and what is near.

    Args:
        what: the column is for.
        name: that was asked for.
        names: that there are.
        where: for messages.
        encoding: in which a text was read; if names may be misread, the message says so.
    """
    names = [str(other) for other in names]
    near = nearest(name, names) + _misread(names, encoding)
    return DataError(f"{what} {_short(repr(name))} is not a column of {where}, whose columns are {listed(names)}{near}")


def _misread(names: Iterable[str], encoding: str) -> str:
    """A clause on the encoding, where names hold signs of a wrong one."""
    odd = [name for name in names if not name.isascii()]
    if encoding not in ("", "utf-8") and odd:
        return f"; it was read in the encoding {encoding}: if these names look wrong, save it as UTF-8"
    for name in odd:
        if "\ufffd" in name or any("\x7f" <= sign < "\xa0" for sign in name) or _is_twice_encoded(name):
            return (
                "; these names look as if they had been read in a wrong encoding before: write the file again as UTF-8"
            )
    return ""


def _is_twice_encoded(name: str) -> bool:
    """Whether a text is UTF-8 that was taken for Windows text, and encoded again."""
    for codec in ("cp1252", "latin-1"):
        try:
            return not name.encode(codec).decode("utf-8").isascii()
        except UnicodeError:
            continue
    return False
