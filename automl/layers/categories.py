"""Layers that encode category codes: embeddings and one-hot encoding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from automl.layers.knob import Knob

__all__ = ["CategoryEmbedding", "OneHotCategories"]


@keras.saving.register_keras_serializable(package="automl")
class CategoryEmbedding(keras.layers.Layer):  # type: ignore[misc]
    """Looks up an embedding vector for each column's code; all columns share one table.

    The layer reads all columns, or the ones listed in `columns`.

    Code 0 (missing or unseen) starts at the zero vector. In training a share `hide_rate` of the codes is set to 0, so
    that the network learns to read an unseen value as "some value" and not as noise.

    Args:
        sizes: number of levels of each column, code 0 included; a code outside counts as 0.
        dim: size of the embedding of a column.
        hide_rate: share of codes set to 0 in training; a float or a scalar `keras.Variable`.
        columns: positions of the columns to read, in the order of `sizes`; empty for all.
        seed: of the layer's own generator.

    Input shape: ``(batch, columns)`` integers. Output shape: ``(batch, len(sizes), dim)``.

    Source: Guo & Berkhahn, "Entity Embeddings of Categorical Variables" (2016).
    """

    def __init__(
        self, sizes: Sequence[int], dim: int, hide_rate: float | keras.Variable = 0.0, columns: Sequence[int] = (),
        seed: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.sizes, self.dim, self.seed = [int(size) for size in sizes], int(dim), seed
        self.columns = [int(column) for column in columns]
        self.hide_rate = Knob(hide_rate)
        self.generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the embedding table."""
        offsets = self._offsets()

        def start(shape: tuple[int, ...], dtype: str | None = None) -> Any:
            known = np.ones((shape[0], 1), "float32")
            known[offsets] = 0.0
            return keras.initializers.RandomNormal(stddev=0.5)(shape, dtype="float32") * known

        self.table = self.add_weight(shape=(sum(self.sizes), self.dim), initializer=start, name="table")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Look up the embeddings."""
        codes = _shown(inputs, self.columns, self.sizes, self.hide_rate if training else None, self.generator)
        return keras.ops.take(self.table, codes + self._offsets(), axis=0)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, columns, dim)."""
        return (input_shape[0], len(self.sizes), self.dim)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the rate as its present value, a float."""
        config = {"sizes": self.sizes, "dim": self.dim, "columns": self.columns, "seed": self.seed}
        return {**super().get_config(), **config, "hide_rate": self.hide_rate.number()}

    def _offsets(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype("int32")


@keras.saving.register_keras_serializable(package="automl")
class OneHotCategories(keras.layers.Layer):  # type: ignore[misc]
    """One-hot encoding of codes; a column of two levels becomes one number, 1 or -1.

    Code 0 (missing or unseen) is encoded as zeros. In training a share `hide_rate` of the codes is set to 0.

    Args:
        sizes: number of levels of each column that is read, code 0 included; a code outside counts as 0.
        hide_rate: share of codes set to 0 in training; a float or a scalar `keras.Variable`.
        columns: positions of the columns to read, in the order of `sizes`; empty for all.
        seed: of the layer's own generator.

    Input shape: ``(batch, columns)`` integers. Output shape: ``(batch, features)``, the sum of `one_hot_widths`.

    Source: Holzmüller et al. (RealMLP), NeurIPS 2024, section 3 (for up to nine levels; embeddings for more).
    """

    def __init__(
        self, sizes: Sequence[int], hide_rate: float | keras.Variable = 0.0, columns: Sequence[int] = (),
        seed: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.sizes, self.seed = [int(size) for size in sizes], seed
        self.columns = [int(column) for column in columns]
        self.hide_rate = Knob(hide_rate)
        self.generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Encode the codes."""
        codes = _shown(inputs, self.columns, self.sizes, self.hide_rate if training else None, self.generator)
        widths = one_hot_widths(self.sizes)
        spread = keras.ops.take(codes, np.repeat(np.arange(len(widths)), widths), axis=1)  # (batch, features)
        up = np.concatenate([np.arange(1, width + 1) for width in widths]).astype("int32")
        down = np.concatenate([np.full(width, 2 if size == 3 else -1)
                               for width, size in zip(widths, self.sizes, strict=True)]).astype("int32")  # fmt: skip
        return keras.ops.cast(spread == up, self.compute_dtype) - keras.ops.cast(spread == down, self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, features)."""
        return (input_shape[0], sum(one_hot_widths(self.sizes)))

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the rate as its present value, a float."""
        config = {"sizes": self.sizes, "columns": self.columns, "seed": self.seed}
        return {**super().get_config(), **config, "hide_rate": self.hide_rate.number()}


def one_hot_widths(sizes: Sequence[int]) -> list[int]:
    """The number of features that `OneHotCategories` makes of each column."""
    return [1 if size == 3 else size - 1 for size in sizes]


def _shown(inputs: Any, columns: Sequence[int], sizes: Sequence[int], hide_rate: Knob | None, generator: Any) -> Any:
    """Codes ``(batch, len(sizes))``, 0 where they are out of range or hidden."""
    codes = keras.ops.cast(inputs, "int32")
    if columns:
        codes = keras.ops.take(codes, np.asarray(columns, "int32"), axis=1)
    inside = (codes >= 0) & (codes < np.asarray(sizes, "int32"))
    if hide_rate is not None:
        draw = keras.random.uniform(keras.ops.shape(codes), dtype="float32", seed=generator)
        inside = inside & (draw >= hide_rate.read())
    return keras.ops.where(inside, codes, 0)
