"""What RealMLP puts between a table's inputs and its outputs."""

from __future__ import annotations

import math
from typing import Any

import keras

from automl.layers.rates import paced

__all__ = ["BlendedActivation", "FeatureScale", "ScaledDense"]

SCALE_RATE = 6.0
REFERENCE_FEATURES = 256
BIAS_SPREAD = 3.0**-0.5


@keras.saving.register_keras_serializable(package="automl")
class FeatureScale(keras.layers.Layer):  # type: ignore[misc]
    """A learned factor for each feature, which learns six times as fast as other weights: ``y = s ⊙ x``.

    It lets a network turn features up or down before they are mixed, much as trees pick columns.

    Args:
        rate: its learning rate beside that of other weights.

    Input shape: ``(batch, features)``. Output shape: the same.

    Source: Holzmüller, Grinsztajn & Steinwart, "Better by default" (RealMLP), NeurIPS 2024, section 3.2.
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


@keras.saving.register_keras_serializable(package="automl")
class ScaledDense(keras.layers.Layer):  # type: ignore[misc]
    """A dense layer that learns as in the neural tangent parametrisation: ``y = x W + b``, W drawn with variance 1 / n.

    There ``y = x V / √n + b`` with V of unit variance. Adam's steps do not depend on the size of gradients, so a rate η
    for V is a rate η / √n for W: this layer notes √(256 / n), and one learning rate suits layers of any width. Biases
    start spread out, so that kinks of the activation do not all lie at zero. (The authors draw a bias as a random
    mixture of five rows' outputs; a mixture of five standard normals, as this has it, has a variance of 1/3 and needs
    no data.)

    Args:
        units: of the output.

    Input shape: ``(..., features)``. Output shape: ``(..., units)``.

    Source: Jacot, Gabriel & Hongler, "Neural Tangent Kernel", NeurIPS 2018; Holzmüller et al. (RealMLP), NeurIPS 2024,
        section 3.2; Steinwart, "A Sober Look at Neural Network Initializations" (2019) for the biases.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = int(units)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make weights; they decay as fast as those of other layers."""
        n_features = max(int(input_shape[-1] or 0), 1)
        normal, spread = (keras.initializers.RandomNormal(stddev=s) for s in (n_features**-0.5, BIAS_SPREAD))
        rate = math.sqrt(REFERENCE_FEATURES / n_features)
        self.kernel = self.add_weight(shape=(n_features, self.units), initializer=normal, name="kernel")
        paced(self.kernel, rate, 1.0 / rate)
        self.offset = self.add_weight(shape=(self.units,), initializer=spread, name="bias")

    def call(self, inputs: Any) -> Any:
        """Multiply and add."""
        return keras.ops.matmul(inputs, self.kernel) + self.offset

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(..., units)."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """Plain settings."""
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="automl")
class BlendedActivation(keras.layers.Layer):  # type: ignore[misc]
    """An activation that each unit learns to use more or less of: ``y = x + a ⊙ (f(x) - x)``; a starts at one.

    Args:
        function: a Keras activation's name.

    Input shape: ``(batch, features)``. Output shape: the same.

    Source: Holzmüller et al. (RealMLP), NeurIPS 2024, section 3.2 (parametric activations).
    """

    def __init__(self, function: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function = str(function)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make a share for each unit."""
        self.shares = self.add_weight(shape=(int(input_shape[-1] or 0),), initializer="ones", name="shares")

    def call(self, inputs: Any) -> Any:
        """Blend."""
        return inputs + self.shares * (keras.activations.get(self.function)(inputs) - inputs)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Plain settings."""
        return {**super().get_config(), "function": self.function}
