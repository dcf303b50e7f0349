"""What all layers that learn to generate pictures or series share: scaling, the class of an item, averaged weights."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from automl.layers.averages import WeightAverages
from automl.layers.row_codes import picked, uniform_of

__all__ = ["ItemGenerator"]


class ItemGenerator(keras.layers.Layer):  # type: ignore[misc]
    """Learns items in training by a loss of its own; otherwise turns noise into items, with averaged weights.

    Outside training the output depends on the noise and the weights alone. In training it is the loss, in each cell.

    Args:
        item_shape: of an item: ``(h, w, c)`` of a picture, ``(steps, channels)`` of a series.
        shift: of each channel; what is subtracted before anything is learnt.
        scale: of each channel; what is divided by.
        priors: share of each code of the class, code 0 (no class) included; empty for items without a class.
        decay: of the average of the weights (see `WeightAverages`).

    Input shape: a list of items ``(batch, *item_shape)``; of classes ``(batch, 1)`` int32 where there are some; and of
    noise ``(batch, 1 + n)``, standard normal, whose first number draws the class.
    Output shape: ``(batch, numbers of an item)`` scaled items in C order, and where there are classes the code of the
    class behind them; float32.
    """

    def __init__(
        self, item_shape: Sequence[int], shift: Sequence[float], scale: Sequence[float],
        priors: Sequence[float] = (), decay: float = 0.999, **kwargs: Any,
    ) -> None:  # fmt: skip
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.item_shape = tuple(int(size) for size in item_shape)
        self.shift, self.scale = [float(v) for v in shift], [float(v) for v in scale]
        self.priors = [float(share) for share in priors]
        self.averages = WeightAverages(decay)

    @property
    def n_numbers(self) -> int:
        """Numbers of an item."""
        return math.prod(self.item_shape)

    @property
    def n_classes(self) -> int:
        """Codes of the class, code 0 included; 1 for items without a class, which are all of code 0."""
        return max(len(self.priors), 1)

    @abstractmethod
    def make(self) -> Sequence[Any]:
        """Make the weights, and return the variables that are averaged."""

    @abstractmethod
    def loss(self, items: Any, classes: Any) -> Any:
        """The loss of a batch, a scalar.

        Args:
            items: scaled, ``(batch, *item_shape)``.
            classes: ``(batch,)`` int32 codes below `n_classes`.
        """

    @abstractmethod
    def generated(self, classes: Any, noise: Any) -> Any:
        """Scaled items ``(batch, *item_shape)``.

        Args:
            classes: ``(batch,)`` int32 codes.
            noise: ``(batch, n)`` standard normal.
        """

    def build(self, input_shape: Sequence[tuple[int | None, ...]]) -> None:
        """Make the weights and their averages."""
        self.averages.follow(self.make())

    def call(self, inputs: Sequence[Any], training: bool | None = None) -> Any:
        """Learn, or generate."""
        ops = keras.ops
        noise = ops.cast(inputs[-1], "float32")
        if not training:
            classes = self.drawn_classes(noise[:, 0])
            with self.averages.applied():
                made = self.generated(classes, noise[:, 1:])
            flat = ops.reshape(ops.cast(made, "float32"), (-1, self.n_numbers))
            if not self.priors:
                return flat
            return ops.concatenate([flat, ops.cast(classes[:, None], "float32")], axis=1)
        loss = self.loss(*self.scaled(inputs))
        self.add_loss(loss)
        self.averages.update()
        width = self.n_numbers + bool(self.priors)
        return ops.zeros((ops.shape(noise)[0], width), "float32") + ops.stop_gradient(loss)

    def scaled(self, inputs: Sequence[Any]) -> tuple[Any, Any]:
        """Scaled items ``(batch, *item_shape)`` and codes of classes ``(batch,)`` int32, of the inputs of `call`."""
        ops = keras.ops
        items = (ops.cast(inputs[0], "float32") - np.array(self.shift, "f4")) / np.array(self.scale, "f4")
        return items, ops.cast(inputs[1][:, 0], "int32") if self.priors else ops.zeros(ops.shape(items)[:1], "int32")

    def drawn_classes(self, noise: Any) -> Any:
        """The class ``(batch,)`` int32 that standard normal numbers ``(batch,)`` draw by the shares of the classes."""
        ops = keras.ops
        if not self.priors:
            return ops.zeros(ops.shape(noise), "int32")
        logits = np.log(np.maximum(np.array(self.priors, "f4"), 1e-30)).astype("f4")
        return picked(ops.zeros((ops.shape(noise)[0], 1), "float32") + logits, uniform_of(noise))

    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """(batch, numbers of an item, and one for the class)."""
        return (input_shape[-1][0], self.n_numbers + bool(self.priors))

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        own = {"item_shape": list(self.item_shape), "shift": self.shift, "scale": self.scale, "priors": self.priors}
        return {**super().get_config(), **own, "decay": self.averages.decay}
