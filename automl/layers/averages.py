"""Moving averages of weights, which a network predicts with in place of the last ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

__all__ = ["WeightAverages"]

RAMP = 9.0


@keras.saving.register_keras_serializable(package="automl")
class WeightAverages(keras.layers.Layer):  # type: ignore[misc]
    """Holds an exponential moving average of other variables: ``a ← d a + (1 - d) w`` with ``d = min(decay, n/(n+9))``.

    n counts the updates, so that the first ones soon forget where the network began. The averages are non-trainable
    weights of this layer: they are saved, kept and restored along with the rest of the model. A layer that owns this
    one calls `follow` when it is built, `update` in its training pass, and computes inside `applied` otherwise.

    Args:
        decay: d after many updates, from 0 to below 1.

    Source: Polyak & Juditsky, "Acceleration of Stochastic Approximation by Averaging", SIAM J. Control Optim. 30
        (1992); the exponential form with a ramp as in TensorFlow's `ExponentialMovingAverage` (`num_updates`).
    """

    def __init__(self, decay: float = 0.999, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.decay = float(decay)
        self._followed: list[Any] = []
        self.averages: list[Any] = []

    def follow(self, variables: Sequence[Any]) -> None:
        """Make an average for each of these trainable variables.

        Args:
            variables: `keras.Variable`s that are built; always the same in number and order.
        """
        # A list of variables that are weights of another layer: hidden from Keras, which would save them twice.
        self._followed = _Hidden(variables)
        self.n_updates = self.add_weight(shape=(), initializer="zeros", trainable=False, name="n_updates")
        self.averages = [
            self.add_weight(
                shape=tuple(variable.shape), dtype=variable.dtype, initializer="zeros", trainable=False,
                name=f"average_{place}",
            )
            for place, variable in enumerate(variables)
        ]  # fmt: skip
        self.built = True

    def update(self) -> None:
        """Let the averages follow the present weights by one step."""
        ops = keras.ops
        n = ops.convert_to_tensor(self.n_updates)
        decay = ops.minimum(self.decay, n / (n + RAMP))
        for average, variable in zip(self.averages, self._followed, strict=True):
            average.assign(average + (1.0 - decay) * (ops.convert_to_tensor(variable) - average))
        self.n_updates.assign(n + 1.0)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Inside the block the followed variables read as their averages; before the first update, as themselves."""
        ops = keras.ops
        is_used = ops.convert_to_tensor(self.n_updates) > 0.0
        pairs = [
            (variable, ops.where(is_used, ops.convert_to_tensor(average), ops.convert_to_tensor(variable)))
            for average, variable in zip(self.averages, self._followed, strict=True)
        ]
        with keras.StatelessScope(state_mapping=pairs):
            yield

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "decay": self.decay}


class _Hidden(list[Any]):
    """A list that Keras doesn't track, since its type isn't `list` itself."""
