"""Dropout whose rate can change without a new compilation (a knob)."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

import keras

from automl.layers.knob import Knob

__all__ = ["KnobDropout"]

STEPS = 4096.0


@keras.saving.register_keras_serializable(package="automl")
class KnobDropout(keras.layers.Layer):  # type: ignore[misc]
    """Sets a share of its input to zero in training and scales the rest up: ``y = x · mask / (1 - rate)``.

    `keras.layers.Dropout` tests its rate in Python, which fixes it when the step is compiled. This layer reads the rate
    at each call. At rate 0 it returns exactly its input.

    Args:
        rate: share to drop, from 0 up to (not including) 1; a float or a scalar `keras.Variable`.
        shared_axes: axes along which the mask is shared, such as ``(1,)`` to drop whole channels of
            ``(batch, time, channels)`` (Tompson et al., 2015).
        seed: of the layer's own generator; None draws one from the global generator.

    Input shape: any. Output shape: the same.

    Source: Srivastava et al., "Dropout", JMLR 15 (2014).

    Examples:
        >>> KnobDropout(0.5)(keras.ops.ones((2, 3))).shape
        TensorShape([2, 3])
    """

    def __init__(
        self, rate: float | keras.Variable, shared_axes: Sequence[int] = (), seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.rate = Knob(rate)
        self.shared_axes = tuple(int(axis) for axis in shared_axes)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Drop in training, pass through otherwise."""
        if not training:
            return inputs
        sizes = keras.ops.shape(inputs)
        shape = tuple(1 if axis in self.shared_axes else size for axis, size in enumerate(sizes))
        keep = 1.0 - self.rate.read()
        kept = self._uniform(shape) < keep  # uniform is below 1
        return inputs * keras.ops.cast(keras.ops.where(kept, 1.0 / keep, 0.0), inputs.dtype)

    def _uniform(self, shape: tuple[Any, ...]) -> Any:
        """Uniform numbers in [0, 1). Each draw gives two of them, because drawing took 15 % of a training step.

        A float32 drawn from [0, 1) has 23 random bits. The upper 12 make one number and the lower 11 another, so the
        actual rate differs from `rate` by at most 1 / 2048.
        """
        size = functools.reduce(operator.mul, shape, 1)
        drawn = keras.random.uniform(((size + 1) // 2,), dtype="float32", seed=self.generator) * STEPS
        upper = keras.ops.floor(drawn)
        both = keras.ops.concatenate([upper / STEPS, drawn - upper])
        return keras.ops.reshape(both[:size], shape)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the rate as its present value, a float."""
        config = {"rate": self.rate.number(), "shared_axes": list(self.shared_axes), "seed": self.seed}
        return {**super().get_config(), **config}
