"""Layers that pool many words or steps into one vector."""

from __future__ import annotations

from typing import Any, Literal

import keras

__all__ = ["AttentionPool", "WordPool"]


@keras.saving.register_keras_serializable(package="automl")
class WordPool(keras.layers.Layer):  # type: ignore[misc]
    """Mean or maximum over a text's words without the padding; zero for an empty text.

    Args:
        how: "mean" or "max".

    Input shape: ``[(batch, length, features), (batch, length) token ids with 0 = padding]``.
    Output shape: ``(batch, features)``.

    Source: the mean is Joulin et al., "Bag of Tricks" (fastText), EACL 2017.
    """

    def __init__(self, how: Literal["mean", "max"] = "mean", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.how = how
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Pool over the words."""
        ops = keras.ops
        x, tokens = inputs
        there = ops.cast(tokens > 0, x.dtype)[..., None]  # (batch, length, 1)
        if self.how == "mean":
            return ops.sum(x * there, axis=1) / ops.maximum(ops.sum(there, axis=1), 1.0)
        highest = ops.max(x * there - (1 - there) * 1e4, axis=1)
        return highest * ops.max(there, axis=1)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """(batch, features)."""
        return (input_shape[0][0], input_shape[0][-1])

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "how": self.how}


@keras.saving.register_keras_serializable(package="automl")
class AttentionPool(keras.layers.Layer):  # type: ignore[misc]
    """A weighted mean over time with learned weights: ``a = softmax_t(v · tanh(W x_t))``, ``y = Σ_t a_t x_t``.

    Args:
        units: size of the hidden layer that scores the steps.

    Input shape: ``(batch, time, features)``. Output shape: ``(batch, features)``.

    Source: Yang et al., "Hierarchical Attention Networks", NAACL 2016.
    """

    def __init__(self, units: int = 32, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = int(units)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the scoring weights."""
        n_features = int(input_shape[-1] or 0)
        self.kernel = self.add_weight(shape=(n_features, self.units), initializer="glorot_uniform", name="kernel")
        self.score = self.add_weight(shape=(self.units, 1), initializer="glorot_uniform", name="score")

    def call(self, inputs: Any) -> Any:
        """Pool over time."""
        scores = keras.ops.matmul(keras.ops.tanh(keras.ops.matmul(inputs, self.kernel)), self.score)
        if int(inputs.shape[1] or 0) == 1:
            return inputs[:, 0]  # one step gets all the weight; Keras warns of a softmax over one number
        shares = keras.ops.softmax(scores, axis=1)  # (batch, time, 1)
        return keras.ops.sum(shares * inputs, axis=1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, features)."""
        return (input_shape[0], input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "units": self.units}
