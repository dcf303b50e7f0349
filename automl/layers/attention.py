"""Attention over a table's columns, where each column is one token."""

from __future__ import annotations

import math
from typing import Any

import keras

from automl.layers.dropout import KnobDropout

__all__ = ["FirstToken", "GatedUnits", "StartToken", "TokenAttention"]

PADDING_PENALTY = 1e4
"""Taken from the scores of padding: its weights are then zero, and finite where a text is nothing else."""


@keras.saving.register_keras_serializable(package="automl")
class StartToken(keras.layers.Layer):  # type: ignore[misc]
    """Prepends a learned token ([CLS]) and adds a learned offset to each column's vector: ``[s, x_j + b_j]``.

    The network's output is computed from the first token.

    Input shape: ``(batch, tokens, dim)``. Output shape: ``(batch, tokens + 1, dim)``.

    Source: Gorishniy, Rubachev, Khrulkov & Babenko, "Revisiting Deep Learning Models for Tabular Data", NeurIPS 2021,
        section 3.3 (feature tokenizer, [CLS]).
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the vector and the offsets."""
        n_tokens, dim = int(input_shape[1] or 0), int(input_shape[2] or 0)
        bound = 1.0 / math.sqrt(dim)
        self.start = self.add_weight(shape=(dim,), initializer=_within(bound), name="start")
        flat = (n_tokens * dim,)  # a flat variable gets no weight decay
        self.offset = self.add_weight(shape=flat, initializer=_within(bound), name="offset")

    def call(self, inputs: Any) -> Any:
        """Add the offsets and prepend the first token."""
        first = keras.ops.zeros_like(inputs[:, :1]) + self.start
        rest = inputs + keras.ops.reshape(self.offset, (1, *inputs.shape[1:]))
        return keras.ops.concatenate([first, rest], axis=1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, tokens + 1, dim)."""
        return (input_shape[0], int(input_shape[1] or 0) + 1, input_shape[2])


@keras.saving.register_keras_serializable(package="automl")
class FirstToken(keras.layers.Layer):  # type: ignore[misc]
    """The first token alone: ``(batch, tokens, dim)`` → ``(batch, 1, dim)``."""

    def call(self, inputs: Any) -> Any:
        """Return the first token."""
        return inputs[:, :1]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, 1, dim)."""
        return (input_shape[0], 1, input_shape[2])


@keras.saving.register_keras_serializable(package="automl")
class TokenAttention(keras.layers.Layer):  # type: ignore[misc]
    """Multi-head attention whose dropout rate is a knob: ``softmax(Q Kᵀ / √d) V``, heads concatenated, mapped by W.

    Args:
        heads: number of heads; must divide `dim`.
        dropout: rate for the attention weights, a float or a knob.
        first_only: compute the output of the first token only, as in the last block.
        seed: of the layer's own generator.
        is_padded: whether some tokens are padding, to which none attends; the layer then reads their ids too.

    Input shape: ``(batch, tokens, dim)``; where `is_padded`, ``[that, (batch, tokens) ids with 0 = padding]``.
    Output shape: the first of them, or ``(batch, 1, dim)``.

    Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2; weights are initialised as in the
        code of Gorishniy et al. 2021.
    """

    def __init__(
        self, heads: int, dropout: float | keras.Variable = 0.0, first_only: bool = False, seed: int | None = None,
        is_padded: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.heads, self.first_only, self.seed, self.is_padded = int(heads), bool(first_only), seed, bool(is_padded)
        self.drop = KnobDropout(dropout, seed=seed)

    def build(self, input_shape: Any) -> None:
        """Make the weights for queries, keys, values and the output, and their biases."""
        dim = int((input_shape[0] if self.is_padded else input_shape)[-1] or 0)
        if dim % self.heads:
            raise ValueError(f"expected a token size divisible by {self.heads} heads, got {dim}")
        inner, outer = math.sqrt(1.5 / dim), math.sqrt(1.0 / dim)
        self.query = self.add_weight(shape=(dim, dim), initializer=_within(inner), name="query")
        self.key = self.add_weight(shape=(dim, dim), initializer=_within(inner), name="key")
        self.value = self.add_weight(shape=(dim, dim), initializer=_within(inner), name="value")
        self.out = self.add_weight(shape=(dim, dim), initializer=_within(outer), name="out")
        self.offsets = self.add_weight(shape=(4 * dim,), initializer="zeros", name="bias")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Apply attention."""
        ops = keras.ops
        inputs, ids = inputs if self.is_padded else (inputs, None)
        dim = int(inputs.shape[-1])
        of_query, of_key, of_value, of_out = (self.offsets[i * dim : (i + 1) * dim] for i in range(4))
        asking = inputs[:, :1] if self.first_only else inputs
        q = self._parted(ops.matmul(asking, self.query) + of_query)  # (batch, heads, asking, dim / heads)
        k = self._parted(ops.matmul(inputs, self.key) + of_key)
        v = self._parted(ops.matmul(inputs, self.value) + of_value)
        scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) / math.sqrt(dim // self.heads)
        if ids is not None:
            scores = scores - ops.cast(ids == 0, scores.dtype)[:, None, None, :] * PADDING_PENALTY
        weights = self.drop(ops.softmax(scores, axis=-1), training=training)
        heads = ops.transpose(ops.matmul(weights, v), (0, 2, 1, 3))  # (batch, asking, heads, dim / heads)
        joined = ops.reshape(heads, (-1, int(asking.shape[1]), dim))
        return ops.matmul(joined, self.out) + of_out

    def _parted(self, x: Any) -> Any:
        n_tokens, dim = int(x.shape[1]), int(x.shape[2])
        apart = keras.ops.reshape(x, (-1, n_tokens, self.heads, dim // self.heads))
        return keras.ops.transpose(apart, (0, 2, 1, 3))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The input's shape, or one token of it."""
        input_shape = tuple(input_shape[0] if self.is_padded else input_shape)
        return (input_shape[0], 1, input_shape[2]) if self.first_only else input_shape

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the rate as its present value, a float."""
        config = {"heads": self.heads, "first_only": self.first_only, "seed": self.seed}
        config["is_padded"] = self.is_padded
        return {**super().get_config(), **config, "dropout": self.drop.rate.number()}


@keras.saving.register_keras_serializable(package="automl")
class GatedUnits(keras.layers.Layer):  # type: ignore[misc]
    """Gates one half of the input by the other: ``ReGLU(a, b) = a ⊙ max(b, 0)``.

    Input shape: ``(..., 2 units)``. Output shape: ``(..., units)``.

    Source: Shazeer, "GLU Variants Improve Transformer" (2020).
    """

    def call(self, inputs: Any) -> Any:
        """Apply the gate."""
        units = int(inputs.shape[-1]) // 2
        return inputs[..., :units] * keras.ops.relu(inputs[..., units:])

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(..., units)."""
        return (*input_shape[:-1], int(input_shape[-1] or 0) // 2)


def _within(bound: float) -> Any:
    """A new uniform initialiser for each weight: a shared one would draw the same numbers for every weight."""
    return keras.initializers.RandomUniform(-bound, bound)
