"""How much memory reading may take: estimated before it is taken, and refused in words where it is too much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from automl.errors import DataError
from automl.intake.raw import Room
from automl.system import resources as memory

__all__ = [
    "MIB",
    "MOST_COLUMNS",
    "OVERRIDE",
    "allowed_mib",
    "refuse_beyond",
    "refuse_columns",
    "whole_mib",
    "within_memory",
]

MIB = 2**20
MOST_COLUMNS = 200_000
"""Columns of a table: each is looked at on its own, which takes a millisecond and more."""
LEAST_MIB = 64.0
OVERRIDE = "`memory` under `search:` (or --memory) sets that limit"


def allowed_mib(room: Room | None) -> float:
    """What reading may take, MiB: what the user said, or most of what is free."""
    return memory.available_mib() if room is None or room.memory_mib is None else room.memory_mib


def whole_mib(room: Room | None) -> float:
    """What reading a file as a whole may take, MiB: a small one is read however little the user allows."""
    return max(allowed_mib(room), LEAST_MIB)


def refuse_beyond(name: str, n_bytes: float, limit_mib: float, why: str) -> None:
    """Refuse what would take more memory than it may.

    Args:
        name: of the file, for the message.
        n_bytes: that reading it would take.
        limit_mib: that may be taken.
        why: how the bytes come about, as a clause.

    Raises:
        DataError: it is too much; both sizes and the override are named.
    """
    if n_bytes > limit_mib * MIB:
        raise DataError(
            f"{name} would take about {n_bytes / MIB:,.0f} MiB to read ({why}), and {limit_mib:,.0f} MiB may be used; "
            f"pass a part of it, or more memory: {OVERRIDE}"
        )


def refuse_columns(name: str, n_columns: int) -> None:
    """Refuse a table of more columns than can be looked at.

    Raises:
        DataError: there are more than `MOST_COLUMNS`.
    """
    if n_columns > MOST_COLUMNS:
        raise DataError(
            f"{name} has {n_columns:,} columns: expected at most {MOST_COLUMNS:,}; check the delimiter and the line "
            "ends, or keep the columns that matter"
        )


@contextmanager
def within_memory(name: str) -> Iterator[None]:
    """Tell of a want of memory, where an estimate was too low, as of any other size.

    Raises:
        DataError: the memory was not there.
    """
    try:
        yield
    except MemoryError as error:
        raise DataError(
            f"{name} does not fit into the memory that is free ({memory.available_mib():,.0f} MiB); pass a part of it, "
            f"or less at a time: {OVERRIDE}"
        ) from error
