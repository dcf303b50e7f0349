"""A learned distribution of latent codes given a class: a mixture of normal distributions of full covariance."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from automl.layers.latent_prior import LOG_2_PI
from automl.layers.rates import paced
from automl.layers.row_codes import picked

__all__ = ["ClassMixture"]

FIRST_SPREAD, OWN_LOGIT = 0.5, 3.0
RATE = 4.0
"""Learning rate of the mixture, as a multiple: it has to follow the codes."""


@keras.saving.register_keras_serializable(package="automl")
class ClassMixture(keras.layers.Layer):  # type: ignore[misc]
    """``log p(z | y) = log Σ_k π_k(y) N(z; m_k, (T_k T_kᵀ)⁻¹)``: normal distributions of full covariance.

    T_k is upper triangular with a positive diagonal, so that ``(z - m_k) T_k`` is standard normal. Classes share the
    components; at the beginning each component belongs mostly to one class.

    Args:
        dims: numbers of a code.
        n_classes: codes of the class.
        n_components: normal distributions.

    Source: mixtures as priors: Tomczak & Welling, "VAE with a VampPrior", AISTATS 2018; Jiang et al. (VaDE), IJCAI
        2017, equation 3.
    """

    def __init__(self, dims: int, n_classes: int = 1, n_components: int = 64, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.dims, self.n_classes, self.n_components = int(dims), int(n_classes), int(n_components)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        n, dims = self.n_components, self.dims
        spread = keras.initializers.RandomNormal(stddev=FIRST_SPREAD)
        self.means = self.add_weight(shape=(n, dims), initializer=spread, name="means")
        self.log_scales = self.add_weight(shape=(n, dims), initializer="zeros", name="log_scales")
        self.mixing = self.add_weight(shape=(n, dims, dims), initializer="zeros", name="mixing")
        self.logits = self.add_weight(shape=(self.n_classes, n), initializer=self._own_classes, name="logits")
        for variable in (self.means, self.log_scales, self.mixing, self.logits):
            paced(variable, RATE)

    def _own_classes(self, shape: Any, dtype: Any = None) -> Any:
        """Logits that give each class components of its own, for the most part."""
        places = np.arange(shape[1]) % max(shape[0] - 1, 1) + (shape[0] > 1)
        return keras.ops.convert_to_tensor(OWN_LOGIT * (places[None] == np.arange(shape[0])[:, None]), dtype=dtype)

    def _maps(self) -> tuple[Any, Any]:
        """The triangular maps ``(components, dims, dims)``, and the logarithms of their diagonals."""
        ops = keras.ops
        logs = ops.clip(ops.convert_to_tensor(self.log_scales), -3.0, 5.0)
        above = np.triu(np.ones((self.dims, self.dims), np.float32), 1)
        return self.mixing * above + ops.exp(logs)[:, :, None] * np.eye(self.dims, dtype=np.float32), logs

    def density(self, codes: Any, classes: Any) -> Any:
        """Logarithms ``(batch,)`` of the density.

        Args:
            codes: ``(batch, dims)``.
            classes: ``(batch,)`` int32.
        """
        ops = keras.ops
        maps, logs = self._maps()
        moved = ops.matmul(ops.expand_dims(codes, 0) - self.means[:, None], maps)  # (components, batch, dims)
        each = ops.transpose(-0.5 * ops.sum(ops.square(moved), axis=2)) + ops.sum(logs, axis=1)
        shares = ops.log_softmax(ops.take(self.logits, classes, axis=0), axis=1)
        return ops.logsumexp(each + shares, axis=1) - 0.5 * self.dims * LOG_2_PI

    def drawn(self, uniform: Any, noise: Any, classes: Any) -> Any:
        """Codes ``(batch, dims)``.

        Args:
            uniform: ``(batch,)``: tells the component.
            noise: ``(batch, dims)`` standard normal.
            classes: ``(batch,)`` int32.
        """
        ops = keras.ops
        maps, _ = self._maps()
        components = picked(ops.take(self.logits, classes, axis=0), uniform)
        eye = ops.zeros_like(maps) + np.eye(self.dims, dtype=np.float32)
        back = ops.take(ops.linalg.solve_triangular(maps, eye), components, axis=0)
        return ops.take(self.means, components, axis=0) + ops.matmul(noise[:, None], back)[:, 0]

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        own = {"dims": self.dims, "n_classes": self.n_classes, "n_components": self.n_components}
        return {**super().get_config(), **own}
