"""What all layers that learn to generate rows of a table share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

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

    no_density: str = "it learns no probabilities"
    """Why it has no density, in words; empty where `log_density` gives it."""
    is_bound: bool = False
    """Whether `log_density` gives a lower bound."""

    def log_density(self, inputs: Sequence[Any]) -> Any:
        """Log densities ``(batch,)`` of rows in nats: of the ranks of numbers, and probabilities of levels.

        Args:
            inputs: as of `call`.

        Raises:
            NotImplementedError: the layer has none, as `no_density` says.
        """
        raise NotImplementedError(self.no_density)

    def codes_of(self, inputs: Sequence[Any]) -> tuple[list[Any], Any]:
        """Codes ``(batch,)`` of each column of rows, and the logarithm ``(batch,)`` of the widths of their bins."""
        ops = keras.ops
        numbers = ops.cast(inputs[0], "float32") if self.columns.edges else None
        codes = self.columns.coded(numbers, inputs[-2] if self.columns.levels else None)
        widths = ops.zeros(ops.shape(inputs[-1])[:1], "float32")
        for edges, own in zip(self.columns.edges, codes, strict=False):
            logs = np.log(np.diff(np.asarray(edges, "float64"))).astype("float32")
            widths = widths + ops.take(ops.convert_to_tensor(logs), own)
        return codes, widths

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
