"""The training loss of each kind of head."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from automl.layers.knob import Knob
from automl.records import VOID

if TYPE_CHECKING:
    from automl.records import Head

__all__ = ["loss_for"]


def loss_for(
    head: Head,
    scale: float | Sequence[float] | np.ndarray = 1.0,
    label_smoothing: float | keras.Variable = 0.0,
    class_weight: float | keras.Variable = 0.0,
    ordinal: float | keras.Variable = 0.0,
) -> Callable[..., Any]:
    """The training loss of a head.

    Args:
        head: the network's output.
        scale: forecasts only: the unit of errors, one number or one for each target (such as its standard deviation in
            training). Predictions and truth are in raw units; without a scale, targets with large values dominate.
            One scale per target does not help where the *series of a panel* differ in size. There, pass ``scale=1`` and
            ``sample_weight = 1 / scale of the window`` (of its context, or of its series in the training part). The
            loss is then a mean scaled error, like MASE.
        label_smoothing: share of each label given to the others, a float or a variable; off by default (it
            lowered AUC on tables).
        class_weight: multiclass heads with priors: p of the class weights ``prior^-p``; 0 for no weights, 1 for
            balanced classes; a float or a variable. The weights have mean 1 over the training rows and multiply the
            rows' own weights. The network still learns the probabilities *without* class weights, see `_Weighing`.
        ordinal: multiclass heads: weight of the ranked probability score, which is added to the cross-entropy; a float
            or a variable.

    Returns:
        ``loss(y_true, y_pred, sample_weight=None) -> scalar``: the mean over rows. The truth of several classes is
        codes ``(batch,)``, or the share of each class ``(batch, n_classes)``. With weights it is the weighted sum
        divided by the sum of weights, so rows of weight 0 do not count. NaN in the truth of numbers stands for a value
        that is not known: a row's loss is the mean over its known cells, 0 where there is none. ``y_pred`` may have a
        members' axis after the batch axis (from `automl.layers.output.RawOutput` in training). The loss is then the
        mean of the members' losses.
    """
    if head.loss == "own":
        return _nothing
    row_loss = {
        "binary_crossentropy": _binary,
        "sparse_categorical_crossentropy": _categorical,
        "mse": _squared,
        "forecast": _forecast,
        "masks": _masks,
    }[head.loss]
    settings = {
        "quantiles": np.asarray(head.quantiles, "float32"),
        "scale": np.asarray(scale, "float32"),
        "smoothing": None if _is_zero(label_smoothing) else Knob(label_smoothing),
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
            y_true = _shares(y_true, head.shape[0])
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


def _nothing(y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
    """Zero that depends on the network: its layers add all that it learns from."""
    return 0.0 * keras.ops.mean(keras.ops.cast(y_pred, "float32"))


def _is_zero(number: float | keras.Variable) -> bool:
    return not isinstance(number, keras.Variable) and float(number) == 0.0


class _Weighing:
    """Class weights ``w_k ∝ prior_k^-p`` with mean 1 over the training rows, and the shift that undoes them.

    A network that minimises a loss with these weights learns ``q(k|x) ∝ w_k P(k|x)``: the probabilities of a table in
    which rare classes are more frequent. Therefore the loss is computed from ``z_k + log w_k`` instead of the logits
    z_k. The logits z_k are then those of P for every p. They can be averaged with others and need no correction later.

    Source: Elkan, "The foundations of cost-sensitive learning", IJCAI 2001, theorem 2; Saerens, Latinne & Decaestecker,
        "Adjusting the outputs of a classifier to new a priori probabilities", Neural Computation 2002.
    """

    def __init__(self, head: Head, power: Knob) -> None:
        if head.activation != "softmax" or not head.priors:
            raise ValueError(f"class weights are for several classes with priors, not for the goal {head.goal!r}")
        self.power, self.priors = power, np.asarray(head.priors, "float32") / float(sum(head.priors))

    def __call__(self, shares: Any, logits: Any) -> tuple[Any, Any]:
        """Shifted logits, and the weight ``(batch,)`` of each row's classes."""
        ops = keras.ops
        logs = -self.power.read() * np.log(self.priors)
        logs = logs - ops.logsumexp(logs + np.log(self.priors))  # the weighted mean of exp(logs) is 1
        return logits + logs, ops.sum(shares * ops.exp(logs), axis=-1)


def _true_shape(head: Head) -> tuple[int, ...]:
    return head.shape[:-1] if head.loss in ("forecast", "masks") else head.shape


def _binary(y_true: Any, logits: Any, settings: dict[str, Any]) -> Any:
    """Mean over labels of ``max(z, 0) - z·y + log(1 + exp(-|z|))``."""
    ops = keras.ops
    y_true = _smoothed(y_true, settings, 2)
    losses = ops.maximum(logits, 0.0) - logits * y_true + ops.log1p(ops.exp(-ops.abs(logits)))
    return ops.mean(losses, axis=-1)


