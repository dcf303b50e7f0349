"""What all layers that learn to generate rows of a table share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import keras

from automl.layers.averages import WeightAverages
from automl.layers.row_codes import RowCodes

__all__ = ["RowGenerator"]


class RowGenerator(keras.layers.Layer):  # type: ignore[misc]
    """Learns rows in training by a loss of its own; otherwise turns noise into rows, with averaged weights.

    Outside training the output depends on the noise and the weights alone. In training it is the loss, in each cell.

    Args:
        edges: for each column of numbers the edges of its bins (see `RowCodes`).
        levels: for each column of categories the codes that may be generated.
        decay: of the average of the weights (see `WeightAverages`).

    Input shape: a list of numbers ``(batch, n_numbers)`` if there are any, categories ``(batch, n_categories)`` if
    there are any, and noise ``(batch, 64 + 2 · columns)``.
    Output shape: ``(batch, n_numbers + n_categories)``, normal scores followed by codes, float32.
    """

    def __init__(
        self, edges: Sequence[Sequence[float]], levels: Sequence[Sequence[int]], decay: float = 0.999, **kwargs: Any
    ) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.columns = RowCodes(edges, levels)
        self.averages = WeightAverages(decay)

    @abstractmethod
    def make(self) -> Sequence[Any]:
        """Make the weights, and return the variables that are averaged."""

    @abstractmethod
    def loss(self, numbers: Any, categories: Any) -> Any:
        """The loss of a batch, a scalar.

        Args:
            numbers: ``(batch, n_numbers)`` or None.
            categories: ``(batch, n_categories)`` or None.
        """

    @abstractmethod
    def generated(self, noise: Any) -> Any:
        """Rows ``(batch, columns)`` of noise ``(batch, 64 + 2 · columns)``."""

    def build(self, input_shape: Sequence[tuple[int | None, ...]]) -> None:
        """Make the weights and their averages."""
        self.averages.follow(self.make())

    def call(self, inputs: Sequence[Any], training: bool | None = None) -> Any:
        """Learn, or generate."""
        ops = keras.ops
        noise = ops.cast(inputs[-1], "float32")
        if not training:
            with self.averages.applied():
                return self.generated(noise)
        numbers = ops.cast(inputs[0], "float32") if self.columns.edges else None
        categories = inputs[-2] if self.columns.levels else None
        loss = self.loss(numbers, categories)
        self.add_loss(loss)
        self.averages.update()
        return ops.zeros((ops.shape(noise)[0], self.columns.n_columns), "float32") + ops.stop_gradient(loss)

    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """(batch, columns)."""
        return (input_shape[-1][0], self.columns.n_columns)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), **self.columns.config(), "decay": self.averages.decay}
