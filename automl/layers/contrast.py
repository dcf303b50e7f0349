"""Layers of networks that learn from two views of each row: the views, and a loss that tells rows apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from automl.layers.knob import Knob

__all__ = ["ContrastLoss", "SwapColumns", "TwoViews"]

SMALLEST_TEMPERATURE = 0.1


@keras.saving.register_keras_serializable(package="automl")
class TwoViews(keras.layers.Layer):  # type: ignore[misc]
    """Hands each row on twice in training: the batch, and the batch once more. What varies rows comes after it.

    Input shape: any. Output shape: the input's; in training ``(2 · batch, ...)``.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Repeat the batch in training."""
        return keras.ops.concatenate([inputs, inputs], axis=0) if training else inputs

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape; the batch is of unknown size."""
        return (None, *input_shape[1:])

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {key: value for key, value in super().get_config().items() if key != "autocast"}


@keras.saving.register_keras_serializable(package="automl")
class SwapColumns(keras.layers.Layer):  # type: ignore[misc]
    """Two views of a table's rows in training: as they are, and with a share of their cells from other rows.

    A cell is replaced by that of another row of the batch, drawn for each cell: a draw from the marginal distribution
    of its column. Columns keep their values, and lose what goes with them.

    Args:
        rate: share of the cells that are replaced; a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: ``(batch, columns)``, numbers or codes. Output shape: the same; in training ``(2 · batch, columns)``,
    the rows as they are first.

    Source: Bahri, Jiang, Tay & Metzler, "SCARF: Self-Supervised Contrastive Learning using Random Feature Corruption",
        ICLR 2022, algorithm 1. There a row has a fixed number of replaced columns, here each cell has its chance, and
        the marginals are those of the batch.
    """

    def __init__(self, rate: float | keras.Variable = 0.6, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.rate, self.seed = Knob(rate), seed
        self.generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Make the second view in training."""
        if not training:
            return inputs
        ops = keras.ops
        n_rows, n_columns = ops.shape(inputs)[0], int(inputs.shape[1])
        draw = keras.random.uniform((2, n_rows, n_columns), dtype="float32", seed=self.generator)
        rows = ops.cast(ops.floor(draw[0] * ops.cast(n_rows, "float32")), "int32")
        rows = ops.minimum(rows, n_rows - 1)  # a draw may round up to 1
        others = ops.take_along_axis(inputs, rows, axis=0)
        return ops.concatenate([inputs, ops.where(draw[1] < self.rate.read(), others, inputs)], axis=0)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape; the batch is of unknown size."""
        return (None, *input_shape[1:])

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        """The input's shape and type."""
        return keras.KerasTensor((None, *inputs.shape[1:]), dtype=inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the share as its present value, a float."""
        config = {key: value for key, value in super().get_config().items() if key != "autocast"}
        return {**config, "rate": self.rate.number(), "seed": self.seed}


@keras.saving.register_keras_serializable(package="automl")
class ContrastLoss(keras.layers.Layer):  # type: ignore[misc]
    """Adds a loss that is small where the two views of a row lie closer together than those of different rows.

    ``L = mean_i -log(exp(s_ij / τ) / Σ_(k ≠ i) exp(s_ik / τ))`` over all 2n views i, where j is the other view of its
    row and s the cosine. Nothing is added outside training.

    Args:
        temperature: τ; a float or a scalar `keras.Variable`; below 0.1 it counts as 0.1.

    Input shape: a list of codes ``(batch, size)``, in training ``(2 · batch, size)``, and projections of the same
    number of rows; the first views come first, in the order of the second ones. Output: the codes, in float32.

    Source: Chen, Kornblith, Norouzi & Hinton, "A Simple Framework for Contrastive Learning of Visual Representations",
        ICML 2020, equation 1 and algorithm 1 (NT-Xent).
    """

    def __init__(self, temperature: float | keras.Variable = 0.5, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.temperature = Knob(temperature)
        self.built = True

    def call(self, inputs: Sequence[Any], training: bool | None = None) -> Any:
        """Add the loss, and pass the codes."""
        ops = keras.ops
        codes, views = (ops.cast(part, "float32") for part in inputs)
        if training:
            self.add_loss(contrast(views, ops.maximum(self.temperature.read(), SMALLEST_TEMPERATURE)))
        return codes

    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """The shape of the codes."""
        return tuple(input_shape[0])

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the temperature as its present value, a float."""
        return {**super().get_config(), "temperature": self.temperature.number()}


def contrast(views: Any, temperature: Any) -> Any:
    """The loss of `ContrastLoss` of views ``(2 n, size)``, a float32 scalar."""
    ops = keras.ops
    n_views = ops.shape(views)[0]
    n_rows = n_views // 2
    length = ops.sqrt(ops.sum(ops.square(views), axis=-1, keepdims=True) + 1e-12)  # has a gradient at 0 as well
    unit = views / length
    likeness = ops.matmul(unit, ops.transpose(unit)) / temperature  # (2 n, 2 n)
    places = ops.arange(n_views)
    is_self = ops.equal(places[:, None], places[None, :])
    other = ops.concatenate([unit[n_rows:], unit[:n_rows]], axis=0)
    own = ops.sum(unit * other, axis=-1) / temperature
    return ops.mean(ops.logsumexp(ops.where(is_self, -1e9, likeness), axis=-1) - own)
