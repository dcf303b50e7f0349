"""A hash of content: the same rows give the same digest, whatever file or frame they came in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.frame_columns import values_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fingerprint"]


def fingerprint(*parts: Any) -> str:
    """Hexadecimal BLAKE2b digest of frames, arrays, texts and None, in order."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        if part is None or isinstance(part, str):
            digest.update(f"|{part}".encode())
        elif hasattr(part, "columns"):
            digest.update(f"|frame{part.shape}".encode())
            for name, values in values_of(part):
                digest.update(f"|{name}|".encode("utf-8", errors="replace"))
                if isinstance(values, np.ndarray):
                    _numbers(digest, values)
                else:
                    _column(digest, values)
        else:
            _array(digest, np.asarray(part))
    return digest.hexdigest()


def _array(digest: Any, values: np.ndarray) -> None:
    if values.dtype.kind == "O":
        import pandas as pd

        _column(digest, pd.Series(values))
        return
    digest.update(f"|{values.dtype.str}{values.shape}".encode())
    if values.dtype.kind in "mM":  # dates give no buffer of their own
        values = values.view(np.int64)
    digest.update(np.ascontiguousarray(values).data.cast("B") if values.size else b"")


def _numbers(digest: Any, values: np.ndarray) -> None:
    _array(digest, values.astype("float64" if values.dtype.kind == "f" else "int64", copy=False))


def _column(digest: Any, column: pd.Series) -> None:

    if column.dtype.kind in "biuf":
        _numbers(digest, column.to_numpy())
    elif column.dtype.kind == "M":
        _array(digest, column.to_numpy("datetime64[ns]").astype("int64"))
    else:
        import pyarrow as pa

        try:
            cells = pa.array(column, pa.large_string(), from_pandas=True)
        except (pa.ArrowException, UnicodeEncodeError, TypeError):
            _mixed(digest, column)
            return
        _texts(digest, cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells)


def _mixed(digest: Any, column: pd.Series) -> None:
    """Cells of several types, each with the name of its own."""
    import pandas as pd

    cells = [None if value is None else f"{type(value).__name__}:{value}" for value in column.tolist()]
    try:
        text = pd.Series(cells, dtype=object)
        digest.update(pd.util.hash_pandas_object(text, index=False).to_numpy().tobytes())
    except UnicodeEncodeError:  # halves of characters
        for cell in cells:
            digest.update(b"|" if cell is None else f"|{cell}".encode("utf-8", "surrogatepass"))


def _texts(digest: Any, cells: Any) -> None:
    """Lengths (-1 where missing) and bytes of texts, however Arrow has laid them out."""
    import pyarrow.compute as pc

    lengths = pc.fill_null(pc.binary_length(cells), -1).to_numpy(zero_copy_only=False)
    _array(digest, np.asarray(lengths, dtype=np.int64))
    cells = pc.fill_null(cells, "")
    _, offsets, characters = cells.buffers()
    if characters is not None:
        ends = np.frombuffer(offsets, dtype=np.int64)[cells.offset : cells.offset + len(cells) + 1]
        digest.update(memoryview(characters)[int(ends[0]) : int(ends[-1])])
