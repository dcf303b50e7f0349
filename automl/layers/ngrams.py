"""A bag of weighted n-grams as the first layer of a network."""

from __future__ import annotations

from typing import Any

import keras

from automl.layers.knob import Knob
from automl.layers.rates import paced
from automl.records import NGRAM_BITS

__all__ = ["NGramBag"]


@keras.saving.register_keras_serializable(package="automl")
class NGramBag(keras.layers.Layer):  # type: ignore[misc]
    """Sums the vectors of a text's n-grams by their weights: ``y = Σ_i w_i e_i``, a dense layer on a sparse row.

    Args:
        size: n-grams that are known, the padding (0) included; ids outside count as padding.
        dim: size of a vector.
        rate: share of the n-grams that is left out in training; a float or a scalar `keras.Variable`.
        scale: standard deviation of the initial vectors; 0 for none.
        pace: multiplier of the learning rate.
        seed: of the layer's own generator.

    Input shape: ``(batch, length)`` integers, see `automl.records.InputSpec`. Output shape: ``(batch, dim)``.

    Source: Galke and Scherp, "Bag-of-Words vs. Graph vs. Sequence in Text Classification", ACL 2022 (WideMLP).
    """

    def __init__(
        self, size: int, dim: int, rate: float | keras.Variable = 0.0, scale: float = 0.1, pace: float = 1.0,
        seed: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.size, self.dim, self.scale, self.pace, self.seed = int(size), int(dim), float(scale), float(pace), seed
        self.rate = Knob(rate)
        self.generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make a vector for each n-gram."""
        normal = keras.initializers.RandomNormal(stddev=self.scale) if self.scale else "zeros"
        self.table = paced(self.add_weight(shape=(self.size, self.dim), initializer=normal, name="table"), self.pace)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Sum the vectors."""
        ops = keras.ops
        packed = ops.cast(inputs, "int32")
        id_ = ops.bitwise_and(packed, 2**NGRAM_BITS - 1)
        is_known = (id_ > 0) & (id_ < self.size)
        id_ = ops.where(is_known, id_, 0)
        weight = ops.cast(ops.right_shift(packed, NGRAM_BITS), "float32") / float(2 ** (31 - NGRAM_BITS) - 1)
        weight = ops.where(is_known, weight, 0.0)
        if training:
            keep = 1.0 - self.rate.read()
            drawn = keras.random.uniform(ops.shape(packed), dtype="float32", seed=self.generator)
            weight = ops.where(drawn < keep, weight / keep, 0.0)
        vectors = ops.take(self.table, id_, axis=0)  # (batch, length, dim)
        return ops.squeeze(ops.matmul(ops.cast(weight, vectors.dtype)[:, None], vectors), axis=1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, dim)."""
        return (input_shape[0], self.dim)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the rate as its present value, a float."""
        config = {"size": self.size, "dim": self.dim, "rate": self.rate.number(), "scale": self.scale}
        return {**super().get_config(), **config, "pace": self.pace, "seed": self.seed}
