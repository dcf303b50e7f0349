"""Loads a network from a bundle, after checking how much memory it needs (`automl.storage.trusted.networks`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from automl.bundle.trust import refused_network
from automl.errors import BundleError
from automl.sides.backend import check_backend
from automl.sides.predictors import BATCH_SIZE
from automl.storage.trusted import Untrusted, networks
from automl.storage.trusted.networks import LEAST_BATCH_BYTES
from automl.system.quiet import quiet_libraries

__all__ = ["LEAST_BATCH_BYTES", "check_network", "load_network"]


def check_network(path: Path, content: bytes) -> int:
    """Check the classes that a ``.keras`` file names, its number of layers and the size of its weights.

    Args:
        path: path of the file, for messages.
        content: content of the file.

    Returns:
        Bytes of the stored weights.

    Raises:
        BundleError: it names a class that is not allowed, or is larger than any network of automl.
    """
    try:
        return networks.check_network(content)[2]
    except Untrusted as error:
        raise refused_network(path, error) from error


def load_network(path: Path, content: bytes) -> Any:
    """Build a network from the content of its file, which is checked again.

    Args:
        path: path of the file, for messages.
        content: content of the file.

    Raises:
        RecipeError: Keras cannot be used in this process.
        BundleError: see `check_network`; or it declares more weights than it stores, or outputs larger than the free
            memory; or Keras cannot read it.
    """
    with quiet_libraries():  # TensorFlow, which this may load, writes about devices that this machine lacks
        return _network(path, content)


def _network(path: Path, content: bytes) -> Any:
    """See `load_network`."""
    import importlib
    import pkgutil

    check_backend()
    import keras

    import automl.layers

    for module in pkgutil.iter_modules(automl.layers.__path__):  # so that our layers are registered
        importlib.import_module(f"automl.layers.{module.name}")
    try:
        return networks.load(content, BATCH_SIZE)
    except Untrusted as error:
        raise refused_network(path, error) from error
    except Exception as error:  # Keras may raise anything; in each case this version cannot read the file
        raise BundleError(
            f"{path} cannot be loaded by Keras {keras.__version__} ({error or type(error).__name__}); "
            "install the versions in bundle.json"
        ) from error
