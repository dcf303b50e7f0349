"""Keras layers of our own: `keras.ops` only, registered under the package name "automl".

Importing this package loads no Keras. `register` imports every layer, so that a saved network that uses them can be
read.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

__all__ = ["register"]


def register() -> None:
    """Import every module of layers; Keras then knows each class by its registered name (``"automl>KnobDropout"``)."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
