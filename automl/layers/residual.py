"""A dense network with residual blocks, as one layer."""

from __future__ import annotations

from typing import Any

import keras

from automl.layers.knob import Knob

__all__ = ["ResidualDense"]

SMALL = 0.01
"""Of the usual variance of a kernel."""


@keras.saving.register_keras_serializable(package="automl")
class ResidualDense(keras.layers.Layer):  # type: ignore[misc]
    """``h = A x``, then for each block ``h ← h + C dropout(silu(B norm(h)))``, then ``D norm(h)``.

    C begins small, so that a block begins near the identity.

    Args:
        units: numbers of the output.
        width: numbers of h and within a block.
        depth: blocks.
        dropout: share that is set to zero in a block in training; a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: ``(batch, features)``. Output shape: ``(batch, units)``, float32.

    Source: Gorishniy, Rubachev, Khrulkov & Babenko, "Revisiting Deep Learning Models for Tabular Data", NeurIPS 2021,
        section 3.2 (ResNet), with layer normalisation (Ba, Kiros & Hinton, 2016).
    """

    def __init__(
        self, units: int, width: int = 256, depth: int = 2, dropout: float | keras.Variable = 0.0,
        seed: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.units, self.width, self.depth, self.seed = int(units), int(width), int(depth), seed
        self.dropout = Knob(dropout)
        self.generator = keras.random.SeedGenerator(seed)
        layers = keras.layers
        self.first = layers.Dense(self.width, dtype="float32")
        self.norms = [layers.LayerNormalization(dtype="float32") for _ in range(self.depth + 1)]
        self.inner = [layers.Dense(self.width, dtype="float32") for _ in range(self.depth)]
        self.outer = [
            layers.Dense(self.width, kernel_initializer=keras.initializers.VarianceScaling(SMALL), dtype="float32")
            for _ in range(self.depth)
        ]
        self.last = layers.Dense(self.units, dtype="float32")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        self.first.build(input_shape)
        for layer in [*self.norms, *self.inner, *self.outer, self.last]:
            layer.build((None, self.width))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Compute the output."""
        h = self.first(inputs)
        for norm, inner, outer in zip(self.norms, self.inner, self.outer, strict=False):
            h = h + outer(self._dropped(keras.ops.silu(inner(norm(h))), training))
        return self.last(self.norms[-1](h))

    def _dropped(self, x: Any, training: bool | None) -> Any:
        if not training:
            return x
        keep = 1.0 - self.dropout.read()
        drawn = keras.random.uniform(keras.ops.shape(x), dtype="float32", seed=self.generator)
        return keras.ops.where(drawn < keep, x / keep, 0.0)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, units)."""
        return (input_shape[0], self.units)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the dropout as its present value, a float."""
        own = {"units": self.units, "width": self.width, "depth": self.depth, "seed": self.seed}
        return {**super().get_config(), **own, "dropout": self.dropout.number()}
