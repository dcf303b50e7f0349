"""Rows column by column: each column's distribution is told by the columns before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from automl.layers.knob import Knob
from automl.layers.row_codes import own_uniforms, picked
from automl.layers.row_generator import RowGenerator

__all__ = ["AutoregressiveRows", "code_loss", "code_nats"]


@keras.saving.register_keras_serializable(package="automl")
class AutoregressiveRows(RowGenerator):
    """A masked dense network: ``p(row) = Π_i p(column i | columns before it)``, all conditionals in one pass.

    Columns are coded by `RowCodes` and embedded. Hidden units have a degree, the last column that they see, and are
    ordered by it. So a row is generated in a single pass too: column i needs the units of degree i - 1 only once.
    Hidden layers add up (residual), and each column also reads the embeddings of the columns before it directly.

    Args:
        edges: see `RowGenerator`.
        levels: see `RowGenerator`.
        order: a permutation of the columns, the first to generate first; empty for the given order.
        dim: size of the embedding of a column.
        width: units of a hidden layer.
        depth: hidden layers.
        dropout: share of the embedded numbers that is set to zero in training; a float or a scalar `keras.Variable`.
        decay: see `RowGenerator`.
        seed: of the layer's own generator.

    Input and output shape: see `RowGenerator`.

    Source: Germain, Gregor, Murray & Larochelle, "MADE: Masked Autoencoder for Distribution Estimation", ICML 2015,
        section 3.
    """

    def __init__(
        self, edges: Sequence[Sequence[float]], levels: Sequence[Sequence[int]], order: Sequence[int] = (),
        dim: int = 24, width: int = 512, depth: int = 3, dropout: float | keras.Variable = 0.0, decay: float = 0.999,
        seed: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(edges, levels, decay, **kwargs)
        self.order = [int(place) for place in order] or list(range(self.columns.n_columns))
        self.dim, self.width, self.depth, self.seed = int(dim), int(width), int(depth), seed
        self.dropout = Knob(dropout)
        self.generator = keras.random.SeedGenerator(seed)
        n_levels = self.columns.n_levels
        self._sizes = [n_levels[place] for place in self.order]
        self._ends = np.cumsum(self._sizes).astype("int32")
        self._degrees = np.sort(np.arange(self.width) % max(len(self._sizes) - 1, 1))

    no_density = ""

    def make(self) -> list[Any]:
        """Make the embeddings, the masked kernels and the biases."""
        n_embedded, n_logits = self.dim * len(self._sizes), int(self._ends[-1])
        spread = keras.initializers.RandomNormal(stddev=0.3)
        self.table = self.add_weight(shape=(n_logits, self.dim), initializer=spread, name="table")
        shapes = [(n_embedded, self.width), *[(self.width, self.width)] * (self.depth - 1)]
        kernel = "glorot_uniform"
        self.kernels = [
            self.add_weight(shape=shape, initializer=kernel, name=f"kernel_{place}")
            for place, shape in enumerate([*shapes, (self.width, n_logits), (n_embedded, n_logits)])
        ]
        self.biases = [
            self.add_weight(shape=(size,), initializer="zeros", name=f"bias_{place}")
            for place, size in enumerate([*[self.width] * self.depth, n_logits])
        ]
        return [self.table, *self.kernels, *self.biases]

    def loss(self, numbers: Any, categories: Any) -> Any:
        """The mean negative log-likelihood of the rows' codes."""
        ops = keras.ops
        codes = self.columns.coded(numbers, categories)
        ordered = ops.stack([codes[place] for place in self.order], axis=1)
        return code_loss(self.logits(ordered), ordered, self._sizes)

    def log_density(self, inputs: Sequence[Any]) -> Any:
        """Log densities of rows, see `RowGenerator.log_density`."""
        codes, widths = self.codes_of(inputs)
        ordered = keras.ops.stack([codes[place] for place in self.order], axis=1)
        with self.averages.applied():
            return -code_nats(self.logits(ordered, training=False), ordered, self._sizes) - widths

    def logits(self, codes: Any, training: bool = True) -> Any:
        """Logits ``(batch, n_logits)`` of all columns of rows.

        Args:
            codes: ``(batch, columns)`` in the order of generation.
            training: whether numbers are dropped.
        """
        ops = keras.ops
        first = ops.convert_to_tensor(np.asarray(self._ends - self._sizes, "int32"))
        embedded = ops.reshape(ops.take(self.table, codes + first, axis=0), (-1, self.dim * len(self._sizes)))
        if training:
            keep = 1.0 - self.dropout.read()
            drawn = keras.random.uniform(ops.shape(embedded), dtype="float32", seed=self.generator)
            embedded = ops.where(drawn < keep, embedded / keep, 0.0)
        column, column_out = np.repeat(np.arange(len(self._sizes)), self.dim), self._column_of_logit()
        masks = [_mask(column, self._degrees), *[_mask(self._degrees, self._degrees)] * (self.depth - 1)]
        total, x = 0.0, embedded
        for kernel, bias, mask in zip(self.kernels[: self.depth], self.biases, masks, strict=False):
            total = total + ops.matmul(x, kernel * mask) + bias
            x = ops.gelu(total)
        out = ops.matmul(x, self.kernels[-2] * _mask(self._degrees + 1, column_out))
        return out + ops.matmul(embedded, self.kernels[-1] * _mask(column + 1, column_out)) + self.biases[-1]

    def generated(self, noise: Any) -> Any:
        """Draw one column after another."""
        ops = keras.ops
        n_columns = self.columns.n_columns
        uniforms = own_uniforms(noise, n_columns, 0)
        codes: list[Any] = [None] * n_columns
        embedded = ops.zeros((ops.shape(noise)[0], 0), "float32")
        hidden = [embedded] * self.depth
        for step, place in enumerate(self.order):
            end = int(self._ends[step])
            logits = slice(end - self._sizes[step], end)
            hidden = self._seen(step, embedded, hidden)
            out = ops.zeros((ops.shape(noise)[0], 1), "float32") + self.biases[-1][logits]
            if step:  # oneDNN aborts the process where a product has no inner dimension
                out = out + ops.matmul(embedded, self.kernels[-1][: step * self.dim, logits])
                out = out + ops.matmul(hidden[-1], self.kernels[-2][: hidden[-1].shape[-1], logits])
            codes[place] = picked(out, uniforms[:, place])
            own = ops.take(self.table[logits], codes[place], axis=0)
            embedded = ops.concatenate([embedded, own], axis=1)
        return self.columns.rows(codes, own_uniforms(noise, n_columns, 1))

    def _seen(self, step: int, embedded: Any, hidden: Sequence[Any]) -> list[Any]:
        """The hidden layers with the units that see the columns before this step, and none after."""
        ops = keras.ops
        begin, end = np.searchsorted(self._degrees, [step - 1, step]).tolist()
        if begin == end:
            return list(hidden)
        total, x, seen = 0.0, embedded, []
        for kernel, bias, before in zip(self.kernels[: self.depth], self.biases, hidden, strict=False):
            total = total + ops.matmul(x, kernel[: x.shape[-1], begin:end]) + bias[begin:end]
            x = ops.concatenate([before, ops.gelu(total)], axis=1)
            seen.append(x)
        return seen

    def _column_of_logit(self) -> np.ndarray:
        return np.repeat(np.arange(len(self._sizes)), self._sizes)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the dropout as its present value, a float."""
        own = {"order": self.order, "dim": self.dim, "width": self.width, "depth": self.depth, "seed": self.seed}
        return {**super().get_config(), **own, "dropout": self.dropout.number()}


def code_loss(logits: Any, codes: Any, sizes: Sequence[int], weights: Any = None) -> Any:
    """The mean over rows of `code_nats`, a scalar; see there."""
    return keras.ops.mean(code_nats(logits, codes, sizes, weights))


def code_nats(logits: Any, codes: Any, sizes: Sequence[int], weights: Any = None) -> Any:
    """The sum over columns of ``-log p(code)``, ``(batch,)``.

    Args:
        logits: ``(batch, sum(sizes))``.
        codes: ``(batch, columns)``.
        sizes: levels of each column.
        weights: ``(batch, columns)`` of the columns of each row; None for 1.
    """
    ops = keras.ops
    begin, parts = 0, []
    for place, size in enumerate(sizes):
        if size > 1:
            own = logits[:, begin : begin + size]
            right = ops.take_along_axis(own, codes[:, place : place + 1], axis=1)[:, 0]
            nats = ops.logsumexp(own, axis=1) - right
            parts.append(nats if weights is None else nats * weights[:, place])
        begin += size
    return sum(parts) if parts else 0.0 * ops.mean(logits, axis=1)


def _mask(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """1 where a unit of degree `before` may be read by one of degree `after`, float32."""
    return (before[:, None] <= after[None]).astype("float32")
