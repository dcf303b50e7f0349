"""A hash of each row or item, so that rows which stand in several files word for word are known."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.intake.grown import Rows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["row_hashes"]

FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that no bit is lost where hashes of columns are joined."""


def row_hashes(parts: Sequence[Rows]) -> list[np.ndarray]:
    """Of each part ``(n,)`` uint64: equal rows have one hash, whichever part they are in.

    Args:
        parts: with the same columns, or items of the same shape. Files count by their paths, not by what they hold.
    """
    import pandas as pd

    made = np.zeros(sum(map(len, parts)), np.uint64)
    frames = [one.inputs if one.is_table else one.target for one in parts]
    if not parts[0].is_table:
        made = _items([one.inputs for one in parts])
    if all(frame is not None for frame in frames):
        frame = pd.concat(frames, ignore_index=True)
        for name in frame.columns:
            made = made * FACTOR + _column(frame[name])
    return np.split(made, np.cumsum([len(one) for one in parts])[:-1])


def _items(arrays: Sequence[np.ndarray]) -> np.ndarray:
    dtype = np.result_type(*arrays)
    return np.array([_number(np.asarray(item, dtype).tobytes()) for array in arrays for item in array], np.uint64)


def _column(cells: pd.Series) -> np.ndarray:
    import pandas as pd

    if cells.dtype.kind == "f":
        cells = cells + 0.0  # minus zero is zero
    elif cells.dtype.kind not in "biuM":
        cells = pd.Series([_text(cell) for cell in cells.where(cells.notna(), None).tolist()], dtype=object)
    return np.asarray(pd.util.hash_pandas_object(cells, index=False), np.uint64)


def _text(cell: Any) -> str | None:
    """A cell as text that pandas can hash; of what is no text or number, a digest of its content."""
    if cell is None:
        return None
    if isinstance(cell, str) and cell.isascii():
        return cell
    if isinstance(cell, str):
        return ascii(cell)
    if isinstance(cell, np.ndarray) and cell.dtype.kind != "O":
        return f"{cell.shape} {_number(cell.tobytes())}"
    if isinstance(cell, bytes):
        return f"bytes {_number(cell)}"
    codes = getattr(cell, "codes", None)
    return _text(codes) if isinstance(codes, np.ndarray) else f"{type(cell).__name__} {cell!r}"


def _number(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")
