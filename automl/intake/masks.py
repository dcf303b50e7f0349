"""Mask files → the values of their pixels, as they stand in the file: a value is a class, and classes have no mean."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from automl.intake.decoding import LONGEST_REASON
from automl.intake.files import shown
from automl.intake.limits import refuse_beyond
from automl.intake.picture_files import PictureSource, opened, quiet
from automl.system import resources

__all__ = ["COLOURS", "colour_name", "mask_values"]

COLOURS = 1 << 24
"""Added to the packed red, green and blue of a pixel of a coloured mask, so that no colour is taken for a value."""
N_THREADS = 4
BYTES_A_PIXEL = 4
LEAST, MOST = np.iinfo(np.int32).min, np.iinfo(np.int32).max


def colour_name(value: int) -> str:
    """A colour as people write it: ``#ff0000``."""
    return f"#{value - COLOURS:06x}"


def mask_values(
    paths: Sequence[PictureSource | None], memory_mib: float | None = None
) -> tuple[list[np.ndarray | None], dict[int, str]]:
    """The values of each mask ``(height, width)``, uint8 or int32, None where it cannot be read; and why not.

    A palette's numbers are the values, not its colours. Coloured masks whose channels agree are grey; of others each
    colour is a value (`COLOURS`).

    Args:
        paths: of the files.
        memory_mib: that may be taken; by default most of what is free.

    Raises:
        DataError: all of them would take more.
    """
    limit_mib = resources.available_mib() if memory_mib is None else memory_mib
    reasons: dict[int, str] = {}
    n_pixels = [0] * len(paths)

    def size_of(i: int) -> None:
        path = paths[i]
        try:
            if path is not None:
                with opened(path) as image:
                    n_pixels[i] = image.width * image.height
        except Exception:  # told below, where it is read
            n_pixels[i] = 0

    def one(i: int) -> np.ndarray | None:
        path = paths[i]
        if path is None:
            reasons[i] = "no mask is named"
            return None
        try:
            with opened(path) as image:
                image.load()
                return _values(np.asarray(image.convert("RGB") if image.mode in ODD_MODES else image))
        except FileNotFoundError:
            reasons[i] = f"{shown(path.name)}: no such file"
        except OSError as error:
            reasons[i] = f"{shown(path.name)}: {shown(error.strerror or str(error)[:LONGEST_REASON])}"
        except Exception as error:  # one damaged file must not end the run, whatever Pillow raises on it
            said = str(error).splitlines()[0][:LONGEST_REASON] if str(error) else type(error).__name__
            reasons[i] = f"{shown(path.name)}: {shown(said)}"
        return None

    with quiet(), ThreadPoolExecutor(N_THREADS) as pool:
        list(pool.map(size_of, range(len(paths))))
        n_bytes = BYTES_A_PIXEL * (sum(n_pixels) + N_THREADS * max(n_pixels, default=0))
        refuse_beyond(f"the {len(paths):,} masks", n_bytes, limit_mib, "the values of their pixels")
        found = list(pool.map(one, range(len(paths))))
    return found, dict(sorted(reasons.items()))


ODD_MODES = frozenset({"CMYK", "YCbCr", "LAB", "HSV", "PA", "La", "RGBa"})


def _values(pixels: np.ndarray) -> np.ndarray:
    """One number a pixel.

    Raises:
        ValueError: a pixel has no number, or one that int32 does not hold.
    """
    if pixels.dtype == bool:
        return pixels.astype(np.uint8)
    if pixels.ndim == 3:
        pixels = pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., 0]
    if pixels.ndim == 3:
        if (pixels[..., :1] == pixels).all():
            pixels = pixels[..., 0]
        else:
            red, green, blue = (pixels[..., k].astype(np.int32) for k in range(3))
            return np.asarray(COLOURS + (red << 16) + (green << 8) + blue)
    if pixels.dtype.kind == "f":
        if (n := int(pixels.size - np.isfinite(pixels).sum())) > 0:
            raise ValueError(
                f"{n:,} pixels are no number (NaN or infinite): expected the number of a class; write one of its own "
                "for pixels to leave out, such as 255, and pass void=255"
            )
        pixels = np.rint(pixels)
    if pixels.dtype != np.uint8 and pixels.size and (pixels.min() < LEAST or pixels.max() > MOST):
        raise ValueError(f"values of {pixels.min():g} to {pixels.max():g}: expected numbers of classes within 32 bits")
    return np.asarray(pixels if pixels.dtype == np.uint8 else pixels.astype(np.int32))
