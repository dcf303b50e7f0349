"""Keras layers of our own: `keras.ops` only, registered under the package name "automl".

Importing this package loads no Keras. `register` imports every layer, so that a saved network that uses them can
be read, and names them, so that a reader can tell ours from strangers.
"""

from __future__ import annotations

from importlib import import_module

__all__ = ["register"]

MODULES = (
    "attention", "augment", "categories", "dropout", "forecast", "members", "numbers", "output", "pixels", "pooling",
    "scale", "tokens",
)  # fmt: skip


def register() -> frozenset[str]:
    """Import every layer of ours and name their classes.

    Returns:
        Registered names as they stand in a Keras config, such as ``"automl>KnobDropout"``.
    """
    modules = [import_module(f"automl.layers.{name}") for name in MODULES]
    return frozenset(f"automl>{name}" for module in modules for name in module.__all__)
