"""Layers of networks that restore what they read: errors of each row, and a loss without the worst rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from automl.layers.knob import Knob

__all__ = ["ArrayError", "CategoryError", "RowLoss"]

LOW_LOG_STD, HIGH_LOG_STD = -3.0, 3.0
"""Bounds of a learned log standard deviation: without the lower one a constant cell makes the likelihood infinite."""


@keras.saving.register_keras_serializable(package="automl")
class RowLoss(keras.layers.Layer):  # type: ignore[misc]
    """Adds the mean loss of a batch's rows to what the network learns from, without the worst ones.

    ``L = mean of the ceil((1 - trim) n) smallest l_i``. Where anomalies are among the training rows, they have the
    largest losses; a network that is not asked to restore them does not learn to. Nothing is added outside training.

    Args:
        trim: share of each batch that is left out, from 0 to below 1; a float or a scalar `keras.Variable`.

    Input shape: a list of any tensor ``(batch, ...)`` and losses ``(batch, 1)``. Output: the first, in float32.

    Source: Rousseeuw, "Least Median of Squares Regression", JASA 79 (1984), section 4 (least trimmed squares); for
        networks that learn from contaminated rows: Shen & Sanghavi, "Learning with Bad Training Data via Iterative
        Trimmed Loss Minimization", ICML 2019, algorithm 1.
    """

    def __init__(self, trim: float | keras.Variable = 0.0, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.trim = Knob(trim)
        self.built = True

    def call(self, inputs: Sequence[Any], training: bool | None = None) -> Any:
        """Add the loss, and pass the first input."""
        passed, losses = inputs
        if training:
            self.add_loss(trimmed_mean(losses, self.trim.read()))
        return keras.ops.cast(passed, "float32")

    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """The shape of the first input."""
        return tuple(input_shape[0])

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the share as its present value, a float."""
        return {**super().get_config(), "trim": self.trim.number()}


def trimmed_mean(losses: Any, trim: Any) -> Any:
    """The mean of losses ``(batch, 1)`` without the largest ``floor(trim · batch)``, a float32 scalar."""
    ops = keras.ops
    ordered = ops.sort(ops.reshape(ops.cast(losses, "float32"), (-1,)))
    n = ops.shape(ordered)[0]
    n_kept = ops.cast(n, "float32") - ops.floor(trim * ops.cast(n, "float32"))
    is_kept = ops.cast(ops.arange(n), "float32") < n_kept
    return ops.sum(ops.where(is_kept, ordered, 0.0)) / n_kept


@keras.saving.register_keras_serializable(package="automl")
class ArrayError(keras.layers.Layer):  # type: ignore[misc]
    """How badly the numbers of each row are restored.

    Without a spread the sum of squares ``Σ (x - r)²``. With a spread the restored values come with a learned logarithm
    of their standard deviation s, and the error is the negative log-likelihood of a normal distribution without its
    constant, ``Σ (x - r)² / 2e^(2s) + s``. Several restorations of a row are averaged.

    Args:
        has_spread: whether the second half of the restored channels is the logarithm of the standard deviation.
        is_mean: whether the sum is divided by the number of cells.
        n_last: of a series: how many steps at its end count; 0 for all.

    Input shape: ``(batch, ..., channels)`` and ``(batch · draws, ..., channels)``, or twice the channels with a spread;
    the draws of a row follow each other. Output shape: ``(batch, 1)``, float32.

    Source: Kingma & Welling, "Auto-Encoding Variational Bayes", ICLR 2014, appendix C.2 (Gaussian decoder); learned
        variance: Detlefsen, Jørgensen & Hauberg, "Reliable training and estimation of variance networks", NeurIPS
        2019.
    """

    def __init__(self, has_spread: bool = False, is_mean: bool = False, n_last: int = 0, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.has_spread, self.is_mean, self.n_last = bool(has_spread), bool(is_mean), int(n_last)
        self.built = True

    def call(self, inputs: Sequence[Any]) -> Any:
        """Compare the rows with what was restored of them."""
        ops = keras.ops
        truth, restored = (ops.cast(part, "float32") for part in inputs)
        if self.n_last:
            truth, restored = truth[:, -self.n_last :], restored[:, -self.n_last :]
        shape, n_channels = tuple(truth.shape[1:]), int(truth.shape[-1])
        restored, truth = by_row(truth, restored), ops.expand_dims(truth, 1)
        if self.has_spread:
            log_std = ops.clip(restored[..., n_channels:], LOW_LOG_STD, HIGH_LOG_STD)
            each = 0.5 * ops.square((truth - restored[..., :n_channels]) * ops.exp(-log_std)) + log_std
        else:
            each = ops.square(truth - restored)
        total = ops.sum(ops.mean(each, axis=1), axis=tuple(range(1, len(shape) + 1)))
        return ops.reshape(total / math.prod(int(size) for size in shape) if self.is_mean else total, (-1, 1))

    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """(batch, 1)."""
        return (input_shape[0][0], 1)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        config = {"has_spread": self.has_spread, "is_mean": self.is_mean, "n_last": self.n_last}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="automl")
class CategoryError(keras.layers.Layer):  # type: ignore[misc]
    """How badly the categories of each row are restored: the sum over columns of ``-log p(level)``.

    Several restorations of a row are averaged. Levels from `most` on count as one: codes are in the order of their
    frequency, so that these are the rarest.

    Args:
        sizes: number of levels of each column, code 0 (missing or unseen) included; a code outside counts as 0.
        most: the most levels of a column that are told apart.

    Input shape: codes ``(batch, columns)`` and logits ``(batch · draws, n_logits)``; the draws of a row follow each
    other. Output shape: ``(batch, 1)``, float32.

    Source: Kingma & Welling (see `ArrayError`), appendix C.1, for several levels.
    """

    def __init__(self, sizes: Sequence[int], most: int = 128, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.sizes, self.most = [int(size) for size in sizes], int(most)
        self.built = True

    @property
    def n_logits(self) -> int:
        """Logits of all columns together."""
        return sum(self._told_apart())

    def call(self, inputs: Sequence[Any]) -> Any:
        """Compare the codes with the logits."""
        ops = keras.ops
        codes, logits = ops.cast(inputs[0], "int32"), ops.cast(inputs[1], "float32")
        sizes, told = np.asarray(self.sizes, "int32"), self._told_apart()
        codes = ops.where((codes >= 0) & (codes < sizes), codes, 0)
        codes = ops.minimum(codes, np.asarray(told, "int32") - 1)
        logits = by_row(codes, logits)
        total, begin = 0.0, 0
        for column, size in enumerate(told):
            logs = ops.log_softmax(logits[..., begin : begin + size], axis=-1) if size > 1 else 0.0 * logits[..., :1]
            hot = ops.one_hot(codes[:, column], size, dtype="float32")
            total = total - ops.sum(ops.mean(logs, axis=1) * hot, axis=-1, keepdims=True)
            begin += size
        return total

    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """(batch, 1)."""
        return (input_shape[0][0], 1)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "sizes": self.sizes, "most": self.most}

    def _told_apart(self) -> list[int]:
        return [min(size, self.most) for size in self.sizes]


def by_row(truth: Any, restored: Any) -> Any:
    """Restorations ``(batch · draws, ...)`` as ``(batch, draws, ...)``, for rows ``(batch, ...)``."""
    ops = keras.ops
    n_rows = ops.shape(truth)[0]
    n_draws = ops.shape(restored)[0] // ops.maximum(n_rows, 1)
    return ops.reshape(restored, (n_rows, n_draws, *restored.shape[1:]))
