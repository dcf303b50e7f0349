"""Keras layers of our own: `keras.ops` only, registered under the package name "automl".

Importing this package loads no Keras. `register` imports every layer, so that a saved network that uses them can
be read, and names them, so that a reader can tell ours from strangers.
"""

from __future__ import annotations

__all__ = ["register"]


def register() -> frozenset[str]:
    """Import every layer of ours and name their classes.

    Returns:
        Registered names as they stand in a Keras config, such as ``"automl>KnobDropout"``.
    """
    from automl.layers import (
        attention,
        augment,
        categories,
        dropout,
        forecast,
        members,
        numbers,
        output,
        pixels,
        pooling,
        scale,
        tokens,
    )

    modules = (
        attention,
        augment,
        categories,
        dropout,
        forecast,
        members,
        numbers,
        output,
        pixels,
        pooling,
        scale,
        tokens,
    )
    return frozenset(f"automl>{name}" for module in modules for name in module.__all__)
