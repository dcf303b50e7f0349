"""Pillow's modes → grey, colour or floats: transparency is laid on white, more than eight bits keep their values."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["BACKGROUND", "is_deep", "is_deep_colour", "plain", "read_lower_bits", "with_sign"]

BACKGROUND = 255
"""White, in each channel: what shows through transparent pixels."""
SEE_THROUGH = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
SAMPLE_FORMAT, SIGNED = 339, 2
"""Tag of a TIFF file, and its value for whole numbers with a sign."""


def is_deep(mode: str) -> bool:
    """Whether values are of more than eight bits."""
    return mode in {"F", "I"} or mode.startswith("I;16")


def with_sign(image: Image.Image) -> Image.Image:
    """A decoded picture whose eight bits hold a sign, which Pillow leaves aside, as whole numbers; others unchanged."""
    from PIL import Image

    if image.mode != "L" or image.format != "TIFF":
        return image
    told = getattr(image, "tag_v2", {}).get(SAMPLE_FORMAT)
    if told not in (SIGNED, (SIGNED,)):
        return image
    return Image.fromarray(np.asarray(image).view(np.int8).astype(np.int32))


def is_deep_colour(image: Image.Image) -> bool:
    """Whether a picture in colour has 16 bits, of which Pillow decodes the upper eight (asked before it is decoded)."""
    return image.mode == "RGB" and any("RGB;16" in str(tile[3]) for tile in getattr(image, "tile", ()))


def read_lower_bits(image: Image.Image) -> None:
    """Let Pillow decode the lower eight bits of 16 and not the upper ones, by taking bytes in the other order."""
    image.tile = [(*tile[:3], _swapped(tile[3])) for tile in image.tile]  # type: ignore[attr-defined]


def _swapped(arguments: Any) -> Any:
    if isinstance(arguments, tuple):
        return (_swapped(arguments[0]), *arguments[1:])
    native = "RGB;16B" if sys.byteorder == "little" else "RGB;16L"
    return {"RGB;16B": "RGB;16L", "RGB;16L": "RGB;16B", "RGB;16N": native}.get(arguments, arguments)


def plain(image: Image.Image, blended: Callable[[], None] | None = None) -> Image.Image:
    """An image of mode L (grey), RGB, or F where it has more than eight bits: values as they are, not scaled.

    Args:
        image: all of a picture, or a strip of it.
        blended: called where transparent pixels were laid on white.
    """
    from PIL import Image

    if is_deep(image.mode):
        return Image.fromarray(np.asarray(image).astype(np.float32))
    if image.mode in SEE_THROUGH or "transparency" in image.info:
        return _laid_on_white(image, blended)
    if image.mode in {"L", "RGB"}:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _laid_on_white(image: Image.Image, blended: Callable[[], None] | None) -> Image.Image:
    from PIL import Image

    grey = image.mode in {"LA", "La", "L", "1"}
    rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    if blended is not None and np.asarray(rgba)[..., 3].min() < 255:
        blended()
    paper = Image.new("RGBA", rgba.size, (BACKGROUND, BACKGROUND, BACKGROUND, 255))
    return Image.alpha_composite(paper, rgba).convert("L" if grey else "RGB")
