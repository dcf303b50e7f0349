"""The last layer of a network that scores how unusual a row is: a rank among the training rows."""

from __future__ import annotations

from typing import Any

import keras

from automl.score_ranks import N_REFERENCE, levels

__all__ = ["ReferenceRank"]


@keras.saving.register_keras_serializable(package="automl")
class ReferenceRank(keras.layers.Layer):  # type: ignore[misc]
    """Turns scores into ranks among reference scores; see `automl.score_ranks`.

    The training loop fills the reference with scores of training rows. Until then scores pass unchanged. A rank grows
    with its score, so that metrics that read the order alone are the same.

    Args:
        n_reference: reference scores that are held.

    Input shape: ``(batch, 1)``, the larger the more unusual. Output shape: ``(batch, 1)``, float32.
    """

    def __init__(self, n_reference: int = N_REFERENCE, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.n_reference = int(n_reference)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights that hold the reference."""
        shape = (self.n_reference,)
        self.reference = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="reference")
        self.ready = self.add_weight(shape=(), initializer="zeros", trainable=False, name="ready")

    def call(self, inputs: Any) -> Any:
        """Rank the scores."""
        ops = keras.ops
        raw = ops.cast(inputs, "float32")
        held, of_level = self.reference, ops.convert_to_tensor(levels(self.n_reference))
        flat = ops.reshape(raw, (-1,))
        low = ops.clip(ops.searchsorted(held, flat, side="right") - 1, 0, self.n_reference - 2)
        left, right = ops.take(held, low), ops.take(held, low + 1)
        share = ops.clip((flat - left) / ops.maximum(right - left, 1e-12), 0.0, 1.0)
        inner = ops.take(of_level, low) * (1.0 - share) + ops.take(of_level, low + 1) * share
        spread = ops.maximum(held[-1] - held[0], 1e-12)
        above, below = ops.maximum(flat - held[-1], 0.0) / spread, ops.maximum(held[0] - flat, 0.0) / spread
        ranked = ops.reshape(inner + above / (1.0 + above) - below / (1.0 + below), (-1, 1))
        return ops.where(self.ready > 0.5, ranked, raw)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, 1)."""
        return (input_shape[0], 1)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "n_reference": self.n_reference}
