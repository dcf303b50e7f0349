"""Pictures and series on their way into a code and back: scaled, shrunk, convolved, and restored."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from automl.records import InputSpec

__all__ = ["ARRAYS", "SIDE", "STEPS", "convolved", "restored_array", "scaled_array"]

ARRAYS = ("image", "series")
SIDE = 64
"""Pictures are shrunk to at most so many pixels a side, and series to `STEPS`, before they are read and restored."""
STEPS = 256
LEAST_SIDE, LEAST_STEPS = 4, 8
"""Where halving ends."""


def scaled_array(x: Any, spec: InputSpec) -> Any:
    """A picture or series, standardised and shrunk to at most `SIDE` pixels a side or `STEPS`, float32."""
    import keras

    from automl.layers.pixels import ChannelScale

    x = ChannelScale(spec.stats["mean"], spec.stats["std"], dtype="float32")(x)
    sizes = [int(size) for size in spec.shape[:-1]]
    factor = -(-max(sizes) // (SIDE if spec.kind == "image" else STEPS))
    if factor == 1:
        return x
    if spec.kind == "image":
        return keras.layers.AveragePooling2D(tuple(min(factor, size) for size in sizes), dtype="float32")(x)
    return keras.layers.AveragePooling1D(factor, dtype="float32")(x)


def convolved(x: Any, is_image: bool, filters: int) -> tuple[Any, tuple[tuple[int, ...], ...]]:
    """Values, or features after convolutions of stride 2, which double their filters; and sizes.

    Args:
        x: ``(batch, height, width, channels)`` or ``(batch, steps, channels)``.
        is_image: whether it is a picture.
        filters: of the first convolution; 0 for the values.

    Returns:
        ``(batch, features)``; sizes before each halving and after the last, one entry where nothing is halved.
    """
    import keras

    layers, sizes = keras.layers, [size_of(x)]
    conv, kernel, least = (layers.Conv2D, 3, LEAST_SIDE) if is_image else (layers.Conv1D, 5, LEAST_STEPS)
    while filters and max(sizes[-1]) > least:
        x = conv(filters << (len(sizes) - 1), kernel, strides=2, padding="same", activation="gelu")(x)
        sizes.append(size_of(x))
    return layers.Flatten()(x), tuple(sizes)


def restored_array(x: Any, is_image: bool, sizes: Sequence[tuple[int, ...]], filters: int, n_channels: int) -> Any:
    """The way back: transposed convolutions, cut to the sizes that the picture or series had on its way in.

    Args:
        x: features ``(batch, features)``.
        is_image: whether it is a picture.
        sizes: of `convolved`.
        filters: of `convolved`.
        n_channels: of what is restored.
    """
    import keras

    layers = keras.layers
    if not filters:
        x = layers.Dense(math.prod(sizes[0]) * n_channels, dtype="float32")(x)
        return layers.Reshape((*sizes[0], n_channels), dtype="float32")(x)
    n_stages = len(sizes) - 1
    wide = filters << max(n_stages - 1, 0)
    x = layers.Dense(math.prod(sizes[-1]) * wide, activation="gelu")(x)
    x = layers.Reshape((*sizes[-1], wide))(x)
    conv, crop = (
        (layers.Conv2DTranspose, layers.Cropping2D) if is_image else (layers.Conv1DTranspose, layers.Cropping1D)
    )
    kernel = 3 if is_image else 5
    for stage in range(n_stages - 1, -1, -1):
        settings = {"dtype": "float32"} if stage == 0 else {"activation": "gelu"}
        width = n_channels if stage == 0 else filters << (stage - 1)
        x = conv(width, kernel, strides=2, padding="same", **settings)(x)
        over = [had - size for had, size in zip(size_of(x), sizes[stage], strict=True)]
        if any(over):
            x = crop([(0, n) for n in over] if is_image else (0, over[0]), dtype=x.dtype)(x)
    return x if n_stages else layers.Dense(n_channels, dtype="float32")(x)


def size_of(x: Any) -> tuple[int, ...]:
    """Height and width, or steps."""
    return tuple(int(size) for size in x.shape[1:-1])
