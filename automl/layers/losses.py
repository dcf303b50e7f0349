"""What each kind of head is trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from automl.layers.knob import Knob

if TYPE_CHECKING:
    from automl.records import Head

__all__ = ["loss_for"]


def loss_for(
    head: Head,
    scale: float | Sequence[float] | np.ndarray = 1.0,
    label_smoothing: float = 0.0,
    class_weight: float | keras.Variable = 0.0,
    ordinal: float | keras.Variable = 0.0,
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
        class_weight: multiclass heads with priors: p of the weights ``prior^-p`` of a row's class, 0 for
            none, 1 for balanced; a float or a variable. Weights have the mean 1 over the training rows and multiply
            those of the rows. The network is trained to give the probabilities *without* them, see `_Weighing`.
        ordinal: multiclass heads: what the ranked probability score counts beside cross-entropy; a float or a variable.

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
        "ordinal": None if _is_zero(ordinal) else Knob(ordinal),
    }
    weighing = None if _is_zero(class_weight) else _Weighing(head, Knob(class_weight))
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
        of_class = None
        if weighing is not None:
            y_pred, of_class = weighing(y_true, y_pred)
        if has_members:
            y_true = ops.expand_dims(y_true, 1)
        each = row_loss(y_true, y_pred, settings)  # (batch,) or (batch, members)
        each = ops.mean(each, axis=1) if has_members else each
        each = each if of_class is None else each * of_class
        if sample_weight is None:
            return ops.mean(each)
        weight = ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
        return ops.sum(each * weight) / ops.maximum(ops.sum(weight), 1e-12)

    return loss


def _is_zero(number: float | keras.Variable) -> bool:
    return not isinstance(number, keras.Variable) and float(number) == 0.0


class _Weighing:
    """Weights of classes, ``w_k ∝ prior_k^-p`` with mean 1 over the training rows, and the shift that undoes them.

    A network that minimises a loss with these weights learns ``q(k|x) ∝ w_k P(k|x)``: the probabilities of a table
    where the rare classes came more often. So the loss is taken of ``z_k + log w_k`` in place of the logits z_k, which
    are then those of P, whatever p is: they may be averaged with others and need no correction where they are used.

    Source: Elkan, "The foundations of cost-sensitive learning", IJCAI 2001, theorem 2; Saerens, Latinne & Decaestecker,
        "Adjusting the outputs of a classifier to new a priori probabilities", Neural Computation 2002.
    """

    def __init__(self, head: Head, power: Knob) -> None:
        if head.activation != "softmax" or not head.priors:
            raise ValueError(f"class weights are for several classes with priors, not for the goal {head.goal!r}")
        self.power, self.priors = power, np.asarray(head.priors, "float32") / float(sum(head.priors))

    def __call__(self, codes: Any, logits: Any) -> tuple[Any, Any]:
        """Shifted logits, and the weight ``(batch,)`` of each row's class."""
        ops = keras.ops
        logs = -self.power.read() * np.log(self.priors)
        logs = logs - ops.logsumexp(logs + np.log(self.priors))  # the weighted mean of exp(logs) is 1
        return logits + logs, ops.take(ops.exp(logs), codes, axis=0)


def _true_shape(head: Head) -> tuple[int, ...]:
    return head.shape[:-1] if head.loss == "forecast" else head.shape


def _binary(y_true: Any, logits: Any, settings: dict[str, Any]) -> Any:
    """Mean over labels of ``max(z, 0) - z·y + log(1 + exp(-|z|))``."""
    ops = keras.ops
    y_true = y_true * (1 - settings["smoothing"]) + settings["smoothing"] / 2
    losses = ops.maximum(logits, 0.0) - logits * y_true + ops.log1p(ops.exp(-ops.abs(logits)))
    return ops.mean(losses, axis=-1)


def _categorical(codes: Any, logits: Any, settings: dict[str, Any]) -> Any:
    """``logsumexp(z) - Σ_k q_k z_k``, q the smoothed one-hot label; for grades some of `_ranked` is added."""
    ops = keras.ops
    n_classes = int(logits.shape[-1])
    wanted = ops.one_hot(codes, n_classes, dtype="float32")
    wanted = wanted * (1 - settings["smoothing"]) + settings["smoothing"] / n_classes
    losses = ops.logsumexp(logits, axis=-1) - ops.sum(wanted * logits, axis=-1)
    if settings["ordinal"] is not None:
        losses = losses + settings["ordinal"].read() * _ranked(wanted, logits)
    return losses


def _ranked(wanted: Any, logits: Any) -> Any:
    """``Σ_k (F_k - G_k)²`` over the cumulated probabilities F and labels G: a mistake costs more the farther it is.

    A proper score, so that beside cross-entropy it changes what a short training finds and not what is right.

    Source: Epstein, "A scoring system for probability forecasts of ranked categories", J. Applied Meteorology 1969;
        the same as Hou, Yu & Samaras, "Squared earth mover's distance-based loss for training deep neural networks",
        2016, for l = 2.
    """
    ops = keras.ops
    apart = ops.cumsum(ops.softmax(logits, axis=-1) - wanted, axis=-1)
    return ops.sum(ops.square(apart), axis=-1)


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
