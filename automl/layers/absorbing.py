"""Rows by discrete diffusion: columns are hidden one after another, and a network learns to find them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from automl.layers.autoregressive import code_loss, code_nats
from automl.layers.knob import Knob
from automl.layers.residual import ResidualDense
from automl.layers.row_codes import FIRST_OWN, own_uniforms, picked
from automl.layers.row_generator import RowGenerator

__all__ = ["AbsorbingRows"]

MOST_STEPS = 50
BOUND_DRAWS = 8
"""Orders of columns by which a density is told."""


@keras.saving.register_keras_serializable(package="automl")
class AbsorbingRows(RowGenerator):
    """Diffusion whose noise hides columns: a hidden column stays hidden, and at the end all are.

    In training each row has k of its D columns hidden, k uniform from 1 to D and the columns at random. The network
    tells the distribution of each hidden column from the others; the loss is the bound of the negative log-likelihood
    ``D/k Σ_hidden -log p(column | columns shown)``. A row is generated backwards: all columns are hidden at first, and
    are drawn in an order that its noise tells, one a step, or some a step where they are more than `MOST_STEPS`.

    Columns are coded by `RowCodes`: numbers are told by the bin of their rank.

    Args:
        edges: see `RowGenerator`.
        levels: see `RowGenerator`.
        dim: size of the embedding of a column.
        width: of the network.
        depth: residual blocks.
        dropout: of the network; a float or a scalar `keras.Variable`.
        decay: see `RowGenerator`.
        seed: of the layer's own generator.

    Input and output shape: see `RowGenerator`.

    Source: Austin, Johnson, Ho, Tarlow & van den Berg, "Structured Denoising Diffusion Models in Discrete State-Spaces"
        (D3PM, absorbing states), NeurIPS 2021; Hoogeboom et al., "Autoregressive Diffusion Models", ICLR 2022,
        algorithms 1 and 2; tables: Shi et al. (TabDiff), ICLR 2025 (masked categories).
    """

    def __init__(
        self, edges: Sequence[Sequence[float]], levels: Sequence[Sequence[int]], dim: int = 24, width: int = 512,
        depth: int = 2, dropout: float | keras.Variable = 0.0, decay: float = 0.999, seed: int | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(edges, levels, decay, **kwargs)
        self.dim, self.width, self.depth, self.seed = int(dim), int(width), int(depth), seed
        self.dropout = Knob(dropout)
        self.generator = keras.random.SeedGenerator(seed)
        self._sizes = self.columns.n_levels
        # Each column has one code more than levels, the last: hidden.
        self._first = np.cumsum([0, *(size + 1 for size in self._sizes[:-1])]).astype("int32")
        self.network = ResidualDense(sum(self._sizes), self.width, self.depth, self.dropout.source)

    no_density = ""
    is_bound = True

    def make(self) -> list[Any]:
        """Make the embeddings and the network."""
        n_columns, spread = len(self._sizes), keras.initializers.RandomNormal(stddev=0.3)
        shape = (sum(self._sizes) + n_columns, self.dim)
        self.table = self.add_weight(shape=shape, initializer=spread, name="table")
        self.network.build((None, n_columns * self.dim))
        return [self.table, *self.network.trainable_variables]

    def loss(self, numbers: Any, categories: Any) -> Any:
        """Hide columns at random, and tell them from the others."""
        ops = keras.ops
        n_columns = len(self._sizes)
        codes = ops.stack(self.columns.coded(numbers, categories), axis=1)
        n_rows = ops.shape(codes)[0]
        places = keras.random.uniform(ops.shape(codes), dtype="float32", seed=self.generator)
        offset = keras.random.uniform((1,), dtype="float32", seed=self.generator)
        # k is spread evenly over the batch, so that its mean loss varies less
        share = (ops.cast(ops.arange(n_rows), "float32") + offset) / ops.cast(n_rows, "float32")
        n_hidden = ops.minimum(ops.floor(share * n_columns) + 1.0, float(n_columns))
        is_hidden = ops.cast(_ranks(places), "float32") < ops.expand_dims(n_hidden, 1)
        weights = ops.cast(is_hidden, "float32") * ops.expand_dims(n_columns / n_hidden, 1)
        shown = ops.where(is_hidden, np.asarray(self._sizes, "int32"), codes)
        return code_loss(self._logits(shown, training=True), codes, self._sizes, weights)

    def log_density(self, inputs: Sequence[Any]) -> Any:
        """Lower bounds of log densities: means over orders of columns, of `BOUND_DRAWS` of which one step is read."""
        ops = keras.ops
        codes, widths = self.codes_of(inputs)
        codes = ops.stack(codes, axis=1)
        n_columns, total = len(self._sizes), 0.0
        with self.averages.applied():
            for draw in range(BOUND_DRAWS):  # as many columns hidden as there are strata, spread over rows
                places = keras.random.uniform(ops.shape(codes), dtype="float32", seed=draw)
                rows = ops.cast(ops.arange(ops.shape(codes)[0]) + draw * n_columns // BOUND_DRAWS, "float32")
                n_hidden = rows - n_columns * ops.floor(rows / n_columns) + 1.0
                is_hidden = ops.cast(_ranks(places), "float32") < ops.expand_dims(n_hidden, 1)
                weights = ops.cast(is_hidden, "float32") * ops.expand_dims(n_columns / n_hidden, 1)
                shown = ops.where(is_hidden, np.asarray(self._sizes, "int32"), codes)
                total = total + code_nats(self._logits(shown, training=False), codes, self._sizes, weights)
        return -total / BOUND_DRAWS - widths

    def generated(self, noise: Any) -> Any:
        """Draw the columns in the order that the noise tells."""
        ops = keras.ops
        n_columns = len(self._sizes)
        uniforms = own_uniforms(noise, n_columns, 0)
        ranks = _ranks(ops.take(noise, np.arange(n_columns) % FIRST_OWN, axis=1))
        at_once = -(-n_columns // MOST_STEPS)
        hidden = np.asarray(self._sizes, "int32")

        def drawn(step: Any, codes: Any) -> Any:
            logits, found, begin = self._logits(codes, training=False), [], 0
            for place, size in enumerate(self._sizes):
                found.append(picked(logits[:, begin : begin + size], uniforms[:, place]))
                begin += size
            return ops.where(ranks // at_once == step, ops.stack(found, axis=1), codes)

        codes = ops.zeros_like(ranks) + hidden
        codes = ops.fori_loop(0, -(-n_columns // at_once), drawn, codes)
        return self.columns.rows(ops.unstack(codes, n_columns, axis=1), own_uniforms(noise, n_columns, 1))

    def _logits(self, codes: Any, training: bool) -> Any:
        """Logits of all columns; in `codes` a hidden column has its number of levels as code."""
        ops = keras.ops
        embedded = ops.take(self.table, codes + self._first, axis=0)
        return self.network(ops.reshape(embedded, (-1, len(self._sizes) * self.dim)), training=training)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the dropout as its present value, a float."""
        own = {"dim": self.dim, "width": self.width, "depth": self.depth, "seed": self.seed}
        return {**super().get_config(), **own, "dropout": self.dropout.number()}


def _ranks(numbers: Any) -> Any:
    """The rank of each number ``(batch, columns)`` within its row, from 0, int32; equal ones keep their order."""
    return keras.ops.cast(keras.ops.argsort(keras.ops.argsort(numbers, axis=1), axis=1), "int32")
