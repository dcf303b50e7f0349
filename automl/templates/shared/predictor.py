"""The end of networks that predict a target: pooled features, dropout, and the raw output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.records import Head, InputSpec

__all__ = ["pooled_steps", "predictor"]


def pooled_steps(x: Any, has_max: bool, others: Sequence[Any] = ()) -> list[Any]:
    """The mean over time, other features, and the maximum over time.

    Args:
        x: ``(batch, steps, channels)``.
        has_max: whether there is a maximum.
        others: tensors ``(batch, features)``.
    """
    import keras

    parts = [keras.layers.GlobalAveragePooling1D()(x), *others]
    return [*parts, keras.layers.GlobalMaxPooling1D()(x)] if has_max else parts


def predictor(spec: InputSpec, inputs: Any, parts: Sequence[Any], dropout: Any, head: Head, name: str) -> Any:
    """The model of one input, uncompiled, that predicts from features.

    Args:
        spec: of the input.
        inputs: the `keras.Input` that was made for it.
        parts: tensors ``(batch, features)``, one at least.
        dropout: of the features; a number or a knob.
        head: output of the network.
        name: of the model.
    """
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.output import RawOutput, starting_bias

    x = keras.layers.Concatenate()(list(parts)) if len(parts) > 1 else parts[0]
    x = KnobDropout(dropout)(x)
    return keras.Model({spec.name: inputs}, RawOutput(head.shape, starting_bias(head))(x), name=name)
