"""Trains a network in tests of what it learns: all rows at once, with Adam.

Keras's own optimiser took as long to trace as the network, and each call of a compiled step longer than the step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["trained"]

FEW = 5
"""Steps that take less time than tracing one does."""


def trained(
    model: Any,
    arrays: Mapping[str, np.ndarray],
    n_steps: int,
    rate: float = 3e-3,
    beta_1: float = 0.9,
    loss_of: Callable[[Any], Any] | None = None,
) -> list[float]:
    """Train a network on the losses that its layers add; returns the loss of each step.

    Args:
        model: the network.
        arrays: by input name.
        n_steps: how many.
        rate: the learning rate.
        beta_1: decay of the first moments.
        loss_of: what is added to the layers' losses, of the network's output.
    """
    import tensorflow as tf

    data = {name: tf.constant(array) for name, array in arrays.items()}
    variables = [variable.value for variable in model.trainable_variables]
    moments = [(tf.Variable(tf.zeros_like(v)), tf.Variable(tf.zeros_like(v))) for v in variables]
    first, second = tf.Variable(1.0), tf.Variable(1.0)

    def step() -> Any:
        with tf.GradientTape() as tape:
            output = model(data, training=True)
            loss = sum(model.losses) + (0.0 if loss_of is None else loss_of(output))
        first.assign(first * beta_1)
        second.assign(second * 0.999)
        for variable, gradient, (m, v) in zip(variables, tape.gradient(loss, variables), moments, strict=True):
            if gradient is not None:  # a table of one value has weights on which no loss rests
                tf.raw_ops.ResourceApplyAdam(
                    var=variable.handle, m=m.handle, v=v.handle, beta1_power=first, beta2_power=second, lr=rate,
                    beta1=beta_1, beta2=0.999, epsilon=1e-7, grad=tf.convert_to_tensor(gradient),
                )  # fmt: skip
        return loss

    if n_steps <= FEW:
        return [float(step()) for _ in range(n_steps)]

    @tf.function(autograph=False)
    def steps() -> Any:
        losses = tf.TensorArray(tf.float32, n_steps)
        return tf.while_loop(
            lambda i, losses: i < n_steps, lambda i, losses: (i + 1, losses.write(i, step())), (0, losses),
            parallel_iterations=1,
        )[1].stack()  # fmt: skip

    return [float(loss) for loss in steps().numpy()]
