"""Channels of pictures: grey, colour, and an alpha channel on either."""

from __future__ import annotations

import numpy as np

from automl.errors import DataError
from automl.system.counts import counted

__all__ = ["with_channels"]

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


def with_channels(pictures: np.ndarray, wanted: int) -> np.ndarray:
    """Grey ↔ colour; an alpha channel is laid on white or added opaque.

    Args:
        pictures: ``(n, height, width, channels)`` uint8.
        wanted: number of channels.

    Raises:
        DataError: they have a number of channels that neither grey nor colour pictures have.
    """
    found = pictures.shape[-1]
    if found == wanted:
        return pictures
    if found == 2 or found == 4:
        alpha = pictures[..., found - 1 :] / 255.0
        laid = np.rint(pictures[..., : found - 1] * alpha + 255.0 * (1.0 - alpha)).astype(np.uint8)
        return with_channels(laid, wanted)
    if wanted == 2 or wanted == 4:
        opaque = np.full((*pictures.shape[:-1], 1), 255, np.uint8)
        return np.concatenate([with_channels(pictures, wanted - 1), opaque], axis=-1)
    if found == 3 and wanted == 1:
        return np.asarray(np.rint(pictures @ _LUMA)[..., None], np.uint8)
    if found == 1:
        return np.repeat(pictures, wanted, axis=-1)
    raise DataError(
        f"expected pictures with {counted(wanted, 'channel')}; these have {found}. Give pictures of the same sort"
    )
