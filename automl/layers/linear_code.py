"""Items as coordinates along principal components, and back."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

__all__ = ["LEAST", "LinearCode", "PrincipalParts"]

LEAST = 1e-6
"""Of a deviation that is divided by."""


@keras.saving.register_keras_serializable(package="automl")
class LinearCode(keras.layers.Layer):  # type: ignore[misc]
    """``code = C (x - m) / d`` with C the first n principal components, m the mean and d the deviations along them.

    Mean, components and deviations are weights that are not trained; `fill` sets them. So a saved layer has them among
    its weights, and only sizes in its config.

    Args:
        n_numbers: numbers of an item.
        n_components: n, numbers of a code.

    Input shape: ``(batch, n_numbers)``. Output shape: ``(batch, n_components)``, float32, of standard deviation 1.

    Source: Pearson, "On lines and planes of closest fit to systems of points in space", Philosophical Magazine 2
        (1901).
    """

    def __init__(self, n_numbers: int, n_components: int, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.n_numbers, self.n_components = int(n_numbers), int(n_components)
        self._center = _Given(np.zeros(self.n_numbers, np.float32))
        self._components = _Given(np.eye(self.n_components, self.n_numbers, dtype=np.float32))
        self._deviations = _Given(np.ones(self.n_components, np.float32))

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights; until they are filled, a code is the first numbers of an item."""
        self.center = self._fixed("center", self._center)
        self.components = self._fixed("components", self._components)
        self.deviations = self._fixed("deviations", self._deviations)

    def _fixed(self, name: str, given: _Given) -> Any:
        return self.add_weight(shape=given.value.shape, initializer=given, trainable=False, name=name)

    def fill(self, center: Any, components: Any, deviations: Any) -> None:
        """Set mean, components and deviations. They stay when the weights of a network are drawn again.

        Args:
            center: ``(n_numbers,)``.
            components: ``(k, n_numbers)`` orthogonal unit vectors, the first n of which are kept.
            deviations: ``(k,)``.

        Raises:
            ValueError: a shape is another, or there are fewer than n components.
        """
        n = self.n_components
        values = [np.asarray(center), np.asarray(components)[:n], np.asarray(deviations)[:n]]
        for given, value in zip((self._center, self._components, self._deviations), values, strict=True):
            if value.shape != given.value.shape:
                raise ValueError(f"expected an array of shape {given.value.shape}; found {value.shape}")
            given.value = value.astype(np.float32)
        if self.built:
            for variable, given in zip(self.weights, (self._center, self._components, self._deviations), strict=True):
                variable.assign(given.value)

    def call(self, inputs: Any) -> Any:
        """Codes of items."""
        ops = keras.ops
        along = ops.matmul(ops.cast(inputs, "float32") - self.center, ops.transpose(self.components))
        return along / ops.maximum(self.deviations, LEAST)

    def decoded(self, codes: Any) -> Any:
        """Items ``(batch, n_numbers)`` of codes ``(batch, n_components)``, without what the components leave out."""
        ops = keras.ops
        scaled = ops.cast(codes, "float32") * ops.convert_to_tensor(self.deviations)
        return ops.matmul(scaled, ops.convert_to_tensor(self.components)) + self.center

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(batch, n_components)."""
        return (input_shape[0], self.n_components)

    def get_config(self) -> dict[str, Any]:
        """The layer's sizes."""
        return {**super().get_config(), "n_numbers": self.n_numbers, "n_components": self.n_components}


@keras.saving.register_keras_serializable(package="automl")
class PrincipalParts(LinearCode):
    """An item along principal components and outside of them: ``c = C (x - m) / s``, ``r = |x - m|² / s² - |c|²``.

    s is the root mean square of the deviations d, so that both are in one unit, which distances between items keep.
    With a restored code ``c'``, the squared error of the whole item is ``|c - c'|² + r`` in that unit.

    Args:
        n_numbers: numbers of an item.
        n_components: components that are kept.

    Input shape: ``(batch, n_numbers)``. Output shape: ``[(batch, n_components), (batch, 1)]``, float32.

    Source: Jackson & Mudholkar, "Control procedures for residuals associated with principal component analysis",
        Technometrics 21 (1979), equation 3.1 (the second part, Q).
    """

    def call(self, inputs: Any) -> Any:
        """Both parts of items."""
        ops = keras.ops
        unit = ops.maximum(ops.sqrt(ops.mean(ops.square(self.deviations))), LEAST)
        centred = (ops.cast(inputs, "float32") - self.center) / unit
        along = ops.matmul(centred, ops.transpose(self.components))
        outside = ops.sum(ops.square(centred), axis=-1) - ops.sum(ops.square(along), axis=-1)
        return along, ops.maximum(outside, 0.0)[:, None]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> Any:
        """(batch, n_components) and (batch, 1)."""
        return (input_shape[0], self.n_components), (input_shape[0], 1)


class _Given:
    """An initialiser that gives a value which may be set later.

    The training loop draws the weights of a network again by their initialisers.
    """

    def __init__(self, value: np.ndarray) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return keras.ops.convert_to_tensor(self.value, dtype=dtype or "float32")
