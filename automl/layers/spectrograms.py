"""Layers for spectrograms: random changes in training, and the level of a sound taken from it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from automl.layers.augmentation import Augmentation

__all__ = ["LevelRemoved", "PitchShift", "SpecAugment", "TimeShift"]

MASKS = 2
"""Masks of bands, and of frames."""


@keras.saving.register_keras_serializable(package="automl")
class TimeShift(Augmentation):
    """Moves each spectrogram in time at random in training; what leaves at one end comes back at the other.

    Args:
        strength: the largest move, as a share of the frames; a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: ``(batch, bands, frames, channels)``. Output shape: the same.
    """

    def __init__(self, strength: float | keras.Variable = 0.0, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, {"strength": strength}, **kwargs)

    def changed(self, inputs: Any) -> Any:
        """Move."""
        ops = keras.ops
        n = ops.shape(inputs)[0]
        bands, frames, channels = (int(size) for size in inputs.shape[1:])
        draw = keras.random.uniform((n, 1), -1.0, 1.0, dtype="float32", seed=self.generator)
        moved = ops.cast(ops.round(draw * self.strength.read() * frames), "int32")
        places = ops.mod(np.arange(frames, dtype="int32") + moved + frames, frames)  # (batch, frames)
        x = ops.reshape(ops.transpose(inputs, (0, 2, 1, 3)), (-1, bands * channels))  # a row a frame
        first = ops.arange(n, dtype="int32")[:, None] * frames
        x = ops.reshape(ops.take(x, first + places, axis=0), (-1, frames, bands, channels))
        return ops.transpose(x, (0, 2, 1, 3))


@keras.saving.register_keras_serializable(package="automl")
class LevelRemoved(keras.layers.Layer):  # type: ignore[misc]
    """Takes each spectrogram's own mean level from it, so that loud and soft sounds look alike.

    Input shape: ``(batch, bands, frames, channels)``. Output shape: the same.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Subtract the mean over bands, frames and channels."""
        mean = keras.ops.mean(keras.ops.cast(inputs, "float32"), axis=(1, 2, 3), keepdims=True)
        return inputs - keras.ops.cast(mean, inputs.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return input_shape


@keras.saving.register_keras_serializable(package="automl")
class PitchShift(Augmentation):
    """Moves each spectrogram up or down its bands at random in training, as another speaker or machine would sound.

    Bands are interpolated; those at the ends are repeated. A factor on all frequencies is nearly such a move on the mel
    scale: 10 % are a move of 1.5 bands of 40.

    Args:
        strength: the largest move, as a share of the bands; a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: ``(batch, bands, frames, channels)``. Output shape: the same.

    Source: Jaitly & Hinton, "Vocal Tract Length Perturbation (VTLP) improves speech recognition", ICML workshop 2013.
    """

    def __init__(self, strength: float | keras.Variable = 0.0, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, {"strength": strength}, **kwargs)

    def changed(self, inputs: Any) -> Any:
        """Move."""
        ops = keras.ops
        bands, frames, channels = (int(size) for size in inputs.shape[1:])
        draw = keras.random.uniform((ops.shape(inputs)[0], 1), -1.0, 1.0, dtype="float32", seed=self.generator)
        places = np.arange(bands, dtype="float32")
        wanted = ops.clip(places + draw * self.strength.read() * bands, 0.0, bands - 1.0)
        weights = ops.maximum(1.0 - ops.abs(wanted[:, :, None] - places), 0.0)  # (batch, out, in)
        x = ops.matmul(ops.cast(weights, inputs.dtype), ops.reshape(inputs, (-1, bands, frames * channels)))
        return ops.reshape(x, (-1, bands, frames, channels))


@keras.saving.register_keras_serializable(package="automl")
class SpecAugment(Augmentation):
    """Sets random runs of bands and of frames of each standardised spectrogram to 0 (the mean) in training.

    There are two runs of each. The length of a run is drawn uniformly from none to the largest share, as is its place.

    Args:
        bands: the largest share of the bands in one run; a float or a scalar `keras.Variable`.
        frames: the largest share of the frames in one run; a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: ``(batch, bands, frames, channels)``. Output shape: the same.

    Source: Park et al., "SpecAugment", Interspeech 2019, section 2 (frequency and time masking; time is not warped).
    """

    def __init__(
        self, bands: float | keras.Variable = 0.0, frames: float | keras.Variable = 0.0, seed: int | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(seed, {"bands": bands, "frames": frames}, **kwargs)

    def changed(self, inputs: Any) -> Any:
        """Mask."""
        ops = keras.ops
        shape = (ops.shape(inputs)[0], 2, MASKS, 2)
        draw = keras.random.uniform(shape, dtype="float32", seed=self.generator)
        masks = []
        for axis, (knob, size) in enumerate(zip((self.bands, self.frames), inputs.shape[1:3], strict=True)):
            length = draw[:, axis, :, 0] * knob.read()  # (batch, masks), shares
            begin = draw[:, axis, :, 1] * (1.0 - length)
            places = (np.arange(int(size), dtype="float32") + 0.5) / int(size)
            inside = (places >= begin[..., None]) & (places < (begin + length)[..., None])  # (batch, masks, size)
            masks.append(ops.any(inside, axis=1))
        kept = ~(masks[0][:, :, None] | masks[1][:, None, :])
        return inputs * ops.cast(kept, inputs.dtype)[..., None]
