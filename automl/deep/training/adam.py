"""Adam with decoupled weight decay, as part of a compiled step. TensorFlow only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from automl.layers.adam import BETA_1, BETA_2, CLIP_NORM
from automl.layers.rates import rate_factor

if TYPE_CHECKING:
    from automl.records import Family

__all__ = ["Adam"]

SLOW_BETA_1, SLOW_BETA_2, EPSILON = 0.9, 0.999, 1e-7


class Adam:
    """The optimiser of one network, whose state begins at zero.

    Args:
        variables: what is trained, Keras's variables.
        family: of the template; some have moments of other lengths, or clip their gradients.
        weight_decay: a knob, read at each step.

    Attributes:
        moments: first and second moment of each variable.
        powers: the powers of both decay rates.
        multipliers: of the learning rate, one a variable (`automl.layers.rates`).

    Source: Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2.
    """

    def __init__(self, variables: Sequence[Any], family: Family, weight_decay: keras.Variable) -> None:
        self.weight_decay = weight_decay
        self.clip_norm = CLIP_NORM.get(family)
        self.beta_1 = BETA_1.get(family, SLOW_BETA_1)
        self.beta_2 = BETA_2.get(family, SLOW_BETA_2)
        self.multipliers = [rate_factor(variable) for variable in variables]
        values = [variable.value for variable in variables]
        self.moments = [(tf.Variable(tf.zeros_like(v)), tf.Variable(tf.zeros_like(v))) for v in values]
        self.powers = (tf.Variable(1.0), tf.Variable(1.0))

    def _variables(self) -> list[tf.Variable]:
        return [*(moment for pair in self.moments for moment in pair), *self.powers]

    def reset(self) -> None:
        """Start over."""
        for pair in self.moments:
            for moment in pair:
                moment.assign(tf.zeros_like(moment))
        for power in self.powers:
            power.assign(1.0)

    def state(self) -> list[np.ndarray]:
        """A copy of all moments and powers."""
        return [variable.numpy() for variable in self._variables()]

    def set_state(self, state: Sequence[np.ndarray]) -> None:
        """Restore what `state` returned."""
        for variable, value in zip(self._variables(), state, strict=True):
            variable.assign(value)

    def update(
        self,
        variables: Sequence[tf.Variable],
        moments: Sequence[tuple[tf.Variable, tf.Variable]],
        powers: tuple[tf.Variable, tf.Variable],
        gradients: Sequence[tf.Tensor],
        rate: tf.Tensor,
    ) -> None:
        """Clip the gradients, then update by Adam with decoupled weight decay.

        Only matrices are decayed, not vectors (biases, norms). What is updated may be one device's copies.

        Args:
            variables: as for the optimiser.
            moments: as `moments`.
            powers: as `powers`.
            gradients: of each variable.
            rate: the learning rate, a scalar.
        """
        if self.clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, self.clip_norm)
        decay = tf.convert_to_tensor(self.weight_decay.value)
        first, second = powers
        first.assign(first * self.beta_1)
        second.assign(second * self.beta_2)
        rates = {factor: rate if factor == 1.0 else rate * factor for factor in self.multipliers}
        decays = {factor: one * decay for factor, one in rates.items()}
        parts = zip(variables, gradients, moments, self.multipliers, strict=True)
        for variable, gradient, (m, v), factor in parts:
            if variable.shape.rank is not None and variable.shape.rank > 1:
                variable.assign_sub(variable * tf.cast(decays[factor], variable.dtype))
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle, m=m.handle, v=v.handle, beta1_power=first, beta2_power=second,
                lr=rates[factor], beta1=self.beta_1, beta2=self.beta_2, epsilon=EPSILON,
                grad=tf.cast(gradient, variable.dtype),
            )  # fmt: skip
