"""Tables that would take more memory than they may, or of which some rows are enough to look at: read piece by piece,
of which a part of the rows is kept.

Rows are drawn at random, each as likely as any other. Where the recipe names a time column the latest rows are kept
instead: a random part of a series has gaps that are not in the data. Parquet and delimited text are streamed; other
formats, and compressed text, are read as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from automl.errors import DataError
from automl.intake.cells import typed_frame
from automl.intake.columnar import plain_frame
from automl.intake.delimited import without_empty
from automl.intake.delimited_stream import Layout, Noticed, layout
from automl.intake.files import open_file, shown
from automl.intake.frames import tidy
from automl.intake.limits import MIB, allowed_mib, refuse_beyond, refuse_columns, whole_mib
from automl.intake.limits import OVERRIDE as LIMIT
from automl.intake.parquet_sizes import as_dictionaries, expanded_bytes, long_text_bytes, stored
from automl.intake.raw import Hints, Room, listed, unknown_column
from automl.intake.reservoir import Reservoir
from automl.records import Finding

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Part", "looked_at", "read_part"]

HELD_SHARE = 1 / 8
"""Of the memory that may be used, for the table itself; the rest is for what both sides make of it."""
LEAST_ROWS = 100
ROWS_A_BATCH = 65_536
BUFFER_BYTES = 1 << 20
"""Of each column of a Parquet file, read ahead: without, a row group's columns are held as they are stored, whole."""
HEAD_BYTES = 1 << 19
TEXT_BYTES = 57  # of a Python string, beside its characters
POINTER_BYTES = 8
MOST_GROWTH = 40  # from a text to its columns: "a," is two bytes, and 66 once it is read if it never comes back
KEPT_SHARES = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
LOOKED_THROUGH = 1_000_000
"""Rows of a Parquet file that are read to look at some of them, from row groups evenly spread over it."""
LOOKED_GROUPS = 8
SMALL_TEXT_BYTES = 64 * MIB
OVERRIDE = f"{LIMIT}."
MOST_STREAMED = 2_000_000_000
"""Rows that are read through to draw some of them: a file of a megabyte may hold more, which take hours."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table file that can be streamed.

    Attributes:
        n_rows: in it; of text an estimate.
        row_bytes: that a row takes once it is read.
        whole_mib: that reading it at once would take for a moment.
        names: of the columns.
        times: names of those stored as timestamps.
        text: how it is delimited, None for Parquet.
        is_long: it holds long texts that are stored once and come back, so that they are read as numbers and a
            dictionary.
    """

    path: Path
    n_rows: int
    row_bytes: float
    whole_mib: float
    names: tuple[str, ...]
    times: tuple[str, ...] = ()
    text: Layout | None = None
    is_long: bool = False

    @property
    def encoding(self) -> str:
        """Of a text; else empty."""
        return "" if self.text is None else self.text.encoding

    @property
    def held_mib(self) -> float:
        """That the whole table would take."""
        return self.n_rows * self.row_bytes / MIB


class Part(NamedTuple):
    """Some rows of a table.

    Attributes:
        rows: the position of each in the file (of text: among its complete rows).
        n_source_rows: see `Raw`.
        encoding: see `Raw`.
    """

    frame: pd.DataFrame
    rows: np.ndarray
    findings: tuple[Finding, ...]
    n_source_rows: int | None = None
    encoding: str = ""


