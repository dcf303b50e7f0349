"""The names of a table's columns, from the beginning of its file: cheap, however large it is."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from automl.errors import DataError
from automl.intake import files, folders, tables
from automl.intake.frames import is_frame, tidy
from automl.intake.raw import Hints

__all__ = ["header_of"]

HEAD_BYTES = 1 << 19
MOST_WHOLE_BYTES = 1 << 26
"""Of files whose beginning tells nothing (workbooks, JSON documents, archives): larger ones are not looked into."""
COMPRESSED: Mapping[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}


def header_of(data: Any, hints: Hints) -> tuple[str, ...] | None:
    """The names of the columns, as `load` will call them.

    Args:
        data: a path, or a frame.
        hints: names that the header should hold.

    Returns:
        None where there are no named columns (pictures, arrays), or the file's beginning does not tell them.

    Raises:
        DataError: the file cannot be read, or holds no table.
    """
    if not isinstance(data, str | Path):
        return tuple(map(str, data.columns)) if is_frame(data) and hasattr(data, "columns") else None
    given, sheet = files.sheet_of(str(data))
    path = files.find(given)
    if path.is_dir():
        table = folders.table_in(path)
        if table is None or folders.has_subfolders(path):
            return None
        path = table
    try:
        frame = _beginning(path, Hints(hints.target, names=hints.names, sheet=sheet))
    except (EOFError, lzma.LZMAError, zlib.error) as error:
        raise DataError(f"{files.shown(path.name)!r} is damaged or cut short ({error}); compress it again") from error
    except OSError as error:  # what gzip and bz2 find wrong is one, too, without a word of the system's
        step = "compress it again" if error.strerror is None else "check its permissions"
        raise DataError(f"cannot read {files.shown(path.name)!r}: {error.strerror or error}; {step}") from error
    return None if frame is None else tuple(map(str, frame.columns))


def _beginning(path: Path, hints: Hints) -> Any:
    """A frame of the first rows; None where there is none."""
    name = files.shown(path.name)
    with files.open_file(path) as file:
        head = file.read(HEAD_BYTES)
        is_whole = not file.read(1)
    opened = next((opener for mark, opener in COMPRESSED.items() if head.startswith(mark)), None)
    if opened is not None:
        with opened(path, "rb") as inner:
            head = inner.read(HEAD_BYTES)
            is_whole = not inner.read(1)
        name = Path(name).stem
    form = files.form(head, name)
    if form in ("parquet", "feather"):
        return None if opened is not None else tidy(_schema(path, form).empty_table().to_pandas(), name)[0]
    if form in ("npz", "npy"):
        return None
    if form == "delimited" or (form == "json" and _is_lines(head)):
        return tables.read(head if is_whole else head[: head.rfind(b"\n") + 1] or head, form, name, hints).frame
    if path.stat().st_size > MOST_WHOLE_BYTES:
        return None
    data, name = files.content(path)
    form = files.form(data, name)
    return None if form in ("npz", "npy") else tables.read(data, form, name, hints).frame


def _is_lines(head: bytes) -> bool:
    """Whether a JSON text holds an object on each line."""
    first = head.lstrip().partition(b"\n")[0].rstrip()
    return first.startswith(b"{") and first.endswith(b"}")


def _schema(path: Path, form: str) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if form == "parquet":
            return pq.read_schema(path)
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).schema
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            f"{files.shown(path.name)} cannot be read as {form} ({str(error).splitlines()[0][:200]}); write it again"
        ) from error
