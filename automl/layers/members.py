"""Many networks for little more than the price of one: members that share their big weights."""

from __future__ import annotations

from typing import Any, Literal

import keras

__all__ = ["MemberScale"]


@keras.saving.register_keras_serializable(package="automl")
class MemberScale(keras.layers.Layer):  # type: ignore[misc]
    """Multiplies by a vector of each member's own, making the members' axis where there is none yet.

    Placed before and after a dense layer whose weights all members share, it gives each member a rank-one adapter:
    member i's weights are ``W · (r_i s_iᵀ)``.

    Args:
        members: how many. start: "signs" (±1 at random, which tells the members apart; once, at the beginning) or
            "ones".

    Input shape: ``(batch, features)`` or ``(batch, members, features)``. Output shape: ``(batch, members, features)``.

    Source: Wen, Tran & Ba, "BatchEnsemble", ICLR 2020; Gorishniy et al., "TabM", ICLR 2025.
    """

    def __init__(self, members: int, start: Literal["signs", "ones"] = "ones", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.members, self.start = int(members), start

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the vectors."""

        def signs(shape: tuple[int, ...], dtype: str | None = None) -> Any:
            draw = keras.initializers.RandomUniform(0.0, 1.0)(shape, dtype="float32")
            return keras.ops.where(draw < 0.5, -1.0, 1.0)

        self.vectors = self.add_weight(
            shape=(
                self.members * int(input_shape[-1] or 0),
            ),  # flat: weight decay is for matrices, and these rest at 1
            initializer=signs if self.start == "signs" else "ones",
            name="vectors",
        )

    def call(self, inputs: Any) -> Any:
        """Scale."""
        vectors = keras.ops.reshape(self.vectors, (self.members, -1))
        return (inputs[:, None, :] if len(inputs.shape) == 2 else inputs) * vectors

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, members, features)."""
        return (input_shape[0], self.members, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Plain settings."""
        return {**super().get_config(), "members": self.members, "start": self.start}