def _shares(y_true: Any, n_classes: int) -> Any:
    """Codes as one-hot labels ``(batch, n_classes)``; shares of the classes as they are."""
    ops = keras.ops
    if len(y_true.shape) == 2 and y_true.shape[-1] == n_classes > 1:
        return ops.cast(y_true, "float32")
    return ops.one_hot(ops.cast(ops.reshape(y_true, (-1,)), "int32"), n_classes, dtype="float32")


def _categorical(wanted: Any, logits: Any, settings: dict[str, Any]) -> Any:
    """``logsumexp(z) - Σ_k q_k z_k``, q the smoothed label; plus `_ranked` times "ordinal", if that is set."""
    ops = keras.ops
    wanted = _smoothed(wanted, settings, int(logits.shape[-1]))
    losses = ops.logsumexp(logits, axis=-1) - ops.sum(wanted * logits, axis=-1)
    if settings["ordinal"] is not None:
        losses = losses + settings["ordinal"].read() * _ranked(wanted, logits)
    return losses


def _smoothed(wanted: Any, settings: dict[str, Any], n_classes: int) -> Any:
    """``(1 - s) y + s / K``: labels of which a share s is spread over all K classes.

    Source: Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016, section 7.
    """
    if settings["smoothing"] is None:
        return wanted
    share = settings["smoothing"].read()
    return wanted * (1 - share) + share / n_classes


def _ranked(wanted: Any, logits: Any) -> Any:
    """``Σ_k (F_k - G_k)²`` over cumulative probabilities F and labels G: farther mistakes cost more.

    It is a proper score. Added to cross-entropy, it leaves the optimum where it is and only changes what a short
    training reaches.

    Source: Epstein, "A scoring system for probability forecasts of ranked categories", J. Applied Meteorology 1969;
        the same as Hou, Yu & Samaras, "Squared earth mover's distance-based loss for training deep neural networks",
        2016, for l = 2.
    """
    ops = keras.ops
    apart = ops.cumsum(ops.softmax(logits, axis=-1) - wanted, axis=-1)
    return ops.sum(ops.square(apart), axis=-1)


def _squared(y_true: Any, y_pred: Any, settings: dict[str, Any]) -> Any:
    y_true, known = _known(y_true)
    return _mean_of_known(keras.ops.square(y_true - y_pred), known, axis=-1)


def _forecast(y_true: Any, y_pred: Any, settings: dict[str, Any]) -> Any:
    """Mean over known steps and targets of ``|e_0| + mean_q 2 max(q e_q, (q - 1) e_q)``.

    Source: Koenker & Bassett, "Regression Quantiles", Econometrica 46 (1978).
    """
    ops = keras.ops
    y_true, known = _known(y_true)
    errors = (ops.expand_dims(y_true, -1) - y_pred) / settings["scale"][..., None]  # (..., horizon, targets, 1 + q)
    losses = ops.abs(errors[..., 0])
    levels = settings["quantiles"]
    if len(levels):
        rest = errors[..., 1:]
        losses = losses + ops.mean(2 * ops.maximum(levels * rest, (levels - 1) * rest), axis=-1)
    return _mean_of_known(losses, known, axis=(-2, -1))


def _masks(codes: Any, logits: Any, settings: dict[str, Any]) -> Any:
    """Mean cross-entropy of the known pixels of a picture, plus ``1 - mean_k (2 Σ p_k q_k + 1) / (Σ p_k + Σ q_k + 1)``.

    Sums go over the known pixels of one picture, p are probabilities and q is the truth. A class that the picture does
    not show pulls its probabilities to 0.

    Source: Milletari, Navab & Ahmadi, "V-Net", 3DV 2016 (Dice loss); both together: Isensee et al., "nnU-Net", Nature
        Methods 2021.
    """
    ops = keras.ops
    n_classes = int(logits.shape[-1])
    known = ops.cast(codes < VOID, "float32")  # (batch, height, width)
    wanted = ops.one_hot(ops.cast(codes, "int32"), n_classes, dtype="float32")  # zeros for void
    logs = ops.log_softmax(logits, axis=-1)
    n_known = ops.maximum(ops.sum(known, axis=(-2, -1)), 1.0)
    entropy = -ops.sum(wanted * logs, axis=(-3, -2, -1)) / n_known
    shares = ops.exp(logs) * known[..., None]
    inner = ops.sum(shares * wanted, axis=(-3, -2))
    both = ops.sum(shares, axis=(-3, -2)) + ops.sum(wanted, axis=(-3, -2))
    return entropy + 1.0 - ops.mean((2.0 * inner + 1.0) / (both + 1.0), axis=-1)


def _known(y_true: Any) -> tuple[Any, Any]:
    """The truth with zeros for NaN, and 1.0 where it was a number; a NaN would make every gradient NaN."""
    ops = keras.ops
    gaps = ops.isnan(y_true)
    return ops.where(gaps, ops.zeros_like(y_true), y_true), 1.0 - ops.cast(gaps, "float32")


def _mean_of_known(losses: Any, known: Any, axis: Any) -> Any:
    ops = keras.ops
    known = known * ops.ones_like(losses)  # members of an ensemble share a truth
    return ops.sum(losses * known, axis=axis) / ops.maximum(ops.sum(known, axis=axis), 1.0)
