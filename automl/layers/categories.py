"""Category codes as vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from automl.layers.knob import Knob

__all__ = ["CategoryEmbedding"]


@keras.saving.register_keras_serializable(package="automl")
class CategoryEmbedding(keras.layers.Layer):  # type: ignore[misc]
    """Looks up a vector for each column's code, all columns in one table.

    Code 0 (missing or unseen) starts at the zero vector, and `hide_rate` of the codes are turned into 0 in training,
    so that a value never met before is read as "some value" and not as noise.

    Args:
        sizes: levels of each column, code 0 included; a code outside counts as 0.
        dim: numbers per column.
        hide_rate: share of codes hidden in training: a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: ``(batch, columns)`` integers. Output shape: ``(batch, columns, dim)``.

    Source: Guo & Berkhahn, "Entity Embeddings of Categorical Variables" (2016).
    """

    def __init__(
        self, sizes: Sequence[int], dim: int, hide_rate: float | keras.Variable = 0.0, seed: int | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.sizes, self.dim, self.seed = [int(size) for size in sizes], int(dim), seed
        self.hide_rate = Knob(hide_rate)
        self.generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the table."""
        offsets = self._offsets()

        def start(shape: tuple[int, ...], dtype: str | None = None) -> Any:
            known = np.ones((shape[0], 1), "float32")
            known[offsets] = 0.0
            return keras.initializers.RandomNormal(stddev=0.5)(shape, dtype="float32") * known

        self.table = self.add_weight(shape=(sum(self.sizes), self.dim), initializer=start, name="table")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Look up."""
        codes = keras.ops.cast(inputs, "int32")
        inside = (codes >= 0) & (codes < np.asarray(self.sizes, "int32"))
        if training:
            draw = keras.random.uniform(keras.ops.shape(codes), dtype="float32", seed=self.generator)
            inside = inside & (draw >= self.hide_rate.read())
        codes = keras.ops.where(inside, codes, 0) + self._offsets()
        return keras.ops.take(self.table, codes, axis=0)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, columns, dim)."""
        return (*input_shape, self.dim)

    def get_config(self) -> dict[str, Any]:
        """Plain settings; the rate as the float it is now."""
        config = {"sizes": self.sizes, "dim": self.dim, "hide_rate": self.hide_rate.number(), "seed": self.seed}
        return {**super().get_config(), **config}

    def _offsets(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype("int32")