def read_part(path: Path, hints: Hints) -> Part | None:
    """Read a part of a table's rows, if the whole table is too large or some rows are enough.

    Args:
        path: of a file.
        hints: whose `room` says how much may be held and which rows matter.

    Returns:
        None where the table fits, or is of a kind that is read as a whole.

    Raises:
        DataError: too few rows would fit, or a random part of them would break a series.
    """
    room = hints.room
    if room is None:
        return None
    limit = allowed_mib(room)
    may_hold = limit * HELD_SHARE
    source = _parquet(path) or _text(path, hints, may_hold)
    if source is None:
        return None
    refuse_columns(shown(path.name), len(source.names))
    if room.most_rows is not None and source.n_rows > room.most_rows:
        return _sample(source, min(room.most_rows, int(may_hold * MIB / source.row_bytes)), room, hints)
    if source.held_mib <= may_hold and source.whole_mib <= limit:
        return None
    n_kept = int(may_hold * MIB / source.row_bytes)
    if room.memory_mib is None:
        n_kept = _round(n_kept)  # what is free varies: a run after another is to draw the same rows
    if source.n_rows > MOST_STREAMED and source.text is None:
        raise DataError(
            f"{shown(path.name)} holds {source.n_rows:,} rows: expected at most {MOST_STREAMED:,}, which are read "
            "through to draw as many as fit into memory; pass a part of them"
        )
    if n_kept < LEAST_ROWS:
        raise DataError(
            f"{shown(path.name)} has about {source.row_bytes:,.0f} bytes a row in memory, so that only {n_kept} rows "
            f"would fit into the {limit:,.0f} MiB that may be used; give it more: {OVERRIDE}"
        )
    latest_by = _latest_by(source, hints, room)
    table, rows, n_rows, findings = _streamed(source, n_kept, latest_by, room.seed, hints, None)
    how = f"drawn at random (seed {room.seed})" if latest_by is None else f"the latest by {latest_by!r}"
    message = (
        f"{len(rows):,} of the {n_rows:,} rows of {shown(path.name)} were read, {how}: all of them would take about "
        f"{source.held_mib:,.0f} MiB, and a table may take {may_hold:,.0f} of the {limit:,.0f} MiB that may be used."
    )
    if n_rows <= len(rows):  # a guess of a text's size was too large
        return Part(table, rows, findings, encoding=source.encoding)
    sampled = Finding("sampled_rows", "high", message, OVERRIDE, count=len(rows))
    return Part(table, rows, (*findings, sampled), encoding=source.encoding)


def _sample(source: Source, n_kept: int, room: Room, hints: Hints) -> Part:
    """Some rows to look at: the latest, the first of what may be a series, else drawn at random."""
    name = shown(source.path.name)
    if room.time_column is not None:
        latest_by, batches = _latest_by(source, hints, room), None
    elif _may_be_series(source, hints, room):
        latest_by, batches = None, _first(source, n_kept)
    else:
        latest_by, batches = None, _spread(source) if source.text is None else None
    table, rows, n_rows, findings = _streamed(source, n_kept, latest_by, room.seed, hints, batches)
    n_rows = max(n_rows, source.n_rows) if source.text is None else n_rows
    if n_rows <= len(rows):
        return Part(table, rows, findings, encoding=source.encoding)
    return Part(table, rows, (*findings, looked_at(len(rows), n_rows, name)), n_rows, source.encoding)


def looked_at(n_rows: int, n_source_rows: int, where: str) -> Finding:
    """The finding that not all rows were looked at."""
    message = f"{n_rows:,} of the {n_source_rows:,} rows of {where} were looked at; `fit` reads all that memory allows."
    step = "What only few rows show may be missed here."
    return Finding("sampled_rows", "low", message, step, count=n_rows)


def _round(n_rows: int) -> int:
    """Down to a number of one digit or 15 and zeros."""
    if n_rows < 1:
        return n_rows
    unit = 10 ** (len(str(n_rows)) - 1)
    return int(max(share for share in KEPT_SHARES if share * unit <= n_rows) * unit)


def _latest_by(source: Source, hints: Hints, room: Room) -> str | None:
    """The column whose latest rows are kept, None for a random part.

    Raises:
        DataError: the rows are or may be those of a series, and no column says when.
    """
    if room.time_column is not None:
        if room.time_column not in source.names:
            raise unknown_column(
                "time column", room.time_column, source.names, shown(source.path.name), source.encoding
            )
        return room.time_column
    if not _may_be_series(source, hints, room):
        return None
    near = f" (stored as times: {listed(source.times, 5)})" if source.times else ""
    raise DataError(
        f"{shown(source.path.name)} is too large to be read as a whole and may hold a series, which a random part of "
        f"its rows would break; pass time_column{near} to keep the latest rows, a target and a goal that is no "
        f"forecast to draw rows at random, or more memory: {OVERRIDE}"
    )


