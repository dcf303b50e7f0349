"""Rows by an adversarial game: a generator, and a critic that compares its rows with real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from automl.layers.knob import Knob
from automl.layers.residual import ResidualDense
from automl.layers.row_codes import FIRST_OWN, own_uniforms, picked
from automl.layers.row_generator import RowGenerator

__all__ = ["AdversarialRows"]

STEP = 0.05
"""Length of the steps by which the slope of the critic is measured, in standard deviations of a number."""


@keras.saving.register_keras_serializable(package="automl")
class AdversarialRows(RowGenerator):
    """A generative adversarial network with a relativistic loss and penalties of the critic's slope.

    The critic's loss is ``softplus(D(G(z)) - D(x)) + γ/2 (|∇D(x)|² + |∇D(G(z))|²)``, the generator's
    ``softplus(D(x) - D(G(z)))``. Both are added in one pass: where the critic learns, generated rows are constants, and
    where the generator learns, the critic's weights are. The slope is measured along a random direction v,
    ``|∇D(x)|² = E (v·∇D(x))² ≈ E ((D(x + s v) - D(x)) / s)²``, so that no derivative of a derivative is needed.

    Numbers are normal scores. Categories are one-hot: the critic reads the level that was drawn, and gradients pass
    through its probability (straight-through).

    Args:
        edges: see `RowGenerator`; only their number is read.
        levels: see `RowGenerator`.
        width: of the generator and the critic.
        depth: residual blocks of the generator, and hidden layers of the critic.
        penalty: γ; a float or a scalar `keras.Variable`.
        decay: see `RowGenerator`.
        seed: of the layer's own generator.

    Input and output shape: see `RowGenerator`.

    Source: Huang, Gokaslan, Kuleshov & Tompkin, "The GAN is dead; long live the GAN!" (R3GAN), NeurIPS 2024, equations
        2 and 3; tables: Xu et al. (CTGAN), NeurIPS 2019; straight-through: Jang, Gu & Poole, ICLR 2017, section 2.2.
    """

    def __init__(
        self, edges: Sequence[Sequence[float]], levels: Sequence[Sequence[int]], width: int = 256, depth: int = 2,
        penalty: float | keras.Variable = 0.5, decay: float = 0.999, seed: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(edges, levels, decay, **kwargs)
        self.width, self.depth, self.seed = int(width), int(depth), seed
        self.penalty = Knob(penalty)
        self.generator = keras.random.SeedGenerator(seed)
        # Numbers that a column has in the generator's output and the critic's input: its levels, or itself.
        self._sizes = [1] * self.columns.n_numbers + [len(column) for column in self.columns.levels]
        self.maker = ResidualDense(sum(self._sizes), self.width, self.depth)
        dense = keras.layers.Dense
        self.hidden = [dense(self.width, dtype="float32") for _ in range(self.depth + 1)]
        self.last = dense(1, dtype="float32")

    def make(self) -> list[Any]:
        """Make the weights; those of the generator are averaged."""
        self.maker.build((None, FIRST_OWN))
        for place, layer in enumerate(self.hidden):
            layer.build((None, self.width if place else sum(self._sizes)))
        self.last.build((None, self.width))
        return list(self.maker.trainable_variables)

    def loss(self, numbers: Any, categories: Any) -> Any:
        """The critic's loss, with the gradients of the generator's: the sum of both could not fall."""
        ops, random = keras.ops, keras.random
        real = self._read(numbers, categories)
        n_rows, n_columns = ops.shape(real)[0], self.columns.n_columns
        noise = random.normal((n_rows, FIRST_OWN + 2 * n_columns), dtype="float32", seed=self.generator)
        _, fake = self._drawn(noise)
        constant = ops.stop_gradient(fake)
        both = ops.concatenate([real, constant], axis=0)
        direction = random.normal(ops.shape(both), dtype="float32", seed=self.generator)
        scores = self._judged(ops.concatenate([both, both + STEP * direction], axis=0))[:, 0]
        at, beside = scores[: 2 * n_rows], scores[2 * n_rows :]
        slope = ops.mean(ops.square((beside - at) / STEP))  # of real and generated rows: half of the sum of both
        critic = ops.mean(ops.softplus(at[n_rows:] - at[:n_rows])) + self.penalty.read() * slope
        with keras.StatelessScope(state_mapping=[(v, ops.stop_gradient(v)) for v in self._critic_variables()]):
            opposed = self._judged(fake)[:, 0]
        maker = ops.mean(ops.softplus(ops.stop_gradient(at[:n_rows]) - opposed))
        return critic + maker - ops.stop_gradient(maker)

    def generated(self, noise: Any) -> Any:
        """Turn noise into numbers and levels."""
        drawn, _ = self._drawn(noise)
        known = [np.asarray(column, "float32") for column in self.columns.levels]
        n_numbers = self.columns.n_numbers
        codes = [keras.ops.take(own, place) for own, place in zip(known, drawn[n_numbers:], strict=True)]
        return keras.ops.stack([*drawn[:n_numbers], *codes], axis=1)

    def _read(self, numbers: Any, categories: Any) -> Any:
        """Training rows ``(batch, features)`` as the critic reads them."""
        ops, n_numbers = keras.ops, self.columns.n_numbers
        codes = self.columns.coded(numbers, categories)[n_numbers:]
        hot = [
            ops.one_hot(own, size, dtype="float32") for own, size in zip(codes, self._sizes[n_numbers:], strict=True)
        ]
        return ops.concatenate([*([numbers] if n_numbers else []), *hot], axis=1)

    def _drawn(self, noise: Any) -> tuple[list[Any], Any]:
        """Scores or levels ``(batch,)`` of each column, and the rows as the critic reads them."""
        ops = keras.ops
        out, uniforms = self.maker(noise[:, :FIRST_OWN]), own_uniforms(noise, self.columns.n_columns, 0)
        found: list[Any] = []
        parts, begin = [], 0
        for place, size in enumerate(self._sizes):
            own = out[:, begin : begin + size]
            begin += size
            if place < self.columns.n_numbers:
                found.append(own[:, 0])
                parts.append(own)
                continue
            found.append(picked(own, uniforms[:, place]))
            shares = ops.softmax(own, axis=1) if size > 1 else ops.ones_like(own)
            parts.append(shares + ops.stop_gradient(ops.one_hot(found[-1], size, dtype="float32") - shares))
        return found, ops.concatenate(parts, axis=1)

    def _judged(self, rows: Any) -> Any:
        """The critic's score ``(batch, 1)``."""
        for layer in self.hidden:
            rows = keras.ops.leaky_relu(layer(rows), 0.2)
        return self.last(rows)

    def _critic_variables(self) -> list[Any]:
        return [variable for layer in [*self.hidden, self.last] for variable in layer.trainable_variables]

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the penalty as its present value, a float."""
        own = {"width": self.width, "depth": self.depth, "penalty": self.penalty.number(), "seed": self.seed}
        return {**super().get_config(), **own}
