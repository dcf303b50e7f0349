"""Augmentation of images and series: random changes in training that keep their meaning, inside the compiled step."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from automl.layers.augmentation import Augmentation

__all__ = ["RandomCrop", "RandomErase", "RandomLight", "RandomSeries", "RandomView"]


@keras.saving.register_keras_serializable(package="automl")
class RandomView(Augmentation):
    """Shifts, zooms and mirrors each image at random in training.

    Rows and columns are resampled separately, each by a product with a small matrix (bilinear weights; edges are
    repeated). On a CPU this is faster than gathering pixels. With all three strengths at 0 the image is unchanged.

    Args:
        shift: largest shift, as a share of height and width; a float or a scalar `keras.Variable`.
        zoom: largest change of size, as a share; a float or a scalar `keras.Variable`.
        flip: probability of a left-right flip; a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: ``(batch, height, width, channels)``. Output shape: the same.

    Source: Krizhevsky et al., NeurIPS 2012 (shifts and reflections).
    """

    def __init__(
        self, shift: float | keras.Variable = 0.0, zoom: float | keras.Variable = 0.0,
        flip: float | keras.Variable = 0.0, seed: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(seed, {"shift": shift, "zoom": zoom, "flip": flip}, **kwargs)

    def changed(self, inputs: Any) -> Any:
        """Change the view."""
        ops = keras.ops
        n = ops.shape(inputs)[0]
        height, width = (int(size) for size in inputs.shape[1:3])
        draw = keras.random.uniform((n, 4), dtype="float32", seed=self.generator)
        size = 1.0 + self.zoom.read() * (2 * draw[:, 0] - 1)
        move = self.shift.read() * (2 * draw[:, 1:3] - 1)
        mirrored = ops.where(draw[:, 3] < self.flip.read(), -1.0, 1.0)
        rows = _resampling(height, size, move[:, 0])  # (batch, height, height)
        columns = _resampling(width, size * mirrored, move[:, 1])
        return _resampled(inputs, rows, columns)


def _resampled(images: Any, rows: Any, columns: Any) -> Any:
    """Images whose rows and columns are mixed by ``(batch, out, in)`` weights."""
    ops = keras.ops
    height, width, channels = (int(size) for size in images.shape[1:])
    rows, columns = ops.cast(rows, images.dtype), ops.cast(columns, images.dtype)
    x = ops.matmul(rows, ops.reshape(images, (-1, height, width * channels)))
    x = ops.reshape(x, (-1, height, width, channels))
    if channels == 1:
        return ops.matmul(x[..., 0], ops.transpose(columns, (0, 2, 1)))[..., None]
    return ops.matmul(columns[:, None], x)  # (batch, 1, w, w) @ (batch, h, w, c)


def _resampling(length: int, size: Any, move: Any) -> Any:
    """Bilinear weights ``(batch, length out, length in)``: positions scaled about the centre, then shifted."""
    ops = keras.ops
    places = np.arange(length, dtype="float32")
    middle = (length - 1) / 2
    wanted = middle + (places - middle) * size[:, None] + move[:, None] * length
    wanted = ops.clip(wanted, 0.0, length - 1.0)
    return ops.maximum(1.0 - ops.abs(wanted[:, :, None] - places), 0.0)


@keras.saving.register_keras_serializable(package="automl")
class RandomCrop(Augmentation):
    """Cuts a random window out of each image in training, stretches it to the image's size, and mirrors it at random.

    The window's sides are drawn apart, each between ``sqrt(1 - s)`` and 1 of the image's, and lie anywhere within.

    Args:
        strength: s, the largest share of the area that is cut off; a float or a scalar `keras.Variable`, below 1.
        flip: probability of a left-right flip; a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: ``(batch, height, width, channels)``. Output shape: the same.

    Source: Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, section 6 (crops of random area and aspect
        ratio); for views: Chen et al., ICML 2020, section 3.
    """

    def __init__(
        self, strength: float | keras.Variable = 0.0, flip: float | keras.Variable = 0.0, seed: int | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(seed, {"strength": strength, "flip": flip}, **kwargs)

    def changed(self, inputs: Any) -> Any:
        """Crop."""
        ops = keras.ops
        height, width = (int(size) for size in inputs.shape[1:3])
        draw = keras.random.uniform((ops.shape(inputs)[0], 5), dtype="float32", seed=self.generator)
        least = ops.sqrt(ops.maximum(1.0 - self.strength.read(), 0.0))
        size = least + (1.0 - least) * draw[:, :2]
        move = (2 * draw[:, 2:4] - 1) * (1.0 - size) / 2  # as shares of the sides
        mirrored = ops.where(draw[:, 4] < self.flip.read(), -1.0, 1.0)
        rows = _resampling(height, size[:, 0], move[:, 0])
        return _resampled(inputs, rows, _resampling(width, size[:, 1] * mirrored, move[:, 1]))


@keras.saving.register_keras_serializable(package="automl")
class RandomLight(Augmentation):
    """Changes contrast and brightness of standardised images in training: ``y = (1 + a s) x + b s``.

    For each image, a and b are drawn uniformly from -1 to 1.

    Args:
        strength: s, a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: ``(batch, height, width, channels)``. Output shape: the same.
    """

    def __init__(self, strength: float | keras.Variable = 0.0, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, {"strength": strength}, **kwargs)

    def changed(self, inputs: Any) -> Any:
        """Change contrast and brightness."""
        shape = (keras.ops.shape(inputs)[0], 2, 1, 1, 1)
        draw = keras.random.uniform(shape, -1.0, 1.0, dtype="float32", seed=self.generator) * self.strength.read()
        draw = keras.ops.cast(draw, inputs.dtype)
        return inputs * (1 + draw[:, 0]) + draw[:, 1]


@keras.saving.register_keras_serializable(package="automl")
class RandomErase(Augmentation):
    """Sets one random square of each standardised image to 0 (the mean) in training.

    Args:
        side: side of the square as a share of the image's side; a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: ``(batch, height, width, channels)``. Output shape: the same.

    Source: DeVries & Taylor, "Cutout" (2017).
    """

    def __init__(self, side: float | keras.Variable = 0.0, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, {"side": side}, **kwargs)

    def changed(self, inputs: Any) -> Any:
        """Erase a square."""
        ops = keras.ops
        centre = keras.random.uniform((ops.shape(inputs)[0], 2), dtype="float32", seed=self.generator)
        half = self.side.read() / 2
        spans = []
        for axis, length in enumerate((int(inputs.shape[1]), int(inputs.shape[2]))):
            places = (np.arange(length, dtype="float32") + 0.5) / length
            spans.append(ops.abs(places - centre[:, axis, None]) < half)  # (batch, length)
        erased = spans[0][:, :, None] & spans[1][:, None, :]
        return inputs * ops.cast(~erased, inputs.dtype)[..., None]


@keras.saving.register_keras_serializable(package="automl")
class RandomSeries(Augmentation):
    """Shifts, crops, warps and scales each series at random in training.

    Output step t reads the series at position ``p = b + s (t + w(t)) + m``, by linear interpolation: s and b crop a
    window and stretch it back, ``w(t)`` bends time and keeps both ends, m shifts. A position beyond the end goes on at
    the beginning, so that a shift is circular. Then values are multiplied by ``1 + a``. With all four strengths at 0
    the series is unchanged.

    Args:
        shift: largest circular shift, as a share of the length; a float or a scalar `keras.Variable`.
        crop: largest share of the length that is cut off; a float or a scalar `keras.Variable`.
        warp: largest change of speed, as a share, below 1; a float or a scalar `keras.Variable`.
        scale: largest change of magnitude, as a share; a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: ``(batch, steps, channels)``. Output shape: the same.

    Source: Le Guennec, Malinowski & Tavenard 2016 (window slicing and warping); Um et al. 2017 (scaling, time-warping).
    """

    def __init__(
        self, shift: float | keras.Variable = 0.0, crop: float | keras.Variable = 0.0,
        warp: float | keras.Variable = 0.0, scale: float | keras.Variable = 0.0, seed: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(seed, {"shift": shift, "crop": crop, "warp": warp, "scale": scale}, **kwargs)

    def changed(self, inputs: Any) -> Any:
        """Change the series."""
        ops = keras.ops
        n, length = ops.shape(inputs)[0], int(inputs.shape[1])
        draw = keras.random.uniform((n, 6), dtype="float32", seed=self.generator)[:, :, None]  # (batch, 6, 1)
        signed = 2 * draw - 1
        last = float(max(length - 1, 1))
        places = np.arange(length, dtype="float32")
        half, whole = (np.sin(k * np.pi * places / last) / (k * np.pi) * last for k in (1, 2))
        bent = places + self.warp.read() * 0.5 * (signed[:, 0] * half + signed[:, 1] * whole)  # (batch, steps)
        cut = self.crop.read() * draw[:, 2]
        wanted = bent * (1 - cut) + draw[:, 3] * cut * last + self.shift.read() * draw[:, 4] * length
        lower = ops.floor(wanted)
        share = ops.cast(wanted - lower, inputs.dtype)[..., None]
        before, after = (_steps_at(inputs, ops.mod(ops.cast(lower, "int32") + k, length)) for k in (0, 1))
        magnitude = ops.cast(1 + self.scale.read() * signed[:, 5:6], inputs.dtype)  # (batch, 1, 1)
        return (before + share * (after - before)) * magnitude


def _steps_at(series: Any, places: Any) -> Any:
    """The steps of each series ``(batch, steps, channels)`` at these places ``(batch, steps)``."""
    ops = keras.ops
    length, channels = (int(size) for size in series.shape[1:])
    first = ops.arange(ops.shape(series)[0], dtype="int32")[:, None] * length
    return ops.reshape(ops.take(ops.reshape(series, (-1, channels)), first + places, axis=0), (-1, length, channels))
