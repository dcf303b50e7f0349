"""Frames of rows written to one file as they come, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from automl.storage.files import streamed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["STREAMED", "write_chunks"]

STREAMED = (".csv", ".tsv", ".parquet")
"""Endings of the files that can be written so."""


def write_chunks(frames: Iterator[pd.DataFrame], path: Path) -> None:
    """Write frames with the same columns one after another; the file is complete or not there.

    Args:
        frames: at least one; columns and types are those of the first.
        path: ends in one of `STREAMED`.

    Raises:
        FolderError: it could not be written; whatever was at `path` before is still there.
    """
    with streamed(path) as file:
        if path.suffix.lower() == ".parquet":
            _parquet(frames, file)
            return
        separator = "\t" if path.suffix.lower() == ".tsv" else ","
        for number, frame in enumerate(frames):
            frame.to_csv(file, index=False, sep=separator, header=number == 0, errors="backslashreplace")


def _parquet(frames: Iterator[pd.DataFrame], file: IO[bytes]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = next(frames)
    schema = pa.Table.from_pandas(first, preserve_index=False).schema
    schema = pa.schema([f.with_type(pa.string()) if pa.types.is_null(f.type) else f for f in schema])
    with pq.ParquetWriter(file, schema) as writer:
        writer.write_table(pa.Table.from_pandas(first, schema, preserve_index=False))
        for frame in frames:
            writer.write_table(pa.Table.from_pandas(frame, schema, preserve_index=False))
