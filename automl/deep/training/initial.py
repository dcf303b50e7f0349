"""Draws new initial weights from a seed without building the network again."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

__all__ = ["Initial", "fresh_names", "is_own", "seeded"]

OWN = ("keras.", "automl.")
NAMES = "object_name_uids"


@contextmanager
def seeded(seed: int, backend: bool = True) -> Iterator[None]:
    """Seed Python, NumPy and Keras inside the block, and restore the caller's Python and NumPy generators after it.

    Args:
        seed: any integer.
        backend: whether to seed TensorFlow's own generator too. That discards every traced function of the process, so
            the next call of a compiled step takes some 0.2 s longer.
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


def is_own(made: Any) -> bool:
    """Whether Keras or this package defines a function or a class."""
    return str(getattr(made, "__module__", type(made).__module__)).startswith(OWN)


@contextmanager
def fresh_names() -> Iterator[None]:
    """Let Keras number the names of layers from the start inside the block, as if no network had been built before.

    TensorFlow's graph optimiser orders sums by the names of operations. With other numbers in them a loss differs in
    its last digit, so a trial would depend on how many networks this process has built: after a resumption it would
    not be the same. Only for templates of this package: others may hold a layer that was made before, whose name would
    then come twice.
    """
    from keras.src.backend.common import global_state  # there is no public way

    before = global_state.get_global_attribute(NAMES)
    global_state.set_global_attribute(NAMES, defaultdict(int))
    try:
        yield
    finally:
        global_state.set_global_attribute(NAMES, before)


class Initial:
    """The initialiser of each variable of a model, so that initial values can be drawn again.

    Building a small network takes some 0.1 s, drawing its weights a few milliseconds. The weights of a seed do not
    depend on what was trained before: the first trial of a network draws its weights in this way too. A variable
    without an initialiser gets the value that it had after building.
    """

    def __init__(self) -> None:
        self._makers: dict[int, Callable[..., Any]] = {}
        self._values: dict[int, np.ndarray] | None = None

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record the initialiser of each weight that layers add inside the block."""
        plain = keras.layers.Layer.add_weight
        makers = self._makers

        def add_weight(layer: Any, *args: Any, **kwargs: Any) -> Any:
            if args:  # an older signature: the weight keeps its value after building
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
        """Whether each trained weight can be drawn again; otherwise another seed needs a newly built model."""
        return all(id(variable) in self._makers for variable in model.trainable_variables)

    def generators(self, model: Any) -> list[Any]:
        """The seed generators of all layers."""
        generators: list[Any] = []
        for layer in model._flatten_layers():
            generators += list(getattr(layer, "_seed_generators", []))
        return generators

    def draw(self, model: Any, seed: int) -> None:
        """Give every variable of the model its initial value under this seed."""
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
        """Whether all initialisers draw from a seed out of Python's generator, as Keras's and this package's do."""
        return all(is_own(maker) for maker in self._makers.values())


def _draws_its_own_seed(maker: Any) -> bool:
    """Whether an initialiser was made without a seed: Keras then draws one at construction and keeps it."""
    return hasattr(maker, "seed") and getattr(maker, "_init_seed", 0) is None
