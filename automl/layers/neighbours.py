"""A prediction made of the answers of rows that lie near, in a space that is learnt for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

__all__ = ["Neighbours"]

LEAST = 1e-6
SAME = 1e9


@keras.saving.register_keras_serializable(package="automl")
class Neighbours(keras.layers.Layer):  # type: ignore[misc]
    """Averages the answers of known rows, each weighed by how near it lies: ``Σ_j softmax_j(-‖z - k_j‖) y_j``.

    Known rows are held as weights that are not trained: where they lie (`keys`), their answers (0 and 1 for each class
    or label, or values) and how far away each one is to be kept beyond that (0; rows that count less lie further).
    Whoever trains the network puts them there, and takes them from training rows alone. Until then they are noise.

    Args:
        shape: of one row's output.
        rows: known rows held at most.
        link: "linear", "sigmoid" or "softmax" (`Head.activation`): what the raw output must stand for.

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
        """Make room for the known rows."""
        size, units = int(input_shape[-1] or 0), self.units
        noise, answers = keras.initializers.RandomNormal(stddev=1.0), keras.initializers.RandomUniform(0.1, 0.9)
        self.keys = self.add_weight(shape=(self.rows, size), initializer=noise, trainable=False, name="keys")
        self.answers = self.add_weight(shape=(self.rows, units), initializer=answers, trainable=False, name="answers")
        self.away = self.add_weight(shape=(self.rows,), initializer="zeros", trainable=False, name="away")

    @property
    def units(self) -> int:
        """Numbers that a row's answer takes."""
        n = 1
        for size in self.shape:
            n *= size
        return n

    def call(self, inputs: Any) -> Any:
        """Compare with the known rows."""
        return self.compare(inputs, self.keys, self.answers, self.away)

    def compare(self, inputs: Any, keys: Any, answers: Any, away: Any) -> Any:
        """Raw outputs ``(batch, *shape)`` from rows ``(n, size)`` with answers ``(n, units)``.

        Args:
            away: ``(n,)`` or ``(batch, n)``, added to distances; `SAME` takes a row out.
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
        """Plain settings."""
        return {**super().get_config(), "shape": list(self.shape), "rows": self.rows, "link": self.link}
