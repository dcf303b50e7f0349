"""What a Parquet file takes once it is read, told by its lists of contents and its dictionaries.

The format writes what comes back once: a file of a megabyte may hold a thousand million rows of one number, or a text
of a megabyte a million times. Neither the file's size nor that of its pages says what its rows take.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Stored", "as_dictionaries", "expanded_bytes", "long_text_bytes", "longest_texts", "stored"]

POINTER_BYTES = 8
TEXT_BYTES = 57  # of a Python string, beside its characters
OBJECT_BYTES = 70  # of a member of a list, as a Python object and as text
LONG_BYTES = 4_096
"""Texts of a row beyond which it matters that they are stored once; all others are read as they come."""
LOOKED_GROUPS, LOOKED_ROWS = 8, 65_536
TEXTS = ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")


class Stored(NamedTuple):
    """What a Parquet file's own metadata say: rows, and bytes that a row takes once it is read."""

    n_rows: int
    row_bytes: float


def stored(opened: Any) -> Stored:
    """What reading a file's rows would take, texts that come back apart.

    Args:
        opened: the `ParquetFile`, of which nothing but its metadata is read.
    """
    found = opened.metadata
    n_rows = int(found.num_rows)
    sizes, counts = np.zeros(found.num_columns), np.zeros(found.num_columns)
    for group in range(found.num_row_groups):
        own = [found.row_group(group).column(place) for place in range(found.num_columns)]
        sizes += [chunk.total_uncompressed_size for chunk in own]
        counts += [chunk.num_values for chunk in own]
    row_bytes = 0.0
    for place in range(found.num_columns):
        column = found.schema.column(place)
        row_bytes += _cell_bytes(column.physical_type, sizes[place] / max(n_rows, 1))
        if column.max_repetition_level:
            row_bytes += OBJECT_BYTES * counts[place] / max(n_rows, 1)
    return Stored(n_rows, row_bytes)


def _cell_bytes(stored_as: str, size: float) -> float:
    """A number takes eight bytes; so does a text that comes back (stored once), others a Python string of their own."""
    is_text = stored_as in TEXTS and size >= POINTER_BYTES
    return POINTER_BYTES + (TEXT_BYTES + size if is_text else 0.0)


def as_dictionaries(source: Any, opened: Any) -> Any:
    """The same file, whose texts are read as numbers and a dictionary, so that none is written out twice.

    Args:
        source: what `opened` was made of.
        opened: the `ParquetFile`.
    """
    from pyarrow import parquet

    schema = opened.metadata.schema
    columns = [schema.column(place) for place in range(len(schema))]
    return parquet.ParquetFile(source, read_dictionary=[c.path for c in columns if c.physical_type == "BYTE_ARRAY"])


def longest_texts(opened: Any, dictionaries: Any, group: int) -> tuple[int, int]:
    """What the texts of one row may take at most, and those of the whole row group, bytes.

    Args:
        opened: the `ParquetFile`.
        dictionaries: the same file by `as_dictionaries`.
        group: number of the row group.
    """
    found, schema = opened.metadata.row_group(group), opened.metadata.schema
    a_row, in_all = 0, 0
    for place in range(found.num_columns):
        column, chunk = schema.column(place), found.column(place)
        if column.physical_type not in TEXTS or not any("DICTIONARY" in name for name in chunk.encodings):
            continue
        if column.physical_type == "BYTE_ARRAY":
            top = column.path.partition(".")[0]
            batch = next(dictionaries.iter_batches(batch_size=1, row_groups=[group], columns=[top]), None)
            longest = 0 if batch is None else max(map(_longest, _leaves(batch.columns)), default=0)
        else:
            longest = int(column.length)
        a_row += longest
        in_all += longest * int(chunk.num_values)
    return a_row, in_all


def long_text_bytes(source: Any, opened: Any) -> float:
    """Bytes that a row's long texts take where they are stored once and come back; 0 where none is long.

    Args:
        source: what `opened` was made of.
        opened: the `ParquetFile`, of which some rows of some row groups are looked at.
    """
    groups = range(opened.metadata.num_row_groups)
    dictionaries = as_dictionaries(source, opened)
    if all(longest_texts(opened, dictionaries, group)[0] <= LONG_BYTES for group in groups):
        return 0.0
    means = [0.0]
    for group in np.unique(np.linspace(0, len(groups) - 1, LOOKED_GROUPS).astype(np.int64)):
        batch = next(dictionaries.iter_batches(batch_size=LOOKED_ROWS, row_groups=[int(group)]), None)
        if batch is not None and len(batch):
            means.append(expanded_bytes(batch.columns) / len(batch))
    return max(means)


def expanded_bytes(columns: Any) -> int:
    """Bytes of texts that are written once and referred to, each counted as often as it stands.

    Args:
        columns: arrays of any type; what lies within lists and records counts, too.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    n_bytes = 0
    for leaf in _leaves(columns):
        if pa.types.is_dictionary(leaf.type) and _is_text(leaf.type.value_type):
            lengths = pc.fill_null(pc.binary_length(leaf.dictionary), 0).to_numpy(zero_copy_only=False)
            places = leaf.indices.drop_null().to_numpy(zero_copy_only=False).astype(np.int64)
            counts = np.bincount(places, minlength=len(lengths))
            n_bytes += int(lengths.astype(np.float64) @ counts[: len(lengths)])
        elif leaf.type in (pa.string_view(), pa.binary_view()):
            views = np.frombuffer(leaf.buffers()[1], np.int32)[4 * leaf.offset : 4 * (leaf.offset + len(leaf)) : 4]
            n_bytes += int(views.sum(dtype=np.int64))
    return n_bytes


def _longest(leaf: pa.Array) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not (pa.types.is_dictionary(leaf.type) and _is_text(leaf.type.value_type)):
        return 0
    return int(pc.max(pc.binary_length(leaf.dictionary)).as_py() or 0)


def _leaves(columns: Any) -> Iterator[pa.Array]:
    """The arrays that lists, records and chunked columns are made of."""
    import pyarrow as pa

    for column in columns:
        if isinstance(column, pa.ChunkedArray):
            yield from _leaves(column.chunks)
        elif pa.types.is_struct(column.type):
            yield from _leaves(column.field(place) for place in range(column.type.num_fields))
        elif pa.types.is_map(column.type):
            yield from _leaves((column.keys, column.items))
        elif pa.types.is_nested(column.type) and hasattr(column, "values"):
            yield from _leaves((column.values,))
        else:
            yield column


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    of_text = pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary
    return any(is_kind(kind) for is_kind in of_text)
