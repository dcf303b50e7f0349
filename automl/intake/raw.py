"""What every reader hands on: rows as they were found, before roles (target, weight, group) are parted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from automl.errors import DataError
from automl.records import Finding

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
    """

    target: tuple[str, ...] = ()
    text: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    room: Room | None = None


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
        names: of all items of a folder, those that cannot be read among them.
        unread: positions in `names` of the latter.
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
    names: tuple[str, ...] = ()
    unread: tuple[int, ...] = ()

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


def unknown_column(what: str, name: str, names: Iterable[str], where: str) -> DataError:
    """The error for a column that is not there: names what was asked for, what there is and what is near."""
    names = [str(other) for other in names]
    near = nearest(name, names)
    return DataError(f"{what} {_short(repr(name))} is not a column of {where}, whose columns are {listed(names)}{near}")