def _may_be_series(source: Source, hints: Hints, room: Room) -> bool:
    """Whether a random part of the rows may break a series."""
    others = [name for name in source.names if name not in hints.target]
    return room.is_series or not hints.target or (len(others) <= 2 and bool(source.times))


# --------------------------------------------------------------------------- what there is


def _head(path: Path, n_bytes: int) -> bytes:
    """The first bytes of a file; none where it cannot be read, of which the reader of whole files tells."""
    try:
        with open_file(path) as file:
            return file.read(n_bytes) or b""  # a file of the kernel may have nothing to give
    except OSError:
        return b""


def _parquet(path: Path) -> Source | None:
    """What the file's own metadata say of its size."""
    if _head(path, 4) != b"PAR1":
        return None
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as opened:
            (n_rows, row_bytes), schema = stored(opened), opened.schema_arrow
            long_bytes = long_text_bytes(path, opened)
    except Exception:
        return None  # the reader of whole files says what is wrong with it
    times = tuple(field.name for field in schema if pa.types.is_timestamp(field.type) or pa.types.is_date(field.type))
    whole_mib = path.stat().st_size / MIB + 2 * n_rows * (row_bytes + long_bytes) / MIB
    names = tuple(map(str, schema.names))
    return Source(path, n_rows, row_bytes + long_bytes, whole_mib, names, times, is_long=long_bytes > 0)


def _text(path: Path, hints: Hints, may_hold_mib: float) -> Source | None:
    """What the beginning of a delimited text says of its size; None also where it is small beyond doubt."""
    size = path.stat().st_size
    to_look = hints.room is not None and hints.room.most_rows is not None
    if size <= SMALL_TEXT_BYTES if to_look else size * MOST_GROWTH <= may_hold_mib * MIB:
        return None
    text = layout(path, _head(path, HEAD_BYTES), shown(path.name), hints)
    if text is None:
        return None
    row_bytes = sum(POINTER_BYTES + (0.0 if length is None else TEXT_BYTES + length) for length in text.lengths)
    n_rows = max(1, round(size / text.record_bytes))
    whole_mib = (2 * size + 2 * POINTER_BYTES * n_rows * len(text.names)) / MIB
    return Source(path, n_rows, row_bytes, whole_mib, text.names, text=text)


# --------------------------------------------------------------------------- what is kept


Batches = Iterator["tuple[int, pa.RecordBatch]"]


def _streamed(
    source: Source, n_kept: int, latest_by: str | None, seed: int, hints: Hints, batches: Batches | None
) -> tuple[pd.DataFrame, np.ndarray, int, tuple[Finding, ...]]:
    """The rows kept, their positions, how many there were, and what was noticed.

    Args:
        batches: rows and where each batch begins; None for all of the file.
    """
    import pyarrow as pa

    held = Reservoir(n_kept, whole=latest_by is not None)
    random = np.random.default_rng(seed)
    place = None if latest_by is None else source.names.index(latest_by)
    noticed = Noticed() if source.text is None else Noticed(repeated=source.text.begun.heading.repeated)
    try:
        for begin, batch in batches or _all(source, noticed):
            if source.text is None:
                batch.validate(full=True)
            held.n_seen = begin
            keys = random.random(len(batch)) if place is None else -_times(batch.column(place), str(latest_by))
            held.add(batch, keys)
    except (DataError, MemoryError):
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{shown(source.path.name)} cannot be read to its end ({error}); write the file again"
        ) from error
    if not held.n_seen or not held.n_kept:
        raise DataError(f"{shown(source.path.name)} holds no row that can be kept; check it, and its time column")
    n_rows = held.n_seen
    table, rows = held.rows()
    if not len(rows):
        raise DataError(
            f"more rows of {shown(source.path.name)} have the latest time of {latest_by!r} than fit into memory; "
            f"{OVERRIDE}"
        )
    if source.text is None:
        n_bytes = expanded_bytes(table.columns)
        refuse_beyond(shown(source.path.name), n_bytes, whole_mib(hints.room), "texts that are stored once")
        frame = plain_frame(table)
        del table
        frame, findings = tidy(frame, shown(source.path.name))
        return frame, rows, n_rows, findings
    name = shown(source.path.name)
    frame, typing = typed_frame(table, list(source.names), source.text.begun.dialect.delimiter, hints)
    frame, emptied = without_empty(frame, name)
    frame, tidied = tidy(frame, name, clean=True)
    findings = (*source.text.findings, *typing, *emptied, *tidied, *noticed.findings(name, n_rows))
    return frame, rows, n_rows, findings


