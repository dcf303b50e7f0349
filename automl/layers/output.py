"""The last layer of a network: raw outputs in the head's shape, always in float32."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from automl.records import Head

__all__ = ["RawOutput"]


def starting_bias(head: Head) -> float | list[float]:
    """The initial bias with which an untrained network predicts the class shares of the training rows.

    Source: Lin et al., "Focal Loss", ICCV 2017, section 3.3 (prior initialisation).
    """
    if not head.priors or head.loss not in ("binary_crossentropy", "sparse_categorical_crossentropy"):
        return 0.0
    shares = [min(max(float(share), 1e-4), 1 - 1e-4) for share in head.priors]
    if head.loss == "sparse_categorical_crossentropy":
        logs = [math.log(share) for share in shares]
        return [value - sum(logs) / len(logs) for value in logs] if len(logs) == head.shape[0] else 0.0
    if len(shares) == head.shape[0] + 1:  # binary: (negative, positive) for one logit
        shares = shares[1:]
    return [math.log(share / (1 - share)) for share in shares] if len(shares) == head.shape[0] else 0.0


def starting_quantiles(quantiles: Sequence[float], spread: float = 0.5) -> list[float]:
    """Initial values of the point forecast (0) and of its quantiles, in units of the context's spread."""
    return [0.0, *(spread * NormalDist().inv_cdf(level) for level in quantiles)]


@keras.saving.register_keras_serializable(package="automl")
class RawOutput(keras.layers.Layer):  # type: ignore[misc]
    """A dense layer in the head's shape, without activation, that computes in float32.

    With members, each member has its own weights. A prediction is then the mean of the members' predictions: of their
    raw outputs, or of their probabilities where `link` makes probabilities of raw outputs. A mean of probabilities is
    returned as raw outputs: ``log Σ_i softmax(z_i)`` up to a constant, or ``log Σ_i σ(z_i) - log Σ_i σ(-z_i)``.

    In training the members' outputs are returned separately, ``(batch, members, *shape)``, so that each member learns
    from its own loss. With the loss of their mean, members would learn to depend on one another.
    `automl.layers.losses.loss_for` handles the extra axis: it takes the mean of the members' losses.

    Args:
        shape: of one row's output.
        bias: initial bias, a number or one for each position of the last axis.
        members: size of the input's members' axis (axis 1); 0 when there is no such axis.
        scale: of the initial weights.
        link: "linear", "sigmoid" or "softmax" (`Head.activation`): whether raw outputs or probabilities are averaged.

    Input shape: ``(batch, features)``, with members ``(batch, members, features)``.
    Output shape: ``(batch, *shape)``.

    Source: Gorishniy, Kotelnikov & Babenko, "TabM", ICLR 2025, section 3 (separate heads, mean of losses). For classes
        probabilities are averaged, as in the authors' code.
    """

    def __init__(
        self, shape: Sequence[int], bias: float | Sequence[float] = 0.0, members: int = 0, scale: float = 0.1,
        link: str = "linear", **kwargs: Any,
    ) -> None:  # fmt: skip
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.shape, self.members, self.scale = tuple(int(size) for size in shape), int(members), float(scale)
        self.bias = float(bias) if isinstance(bias, int | float) else [float(value) for value in bias]
        self.link = link

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make weights so small that the first predictions are near the bias."""
        n_features, units = int(input_shape[-1] or 0), math.prod(self.shape)
        lead = (self.members,) if self.members else ()
        small = keras.initializers.RandomNormal(stddev=self.scale / math.sqrt(max(n_features, 1)))
        self.kernel = self.add_weight(shape=(*lead, n_features, units), initializer=small, name="kernel")
        bias = self.bias

        def start(shape: tuple[int, ...], dtype: str | None = None) -> Any:
            places = keras.ops.broadcast_to(keras.ops.convert_to_tensor(bias, "float32"), (*lead, *self.shape))
            return keras.ops.reshape(places, shape)

        self.offset = self.add_weight(shape=(max(self.members, 1) * units,), initializer=start, name="bias")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Compute the raw outputs."""
        x = keras.ops.cast(inputs, "float32")
        if not self.members:
            return keras.ops.reshape(keras.ops.matmul(x, self.kernel) + self.offset, (-1, *self.shape))
        each = keras.ops.einsum("nmf,mfu->nmu", x, self.kernel) + keras.ops.reshape(self.offset, (self.members, -1))
        each = keras.ops.reshape(each, (-1, self.members, *self.shape))
        return each if training else _mean_prediction(each, self.link)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, *shape)."""
        return (input_shape[0], *self.shape)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        config = {"shape": list(self.shape), "bias": self.bias, "members": self.members, "scale": self.scale}
        return {**super().get_config(), **config, "link": self.link}


def _mean_prediction(each: Any, link: str) -> Any:
    """``(batch, members, *shape)`` raw outputs → ``(batch, *shape)``: the raw output of the members' mean."""
    ops = keras.ops
    if link == "sigmoid":
        return ops.logsumexp(ops.log_sigmoid(each), axis=1) - ops.logsumexp(ops.log_sigmoid(-each), axis=1)
    if link == "softmax":
        return ops.logsumexp(ops.log_softmax(each, axis=-1), axis=1) - math.log(int(each.shape[1]))
    return ops.mean(each, axis=1)
