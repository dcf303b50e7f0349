"""Learned vectors of the places of a sequence of tokens."""

from __future__ import annotations

from typing import Any

import keras

__all__ = ["PositionEmbedding"]


@keras.saving.register_keras_serializable(package="automl")
class PositionEmbedding(keras.layers.Layer):  # type: ignore[misc]
    """Adds a learned vector to the token of each place: ``x_t + b_t``.

    Input shape: ``(batch, tokens, dim)``. Output shape: the same.

    Source: Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, equation 1 (position embeddings).
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the vectors."""
        flat = (int(input_shape[1] or 0) * int(input_shape[2] or 0),)  # a flat variable gets no weight decay
        small = keras.initializers.RandomNormal(stddev=0.02)
        self.offset = self.add_weight(shape=flat, initializer=small, name="offset")

    def call(self, inputs: Any) -> Any:
        """Add the vectors."""
        return inputs + keras.ops.reshape(self.offset, (1, *inputs.shape[1:]))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return input_shape
