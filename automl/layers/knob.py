"""A number that a layer reads at each call, so that it can change without a new compilation."""

from __future__ import annotations

from typing import Any

import keras

__all__ = ["Knob"]


class Knob:
    """Holds a float or a scalar `keras.Variable` that Keras does not track.

    If the variable were an attribute of the layer, Keras would save it with the layer's weights. But a knob belongs to
    the search; a saved layer holds its last value as a plain float.

    Args:
        source: the number itself, or the variable that holds it.
    """

    __slots__ = ("source",)

    def __init__(self, source: float | keras.Variable) -> None:
        self.source = source if isinstance(source, keras.Variable) else float(source)

    def read(self) -> Any:
        """The present value, as a float32 scalar tensor."""
        return keras.ops.cast(keras.ops.convert_to_tensor(self.source), "float32")

    def number(self) -> float:
        """The present value, as a Python float (for configs)."""
        if isinstance(self.source, keras.Variable):
            return float(keras.ops.convert_to_numpy(self.source))
        return self.source
