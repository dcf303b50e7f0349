"""Images in the cells of a table, as bytes or objects: written as data addresses, so that a cell stays text."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.intake.folder_layout import is_picture

__all__ = ["InlinePicture", "as_cell", "as_inline", "is_inline", "may_be_picture"]

DATA_ADDRESS = re.compile(r"data:image/[\w.+-]{1,40};base64,", re.IGNORECASE)
PLAIN_BASE64 = re.compile(r"(?:iVBORw0KGgo|/9j/|R0lGOD[dl]h|UklGR)[A-Za-z0-9+/\s]{40,}={0,2}\s*")
LEAST_SIDE, WIDEST = 8, 3
"""An array in a cell may be an image where both sides are so long, neither this many times the other."""


@dataclass(frozen=True, slots=True)
class InlinePicture:
    """An image file whose bytes stand in a cell.

    Attributes:
        text: a data address, or base64 alone.
    """

    text: str

    @property
    def name(self) -> str:
        """What messages call it."""
        return "an image in a cell"

    def open(self) -> io.BytesIO:
        """The bytes as a file.

        Raises:
            OSError: they are no base64.
        """
        content = self.text.partition(",")[2] if self.text[:5].lower() == "data:" else self.text
        try:
            return io.BytesIO(base64.b64decode(content))
        except (binascii.Error, ValueError) as error:
            raise OSError("it is no base64") from error


def is_inline(text: str) -> bool:
    """Whether a cell holds an image itself: a data address, or base64 that begins as image files do."""
    return DATA_ADDRESS.match(text) is not None or PLAIN_BASE64.fullmatch(text[:200].strip()) is not None


def as_inline(text: str) -> InlinePicture | None:
    """The image that a cell holds; None for any other text."""
    return InlinePicture(text) if is_inline(text) else None


# --------------------------------------------------------------------------- cells


def may_be_picture(value: Any) -> bool:
    """Whether a cell is of a class that may hold an image: bytes, a struct of them, an image of Pillow, an array."""
    if isinstance(value, bytes | bytearray | memoryview):
        return True
    if isinstance(value, Mapping):
        return "bytes" in value and set(value) <= {"bytes", "path"}
    if isinstance(value, np.ndarray):
        return _is_square_array(value)
    if isinstance(value, list):
        return _is_nested(value) and _is_square_array(_stacked(np.asarray(value, dtype=object)))
    return _is_pillow(value)


def _is_nested(value: list[Any]) -> bool:
    """Whether a list holds as many lists as an image has rows (a first look, before all of it is taken apart)."""
    return len(value) >= LEAST_SIDE and all(isinstance(row, list) and len(row) == len(value[0]) for row in value)


def as_cell(value: Any) -> str | None:
    """An image in a cell as a data address, or as the path that a struct names.

    Args:
        value: for which `may_be_picture` holds.

    Returns:
        None where the cell holds no image that can be read.
    """
    if isinstance(value, Mapping):
        content, path = value.get("bytes"), value.get("path")
        if content is None:
            return path if isinstance(path, str) and path.strip() else None
        return as_cell(content) if isinstance(content, bytes | bytearray | memoryview) else None
    if isinstance(value, bytes | bytearray | memoryview):
        content = bytes(value)
        return _address("unknown", content) if is_picture(content[:32]) else None
    try:
        value = np.asarray(value, dtype=object) if isinstance(value, list) else value
        return _of_array(value) if isinstance(value, np.ndarray) else _written(value)
    except Exception:  # an array that is no image, or an image whose file is gone
        return None


def _address(form: str, content: bytes) -> str:
    return f"data:image/{form};base64,{base64.b64encode(content).decode('ascii')}"


def _is_pillow(value: Any) -> bool:
    return any(kind.__module__ == "PIL.Image" and kind.__name__ == "Image" for kind in type(value).__mro__)


def _is_square_array(array: np.ndarray) -> bool:
    if array.dtype == object:
        array = _stacked(array)
    if array.dtype.kind not in "buif" or array.ndim not in {2, 3}:
        return False
    if array.ndim == 3 and array.shape[2] not in {1, 3, 4}:
        return False
    height, width = int(array.shape[0]), int(array.shape[1])
    return min(height, width) >= LEAST_SIDE and max(height, width) <= WIDEST * min(height, width)


def _stacked(array: np.ndarray) -> np.ndarray:
    """Nested arrays, as Arrow gives lists of lists, as one; an empty one where they are of several shapes."""
    try:
        return np.array(array.tolist(), dtype=np.float64)
    except (TypeError, ValueError):
        try:
            return np.array([_stacked(row) for row in array], dtype=np.float64) if len(array) else np.empty(0)
        except (TypeError, ValueError, AttributeError):
            return np.empty(0)


def _of_array(array: np.ndarray) -> str | None:
    from PIL import Image

    array = _stacked(array) if array.dtype == object else array
    array = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if array.dtype == bool:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype != np.uint8 and array.ndim == 2:
        array = array.astype(np.float32)  # scaled later, by the range of all images of the column
    elif array.dtype != np.uint8:
        if array.min() < 0 or array.max() > 255:
            return None
        shares = array.dtype.kind == "f" and array.max() <= 1
        array = np.rint(array * (255.0 if shares else 1.0)).astype(np.uint8)
    return _written(Image.fromarray(array))


def _written(image: Any) -> str:
    """An image of Pillow as a file without loss."""
    held = io.BytesIO()
    deep = image.mode in {"F", "I"}
    if not deep and image.mode not in {"1", "L", "LA", "P", "RGB", "RGBA"} and not image.mode.startswith("I;16"):
        image = image.convert("RGB")
    image.save(held, format="TIFF" if deep else "PNG")
    return _address("tiff" if deep else "png", held.getvalue())
