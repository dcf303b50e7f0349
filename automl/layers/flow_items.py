"""Pictures and series by flow matching: a learned velocity carries noise to the codes of items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from automl.layers.item_generator import ItemGenerator
from automl.layers.knob import Knob
from automl.layers.linear_code import LEAST, LinearCode
from automl.layers.row_codes import normal_of

__all__ = ["FlowItems", "Modulated", "normal_velocity"]

N_FREQUENCIES, MOST_FREQUENCY = 16, 200.0
CONDITION = 64
"""Numbers that a block reads of time and class."""
SMALL = 0.01
"""Of the usual variance of a kernel."""


@keras.saving.register_keras_serializable(package="automl")
class FlowItems(ItemGenerator):
    """A flow from standard normal noise e to codes z of items, on the straight lines ``x_t = t z + (1 - t) e``.

    The network learns the velocity ``E(z - e | x_t)``, and an item is drawn by following it from t = 0 to 1. Codes are
    principal components of deviation 1 (`LinearCode`). If they were normal, the velocity would be ``k x_t``, so the
    network only learns f, which is of about the same size at all times:

        ``v = k x_t + r f(x_t r, t)`` with ``k = (2 t - 1) / D``, ``r = 1 / √D``, ``D = t² + (1 - t)²``.

    Most components are small, and nearly normal. The loss is the squared error of f, in which a component counts
    ``d_i^q`` with d_i the deviation of items along it.

    Args:
        item_shape: see `ItemGenerator`.
        shift: see `ItemGenerator`.
        scale: see `ItemGenerator`.
        priors: see `ItemGenerator`.
        n_components: numbers of a code, at most those of the noise.
        width: hidden units.
        depth: residual blocks.
        emphasis: q, 0 if all components count alike; 2 if they count as they do in the squared error of items.
        n_steps: steps from noise to an item; each reads the velocity twice.
        dropout: of the blocks; a float or a scalar `keras.Variable`.
        decay: see `ItemGenerator`.
        seed: of the layer's own generator.

    Input and output shape: see `ItemGenerator`.

    Source: Lipman, Chen, Ben-Hamu, Nickel & Le, "Flow Matching for Generative Modeling", ICLR 2023; Liu, Gong & Liu,
        "Flow Straight and Fast" (rectified flow), ICLR 2023, equation 1; k and r: Karras, Aittala, Aila & Laine (EDM),
        NeurIPS 2022, section 5, for these lines; logit-normal times: Esser et al., ICML 2024, section 3.1; evenly
        spread over a batch: Kingma, Salimans, Poole & Ho, NeurIPS 2021, appendix I.1.
    """

    def __init__(
        self, item_shape: Sequence[int], shift: Sequence[float], scale: Sequence[float], priors: Sequence[float] = (),
        n_components: int = 128, width: int = 512, depth: int = 3, emphasis: float = 1.0, n_steps: int = 10,
        dropout: float | keras.Variable = 0.0, decay: float = 0.999, seed: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(item_shape, shift, scale, priors, decay, **kwargs)
        self.n_components, self.width, self.depth = int(n_components), int(width), int(depth)
        self.emphasis, self.n_steps, self.seed = float(emphasis), int(n_steps), seed
        self.dropout = Knob(dropout)
        self.generator = keras.random.SeedGenerator(seed)
        self.code = LinearCode(self.n_numbers, self.n_components)
        dense, small = keras.layers.Dense, keras.initializers.VarianceScaling(SMALL)
        self.times = dense(CONDITION, dtype="float32")
        self.classes = keras.layers.Embedding(self.n_classes, CONDITION, dtype="float32") if self.priors else None
        self.first = dense(self.width, dtype="float32")
        self.norms = [Modulated(self.width) for _ in range(self.depth + 1)]
        self.inner = [dense(self.width, dtype="float32") for _ in range(self.depth)]
        self.outer = [dense(self.width, kernel_initializer=small, dtype="float32") for _ in range(self.depth)]
        self.last = dense(self.n_components, kernel_initializer=small, dtype="float32")

    def make(self) -> list[Any]:
        """Make the weights; all that are trained are averaged."""
        self.code.build((None, self.n_numbers))
        self.times.build((None, 2 * N_FREQUENCIES))
        if self.classes is not None:
            self.classes.build((None,))
        self.first.build((None, self.n_components))
        for norm in self.norms:
            norm.build([(None, self.width), (None, CONDITION)])
        for layer in [*self.inner, *self.outer, self.last]:
            layer.build((None, self.width))
        return list(self.trainable_variables)

    def loss(self, items: Any, classes: Any) -> Any:
        """Mix codes with noise at random times, and compare the velocities."""
        ops = keras.ops
        z = self.code(ops.reshape(items, (-1, self.n_numbers)))
        t = self._times(ops.shape(z)[0])[:, None]
        e = keras.random.normal(ops.shape(z), dtype="float32", seed=self.generator)
        x = t * z + (1.0 - t) * e
        k, r = normal_velocity(t)
        wanted = (z - e - k * x) / r
        errors = ops.square(self._network(x * r, t, classes, training=True) - wanted)
        return ops.mean(errors * self._weights())

    def generated(self, classes: Any, noise: Any) -> Any:
        """Follow the velocity by Heun's method, and decode."""
        ops = keras.ops
        step = 1.0 / self.n_steps

        def moved(place: Any, x: Any) -> Any:
            t = ops.cast(place, "float32") * step
            first = self._velocity(x, t, classes)
            second = self._velocity(x + step * first, t + step, classes)
            return x + 0.5 * step * (first + second)

        codes = ops.fori_loop(0, self.n_steps, moved, noise[:, : self.n_components])
        return ops.reshape(self.code.decoded(codes), (-1, *self.item_shape))

    def _weights(self) -> Any:
        """What the errors of the components count, ``(n_components,)``; 1 on average."""
        ops = keras.ops
        weights = ops.power(ops.maximum(ops.convert_to_tensor(self.code.deviations), LEAST), self.emphasis)
        return weights / ops.mean(weights)

    def _times(self, n: Any) -> Any:
        """Times ``(n,)``: logit-normal, one from each nth of their distribution."""
        ops = keras.ops
        first = keras.random.uniform((1,), dtype="float32", seed=self.generator)
        even = first + ops.cast(ops.arange(n), "float32") / ops.cast(n, "float32")
        return ops.sigmoid(normal_of(even - ops.floor(even)))

    def _velocity(self, x: Any, t: Any, classes: Any) -> Any:
        """The velocity at ``(batch, n_components)`` and one time."""
        k, r = normal_velocity(t)
        times = keras.ops.zeros_like(x[:, :1]) + t
        return k * x + r * self._network(x * r, times, classes, training=False)

    def _network(self, x: Any, t: Any, classes: Any, training: bool) -> Any:
        """f ``(batch, n_components)`` of scaled x, times ``(batch, 1)`` and classes ``(batch,)``."""
        ops = keras.ops
        angles = t * np.geomspace(1.0, MOST_FREQUENCY, N_FREQUENCIES).astype("float32")
        condition = self.times(ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=1))
        if self.classes is not None:
            condition = condition + self.classes(classes)
        condition = ops.silu(condition)
        h = self.first(x)
        for norm, inner, outer in zip(self.norms, self.inner, self.outer, strict=False):
            h = h + outer(self._dropped(ops.silu(inner(norm([h, condition]))), training))
        return self.last(self.norms[-1]([h, condition]))

    def _dropped(self, x: Any, training: bool) -> Any:
        if not training or (isinstance(self.dropout.source, float) and not self.dropout.source):
            return x
        keep = 1.0 - self.dropout.read()
        drawn = keras.random.uniform(keras.ops.shape(x), dtype="float32", seed=self.generator)
        return keras.ops.where(drawn < keep, x / keep, 0.0)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings; the dropout as its present value, a float."""
        own = {
            "n_components": self.n_components, "width": self.width, "depth": self.depth, "emphasis": self.emphasis,
            "n_steps": self.n_steps, "dropout": self.dropout.number(), "seed": self.seed,
        }  # fmt: skip
        return {**super().get_config(), **own}


def normal_velocity(t: Any) -> tuple[Any, Any]:
    """Of standard normal codes: the velocity at x is k x, and what it cannot tell of ``z - e`` has deviation r.

    Args:
        t: times, from 0 to 1.

    Returns:
        k and r, of the shape of t. The deviation of x is 1 / r.
    """
    square = keras.ops.square(t) + keras.ops.square(1.0 - t)
    return (2.0 * t - 1.0) / square, 1.0 / keras.ops.sqrt(square)


@keras.saving.register_keras_serializable(package="automl")
class Modulated(keras.layers.Layer):  # type: ignore[misc]
    """``norm(h) (1 + A c) + B c``: layer normalisation whose scale and shift follow from a condition c.

    A and B begin at 0.

    Args:
        width: numbers of h.

    Input shape: ``[(batch, width), (batch, n)]``: h and c. Output shape: ``(batch, width)``, float32.

    Source: Perez et al. (FiLM), AAAI 2018; Peebles & Xie (DiT), ICCV 2023, section 3.2 (adaptive layer normalisation).
    """

    def __init__(self, width: int, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.width = int(width)
        self.norm = keras.layers.LayerNormalization(center=False, scale=False, dtype="float32")
        self.both = keras.layers.Dense(2 * self.width, kernel_initializer="zeros", dtype="float32")

    def build(self, input_shape: Sequence[tuple[int | None, ...]]) -> None:
        """Make the weights."""
        self.norm.build(input_shape[0])
        self.both.build(input_shape[1])

    def call(self, inputs: Sequence[Any]) -> Any:
        """Normalise, scale and shift."""
        both = self.both(inputs[1])
        return self.norm(inputs[0]) * (1.0 + both[:, : self.width]) + both[:, self.width :]

    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """(batch, width)."""
        return (input_shape[0][0], self.width)

    def get_config(self) -> dict[str, Any]:
        """The layer's settings."""
        return {**super().get_config(), "width": self.width}
