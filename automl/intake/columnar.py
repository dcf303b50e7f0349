"""Parquet and Feather: what a file will take is read off its own lists of contents first; then it is read."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from automl.errors import DataError
from automl.intake.limits import MIB, refuse_beyond, refuse_columns
from automl.intake.parquet_sizes import as_dictionaries, expanded_bytes, longest_texts, stored

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["plain_frame", "read"]


def read(data: bytes, form: str, name: str, limit_mib: float = math.inf) -> pd.DataFrame:
    """Read Parquet or Feather.

    Args:
        data: the file's bytes.
        form: "parquet" or "feather".
        name: of the file, for messages.
        limit_mib: that reading it may take.

    Returns:
        A frame of any column types.

    Raises:
        DataError: the file is damaged, or more than may be held.
    """
    import pyarrow as pa

    try:
        table = (_parquet if form == "parquet" else _feather)(pa.BufferReader(data), name, limit_mib)
        table.validate(full=True)  # native code goes where a damaged file's numbers point
        return plain_frame(table)
    except (DataError, MemoryError):
        raise
    except Exception as error:  # Arrow raises many kinds on a damaged file, and on metadata of others
        cause = error if str(error) else type(error).__name__
        raise DataError(
            f"{name} cannot be read as {form} ({cause}); write the file again or export it as CSV"
        ) from error


def plain_frame(table: pa.Table, *, spend: bool = True) -> pd.DataFrame:
    """An Arrow table as a frame; what pandas has noted in it is left aside where it contradicts the columns.

    Args:
        table: of any column types.
        spend: give each column up as it becomes one of pandas, since both at once would double the peak. The table
            cannot be used afterwards.
    """
    if not _is_readable(table.schema):
        kept = {key: value for key, value in (table.schema.metadata or {}).items() if key != b"pandas"}
        table = table.replace_schema_metadata(kept or None)
        for place, field in enumerate(table.schema):
            if not _is_readable(table.schema.empty_table().select([place]).schema):
                table = table.set_column(place, field.name, _readable(table.column(place)))
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=spend)
    return frame


def _is_readable(schema: pa.Schema) -> bool:
    """Whether pandas can make a frame of all these columns: asked of no rows, before any column is given up."""
    try:
        frame = schema.empty_table().to_pandas()
    except Exception:  # a note of another tool may hold anything, and a time zone be none
        return False
    n_index = sum(name is not None for name in frame.index.names) if frame.index.nlevels == 1 else frame.index.nlevels
    return bool(frame.shape[1] + n_index >= len(schema))


def _readable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column that pandas cannot hold, as one that it can: a time of an unknown zone in UTC, else texts."""
    import pyarrow as pa

    if isinstance(column.type, pa.BaseExtensionType):
        return pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp(column.type.unit))
    return column.cast(pa.large_string())


def _parquet(source: Any, name: str, limit_mib: float) -> pa.Table:
    from pyarrow import parquet

    with parquet.ParquetFile(source) as opened:
        found = opened.metadata
        n_rows, row_bytes = stored(opened)
        refuse_columns(name, len(opened.schema_arrow))
        refuse_beyond(name, n_rows * row_bytes, limit_mib, f"{n_rows:,} rows of {found.num_columns:,} columns")
        dictionaries = as_dictionaries(source, opened)
        n_bytes = sum(longest_texts(opened, dictionaries, group)[1] for group in range(found.num_row_groups))
        if n_bytes > limit_mib * MIB:  # were all as long as the longest; now as they are
            n_bytes = expanded_bytes(dictionaries.read().columns)
            refuse_beyond(name, n_rows * row_bytes + n_bytes, limit_mib, "texts that are stored once and come back")
        return opened.read()


# --------------------------------------------------------------------------- Feather


def _feather(source: Any, name: str, limit_mib: float) -> pa.Table:
    from pyarrow import feather

    if source.read(8)[:6] != b"ARROW1":
        raise DataError(
            f"{name} is Feather of version 1, whose reader believes whatever a file says and may crash; read it where "
            "you trust it (pandas.read_feather) and write it again, or export it as CSV"
        )
    refuse_beyond(name, 2 * _announced(source), limit_mib, "its columns once they are decompressed")
    source.seek(0)
    table = feather.read_table(source)
    table.validate(full=True)
    refuse_columns(name, table.num_columns)
    refuse_beyond(name, expanded_bytes(table.columns), limit_mib, "texts that are stored once and come back")
    return table


def _announced(source: Any) -> int:
    """Bytes of all buffers of an Arrow file, as each says of itself before it is decompressed."""
    import pyarrow as pa

    n_bytes = 0
    reader = pa.MessageReader.open_stream(source)
    while True:
        try:
            message = reader.read_next_message()
        except StopIteration:
            return n_bytes
        if message.type in ("record batch", "dictionary"):
            n_bytes += _of_message(message)


def _of_message(message: Any) -> int:
    """Bytes of a batch's buffers once they are decompressed.

    Source: Arrow's columnar format, ``Message.fbs`` and "Compression" (each buffer begins with its plain length).
    """
    metadata, body = memoryview(message.metadata), memoryview(message.body)
    batch = _Table.root(metadata).table(2)
    if message.type == "dictionary":
        batch = batch.table(1)
    buffers = batch.vector(2, 16)
    if not batch.has(3):
        return sum(length for _, length in struct.iter_unpack("<qq", buffers))
    n_bytes = 0
    for offset, length in struct.iter_unpack("<qq", buffers):
        plain = struct.unpack_from("<q", body, offset)[0] if length >= 8 else 0
        n_bytes += length if plain < 0 else plain  # -1: this buffer is stored as it is
    return n_bytes


class _Table(NamedTuple):
    """A table of a FlatBuffer: where it begins, and where its fields are told."""

    bytes: memoryview
    at: int

    @classmethod
    def root(cls, content: memoryview) -> _Table:
        return cls(content, struct.unpack_from("<I", content, 0)[0])

    def _field(self, number: int) -> int:
        """Where a field lies; 0 where it is not given."""
        told = self.at - struct.unpack_from("<i", self.bytes, self.at)[0]
        if 4 + 2 * number >= struct.unpack_from("<H", self.bytes, told)[0]:
            return 0
        offset = struct.unpack_from("<H", self.bytes, told + 4 + 2 * number)[0]
        return self.at + offset if offset else 0

    def has(self, number: int) -> bool:
        return self._field(number) != 0

    def table(self, number: int) -> _Table:
        place = self._field(number)
        return _Table(self.bytes, place + struct.unpack_from("<I", self.bytes, place)[0])

    def vector(self, number: int, width: int) -> memoryview:
        """The bytes of a vector of structs of one width."""
        place = self._field(number)
        place += struct.unpack_from("<I", self.bytes, place)[0]
        n_items = struct.unpack_from("<I", self.bytes, place)[0]
        return self.bytes[place + 4 : place + 4 + width * n_items]
