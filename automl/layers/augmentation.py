"""What layers have in common that change their input at random in training alone."""

from __future__ import annotations

from typing import Any

import keras

from automl.layers.knob import Knob

__all__ = ["Augmentation"]


class Augmentation(keras.layers.Layer):  # type: ignore[misc]
    """Changes its input in training, as `changed` says, and passes it on otherwise. The shape stays.

    Args:
        seed: of the layer's own generator.
        strengths: by name, each a float or a scalar `keras.Variable`; each becomes an attribute, a `Knob`.
        kwargs: of Keras's layer.
    """

    def __init__(self, seed: int | None, strengths: dict[str, float | keras.Variable], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.strength_names = tuple(strengths)
        for name, strength in strengths.items():
            setattr(self, name, Knob(strength))
        self.generator = keras.random.SeedGenerator(seed)
        self.built = True

    def changed(self, inputs: Any) -> Any:
        """The input as a network sees it in training."""
        raise NotImplementedError

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Change the input in training; otherwise return it."""
        return self.changed(inputs) if training else inputs

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; strengths as their present values, floats."""
        strengths = {name: getattr(self, name).number() for name in self.strength_names}
        return {**super().get_config(), **strengths, "seed": self.seed}
