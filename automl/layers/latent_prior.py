"""A learned distribution of latent codes: a mixture of normal distributions, bent by an invertible network."""

from __future__ import annotations

import math
from typing import Any

import keras

from automl.layers.row_codes import picked

__all__ = ["LatentPrior"]

LOG_2_PI = math.log(2.0 * math.pi)
MOST_LOG_SCALE = 2.0


@keras.saving.register_keras_serializable(package="automl")
class LatentPrior(keras.layers.Layer):  # type: ignore[misc]
    """``p(z) = Σ_k π_k N(f(z); m_k, s_k²) |det f'(z)|`` with f a stack of affine couplings.

    A coupling scales and shifts one half of the numbers by what a small network reads from the other half. It begins as
    the identity; with no couplings, the prior is a mixture.

    Args:
        dims: numbers of a code.
        n_components: normal distributions of the mixture.
        n_couplings: couplings; 0 for the mixture alone.
        width: hidden units of a coupling.

    Input shape: ``(batch, dims)`` codes. Output shape: ``(batch,)`` the logarithm of their density, float32.

    Source: Dinh, Sohl-Dickstein & Bengio, "Density estimation using Real NVP", ICLR 2017, section 3.3; mixtures as
        priors: Tomczak & Welling, "VAE with a VampPrior", AISTATS 2018; flows as priors: Chen et al., "Variational
        Lossy Autoencoder", ICLR 2017, section 3.2.
    """

    def __init__(
        self, dims: int, n_components: int = 64, n_couplings: int = 4, width: int = 128, **kwargs: Any
    ) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.dims, self.n_components = int(dims), int(n_components)
        self.n_couplings, self.width = (int(n_couplings) if dims > 1 else 0), int(width)
        self.hidden = [
            keras.layers.Dense(self.width, activation="silu", dtype="float32") for _ in range(self.n_couplings)
        ]  # fmt: skip
        self.out = [
            keras.layers.Dense(2 * self._moved(place), kernel_initializer="zeros", dtype="float32")
            for place in range(self.n_couplings)
        ]

    def _moved(self, place: int) -> int:
        """How many numbers the coupling at this place moves: the second half, then the first, and so on."""
        half = self.dims // 2
        return self.dims - half if place % 2 == 0 else half

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        shape = (self.n_components, self.dims)
        spread = keras.initializers.RandomNormal(stddev=1.0)
        self.means = self.add_weight(shape=shape, initializer=spread, name="means")
        self.log_stds = self.add_weight(shape=shape, initializer="zeros", name="log_stds")
        self.logits = self.add_weight(shape=(self.n_components,), initializer="zeros", name="logits")
        for place in range(self.n_couplings):
            self.hidden[place].build((None, self.dims - self._moved(place)))
            self.out[place].build((None, self.width))

    def call(self, inputs: Any) -> Any:
        """The logarithm of the density."""
        ops = keras.ops
        z, volume = ops.cast(inputs, "float32"), 0.0
        for place in range(self.n_couplings):
            still, moved = self._halves(z, place)
            log_scale, shift = self._move(still, place)
            z = self._joined(still, moved * ops.exp(log_scale) + shift, place)
            volume = volume + ops.sum(log_scale, axis=1)
        log_stds = ops.clip(self.log_stds, -5.0, 3.0)
        # Σ_j ((z_j - m_kj) / s_kj)² by products of matrices: no tensor of batch · components · dims
        precision = ops.exp(-2.0 * log_stds)
        squares = (
            ops.matmul(z * z, ops.transpose(precision))
            - 2.0 * ops.matmul(z, ops.transpose(self.means * precision))
            + ops.sum(self.means * self.means * precision, axis=1)
        )
        each = -0.5 * squares - ops.sum(log_stds, axis=1) - 0.5 * self.dims * LOG_2_PI
        return ops.logsumexp(each + ops.log_softmax(self.logits), axis=1) + volume

    def drawn(self, uniform: Any, noise: Any) -> Any:
        """Codes ``(batch, dims)``.

        Args:
            uniform: ``(batch,)``: tells the component.
            noise: ``(batch, dims)`` standard normal.
        """
        ops = keras.ops
        weights = ops.zeros((ops.shape(noise)[0], 1), "float32") + self.logits
        component = picked(weights, uniform)
        stds = ops.exp(ops.clip(ops.take(self.log_stds, component, axis=0), -5.0, 3.0))
        z = ops.take(self.means, component, axis=0) + stds * noise
        for place in reversed(range(self.n_couplings)):
            still, moved = self._halves(z, place)
            log_scale, shift = self._move(still, place)
            z = self._joined(still, (moved - shift) * ops.exp(-log_scale), place)
        return z

    def _halves(self, z: Any, place: int) -> tuple[Any, Any]:
        """What the coupling reads, and what it moves."""
        half = self.dims // 2
        return (z[:, :half], z[:, half:]) if place % 2 == 0 else (z[:, half:], z[:, :half])

    def _joined(self, still: Any, moved: Any, place: int) -> Any:
        return keras.ops.concatenate([still, moved] if place % 2 == 0 else [moved, still], axis=1)

    def _move(self, still: Any, place: int) -> tuple[Any, Any]:
        """Logarithms of the scales, and shifts."""
        both = self.out[place](self.hidden[place](still))
        n = self._moved(place)
        return MOST_LOG_SCALE * keras.ops.tanh(both[:, :n] / MOST_LOG_SCALE), both[:, n:]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch,)."""
        return (input_shape[0],)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        own = {"dims": self.dims, "n_components": self.n_components, "n_couplings": self.n_couplings}
        return {**super().get_config(), **own, "width": self.width}