def _all(source: Source, noticed: Noticed) -> Batches:
    """All rows, a Parquet file's one row group after the other."""
    begin = 0
    for batch in _groups(source) if source.text is None else source.text.stream(source.path, noticed):
        yield begin, batch
        begin += len(batch)


@contextmanager
def _opened(source: Source) -> Iterator[Any]:
    """A Parquet file, no more of which is held than is asked for."""
    from pyarrow import parquet

    with parquet.ParquetFile(source.path, pre_buffer=False, buffer_size=BUFFER_BYTES) as opened:
        yield as_dictionaries(source.path, opened) if source.is_long else opened


def _groups(source: Source) -> Iterator[pa.RecordBatch]:
    with _opened(source) as opened:
        yield from opened.iter_batches(batch_size=ROWS_A_BATCH)


def _first(source: Source, n_rows: int) -> Batches:
    """The first rows."""
    for begin, batch in _all(source, Noticed()):
        yield begin, batch[: n_rows - begin]
        if begin + len(batch) >= n_rows:
            return


def _spread(source: Source) -> Batches:
    """Rows of a Parquet file from the beginnings of row groups that are evenly spread over it, or all of few rows."""
    with _opened(source) as opened:
        sizes = [opened.metadata.row_group(i).num_rows for i in range(opened.metadata.num_row_groups)]
        begins = np.concatenate([[0], np.cumsum(sizes)])
        chosen = np.arange(len(sizes))
        if begins[-1] > LOOKED_THROUGH:
            n_groups = max(LOOKED_GROUPS, int(LOOKED_THROUGH / np.mean(sizes)))
            chosen = np.unique(np.linspace(0, len(sizes) - 1, n_groups).astype(np.int64))
        for group in map(int, chosen):
            begin, most = int(begins[group]), LOOKED_THROUGH // len(chosen)
            for batch in opened.iter_batches(batch_size=ROWS_A_BATCH, row_groups=[group]):
                yield begin, batch
                begin, most = begin + len(batch), most - len(batch)
                if most <= 0:
                    break


def _times(column: Any, name: str) -> np.ndarray:
    """When each row is, as numbers that grow with time; NaN where that is missing.

    Raises:
        DataError: they are neither timestamps, numbers nor written year first.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_temporal(column.type):
        return _since_1970(pd.Series(column.to_pandas()))
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    words = pd.Series(column.to_pandas(), dtype="str").str.strip()
    words = words.where(words != "")
    present = int(words.notna().sum())
    values: np.ndarray = pd.to_numeric(words, errors="coerce").to_numpy(np.float64)
    if np.isnan(values).sum() > len(words) - 0.95 * present:
        values = _since_1970(pd.Series(pd.to_datetime(words, format="ISO8601", errors="coerce", utc=True)))
    if np.isnan(values).sum() > len(words) - 0.5 * present:
        raise DataError(
            f"the table is too large to be read as a whole, and its latest rows cannot be told: {name!r} holds "
            f"{words.dropna().iloc[0]!r}; expected times written year first (2020-01-31), timestamps or numbers"
        )
    return values


def _since_1970(times: pd.Series) -> np.ndarray:
    """Seconds as float64, NaN for a missing time."""
    import pandas as pd

    stamps = pd.to_datetime(times, utc=True).dt.tz_localize(None).to_numpy("datetime64[us]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1e6)
