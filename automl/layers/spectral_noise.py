"""Noise of series with a learned spectrum."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from automl.layers.rates import paced

__all__ = ["SpectralNoise"]

RATE = 4.0
"""Learning rate of the spectrum, as a multiple: logarithms of powers lie far apart."""


@keras.saving.register_keras_serializable(package="automl")
class SpectralNoise(keras.layers.Layer):  # type: ignore[misc]
    """Stationary normal noise of each channel, independent between channels; one spectrum for all series.

    The loss is Whittle's likelihood, ``½ Σ_f w_f (log S_f + P_f / S_f)`` with P the periodogram, S the power times
    the squared scale of the series, and w the 2 numbers of a frequency (1 at the ends).

    Args:
        steps: of a series.
        channels: of a series.

    Input shape: series ``(batch, steps, channels)``, and logarithms of scales ``(batch,)``.
    Output shape: ``(batch,)`` negative logarithm of the likelihood, but for a constant; float32.

    Source: Whittle, "Estimation and information in stationary time series", Arkiv för Matematik 2 (1953).
    """

    def __init__(self, steps: int, channels: int, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.steps, self.channels = int(steps), int(channels)
        weights = np.full(self.steps // 2 + 1, 2.0, np.float32)
        weights[0] = 1.0
        if self.steps % 2 == 0:
            weights[-1] = 1.0
        self._numbers = weights

    def build(self, *shapes: Any) -> None:
        """Make the logarithms of the power."""
        shape = (self.channels, len(self._numbers))
        self.log_power = paced(self.add_weight(shape=shape, initializer="zeros", name="log_power"), RATE)
        self.built = True

    def call(self, series: Any, log_scale: Any) -> Any:
        """The negative logarithm of the likelihood."""
        ops = keras.ops
        real, imaginary = ops.rfft(ops.transpose(series, (0, 2, 1)))
        power = (ops.square(real) + ops.square(imaginary)) / self.steps
        log_power = self.log_power + 2.0 * log_scale[:, None, None]
        return 0.5 * ops.sum(self._numbers * (log_power + power * ops.exp(-log_power)), axis=(1, 2))

    def drawn(self, noise: Any, log_scale: Any) -> Any:
        """Series ``(batch, steps, channels)``.

        Args:
            noise: ``(batch, n)`` standard normal. Where n is less than the numbers of a series, they come again at
                other places and with other signs.
            log_scale: ``(batch,)``.
        """
        ops = keras.ops
        n_numbers = self.steps * self.channels
        places, signs = spread_out(int(noise.shape[1]), n_numbers)
        white = ops.reshape(ops.take(noise, places, axis=1) * signs, (-1, self.channels, self.steps))
        real, imaginary = ops.rfft(white)
        gain = ops.exp(0.5 * self.log_power + log_scale[:, None, None])
        return ops.transpose(ops.irfft((real * gain, imaginary * gain), fft_length=self.steps), (0, 2, 1))

    def compute_output_shape(self, *shapes: Any) -> tuple[int | None, ...]:
        """(batch,)."""
        return (None,)

    def get_config(self) -> dict[str, Any]:
        """The layer's sizes."""
        return {**super().get_config(), "steps": self.steps, "channels": self.channels}


def spread_out(n: int, n_numbers: int) -> tuple[np.ndarray, np.ndarray]:
    """Places ``(n_numbers,)`` among n numbers, all of them before one comes again, and signs.

    NumPy keeps the stream of `RandomState` as it is in all versions (NEP 19).
    """
    random = np.random.RandomState(0)
    places = np.concatenate([random.permutation(n) for _ in range(-(-n_numbers // n))])[:n_numbers]
    return places.astype("int32"), random.choice([-1.0, 1.0], n_numbers).astype("float32")
