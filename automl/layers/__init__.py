"""Custom Keras layers, written with `keras.ops` only and registered under the package name "automl".

Importing this package does not load Keras. `register` imports every layer, so that saved networks can be loaded.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

__all__ = ["register"]


def register() -> None:
    """Import every layer module. Keras then knows each class by its registered name (``"automl>KnobDropout"``)."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
