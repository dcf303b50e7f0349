"""What each kind of head is trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

if TYPE_CHECKING:
    from automl.records import Head

__all__ = ["loss_for"]


def loss_for(
    head: Head, scale: float | Sequence[float] | np.ndarray = 1.0, label_smoothing: float = 0.0
) -> Callable[..., Any]:
    """The training loss of a head.

    Args:
        head: what the network puts out.
        scale: forecasts only: what an error of 1 means, a number or one for each target (the training spread of each
            target). Predictions and truth are in raw units, so without it the targets with large values drown the
            others. Where the *series of a panel* differ in size, one scale for each target does not help: give
            ``sample_weight = 1 / scale of the window`` (of its context, or of its series in the training part)
            beside ``scale=1``, which makes the loss the mean scaled error, as MASE is.
        label_smoothing: share of each label given to the others; off by default (it lowered AUC where measured).

    Returns:
        ``loss(y_true, y_pred, sample_weight=None) -> scalar``: the mean over rows, weighted where weights are given
        (divided by their sum, so rows of weight 0 count as absent). ``y_pred`` may carry a members' axis after the
        batch axis (`automl.layers.output.RawOutput` in training); the loss is then the mean of the members' losses.
    """
    row_loss = {
        "binary_crossentropy": _binary,
        "sparse_categorical_crossentropy": _categorical,
        "mse": _squared,
        "forecast": _forecast,
    }[head.loss]
    settings = {
        "quantiles": np.asarray(head.quantiles, "float32"),
        "scale": np.asarray(scale, "float32"),
        "smoothing": float(label_smoothing),
    }
    rank = len(head.shape) + 1

    def loss(y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        ops = keras.ops
        y_pred = ops.cast(y_pred, "float32")
        y_true = ops.convert_to_tensor(y_true)
        has_members = len(y_pred.shape) == rank + 1
        if head.loss == "sparse_categorical_crossentropy":
            y_true = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        else:
            y_true = ops.reshape(ops.cast(y_true, "float32"), (-1, *_true_shape(head)))
        if has_members:
            y_true = ops.expand_dims(y_true, 1)
        each = row_loss(y_true, y_pred, settings)  # (batch,) or (batch, members)
        each = ops.mean(each, axis=1) if has_members else each
        if sample_weight is None:
            return ops.mean(each)
        weight = ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
        return ops.sum(each * weight) / ops.maximum(ops.sum(weight), 1e-12)

    return loss


def _true_shape(head: Head) -> tuple[int, ...]:
    return head.shape[:-1] if head.loss == "forecast" else head.shape


def _binary(y_true: Any, logits: Any, settings: dict[str, Any]) -> Any:
    """Mean over labels of ``max(z, 0) - z·y + log(1 + exp(-|z|))``."""
    ops = keras.ops
    y_true = y_true * (1 - settings["smoothing"]) + settings["smoothing"] / 2
    losses = ops.maximum(logits, 0.0) - logits * y_true + ops.log1p(ops.exp(-ops.abs(logits)))
    return ops.mean(losses, axis=-1)


def _categorical(codes: Any, logits: Any, settings: dict[str, Any]) -> Any:
    """``logsumexp(z) - Σ_k q_k z_k``, q the smoothed one-hot label."""
    ops = keras.ops
    n_classes = int(logits.shape[-1])
    wanted = ops.one_hot(codes, n_classes, dtype="float32")
    wanted = wanted * (1 - settings["smoothing"]) + settings["smoothing"] / n_classes
    return ops.logsumexp(logits, axis=-1) - ops.sum(wanted * logits, axis=-1)


def _squared(y_true: Any, y_pred: Any, settings: dict[str, Any]) -> Any:
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


def _forecast(y_true: Any, y_pred: Any, settings: dict[str, Any]) -> Any:
    """Mean over steps and targets of ``|e_0| + mean_q 2 max(q e_q, (q - 1) e_q)``.

    Source: Koenker & Bassett, "Regression Quantiles", Econometrica 46 (1978).
    """
    ops = keras.ops
    errors = (ops.expand_dims(y_true, -1) - y_pred) / settings["scale"][..., None]  # (..., horizon, targets, 1 + q)
    losses = ops.abs(errors[..., 0])
    levels = settings["quantiles"]
    if len(levels):
        rest = errors[..., 1:]
        losses = losses + ops.mean(2 * ops.maximum(levels * rest, (levels - 1) * rest), axis=-1)
    return ops.mean(losses, axis=(-2, -1))
