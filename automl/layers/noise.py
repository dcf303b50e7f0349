"""Noise that is added to a network's inputs in training alone."""

from __future__ import annotations

from typing import Any

import keras

from automl.layers.knob import Knob

__all__ = ["KnobNoise"]


@keras.saving.register_keras_serializable(package="automl")
class KnobNoise(keras.layers.Layer):  # type: ignore[misc]
    """Adds normal noise in training: ``y = x + std · ε``.

    Args:
        std: standard deviation of the noise; a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: any. Output shape: the same.

    Source: Vincent et al., "Stacked Denoising Autoencoders", JMLR 11 (2010), section 3.3 (additive Gaussian noise).
    """

    def __init__(self, std: float | keras.Variable, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.std, self.seed = Knob(std), seed
        self.generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Add noise in training, pass through otherwise."""
        if not training:
            return inputs
        noise = keras.random.normal(keras.ops.shape(inputs), dtype="float32", seed=self.generator)
        return inputs + keras.ops.cast(self.std.read() * noise, inputs.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the standard deviation as its present value, a float."""
        return {**super().get_config(), "std": self.std.number(), "seed": self.seed}
