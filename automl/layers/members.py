"""Adapters that make one network an ensemble whose members share the large weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import keras
import numpy as np

__all__ = ["MemberScale"]


@keras.saving.register_keras_serializable(package="automl")
class MemberScale(keras.layers.Layer):  # type: ignore[misc]
    """Multiplies the features by a vector of each member: ``v_i ⊙ x + b_i``. Adds the members' axis if it is missing.

    Placed before and after a dense layer that all members share, it gives each member a rank-one adapter: member i's
    weights are ``W · (r_i s_iᵀ)``.

    Args:
        members: number of members.
        start: how the vectors are initialised: at random ("signs" (±1) or "normal") or by "ones". Only the first layer
            of a network needs random vectors, to make the members differ.
        chunks: sizes of consecutive groups of features; each group shares one random number at the start, such as all
            numbers that embed one column. Empty for a number of its own for each feature.
        bias: whether each member also adds a vector of its own, which starts at zero.

    Input shape: ``(batch, features)`` or ``(batch, members, features)``. Output shape: ``(batch, members, features)``.

    Source: Wen, Tran & Ba, "BatchEnsemble", ICLR 2020; Gorishniy, Kotelnikov & Babenko, "TabM", ICLR 2025, section 3.3
        and (chunks, normal start) the authors' code.
    """

    def __init__(
        self, members: int, start: Literal["signs", "normal", "ones"] = "ones", chunks: Sequence[int] = (),
        bias: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.members, self.start, self.bias = int(members), start, bool(bias)
        self.chunks = [int(size) for size in chunks]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the vectors."""
        n_features = int(input_shape[-1] or 0)
        chunks = self.chunks or [1] * n_features
        if sum(chunks) != n_features:
            raise ValueError(f"expected chunks that add up to {n_features} features, got {chunks}")

        def drawn(shape: tuple[int, ...], dtype: str | None = None) -> Any:
            if self.start == "normal":
                each = keras.initializers.RandomNormal(stddev=1.0)((self.members, len(chunks)), dtype="float32")
            else:
                draw = keras.initializers.RandomUniform(0.0, 1.0)((self.members, len(chunks)), dtype="float32")
                each = keras.ops.where(draw < 0.5, -1.0, 1.0)
            return keras.ops.reshape(keras.ops.take(each, np.repeat(np.arange(len(chunks)), chunks), axis=1), shape)

        flat = (self.members * n_features,)  # flat variables get no weight decay, which would pull these away from 1
        self.vectors = self.add_weight(
            shape=flat, initializer="ones" if self.start == "ones" else drawn, name="vectors"
        )
        self.offset = self.add_weight(shape=flat, initializer="zeros", name="bias") if self.bias else None

    def call(self, inputs: Any) -> Any:
        """Scale the features and add the bias."""
        scaled = (inputs[:, None, :] if len(inputs.shape) == 2 else inputs) * self._parted(self.vectors)
        return scaled if self.offset is None else scaled + self._parted(self.offset)

    def _parted(self, flat: Any) -> Any:
        return keras.ops.reshape(flat, (self.members, -1))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, members, features)."""
        return (input_shape[0], self.members, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        config = {"members": self.members, "start": self.start, "chunks": self.chunks, "bias": self.bias}
        return {**super().get_config(), **config}
