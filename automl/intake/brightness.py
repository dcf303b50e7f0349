"""One scale of brightness for all pictures of a set: which value becomes 0 and which becomes 255."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from automl.errors import DataError

__all__ = ["full_scale", "scaled", "span", "span_of_pictures"]

BYTE, WORD = 255.0, 65535.0
WELL_LIT = 0.5
"""Share of a scale that the brightest value of a set reaches where the scale is its own."""
SAMPLED_VALUES = 4_000_000
TAILS = (0.001, 0.999)
FAR = 4.0
"""Times the range between the tails, beyond which a set's ends are taken for odd pixels."""


def span(values: np.ndarray) -> tuple[float, float]:
    """The range of brightness that an array of images was written in: what becomes 0 and what becomes 255.

    Kept beside a model, it lets new images be scaled as the training images were, however dark they are.

    Args:
        values: numbers or booleans of any shape.

    Raises:
        DataError: no number is finite.
    """
    if values.dtype == np.uint8:
        return 0.0, BYTE
    if values.dtype == bool or not values.size:
        return 0.0, 1.0
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if not np.isfinite([low, high]).all():
        finite = values[np.isfinite(values)]
        if not finite.size:
            raise DataError("the images hold no finite number; check how the array was written")
        low, high = float(finite.min()), float(finite.max())
    step = max(1, -(-values.size // SAMPLED_VALUES))
    return _range(low, high, values[::step], values.dtype.kind == "f")


def span_of_pictures(pictures: Sequence[np.ndarray | None], used: np.ndarray) -> tuple[float, float] | None:
    """The range of the pictures of more than eight bits; None if there are none among those that are used.

    Where most pictures are of eight bits, the others are taken for the same sort of picture, stored with more bits:
    their range is all that such files can hold.

    Args:
        pictures: decoded, float32 where they have more than eight bits, else uint8; None where there is none.
        used: ``(n,)`` bool, which of them to measure.
    """
    chosen = [picture for picture, use in zip(pictures, used, strict=True) if use and picture is not None]
    deep = [picture for picture in chosen if picture.dtype != np.uint8]
    ends = [(float(p[ok].min()), float(p[ok].max())) for p in deep if (ok := np.isfinite(p)).any()]
    if not ends:
        return None
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    if 2 * len(deep) < len(chosen):
        return full_scale(low, high)
    most = max(1, SAMPLED_VALUES // len(deep))
    sample = np.concatenate([picture.ravel()[:: max(1, -(-picture.size // most))] for picture in deep])
    return _range(low, high, sample, True)


def full_scale(low: float, high: float) -> tuple[float, float]:
    """All that pictures of these ends can hold: shares of one, bytes or words."""
    top = next((top for top in (1.0, BYTE, WORD) if high <= top), high)
    return min(low, 0.0), top


def _range(low: float, high: float, sample: np.ndarray, may_be_shares: bool) -> tuple[float, float]:
    """A usual scale where the values fill it, else from the least to the largest, a few odd pixels left aside."""
    if may_be_shares and low >= 0 and WELL_LIT <= high <= 1:
        return 0.0, 1.0
    if may_be_shares and -1 <= low < 0 and high <= 1:
        return -1.0, 1.0
    if low >= 0 and WELL_LIT * BYTE < high <= BYTE:
        return 0.0, BYTE
    finite = sample[np.isfinite(sample)]
    if finite.size:
        inner_low, inner_high = (float(end) for end in np.quantile(finite, TAILS))
        if inner_high > inner_low and high - low > FAR * (inner_high - inner_low):
            return inner_low, inner_high
    if 0 <= low <= WORD / 4 and WELL_LIT * WORD < high <= WORD:
        return 0.0, WORD
    return low, high


def scaled(picture: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """A picture of more than eight bits as uint8; what is no number becomes 0.

    Args:
        picture: float32, of any shape.
        limits: what becomes 0 and 255; values beyond are clipped.
    """
    low, high = limits
    factor = BYTE / (high - low) if high > low else 0.0
    values = np.nan_to_num((picture.astype(np.float64) - low) * factor, nan=0.0, posinf=BYTE, neginf=0.0)
    return np.clip(np.rint(values), 0, BYTE).astype(np.uint8)
