"""How much noise a row seems to hold: noise of a known strength in training, and the strength that a network reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

__all__ = ["DiffusionNoise", "DiffusionTime"]

LOW_BETA, HIGH_BETA = 1e-4, 0.01


@keras.saving.register_keras_serializable(package="automl")
class DiffusionNoise(keras.layers.Layer):  # type: ignore[misc]
    """Adds noise of a random strength to each row in training: ``x + √(1 - ᾱ_t) ε`` with t uniform over the times.

    ``ᾱ_t = Π_s≤t (1 - β_s)``, β linear in t. Outside training rows pass unchanged, and their times are 0.

    Args:
        n_times: times t.
        seed: of the layer's own generator.

    Input shape: ``(batch, features)``. Output shape: ``[(batch, features), (batch, 1) share t / n_times]``, float32.

    Source: Ho, Jain & Abbeel, NeurIPS 2020, equation 4, without the factor √ᾱ_t of the row (variance exploding), as in
        the code of Livernoche, Jain, Hezaveh & Ravanbakhsh, "On Diffusion Modeling for Anomaly Detection", ICLR 2024.
    """

    def __init__(self, n_times: int = 400, seed: int | None = None, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.n_times, self.seed = int(n_times), seed
        self.generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Add noise in training."""
        ops = keras.ops
        x = ops.cast(inputs, "float32")
        n_rows = ops.shape(x)[0]
        if not training:
            return x, ops.zeros((n_rows, 1), "float32")
        drawn = keras.random.uniform((n_rows,), dtype="float32", seed=self.generator)
        time = ops.clip(ops.cast(ops.floor(drawn * self.n_times), "int32"), 0, self.n_times - 1)
        std = ops.take(ops.convert_to_tensor(noise_levels(self.n_times)), time)
        noise = keras.random.normal(ops.shape(x), dtype="float32", seed=self.generator)
        share = ops.cast(time, "float32") / self.n_times
        return x + ops.reshape(std, (-1, 1)) * noise, ops.reshape(share, (-1, 1))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> Any:
        """The input's shape, and (batch, 1)."""
        return tuple(input_shape), (input_shape[0], 1)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "n_times": self.n_times, "seed": self.seed}


@keras.saving.register_keras_serializable(package="automl")
class DiffusionTime(keras.layers.Layer):  # type: ignore[misc]
    """The expected bin of the time, and the cross-entropy of the true one: ``s = Σ_k k p_k``, ``l = -log p_k(t)``.

    Times are cut into as many bins of equal width as there are logits.

    Input shape: logits ``(batch, bins)`` and times ``(batch, 1)``, shares from 0 to below 1.
    Output shape: ``[(batch, 1) s, (batch, 1) l]``, float32.

    Source: Livernoche et al. 2024 (see `DiffusionNoise`): diffusion time estimation, the categorical model.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.built = True

    def call(self, inputs: Sequence[Any]) -> Any:
        """Score the rows, and compare with the true times."""
        ops = keras.ops
        logits, time = (ops.cast(part, "float32") for part in inputs)
        n_bins = int(logits.shape[-1])
        logs = ops.log_softmax(logits, axis=-1)
        places = np.arange(n_bins, dtype="float32")
        score = ops.sum(ops.exp(logs) * places, axis=-1, keepdims=True)
        own = ops.one_hot(ops.cast(ops.floor(time[:, 0] * n_bins), "int32"), n_bins, dtype="float32")
        return score, -ops.sum(own * logs, axis=-1, keepdims=True)

    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> Any:
        """(batch, 1) twice."""
        return (input_shape[0][0], 1), (input_shape[0][0], 1)


def noise_levels(n_times: int) -> np.ndarray:
    """The standard deviation ``(n_times,)`` of the noise at each time, float32."""
    kept = np.cumprod(1.0 - np.linspace(LOW_BETA, HIGH_BETA, n_times))
    return np.asarray(np.sqrt(1.0 - kept), "float32")
