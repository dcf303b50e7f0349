"""Features turned up and down before they are mixed."""

from __future__ import annotations

from typing import Any

import keras

from automl.layers.rates import paced

__all__ = ["FeatureScale"]

SCALE_RATE = 6.0


@keras.saving.register_keras_serializable(package="automl")
class FeatureScale(keras.layers.Layer):  # type: ignore[misc]
    """A learned factor for each feature, which learns six times as fast as other weights: ``y = s ⊙ x``.

    It lets a network turn features up or down before they are mixed, much as trees pick columns.

    Args:
        rate: its learning rate beside that of other weights.

    Input shape: ``(batch, features)``. Output shape: the same.

    Source: Holzmüller, Grinsztajn & Steinwart, "Better by default" (RealMLP), NeurIPS 2024, section 3 (scaling layer).
    """

    def __init__(self, rate: float = SCALE_RATE, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = float(rate)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the factors, which start at one."""
        self.factors = paced(
            self.add_weight(shape=(int(input_shape[-1] or 0),), initializer="ones", name="factors"), self.rate
        )

    def call(self, inputs: Any) -> Any:
        """Scale."""
        return inputs * self.factors

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Plain settings."""
        return {**super().get_config(), "rate": self.rate}
