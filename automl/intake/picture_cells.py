"""A column whose cells hold images, of any class → data addresses; bytes that are no images are told from texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.intake.inline import as_cell, may_be_picture
from automl.intake.limits import refuse_beyond, whole_mib

__all__ = ["pictures_of"]

HELD_PICTURES = 3
"""Copies of the images of a column: as they came, as base64, and as a column of texts."""
BINARY_BYTES = 256


def pictures_of(values: np.ndarray) -> np.ndarray | None:
    """Cells that hold images as data addresses.

    Bytes that are neither images nor text become None: as text they would be noise.

    Args:
        values: ``(n,)`` cells of any class, None where there is none.

    Returns:
        ``(n,)`` texts and None; None altogether where the column holds something else.

    Raises:
        DataError: the images would take more memory than there is.
    """
    present = [place for place, value in enumerate(values) if value is not None]
    if not present or not all(may_be_picture(values[place]) for place in present):
        return None
    n_bytes = sum(_size(values[place]) for place in present)
    refuse_beyond("the images in cells", HELD_PICTURES * n_bytes, whole_mib(None), f"{len(present):,} images")
    found = np.full(len(values), None, dtype=object)
    for place in present:
        found[place] = as_cell(values[place])
    is_image = any(found[place] is not None for place in present)
    return found if is_image or any(_is_binary(values[place]) for place in present) else None


def _size(value: Any) -> int:
    content = value.get("bytes") if isinstance(value, Mapping) else value
    return int(getattr(content, "nbytes", 0)) or (len(content) if isinstance(content, bytes | bytearray) else 0)


def _is_binary(value: Any) -> bool:
    """Whether bytes are no text."""
    content = value.get("bytes") if isinstance(value, Mapping) else value
    if not isinstance(content, bytes | bytearray | memoryview):
        return False
    start = bytes(content)[:BINARY_BYTES].rstrip(b"\0")
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start < len(start) - 3  # else the last character is cut
    return b"\0" in start
