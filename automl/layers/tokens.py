"""Word embeddings, with padding as the zero vector, and word dropout."""

from __future__ import annotations

from typing import Any

import keras

from automl.layers.knob import Knob

__all__ = ["TokenEmbedding", "WordDropout", "WordPlaces"]


@keras.saving.register_keras_serializable(package="automl")
class WordDropout(keras.layers.Layer):  # type: ignore[misc]
    """Replaces a share of the words by the unknown word (1) in training; padding (0) stays.

    Args:
        rate: share of words; a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: ``(batch, length)`` integers. Output shape: the same.

    Source: Iyyer et al., "Deep Unordered Composition", ACL 2015.
    """

    def __init__(self, rate: float | keras.Variable, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate, self.seed = Knob(rate), seed
        self.generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Replace words in training; otherwise return the tokens."""
        tokens = keras.ops.cast(inputs, "int32")
        if not training:
            return tokens
        draw = keras.random.uniform(keras.ops.shape(tokens), dtype="float32", seed=self.generator)
        return keras.ops.where((tokens > 0) & (draw < self.rate.read()), 1, tokens)

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        """Integers of the input's shape."""
        return keras.KerasTensor(inputs.shape, dtype="int32")

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the rate as its present value, a float."""
        return {**super().get_config(), "rate": self.rate.number(), "seed": self.seed}


@keras.saving.register_keras_serializable(package="automl")
class TokenEmbedding(keras.layers.Layer):  # type: ignore[misc]
    """Looks up a vector for each word; padding (0) is the zero vector.

    Args:
        size: of the vocabulary; ids outside count as unknown (1).
        dim: size of a word vector.

    Input shape: ``(batch, length)`` integers. Output shape: ``(batch, length, dim)``.
    """

    def __init__(self, size: int, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.dim = max(int(size), 2), int(dim)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the embedding table."""
        normal = keras.initializers.RandomNormal(stddev=0.1)
        self.table = self.add_weight(shape=(self.size, self.dim), initializer=normal, name="table")

    def call(self, inputs: Any) -> Any:
        """Look up the word vectors."""
        tokens = keras.ops.cast(inputs, "int32")
        tokens = keras.ops.where((tokens < 0) | (tokens >= self.size), 1, tokens)
        words = keras.ops.take(self.table, tokens, axis=0)
        return words * keras.ops.cast(tokens > 0, words.dtype)[..., None]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, length, dim)."""
        return (*input_shape, self.dim)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "size": self.size, "dim": self.dim}


@keras.saving.register_keras_serializable(package="automl")
class WordPlaces(keras.layers.Layer):  # type: ignore[misc]
    """Adds a learned vector for each place in the text: ``x_t + p_t``.

    Input shape: ``(batch, length, dim)``. Output shape: the same.

    Source: Gehring et al., "Convolutional Sequence to Sequence Learning", ICML 2017, section 3.1.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make a vector for each place."""
        length, dim = int(input_shape[1] or 0), int(input_shape[2] or 0)
        normal = keras.initializers.RandomNormal(stddev=0.05)
        self.places = self.add_weight(shape=(length, dim), initializer=normal, name="places")

    def call(self, inputs: Any) -> Any:
        """Add the vectors."""
        return inputs + keras.ops.cast(self.places, inputs.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return input_shape
