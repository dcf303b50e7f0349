"""First weights drawn from a seed, without building a network again."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

__all__ = ["Initial", "seeded"]


OWN = ("keras.", "automl.")


@contextmanager
def seeded(seed: int, backend: bool = True) -> Iterator[None]:
    """Seed Python, NumPy and Keras inside, and give the caller's Python and NumPy generators back after.

    Args:
        seed: any integer.
        backend: seed TensorFlow's own generator too. That throws away every prepared function of the process, so that a
            compiled step takes some 0.2 s again at its next call.
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()
    if backend:
        keras.utils.set_random_seed(seed % 2**32)
    else:
        random.seed(seed % 2**32)
        np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


class Initial:
    """How each variable of a model got its first value, so that it can be drawn again.

    Building a small network costs some 0.1 s, drawing its weights a few milliseconds. What a seed gives does not
    depend on what was trained before: weights are drawn in this way for the first trial of a network too.
    A variable that no initialiser made gets the value it had after building.
    """

    def __init__(self) -> None:
        self._makers: dict[int, Callable[..., Any]] = {}
        self._values: dict[int, np.ndarray] | None = None

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Note the initialiser of each weight that layers add inside."""
        plain = keras.layers.Layer.add_weight
        makers = self._makers

        def add_weight(layer: Any, *args: Any, **kwargs: Any) -> Any:
            if args:  # an older signature: its value after building stays
                return plain(layer, *args, **kwargs)
            if kwargs.get("initializer") is None and "int" not in str(kwargs.get("dtype")):
                kwargs["initializer"] = "glorot_uniform"  # Keras's own default
            kwargs["initializer"] = maker = keras.initializers.get(kwargs.get("initializer"))
            variable = plain(layer, **kwargs)
            if callable(maker):
                makers[id(variable)] = maker
            return variable

        keras.layers.Layer.add_weight = add_weight
        try:
            with seeded(0):
                yield
        finally:
            keras.layers.Layer.add_weight = plain

    def covers(self, model: Any) -> bool:
        """Whether each trained weight can be drawn again; else the model must be built anew for another seed."""
        return all(id(variable) in self._makers for variable in model.trainable_variables)

    def generators(self, model: Any) -> list[Any]:
        """Seed generators of all layers."""
        found: list[Any] = []
        for layer in model._flatten_layers():
            found += list(getattr(layer, "_seed_generators", []))
        return found

    def draw(self, model: Any, seed: int) -> None:
        """Give every variable of the model its first value under this seed."""
        generators = {id(generator.state) for generator in self.generators(model) if generator._initial_seed is None}
        if self._values is None:
            self._values = {
                id(variable): np.array(keras.ops.convert_to_numpy(variable))
                for variable in model.variables
                if id(variable) not in self._makers and id(variable) not in generators
            }
        with seeded(seed, backend=not self._draw_by_seed()):
            for variable in model.variables:
                if id(variable) in self._values:
                    variable.assign(self._values[id(variable)])
                elif id(variable) in generators:
                    variable.assign(np.array([random.randint(1, 2**31 - 1), 0], dtype="uint32"))
                else:
                    maker: Any = self._makers[id(variable)]
                    if _draws_its_own_seed(maker):
                        maker.seed = random.randint(1, 2**31 - 1)
                    variable.assign(maker(variable.shape, dtype=variable.dtype))

    def _draw_by_seed(self) -> bool:
        """Whether all initialisers take their numbers from Python's generator, as Keras's own and ours do."""
        places = (getattr(maker, "__module__", type(maker).__module__) for maker in self._makers.values())
        return all(place.startswith(OWN) for place in places)


def _draws_its_own_seed(maker: Any) -> bool:
    """Whether an initialiser was made without a seed: Keras then draws one when it is made, and keeps to it."""
    return hasattr(maker, "seed") and getattr(maker, "_init_seed", 0) is None
