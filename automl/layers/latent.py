"""The code of a variational autoencoder: random in training, the same few draws for each row otherwise."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from automl.layers.knob import Knob

__all__ = ["LatentDraw", "LatentMean"]

LOW_LOG_VARIANCE, HIGH_LOG_VARIANCE = -8.0, 4.0
FREE_NATS = 0.05
"""Divergence of each number of the code that costs nothing, so that the network finds out what a code is good for."""


@keras.saving.register_keras_serializable(package="automl")
class LatentDraw(keras.layers.Layer):  # type: ignore[misc]
    """Draws codes from ``N(m, e^v)`` and measures their divergence from ``N(0, 1)``.

    In training one code is drawn for each row, ``z = m + e^(v/2) ε``. Otherwise the ε are a few fixed draws in
    antithetic pairs, ε and -ε, so that the same row always gets the same score.

    The divergence is ``Σ_j (e^v_j + m_j² - 1 - v_j) / 2``. In the loss each of its terms is held up at `FREE_NATS` and
    weighed by `beta`: a term below costs nothing, so that the network does not give up its code in the first steps.

    Args:
        n_draws: codes of a row outside training, an even number.
        beta: weight of the divergence in the loss; a float or a scalar `keras.Variable`.
        seed: of the layer's own generator.

    Input shape: ``(batch, 2 · dims)``, means followed by log variances.
    Output shape: ``[(batch · draws, dims) codes, the draws of a row one after another; (batch, 1) divergence;
    (batch, 1) divergence as the loss reads it]``, float32.

    Source: Kingma & Welling, "Auto-Encoding Variational Bayes", ICLR 2014, equation 10 and appendix B; free bits:
        Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow", NeurIPS 2016, equation 15
        (there of the batch's mean, here of each row).
    """

    def __init__(
        self, n_draws: int = 4, beta: float | keras.Variable = 1.0, seed: int | None = None, **kwargs: Any
    ) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.n_draws, self.seed = int(n_draws), seed
        self.beta = Knob(beta)
        self.generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Draw codes and measure them."""
        ops = keras.ops
        mean, log_variance = moments(inputs)
        dims = int(mean.shape[-1])
        each = 0.5 * (ops.exp(log_variance) + ops.square(mean) - 1.0 - log_variance)
        divergence = ops.sum(each, axis=-1, keepdims=True)
        paid = self.beta.read() * ops.sum(ops.maximum(each, FREE_NATS), axis=-1, keepdims=True)
        std = ops.exp(0.5 * log_variance)
        if training:
            noise = keras.random.normal(ops.shape(mean), dtype="float32", seed=self.generator)
            return mean + std * noise, divergence, paid
        noise = ops.convert_to_tensor(fixed_noise(self.n_draws, dims))
        codes = ops.expand_dims(mean, 1) + ops.expand_dims(std, 1) * noise  # (batch, draws, dims)
        return ops.reshape(codes, (-1, dims)), divergence, paid

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> Any:
        """(batch · draws, dims), and (batch, 1) twice."""
        return (None, int(input_shape[-1] or 0) // 2), (input_shape[0], 1), (input_shape[0], 1)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the weight as its present value, a float."""
        return {**super().get_config(), "n_draws": self.n_draws, "beta": self.beta.number(), "seed": self.seed}


@keras.saving.register_keras_serializable(package="automl")
class LatentMean(keras.layers.Layer):  # type: ignore[misc]
    """The means alone: ``(batch, 2 · dims)`` → ``(batch, dims)``, float32."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the means."""
        return moments(inputs)[0]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, dims)."""
        return (input_shape[0], int(input_shape[-1] or 0) // 2)


def moments(inputs: Any) -> tuple[Any, Any]:
    """Means and bounded log variances ``(batch, dims)``, float32."""
    ops = keras.ops
    dims = int(inputs.shape[-1]) // 2
    both = ops.cast(inputs, "float32")
    return both[:, :dims], ops.clip(both[:, dims:], LOW_LOG_VARIANCE, HIGH_LOG_VARIANCE)


def fixed_noise(n_draws: int, dims: int) -> np.ndarray:
    """Normal noise ``(n_draws, dims)`` float32 in antithetic pairs, always the same.

    NumPy keeps the stream of `RandomState` as it is in all versions (NEP 19).
    """
    up = np.random.RandomState(0).standard_normal((max(n_draws // 2, 1), dims))
    return np.stack([up, -up], axis=1).reshape(-1, dims).astype("float32")
