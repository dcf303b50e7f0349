"""What templates share that learn from two views of each row: the projection that the loss reads."""

from __future__ import annotations

from typing import Any

__all__ = ["projected"]


def projected(code: Any, width: int, size: int, temperature: Any) -> Any:
    """The code, whose projection the contrastive loss reads in training.

    Args:
        code: ``(batch, dims)``, in training ``(2 · batch, dims)``.
        width: of the projection's hidden layer.
        size: numbers of the projection.
        temperature: of the loss, a number or a knob.

    Returns:
        The code, float32.

    Source: Chen et al., ICML 2020, section 4.2 (a projection of two layers, and the code before it).
    """
    import keras

    from automl.layers.contrast import ContrastLoss

    x = keras.layers.Dense(width, use_bias=False)(code)
    x = keras.layers.Activation("relu")(keras.layers.BatchNormalization(momentum=0.9)(x))
    return ContrastLoss(temperature)([code, keras.layers.Dense(size, dtype="float32")(x)])
