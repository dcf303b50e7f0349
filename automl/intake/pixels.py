"""Arrays of images of any shape, type and range → one uint8 array ``(n, h, w, c)``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from automl.errors import DataError
from automl.intake.brightness import span
from automl.records import Finding

__all__ = ["LONGEST", "as_uint8", "fitted", "wanted"]

LONGEST = 64
"""Longer side of images by default. A network's cost grows with the square of it, so that at 64 pixels a few dozen
epochs over some thousands of images fit into five minutes on two cores; pass `size` to keep more."""


def wanted(size: Any) -> tuple[int, int, int | None] | None:
    """Height, width and channels (None: as found) of `size`: a number, ``(h, w)`` or ``(h, w, c)``."""
    if size is None:
        return None
    parts = (size, size) if np.ndim(size) == 0 else tuple(size)
    if len(parts) not in {2, 3} or any(int(part) < 1 for part in parts):
        raise DataError(f"size {size!r}: expected pixels as (height, width), (height, width, channels) or one number")
    return int(parts[0]), int(parts[1]), int(parts[2]) if len(parts) == 3 else None


def as_uint8(values: np.ndarray, limits: tuple[float, float] | None = None) -> tuple[np.ndarray, tuple[Finding, ...]]:
    """Scale images to 0..255 and give them a channel axis.

    Args:
        values: shape (n, h, w), (n, h, w, c) or (n, c, h, w) with one, three or four channels.
        limits: what becomes 0 and 255; `span` of the values when None.

    Returns:
        Shape (n, h, w, c), uint8, with what was noticed.
    """
    findings: list[Finding] = []
    if values.ndim == 3:
        values = values[..., None]
    elif values.shape[1] in {1, 3, 4} and values.shape[3] > 4:
        values = np.moveaxis(values, 1, 3)
        message = f"Images of shape {values.shape[1:]} came with their channels first; the axis was moved to the end."
        findings.append(Finding("channels_first", "low", message, "Move it there yourself if it is another axis."))
    low, high = limits or span(values)
    if values.dtype == np.uint8 and (low, high) == (0.0, 255.0):
        return np.ascontiguousarray(values), tuple(findings)
    n_odd = 0
    if values.dtype.kind == "f":
        n_odd = int(np.size(values) - np.isfinite(values).sum())
        values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    if n_odd:
        message = f"{n_odd} pixels are not finite numbers; they were set to the ends of the range."
        findings.append(Finding("odd_pixels", "medium", message, "Check how the images were written.", count=n_odd))
    scaled = np.empty(values.shape, dtype=np.uint8)
    factor = 255.0 / (high - low) if high > low else 0.0
    for start in range(0, len(values), 1024):  # in parts, so that no second array of floats is held
        part = (values[start : start + 1024].astype(np.float64) - low) * factor
        scaled[start : start + 1024] = np.clip(np.rint(part), 0, 255)
    if (low, high) != (0.0, 255.0):
        message = f"Image values from {low:g} to {high:g} were scaled to 0 to 255."
        step = "New images are read with the same scale; bring them to it first if they were written with another."
        findings.append(Finding("image_range", "low" if (low, high) == (0.0, 1.0) else "medium", message, step))
    return scaled, tuple(findings)


def fitted(images: np.ndarray, size: tuple[int, int, int | None] | None) -> tuple[np.ndarray, tuple[Finding, ...]]:
    """Images of the wanted size and channels; without a wish, of at most `LONGEST` pixels a side.

    Args:
        images: shape (n, h, w, c), uint8.
    """
    _, height, width, channels = images.shape
    findings: tuple[Finding, ...] = ()
    scale = min(1.0, LONGEST / max(height, width))
    goal = (max(1, round(height * scale)), max(1, round(width * scale))) if size is None else size[:2]
    if goal != (height, width):
        message = f"Images of {height} x {width} pixels were resized to {goal[0]} x {goal[1]}."
        step = "Crop them to what matters if details are lost."
        findings = (Finding("images_resized", "low", message, step, count=len(images)),)
        images = _resized(images, *goal)
    if size is not None and size[2] is not None and size[2] != channels:
        images = _with_channels(images, size[2])
    return images, findings


def _resized(images: np.ndarray, height: int, width: int) -> np.ndarray:
    from PIL import Image

    made = np.empty((len(images), height, width, images.shape[3]), dtype=np.uint8)

    def resize(i: int) -> None:
        if images.shape[3] == 3:
            made[i] = np.asarray(Image.fromarray(images[i]).resize((width, height), Image.Resampling.BILINEAR))
        else:
            for c in range(images.shape[3]):
                plane = Image.fromarray(np.ascontiguousarray(images[i, :, :, c]))
                made[i, :, :, c] = np.asarray(plane.resize((width, height), Image.Resampling.BILINEAR))

    with ThreadPoolExecutor() as pool:
        list(pool.map(resize, range(len(images))))
    return made


def _with_channels(images: np.ndarray, channels: int) -> np.ndarray:
    """Grey to colour, colour to grey (ITU-R BT.601 luma), or transparency composited on white."""
    if images.shape[3] == 4:
        alpha = images[..., 3:].astype(np.float32) / 255.0
        images = np.rint(images[..., :3] * alpha + 255.0 * (1.0 - alpha)).astype(np.uint8)
    if images.shape[3] == channels:
        return images
    if images.shape[3] == 1 and channels == 3:
        return np.repeat(images, 3, axis=3)
    if images.shape[3] == 3 and channels == 1:
        luma = images @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
        grey: np.ndarray = np.rint(luma)[..., None].astype(np.uint8)
        return grey
    raise DataError(f"images have {images.shape[3]} channels, expected {channels}; pass images like those trained on")
