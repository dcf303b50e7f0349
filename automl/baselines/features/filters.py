"""Filter responses of each pixel at several scales: what is around it, as a row of a table.

Source: Arganda-Carreras et al., "Trainable Weka Segmentation", Bioinformatics 2017; Berg et al., "ilastik", Nature
    Methods 2019 (the same filters).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["SCALES", "filter_responses", "n_responses"]

SCALES = (1.0, 2.0, 4.0, 8.0)
"""Standard deviations of the Gaussians, pixels."""
OF_A_SCALE = 6
TRUNCATE = 3.0


def n_responses(n_channels: int, n_scales: int, has_place: bool) -> int:
    """Numbers of a pixel."""
    return n_channels * (1 + OF_A_SCALE * n_scales) + 2 * has_place


def filter_responses(picture: np.ndarray, scales: Sequence[float], has_place: bool) -> np.ndarray:
    """The responses of all pixels of a picture.

    Of each channel its value; at each scale its Gaussian, the length of its gradient, both eigenvalues of its matrix of
    second derivatives (Hessian), the local deviation (texture) and the difference to the next larger Gaussian.

    Args:
        picture: ``(height, width, channels)`` uint8.
        scales: of the Gaussians, pixels.
        has_place: whether row and column, as shares of height and width, are added.

    Returns:
        ``(height * width, n_responses)`` float32.
    """
    height, width, n_channels = picture.shape
    parts = []
    for channel in range(n_channels):
        values = picture[..., channel].astype(np.float32) / 255.0
        parts.append(values)
        for scale in scales:
            parts += _of_scale(values, scale)
    if has_place:
        rows, columns = np.mgrid[:height, :width].astype(np.float32)
        parts += [rows / max(height - 1, 1), columns / max(width - 1, 1)]
    return np.stack(parts, axis=-1).reshape(height * width, -1)


def _of_scale(values: np.ndarray, scale: float) -> list[np.ndarray]:
    from scipy.ndimage import gaussian_filter

    def smooth(array: np.ndarray, order: tuple[int, int] = (0, 0), by: float = 1.0) -> np.ndarray:
        return np.asarray(gaussian_filter(array, by * scale, order, mode="reflect", truncate=TRUNCATE))

    mean = smooth(values)
    down, right = smooth(values, (1, 0)), smooth(values, (0, 1))
    first, both, last = smooth(values, (2, 0)), smooth(values, (1, 1)), smooth(values, (0, 2))
    middle, apart = (first + last) / 2, np.sqrt(((first - last) / 2) ** 2 + both**2)
    deviation = np.sqrt(np.maximum(smooth(values**2) - mean**2, 0.0))
    power = scale**2  # second derivatives fall with the scale squared, first ones with the scale
    return [
        mean, scale * np.hypot(down, right), power * (middle + apart), power * (middle - apart), deviation,
        mean - smooth(values, by=1.6),
    ]  # fmt: skip
