"""Loads a network from a bundle, after checking how much memory it needs.

Keras allocates the memory that a configuration asks for before it reads any weights. Therefore the size of the stored
weights is measured first (in HDF5, too, a few bytes can declare a terabyte). Then the network is built without
allocating its weights. Only if both sizes agree is it built in memory.
"""

from __future__ import annotations

import io
import math
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from automl.bundle.trust import check_network_file, named
from automl.errors import BundleError
from automl.sides.backend import check_backend
from automl.sides.predictors import BATCH_SIZE
from automl.storage.trusted import spendable_bytes
from automl.system.quiet import quiet_libraries

__all__ = ["LEAST_BATCH_BYTES", "check_network", "load_network"]

MOST_LAYERS = 2_000
MOST_CALLS = 4_000
MOST_STORED = 20_000
"""The most groups and arrays in a file of weights."""
MOST_ANNOUNCED = 2**26
"""The largest sum of all whole numbers in a configuration, such as sizes of layers."""
UNCOUNTED = frozenset({"seed", "shared_object_id"})
SPARE_BYTES = 2**16
"""Bytes of weights that may be declared but not stored: states of random generators."""
MIB = 2**20
FLOAT_BYTES = 4
LEAST_BATCH_BYTES = 512 * 2**20
"""Memory that a batch may always take; if less is free, the attempt fails with its own error."""
NEXT = "nothing was built; open only bundles that automl saved, or train again with `automl fit`"
CLASSES_OF_VALUES = frozenset({"__keras_tensor__", "__tensor__", "__numpy__"})


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
    config, members = check_network_file(path, content)
    for what, count, most in (
        ("layers", sum(1 for node in named(config) if node.get("class_name") not in CLASSES_OF_VALUES), MOST_LAYERS),
        ("calls of layers", sum(_n_calls(node) for node in _mappings(config)), MOST_CALLS),
        ("units", _announced(config), MOST_ANNOUNCED),
    ):
        if count > most:
            raise BundleError(
                f"{path} announces {count:,} {what}, more than the {most:,} of any network of automl; {NEXT}"
            )
    return stored_bytes(path, members["model.weights.h5"])


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

    stored = check_network(path, content)
    for module in pkgutil.iter_modules(automl.layers.__path__):  # so that our layers are registered
        importlib.import_module(f"automl.layers.{module.name}")
    try:
        check_announced(path, content, stored)
        with tempfile.TemporaryDirectory() as scratch:  # load what was checked: the file may have changed since
            file = Path(scratch) / path.name
            file.write_bytes(content)
            return keras.models.load_model(file, compile=False, safe_mode=True)
    except BundleError:
        raise
    except Exception as error:  # Keras may raise anything; in each case this version cannot read the file
        raise BundleError(
            f"{path} cannot be loaded by Keras {keras.__version__} ({error or type(error).__name__}); "
            "install the versions in bundle.json"
        ) from error


def check_announced(path: Path, content: bytes, stored: int) -> None:
    """Build the network without allocating its weights, and compare the memory it needs with stored and free sizes.

    Raises:
        BundleError: it has more weights than are stored, or an output is larger than the free memory.
    """
    import keras
    from keras.src.backend.common import global_state

    config = check_network_file(path, content)[0]
    waiting = global_state.get_global_attribute("uninitialized_variables", [], set_to_default=True)
    n_waiting = len(waiting)
    try:
        with keras.StatelessScope(initialize_variables=False):
            model = keras.saving.deserialize_keras_object({**config, "compile_config": None}, safe_mode=True)
        announced = sum(math.prod(variable.shape) * FLOAT_BYTES for variable in model.variables)
        if announced > stored + SPARE_BYTES:
            raise BundleError(
                f"{path} announces {announced / MIB:,.1f} MiB of weights and stores {stored / MIB:,.1f} MiB; {NEXT}"
            )
        largest = max((_elements(tensor.shape) for tensor in _tensors(model)), default=0)
        if largest * FLOAT_BYTES * BATCH_SIZE > max(2 * spendable_bytes(), LEAST_BATCH_BYTES):
            raise BundleError(
                f"{path} has a layer whose output is {largest:,} numbers per row, which takes more memory than is free "
                f"here; {NEXT}"
            )
    finally:
        del waiting[n_waiting:]


def stored_bytes(path: Path, content: bytes) -> int:
    """Bytes of all arrays in a file of weights.

    Raises:
        BundleError: it is not such a file, links to other files, or declares more than it holds.
    """
    import h5py

    total = count = 0
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            waiting, seen = [file["/"]], set()
            while waiting:
                group = waiting.pop()
                place = h5py.h5o.get_info(group.id).addr
                if place in seen:
                    raise BundleError(f"{path}: a group of its weights holds itself; {NEXT}")
                seen.add(place)
                for name in group:
                    count += 1
                    if count > MOST_STORED:
                        raise BundleError(f"{path} stores more than {MOST_STORED:,} weights; {NEXT}")
                    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                        raise BundleError(f"{path}: {name!r} of its weights leads elsewhere; {NEXT}")
                    item = group[name]
                    if isinstance(item, h5py.Group):
                        waiting.append(item)
                    else:
                        total += _dataset_bytes(path, item, len(content))
    except BundleError:
        raise
    except Exception as error:  # h5py may raise anything
        raise BundleError(f"{path}: its weights cannot be read ({error}); save the model again") from error
    return total


def _dataset_bytes(path: Path, item: Any, limit: int) -> int:
    import h5py

    if not isinstance(item, h5py.Dataset) or item.external or item.is_virtual or item.dtype.kind not in "biufSV":
        raise BundleError(f"{path}: {item.name!r} of its weights is no array of numbers; {NEXT}")
    size = math.prod(item.shape or ()) * int(item.dtype.itemsize)
    if size > limit or size > max(item.id.get_storage_size(), 1024):
        raise BundleError(f"{path}: {item.name!r} of its weights announces {size:,} bytes, more than it holds; {NEXT}")
    return size


def _mappings(config: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [config]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _n_calls(node: Mapping[str, Any]) -> int:
    calls = node.get("inbound_nodes")
    return len(calls) if isinstance(calls, list) else 0


def _announced(config: Any) -> int:
    """The sum of all whole numbers; a list of lists also counts as the table that it would fill."""
    total = 0
    for node in _mappings(config):
        for name, value in node.items():
            if name not in UNCOUNTED:
                total += _sum(value)
    return total


def _sum(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value)
    if isinstance(value, float) and value.is_integer() and abs(value) > MOST_ANNOUNCED:
        return 0  # a statistic of data, not a size
    if not isinstance(value, list):
        return 0
    rows = [len(item) for item in value if isinstance(item, list)]
    return sum(map(_sum, value)) + len(value) * max(rows, default=0)


def _tensors(model: Any) -> Iterator[Any]:
    """The outputs of all operations of a network, including those of networks inside it."""
    import keras

    waiting, seen = [model], set()
    while waiting:
        layer = waiting.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        waiting.extend(getattr(layer, "layers", None) or ())
        for operation in getattr(layer, "operations", None) or ():
            waiting.append(operation)
            for node in getattr(operation, "_inbound_nodes", ()):
                yield from (tensor for tensor in node.output_tensors if isinstance(tensor, keras.KerasTensor))


def _elements(shape: Any) -> int:
    return math.prod(int(size) for size in shape if size is not None)
