"""A layer that predicts from the targets of the nearest known rows in a learned embedding space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

__all__ = ["Neighbours"]

LEAST = 1e-6
SAME = 1e9


@keras.saving.register_keras_serializable(package="automl")
class Neighbours(keras.layers.Layer):  # type: ignore[misc]
    """Averages the targets of known rows, weighted by nearness: ``Σ_j softmax_j(-‖z - k_j‖) y_j``.

    Known rows are held in weights that are not trained:

    - `keys`: their embeddings k;
    - `answers`: their targets y (0 and 1 for each class or label, or values);
    - `away`: a number added to the distance (0; more for rows that count less).

    The training loop fills them from training rows only. Until then they hold noise.

    Args:
        shape: of one row's output.
        rows: the largest number of known rows.
        link: "linear", "sigmoid" or "softmax" (`Head.activation`): the function from raw outputs to predictions.

    Input shape: ``(batch, size)``. Output shape: ``(batch, *shape)``, float32.

    Source: Ye, Yin, Zhan & Chao, "Revisiting Nearest Neighbor for Tabular Data" (ModernNCA), ICLR 2025, equations 2 to
        4; Goldberger et al., "Neighbourhood Components Analysis", NeurIPS 2004.
    """

    def __init__(self, shape: Sequence[int], rows: int, link: str = "linear", **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.shape, self.rows, self.link = tuple(int(size) for size in shape), int(rows), link
        self.generator = keras.random.SeedGenerator()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights that hold the known rows."""
        size, units = int(input_shape[-1] or 0), self.units
        noise, answers = keras.initializers.RandomNormal(stddev=1.0), keras.initializers.RandomUniform(0.1, 0.9)
        self.keys = self.add_weight(shape=(self.rows, size), initializer=noise, trainable=False, name="keys")
        self.answers = self.add_weight(shape=(self.rows, units), initializer=answers, trainable=False, name="answers")
        self.away = self.add_weight(shape=(self.rows,), initializer="zeros", trainable=False, name="away")

    @property
    def units(self) -> int:
        """The number of values in one row's target."""
        n = 1
        for size in self.shape:
            n *= size
        return n

    def call(self, inputs: Any) -> Any:
        """Predict from the known rows."""
        return self.compare(inputs, self.keys, self.answers, self.away)

    def compare(self, inputs: Any, keys: Any, answers: Any, away: Any) -> Any:
        """Raw outputs ``(batch, *shape)`` from rows ``(n, size)`` with answers ``(n, units)``.

        Args:
            away: ``(n,)`` or ``(batch, n)``, added to the distances; `SAME` excludes a row.
        """
        ops = keras.ops
        z, k = ops.cast(inputs, "float32"), ops.cast(keys, "float32")
        squares = ops.sum(z * z, axis=1)[:, None] + ops.sum(k * k, axis=1)[None] - 2.0 * ops.matmul(z, ops.transpose(k))
        nearness = -ops.sqrt(ops.maximum(squares, LEAST)) - away
        mean = ops.matmul(ops.softmax(nearness, axis=1), answers)
        if self.link == "softmax":
            mean = ops.log(mean + LEAST)
        elif self.link == "sigmoid":
            mean = ops.log(mean + LEAST) - ops.log(1.0 - mean + LEAST)
        return ops.reshape(mean, (-1, *self.shape))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, *shape)."""
        return (input_shape[0], *self.shape)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "shape": list(self.shape), "rows": self.rows, "link": self.link}
