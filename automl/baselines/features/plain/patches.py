"""Codes of small patches of pictures against a dictionary, in NumPy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from automl.baselines.features.plain.components import on_components
from automl.baselines.features.plain.pictures import resized

__all__ = ["MOST_WIDTH", "normalised_patches", "patch_codes", "patch_features", "patches_of", "stride_of"]

BATCH_OF_PATCHED = 128
CONTRAST = 10 / 255**2
"""Added to a patch's variance, so that the noise of flat patches is not blown up."""
THRESHOLD = 0.5
MOST_PLACES = 160
"""Patches of a picture that are looked at, about; more lie close together."""
MOST_WIDTH = 768
"""Numbers of a patch: of many channels patches are smaller: whitening takes time by the cube of it."""


def patch_features(given: Mapping[str, np.ndarray], spec: Mapping[str, Any]) -> np.ndarray:
    """How much of each dictionary patch lies in each part of a picture, ``(n, n_features)`` float64.

    Args:
        given: "pictures" ``(n, h, w[, c])``, 0 to 255.
        spec: see `patch_codes` and `on_components`.
    """
    pictures, parts = given["pictures"], []
    for i in range(0, max(len(pictures), 1), BATCH_OF_PATCHED):
        parts.append(patch_codes(pictures[i : i + BATCH_OF_PATCHED], spec))
    return on_components(np.concatenate(parts), spec)


def patch_codes(pictures: np.ndarray, spec: Mapping[str, Any]) -> np.ndarray:
    """Codes of a picture's patches, summed in each part of the grid, ``(n, grid * grid * n_patches)`` float32.

    Args:
        pictures: ``(n, h, w[, c])``, 0 to 255.
        spec: "side", "patch" and "grid"; "dictionary" ``(n_patches, width)``, "mean_patch" ``(width,)`` and "whiten"
            ``(width, width)``.
    """
    stride = stride_of(pictures.shape, spec["side"], spec["patch"])
    patches = patches_of(pictures, spec["side"], spec["patch"], stride)
    n, n_rows, n_columns, width = patches.shape
    white = (normalised_patches(patches.reshape(-1, width)) - spec["mean_patch"]) @ spec["whiten"]
    codes = np.maximum(white @ spec["dictionary"].T - np.float32(THRESHOLD), 0.0)
    codes = codes.reshape(n, n_rows, n_columns, -1)
    for axis, size in ((1, n_rows), (2, n_columns)):
        begins = np.unique(np.arange(spec["grid"]) * size // spec["grid"])
        codes = np.add.reduceat(codes, begins, axis=axis)
    return np.asarray(codes.reshape(n, -1))


def stride_of(shape: tuple[int, ...], side: int, patch: int) -> int:
    """Pixels from one patch to the next, for pictures of this shape ``(n, h, w[, c])``."""
    h, w = shape[1:3]
    shrink = min(1.0, side / max(h, w))
    places = max(h * shrink - patch + 1, 1.0) * max(w * shrink - patch + 1, 1.0)
    return max(1, round(float(np.sqrt(places / MOST_PLACES))))


def patches_of(pictures: np.ndarray, side: int, patch: int, stride: int) -> np.ndarray:
    """Patches ``(n, rows, columns, patch * patch * channels)``, every so many pixels."""
    pictures = pictures[..., None] if pictures.ndim == 3 else pictures
    pictures = pictures[..., :: math.ceil(pictures.shape[3] / MOST_WIDTH)]
    small = resized(np.asarray(pictures, dtype=np.float32) / 255.0, side)
    size = min(patch, *small.shape[1:3])
    windows = sliding_window_view(small, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    return np.ascontiguousarray(windows).reshape(*windows.shape[:3], -1)


def normalised_patches(patches: np.ndarray) -> np.ndarray:
    """Patches without their brightness and contrast."""
    centred = patches - patches.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + CONTRAST), dtype=np.float32)
